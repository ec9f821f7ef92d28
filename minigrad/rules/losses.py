"""Losses between a prediction and a target of the same shape: a number for each element, then their mean or sum.

Names, arguments and defaults are PyTorch's. Shapes that differ are an error: nothing is broadcast in silence.
The rules hold the slope for one element; `arriving` says how much of g reaches it.
"""

from __future__ import annotations

import numpy as np

from ..backward import unbroadcast
from ..declare import op
from ..graph import Array
from .activations import sigmoid

Shape = tuple[int, ...]


def reduced(op: str, losses: Array, reduction: str) -> Array:
    """The losses of all elements as they are ("none"), their "mean" or their "sum"."""
    if reduction == "mean":
        return losses.mean()
    if reduction == "sum":
        return losses.sum()
    if reduction == "none":
        return losses
    raise ValueError(f"{op}: reduction is {reduction!r}; it is 'mean', 'sum' or 'none'")


def arriving(g: Array, shape: Shape, reduction: str) -> Array:
    """What arrives at each element's loss: g, divided by the number of elements where the loss was their mean."""
    return g / int(np.prod(shape)) if reduction == "mean" else g


def check_same_shape(op: str, **arrays: Array) -> None:
    """ValueError with all shapes where they differ."""
    shapes = {name: np.shape(array) for name, array in arrays.items()}
    if len(set(shapes.values())) > 1:
        listed = ", ".join(f"{name} has shape {shape}" for name, shape in shapes.items())
        raise ValueError(f"{op}: {listed}; losses do not broadcast, so reshape one to the other's shape")


# -- functions of the difference --------------------------------------------------------------------------------------


@op
def mse_loss(x: Array, target: Array, reduction: str = "mean") -> Array:
    """(x - target)^2. The slope is 2 (x - target).

    >>> import numpy as np, minigrad as mg
    >>> print(mg.mse_loss(np.array([1.0, 4.0]), np.array([1.0, 2.0])))
    2.0
    """
    check_same_shape("mse_loss", x=x, target=target)
    return reduced("mse_loss", np.square(x - target), reduction)


@mse_loss.vjp("x")
def _(g: Array, x: Array, target: Array, reduction: str) -> Array:
    return arriving(2 * g, x.shape, reduction) * (x - target)


@mse_loss.vjp("target")
def _(g: Array, x: Array, target: Array, reduction: str) -> Array:
    return arriving(2 * g, x.shape, reduction) * (target - x)


@op
def l1_loss(x: Array, target: Array, reduction: str = "mean") -> Array:
    """|x - target|. The slope is the sign of the difference, 0 where there is none."""
    check_same_shape("l1_loss", x=x, target=target)
    return reduced("l1_loss", np.abs(x - target), reduction)


@l1_loss.vjp("x")
def _(g: Array, x: Array, target: Array, reduction: str) -> Array:
    return arriving(g, x.shape, reduction) * np.sign(x - target)


@l1_loss.vjp("target")
def _(g: Array, x: Array, target: Array, reduction: str) -> Array:
    return arriving(g, x.shape, reduction) * np.sign(target - x)


@op
def huber_loss(x: Array, target: Array, reduction: str = "mean", delta: float = 1.0) -> Array:
    """d^2 / 2 where |d| <= delta, a line beyond, for d = x - target. The slope is d, held within +-delta.

    P. J. Huber, "Robust estimation of a location parameter", 1964.
    """
    check_same_shape("huber_loss", x=x, target=target)
    if delta <= 0:
        raise ValueError(f"huber_loss: delta is {delta}; it must be positive")
    return reduced("huber_loss", _huber(x - target, delta), reduction)


@huber_loss.vjp("x")
def _(g: Array, x: Array, target: Array, reduction: str, delta: float) -> Array:
    return arriving(g, x.shape, reduction) * np.clip(x - target, -delta, delta)


@huber_loss.vjp("target")
def _(g: Array, x: Array, target: Array, reduction: str, delta: float) -> Array:
    return arriving(g, x.shape, reduction) * np.clip(target - x, -delta, delta)


@op
def smooth_l1_loss(x: Array, target: Array, reduction: str = "mean", beta: float = 1.0) -> Array:
    """huber_loss with delta = beta, divided by beta: |x - target| but for a round bottom. beta = 0 is the l1_loss."""
    check_same_shape("smooth_l1_loss", x=x, target=target)
    if beta < 0:
        raise ValueError(f"smooth_l1_loss: beta is {beta}; it must not be negative")
    d = x - target
    return reduced("smooth_l1_loss", _huber(d, beta) / beta if beta else np.abs(d), reduction)


def _huber(d: Array, delta: float) -> Array:
    inner = np.clip(d, -delta, delta)
    return inner * (d - inner / 2)  # d^2 / 2, and beyond delta (|d| - delta / 2) delta


def _smooth_sign(d: Array, beta: float) -> Array:
    return np.clip(d / beta, -1, 1) if beta else np.sign(d)


@smooth_l1_loss.vjp("x")
def _(g: Array, x: Array, target: Array, reduction: str, beta: float) -> Array:
    return arriving(g, x.shape, reduction) * _smooth_sign(x - target, beta)


@smooth_l1_loss.vjp("target")
def _(g: Array, x: Array, target: Array, reduction: str, beta: float) -> Array:
    return arriving(g, x.shape, reduction) * _smooth_sign(target - x, beta)


# -- probabilities ----------------------------------------------------------------------------------------------------


@op(domain={"x": (0, 1), "target": (0, 1)})
def binary_cross_entropy(x: Array, target: Array, weight: Array | None = None, reduction: str = "mean") -> Array:
    """-(target ln x + (1 - target) ln(1 - x)), times a weight, for probabilities x. The slope is (x - t) / (x (1 - x)).

    As in PyTorch, logarithms stop at -100 and the slope's denominator at 1e-12, so that 0 and 1 give finite numbers.
    `weight` broadcasts to x.

    Raises
    ------
    ValueError
        where x is not between 0 and 1, or shapes differ.

    >>> import numpy as np, minigrad as mg
    >>> print(mg.binary_cross_entropy(np.array([0.5]), np.array([1.0])))
    0.6931471805599453
    """
    check_same_shape("binary_cross_entropy", x=x, target=target)
    if not ((x >= 0) & (x <= 1)).all():
        raise ValueError(
            f"binary_cross_entropy: x has values from {np.min(x)} to {np.max(x)}; probabilities are between 0 and 1 "
            "(for logits there is binary_cross_entropy_with_logits)"
        )
    losses = -(target * _log(x) + (1 - target) * _log1p(-x))
    return reduced("binary_cross_entropy", _weighted("binary_cross_entropy", losses, weight), reduction)


def _log(x: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(x), -100)


def _log1p(x: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.maximum(np.log1p(x), -100)


def _weighted(op: str, losses: Array, weight: Array | None) -> Array:
    if weight is None:
        return losses
    weighted = losses * weight
    if weighted.shape != losses.shape:
        raise ValueError(
            f"{op}: weight has shape {np.shape(weight)}; it must broadcast to the shape of x, {losses.shape}"
        )
    return weighted


@binary_cross_entropy.vjp("x")
def _(g: Array, x: Array, target: Array, weight: Array | None, reduction: str) -> Array:
    slope = (x - target) / np.maximum(x * (1 - x), 1e-12)
    return arriving(g, x.shape, reduction) * _weighted("binary_cross_entropy", slope, weight)


@binary_cross_entropy.vjp("target")
def _(g: Array, x: Array, weight: Array | None, reduction: str) -> Array:
    slope = _log1p(-x) - _log(x)
    return arriving(g, x.shape, reduction) * _weighted("binary_cross_entropy", slope, weight)


@binary_cross_entropy.vjp("weight")
def _(g: Array, x: Array, target: Array, weight_shape: Shape, reduction: str) -> Array:
    losses = target * _log(x) + (1 - target) * _log1p(-x)
    return unbroadcast(-arriving(g, x.shape, reduction) * losses, weight_shape)


@op
def binary_cross_entropy_with_logits(
    x: Array, target: Array, weight: Array | None = None, reduction: str = "mean", pos_weight: Array | None = None
) -> Array:
    """binary_cross_entropy of sigmoid(x), safe at any size of x: p t ln(1 + e^-x) + (1 - t) ln(1 + e^x).

    p is `pos_weight`, 1 if not given: then the slope is sigmoid(x) - t. `pos_weight` and `weight` broadcast to x.

    >>> import numpy as np, minigrad as mg
    >>> print(mg.binary_cross_entropy_with_logits(np.array([1000.0, -1000.0]), np.array([1.0, 0.0])))
    0.0
    """
    name = "binary_cross_entropy_with_logits"
    check_same_shape(name, x=x, target=target)
    return reduced(name, _weighted(name, _logit_losses(x, target, pos_weight), weight), reduction)


def _logit_losses(x: Array, target: Array, pos_weight: Array | None) -> Array:
    rest = np.log1p(np.exp(-np.abs(x)))
    return _positive_weight(target, pos_weight) * (np.maximum(-x, 0) + rest) + (1 - target) * (np.maximum(x, 0) + rest)


def _positive_weight(target: Array, pos_weight: Array | None) -> Array:
    return target if pos_weight is None else target * pos_weight


@binary_cross_entropy_with_logits.vjp("x")
def _(g: Array, x: Array, target: Array, weight: Array | None, reduction: str, pos_weight: Array | None) -> Array:
    if pos_weight is None:
        slope = sigmoid(x) - target
    else:
        slope = (1 - target) * sigmoid(x) - target * pos_weight * sigmoid(-x)
    return arriving(g, x.shape, reduction) * _weighted("binary_cross_entropy_with_logits", slope, weight)


@binary_cross_entropy_with_logits.vjp("target")
def _(g: Array, x: Array, weight: Array | None, reduction: str, pos_weight: Array | None) -> Array:
    slope = -x if pos_weight is None else (pos_weight - 1) * np.logaddexp(0, -x) - x
    return arriving(g, x.shape, reduction) * _weighted("binary_cross_entropy_with_logits", slope, weight)


@binary_cross_entropy_with_logits.vjp("weight")
def _(g: Array, x: Array, target: Array, weight_shape: Shape, reduction: str, pos_weight: Array | None) -> Array:
    losses = _logit_losses(x, target, pos_weight)
    return unbroadcast(arriving(g, x.shape, reduction) * losses, weight_shape)


@binary_cross_entropy_with_logits.vjp("pos_weight")
def _(g: Array, x: Array, target: Array, weight: Array | None, reduction: str, pos_weight_shape: Shape) -> Array:
    slope = _weighted("binary_cross_entropy_with_logits", target * np.logaddexp(0, -x), weight)
    return unbroadcast(arriving(g, x.shape, reduction) * slope, pos_weight_shape)


@op(domain={"target": (0, 1)})
def kl_div(x: Array, target: Array, reduction: str = "mean", log_target: bool = False) -> Array:
    """target (ln target - x), for *logarithms* x of probabilities: summed, the Kullback-Leibler divergence of the two.

    The slope in x is -target. With `log_target` the target is a logarithm too. "batchmean" divides the sum by the
    length of the first axis, and is the one that is a divergence; "mean" divides by the number of elements, as PyTorch.

    >>> import numpy as np, minigrad as mg
    >>> print(mg.kl_div(np.log([0.5, 0.5]), np.array([1.0, 0.0]), reduction="sum"))
    0.6931471805599453
    """
    check_same_shape("kl_div", x=x, target=target)
    if log_target:
        losses = np.exp(target) * (target - x)
    else:
        losses = target * (np.log(np.where(target == 0, 1, target)) - x)  # 0 ln 0 = 0
    if reduction == "batchmean":
        return losses.sum() / losses.shape[0]
    return reduced("kl_div", losses, reduction)


def _arriving_kl(g: Array, shape: Shape, reduction: str) -> Array:
    return g / shape[0] if reduction == "batchmean" else arriving(g, shape, reduction)


@kl_div.vjp("x")
def _(g: Array, target: Array, reduction: str, log_target: bool) -> Array:
    return _arriving_kl(g, target.shape, reduction) * -(np.exp(target) if log_target else target)


@kl_div.vjp("target")
def _(g: Array, x: Array, target: Array, reduction: str, log_target: bool) -> Array:
    slope = np.exp(target) * (target - x + 1) if log_target else np.log(target) + 1 - x
    return _arriving_kl(g, x.shape, reduction) * slope

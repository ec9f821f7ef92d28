"""Losses for choosing one of several classes, with PyTorch's arguments.

Axis 1 of x holds the classes (axis 0 where there is no batch).
Inside, x is a matrix with a row for each choice and a column for each class.
"""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..declare import op
from ..graph import Array
from .activations import log_softmax
from .losses import reduced

Shape = tuple[int, ...]


@op
def cross_entropy(
    x: Array,
    target: Array,
    weight: Array | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Array:
    """ln sum_c e^(x_c) - x_t: minus the log-probability of the target class t, for logits x.

    x gets softmax(x) - 1 at the target, softmax(x) elsewhere: one rule for log-softmax and loss together.

    Parameters
    ----------
    x
        Logits: (N, C), (N, C, d1, ...) or (C,).
    target
        Class numbers, of x's shape without the axis of classes; or probabilities, of x's shape.
    weight
        A number for each class (C,). The mean over class numbers is then a weighted one.
    ignore_index
        Choices with this class number do not count.
    label_smoothing
        How much of the target's probability is spread evenly over all classes.

    Raises
    ------
    ValueError, IndexError
        where shapes do not fit, or a class number is not one of the classes.

    >>> import numpy as np, minigrad as mg
    >>> x = np.array([[0.0, 0.0], [1000.0, 0.0]])
    >>> print(mg.cross_entropy(x, np.array([0, 0]), reduction="none").round(4))
    [0.6931 0.    ]
    >>> mg.grad(mg.cross_entropy)(x, np.array([0, 0]))
    array([[-0.25,  0.25],
           [ 0.  ,  0.  ]])
    """
    rows = _rows(x)
    rows = rows - rows.max(axis=1, keepdims=True)  # so that no power overflows; it falls out of the loss
    total = np.log(_row_sums(np.exp(rows)))
    if _are_probabilities(target):
        wanted = _probabilities(x.shape, target, weight, label_smoothing)
        losses = (wanted * (total[:, None] - rows)).sum(axis=1)
        return _reduced("cross_entropy", losses, reduction, len(losses), x.shape)
    choices = _choices("cross_entropy", x.shape, target, weight, ignore_index)
    losses = choices.weighted(total - rows[np.arange(len(rows)), choices.classes])
    if label_smoothing:
        share = label_smoothing / rows.shape[1]
        everywhere = (total[:, None] - rows).dot(np.ones(rows.shape[1], rows.dtype) if weight is None else weight)
        losses = (1 - label_smoothing) * losses + share * choices.counted(everywhere)
    return _reduced("cross_entropy", losses, reduction, choices.total(), x.shape)


@cross_entropy.vjp("x")
def _(
    g: Array, x: Array, target: Array, weight: Array | None, ignore_index: int, reduction: str, label_smoothing: float
) -> Array:
    likely = _softmax(_rows(x))
    if _are_probabilities(target):
        wanted, count = _probabilities(x.shape, target, weight, label_smoothing), len(likely)
        slope = likely * wanted.sum(axis=1, keepdims=True) - wanted
    else:
        choices = _choices("cross_entropy", x.shape, target, weight, ignore_index)
        wanted, count = _smooth(choices, weight, label_smoothing, likely), choices.total()
        if label_smoothing or choices.weights is not None:
            likely = likely * wanted.sum(axis=1, keepdims=True)
        slope = likely - wanted
    return _unrows(slope * _arriving(g, reduction, count), x.shape)


@cross_entropy.vjp("target")
def _(g: Array, x: Array, weight: Array | None, reduction: str, label_smoothing: float) -> Array:
    slope = -log_softmax(_rows(x)) * ((1 - label_smoothing) * (1 if weight is None else weight))
    return _unrows(slope * _arriving(g, reduction, len(slope)), x.shape)


@cross_entropy.vjp("weight")
def _(
    g: Array,
    out: Array,
    x: Array,
    target: Array,
    weight: Array,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> Array:
    unlikely = -log_softmax(_rows(x))
    if _are_probabilities(target):
        wanted = _probabilities(x.shape, target, None, label_smoothing)
        return (_arriving(g, reduction, len(unlikely)) * wanted * unlikely).sum(axis=0)
    choices = _choices("cross_entropy", x.shape, target, weight, ignore_index)
    wanted = _smooth(choices, None, label_smoothing, unlikely)
    return _to_class_weights(g, out, np.where(wanted == 0, 0, wanted * unlikely), choices, reduction)


@op
def nll_loss(
    x: Array, target: Array, weight: Array | None = None, ignore_index: int = -100, reduction: str = "mean"
) -> Array:
    """-x_t, for log-probabilities x and the target class t. x gets -g at the target. Arguments as in `cross_entropy`.

    >>> import numpy as np, minigrad as mg
    >>> print(mg.nll_loss(np.log([[0.25, 0.75]]), np.array([1])))
    0.2876820724517809
    """
    rows = _rows(x)
    choices = _choices("nll_loss", x.shape, target, weight, ignore_index)
    losses = choices.weighted(-rows[np.arange(len(rows)), choices.classes])
    return _reduced("nll_loss", losses, reduction, choices.total(), x.shape)


@nll_loss.vjp("x")
def _(g: Array, x_shape: Shape, target: Array, weight: Array | None, ignore_index: int, reduction: str) -> Array:
    choices = _choices("nll_loss", x_shape, target, weight, ignore_index)
    return _unrows(_arriving(-g, reduction, choices.total()) * choices.one_hot(), x_shape)


@nll_loss.vjp("weight")
def _(g: Array, out: Array, x: Array, target: Array, weight: Array, ignore_index: int, reduction: str) -> Array:
    choices = _choices("nll_loss", x.shape, target, weight, ignore_index)
    hot = choices.one_hot(weighted=False)
    return _to_class_weights(g, out, np.where(hot, -_rows(x), 0), choices, reduction)


# -- classes, and rows of classes -------------------------------------------------------------------------------------


class Choices(NamedTuple):
    """The target class of each row, and how much the row counts."""

    classes: Array  # 0 where the row is ignored
    valid: Array | None  # False where the row is ignored; None where none is
    weights: Array | None  # the weight of the row's class, 0 where it is ignored; None where all are 1
    columns: int

    def counted(self, rows: Array) -> Array:
        """`rows`, with zeros where they are ignored."""
        return rows if self.valid is None else np.where(self.valid.reshape(-1, *(1,) * (rows.ndim - 1)), rows, 0)

    def weighted(self, losses: Array) -> Array:
        """The losses of the rows, times their weights."""
        return losses if self.weights is None else self.counted(losses * self.weights)

    def total(self) -> Any:
        """What the mean divides by: the number of rows, or the sum of their weights."""
        return len(self.classes) if self.weights is None else self.weights.sum()

    def one_hot(self, weighted: bool = True) -> Array:
        """The weight of each row, or True, at its class; 0 elsewhere, and where the row is ignored."""
        hot = self.classes[:, None] == np.arange(self.columns)
        weights = self.weights if weighted else self.valid
        return hot if weights is None else hot * weights[:, None]


def _choices(op: str, shape: Shape, target: Array, weight: Array | None, ignore_index: int) -> Choices:
    """The target classes as a row; ValueError or IndexError where they do not fit x of `shape`."""
    target = np.asarray(target)
    axis = 0 if len(shape) == 1 else 1
    expected = shape[:axis] + shape[axis + 1 :]
    if target.dtype.kind not in "iu" or target.shape != expected:
        raise ValueError(
            f"{op}: x has shape {shape}, target {target.shape} of {target.dtype}; "
            f"class numbers must be integers of shape {expected}, x's without the axis of classes (axis {axis})"
        )
    columns = shape[axis]
    if weight is not None and weight.shape != (columns,):
        raise ValueError(f"{op}: weight has shape {weight.shape}; with {columns} classes it must be ({columns},)")
    classes, valid = target.reshape(-1), None
    low, high = (classes.min(), classes.max()) if classes.size else (0, 0)
    if low < 0 or high >= columns or low <= ignore_index <= high:
        valid = classes != ignore_index
        wrong = classes[((classes < 0) | (classes >= columns)) & valid]
        if wrong.size:
            raise IndexError(
                f"{op}: target holds the class number {wrong[0]}; x has shape {shape}, so they are 0 to {columns - 1}"
            )
        classes = np.where(valid, classes, 0)
    weights = valid if weight is None else weight[classes] if valid is None else weight[classes] * valid
    return Choices(classes, valid, weights, columns)


def _smooth(choices: Choices, weight: Array | None, label_smoothing: float, like: Array) -> Array:
    """How much each class is wanted, as rows."""
    hot = choices.one_hot(weighted=weight is not None)
    if not label_smoothing:
        return hot
    everywhere = choices.counted(np.ones(like.shape, like.dtype)) * (1 if weight is None else weight)
    return (1 - label_smoothing) * hot + label_smoothing / choices.columns * everywhere


def _to_class_weights(g: Array, out: Array, slopes: Array, choices: Choices, reduction: str) -> Array:
    """The gradient of the class weights, which are in the sum and, for the mean, in what it is divided by."""
    total = choices.total()
    gradient = (_arriving(g, reduction, total) * slopes).sum(axis=0)
    if reduction != "mean":
        return gradient
    return gradient - g * out / total * choices.one_hot(weighted=False).sum(axis=0)


def _are_probabilities(target: Array) -> bool:
    return hasattr(target, "dtype") and bool(target.dtype.kind == "f")


def _probabilities(shape: Shape, target: Array, weight: Array | None, label_smoothing: float) -> Array:
    """How much each class is wanted, as rows."""
    if target.shape != shape:
        raise ValueError(
            f"cross_entropy: x has shape {shape}, target {target.shape} of {target.dtype}; "
            "probabilities must have x's shape (class numbers must be integers)"
        )
    wanted = _rows(target)
    if weight is not None and weight.shape != wanted.shape[1:]:
        raise ValueError(f"cross_entropy: weight has shape {weight.shape}; for x {shape} it must be {wanted.shape[1:]}")
    if label_smoothing:
        wanted = (1 - label_smoothing) * wanted + label_smoothing / wanted.shape[1]
    return wanted if weight is None else wanted * weight


def _rows(x: Array) -> Array:
    """x with the classes as columns."""
    if x.ndim == 2:
        return x
    if x.ndim == 1:
        return x.reshape(1, x.shape[0])
    if x.ndim == 0:
        raise ValueError("a loss over classes needs an axis of classes; x has shape ()")
    return np.moveaxis(x, 1, -1).reshape(prod(x.shape) // max(x.shape[1], 1), x.shape[1])


def _row_sums(rows: Array) -> Array:
    return rows.dot(np.ones(rows.shape[1], rows.dtype))  # a product with ones: half the time of rows.sum(axis=1)


def _softmax(rows: Array) -> Array:
    powers = np.exp(rows - rows.max(axis=1, keepdims=True))
    return powers / _row_sums(powers)[:, None]


def _unrows(rows: Array, shape: Shape) -> Array:
    """The reverse: rows of classes in x's shape."""
    if len(shape) <= 2:
        return rows.reshape(shape)
    return np.moveaxis(rows.reshape(shape[0], *shape[2:], shape[1]), -1, 1)


def _reduced(op: str, losses: Array, reduction: str, count: Any, shape: Shape) -> Array:
    if reduction == "mean":
        return losses.sum() / count
    return reduced(op, losses.reshape(shape[:1] + shape[2:] if len(shape) > 1 else ()), reduction)


def _arriving(g: Array, reduction: str, count: Any) -> Array:
    """What arrives at each row's loss, as a column."""
    return g / count if reduction == "mean" else g if reduction == "sum" else g.reshape(g.size, 1)

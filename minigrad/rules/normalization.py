"""Normalization: x minus its mean, over its standard deviation, then scaled and shifted. The layers differ in the axes.

With h = (x - mean) / s and s = (var + eps)^(1/2), and the gradient u = g * weight that arrives at h,

    x gets  (u - mean(u) - h * mean(u * h)) / s        weight gets  sum(g * h)        bias gets  sum(g)

where each mean is over the axes of x that were normalized together: S. Ioffe and C. Szegedy, "Batch normalization",
2015. The rules start from x, which is alive anyway: keeping h too would double the memory of a layer.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..backward import unbroadcast
from ..declare import op
from ..graph import Array

Shape = tuple[int, ...]
Axes = tuple[int, ...]
Gradients = tuple[Array, Array | None, Array | None]


def standardized(x: Array, axes: Axes, eps: float, centered: bool = True) -> tuple[Array, Array]:
    """h and s."""
    if centered:
        x = x - x.mean(axis=axes, keepdims=True)
    s = np.sqrt(np.square(x).mean(axis=axes, keepdims=True) + eps)
    return x / s, s


def standardized_vjp(u: Array, h: Array, s: Array, axes: Axes, centered: bool = True) -> Array:
    """The gradient of x, from the gradient u of h."""
    along = h * (u * h).mean(axis=axes, keepdims=True)
    return (u - u.mean(axis=axes, keepdims=True) - along) / s if centered else (u - along) / s


def scaled(h: Array, weight: Array | None, bias: Array | None) -> Array:
    if weight is not None:
        h = h * weight
    return h if bias is None else h + bias


# -- over the last axes -----------------------------------------------------------------------------------------------


@op
def layer_norm(
    x: Array,
    normalized_shape: int | Shape,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> Array:
    """Each x over its last axes, whose lengths are `normalized_shape`; weight and bias have that shape.

    J. L. Ba, J. R. Kiros and G. E. Hinton, "Layer normalization", 2016.

    >>> import numpy as np, minigrad as mg
    >>> mg.layer_norm(np.array([[1.0, 3.0], [5.0, 5.0]]), 2, eps=0.25).round(4)
    array([[-0.8944,  0.8944],
           [ 0.    ,  0.    ]])
    """
    axes = _last_axes("layer_norm", x, normalized_shape, weight=weight, bias=bias)
    return scaled(standardized(x, axes, eps)[0], weight, bias)


@layer_norm.vjp("x", "weight", "bias")
def _(
    g: Array, x: Array, normalized_shape: int | Shape, weight: Array | None, bias_shape: Shape, eps: float
) -> Gradients:
    axes = _last_axes("layer_norm", x, normalized_shape)
    h, s = standardized(x, axes, eps)
    u = g if weight is None else g * weight
    gradient = standardized_vjp(u, h, s, axes)
    return gradient, None if weight is None else unbroadcast(g * h, weight.shape), unbroadcast(g, bias_shape)


@op
def rms_norm(x: Array, normalized_shape: int | Shape, weight: Array | None = None, eps: float | None = None) -> Array:
    """Each x over its last axes, divided by its root mean square, without subtracting the mean; times weight.

    `eps` is the spacing of x's dtype at 1 if not given. B. Zhang and R. Sennrich, "Root mean square layer
    normalization", 2019.

    >>> import numpy as np, minigrad as mg
    >>> mg.rms_norm(np.array([3.0, 4.0, 0.0, 0.0]), 4).round(4)
    array([1.2, 1.6, 0. , 0. ])
    """
    axes = _last_axes("rms_norm", x, normalized_shape, weight=weight)
    return scaled(standardized(x, axes, _spacing(x.dtype) if eps is None else eps, centered=False)[0], weight, None)


@rms_norm.vjp("x", "weight")
def _(
    g: Array, x: Array, normalized_shape: int | Shape, weight: Array | None, eps: float | None
) -> tuple[Array, Array | None]:
    axes = _last_axes("rms_norm", x, normalized_shape)
    h, s = standardized(x, axes, _spacing(x.dtype) if eps is None else eps, centered=False)
    u = g if weight is None else g * weight
    gradient = standardized_vjp(u, h, s, axes, centered=False)
    return gradient, None if weight is None else unbroadcast(g * h, weight.shape)


def _spacing(dtype: Any) -> float:
    return float(np.finfo(dtype).eps)


def _last_axes(op: str, x: Array, normalized_shape: int | Shape, **parameters: Array | None) -> Axes:
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or x.shape[-len(shape) :] != shape:
        raise ValueError(f"{op}: x has shape {x.shape}; its last axes must be normalized_shape, {shape}")
    for name, parameter in parameters.items():
        if parameter is not None and parameter.shape != shape:
            raise ValueError(f"{op}: {name} has shape {parameter.shape}; it must be normalized_shape, {shape}")
    return tuple(range(-len(shape), 0))


# -- over groups of channels ------------------------------------------------------------------------------------------


@op
def group_norm(
    x: Array, num_groups: int, weight: Array | None = None, bias: Array | None = None, eps: float = 1e-5
) -> Array:
    """Each x (N, C, ...) over the channels of a group and all places; weight and bias (C,).

    Y. Wu and K. He, "Group normalization", 2018.
    """
    check_channels("group_norm", x, weight=weight, bias=bias)
    if num_groups < 1 or x.shape[1] % num_groups:
        raise ValueError(
            f"group_norm: num_groups is {num_groups}; it must divide the channels of x {x.shape}, {x.shape[1]}"
        )
    h = standardized(_grouped(x, num_groups), (2,), eps)[0].reshape(x.shape)
    return scaled(h, per_channel(weight, x.ndim), per_channel(bias, x.ndim))


@group_norm.vjp("x", "weight", "bias")
def _(g: Array, x: Array, num_groups: int, weight: Array | None, eps: float) -> Gradients:
    h, s = standardized(_grouped(x, num_groups), (2,), eps)
    u = g if weight is None else g * per_channel(weight, x.ndim)
    gradient = standardized_vjp(_grouped(u, num_groups), h, s, (2,)).reshape(x.shape)
    return gradient, sum_by_channel(g * h.reshape(x.shape)), sum_by_channel(g)


@op
def instance_norm(
    x: Array,
    running_mean: Array | None = None,
    running_var: Array | None = None,
    weight: Array | None = None,
    bias: Array | None = None,
    use_input_stats: bool = True,
    eps: float = 1e-5,
) -> Array:
    """Each channel of each x (N, C, ...) over its places; weight and bias (C,).

    With `use_input_stats=False`, `batch_norm` with the running statistics. Nothing is updated.
    D. Ulyanov, A. Vedaldi and V. Lempitsky, "Instance normalization", 2016.
    """
    check_channels("instance_norm", x, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    if use_input_stats:
        h, _ = standardized(x, tuple(range(2, x.ndim)), eps)
    else:
        h = with_statistics("instance_norm", x, running_mean, running_var, eps)
    return scaled(h, per_channel(weight, x.ndim), per_channel(bias, x.ndim))


@instance_norm.vjp("x", "running_mean", "running_var", "weight", "bias")
def _(
    g: Array,
    x: Array,
    running_mean: Array | None,
    running_var: Array | None,
    weight: Array | None,
    use_input_stats: bool,
    eps: float,
) -> tuple[Array | None, ...]:
    if not use_input_stats:
        return with_statistics_vjp(g, x, running_mean, running_var, weight, eps)
    axes = tuple(range(2, x.ndim))
    h, s = standardized(x, axes, eps)
    u = g if weight is None else g * per_channel(weight, x.ndim)
    return standardized_vjp(u, h, s, axes), None, None, sum_by_channel(g * h), sum_by_channel(g)


# -- channels ---------------------------------------------------------------------------------------------------------


def per_channel(parameter: Array | None, ndim: int) -> Any:
    """(C,) in a shape that broadcasts to (N, C, ...)."""
    return None if parameter is None else parameter.reshape(parameter.shape[0], *(1,) * (ndim - 2))


def sum_by_channel(x: Array) -> Array:
    return x.sum(axis=(0, *range(2, x.ndim)))


def _grouped(x: Array, num_groups: int) -> Array:
    n, channels, *places = x.shape
    return x.reshape(n, num_groups, channels // num_groups * prod(places))


def check_channels(op: str, x: Array, **parameters: Array | None) -> None:
    if x.ndim < 2:
        raise ValueError(f"{op}: x has shape {x.shape}; it must be (N, C) or (N, C, ...)")
    for name, parameter in parameters.items():
        if parameter is not None and parameter.shape != (x.shape[1],):
            raise ValueError(f"{op}: {name} has shape {parameter.shape}; for x {x.shape} it must be ({x.shape[1]},)")


# -- given statistics -------------------------------------------------------------------------------------------------


def with_statistics(op: str, x: Array, mean: Array | None, var: Array | None, eps: float) -> Array:
    """h, for a given mean and variance of each channel."""
    if mean is None or var is None:
        raise ValueError(f"{op}: running_mean and running_var must be given where the statistics of x are not used")
    return (x - per_channel(mean, x.ndim)) / np.sqrt(per_channel(var, x.ndim) + eps)


def with_statistics_vjp(
    g: Array, x: Array, mean: Array, var: Array, weight: Array | None, eps: float
) -> tuple[Array, Array, Array, Array, Array]:
    """The gradients of x, mean, variance, weight and bias."""
    s = np.sqrt(per_channel(var, x.ndim) + eps)
    h = (x - per_channel(mean, x.ndim)) / s
    gradient = (g if weight is None else g * per_channel(weight, x.ndim)) / s
    for_var = -sum_by_channel(gradient * h / (2 * s))
    return gradient, -sum_by_channel(gradient), for_var, sum_by_channel(g * h), sum_by_channel(g)

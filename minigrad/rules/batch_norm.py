"""Batch normalization, over all examples and places of a channel: S. Ioffe and C. Szegedy, 2015.

The formulas are those of `normalization`. No op keeps or updates running statistics: a layer does.
"""

from __future__ import annotations

from math import prod

import numpy as np

from ..declare import op
from ..graph import Array
from .normalization import (
    Axes,
    Gradients,
    Shape,
    check_channels,
    per_channel,
    scaled,
    standardized,
    standardized_vjp,
    sum_by_channel,
    with_statistics,
    with_statistics_vjp,
)


@op
def batch_norm(
    x: Array,
    running_mean: Array | None = None,
    running_var: Array | None = None,
    weight: Array | None = None,
    bias: Array | None = None,
    training: bool = False,
    eps: float = 1e-5,
) -> Array:
    """Each channel of x (N, C) or (N, C, ...) over all examples and places; weight, bias and statistics (C,).

    In training with the mean and variance of this batch, otherwise with the given ones. Nothing is updated: who keeps
    running statistics calls `batch_norm_training`, which gives those of the batch too.

    >>> import numpy as np, minigrad as mg
    >>> x = np.array([[1.0], [3.0]])
    >>> mg.batch_norm(x, np.array([2.0]), np.array([4.0]), eps=0)
    array([[-0.5],
           [ 0.5]])
    >>> mg.batch_norm(x, training=True, eps=0)
    array([[-1.],
           [ 1.]])
    """
    check_channels("batch_norm", x, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    if training:
        h, _ = standardized(x, _all_but_channels("batch_norm", x.shape), eps)
    else:
        h = with_statistics("batch_norm", x, running_mean, running_var, eps)
    return scaled(h, per_channel(weight, x.ndim), per_channel(bias, x.ndim))


@batch_norm.vjp("x", "running_mean", "running_var", "weight", "bias")
def _(
    g: Array,
    x: Array,
    running_mean: Array | None,
    running_var: Array | None,
    weight: Array | None,
    training: bool,
    eps: float,
) -> tuple[Array | None, ...]:
    if not training:
        return with_statistics_vjp(g, x, running_mean, running_var, weight, eps)
    axes = _all_but_channels("batch_norm", x.shape)
    h, s = standardized(x, axes, eps)
    u = g if weight is None else g * per_channel(weight, x.ndim)
    return standardized_vjp(u, h, s, axes), None, None, sum_by_channel(g * h), sum_by_channel(g)


@op
def batch_norm_training(
    x: Array, weight: Array | None = None, bias: Array | None = None, eps: float = 1e-5
) -> tuple[Array, Array, Array]:
    """batch_norm in training, the mean of each channel, and its variance (divided by n), from one pass over x."""
    check_channels("batch_norm_training", x, weight=weight, bias=bias)
    axes = _all_but_channels("batch_norm_training", x.shape)
    mean = x.mean(axis=axes, keepdims=True)
    centered = x - mean
    var = np.square(centered).mean(axis=axes, keepdims=True)
    h = centered / np.sqrt(var + eps)
    out = scaled(h, per_channel(weight, x.ndim), per_channel(bias, x.ndim))
    return out, mean.reshape(x.shape[1]), var.reshape(x.shape[1])


@batch_norm_training.vjp("x", "weight", "bias")
def _(g: tuple[Array, Array, Array], x: Array, weight: Array | None, eps: float) -> Gradients:
    g_out, for_mean, for_var = g
    axes = _all_but_channels("batch_norm_training", x.shape)
    h, s = standardized(x, axes, eps)
    u = g_out if weight is None else g_out * per_channel(weight, x.ndim)
    n = prod(x.shape) // x.shape[1]
    # The mean hands each element 1 / n of its gradient, the variance 2 (x - mean) / n = 2 h s / n.
    plain = u.mean(axis=axes, keepdims=True) - s * per_channel(for_mean, x.ndim) / n
    along = (u * h).mean(axis=axes, keepdims=True) - 2 * np.square(s) * per_channel(for_var, x.ndim) / n
    return (u - plain - h * along) / s, sum_by_channel(g_out * h), sum_by_channel(g_out)


def _all_but_channels(op: str, shape: Shape) -> Axes:
    if prod(shape) == shape[1]:
        raise ValueError(
            f"{op}: x has shape {shape}, one value for each channel; its variance over the batch says nothing"
        )
    return (0, *range(2, len(shape)))

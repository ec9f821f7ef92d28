"""Reductions: one number for many. The gradient goes back to each of the many."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..declare import op
from ..graph import Array

Axis = int | tuple[int, ...] | None


def kept(reduced: Array, x_shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Array:
    """What a reduction of an array of `x_shape` gave, with the reduced axes back, of length 1."""
    if keepdims or not x_shape:
        return reduced
    if axis is None:
        return reduced.reshape((1,) * len(x_shape))
    axes = {a % len(x_shape) for a in (axis if isinstance(axis, tuple) else (axis,))}
    return reduced.reshape(tuple(1 if i in axes else n for i, n in enumerate(x_shape)))


@op
def sum(x: Array, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Array:
    """sum_i x_i. Every element gets g."""
    return np.sum(x, axis=axis, dtype=dtype, keepdims=keepdims)


@sum.vjp("x")
def _(g: Array, x_shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Array:
    return np.broadcast_to(kept(g, x_shape, axis, keepdims), x_shape)


@op
def mean(x: Array, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Array:
    """(1/n) sum_i x_i. Every element gets g / n."""
    return np.mean(x, axis=axis, dtype=dtype, keepdims=keepdims)


@mean.vjp("x")
def _(g: Array, x_shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Array:
    n = np.prod(x_shape, dtype=int) // max(g.size, 1)
    return np.broadcast_to(kept(g / n, x_shape, axis, keepdims), x_shape)


@op
def max(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """max_i x_i. Elements that tie for the maximum share g evenly."""
    return np.max(x, axis=axis, keepdims=keepdims)


@max.vjp("x")
def _(g: Array, out: Array, x: Array, axis: Axis, keepdims: bool) -> Array:
    hit = x == kept(out, x.shape, axis, keepdims)
    return kept(g, x.shape, axis, keepdims) * hit / np.sum(hit, axis=axis, keepdims=True)


@op
def logsumexp(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """ln sum_i e^(x_i), without overflow. Element i gets g e^(x_i - out): the softmax."""
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    out = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return out if keepdims else np.squeeze(out, axis=axis)


@logsumexp.vjp("x")
def _(g: Array, out: Array, x: Array, axis: Axis, keepdims: bool) -> Array:
    return kept(g, x.shape, axis, keepdims) * np.exp(x - kept(out, x.shape, axis, keepdims))

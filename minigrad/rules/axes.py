"""Axes: what the reductions and scans have to know about them. No ops here."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..graph import Array

Axis = int | tuple[int, ...] | None
Shape = tuple[int, ...]


def options(**given: Any) -> dict[str, Any]:
    """Those of `where=`, `initial=` and the like that were given: Dask's functions do not know all of them."""
    return {key: value for key, value in given.items() if value is not None and value is not True}


def reduced_axes(axis: Axis, ndim: int) -> tuple[int, ...]:
    """The axes that `axis` means, counted from the front."""
    if axis is None or not ndim:
        return tuple(range(ndim))
    return tuple(a % ndim for a in (axis if isinstance(axis, tuple) else (axis,)))


def kept(reduced: Array, x_shape: Shape, axis: Axis, keepdims: bool) -> Array:
    """What a reduction of an array of `x_shape` gave, with the reduced axes back, of length 1."""
    if keepdims or not x_shape:
        return reduced
    axes = reduced_axes(axis, len(x_shape))
    return reduced.reshape([1 if i in axes else n for i, n in enumerate(x_shape)])


def count(x_shape: Shape, axis: Axis, where: Array = True) -> Array:
    """How many elements go into each number that a reduction gives; an array, with axes kept, if `where` chooses."""
    if where is True:
        return math.prod(x_shape[a] for a in reduced_axes(axis, len(x_shape)))
    return np.sum(np.broadcast_to(where, x_shape), axis=axis, keepdims=True)


def rows(x: Array, axis: Axis) -> Array:
    """x as a matrix: each row is what goes into one number of a reduction."""
    axes = reduced_axes(axis, x.ndim)
    others = tuple(a for a in range(x.ndim) if a not in axes)
    shape = (math.prod(x.shape[a] for a in others), math.prod(x.shape[a] for a in axes))
    return np.transpose(x, others + axes).reshape(shape)


def unrows(matrix: Array, x_shape: Shape, axis: Axis) -> Array:
    """What `rows` did, undone."""
    axes = reduced_axes(axis, len(x_shape))
    order = tuple(a for a in range(len(x_shape)) if a not in axes) + axes
    back = sorted(range(len(order)), key=order.__getitem__)
    return np.transpose(matrix.reshape(tuple(x_shape[a] for a in order)), back)

"""Diagonals and triangles. What was not on the diagonal, or not in the triangle, gets 0."""

from __future__ import annotations

import numpy as np

from ..backward import unbroadcast
from ..declare import op
from ..graph import Array
from .axes import Shape
from .scattering import scattered


def on_diagonal(d: Array, shape: Shape, offset: int) -> Array:
    """Zeros of `shape`, the last axis of d standing on the diagonal of the last two."""
    steps = np.arange(d.shape[-1])
    return scattered(d, (..., steps + max(-offset, 0), steps + max(offset, 0)), shape, once=True)


@op
def diagonal(x: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """The elements x_(i, i + offset) of two axes, as the last axis. The gradient is put on a diagonal of zeros."""
    return np.diagonal(x, offset, axis1, axis2)


@diagonal.vjp("x")
def _(g: Array, x_shape: Shape, offset: int, axis1: int, axis2: int) -> Array:
    axis1, axis2 = axis1 % len(x_shape), axis2 % len(x_shape)
    others = tuple(n for a, n in enumerate(x_shape) if a not in (axis1, axis2))
    matrices = on_diagonal(g, others + (x_shape[axis1], x_shape[axis2]), offset)
    return np.moveaxis(matrices, (-2, -1), (axis1, axis2))


@op
def diag(x: Array, k: int = 0) -> Array:
    """The k-th diagonal of a matrix, or a square matrix with x on its k-th diagonal. Each is the other's gradient."""
    return np.diag(x, k)


@diag.vjp("x")
def _(g: Array, x_shape: Shape, k: int) -> Array:
    return np.diagonal(g, k) if len(x_shape) == 1 else on_diagonal(g, x_shape, k)


@op
def diagflat(x: Array, k: int = 0) -> Array:
    """A square matrix with all elements of x on its k-th diagonal, which is where x's gradient is."""
    return np.diagflat(x, k)


@diagflat.vjp("x")
def _(g: Array, x_shape: Shape, k: int) -> Array:
    return np.reshape(np.diagonal(g, k), x_shape)


@op(selects=True)
def tril(x: Array, k: int = 0) -> Array:
    """x with zeros above the k-th diagonal. So is the gradient."""
    return np.tril(x, k)


@tril.vjp("x")
def _(g: Array, x_shape: Shape, k: int) -> Array:
    return unbroadcast(np.tril(g, k), x_shape)  # NumPy makes rows of a vector


@op(selects=True)
def triu(x: Array, k: int = 0) -> Array:
    """x with zeros below the k-th diagonal. So is the gradient."""
    return np.triu(x, k)


@triu.vjp("x")
def _(g: Array, x_shape: Shape, k: int) -> Array:
    return unbroadcast(np.triu(g, k), x_shape)

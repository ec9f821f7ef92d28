"""Norms of vectors and matrices. At a kink, 0 above all, the gradient is a subgradient: 0 at 0, ties share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..declare import op
from ..graph import Array
from .axes import Axis, kept, reduced_axes
from .elementwise import over

Order = Any  # a number, "fro", "nuc" or None


@op(name="linalg.norm")
def norm(x: Array, ord: Order = None, axis: Axis = None, keepdims: bool = False) -> Array:
    """The norm of the vectors along one axis, of the matrices along two, or of all elements (ord=None).

    x gets g x / |x| for the Euclidean and Frobenius norms; for others see `_vector_slope` and `_matrix_slope`.
    """
    return np.linalg.norm(x, ord, axis, keepdims)


@norm.vjp("x")
def _(g: Array, out: Array, x: Array, ord: Order, axis: Axis, keepdims: bool) -> Array:
    axes = reduced_axes(axis, x.ndim)
    g, out = kept(g, x.shape, axis, keepdims), kept(out, x.shape, axis, keepdims)
    if ord is None or len(axes) == 1:
        return g * _vector_slope(x, out, 2 if ord is None else ord, axes)
    slope = _matrix_slope(np.moveaxis(x, axes, (-2, -1)), ord)
    return g * np.moveaxis(slope, (-2, -1), axes)


@op(name="linalg.vector_norm")
def vector_norm(x: Array, *, axis: Axis = None, keepdims: bool = False, ord: float = 2) -> Array:
    """The norm over one axis, several or all, as of one long vector."""
    return np.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)  # type: ignore[arg-type]  # None is all axes


@vector_norm.vjp("x")
def _(g: Array, out: Array, x: Array, axis: Axis, keepdims: bool, ord: float) -> Array:
    g, out = kept(g, x.shape, axis, keepdims), kept(out, x.shape, axis, keepdims)
    return g * _vector_slope(x, out, ord, reduced_axes(axis, x.ndim))


@op(name="linalg.matrix_norm")
def matrix_norm(x: Array, *, keepdims: bool = False, ord: Order = "fro") -> Array:
    """The norm of each matrix of a stack."""
    return np.linalg.matrix_norm(x, keepdims=keepdims, ord=ord)


@matrix_norm.vjp("x")
def _(g: Array, x: Array, keepdims: bool, ord: Order) -> Array:
    return kept(g, x.shape, (-2, -1), keepdims) * _matrix_slope(x, ord)


@op(name="linalg.cond")
def cond(x: Array, p: Order = None) -> Array:
    """|x| |x^-1| in the norm p: for None and 2 the largest singular value over the smallest, for -2 its inverse."""
    return np.linalg.cond(x, p)


@cond.vjp("x")
def _(g: Array, out: Array, x: Array, p: Order) -> Array:
    if p in (None, 2, -2):
        u, s, vh = np.linalg.svd(x, full_matrices=False)
        ends = np.zeros(s.shape[-1])
        ends[0] += 1
        ends[-1] -= 1
        slope = np.matmul(u * (ends / s)[..., None, :], vh)
        return (g * out * (-1 if p == -2 else 1))[..., None, None] * slope
    inverse = np.linalg.inv(x)
    back = np.conj(np.swapaxes(inverse, -1, -2))
    size, size_of_inverse = (np.linalg.norm(m, p, (-2, -1), True) for m in (x, inverse))
    slope_of_inverse = np.matmul(back, np.matmul(_matrix_slope(inverse, p), back))
    return g[..., None, None] * (size_of_inverse * _matrix_slope(x, p) - size * slope_of_inverse)


def _vector_slope(x: Array, out: Array, ord: Any, axes: tuple[int, ...]) -> Array:
    """d|x| / dx: sign(x) (|x_i| / |x|)^(p - 1) for the p-norm."""
    if ord == 2:
        return over(x, out)
    size = np.abs(x)
    if ord == 0:  # the number of elements that are not 0
        return np.zeros_like(x)
    direction = over(x, size)
    if ord == 1:
        return direction
    if math.isinf(ord):
        hit = size == out
        return direction * hit / np.sum(hit, axis=axes, keepdims=True)
    ratio = np.where(size == 0, 1, over(size, out))  # where x_i is 0 the direction is 0 already
    return direction * ratio ** (ord - 1)


def _matrix_slope(x: Array, ord: Any) -> Array:
    """d|x| / dx for each matrix: by the largest row or column of sums, or by the singular values."""
    if ord is None or ord == "fro":
        return over(x, np.sqrt(np.sum(np.abs(x) ** 2, axis=(-2, -1), keepdims=True)))
    if ord in (1, -1, math.inf, -math.inf):
        size = np.abs(x)
        sums = np.sum(size, axis=-2 if abs(ord) == 1 else -1, keepdims=True)
        best = (np.max if ord > 0 else np.min)(sums, axis=(-2, -1), keepdims=True)
        hit = sums == best
        return over(x, size) * hit / np.sum(hit, axis=(-2, -1), keepdims=True)
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    top = np.max(s, axis=-1, keepdims=True)
    if ord == "nuc":  # a singular value of 0 is a kink
        weight = (s > top * np.finfo(s.dtype).eps * x.shape[-1]).astype(s.dtype)
    else:
        hit = (s == (top if ord == 2 else np.min(s, axis=-1, keepdims=True))) & (s > 0)
        weight = over(hit, np.sum(hit, axis=-1, keepdims=True))
    return np.matmul(u * weight[..., None, :], vh)

"""Scans: each element of the output is made from all before it. The gradient is a scan from the other end.

A `dim` follows PyTorch, an `axis` NumPy.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..backward import unbroadcast
from ..declare import op
from ..graph import Array
from .axes import Shape, options
from .scattering import add_along_axis


def delayed(x: Array, first: float) -> Array:
    """x moved on by one along its last axis, with `first` at the start; the last element falls out."""
    return np.concatenate([np.full_like(x[..., :1], first), x[..., :-1]], axis=-1)


@op
def linear_recurrence(a: Array, b: Array) -> Array:
    """h_k = a_k h_(k-1) + b_k along the last axis, starting from h = 0; a_0 does not matter.

    Two steps make one of the same kind, h -> a' (a h + b) + b', so log2(n) rounds of doubling do it (Hillis and Steele,
    "Data parallel algorithms", 1986). b gets the recurrence of g from the other end, and a gets h_(k-1) times that.
    """
    shape = np.broadcast_shapes(a.shape, b.shape)
    a, h = np.array(np.broadcast_to(a, shape)), np.array(np.broadcast_to(b, shape))
    step = 1
    while step < shape[-1]:
        h[..., step:] = a[..., step:] * h[..., :-step] + h[..., step:]
        a[..., step:] = a[..., step:] * a[..., :-step]
        step *= 2
    return h


@linear_recurrence.vjp("a", "b")
def _(g: Array, out: Array, a: Array, b_shape: Shape) -> tuple[Array, Array]:
    factors = np.broadcast_to(a, out.shape)
    inner = linear_recurrence(delayed(factors[..., ::-1], 0), g[..., ::-1])[..., ::-1]
    return unbroadcast(delayed(out, 0) * inner, a.shape), unbroadcast(inner, b_shape)


def along(x: Array, axis: int | None) -> Array:
    """x with the axis that is scanned at the end; flattened if that is None."""
    return x.reshape((x.size,)) if axis is None else np.moveaxis(x, axis, -1)


def back(g: Array, axis: int | None, x_shape: Shape) -> Array:
    """What `along` did, undone."""
    return g.reshape(x_shape) if axis is None else np.moveaxis(g, -1, axis)


# -- sums -------------------------------------------------------------------------------------------------------------


@op
def cumsum(x: Array, axis: int | None = None, dtype: Any = None) -> Array:
    """x_0 + ... + x_k for each k. The gradient is summed up from the other end."""
    return np.cumsum(x, axis=axis, dtype=dtype)


@cumsum.vjp("x")
def cumsum_vjp(g: Array, axis: int | None, x_shape: Shape) -> Array:
    return back(np.cumsum(along(g, axis)[..., ::-1], axis=-1)[..., ::-1], axis, x_shape)


@op
def cumulative_sum(x: Array, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Array:
    """cumsum, starting with a 0 if `include_initial`."""
    return np.cumulative_sum(x, axis=axis, dtype=dtype, include_initial=include_initial)


@cumulative_sum.vjp("x")
def _(g: Array, axis: int | None, include_initial: bool, x_shape: Shape) -> Array:
    return cumsum_vjp(without_initial(g, axis) if include_initial else g, axis, x_shape)


def without_initial(g: Array, axis: int | None) -> Array:
    """g without what arrives at the first element, which is a constant."""
    return back(along(g, axis)[..., 1:], -1 if axis is None else axis, ())


@op
def diff(x: Array, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Array:
    """x_(k+1) - x_k for each k, n times over. The gradient is (-1)^n times the same, of g with n zeros at both ends."""
    ends = options(prepend=prepend, append=append)
    return np.diff(x, n, axis, **ends)


@diff.vjp("x", "prepend", "append")
def _(
    g: Array, x_shape: Shape, prepend_shape: Shape, append_shape: Shape, n: int, axis: int, prepend: Any, append: Any
) -> tuple[Array, Any, Any]:
    if n == 0:  # x as it is, nothing put to it
        return g, None, None
    ahead, behind = _length(prepend, axis), _length(append, axis)
    total = ahead + x_shape[axis] + behind
    g = np.moveaxis(g, axis, -1)
    if total > n:
        zeros = np.zeros(g.shape[:-1] + (n,), g.dtype)
        g = np.diff(np.concatenate([zeros, g, zeros], axis=-1), n) * (-1) ** n
    else:  # nothing was left to come out
        g = np.zeros(g.shape[:-1] + (total,), g.dtype)
    first, middle, last = g[..., :ahead], g[..., ahead : total - behind], g[..., total - behind :]
    return (
        np.moveaxis(middle, -1, axis),
        None if prepend is None else unbroadcast(np.moveaxis(first, -1, axis), prepend_shape),
        None if append is None else unbroadcast(np.moveaxis(last, -1, axis), append_shape),
    )


def _length(end: Any, axis: int) -> int:
    """How much an end that is put to x adds to its length: a number counts as 1."""
    if end is None:
        return 0
    shape = np.shape(end)
    return shape[axis] if shape else 1


@op
def ediff1d(x: Array, to_end: Array | None = None, to_begin: Array | None = None) -> Array:
    """diff of the flattened x, with other numbers at the ends."""
    return np.ediff1d(x, to_end, to_begin)


@ediff1d.vjp("x", "to_end", "to_begin")
def _(g: Array, x_shape: Shape, to_end: Any, to_begin: Any) -> tuple[Array, Any, Any]:
    begin = 0 if to_begin is None else np.size(to_begin)
    end = g.size - (0 if to_end is None else np.size(to_end))
    steps = g[begin:end]
    g_x = -np.diff(steps, prepend=0, append=0) if steps.size else np.zeros(x_shape, g.dtype)
    return (
        g_x.reshape(x_shape),
        None if to_end is None else g[end:].reshape(np.shape(to_end)),
        None if to_begin is None else g[:begin].reshape(np.shape(to_begin)),
    )


# -- products ---------------------------------------------------------------------------------------------------------


@op
def cumprod(x: Array, axis: int | None = None, dtype: Any = None) -> Array:
    """x_0 ... x_k for each k. Element i gets out_(i-1) (g_i + x_(i+1) (g_(i+1) + x_(i+2) (...))): no division by x.

    So it is right with zeros, to any order.
    """
    return np.cumprod(x, axis=axis, dtype=dtype)


@cumprod.vjp("x")
def cumprod_vjp(g: Array, out: Array, x: Array, axis: int | None) -> Array:
    factors = delayed(along(x, axis)[..., ::-1], 0)
    inner = linear_recurrence(factors, along(g, axis)[..., ::-1])[..., ::-1]
    return back(delayed(along(out, axis), 1) * inner, axis, x.shape)


@op
def cumulative_prod(x: Array, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Array:
    """cumprod, starting with a 1 if `include_initial`."""
    return np.cumulative_prod(x, axis=axis, dtype=dtype, include_initial=include_initial)


@cumulative_prod.vjp("x")
def _(g: Array, out: Array, x: Array, axis: int | None, include_initial: bool) -> Array:
    if include_initial:
        g, out = without_initial(g, axis), without_initial(out, axis)
    return cumprod_vjp(g, out, x, axis)


# -- extremes, and the sum of exponentials ----------------------------------------------------------------------------


class Extremes(NamedTuple):
    values: Array
    indices: Array


def _running(extreme: np.ufunc, x: Array, dim: int) -> Extremes:
    values = extreme.accumulate(x, axis=dim)
    reached = (x == values) | np.isnan(x)
    positions = np.arange(x.shape[dim]).reshape((-1,) + (1,) * (x.ndim - 1 - dim % x.ndim))
    return Extremes(values, np.maximum.accumulate(np.where(reached, positions, 0), axis=dim))


@op
def cummax(x: Array, dim: int) -> Extremes:
    """The largest so far, and where it stands: the last position if several tie, and that one gets g."""
    return _running(np.maximum, x, dim)


@op
def cummin(x: Array, dim: int) -> Extremes:
    """The smallest so far, and where it stands: the last position if several tie, and that one gets g."""
    return _running(np.minimum, x, dim)


@cummax.vjp("x")
@cummin.vjp("x")
def _(g: Extremes, out: Extremes, x_shape: Shape, dim: int) -> Array:
    return add_along_axis(np.zeros(x_shape, g[0].dtype), out[1], g[0], dim)


@op
def logcumsumexp(x: Array, dim: int) -> Array:
    """ln(e^(x_0) + ... + e^(x_k)) for each k, without overflow. Element i gets the sum of g_k e^(x_i - out_k), k >= i.

    From the end it is a recurrence with factors e^(out_k - out_(k+1)), none of them above 1.
    """
    return np.logaddexp.accumulate(x, axis=dim)


@logcumsumexp.vjp("x")
def _(g: Array, out: Array, x: Array, dim: int) -> Array:
    x, out = np.moveaxis(x, dim, -1), np.moveaxis(out, dim, -1)
    falling = out[..., ::-1]
    nothing = np.isneginf(falling)  # ln 0: these may not come to inf - inf
    factors = np.exp(np.where(nothing, -np.inf, falling - delayed(falling, np.inf)))
    inner = linear_recurrence(factors, np.moveaxis(g, dim, -1)[..., ::-1])[..., ::-1]
    return np.moveaxis(np.exp(x - np.where(np.isneginf(out), 0, out)) * inner, -1, dim)

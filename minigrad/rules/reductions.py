"""Reductions: one number for many. The gradient goes back to each of the many.

Where `where=` leaves elements out, they get 0. `initial=` is one more element, a constant.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backward import unbroadcast
from ..declare import op
from ..graph import Array
from .axes import Axis, Shape, count, kept, options, reduced_axes, rows, unrows
from .scans import delayed

# -- sums -------------------------------------------------------------------------------------------------------------


def chosen(values: Array, where: Array) -> Array:
    """0 where `where` leaves an element out."""
    return values if where is True else np.where(where, values, 0)


@op
def sum(
    x: Array, axis: Axis = None, dtype: Any = None, keepdims: bool = False, initial: Any = None, where: Array = True
) -> Array:
    """sum_i x_i. Every element gets g."""
    return np.sum(x, axis=axis, dtype=dtype, keepdims=keepdims, **options(initial=initial, where=where))


@sum.vjp("x")
def sum_vjp(g: Array, x_shape: Shape, axis: Axis, keepdims: bool, where: Array) -> Array:
    return chosen(np.broadcast_to(kept(g, x_shape, axis, keepdims), x_shape), where)


@op
def mean(x: Array, axis: Axis = None, dtype: Any = None, keepdims: bool = False, *, where: Array = True) -> Array:
    """(1/n) sum_i x_i. Every element gets g / n."""
    return np.mean(x, axis=axis, dtype=dtype, keepdims=keepdims, **options(where=where))


@mean.vjp("x")
def mean_vjp(g: Array, x_shape: Shape, axis: Axis, keepdims: bool, where: Array) -> Array:
    share = kept(g, x_shape, axis, keepdims) / count(x_shape, axis, where)
    return chosen(np.broadcast_to(share, x_shape), where)


@op
def average(
    x: Array, axis: Axis = None, weights: Array | None = None, returned: bool = False, *, keepdims: bool = False
) -> Any:
    """sum_i w_i x_i / W with W = sum_i w_i; if `returned`, W too. x_i gets g w_i / W, w_i gets g (x_i - out) / W."""
    return np.average(x, axis, weights, returned, keepdims=keepdims)  # type: ignore[call-overload]  # no bool in its stubs


@average.vjp("x", "weights")
def _(
    g: Any, out: Any, x: Array, axis: Axis, weights: Array | None, returned: bool, keepdims: bool
) -> tuple[Array, Any]:
    g, g_total = g if returned else (g, None)
    g = kept(g, x.shape, axis, keepdims)
    if weights is None:
        return np.broadcast_to(g / count(x.shape, axis), x.shape), None
    middle = kept(out[0] if returned else out, x.shape, axis, keepdims)
    weighed = reduced_axes(None if weights.shape == x.shape else axis, x.ndim)  # the axes along which the weights lie
    lengths = tuple(n if a in weighed else 1 for a, n in enumerate(x.shape))
    order = np.argsort(weighed)
    w = np.transpose(weights, order).reshape(lengths)
    total = np.sum(np.broadcast_to(w, x.shape), axis=axis, keepdims=True)
    g_w = g * (x - middle) / total
    if g_total is not None:
        g_w = g_w + kept(g_total, x.shape, axis, keepdims)
    g_w = unbroadcast(g_w, lengths).reshape(tuple(x.shape[weighed[k]] for k in order))
    return g * w / total, np.transpose(g_w, np.argsort(order))


# -- products ---------------------------------------------------------------------------------------------------------


@op
def prod(
    x: Array, axis: Axis = None, dtype: Any = None, keepdims: bool = False, initial: Any = None, where: Array = True
) -> Array:
    """prod_i x_i. Element i gets g times the product of all others, which is right with zeros too."""
    return np.prod(x, axis=axis, dtype=dtype, keepdims=keepdims, **options(initial=initial, where=where))


@prod.vjp("x")
def prod_vjp(g: Array, x: Array, axis: Axis, keepdims: bool, initial: Any, where: Array) -> Array:
    factors = rows(x if where is True else np.where(where, x, 1), axis)
    before = delayed(np.cumprod(factors, axis=-1), 1)
    after = delayed(np.cumprod(factors[:, ::-1], axis=-1), 1)[:, ::-1]
    others = unrows(before * after, x.shape, axis)
    if initial is not None:
        g = g * initial
    return chosen(kept(g, x.shape, axis, keepdims) * others, where)


# -- spread -----------------------------------------------------------------------------------------------------------


@op
def var(
    x: Array,
    axis: Axis = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Array = True,
    mean: Array | None = None,
    correction: float | None = None,
) -> Array:
    """sum_i (x_i - m)^2 / (n - ddof), m the mean, or the one that is given. x_i gets g 2 (x_i - m) / (n - ddof)."""
    extra = options(where=where, mean=mean, correction=correction)
    return np.var(x, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims, **extra)


def centered(x: Array, axis: Axis, where: Array, mean: Array | None) -> Array:
    """x less its mean, or less a given one."""
    return x - (np.mean(x, axis=axis, keepdims=True, where=where) if mean is None else mean)


@var.vjp("x", "mean")
def var_vjp(
    g: Array,
    x: Array,
    axis: Axis,
    ddof: float,
    keepdims: bool,
    where: Array,
    mean: Array | None,
    correction: float | None,
) -> tuple[Array, Array | None]:
    freedom = count(x.shape, axis, where) - (ddof if correction is None else correction)
    g = 2 * kept(g, x.shape, axis, keepdims) / (freedom * (freedom > 0))
    g_x = chosen(g * centered(x, axis, where, mean), where)
    return g_x, None if mean is None else -unbroadcast(g_x, mean.shape)


@op
def std(
    x: Array,
    axis: Axis = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Array = True,
    mean: Array | None = None,
    correction: float | None = None,
) -> Array:
    """The square root of var. x_i gets g (x_i - m) / ((n - ddof) out); 0 where all x_i are equal, the tip of a cone."""
    extra = options(where=where, mean=mean, correction=correction)
    return np.std(x, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims, **extra)


@std.vjp("x", "mean")
def std_vjp(
    g: Array,
    out: Array,
    x: Array,
    axis: Axis,
    ddof: float,
    keepdims: bool,
    where: Array,
    mean: Array | None,
    correction: float | None,
) -> Any:
    if not x.size:
        return np.zeros_like(x), None if mean is None else np.zeros_like(mean)
    if mean is None:  # rounding in the mean of equal numbers can leave an out of 1e-17 where it should be 0
        wide = options(initial=None if where is True else -np.inf, where=where)
        narrow = options(initial=None if where is True else np.inf, where=where)
        top = np.max(x, axis=axis, keepdims=keepdims, **wide)
        flat = np.min(x, axis=axis, keepdims=keepdims, **narrow) == top
    else:
        flat = out == 0
    g = np.where(flat, 0, g / np.where(flat, 1, 2 * out))
    return var_vjp(g, x, axis, ddof, keepdims, where, mean, correction)


# -- extremes ---------------------------------------------------------------------------------------------------------


def to_hits(g: Array, hit: Array, axis: Axis, others: Array = 0) -> Array:
    """g, shared evenly among the elements that hit and as many others; nan where none does: nothing equals a nan."""
    ties = np.sum(hit, axis=axis, dtype=g.dtype, keepdims=True) + others
    return hit * (g / np.where(ties == 0, np.nan, ties))


@op
def max(x: Array, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Array = True) -> Array:
    """max_i x_i. Elements that tie for the maximum share g evenly."""
    return np.max(x, axis=axis, keepdims=keepdims, **options(initial=initial, where=where))


@op
def min(x: Array, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Array = True) -> Array:
    """min_i x_i. Elements that tie for the minimum share g evenly."""
    return np.min(x, axis=axis, keepdims=keepdims, **options(initial=initial, where=where))


def extreme_vjp(g: Array, out: Array, x: Array, axis: Axis, keepdims: bool, initial: Any, where: Array) -> Array:
    top = kept(out, x.shape, axis, keepdims)
    hit = x == top if where is True else (x == top) & where
    return to_hits(kept(g, x.shape, axis, keepdims), hit, axis, 0 if initial is None else top == initial)


amax = op(name="amax")(max.forward)
amin = op(name="amin")(min.forward)
for extreme in (max, min, amax, amin):
    extreme.vjp("x")(extreme_vjp)


@op
def ptp(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """max_i x_i - min_i x_i. The largest gets g, the smallest -g; ties share evenly."""
    return np.ptp(x, axis=axis, keepdims=keepdims)


@ptp.vjp("x")
def _(g: Array, x: Array, axis: Axis, keepdims: bool) -> Array:
    g = kept(g, x.shape, axis, keepdims)
    largest = x == np.max(x, axis=axis, keepdims=True)
    smallest = x == np.min(x, axis=axis, keepdims=True)
    return to_hits(g, largest, axis) - to_hits(g, smallest, axis)


# -- others -----------------------------------------------------------------------------------------------------------


@op
def logsumexp(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """ln sum_i e^(x_i), without overflow. Element i gets g e^(x_i - out): the softmax."""
    top = np.max(x, axis=axis, keepdims=True, **options(initial=None if np.size(x) else -np.inf))
    top = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):  # ln 0 is -inf where all x_i are -inf: right, and no reason to warn
        out = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return out if keepdims else np.squeeze(out, axis=axis)


@logsumexp.vjp("x")
def _(g: Array, out: Array, x: Array, axis: Axis, keepdims: bool) -> Array:
    out = kept(out, x.shape, axis, keepdims)
    return kept(g, x.shape, axis, keepdims) * np.exp(x - np.where(np.isneginf(out), 0, out))


@op
def trace(x: Array, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Array:
    """The sum of the diagonal of each matrix, whose every element gets g."""
    return np.trace(x, offset, axis1, axis2, dtype)


@trace.vjp("x")
def _(g: Array, x_shape: Shape, offset: int, axis1: int, axis2: int) -> Array:
    diagonal = np.eye(x_shape[axis1], x_shape[axis2], offset, dtype=g.dtype)
    return np.moveaxis(g[..., None, None] * diagonal, (-2, -1), (axis1, axis2))

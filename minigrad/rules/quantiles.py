"""Quantiles: the median, and any other. The gradient goes to the one or two elements that each lies between."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..declare import op
from ..graph import Array
from .axes import Axis, rows, unrows
from .indexing import scatter_add
from .order import unsort


def quantile_vjp(g: Array, x: Array, q: Array, axis: Axis, method: Any = "linear", skip_nan: bool = False) -> Array:
    """Each quantile lies between two elements, and these share its g by how near they are; equal elements share theirs.

    Where the quantile of 0, 1, ..., n - 1 lies, there lies the quantile of n sorted numbers: this holds for every
    method, and with the ranks in the places of the numbers also where some are nan and left out.
    """
    table = rows(x, axis)
    count, n = table.shape
    if not table.size:
        return np.zeros_like(x)
    if skip_nan and np.ndim(q) > 1:
        raise ValueError(
            "nanquantile: q has more than one axis, and NumPy puts these in no order to rely on; flatten q"
        )
    if skip_nan:
        rank = np.argsort(np.argsort(table, axis=-1), axis=-1).astype(x.dtype)
        place = np.nanquantile(np.where(np.isnan(table), np.nan, rank), q, axis=-1, method=method)
        place = np.nan_to_num(place).reshape((-1, count))
    else:
        place = np.quantile(np.arange(n, dtype=x.dtype), q, method=method).reshape((-1, 1))
    g = g.reshape((-1, count)).T
    lower = np.floor(place).astype(int).T
    nearness = place.T - lower
    first = np.arange(count)[:, None] * n
    g_sorted = np.zeros(count * n, g.dtype)
    g_sorted = scatter_add(g_sorted, first + lower, g * (1 - nearness))
    g_sorted = scatter_add(g_sorted, first + np.minimum(lower + 1, n - 1), g * nearness)
    g_x = unrows(unsort(g_sorted.reshape((count, n)), table), x.shape, axis)
    return np.where(np.isnan(x), 0, g_x) if skip_nan else g_x


@op
def median(x: Array, axis: Axis = None, overwrite_input: bool = False, keepdims: bool = False) -> Array:
    """The middle of the sorted x; of an even number, the mean of the two in the middle, and each gets g / 2."""
    return np.median(x, axis, keepdims=keepdims)


@median.vjp("x")
def _(g: Array, x: Array, axis: Axis) -> Array:
    return quantile_vjp(g, x, 0.5, axis)


@op
def quantile(
    x: Array, q: Array, axis: Axis = None, overwrite_input: bool = False, method: Any = "linear", keepdims: bool = False
) -> Array:
    """The number that a part q of x lies below: between two neighbours in the sorted x, which share g by nearness."""
    return np.quantile(x, q, axis, method=method, keepdims=keepdims)


@quantile.vjp("x")
def _(g: Array, x: Array, q: Array, axis: Axis, method: str) -> Array:
    return quantile_vjp(g, x, q, axis, method)


@op
def percentile(
    x: Array, q: Array, axis: Axis = None, overwrite_input: bool = False, method: Any = "linear", keepdims: bool = False
) -> Array:
    """The quantile of q / 100."""
    return np.percentile(x, q, axis, method=method, keepdims=keepdims)


@percentile.vjp("x")
def _(g: Array, x: Array, q: Array, axis: Axis, method: str) -> Array:
    return quantile_vjp(g, x, np.divide(q, 100), axis, method)


# -- without the nan --------------------------------------------------------------------------------------------------


@op(selects=True)
def nanmedian(x: Array, axis: Axis = None, overwrite_input: bool = False, keepdims: bool = False) -> Array:
    """The median of what is not nan."""
    return np.nanmedian(x, axis, keepdims=keepdims)


@nanmedian.vjp("x")
def _(g: Array, x: Array, axis: Axis) -> Array:
    return quantile_vjp(g, x, 0.5, axis, skip_nan=True)


@op(selects=True)
def nanquantile(
    x: Array, q: Array, axis: Axis = None, overwrite_input: bool = False, method: Any = "linear", keepdims: bool = False
) -> Array:
    """The quantile of what is not nan."""
    return np.nanquantile(x, q, axis, method=method, keepdims=keepdims)


@nanquantile.vjp("x")
def _(g: Array, x: Array, q: Array, axis: Axis, method: str) -> Array:
    return quantile_vjp(g, x, q, axis, method, skip_nan=True)


@op(selects=True)
def nanpercentile(
    x: Array, q: Array, axis: Axis = None, overwrite_input: bool = False, method: Any = "linear", keepdims: bool = False
) -> Array:
    """The percentile of what is not nan."""
    return np.nanpercentile(x, q, axis, method=method, keepdims=keepdims)


@nanpercentile.vjp("x")
def _(g: Array, x: Array, q: Array, axis: Axis, method: str) -> Array:
    return quantile_vjp(g, x, np.divide(q, 100), axis, method, skip_nan=True)

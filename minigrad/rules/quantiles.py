"""Quantiles: the median, and any other. The gradient goes to the one or two elements that each lies between."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..declare import op
from ..graph import Array
from .axes import Axis, rows, unrows
from .reductions import to_hits


def quantile_vjp(g: Array, x: Array, q: Array, axis: Axis, method: Any = "linear", skip_nan: bool = False) -> Array:
    """Each quantile lies between two elements, and these share its g by how near they are; equal elements share evenly.

    Where the quantile of 0, 1, ..., n - 1 lies, there lies the quantile of n sorted numbers, by every method.
    """
    table = rows(x, axis)
    count, n = table.shape
    if not table.size:
        return np.zeros_like(x)
    order = np.arange(n, dtype=x.dtype)
    if skip_nan:
        if np.ndim(q) > 1:
            raise ValueError("nanquantile: NumPy puts the results for a q of several axes in no clear order; flatten q")
        present = np.sum(~np.isnan(table), axis=-1, keepdims=True)
        places = np.nan_to_num(np.nanquantile(np.where(order < present, order, np.nan), q, axis=-1, method=method))
    else:
        places = np.quantile(order, q, method=method)
    ranked = np.sort(table, axis=-1)
    line = np.arange(count)
    g_x = np.zeros_like(table)
    for g_q, place in zip(g.reshape((-1, count)), places.reshape((-1, count if skip_nan else 1))):
        lower = np.floor(place).astype(int)
        nearness = place - lower
        for share, k in ((1 - nearness, lower), (nearness, np.ceil(place).astype(int))):
            g_x = g_x + to_hits((g_q * share)[:, None], table == ranked[line, k][:, None], -1)
    g_x = unrows(g_x, x.shape, axis)
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

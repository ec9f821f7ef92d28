"""Reductions that leave out what is nan: the rules of `reductions`, with `where` telling what is not nan."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..declare import op
from ..graph import Array
from .axes import Axis, options
from .reductions import extreme_vjp, mean_vjp, prod_vjp, std_vjp, sum_vjp, var_vjp
from .scans import cumprod_vjp, cumsum_vjp


def present(x: Array, where: Array = True) -> Array:
    """Which elements count."""
    return ~np.isnan(x) if where is True else ~np.isnan(x) & where


@op(selects=True)
def nansum(
    x: Array, axis: Axis = None, dtype: Any = None, keepdims: bool = False, initial: Any = None, where: Array = True
) -> Array:
    """The sum of what is not nan, which gets g."""
    return np.nansum(x, axis=axis, dtype=dtype, keepdims=keepdims, **options(initial=initial, where=where))


@nansum.vjp("x")
def _(g: Array, x: Array, axis: Axis, keepdims: bool, where: Array) -> Array:
    return sum_vjp(g, x.shape, axis, keepdims, present(x, where))


@op(selects=True)
def nanprod(
    x: Array, axis: Axis = None, dtype: Any = None, keepdims: bool = False, initial: Any = None, where: Array = True
) -> Array:
    """The product of what is not nan; each gets g times the product of the others."""
    return np.nanprod(x, axis=axis, dtype=dtype, keepdims=keepdims, **options(initial=initial, where=where))


@nanprod.vjp("x")
def _(g: Array, x: Array, axis: Axis, keepdims: bool, initial: Any, where: Array) -> Array:
    return prod_vjp(g, x, axis, keepdims, initial, present(x, where))


@op(selects=True)
def nanmean(x: Array, axis: Axis = None, dtype: Any = None, keepdims: bool = False, *, where: Array = True) -> Array:
    """The mean of the n that are not nan; each gets g / n."""
    return np.nanmean(x, axis=axis, dtype=dtype, keepdims=keepdims, **options(where=where))


@nanmean.vjp("x")
def _(g: Array, x: Array, axis: Axis, keepdims: bool, where: Array) -> Array:
    return mean_vjp(g, x.shape, axis, keepdims, present(x, where))


@op(selects=True)
def nanvar(
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
    """The variance of what is not nan."""
    extra = options(where=where, mean=mean, correction=correction)
    return np.nanvar(x, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims, **extra)


@op(selects=True)
def nanstd(
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
    """The standard deviation of what is not nan; where that is all equal, the slope is 0."""
    extra = options(where=where, mean=mean, correction=correction)
    return np.nanstd(x, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims, **extra)


@nanvar.vjp("x", "mean")
def _(
    g: Array, x: Array, axis: Axis, ddof: float, keepdims: bool, where: Array, mean: Any, correction: float | None
) -> Any:
    return var_vjp(g, x, axis, ddof, keepdims, present(x, where), mean, correction)


@nanstd.vjp("x", "mean")
def _(
    g: Array,
    out: Array,
    x: Array,
    axis: Axis,
    ddof: float,
    keepdims: bool,
    where: Array,
    mean: Any,
    correction: float | None,
) -> Any:
    return std_vjp(g, out, x, axis, ddof, keepdims, present(x, where), mean, correction)


@op(selects=True)
def nanmax(x: Array, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Array = True) -> Array:
    """The largest of what is not nan; ties share g evenly."""
    return np.nanmax(x, axis=axis, keepdims=keepdims, **options(initial=initial, where=where))


@op(selects=True)
def nanmin(x: Array, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Array = True) -> Array:
    """The smallest of what is not nan; ties share g evenly."""
    return np.nanmin(x, axis=axis, keepdims=keepdims, **options(initial=initial, where=where))


nanmax.vjp("x")(extreme_vjp)
nanmin.vjp("x")(extreme_vjp)


@op(selects=True)
def nancumsum(x: Array, axis: int | None = None, dtype: Any = None) -> Array:
    """cumsum with 0 for each nan."""
    return np.nancumsum(x, axis=axis, dtype=dtype)


@nancumsum.vjp("x")
def _(g: Array, x: Array, axis: int | None) -> Array:
    return np.where(np.isnan(x), 0, cumsum_vjp(g, axis, x.shape))


@op(selects=True)
def nancumprod(x: Array, axis: int | None = None, dtype: Any = None) -> Array:
    """cumprod with 1 for each nan."""
    return np.nancumprod(x, axis=axis, dtype=dtype)


@nancumprod.vjp("x")
def _(g: Array, out: Array, x: Array, axis: int | None) -> Array:
    return np.where(np.isnan(x), 0, cumprod_vjp(g, out, np.where(np.isnan(x), 1, x), axis))

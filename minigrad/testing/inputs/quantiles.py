"""Calls of quantiles."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from ..arrays import axes, shapes
from ..call import Call, Draw, call
from .order import ordered
from .table import inputs_of

METHODS = ("linear", "lower", "higher", "midpoint", "nearest", "hazen", "weibull", "inverted_cdf", "median_unbiased")
# Lists, because an array would count as an input that a gradient goes to.
parts = st.sampled_from([0.5, 0.0, 1.0, 0.3, [0.25, 0.5]])
table_of_parts = st.just([[0.1], [0.9]])


@inputs_of("median", "nanmedian")
def _(draw: Draw) -> Call:
    x = draw(ordered(shapes(min_side=1)))
    return call(x, axis=_axis(draw, x.ndim), keepdims=draw(st.booleans()))


@inputs_of("quantile")
def _(draw: Draw) -> Call:
    x = draw(ordered(shapes(min_side=1)))
    options = {"method": draw(st.sampled_from(METHODS)), "keepdims": draw(st.booleans())}
    return call(x, draw(parts | table_of_parts), axis=_axis(draw, x.ndim), **options)


@inputs_of("nanquantile")
def _(draw: Draw) -> Call:
    x = draw(ordered(shapes(min_side=1)))
    options = {"method": draw(st.sampled_from(METHODS)), "keepdims": draw(st.booleans())}
    return call(x, draw(parts), axis=_axis(draw, x.ndim), **options)


@inputs_of("percentile", "nanpercentile")
def _(draw: Draw) -> Call:
    x = draw(ordered(shapes(min_side=1)))
    return call(x, np.multiply(100, draw(parts)).tolist(), axis=_axis(draw, x.ndim), keepdims=draw(st.booleans()))


def _axis(draw: Draw, ndim: int) -> int | tuple[int, ...] | None:
    chosen: int | tuple[int, ...] | None = draw(axes(ndim))
    return None if chosen == () or not ndim else chosen

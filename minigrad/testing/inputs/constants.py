"""Calls of the ops that are constant."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from ..arrays import arrays, axes, broadcastable, masks, several, shapes
from ..call import Call, Draw, call, calls
from .elementwise import away_from_zero
from .order import ordered
from .table import inputs, inputs_of

inputs["zeros_like"] = inputs["ones_like"] = calls(arrays())


@inputs_of("nonzero", "argwhere", "flatnonzero")
def _(draw: Draw) -> Call:
    """Truths, or numbers none of which is near 0, where the number of results changes."""
    shape = draw(shapes(min_axes=1))
    return call(draw(masks(shape) | away_from_zero(shape)))


@inputs_of("full_like")
def _(draw: Draw) -> Call:
    x, value = draw(broadcastable(2))
    shape = np.broadcast_shapes(x, value)
    return call(draw(arrays(shape)), draw(arrays(value)))


@inputs_of("argmax", "argmin", "nanargmax", "nanargmin")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_side=1)))
    return call(x, draw(axes(x.ndim, several=False)), keepdims=draw(st.booleans()))


@inputs_of("any", "all")
def _(draw: Draw) -> Call:
    x = draw(arrays())
    return call(x, axis=draw(axes(x.ndim)), keepdims=draw(st.booleans()), where=draw(masks(x.shape)))


@inputs_of("count_nonzero")
def _(draw: Draw) -> Call:
    x = draw(arrays())
    return call(x, draw(axes(x.ndim)), keepdims=draw(st.booleans()))


@inputs_of("lexsort")
def _(draw: Draw) -> Call:
    return call(draw(arrays(shapes(min_axes=2, max_axes=2, min_side=1))))


@inputs_of("searchsorted")
def _(draw: Draw) -> Call:
    x = np.sort(draw(arrays(shapes(min_axes=1, max_axes=1))))
    return call(x, draw(arrays()), draw(st.sampled_from(["left", "right"])))


@inputs_of("digitize")
def _(draw: Draw) -> Call:
    bins = np.sort(draw(ordered(shapes(min_axes=1, max_axes=1), pair=False)))
    return call(draw(arrays()), bins, draw(st.booleans()))


@inputs_of("array_equal", "array_equiv", "isin")
def _(draw: Draw) -> Call:
    return call(*draw(several(2)))

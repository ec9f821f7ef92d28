"""Calls of the ops that put numbers to places, or add them there."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from ..arrays import arrays, axis, index_arrays, indices, shapes
from ..call import Call, Draw, call
from .table import inputs_of


@inputs_of("scattered")
def _(draw: Draw) -> Call:
    shape = draw(shapes())
    index = draw(indices(shape))
    return call(draw(arrays(np.shape(np.zeros(shape)[index]))), index, shape)


@inputs_of("scatter_add", "setitem")
def _(draw: Draw) -> Call:
    """Values of the shape that the index asks for, or of one that broadcasts to it."""
    x = draw(arrays())
    index = draw(indices(x.shape))
    shape = np.shape(x[index])
    if shape and draw(st.booleans()):
        shape = shape[draw(st.integers(1, len(shape))) :]
    return call(x, index, draw(arrays(shape)))


@inputs_of("put_along_axis")
def _(draw: Draw) -> Call:
    """Indices counted from the end, and repeated ones."""
    x = draw(arrays(shapes(min_axes=1, min_side=1)))
    a = draw(axis(x.ndim))
    shape = list(x.shape)
    shape[a] = draw(st.integers(0, 4))
    places = draw(index_arrays(x.shape[a], tuple(shape)))
    return call(x, places, draw(arrays(tuple(shape))), a)

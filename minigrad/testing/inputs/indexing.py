"""Calls of indexing ops: every index expression that NumPy has."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from ..arrays import arrays, broadcastable, indices, masks, several
from ..call import Call, Draw, call
from .table import inputs_of


@inputs_of("where")
def _(draw: Draw) -> Call:
    condition, x, y = draw(broadcastable(3))
    return call(draw(masks(condition)), *draw(several(2, shape=st.just((x, y)))))


@inputs_of("getitem")
def _(draw: Draw) -> Call:
    x = draw(arrays())
    return call(x, draw(indices(x.shape)))


@inputs_of("scatter_add")
def _(draw: Draw) -> Call:
    x = draw(arrays())
    index = draw(indices(x.shape))
    return call(x, index, draw(arrays(np.shape(x[index]))))


@inputs_of("setitem")
def _(draw: Draw) -> Call:
    x = draw(arrays())
    index = draw(indices(x.shape))
    shape = np.shape(x[index])
    if shape and draw(st.booleans()):
        shape = shape[1:]
    return call(x, index, draw(arrays(shape)))

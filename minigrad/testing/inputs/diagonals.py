"""Calls of the ops on diagonals and triangles."""

from __future__ import annotations

from hypothesis import strategies as st

from ..arrays import arrays, shapes
from ..call import Call, Draw, call, calls
from .table import inputs, inputs_of

_offsets = st.integers(-4, 4)
inputs["diag"] = calls(arrays(shapes(min_axes=1, max_axes=2)), _offsets)
inputs["diagflat"] = calls(arrays(shapes(max_side=3)), _offsets)
inputs["tril"] = inputs["triu"] = calls(arrays(shapes(min_axes=1)), _offsets)


@inputs_of("diagonal")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=2)))
    axis1, axis2 = draw(st.permutations(range(x.ndim)))[:2]
    return call(x, draw(_offsets), axis1, axis2 - x.ndim)

"""Calls of network layers."""

from __future__ import annotations

from hypothesis import strategies as st

from ..arrays import arrays, shapes
from ..call import Call, Draw, call
from .table import inputs_of

side = st.sampled_from([1, 2, 3, 0])


@inputs_of("linear")
def _(draw: Draw) -> Call:
    n, m = draw(side), draw(side)
    bias = draw(arrays((m,))) if draw(st.booleans()) else None
    return call(draw(arrays((*draw(shapes(max_axes=2)), n))), draw(arrays((m, n))), bias)

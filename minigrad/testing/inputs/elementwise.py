"""Calls of elementwise ops that take more than arrays in their domain."""

from __future__ import annotations

from hypothesis import strategies as st

from ..arrays import arrays, several
from ..call import Call, Draw, call, calls
from .table import inputs, inputs_of

inputs["astype"] = calls(arrays(), st.sampled_from(["float32", "float64"]))


@inputs_of("power")
def _(draw: Draw) -> Call:
    """A positive base with any exponent, or any base with a whole one."""
    if draw(st.booleans()):
        return call(*draw(several(2, domains=[(0, 20), (-3, 3)])))
    return call(draw(arrays()), draw(st.sampled_from([2, 3, 1, 0, -1, 2.0])))

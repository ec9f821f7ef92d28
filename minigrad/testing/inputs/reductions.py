"""Calls of reductions."""

from __future__ import annotations

from hypothesis import strategies as st

from ..arrays import arrays, axes
from ..call import Call, Draw, call
from .table import inputs_of


@inputs_of("sum", "mean", "max", "logsumexp")
def _(draw: Draw) -> Call:
    x = draw(arrays())
    return call(x, axis=draw(axes(x.ndim)), keepdims=draw(st.booleans()))

"""Calls of the ops that arrange elements anew."""

from __future__ import annotations

from hypothesis import strategies as st

from ..arrays import arrays, axis, permutations, reshapes, shapes
from ..call import Call, Draw, call
from .table import inputs_of


@inputs_of("reshape")
def _(draw: Draw) -> Call:
    x = draw(arrays())
    return call(x, draw(reshapes(x.size)))


@inputs_of("transpose")
def _(draw: Draw) -> Call:
    x = draw(arrays())
    return call(x, draw(permutations(x.ndim)))


@inputs_of("broadcast_to")
def _(draw: Draw) -> Call:
    x = draw(arrays())
    extra = draw(shapes(max_axes=1))
    wider = tuple(draw(st.sampled_from([1, 2, 3, 0])) if n == 1 else n for n in x.shape)
    return call(x, extra + wider)


@inputs_of("stack")
def _(draw: Draw) -> Call:
    shape = draw(shapes(max_axes=2))
    rows = [draw(arrays(shape)) for _ in range(draw(st.integers(1, 3)))]
    return call(rows, axis=draw(axis(len(shape) + 1)))

"""Calls of the ops that arrange elements anew."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ..arrays import arrays, axis, permutations, reshapes, shapes
from ..call import Call, Draw, call, calls
from .table import inputs, inputs_of

inputs["flipud"] = calls(arrays(shapes(min_axes=1)))
inputs["fliplr"] = inputs["matrix_transpose"] = calls(arrays(shapes(min_axes=2)))

_orders = st.sampled_from(["C", "F"])


@inputs_of("reshape")
def _(draw: Draw) -> Call:
    x = draw(arrays())
    options = {"order": "F"} if draw(st.booleans()) else {}
    return call(x, draw(reshapes(x.size)), **options)


@inputs_of("ravel", "flatten")
def _(draw: Draw) -> Call:
    return call(draw(arrays()), draw(_orders))


@inputs_of("expand_dims")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(max_axes=2)))
    if draw(st.booleans()):
        return call(x, draw(axis(x.ndim + 1)))
    return call(x, draw(st.sampled_from([(0, 1), (0, -1), (-1, -2), ()])))


@inputs_of("squeeze")
def _(draw: Draw) -> Call:
    shape = draw(shapes())
    spread = tuple(n for side in shape for n in ((side, 1) if draw(st.booleans()) else (side,)))
    short = [a for a, n in enumerate(spread) if n == 1]
    chosen: Any = draw(st.none() | st.just(tuple(short)) | st.just(short[0] - len(spread) if short else None))
    return call(draw(arrays(spread)), chosen)


@inputs_of("atleast_1d", "atleast_2d", "atleast_3d")
def _(draw: Draw) -> Call:
    return call(*[draw(arrays()) for _ in range(draw(st.integers(1, 3)))])


@inputs_of("transpose")
def _(draw: Draw) -> Call:
    x = draw(arrays())
    return call(x, draw(permutations(x.ndim)))


@inputs_of("swapaxes", "rollaxis")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1)))
    return call(x, draw(axis(x.ndim)), draw(axis(x.ndim)))


@inputs_of("moveaxis")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1)))
    if draw(st.booleans()):
        return call(x, draw(axis(x.ndim)), draw(axis(x.ndim)))
    count = draw(st.integers(0, x.ndim))
    source, destination = (draw(st.permutations(range(-x.ndim, 0)))[:count] for _ in range(2))
    return call(x, source, destination)


@inputs_of("flip")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1)))
    return call(x, draw(st.none() | axis(x.ndim) | st.just(tuple(range(-x.ndim, 0)))))


@inputs_of("roll")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1)))
    shift = st.integers(-7, 7)
    if draw(st.booleans()):
        return call(x, draw(shift), draw(st.none() | axis(x.ndim)))
    return call(x, draw(st.tuples(shift, shift)), (draw(axis(x.ndim)), draw(axis(x.ndim))))


@inputs_of("rot90")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=2)))
    return call(x, draw(st.integers(-4, 5)), tuple(draw(st.permutations(range(x.ndim)))[:2]))

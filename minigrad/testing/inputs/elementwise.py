"""Calls of elementwise ops that take more than arrays in their domain, or whose domain is no interval."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from ...graph import Array
from ..arrays import Shape, arrays, broadcastable, seeds, several, shapes
from ..call import Call, Draw, call, calls
from .table import inputs, inputs_of

inputs["astype"] = calls(arrays(), st.sampled_from(["float64", "complex128"]))  # float32 would round the differences


@st.composite
def away_from_zero(draw: Draw, shape: Shape | None = None, least: float = 0.125) -> Array:
    """Numbers of either sign, none of them nearer to 0 than `least`."""
    x = draw(arrays(shape, domain=(least, np.inf)))
    return x * np.random.default_rng(draw(seeds)).choice([-1, 1], x.shape)


@st.composite
def inside_pieces(draw: Draw, shape: Shape | None = None) -> Array:
    """Numbers between the integers, none of them nearer to one than 1/8."""
    whole = draw(arrays(shape))
    return np.round(whole) + np.random.default_rng(draw(seeds)).uniform(0.125, 0.875, whole.shape)


inputs["reciprocal"] = inputs["cbrt"] = calls(away_from_zero())
inputs["modf"] = calls(inside_pieces())
inputs["frexp"] = calls(arrays(shapes(), domain=(1.01, 1.99)).map(lambda x: 4 * x))  # it jumps at powers of 2


@inputs_of("divide", "arctan2")
def _(draw: Draw) -> Call:
    x, y = draw(broadcastable(2))
    return call(draw(arrays(x)), draw(away_from_zero(y)))


@inputs_of("remainder", "fmod", "divmod", "floor_divide")
def _(draw: Draw) -> Call:
    """x / y between the integers, where these jump; y not small, for then a step in it reaches the next integer."""
    first, second = draw(broadcastable(2))
    pieces = draw(inside_pieces(np.broadcast_shapes(first, second)))
    if draw(st.booleans()):
        y = draw(away_from_zero(first, 1.0))
        return call(pieces * y, y)
    x = draw(away_from_zero(first, 4.0))
    return call(x, x / (1 + pieces % 3))


@inputs_of("ldexp")
def _(draw: Draw) -> Call:
    x, i = draw(broadcastable(2))
    return call(draw(arrays(x)), np.round(draw(arrays(i, kind="integers"))).astype(int))


@inputs_of("power", "float_power")
def _(draw: Draw) -> Call:
    """A positive base with any exponent, or any base with a whole one."""
    if draw(st.booleans()):
        return call(*draw(several(2, domains=[(0, 20), (-3, 3)])))
    return call(draw(arrays()), draw(st.sampled_from([2, 3, 1, 0, 2.0])))

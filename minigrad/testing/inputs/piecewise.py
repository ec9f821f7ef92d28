"""Calls of functions with kinks and jumps that take more than arrays."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from ..arrays import arrays, broadcastable, masks, several
from ..call import Call, Draw, call, calls
from .elementwise import away_from_zero, inside_pieces
from .table import inputs, inputs_of

# Between the jumps, for beside one the numerical derivative is as large as one likes.
for name in ("floor", "ceil", "trunc", "fix"):
    inputs[name] = calls(inside_pieces())
inputs["rint"] = calls(inside_pieces().map(lambda x: x - 0.5))
inputs["sign"] = inputs["signbit"] = calls(away_from_zero())


@inputs_of("round", "around")
def _(draw: Draw) -> Call:
    decimals = draw(st.integers(-1, 2))
    return call((draw(inside_pieces()) - 0.5) / 10.0**decimals, decimals)


@inputs_of("copysign")
def _(draw: Draw) -> Call:
    x, y = draw(broadcastable(2))
    return call(draw(arrays(x)), draw(away_from_zero(y)))


@inputs_of("heaviside")
def _(draw: Draw) -> Call:
    """x at the jump, where y matters, or far from it."""
    x, y = draw(broadcastable(2))
    at = np.zeros(x) if draw(st.booleans()) else draw(away_from_zero(x))
    return call(at, draw(arrays(y)))


@inputs_of("clip")
def _(draw: Draw) -> Call:
    """Both bounds, either, by either name; the lower one may be above the upper one, but x ties with one at most."""
    x, low = draw(several(2))
    high = np.array(low[..., :1] if low.ndim else low) + draw(st.sampled_from([0.3, -0.7]))
    form = draw(st.integers(0, 4))
    if form == 0:
        return call(x, low, None)
    if form == 1:
        return call(x, None, high)
    if form == 2:
        return call(x, min=low, max=high)
    return call(x, low, high) if form == 3 else call(x, -1.0, 2)


@inputs_of("nan_to_num")
def _(draw: Draw) -> Call:
    x = draw(arrays())
    return call(x, nan=draw(st.sampled_from([0.0, 1.5])), posinf=draw(st.none() | st.just(9.0)))


@inputs_of("isclose", "allclose")
def _(draw: Draw) -> Call:
    return call(*draw(several(2)), rtol=draw(st.sampled_from([1e-5, 0.1])))


@inputs_of("bitwise_and", "bitwise_or", "bitwise_xor")
def _(draw: Draw) -> Call:
    x, y = draw(broadcastable(2))
    return call(draw(masks(x)), draw(masks(y)))


@inputs_of("invert")
def _(draw: Draw) -> Call:
    return call(np.asarray(draw(masks(draw(broadcastable(1))[0]))))

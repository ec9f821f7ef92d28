"""Functions with kinks, which share the gradient evenly at a tie, and functions of flat pieces, which have none."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..declare import elementwise
from ..graph import Array
from .elementwise import over

# -- kinks ------------------------------------------------------------------------------------------------------------


def beats(x: Array, y: Array, dtype: Any) -> Array:
    """1 where x > y, 1/2 at a tie, 0 elsewhere."""
    return ((x > y) + 0.5 * (x == y)).astype(dtype)


def _beats_or_alone(x: Array, y: Array, dtype: Any) -> Array:
    """The same where a nan loses to any number."""
    return np.where(np.isnan(x), 0, np.where(np.isnan(y), 1, beats(x, y, dtype)))


absolute = elementwise(
    np.absolute,
    "|x|; at 0 the slope is 0, half way from -1 to 1",
    x=lambda g, x: g * (over(x, np.abs(x)) if x.dtype.kind == "c" else np.sign(x)),  # a complex x / |x| is not flat
)
fabs = elementwise(np.fabs, "|x|, always floating; at 0 the slope is 0", x=lambda g, x: g * np.sign(x))
copysign = elementwise(
    np.copysign,
    "|x| with the sign of y, in which it is flat; at x = 0 the slope is 0",
    x=lambda g, x, y: g * np.sign(x) * np.copysign(1, y),
    y=None,
)
maximum = elementwise(
    np.maximum,
    "the larger of x and y; where they are equal each gets half",
    x=lambda g, x, y: g * beats(x, y, g.dtype),
    y=lambda g, x, y: g * beats(y, x, g.dtype),
)
minimum = elementwise(
    np.minimum,
    "the smaller of x and y; where they are equal each gets half",
    x=lambda g, x, y: g * beats(y, x, g.dtype),
    y=lambda g, x, y: g * beats(x, y, g.dtype),
)
fmax = elementwise(
    np.fmax,
    "the larger of x and y, ignoring a nan; where they are equal each gets half",
    selects=True,
    x=lambda g, x, y: g * _beats_or_alone(x, y, g.dtype),
    y=lambda g, x, y: g * _beats_or_alone(y, x, g.dtype),
)
fmin = elementwise(
    np.fmin,
    "the smaller of x and y, ignoring a nan; where they are equal each gets half",
    selects=True,
    x=lambda g, x, y: g * _beats_or_alone(-x, -y, g.dtype),
    y=lambda g, x, y: g * _beats_or_alone(-y, -x, g.dtype),
)
nan_to_num = elementwise(
    lambda x, copy=True, nan=0.0, posinf=None, neginf=None: np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf),
    "x, with numbers in the places of nan and inf, which get 0",
    name="nan_to_num",
    selects=True,
    x=lambda g, x: g * np.isfinite(x),
)


def _clip(x: Array, a_min: Array = None, a_max: Array = None, *, min: Array = None, max: Array = None) -> Array:
    if min is None and max is None:
        return np.clip(x, a_min, a_max)
    if a_min is not None or a_max is not None:
        raise ValueError("clip: give the bounds as a_min and a_max, or as min and max, not both")
    return np.clip(x, min=min, max=max)


def _lower(g: Array, x: Array, a_min: Array, min: Array) -> Array:
    """The part of maximum(x, lower bound) that is the bound: 1, at a tie 1/2, or 0."""
    low = min if a_min is None else a_min
    return np.zeros_like(g) if low is None else beats(low, x, g.dtype)


def _upper(g: Array, x: Array, a_min: Array, a_max: Array, min: Array, max: Array) -> Array:
    """The part of minimum(maximum(x, lower bound), upper bound) that is the upper bound."""
    low, high = (min if a_min is None else a_min), (max if a_max is None else a_max)
    return np.zeros_like(g) if high is None else beats(x if low is None else np.maximum(x, low), high, g.dtype)


def _clip_x(g: Array, x: Array, a_min: Array, a_max: Array, min: Array, max: Array) -> Array:
    return g * (1 - _upper(g, x, a_min, a_max, min, max)) * (1 - _lower(g, x, a_min, min))


def _clip_low(g: Array, x: Array, a_min: Array, a_max: Array, min: Array, max: Array) -> Array:
    return g * (1 - _upper(g, x, a_min, a_max, min, max)) * _lower(g, x, a_min, min)


def _clip_high(g: Array, x: Array, a_min: Array, a_max: Array, min: Array, max: Array) -> Array:
    return g * _upper(g, x, a_min, a_max, min, max)


clip = elementwise(
    _clip,
    "minimum(maximum(x, a_min), a_max), either bound None for none; at a tie each gets half",
    name="clip",
    x=_clip_x,
    a_min=_clip_low,
    a_max=_clip_high,
    min=_clip_low,
    max=_clip_high,
)

# -- made of flat pieces: no gradient ---------------------------------------------------------------------------------


def _sign(x: Array) -> Array:
    if np.iscomplexobj(x):  # z / |z|, which is not made of flat pieces
        raise TypeError("sign: of complex numbers write z / np.abs(z), which has a gradient")
    return np.sign(x)


floor = elementwise(np.floor, "the largest integer not above x", x=None)
ceil = elementwise(np.ceil, "the smallest integer not below x", x=None)
trunc = elementwise(np.trunc, "x without its fractional part", x=None)
fix = elementwise(lambda x: np.fix(x), "x without its fractional part", name="fix", x=None)
rint = elementwise(np.rint, "the nearest integer; halves go to the even one", x=None)
round = elementwise(lambda x, decimals=0: np.round(x, decimals), "x to some decimals", name="round", x=None)
around = elementwise(lambda x, decimals=0: np.round(x, decimals), "x to some decimals", name="around", x=None)
floor_divide = elementwise(np.floor_divide, "floor(x / y)", x=None, y=None)
sign = elementwise(_sign, "-1, 0 or 1", name="sign", x=None)
signbit = elementwise(np.signbit, "is x negative, or -0?", x=None)
heaviside = elementwise(
    np.heaviside, "0 where x < 0, y where x = 0, 1 where x > 0", x=None, y=lambda g, x: g * (x == 0)
)

equal = elementwise(np.equal, "x == y", x=None, y=None)
not_equal = elementwise(np.not_equal, "x != y", x=None, y=None)
less = elementwise(np.less, "x < y", x=None, y=None)
less_equal = elementwise(np.less_equal, "x <= y", x=None, y=None)
greater = elementwise(np.greater, "x > y", x=None, y=None)
greater_equal = elementwise(np.greater_equal, "x >= y", x=None, y=None)
isclose = elementwise(
    lambda x, b, rtol=1e-05, atol=1e-08, equal_nan=False: np.isclose(x, b, rtol, atol, equal_nan),
    "|x - b| <= atol + rtol |b|",
    name="isclose",
    x=None,
    b=None,
)

isnan = elementwise(np.isnan, "is x nan?", x=None)
isinf = elementwise(np.isinf, "is x inf or -inf?", x=None)
isfinite = elementwise(np.isfinite, "is x neither nan nor inf?", x=None)
isposinf = elementwise(lambda x: np.isposinf(x), "is x inf?", name="isposinf", x=None)
isneginf = elementwise(lambda x: np.isneginf(x), "is x -inf?", name="isneginf", x=None)
isreal = elementwise(lambda x: np.isreal(x), "is the imaginary part of x 0?", name="isreal", x=None)
iscomplex = elementwise(lambda x: np.iscomplex(x), "is the imaginary part of x not 0?", name="iscomplex", x=None)

logical_and = elementwise(np.logical_and, "x and y", x=None, y=None)
logical_or = elementwise(np.logical_or, "x or y", x=None, y=None)
logical_xor = elementwise(np.logical_xor, "either x or y", x=None, y=None)
logical_not = elementwise(np.logical_not, "not x", x=None)
bitwise_and = elementwise(np.bitwise_and, "x & y", x=None, y=None)
bitwise_or = elementwise(np.bitwise_or, "x | y", x=None, y=None)
bitwise_xor = elementwise(np.bitwise_xor, "x ^ y", x=None, y=None)
invert = elementwise(np.invert, "~x", x=None)

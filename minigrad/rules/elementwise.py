"""Element by element: the table at the back of the calculus book.

`g` is the gradient that arrives; `out` is what the forward gave. The engine sums over what was broadcast, and gives
exactly 0 where g is 0. Where the forward can make a nan, its rule starts from x, not from out, so that the same
invalid operation happens again where the backward pass sees it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backward import unbroadcast
from ..declare import elementwise, op
from ..graph import Array

inf = math.inf
ln2, ln10 = math.log(2), math.log(10)
degree = math.pi / 180


def over(a: Array, b: Array) -> Array:
    """a / b, and 0 where b is 0: for slopes a / b that come to 0 / 0 at the tip of a cone."""
    return np.where(b == 0, 0, a / np.where(b == 0, 1, b))


# -- arithmetic -------------------------------------------------------------------------------------------------------

positive = elementwise(np.positive, "x", x=lambda g: g)
negative = elementwise(np.negative, "-x", x=lambda g: -g)
add = elementwise(np.add, "x + y", x=lambda g: g, y=lambda g: g)
subtract = elementwise(np.subtract, "x - y", x=lambda g: g, y=lambda g: -g)
multiply = elementwise(np.multiply, "x y", x=lambda g, y: g * y, y=lambda g, x: g * x)
divide = elementwise(np.divide, "x / y", x=lambda g, y: g / y, y=lambda g, x, y: -g / y * (x / y))
reciprocal = elementwise(np.reciprocal, "1 / x", x=lambda g, out: -g * out * out)
remainder = elementwise(
    np.remainder,
    "x - floor(x / y) y",
    x=lambda g: g,
    y=lambda g, x, y: -g * np.floor_divide(x, y),
)
fmod = elementwise(
    np.fmod,
    "x - trunc(x / y) y",
    x=lambda g: g,
    y=lambda g, x, y, out: g * np.rint((out - x) / y),  # x / y itself may round to the next integer
)


@op
def divmod(x: Array, y: Array) -> tuple[Array, Array]:
    """(floor(x / y), x - floor(x / y) y). The first is flat, the second as in `remainder`."""
    quotient, rest = np.divmod(x, y)
    return quotient, rest


@divmod.vjp("x")
def _(g: tuple[Array, Array], x_shape: tuple[int, ...]) -> Array:
    return unbroadcast(g[1], x_shape)


@divmod.vjp("y")
def _(g: tuple[Array, Array], out: tuple[Array, Array], y_shape: tuple[int, ...]) -> Array:
    return unbroadcast(-g[1] * out[0], y_shape)


# -- powers -----------------------------------------------------------------------------------------------------------

square = elementwise(np.square, "x^2", x=lambda g, x: 2 * g * x)
sqrt = elementwise(np.sqrt, "x^(1/2)", domain={"x": (0, inf)}, x=lambda g, out: g / (2 * out))
cbrt = elementwise(np.cbrt, "x^(1/3)", x=lambda g, out: g / (3 * out * out))


def _power_x(g: Array, x: Array, y: Array) -> Array:
    lower = y - 1
    if np.ndim(y) or y == 0:  # x^0 is 1 everywhere: flat at 0 too, where the formula has 0 * 0^-1
        lower = np.where((x == 0) & (y == 0), 0, lower)
    return g * y * x**lower


def _power_y(g: Array, x: Array, y: Array) -> Array:
    return g * x**y * np.log(np.where((x == 0) & (y >= 0), 1, x))  # 0^y is 0 to the right of y, whatever ln 0 says


def _power(x: Array, y: Array) -> Array:
    # ** has short cuts for 2 and 1/2; for booleans it gives another dtype than np.power.
    return x**y if getattr(x, "dtype", None) is not None and x.dtype.kind in "fc" else np.power(x, y)


power = elementwise(_power, "x^y", name="power", x=_power_x, y=_power_y)
float_power = elementwise(np.float_power, "x^y in double precision", x=_power_x, y=_power_y)

# -- exponentials and logarithms --------------------------------------------------------------------------------------

exp = elementwise(np.exp, "e^x", x=lambda g, out: g * out)
exp2 = elementwise(np.exp2, "2^x", x=lambda g, out: g * out * ln2)
expm1 = elementwise(np.expm1, "e^x - 1", x=lambda g, x: g * np.exp(x))  # out + 1 would lose the digits of a small e^x
log = elementwise(np.log, "ln x", domain={"x": (0, inf)}, x=lambda g, x: g / x)
log2 = elementwise(np.log2, "ln x / ln 2", domain={"x": (0, inf)}, x=lambda g, x: g / (x * ln2))
log10 = elementwise(np.log10, "ln x / ln 10", domain={"x": (0, inf)}, x=lambda g, x: g / (x * ln10))
log1p = elementwise(np.log1p, "ln(1 + x)", domain={"x": (-1, inf)}, x=lambda g, x: g / (1 + x))


def _sigmoid(x: Array) -> Array:
    return np.exp(-np.logaddexp(0, -x))  # no overflow, and no digits lost where it is small


def _ahead(x: Array, y: Array) -> Array:
    return np.where(np.isinf(x) & (x == y), 0, x - y)  # inf - inf is a tie here


logaddexp = elementwise(
    np.logaddexp,
    "ln(e^x + e^y), without overflow",
    x=lambda g, x, y: g * _sigmoid(_ahead(x, y)),
    y=lambda g, x, y: g * _sigmoid(_ahead(y, x)),
)
logaddexp2 = elementwise(
    np.logaddexp2,
    "log2(2^x + 2^y), without overflow",
    x=lambda g, x, y: g * _sigmoid(ln2 * _ahead(x, y)),
    y=lambda g, x, y: g * _sigmoid(ln2 * _ahead(y, x)),
)

# -- angles -----------------------------------------------------------------------------------------------------------

sin = elementwise(np.sin, "sin x", x=lambda g, x: g * np.cos(x))
cos = elementwise(np.cos, "cos x", x=lambda g, x: -g * np.sin(x))
tan = elementwise(np.tan, "tan x", x=lambda g, out: g * (1 + out * out))
arcsin = elementwise(
    np.arcsin, "the angle in [-pi/2, pi/2] whose sine is x", domain={"x": (-1, 1)}, x=lambda g, x: g / _semicircle(x)
)
arccos = elementwise(
    np.arccos, "the angle in [0, pi] whose cosine is x", domain={"x": (-1, 1)}, x=lambda g, x: -g / _semicircle(x)
)
arctan = elementwise(np.arctan, "the angle in (-pi/2, pi/2) whose tangent is x", x=lambda g, x: g / (1 + x * x))
arctan2 = elementwise(
    np.arctan2,
    "the angle of the point (y, x); at the origin, where no slope exists, it is taken as 0",
    x=lambda g, x, y: g * over(y / _radius(x, y), np.hypot(x, y)),
    y=lambda g, x, y: -g * over(x / _radius(x, y), np.hypot(x, y)),
)
hypot = elementwise(
    np.hypot,
    "(x^2 + y^2)^(1/2); at the origin, the tip of the cone, the slope is taken as 0",
    x=lambda g, x, out: g * over(x, out),
    y=lambda g, y, out: g * over(y, out),
)
deg2rad = elementwise(np.deg2rad, "x pi / 180", x=lambda g: g * degree)
radians = elementwise(np.radians, "x pi / 180", x=lambda g: g * degree)
rad2deg = elementwise(np.rad2deg, "x 180 / pi", x=lambda g: g / degree)
degrees = elementwise(np.degrees, "x 180 / pi", x=lambda g: g / degree)


def _semicircle(x: Array) -> Array:
    return np.sqrt((1 - x) * (1 + x))  # 1 - x^2 would lose digits near its ends


def _radius(x: Array, y: Array) -> Array:
    r = np.hypot(x, y)
    return np.where(r == 0, 1, r)


# -- hyperbolic -------------------------------------------------------------------------------------------------------

sinh = elementwise(np.sinh, "(e^x - e^-x) / 2", x=lambda g, x: g * np.cosh(x))
cosh = elementwise(np.cosh, "(e^x + e^-x) / 2", x=lambda g, x: g * np.sinh(x))
tanh = elementwise(np.tanh, "sinh x / cosh x", x=lambda g, out: g * (1 - out * out))
arcsinh = elementwise(np.arcsinh, "ln(x + (x^2 + 1)^(1/2))", x=lambda g, x: g / _hyperbola(x))
arccosh = elementwise(
    np.arccosh,
    "ln(x + (x^2 - 1)^(1/2))",
    domain={"x": (1, inf)},
    x=lambda g, x: g / (np.sqrt(x - 1) * np.sqrt(x + 1)),
)
arctanh = elementwise(
    np.arctanh, "ln((1 + x) / (1 - x)) / 2", domain={"x": (-1, 1)}, x=lambda g, x: g / ((1 - x) * (1 + x))
)


def _hyperbola(x: Array) -> Array:
    return np.sqrt(x * x + 1) if x.dtype.kind == "c" else np.hypot(x, 1)  # no overflow; but not for complex numbers


# -- the same number in another form ----------------------------------------------------------------------------------

ldexp = elementwise(np.ldexp, "x 2^i, for an integer i", x=lambda g, i: np.ldexp(g, i), i=None)


@op
def frexp(x: Array) -> tuple[Array, Array]:
    """x as m 2^i with 1/2 <= |m| < 1 and an integer i, which is flat: m gets x's gradient, scaled by 2^-i."""
    mantissa, exponent = np.frexp(x)
    return mantissa, exponent


@frexp.vjp("x")
def _(g: tuple[Array, Array], out: tuple[Array, Array]) -> Array:
    return np.ldexp(g[0], -out[1])


@op
def modf(x: Array) -> tuple[Array, Array]:
    """The fractional part of x and the integral part, which is flat."""
    fraction, whole = np.modf(x)
    return fraction, whole


@modf.vjp("x")
def _(g: tuple[Array, Array]) -> Array:
    return g[0]


@op
def astype(x: Array, dtype: Any, copy: bool = True) -> Array:
    """x as another dtype. The gradient comes back in x's own; rounding to integers is flat."""
    return x.astype(dtype, copy=copy)


@astype.vjp("x")
def _(g: Array, dtype: Any) -> Array:
    return g if np.dtype(dtype).kind in "fc" else np.zeros_like(g)


@op
def copy(x: Array) -> Array:
    """x."""
    return np.array(x)


@copy.vjp("x")
def _(g: Array) -> Array:
    return g

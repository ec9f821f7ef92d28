"""Special functions: sums and integrals that have no shorter name."""

from __future__ import annotations

import math

import numpy as np

from ..declare import elementwise
from ..graph import Array

# -- the error function -----------------------------------------------------------------------------------------------

# Highest power first: x R(x^2) near 0, and 1 - e^(-x^2) R(x) beyond.
NEAR = (
    (
        1.85777706184603153e-1,
        3.16112374387056560e00,
        1.13864154151050156e02,
        3.77485237685302021e02,
        3.20937758913846947e03,
    ),
    (1.0, 2.36012909523441209e01, 2.44024637934444173e02, 1.28261652607737228e03, 2.84423683343917062e03),
)
FAR = (
    (
        2.15311535474403846e-8,
        5.64188496988670089e-1,
        8.88314979438837594e0,
        6.61191906371416295e01,
        2.98635138197400131e02,
        8.81952221241769090e02,
        1.71204761263407058e03,
        2.05107837782607147e03,
        1.23033935479799725e03,
    ),
    (
        1.0,
        1.57449261107098347e01,
        1.17693950891312499e02,
        5.37181101862009858e02,
        1.62138957456669019e03,
        3.29079923573345963e03,
        4.36261909014324716e03,
        3.43936767414372164e03,
        1.23033935480374942e03,
    ),
)


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], t: Array) -> Array:
    above, below = (_polynomial(row, t) for row in coefficients)
    above /= below
    return above


def _polynomial(coefficients: tuple[float, ...], t: Array) -> Array:
    total = coefficients[0] * t
    total += coefficients[1]
    for c in coefficients[2:]:
        total *= t
        total += c
    return total


def _erf(x: Array) -> Array:
    size = np.minimum(np.abs(x), 6.0)  # 1 - erf(6) is 2e-17
    near = size <= 0.46875
    beyond = np.exp(-size * size)
    beyond *= _ratio(FAR, size)
    # In place, and by factors of 0 and 1 rather than `where`: 1.2 ms for 65,536 float32 numbers instead of 3.1.
    size *= near
    size *= _ratio(NEAR, size * size)
    size += (1 - beyond) * ~near
    return np.copysign(size, x)


erf = elementwise(
    _erf,
    "2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x, by W. J. Cody, "
    '"Rational Chebyshev approximations for the error function", Math. Comp. 23 (1969)',
    name="erf",
    x=lambda g, x: g * (2 / math.sqrt(math.pi)) * np.exp(-x * x),
)

# -- Bessel functions of an imaginary argument ------------------------------------------------------------------------

# Poisson's integral, t from 0 to pi: I_n(x) = (x/2)^n / (sqrt(pi) Gamma(n + 1/2)) int cosh(x cos t) sin(t)^(2n) dt.
# The integrand is periodic and never negative, so the trapezoidal rule loses no digits, and its error falls faster than
# any power of the number of points (Trefethen and Weideman, "The exponentially convergent trapezoidal rule", 2014).
ANGLES = (np.arange(64) + 0.5) * math.pi / 128  # half of the points; the others are their mirror images


def _bessel_i(x: Array, order: int = 0) -> Array:
    if order < 0:
        raise ValueError(f"bessel_i: the order is a natural number, not {order}")
    total = 0
    for t in ANGLES:
        total = total + math.sin(t) ** (2 * order) * np.cosh(math.cos(t) * x)
    scale = math.sqrt(math.pi) / (64 * math.gamma(order + 0.5))
    return total * (0.5 * x) ** order * scale


def _bessel_i_x(g: Array, x: Array, order: int) -> Array:
    above = bessel_i(x, order + 1)
    return g * above if order == 0 else g * (bessel_i(x, order - 1) + above) / 2


bessel_i = elementwise(
    _bessel_i,
    "I_n(x), the modified Bessel function of the first kind; its slope is (I_(n-1) + I_(n+1)) / 2",
    name="bessel_i",
    x=_bessel_i_x,
)
i0 = elementwise(
    lambda x: np.i0(x),
    "I_0(x), the modified Bessel function of the first kind; its slope is I_1",
    name="i0",
    x=lambda g, x: g * bessel_i(x, 1),
)

# -- sin x / x --------------------------------------------------------------------------------------------------------


def _sinc_x(g: Array, x: Array) -> Array:
    """g pi (z cos z - sin z) / z^2, z = pi x; near 0, where that cancels, its series, which has every derivative."""
    z = math.pi * x
    near = np.abs(z) < 0.7
    far_z = np.where(near, 1, z)
    far = (np.cos(far_z) - np.sin(far_z) / far_z) / far_z
    square = np.where(near, z, 0) ** 2
    series: Array = 1
    for k in (8, 7, 6, 5, 4, 3, 2, 1):
        series = 1 - square / (2 * k * (2 * k + 3)) * series
    return g * math.pi * np.where(near, -z / 3 * series, far)


sinc = elementwise(lambda x: np.sinc(x), "sin(pi x) / (pi x), 1 at 0", name="sinc", x=_sinc_x)

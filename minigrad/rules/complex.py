"""Complex numbers. The gradient of a real L by z is dL/d(re z) + i dL/d(im z), as in PyTorch.

For holomorphic ops the engine conjugates (see `backward`), so their rules are those of real calculus. Here stand the
others: the doors between complex and real.
"""

from __future__ import annotations

import math

import numpy as np

from ..declare import elementwise
from ..graph import Array
from .elementwise import over

conjugate = elementwise(np.conjugate, "x with its imaginary part negated", holomorphic=False, x=lambda g: np.conj(g))
real = elementwise(lambda x: np.real(x), "the real part", name="real", x=lambda g: g)
imag = elementwise(lambda x: np.imag(x), "the imaginary part", name="imag", x=lambda g: 1j * g)


def _angle(g: Array, x: Array, deg: bool) -> Array:
    return g * (180 / math.pi if deg else 1) * 1j * over(x, np.real(x) ** 2 + np.imag(x) ** 2)


angle = elementwise(
    lambda x, deg=False: np.angle(x, deg),
    "the angle of x in the plane; at 0, where it has none, its slope is taken as 0",
    name="angle",
    x=_angle,
)

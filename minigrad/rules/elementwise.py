"""Element by element: the table at the back of the calculus book.

`g` is the gradient that arrives; `out` is what the forward gave. The engine sums over what was broadcast, and gives
exactly 0 where g is 0. Where the forward can make a nan, its rule starts from x, not from out, so that the same
invalid operation happens again where the backward pass sees it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..declare import elementwise, op
from ..graph import Array

inf = np.inf

# -- arithmetic ---------------------------------------------------------------------------------------------------------

positive = elementwise(np.positive, "x", x=lambda g: g)
negative = elementwise(np.negative, "-x", x=lambda g: -g)
add = elementwise(np.add, "x + y", x=lambda g: g, y=lambda g: g)
subtract = elementwise(np.subtract, "x - y", x=lambda g: g, y=lambda g: -g)
multiply = elementwise(np.multiply, "x y", x=lambda g, y: g * y, y=lambda g, x: g * x)
divide = elementwise(np.divide, "x / y", x=lambda g, y: g / y, y=lambda g, x, y: -g / y * (x / y))
square = elementwise(np.square, "x^2", x=lambda g, x: 2 * g * x)
sqrt = elementwise(np.sqrt, "x^(1/2)", domain={"x": (0, inf)}, x=lambda g, x: g / (2 * np.sqrt(x)))

# -- exponentials and logarithms ----------------------------------------------------------------------------------------

exp = elementwise(np.exp, "e^x", x=lambda g, out: g * out)
log = elementwise(np.log, "ln x", domain={"x": (0, inf)}, x=lambda g, x: g / x)

sin = elementwise(np.sin, "sin x", x=lambda g, x: g * np.cos(x))
cos = elementwise(np.cos, "cos x", x=lambda g, x: -g * np.sin(x))
tanh = elementwise(np.tanh, "tanh x", x=lambda g, out: g * (1 - out * out))

# -- piecewise constant: no gradient --------------------------------------------------------------------------------------

floor = elementwise(np.floor, "largest integer not above x", x=None)
equal = elementwise(np.equal, "x == y", x=None, y=None)
not_equal = elementwise(np.not_equal, "x != y", x=None, y=None)
less = elementwise(np.less, "x < y", x=None, y=None)
less_equal = elementwise(np.less_equal, "x <= y", x=None, y=None)
greater = elementwise(np.greater, "x > y", x=None, y=None)
greater_equal = elementwise(np.greater_equal, "x >= y", x=None, y=None)
sign = elementwise(np.sign, "-1, 0 or 1", x=None)

# -- kinks: ties share the gradient evenly --------------------------------------------------------------------------------

absolute = elementwise(np.absolute, "|x|", x=lambda g, x: g * np.sign(x))
maximum = elementwise(
    np.maximum,
    "the larger of x and y; where they are equal each gets half",
    x=lambda g, x, y: g * ((x > y) + 0.5 * (x == y)).astype(g.dtype),
    y=lambda g, x, y: g * ((y > x) + 0.5 * (x == y)).astype(g.dtype),
)
relu = elementwise(lambda x: np.maximum(x, 0), "max(x, 0); at 0 the slope is taken as 0", name="relu", x=lambda g, out: g * (out > 0))
power = elementwise(
    np.power,
    "x^y",
    x=lambda g, x, y: g * y * np.power(x, y - 1),
    y=lambda g, x, out: g * out * np.log(x),
)


# -- constants of a shape: what a rule may ask of a Tensor ------------------------------------------------------------------


@op(flat=("x",))
def zeros_like(x: Array, dtype: Any = None) -> Array:
    """Zeros of x's shape; constant."""
    return np.zeros_like(x, dtype=dtype)


@op(flat=("x",))
def ones_like(x: Array, dtype: Any = None) -> Array:
    """Ones of x's shape; constant."""
    return np.ones_like(x, dtype=dtype)


@op
def astype(x: Array, dtype: Any) -> Array:
    """x as another dtype. The gradient comes back in x's own."""
    return x.astype(dtype)


@astype.vjp("x")
def _(g: Array) -> Array:
    return g


@op
def copy(x: Array) -> Array:
    """x."""
    return np.array(x)


@copy.vjp("x")
def _(g: Array) -> Array:
    return g

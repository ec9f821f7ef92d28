"""Hypothesis strategies for the arrays and arguments that find bugs.

One random (3, 4) array catches half of the wrong rules that people write; thirty draws of what is here catch nearly
all: ties, zeros, axes of length 0 and 1, no axes at all, edges of the domain, negative and repeated indices.

Values come from a drawn *kind* and a drawn *seed* (see `values.fill`): free-form floats would spend their effort on
1e-300.
Everything shrinks to few axes, short axes, and plain arguments.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ..graph import Array
from .call import Draw
from .values import EVERYWHERE as EVERYWHERE
from .values import KINDS, LAYOUTS
from .values import Domain as Domain
from .values import Shape as Shape
from .values import conditioned as conditioned
from .values import fill as fill

Strategy = st.SearchStrategy[Any]

# Sides in the order that shrinking prefers: 1 and 2 show more than 0 does.
_SIDES = (1, 2, 3, 0, 4, 5)

# -- shapes ------------------------------------------------------------------------------------------------------------


@st.composite
def shapes(
    draw: Draw, min_axes: int = 0, max_axes: int = 3, min_side: int = 0, max_side: int = 5, max_size: int = 60
) -> Shape:
    """Shapes whose sides are often equal, often 1, at times 0. `max_size` bounds the number of elements."""
    drawn: list[Shape] = draw(_shapes(1, min_axes, max_axes, min_side, max_side, max_size))
    return drawn[0]


@st.composite
def broadcastable(draw: Draw, count: int = 2, max_axes: int = 3, min_side: int = 0) -> tuple[Shape, ...]:
    """Shapes that broadcast against each other: any of them may have fewer axes, or axes of length 1."""
    full = draw(_shapes(count, 0, max_axes, min_side, 5, 60))
    return tuple(shape[draw(st.sampled_from([0, 0, 0, 0, 1, *range(1, max_axes + 1)])) :] for shape in full)


@st.composite
def _shapes(
    draw: Draw, count: int, min_axes: int, max_axes: int, min_side: int, max_side: int, max_size: int
) -> list[Shape]:
    """`count` shapes of as many axes, which differ where one of several has length 1."""
    allowed = [n for n in _SIDES if min_side <= n <= max_side] or list(range(min_side, max_side + 1))
    same = draw(st.sampled_from(allowed))
    side = st.sampled_from([*allowed[:1], same, same, same, *allowed])
    # Each axis says for itself in which shapes it has length 1, so that one can be taken away when the example shrinks.
    short = st.sampled_from([0, 0, *range(2**count - 1)]) if count > 1 else st.just(0)
    fewest = draw(st.sampled_from([n for n in (0, 1, 1, 1, 2, 2, 2) if min_axes <= n <= max_axes] or [min_axes]))
    axes = draw(st.lists(st.tuples(side, short), min_size=fewest, max_size=max_axes))
    sides = [n for n, _ in axes]
    while math.prod(sides) > max_size:
        sides[sides.index(max(sides))] -= 1
    return [tuple(1 if ones >> k & 1 else n for n, (_, ones) in zip(sides, axes)) for k in range(count)]


# -- values ------------------------------------------------------------------------------------------------------------


kinds: Strategy = st.sampled_from(KINDS)
seeds: Strategy = st.integers(0, 2**16 - 1)
dtypes: Strategy = st.sampled_from([np.dtype(np.float64), np.dtype(np.float32)])
complex_dtypes: Strategy = st.sampled_from([np.dtype(np.complex128), np.dtype(np.complex64)])


@st.composite
def arrays(
    draw: Draw,
    shape: Shape | Strategy | None = None,
    *,
    domain: Domain = EVERYWHERE,
    dtype: Any = np.float64,
    kind: str | Strategy | None = None,
) -> Array:
    """An array: a shape (any of `shapes()` if not given), a kind of values, a seed.

    Parameters
    ----------
    shape, dtype, kind
        Each a value, or a strategy to draw it from.
    domain
        The open interval that values come from.

    >>> x = arrays((2, 3), domain=(0, 1)).example()  # doctest: +SKIP
    """
    shape = draw(shapes()) if shape is None else draw(shape) if isinstance(shape, st.SearchStrategy) else shape
    dtype = draw(dtype) if isinstance(dtype, st.SearchStrategy) else dtype
    kind = draw(kinds) if kind is None else draw(kind) if isinstance(kind, st.SearchStrategy) else kind
    return fill(shape, kind, draw(seeds), domain, dtype)


@st.composite
def several(
    draw: Draw,
    count: int,
    *,
    shape: Strategy | None = None,
    domains: Sequence[Domain] | None = None,
    ties: bool = True,
    dtype: Any = np.float64,
) -> list[Array]:
    """`count` arrays that broadcast against each other; at times values of one are repeated in another.

    Parameters
    ----------
    shape
        Draws the tuple of their shapes; `broadcastable(count)` if not given.
    domains
        One for each.
    ties
        Whether to force ties.
    """
    domains = domains or [EVERYWHERE] * count
    row = draw(broadcastable(count) if shape is None else shape)
    # Seeds that differ also when all of them shrink to 0: the same numbers twice would be a tie.
    made = [
        fill(one, draw(kinds), draw(seeds) + 2**16 * k, domain, dtype)
        for k, (one, domain) in enumerate(zip(row, domains))
    ]
    if ties and count > 1 and len(set(domains)) == 1 and draw(st.booleans()):
        rng = np.random.default_rng(draw(seeds))
        for k in range(1, count):
            made[k] = _tied(made[k], made[0], rng)
    return made


def _tied(y: Array, x: Array, rng: np.random.Generator) -> Array:
    """`y` with about half of its values taken from `x`, where x broadcasts to y's shape."""
    try:
        x = np.broadcast_to(x, y.shape)
    except ValueError:
        return y
    return np.where(rng.random(y.shape) < 0.5, x, y)


# -- layouts -----------------------------------------------------------------------------------------------------------

layouts: Strategy = st.sampled_from(LAYOUTS)

# -- arguments ---------------------------------------------------------------------------------------------------------


@st.composite
def axes(draw: Draw, ndim: int, *, none: bool = True, several: bool = True) -> Any:
    """An axis of an array of `ndim` axes: None, an int, a negative int, a tuple of them, the empty tuple.

    Parameters
    ----------
    none, several
        Whether None and tuples are among them.
    """
    choices: list[Strategy] = [st.none()] if none else []
    if ndim:
        choices += [st.integers(0, ndim - 1), st.integers(-ndim, -1)]
    if several:
        choices.append(_axis_tuples(ndim))
    return draw(st.one_of(*choices)) if choices else 0


def axis(ndim: int) -> Strategy:
    """One axis, at times counted from the end. An array without axes has none: 0 is drawn, which it refuses."""
    return axes(ndim, none=False, several=False)


@st.composite
def _axis_tuples(draw: Draw, ndim: int) -> Shape:
    order = draw(st.permutations(range(ndim)))
    chosen = order[: draw(st.integers(0, ndim))]
    return tuple(a - ndim if draw(st.booleans()) else a for a in chosen)


def permutations(ndim: int) -> Strategy:
    """All axes in another order, some counted from the end; None reverses them."""
    return st.none() | _permutations(ndim)


@st.composite
def _permutations(draw: Draw, ndim: int) -> Shape:
    return tuple(a - ndim if draw(st.booleans()) else a for a in draw(st.permutations(range(ndim))))


@st.composite
def reshapes(draw: Draw, size: int) -> Any:
    """A shape that `size` elements fit in: an int, a tuple, at times with a -1."""
    left, shape = size, []
    for _ in range(draw(st.integers(0, 2))):
        divisors = [n for n in range(1, left + 1) if left % n == 0] if left else [0, 1, 2]
        n = draw(st.sampled_from(divisors))
        shape.append(n)
        left = left // n if n else 0
    if left != 1 or size == 0:
        shape.append(left)
    if shape and 0 not in shape and draw(st.booleans()):
        shape[draw(st.integers(0, len(shape) - 1))] = -1
    return shape[0] if len(shape) == 1 and draw(st.booleans()) else tuple(shape)


@st.composite
def slices(draw: Draw, n: int) -> slice:
    """A slice of an axis of length n: open ends, ends counted from the back, ends beyond it, any step but 0."""
    end = st.none() | st.integers(-n - 1, n + 1)
    return slice(draw(end), draw(end), draw(st.sampled_from([None, 1, 2, -1, -2])))


@st.composite
def index_arrays(draw: Draw, n: int, shape: Shape | Strategy | None = None) -> Array:
    """Indices of an axis of length n as an integer array: repeated, negative, none at all."""
    drawn: Shape
    if n == 0:
        drawn = (0,)
    elif shape is None:
        drawn = draw(shapes(max_axes=2, max_side=3))
    else:
        drawn = draw(shape) if isinstance(shape, st.SearchStrategy) else shape
    size = math.prod(drawn)
    values = draw(st.lists(st.integers(-n, n - 1), min_size=size, max_size=size)) if size else []
    return np.array(values, dtype=np.int64).reshape(drawn)


def masks(shape: Shape) -> Strategy:
    """Boolean arrays of a shape."""
    size = math.prod(shape)
    return st.lists(st.booleans(), min_size=size, max_size=size).map(
        lambda row: np.array(row, dtype=bool).reshape(shape)
    )


@st.composite
def indices(draw: Draw, shape: Shape) -> Any:
    """Any index expression for an array of `shape`.

    Integers, slices, `...`, None (a new axis), a mask, integer arrays (repeated, negative, empty), alone or together.
    """
    # Arrays in one index must broadcast against each other: one family of shapes in each expression.
    array_shapes = draw(st.sampled_from([[(2,), (1,), (2, 1), ()], [(0,), (1,)], None]))
    parts: list[Any] = []
    left = list(shape)
    words = ["integer", "slice", "array", "mask", "newaxis", "ellipsis"]
    while left and len(parts) < 5 and draw(st.integers(0, 3)):
        word = draw(st.sampled_from(words))
        if word == "newaxis":
            parts.append(None)
        elif word == "ellipsis":
            words.remove(word)  # only one
            parts.append(Ellipsis)
            del left[: draw(st.integers(0, len(left)))]
        elif word == "mask" and array_shapes is None:
            words.remove(word)
            over = draw(st.integers(1, len(left)))
            parts.append(draw(masks(tuple(left[:over]))))
            del left[:over]
        else:
            n = left.pop(0)
            if word == "integer" and n:
                parts.append(draw(st.integers(-n, n - 1)))
            elif word == "array" and array_shapes and n:
                parts.append(draw(index_arrays(n, st.sampled_from(array_shapes))))
            else:
                parts.append(draw(slices(n)))
    if Ellipsis in [part for part in parts if not isinstance(part, np.ndarray)]:
        parts += [slice(None)] * len(left)  # so that the ellipsis stands for the axes that were dropped for it
    return parts[0] if len(parts) == 1 and draw(st.booleans()) else tuple(parts)


# -- matrices ----------------------------------------------------------------------------------------------------------


@st.composite
def matrices(
    draw: Draw,
    n: int | Strategy | None = None,
    *,
    kind: str = "general",
    stacked: bool = True,
    dtype: Any = np.float64,
) -> Array:
    """Square matrices that linear algebra can work with, at times a stack of them.

    Parameters
    ----------
    n
        Their side: 1 to 4 if not given.
    kind
        "general": well conditioned (singular values between 1/2 and 2). "symmetric": with eigenvalues that are apart by
        1/2 at least. "positive": symmetric positive definite, eigenvalues between 1/2 and 2 + n / 2.
    stacked
        Whether a stack may be drawn: shape (..., n, n).
    """
    side = draw(n) if isinstance(n, st.SearchStrategy) else draw(st.integers(1, 4)) if n is None else n
    stack = draw(shapes(max_axes=2, max_side=2)) if stacked and draw(st.booleans()) else ()
    rng = np.random.default_rng(draw(seeds))
    return conditioned((*stack, side, side), kind, rng, dtype)

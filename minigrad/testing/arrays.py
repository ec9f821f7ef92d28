"""Hypothesis strategies for the arrays and arguments that find bugs.

One random (3, 4) array catches half of the wrong rules that people write; thirty draws of what is here catch nearly
all: ties, zeros, axes of length 0 and 1, no axes at all, edges of the domain, negative and repeated indices.

Values come from a drawn *kind* and a drawn *seed* (see `fill`): free-form floats would spend their effort on 1e-300.
Everything shrinks to few axes, short axes, and plain arguments.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ..graph import Array
from .call import Draw

Shape = tuple[int, ...]
Domain = tuple[float, float]
Strategy = st.SearchStrategy[Any]

EVERYWHERE: Domain = (-np.inf, np.inf)
KINDS = ("gaussian", "integers", "large", "small", "edges")

# Sides in the order that shrinking prefers: 1 and 2 show more than 0 does.
_SIDES = (1, 2, 3, 0, 4, 5)

# -- shapes -----------------------------------------------------------------------------------------------------------


@st.composite
def shapes(
    draw: Draw, min_axes: int = 0, max_axes: int = 3, min_side: int = 0, max_side: int = 5, max_size: int = 60
) -> Shape:
    """Shapes whose sides are often equal, often 1, at times 0. `max_size` bounds the number of elements."""
    allowed = [n for n in _SIDES if min_side <= n <= max_side] or list(range(min_side, max_side + 1))
    same = draw(st.sampled_from(allowed))
    side = st.sampled_from([*allowed[:1], same, same, same, *allowed])
    shape = draw(st.lists(side, min_size=min_axes, max_size=max_axes))
    while np.prod(shape, dtype=int) > max_size:
        shape[int(np.argmax(shape))] -= 1
    return tuple(shape)


@st.composite
def broadcastable(draw: Draw, count: int = 2, max_axes: int = 3, min_side: int = 0) -> tuple[Shape, ...]:
    """Shapes that broadcast against each other: any of them may have fewer axes, or axes of length 1."""
    full = draw(shapes(max_axes=max_axes, min_side=min_side))
    made = []
    for _ in range(count):
        if draw(st.booleans()):
            start = draw(st.integers(0, len(full)))
            kept = draw(st.lists(st.booleans(), min_size=len(full) - start, max_size=len(full) - start))
            made.append(tuple(n if keep else 1 for n, keep in zip(full[start:], kept)))
        else:
            made.append(full)
    return tuple(made)


# -- values -----------------------------------------------------------------------------------------------------------


def fill(shape: Shape, kind: str, seed: int, domain: Domain = EVERYWHERE, dtype: Any = np.float64) -> Array:
    """An array of values of one kind.

    Parameters
    ----------
    kind
        "gaussian", "integers" (-3 to 3: ties and zeros), "large" (Gaussian times 30), "small" (times 1e-3),
        or "edges" (near the ends of the domain; without ends: zeros, tiny and large numbers).
    domain
        An open interval; every value lies in it.
    dtype
        A floating or complex dtype; complex values have a domain in neither part.

    >>> fill((2, 2), "integers", seed=0)
    array([[ 2.,  1.],
           [ 0., -2.]])
    >>> bool((fill((5,), "edges", seed=0, domain=(-1, 1)) < 1).all())
    True
    """
    dtype = np.dtype(dtype)
    rng = np.random.default_rng(seed)
    if dtype.kind == "c":
        parts = [_real(shape, kind, rng, EVERYWHERE) for _ in range(2)]
        return (parts[0] + 1j * parts[1]).astype(dtype)
    return _into(_real(shape, kind, rng, domain), domain, dtype)


def _real(shape: Shape, kind: str, rng: np.random.Generator, domain: Domain) -> Array:
    low, high = domain
    if kind == "integers":
        first, last = max(-3, np.floor(low) + 1), min(3, np.ceil(high) - 1)
        if first <= last:
            return rng.integers(int(first), int(last) + 1, shape).astype(float)
    if kind == "edges":
        near = 10.0 ** rng.uniform(-6, -1, shape)
        if np.isinf(low) and np.isinf(high):
            return rng.choice([0.0, 1e-4, -1e-4, 1.0, -1.0, 100.0, -100.0], shape)
        if np.isinf(low) or np.isinf(high):
            return high - near if np.isinf(low) else low + near
        width = high - low
        return np.where(rng.random(shape) < 0.5, low + near * width, high - near * width)
    scale = {"large": 30.0, "small": 1e-3}.get(kind, 1.0)
    if np.isfinite(low) and np.isfinite(high):
        return rng.uniform(low, high, shape)
    x = rng.standard_normal(shape) * scale
    if np.isfinite(low):
        return low + np.abs(x)
    return high - np.abs(x) if np.isfinite(high) else x


def _into(x: Array, domain: Domain, dtype: np.dtype[Any]) -> Array:
    """`x` as `dtype`, and still inside the open interval after rounding."""
    x = np.asarray(x).astype(dtype)
    for end in domain:
        if np.isfinite(end):
            inward = np.inf if end == domain[0] else -np.inf
            x = np.where(x == dtype.type(end), np.nextafter(dtype.type(end), dtype.type(inward)), x)
    return x


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


# -- layouts ----------------------------------------------------------------------------------------------------------

LAYOUTS = ("C", "Fortran", "strided", "reversed", "zero-stride")


def laid_out(x: Array, layout: str) -> Array:
    """The same values in another memory layout.

    "zero-stride" repeats the first element along the last axis, so it changes the values where they differ.

    >>> import numpy as np
    >>> laid_out(np.ones((2, 3)), "reversed").strides
    (-24, -8)
    """
    if layout == "C":
        return np.array(x, order="C")
    if layout == "Fortran":
        return np.array(x, order="F")
    if layout == "strided":
        wide = np.zeros(tuple(2 * n for n in x.shape), x.dtype)
        view = wide[(slice(None, None, 2),) * x.ndim + (...,)]
        view[...] = x
        return view
    if layout == "reversed":
        back = (slice(None, None, -1),) * x.ndim + (...,)
        return np.array(x[back], order="C")[back]
    if layout == "zero-stride":
        return np.broadcast_to(x[..., :1], x.shape) if x.ndim and x.shape[-1] else np.broadcast_to(x, x.shape)
    raise ValueError(f"laid_out: there is no layout {layout!r}; there is {', '.join(LAYOUTS)}")


layouts: Strategy = st.sampled_from(LAYOUTS)

# -- arguments --------------------------------------------------------------------------------------------------------


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
    if shape is None:
        shape = draw(shapes(max_axes=2, max_side=3)) if n else (0,)
    elif isinstance(shape, st.SearchStrategy):
        shape = draw(shape)
    size = math.prod(shape)
    values = draw(st.lists(st.integers(-n, n - 1), min_size=size, max_size=size)) if n and size else []
    return np.array(values, dtype=np.int64).reshape(shape if n or not size else (0,))


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


# -- matrices ---------------------------------------------------------------------------------------------------------


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


def conditioned(shape: Shape, kind: str, rng: np.random.Generator, dtype: Any = np.float64) -> Array:
    """Matrices of `shape` (..., m, n) of full rank; see `matrices` for the kinds (which ask for m = n, but "general")."""
    *stack, m, n = shape
    k = min(m, n)
    left, right = _orthogonal((*stack, m, k), rng, dtype), _orthogonal((*stack, n, k), rng, dtype)
    if kind == "general":
        values = rng.uniform(0.5, 2, (*stack, 1, k))
        return np.asarray((left * values) @ np.conj(np.swapaxes(right, -1, -2))).astype(dtype)
    apart = np.arange(k) * 0.5 + rng.uniform(0.5, 0.9, (*stack, 1, 1))
    values = apart - (k / 4 if kind == "symmetric" else 0)
    made = (left * values) @ np.conj(np.swapaxes(left, -1, -2))
    return np.asarray((made + np.conj(np.swapaxes(made, -1, -2))) / 2).astype(dtype)


def _orthogonal(shape: Iterable[int], rng: np.random.Generator, dtype: Any) -> Array:
    shape = tuple(shape)
    x = rng.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.standard_normal(shape)
    return np.linalg.qr(x)[0] if x.size else x

"""Arrays of one kind of values, in one memory layout: what the strategies of `arrays` fill shapes with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..graph import Array

Shape = tuple[int, ...]
Domain = tuple[float, float]

EVERYWHERE: Domain = (-np.inf, np.inf)
KINDS = ("gaussian", "integers", "large", "small", "edges")
LAYOUTS = ("C", "Fortran", "strided", "reversed", "zero-stride")


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
    array([[0., 3.],
           [3., 0.]])
    >>> bool((fill((5,), "edges", seed=0, domain=(-1, 1)) < 1).all())
    True
    """
    dtype = np.dtype(dtype)
    rng = np.random.default_rng((seed, 1))  # another stream than that of a g from the same seed
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

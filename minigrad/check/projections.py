"""Big inputs: three random directions instead of every element, and a search by halves for what is wrong.

A direction of random +-1 sees every element: one in 10,000 that is 0.1% off changes the sum by more than the
numerical derivative's error. When the sum is wrong, half of the elements are tried, then half of these, and so on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compare import Comparison, Numerics, allowed_for
from .ladder import Slope
from .points import along_direction
from .subject import Array

EVERY_ELEMENT = 200  # up to here each element is compared
DIRECTIONS = 3
FOUND = 4  # wrong elements to search for
SAMPLE = 24  # more elements to compare where something is wrong, so that a pattern shows


def project(numerics: Numerics, k: int, analytic: Array, rng: np.random.Generator) -> Comparison:
    """The claimed gradient of input k beside the numerical one, along random directions."""
    point = numerics.points[k]
    pairs = [along(numerics, k, analytic, _signs(point, rng)) for _ in range(DIRECTIONS)]
    return Comparison(
        k,
        (DIRECTIONS,),
        np.arange(DIRECTIONS),
        np.array([claimed for claimed, _ in pairs]),
        np.array([slope.value for _, slope in pairs]),
        np.array([slope.error for _, slope in pairs]),
    )


def along(numerics: Numerics, k: int, analytic: Array, u: Array) -> tuple[float, Slope]:
    """What is claimed along direction u, and what is so."""
    point = numerics.points[k]
    directions: list[Any] = [None] * len(numerics.points)
    directions[k] = u
    scale = float(np.sqrt(np.mean(np.abs(point) ** 2))) if point.size else 0.0
    slope = numerics.along(along_direction(numerics.at, numerics.points, directions), scale if scale > 1 else 0.0)
    return float(np.sum((np.conj(analytic) * u).real)), slope


def differs(claimed: float, slope: Slope) -> bool:
    """Whether a projection is wrong beyond what its error allows."""
    return bool(slope.known and not abs(claimed - slope.value) <= allowed_for(claimed, slope.value, slope.error))


def search(numerics: Numerics, k: int, analytic: Array, rng: np.random.Generator) -> Comparison:
    """The wrong elements of an input whose projections are wrong: some of them, and a sample of all for comparison."""
    found: list[int] = []
    trusted = np.ones(analytic.size, bool)
    while len(found) < FOUND:
        element = bisect(numerics, k, analytic, trusted, rng)
        if element is None:
            break
        found.append(element)
        trusted[element] = False
    others = rng.choice(analytic.size, min(SAMPLE, analytic.size), replace=False)
    indices = np.array(list(dict.fromkeys([*found, *map(int, others)])))
    return numerics.compare(k, analytic, indices)


def bisect(numerics: Numerics, k: int, analytic: Array, among: Array, rng: np.random.Generator) -> int | None:
    """One wrong element among those where the mask is True; None where they are right together."""
    candidates = np.flatnonzero(among)
    if not _wrong(numerics, k, analytic, candidates, rng):
        return None
    while len(candidates) > 1:
        half = candidates[: len(candidates) // 2]
        candidates = half if _wrong(numerics, k, analytic, half, rng) else candidates[len(half) :]
    return int(candidates[0])


def _wrong(numerics: Numerics, k: int, analytic: Array, members: Array, rng: np.random.Generator) -> bool:
    u = np.zeros(analytic.shape, analytic.dtype)
    u.reshape(-1)[members] = _signs(numerics.points[k].reshape(-1)[members], rng)
    return differs(*along(numerics, k, analytic, u))


def _signs(point: Array, rng: np.random.Generator) -> Array:
    signs = rng.choice([-1.0, 1.0], point.shape)
    return np.asarray(signs * rng.choice([1, 1j], point.shape) if point.dtype.kind == "c" else signs)

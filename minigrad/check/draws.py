"""What is drawn at random for a check: the gradient that arrives from above, and points nearby."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .points import Vector


def upstream(y: Vector, rng: np.random.Generator) -> Vector:
    """The gradient that arrives: 1 for a real number, as a loss has it; else random, of a complex number too."""
    return np.ones(1) if y.size == 1 and y.dtype.kind != "c" else draw_g(y, rng)


def draw_g(y: Vector, rng: np.random.Generator) -> Vector:
    """A random gradient to arrive from above: all ones would hide a g that is ignored.

    Outputs of very different size are weighted so that none drowns the rounding of the others.
    """
    g = rng.uniform(0.5, 1.5, y.shape) * rng.choice([-1.0, 1.0], y.shape)
    if y.dtype.kind == "c":
        g = g * np.exp(2j * np.pi * rng.random(y.shape))
    size = np.abs(y)
    if size.size and np.nanmax(size) > 1e3:
        g = g / np.fmax(1.0, size)
    return np.where(np.isfinite(y), g, 0)


def nearby(points: Sequence[Vector], width: float, rng: np.random.Generator) -> list[Vector]:
    """Each value times a random factor near 1, the same for equal values."""
    values = np.unique(np.concatenate([p.ravel() for p in points]))
    factors = 1 + width * rng.uniform(-1, 1, len(values))
    return [p * factors[np.searchsorted(values, p)] for p in points]


def shuffled(points: Sequence[Vector], rng: np.random.Generator) -> list[Vector]:
    """The same values in other places: what is wrong because of a value moves with it. Equal shapes, equal moves."""
    orders = {p.shape: rng.permutation(p.size) for p in points}
    return [p.reshape(-1)[orders[p.shape]].reshape(p.shape) for p in points]

"""What is drawn at random for a check: the gradient that arrives from above."""

from __future__ import annotations

import numpy as np

from .points import Vector


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

"""A first look: two random directions. What passes it is right; what does not is examined element by element."""

from __future__ import annotations

import numpy as np

from .compare import Numerics
from .draws import draw_g
from .kinks import ties, total
from .ladder import Loss
from .points import along_direction
from .projections import differs
from .subject import Array, Subject

PRECISE = 1e-5  # how small the error of a projection must be, beside the gradient's own size


def passes_quickly(subject: Subject, seed: int) -> bool:
    """Whether the gradients are right along random directions through all inputs, and through tied values.

    False means no more than that a closer look is needed.
    """
    rng = np.random.default_rng(seed)
    points = subject.points
    y = subject.evaluate(points)
    if not len(y) or not np.isfinite(y).all() or any(p.dtype.kind == "c" for p in points):
        return False
    if not np.array_equal(y, subject.evaluate(points)):
        return False
    g = draw_g(y, rng)
    claims = subject.pull(points, g)
    gradients: list[Array] = []
    for a, p in zip(claims, points):
        if not isinstance(a, np.ndarray) or a.shape != p.shape or not np.isfinite(a).all():
            return False
        gradients.append(a)
    numerics = Numerics(subject.evaluate, points, Loss(g, subject.eps, np.full(len(g), subject.noise)))
    directions = [[rng.choice([-1.0, 1.0], p.shape) * rng.uniform(0.5, 1.5, p.shape) for p in points] for _ in range(2)]
    directions += [u for _, u in ties(points)]
    size = float(np.sqrt(sum(float(np.sum(np.square(a))) for a in gradients)))
    smallest = min((float(np.abs(a[a != 0]).min()) for a in gradients if a.any()), default=0.0)
    if size > 1e4 * smallest:
        return False  # what is small would drown
    for u in directions:
        slope = numerics.along(along_direction(numerics.at, points, u), 0.0)
        if not slope.known or slope.error > PRECISE * size + 1e-10 or differs(total(gradients, u), slope):
            return False
    return True

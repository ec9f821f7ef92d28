"""Draws of the same check: what is claimed and what is so, at this point, and at others near it with other g."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .compare import Comparison, Numerics, allowed_for
from .draws import nearby, shuffled, upstream
from .ladder import Loss, precision_near
from .points import Vector
from .subject import Array, Fault, Subject
from .verdicts import at_kinks

REDRAWS = 5
COMPARED = 24  # elements in a redraw

Gradients = Sequence[Array | Fault | None]


@dataclass
class Draw:
    """One draw: a point, a g, the claimed gradients there, and the numerical derivative of some elements of input k."""

    subject: Subject
    k: int
    points: list[Array]
    g: Vector
    analytic: Gradients
    comparison: Comparison
    numerics: Numerics
    kinks: dict[int, bool | None]

    @property
    def x(self) -> Array:
        """The input whose gradient is wrong."""
        return self.points[self.k]

    @cached_property
    def claimed(self) -> Array:
        """Its claimed gradient, all of it."""
        a = self.analytic[self.k]
        assert isinstance(a, np.ndarray)
        return a

    @cached_property
    def smooth(self) -> Comparison:
        """The elements that have a derivative, and a claim that is a number."""
        c = self.comparison
        chosen = np.array([j not in self.kinks for j in range(len(c.indices))], bool)
        return c.only(chosen & np.isfinite(c.error) & np.isfinite(c.analytic))

    @cached_property
    def outputs(self) -> list[Array]:
        """What the function gave."""
        return split(self.subject.evaluate(self.points), self.subject.output_shapes)

    def fits(self, candidate: Any, at: Comparison | None = None) -> bool:
        """Whether `candidate`, an array of the input's shape, is what the gradient should be, and is not."""
        c = self.smooth if at is None else at
        if not c.wrong.any() or np.shape(candidate) != self.x.shape:
            return False
        with np.errstate(all="ignore"):
            values = np.asarray(candidate).reshape(-1)[c.indices]
            near = np.abs(values - c.numeric) <= allowed_for(values, c.numeric, c.error) + 1e-8 * np.abs(c.numeric)
        return bool(near.all())

    def at(self, array: Any) -> Array:
        """The compared elements of an array of the input's shape."""
        return np.asarray(np.broadcast_to(array, self.x.shape)).reshape(-1)[self.smooth.indices]

    def pull(self, g: Vector) -> Array | None:
        """The claimed gradient for another g."""
        a = self.subject.pull(self.points, g)[self.k]
        return a if isinstance(a, np.ndarray) else None

    def numeric_of(self, k: int) -> Comparison | None:
        """Another input's claimed and numerical gradient."""
        a = self.analytic[k]
        if not isinstance(a, np.ndarray) or a.shape != self.points[k].shape:
            return None
        return self.numerics.compare(k, a, np.arange(a.size)[:COMPARED])


def split(y: Vector, shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    """One vector of all outputs, as the outputs."""
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    return [part.reshape(shape) for part, shape in zip(np.split(y, ends[:-1]) if len(ends) else [], shapes)]


def redraws(draw: Draw, rng: np.random.Generator) -> Iterator[Draw]:
    """The same check at nearby points, with other g; in some the values of each input have changed places.

    Ties and zeros stay. There are none where the gradients are given arrays.
    """
    subject, k = draw.subject, draw.k
    if subject.fixed:
        return
    made = 0
    ways = [(0.3, False), (0.3, True), (0.3, True)] * 2 + [(0.02, False)] * 4 + [(0.0, False)]
    for width, shuffle in ways:
        if made == REDRAWS:
            return
        points = nearby(shuffled(draw.points, rng) if shuffle else draw.points, width, rng)
        try:
            y = subject.evaluate(points)
        except (ArithmeticError, ValueError):
            continue
        if y.shape != draw.g.shape or not np.isfinite(y).all():
            continue
        g = upstream(y, rng)
        analytic = subject.pull(points, g)
        claimed = analytic[k]
        if not isinstance(claimed, np.ndarray) or claimed.shape != points[k].shape:
            continue
        eps, noise, _ = precision_near(subject.evaluate, points, subject.eps)
        numerics = Numerics(subject.evaluate, points, Loss(g, eps, np.fmax(noise, subject.noise)))
        comparison = numerics.compare(k, claimed, _chosen(draw.comparison, rng))
        yield Draw(subject, k, points, g, analytic, comparison, numerics, at_kinks(subject, numerics, comparison))
        made += 1


def _chosen(comparison: Comparison, rng: np.random.Generator) -> Array:
    """Some of the elements: half of them wrong ones, where there are that many."""
    if len(comparison.indices) <= COMPARED:
        return comparison.indices
    wrong = np.flatnonzero(~(comparison.excess <= 1))
    right = np.flatnonzero(comparison.excess <= 1)
    some = rng.permutation(wrong)[: max(COMPARED // 2, COMPARED - len(right))]
    rest = rng.permutation(right)[: COMPARED - len(some)]
    return np.sort(comparison.indices[np.concatenate([some, rest])])

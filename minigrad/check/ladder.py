"""The derivative along a line: a value, and an honest bound on its error.

Perturb x, look at how f changes. Too large a step and the curvature of f shows; too small a step and what is left is
rounding. The ladder tries steps until one is good enough, and says how good: a comparison can then ask for exactly
the precision that there is, no more and no less.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .points import Outputs, Vector, along_direction

RUNGS = 7  # the first step, and six that are each eight times smaller
SHRINK = 8.0
GOOD_ENOUGH = 1e-7  # relative: below it a smaller step wins nothing, and may lose to cancellation inside f


class Slope(NamedTuple):
    """A derivative along one line: |value - truth| <= error. Both nan where f is not finite on either side."""

    value: float
    error: float
    evaluations: int

    @property
    def known(self) -> bool:
        """Whether there is a finite estimate at all."""
        return bool(np.isfinite(self.value) and np.isfinite(self.error))


_UNKNOWN = Slope(np.nan, np.inf, 0)


class Loss(NamedTuple):
    """<g, f>: the scalar whose derivative is taken, and how well it is known."""

    g: Vector
    eps: float  # the unit of rounding of the outputs
    noise: Vector  # the rounding in each output that was seen near x: more than eps |y| where terms cancel inside f

    def change(self, y1: Vector, y2: Vector) -> float:
        """<g, y1 - y2>: the outputs are subtracted first, which saves the digits that they share."""
        return float(np.sum((np.conj(self.g) * (y1 - y2)).real))

    def rounding(self, largest: Vector) -> float:
        """A bound on the rounding in `change`, where no output was larger than this."""
        return 4 * float(np.sum(np.abs(self.g) * np.fmax(self.eps * largest, self.noise)))


def largest_of(outputs: Sequence[Vector]) -> Vector:
    """The largest absolute value of each output."""
    largest: Vector = np.max(np.abs(np.stack(outputs)), axis=0)
    return largest


def exact_step(h: float, origin: float) -> float:
    """h, changed in its last digits so that origin + h and origin - h are without rounding."""
    return (origin + h) - origin


def ladder(at: Outputs, loss: Loss, origin: float, thorough: bool = False) -> Slope:
    """The derivative of <g, f> along a line, at t = 0, with a bound on its error.

    Parameters
    ----------
    at
        The outputs at x + t u, as one vector; nan where f is not defined.
    loss
        How the outputs make a scalar.
    origin
        |x|, in units of u: the scale of the steps.
    thorough
        Go down all rungs: for a second look at an element that seems wrong.

    Central differences D(h) and D(h/2), extrapolated (Richardson) to v = (4 D(h/2) - D(h)) / 3. The error is twice the
    truncation that was seen, |v - D(h/2)|, plus the rounding that must be there.
    """
    first = loss.eps**0.2 * max(1.0, origin)
    steps = [first / SHRINK**k for k in range(RUNGS)]
    if 0 < origin < 0.25:
        near = loss.eps**0.2 * origin
        steps[1:] = [near, *(step for step in steps[1:-1] if not 0.5 <= step / near <= 2)]  # equals confirm nothing
    scales = 2 if 0 < origin < 0.25 else 1
    rungs: list[Rung] = []
    largest = np.zeros(len(loss.g))  # of each output so far: what cancels inside f shows farther away from x
    evaluations = 0
    for k, step in enumerate(steps):
        h = exact_step(step, origin)
        if h == 0:
            continue
        with np.errstate(all="ignore"):
            outer, inner = (at(h), at(-h)), (at(h / 2), at(-h / 2))
            evaluations += 4
            change, half = loss.change(*outer), loss.change(*inner)
            d1, d2 = change / (2 * h), half / h
            v = (4 * d2 - d1) / 3
            largest = np.fmax(largest, largest_of(outer + inner))
            rounding = loss.rounding(largest)
            floor = (rounding + 4 * loss.eps * origin * abs(v)) / (h / 2)
        if np.isfinite(v) and np.isfinite(floor) and not jumps(change, half, rounding):
            rungs.append(Rung(h, v, abs(v - d2), floor))
            if k + 1 >= scales and not thorough and _settled(rungs):
                break
    return Slope(*best_of(rungs), evaluations)


def jumps(change: float, half: float, rounding: float) -> bool:
    """Whether f changes as much over half the step: it jumps within, and a difference would grow as 1 / h."""
    return abs(half) > 0.9 * abs(change) and abs(half) > rounding


class Rung(NamedTuple):
    h: float
    value: float
    seen: float  # truncation, as far as two steps show it
    floor: float  # rounding

    @property
    def error(self) -> float:
        """Twice what shows: now and then one pair of steps shows too little."""
        return 2 * (self.seen + self.floor)

    @property
    def good(self) -> bool:
        """Good enough, or so close to rounding that a smaller step can only be worse."""
        return self.error <= GOOD_ENOUGH * abs(self.value) or self.seen <= self.floor

    def agrees(self, other: Rung) -> bool:
        return abs(self.value - other.value) <= 2 * (self.error + other.error)

    def confirms(self, other: Rung) -> bool:
        """Agrees, and not only because it knows too little to disagree."""
        return self.agrees(other) and self.error <= 0.1 * abs(other.value) + other.error


def _settled(rungs: list[Rung]) -> bool:
    last = rungs[-1]
    if len(rungs) == 1:
        return last.good
    return any(rung.good and other.confirms(rung) for rung, other in _neighbours(rungs))


def _neighbours(rungs: list[Rung]) -> list[tuple[Rung, Rung]]:
    """Each rung with the one of the next smaller step, largest steps first."""
    down = sorted(rungs, reverse=True)
    return list(itertools.pairwise(down))


def best_of(rungs: list[Rung]) -> tuple[float, float]:
    """The rung of the largest step that is good and that the next smaller step confirms; else the least error.

    Without confirmation a step that is wider than a feature of f can report no error for a derivative that is wrong.
    A smaller step would seem better still, but what cancels inside f is rounded more than its outputs show.
    """
    if not rungs:
        return _UNKNOWN[:2]
    if len(rungs) == 1:
        return rungs[0].value, rungs[0].error
    pairs = _neighbours(rungs)
    confirmed = [rung for pair in pairs if pair[1].confirms(pair[0]) for rung in pair]
    if confirmed:
        best = next((rung for rung in confirmed if rung.good), min(confirmed, key=lambda rung: rung.error))
        near = _overruling(best, rungs)
        return near.value, near.error
    return min(((rung.value, _contested(rung, rungs)) for rung in rungs), key=lambda pair: pair[1])


def _overruling(best: Rung, rungs: list[Rung]) -> Rung:
    """The better one of the two smallest steps, where both say clearly another thing: a kink is near. Else `best`."""
    near = sorted(rungs)[:2]
    if near[0].agrees(near[1]) and all(abs(best.value - r.value) > 10 * (best.error + r.error) for r in near):
        return min(near, key=lambda rung: rung.error)
    return best


def _contested(rung: Rung, rungs: list[Rung]) -> float:
    """The error of a rung that no other confirms: as large as what smaller steps say against it."""
    against = [abs(rung.value - other.value) - other.error for other in rungs if other.h < rung.h]
    return max([rung.error, *against])


# -- how well the outputs are known ------------------------------------------------------------------------------------

_THIRD_DIFFERENCE = 20**0.5  # of noise of size 1: the root of 1 + 9 + 9 + 1


class Precision(NamedTuple):
    """How well the outputs are known near a point."""

    eps: float  # the unit of rounding: of single precision where f computes in it, whatever it returns
    noise: Vector  # the rounding that was seen in each output
    evaluations: int


def precision_near(
    f_of: Callable[[Sequence[Any]], Vector], points: Sequence[Any], eps: float, seed: int = 0
) -> Precision:
    """The rounding in each output a step away from x, from third differences along a line of close points.

    J. Moré, S. Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33, 2011.
    """
    rng = np.random.default_rng(seed)
    directions = [rng.choice([-1.0, 1.0], np.shape(p)) * np.fmax(1, np.abs(p)) for p in points]
    at = along_direction(f_of, points, directions)
    noise: Any = np.zeros(1)
    evaluations = 0
    single = float(np.finfo(np.float32).eps)
    with np.errstate(all="ignore"):
        for unit in (eps, single):
            seen: Any = 0.0
            # Near enough for steep functions, far enough for what is rounded inside to show.
            for spacing in (256 * unit, unit**0.6):
                rows = np.stack([at(unit**0.2 + k * spacing) for k in range(5)])
                evaluations += len(rows)
                seen = np.fmax(seen, np.abs(np.diff(rows, 3, axis=0)).max(axis=0) / _THIRD_DIFFERENCE)
            # What is flat in double precision is flat, with a jump here and there, or it is computed in single
            # precision: then it changes with every step of this size.
            moved = (abs(np.diff(rows, axis=0)) > 0).all(0).any() if unit == single else (rows != rows[0]).any()
            if moved:
                noise = seen
            if moved or unit == single:
                break
    coarse = single if moved and unit == single else eps
    return Precision(coarse, np.where(np.isfinite(noise), noise, 0.0), evaluations)

"""Kinks: where the derivatives from the left and from the right differ, any slope between them will do.

That is a subgradient, and it must hold along each element, and along directions that move tied values together: at a
tie of `max`, shares of 1 and 0 and shares of 1/2 and 1/2 are right, shares that add up to 2 or to 0 are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .compare import Numerics, allowed_for
from .ladder import RUNGS, SHRINK, Rung, best_of, exact_step, jumps, largest_of
from .points import Vector
from .subject import Array, Subject

TIES = 8  # values whose ties are tried


class Side(NamedTuple):
    """The derivative on one side: a value and its error; infinite where differences grow as the step shrinks."""

    value: float
    error: float
    jumps: bool = False  # f itself is broken here, so that this side has no slope


class Bracket(NamedTuple):
    """The derivatives on both sides along a line."""

    left: Side
    right: Side

    @property
    def has_no_slope(self) -> bool:
        """Whether neither side has a slope: f jumps there, or is not defined."""
        return all(side.jumps or np.isnan(side.value) for side in self)

    @property
    def is_kink(self) -> bool:
        """Whether they differ by more than their errors."""
        a, b = self.left, self.right
        if a.jumps or b.jumps or not (np.isfinite(a.value) and np.isfinite(b.value)):
            return True
        return abs(a.value - b.value) > 2 * (a.error + b.error) + 1e-7 * (abs(a.value) + abs(b.value))

    def accepts(self, claimed: float) -> bool | None:
        """Whether a claimed slope is one of a subgradient; None where nobody can say."""
        sides = [side for side in self if not side.jumps and not np.isnan(side.value)]
        if not sides:
            return None
        if np.isnan(claimed):
            return False
        if not self.is_kink:
            return None
        slack = max((allowed_for(claimed, s.value, s.error) for s in sides if np.isfinite(s.value)), default=0.0)
        low, high = min(s.value for s in sides), max(s.value for s in sides)
        if np.isfinite(claimed) and low == high and np.isinf(low):
            return None  # steeper than any number: a large one may do
        return bool(low - slack <= claimed <= high + slack)


def bracket(numerics: Numerics, line: Callable[[float], Vector], origin: float) -> Bracket:
    """The derivatives on both sides of the point, along a line."""
    return Bracket(_side(numerics, line, origin, -1), _side(numerics, line, origin, +1))


def _side(numerics: Numerics, line: Callable[[float], Vector], origin: float, sign: int) -> Side:
    loss = numerics.loss
    here = line(0.0)
    rungs: list[Rung] = []
    slopes: list[float] = []
    changes: list[float] = []
    last = 0.0  # the rounding of the last slope
    with np.errstate(all="ignore"):
        for step in _steps(loss.eps**0.2, origin):
            h = exact_step(step, origin)
            if h == 0:
                break
            outer, inner = line(sign * h), line(sign * h / 2)
            change, half = loss.change(outer, here), loss.change(inner, here)
            d1, d2 = sign * change / h, sign * half / (h / 2)
            v = 2 * d2 - d1
            rounding = loss.rounding(largest_of((here, outer, inner)))
            floor = (rounding + 4 * loss.eps * origin * abs(v)) / (h / 2)
            if np.isfinite(v) and np.isfinite(floor):
                slopes.append(d2)
                changes.append(abs(half))
                last = floor
                if not jumps(change, half, rounding):
                    rungs.append(Rung(h, v, abs(v - d2), floor))
    grows = len(slopes) >= 3 and all(abs(b) > 1.5 * abs(a) for a, b in zip(slopes[-3:], slopes[-2:]))
    if grows and last < 0.1 * abs(slopes[-1]):
        if changes[-1] > 0.5 * changes[-2]:
            return Side(np.nan, np.inf, jumps=True)
        return Side(float(np.copysign(np.inf, slopes[-1])), 0.0)
    return Side(*best_of(rungs))


OUTPUTS = 64  # that are looked at one by one


def right_for_each_output(
    subject: Subject,
    numerics: Numerics,
    line: Callable[[float], Vector],
    origin: float,
    claim: Callable[[Sequence[Any]], float],
) -> bool:
    """Whether the slope is one of a subgradient for every output by itself; `claim` reads it off the gradients.

    Where a random g mixes outputs that bend upwards with outputs that bend downwards, as in a sort, a slope that is right
    for each of them need not lie between the sides of their sum.
    """
    if not 2 <= len(numerics.loss.g) <= OUTPUTS:
        return False
    near = [line(t) for t in (0.0, 1e-5, -1e-5)]
    for j in np.flatnonzero((near[0] != near[1]) | (near[0] != near[2])):
        alone = numerics.for_output(int(j))
        gradients = subject.pull(numerics.points, alone.loss.g)
        if not all(isinstance(a, np.ndarray) for a in gradients):
            return False
        claimed, slope = claim(gradients), alone.along(line, origin, thorough=True)
        smooth = slope.known and np.isfinite(claimed) and abs(claimed - slope.value) <= allowed_for(claimed, *slope[:2])
        if not smooth and not bracket(alone, line, origin).accepts(claimed):
            return False
    return True


def _steps(first: float, origin: float) -> list[float]:
    """From the scale of 1 down; where x is small, also from the scale of x down: another kink may be as near."""
    steps = [first * max(1.0, origin) / SHRINK**k for k in range(RUNGS)]
    if 0 < origin < 0.25:
        steps += [step for k in range(3) if (step := first * origin / SHRINK**k) < steps[-1]]
    return steps


def ties(points: Sequence[Array]) -> Iterator[tuple[float, list[Array]]]:
    """Values that occur more than once, within an input or in several, and the direction that moves all of them."""
    real = [p for p in points if p.dtype.kind == "f"]
    if not real:
        return
    values, counts = np.unique(np.concatenate([p.ravel() for p in real]), return_counts=True)
    tied = np.flatnonzero((counts > 1) & np.isfinite(values))
    for i in sorted(tied, key=lambda i: -counts[i])[:TIES]:
        yield (
            float(values[i]),
            [(p == values[i]).astype(float) if p.dtype.kind == "f" else np.zeros(p.shape) for p in points],
        )


def total(gradients: Sequence[Any], directions: Sequence[Array]) -> float:
    """The slope that gradients claim along a direction."""
    moved = [(np.conj(a)[u != 0], u[u != 0]) for a, u in zip(gradients, directions)]
    return float(sum(float(np.sum((a * u).real)) for a, u in moved))

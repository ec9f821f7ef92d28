"""Derivatives from differences, along a line: a value and a bound on its error, and what to accept at a kink."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ...graph import Array

Line = Callable[[float], Sequence[Array]]
"""The outputs at a signed distance from the point."""

EPS = float(np.finfo(float).eps)


class Slope(NamedTuple):
    """A numerical derivative and a bound on its error."""

    value: float
    error: float


def contracted(g: Sequence[Array], outputs: Sequence[Array]) -> float:
    """<g, outputs>: the real inner product, of complex arrays too."""
    return float(sum(np.sum(np.real(np.conj(a) * b)) for a, b in zip(g, outputs)))


def slope(f: Line, g: Sequence[Array], scales: Sequence[float] = (1.0,)) -> Slope | None:
    """d/dt <g, f(t)> at 0, or None where f is not finite nearby.

    Two central differences, at h and h/2, extrapolated; h shrinks until the error that they show, plus the rounding
    that there must be, is small against the value and the scales agree.
    """
    found = [each for each in (_at_scale(f, g, scale, None) for scale in scales) if each]
    if len(found) == 2 and abs(found[0].value - found[1].value) > 4 * (found[0].error + found[1].error):
        found = [each for each in (_at_scale(f, g, scale, 0.0) for scale in scales) if each]
    return min(found, key=lambda each: each.error, default=None)


def _at_scale(f: Line, g: Sequence[Array], scale: float, enough: float | None) -> Slope | None:
    h = 2.0 ** np.ceil(np.log2(EPS**0.2 * scale))  # a power of two, so that x + h is exact
    best: Slope | None = None
    for _ in range(7):
        coarse, _ = _central(f, g, h)
        fine, rounding = _central(f, g, h / 2)
        if np.isfinite(coarse) and np.isfinite(fine):
            value = (4 * fine - coarse) / 3
            error = abs(value - fine) + rounding
            if best is None or error < best.error:
                best = Slope(value, error)
            if best.error <= (1e-7 if enough is None else enough) * abs(best.value) or best.error <= 1e-13:
                break
        h /= 8
    return best


def _central(f: Line, g: Sequence[Array], h: float) -> tuple[float, float]:
    """The difference quotient, and the rounding error that it must have."""
    above, below = f(h), f(-h)
    with np.errstate(all="ignore"):
        quotient = contracted(g, [(a - b) / (2 * h) for a, b in zip(above, below)])
        floor = sum(float(np.sum(np.abs(c)) * max(_largest(a), _largest(b))) for c, a, b in zip(g, above, below))
    return quotient, 4 * EPS * floor / h


def _largest(y: Array) -> float:
    return float(np.max(np.abs(y), initial=0))


def accepted(claimed: float, f: Line, g: Sequence[Array], scales: Sequence[float] = (1.0,)) -> Slope | None:
    """None where `claimed` is the derivative of <g, f(t)> at 0, or lies between its one-sided derivatives at a kink.

    Otherwise the numerical derivative. Where there is none (f is not finite nearby) nothing can be said: None.
    """
    measured = slope(f, g, scales)
    if measured is None:
        return None
    off = abs(claimed - measured.value)
    if off <= 4 * measured.error + 1e-9 * (abs(claimed) + abs(measured.value)) + 1e-12:
        return None
    return None if between(claimed, f, g, min(scales)) else measured


def between(claimed: float, f: Line, g: Sequence[Array], scale: float = 1.0) -> bool:
    """Whether f has a kink at 0 and `claimed` lies between what its one-sided derivatives allow, element by element.

    At a kink they do not meet as h shrinks. Where they grow without bound (a cube root at 0), an infinite claim of
    their sign is right, and at a jump everything is: no derivative is there.
    """
    here = f(0.0)
    gaps, bounds = [], []
    for h in (2.0**-14 * scale, 2.0**-24 * scale):
        with np.errstate(all="ignore"):
            right = [np.real(np.conj(c) * (a - y)) / h for c, a, y in zip(g, f(h), here)]
            left = [np.real(np.conj(c) * (y - b)) / h for c, b, y in zip(g, f(-h), here)]
        low = float(sum(np.sum(np.minimum(a, b)) for a, b in zip(left, right)))
        high = float(sum(np.sum(np.maximum(a, b)) for a, b in zip(left, right)))
        gaps.append(high - low)
        bounds.append((low, high))
    if not np.isfinite([*gaps, *bounds[1]]).all():
        return True
    low, high = bounds[1]
    if np.isinf(claimed):
        steeper = abs(high + low) > 4 * abs(sum(bounds[0]))
        return steeper and np.sign(claimed) == np.sign(high + low)
    size = abs(low) + abs(high)
    if gaps[1] <= 1e-4 * size or gaps[1] < gaps[0] / 4:  # they meet: smooth, only curved
        return False
    slack = 1e-3 * gaps[1] + 1e-12
    return low - slack <= claimed <= high + slack

"""A step length that lowers the loss enough and flattens its slope enough: the strong Wolfe conditions.

J. Nocedal and S. Wright, "Numerical optimization", 2nd ed., algorithms 3.5 and 3.6, with cubic interpolation (3.59).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from .optimizer import Array

C1, C2 = 1e-4, 0.9  # the share of the first slope that the loss must follow, and that may be left at the end


class Point(NamedTuple):
    """A length t, the loss there, its gradient, and its slope along the direction."""

    t: float
    loss: float
    g: Array
    slope: float


def strong_wolfe(
    evaluate: Callable[[float], tuple[float, Array]],
    t: float,
    d: Array,
    loss: float,
    g: Array,
    slope: float,
    tolerance_change: float,
    most: int,
) -> tuple[float, float, Array, int]:
    """The length, with the loss and the gradient there, and how often `evaluate` was called.

    Parameters
    ----------
    evaluate
        Gives loss and gradient at a length along the direction d.
    t
        The length to try first.
    loss, g, slope
        At length 0; the slope is g d and negative.
    tolerance_change
        Stop where the bracket is smaller than this, in units of d's largest element.
    most
        How many evaluations there may be after the first.
    """
    size = float(abs(d).max())
    start = before = Point(0, loss, g, slope)
    evaluations = 0

    def at(t: float) -> Point:
        nonlocal evaluations
        evaluations += 1
        value, gradient = evaluate(t)
        return Point(t, value, gradient, float(gradient.dot(d)))

    def low_enough(p: Point) -> bool:
        return p.loss <= start.loss + C1 * p.t * start.slope

    def flat_enough(p: Point) -> bool:
        return abs(p.slope) <= -C2 * start.slope

    # First outwards, until two lengths have a good one between them ...
    point = at(t)
    for step in range(most):
        if not low_enough(point) or (step > 1 and point.loss >= before.loss):
            low, high = sorted((before, point), key=lambda p: p.loss)
            break
        if flat_enough(point):
            return point.t, point.loss, point.g, evaluations
        if point.slope >= 0:
            low, high = sorted((before, point), key=lambda p: p.loss)
            break
        longer = _cubic_minimum(before, point, point.t + 0.01 * (point.t - before.t), point.t * 10)
        before, point = point, at(longer)
    else:
        low, high = sorted((start, point), key=lambda p: p.loss)

    # ... then inwards.
    slow = False
    while evaluations <= most and abs(high.t - low.t) * size >= tolerance_change:
        lower, upper = sorted((low.t, high.t))
        t = _cubic_minimum(low, high, lower, upper)
        margin = 0.1 * (upper - lower)
        if min(upper - t, t - lower) < margin:  # near an end: once is progress, twice is not
            if slow or t >= upper or t <= lower:
                t = upper - margin if abs(t - upper) < abs(t - lower) else lower + margin
                slow = False
            else:
                slow = True
        else:
            slow = False
        point = at(t)
        if not low_enough(point) or point.loss >= low.loss:
            high = point
            low, high = sorted((low, high), key=lambda p: p.loss)
            continue
        if flat_enough(point):
            low = point
            break
        if point.slope * (high.t - low.t) >= 0:
            high = low
        low = point
    return low.t, low.loss, low.g, evaluations


def _cubic_minimum(a: Point, b: Point, least: float, most: float) -> float:
    """The minimum of the cubic through two points with their slopes, within bounds; their middle if it has none."""
    if a.t > b.t:
        a, b = b, a
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1**2 - a.slope * b.slope
    if not square >= 0:  # nan counts as none, too
        return (least + most) / 2
    d2 = math.sqrt(square)
    t = b.t - (b.t - a.t) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2)
    return min(max(t, least), most)

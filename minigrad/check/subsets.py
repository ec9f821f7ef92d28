"""Wrong only somewhere: zeros, ties, a sign, beyond a threshold, repeated or negative indices, a row, an element."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .causes import Finding
from .evidence import Draw
from .subject import Array


def subset(draw: Draw) -> Iterator[Finding]:
    """What the wrong elements have in common that the right ones have not."""
    c = draw.comparison
    wrong = c.excess > 1
    for j, accepted in draw.kinks.items():
        wrong[j] = accepted is False
    known = ~np.isnan(c.excess) | wrong
    for j, accepted in draw.kinks.items():
        known[j] = accepted is not None
    if not known.any() or wrong[known].all():
        return
    if not wrong.any():
        yield from _nothing_wrong(draw)
        return
    bad = wrong[known]
    for key, text, member in _properties(draw, known):
        if (member == bad).all():
            yield Finding(key, f"wrong only {text}", _numbers(draw, known, bad))
    yield from _thresholds(draw, known, bad)
    yield from _places(draw, c.indices[known][bad], c.indices[known])


def _nothing_wrong(draw: Draw) -> Iterator[Finding]:
    """A redraw in which no element is wrong speaks for thresholds that no element passes, and against all else."""
    x = draw.x.reshape(-1)[draw.comparison.indices].real
    yield from _bounds("x", x, np.zeros(len(x), bool))


def _properties(draw: Draw, known: Array) -> Iterator[tuple[tuple[Any, ...], str, Array]]:
    """(key, words, which of the known elements have the property)"""
    indices = draw.comparison.indices[known]
    for name, array in zip(draw.subject.names, draw.points):
        if array.shape != draw.x.shape or array.dtype.kind == "c":
            continue
        x = array.reshape(-1)[indices]
        who = "it" if name == draw.subject.names[draw.k] else f'"{name}"'
        yield ("zero", name), f"where {who} is 0", x == 0
        yield ("not zero", name), f"where {who} is not 0", x != 0
        yield ("negative", name), f"where {who} is negative", x < 0
        yield ("positive", name), f"where {who} is positive", x > 0
        yield ("not positive", name), f"where {who} is not positive", x <= 0
        yield ("not negative", name), f"where {who} is not negative", x >= 0
        if name != draw.subject.names[draw.k]:
            mine = draw.x.reshape(-1)[indices]
            yield ("equal", name), f'where it equals "{name}"', mine == x
            yield ("larger", name), f'where it is larger than "{name}"', mine > x
            yield ("smaller", name), f'where it is smaller than "{name}"', mine < x
    every = np.concatenate([p.ravel() for p in draw.points])
    values, counts = np.unique(every, return_counts=True)
    mine = draw.x.reshape(-1)[indices]
    yield ("tied",), "where values are tied", np.isin(mine, values[counts > 1])
    for name, index in draw.subject.constants.items():
        if index.dtype.kind not in "iu" or index.ndim == 0:
            continue
        for axis, n in enumerate(draw.x.shape):
            if index.size and (index.max() >= n or index.min() < -n):
                continue
            along = np.unravel_index(indices, draw.x.shape)[axis]
            picked = np.bincount(index.ravel() % n, minlength=n) if n else np.zeros(0, int)
            negative = np.isin(np.arange(n), index[index < 0] % n) if n else np.zeros(0, bool)
            yield (
                ("repeated", name, axis),
                f'where an index in "{name}" is repeated: gradients must be added up',
                picked[along] > 1,
            )
            yield ("negative index", name, axis), f'where an index in "{name}" is negative', negative[along]
            yield ("picked", name, axis), f'where "{name}" picks', picked[along] > 0


def _thresholds(draw: Draw, known: Array, bad: Array) -> Iterator[Finding]:
    x = draw.x.reshape(-1)[draw.comparison.indices[known]]
    if draw.x.dtype.kind != "c":
        yield from _bounds("x", x, bad, _numbers(draw, known, bad))


def _numbers(draw: Draw, known: Array, bad: Array) -> str:
    """How many are wrong, and whether by the same factor."""
    c = draw.comparison.only(known).only(bad)
    with np.errstate(all="ignore"):
        ratio = c.numeric / c.analytic
    factor = ""
    if np.isfinite(ratio).all() and np.ptp(ratio.real) <= 1e-6 * np.abs(ratio).max(initial=0):
        factor = f"; there numeric = {ratio.real[0]:.3f} x analytic"
    elif not c.analytic.any():
        factor = "; there the gradient is 0"
    return f"{bad.sum()} wrong and {(~bad).sum()} right elements{factor}"


def _bounds(name: str, x: Array, bad: Array, evidence: str = "") -> Iterator[Finding]:
    """Findings whose threshold lies between the right elements and the wrong ones."""
    good = ~bad
    for key, words, value in (
        ("large", "|x|", np.abs(x)),
        ("above", "x", x),
        ("below", "-x", -x),
    ):
        low = float(np.max(value[good], initial=-np.inf))
        high = float(np.min(value[bad], initial=np.inf))
        if low < high:
            text = "wrong only where x < -{t}" if key == "below" else f"wrong only where {words} > {{t}}"
            yield Finding((key, name), text, evidence, (low, high))
    low, high = float(np.max(np.abs(x)[bad], initial=-np.inf)), float(np.min(np.abs(x)[good], initial=np.inf))
    if low < high:
        yield Finding(("small", name), "wrong only where |x| < {t}", evidence, (low, high))


def _places(draw: Draw, bad: Array, known: Array) -> Iterator[Finding]:
    """One element, or one slice along an axis."""
    if len(bad) == 1 and len(known) > 2:
        where = [int(i) for i in np.unravel_index(int(bad[0]), draw.x.shape)]
        yield Finding(("element", *where), f"wrong in one element only, {where}", f"{len(known) - 1} others are right")
        return
    for axis, n in enumerate(draw.x.shape):
        along = np.unravel_index(bad, draw.x.shape)[axis]
        same = np.unravel_index(known, draw.x.shape)[axis] == along[0]
        if n > 1 and (along == along[0]).all() and same.sum() == len(bad):
            at = "the last" if along[0] == n - 1 else "the first" if along[0] == 0 else f"number {along[0]}"
            yield Finding(
                ("slice", axis, at),
                f"wrong only in one slice: {at} along axis {axis}",
                f"all {len(bad)} of its elements, none of the others",
            )

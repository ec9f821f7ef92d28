"""Gradients of a wrong shape: what would make it right."""

from __future__ import annotations

import numpy as np

from .subject import Fault, Subject

Shape = tuple[int, ...]


def shape_fault(subject: Subject, k: int, fault: Fault) -> tuple[str, str | None]:
    """The cause and the evidence, for a gradient of a wrong shape or a rule that raised."""
    if fault.got is None:
        return f"the rule raises an error: {fault.text}", None
    expected = subject.points[k].shape
    return f"the gradient has shape {fault.got}, the input {expected}: {remedy(fault.got, expected)}", None


def remedy(got: Shape, expected: Shape) -> str:
    """What to do with an array of shape `got` so that it has the shape `expected`.

    >>> remedy((3, 4), (4,))
    'sum over axis 0'
    >>> remedy((3, 4), (3, 1))
    'sum over axis 1 with keepdims=True'
    >>> remedy((4, 3), (3, 4))
    'transpose it'
    """
    extra = len(got) - len(expected)
    if extra >= 0:
        kept = got[extra:]
        narrow = [i + extra for i, (a, b) in enumerate(zip(kept, expected)) if a != b]
        if all(expected[i - extra] == 1 for i in narrow):
            return _sum_over([*range(extra), *narrow], bool(narrow))
    summed = _dropped(got, expected)
    if summed:
        return _sum_over(summed, False)
    missing = _dropped(expected, got)
    if missing and all(expected[i] == 1 for i in missing):
        return f"keep axis {', '.join(map(str, missing))}, of length 1"
    if sorted(got) == sorted(expected):
        return "transpose it"
    if np.prod(got) == np.prod(expected):
        return "reshape it"
    if missing:
        return f"it was summed over axis {', '.join(map(str, missing))}, or must be broadcast along it"
    return "it must have the shape of the input"


def _sum_over(axes: list[int], keepdims: bool) -> str:
    which = f"axis {axes[0]}" if len(axes) == 1 else f"axes {tuple(axes)}"
    return f"sum over {which}" + (" with keepdims=True" if keepdims else "")


def _dropped(longer: Shape, shorter: Shape) -> list[int]:
    """The axes of `longer` to leave out to get `shorter`; none where that is impossible."""
    axes, rest = [], list(shorter)
    for axis, n in enumerate(longer):
        if rest and rest[0] == n:
            rest.pop(0)
        else:
            axes.append(axis)
    return axes if not rest else []

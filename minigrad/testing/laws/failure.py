"""Failure: what a law says when an op breaks it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from ...graph import Array


class Failure(NamedTuple):
    """A broken law: its name, what went wrong in one sentence, and the arrays and numbers that show it."""

    law: str
    message: str
    evidence: dict[str, Any]

    def __str__(self) -> str:
        lines = [f"{self.law}: {self.message}"]
        for name, value in self.evidence.items():
            text = str(value)
            if isinstance(value, (np.ndarray, np.generic)):
                text = np.array2string(np.asarray(value), precision=8, threshold=30, separator=", ", prefix=" " * 20)
            lines.append(f"    {name:<14}  {text}")
        return "\n".join(lines)


def difference(name: str, got: Any, expected: Any, rtol: float = 1e-10, atol: float = 1e-12) -> dict[str, Any] | None:
    """Evidence that two arrays (or lists of arrays) differ, or None.

    `atol` is relative to the largest finite number among those expected.
    """
    if isinstance(expected, (list, tuple)):
        if len(got) != len(expected):
            return {name: f"{len(got)} arrays, expected {len(expected)}"}
        pairs = [difference(f"{name}[{i}]", a, b, rtol, atol) for i, (a, b) in enumerate(zip(got, expected))]
        return next((pair for pair in pairs if pair), None)
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape:
        return {name: f"shape {got.shape}, expected {expected.shape}"}
    if close(got, expected, rtol, atol).all():
        return None
    return {name: got, "expected": expected}


def close(got: Array, expected: Array, rtol: float, atol: float) -> Array:
    """Where two arrays agree; nan agrees with nan."""
    if got.dtype.kind not in "fc" and expected.dtype.kind not in "fc":
        return np.asarray(got == expected)
    with np.errstate(all="ignore"):
        size = np.abs(expected)
        largest = np.max(size, where=np.isfinite(size), initial=0)
        near = np.abs(got - expected) <= rtol * size + atol * largest
        return np.asarray(near | (got == expected) | (np.isnan(got) & np.isnan(expected)))


def unit_of_rounding(arrays: Iterable[Array]) -> float:
    """The coarsest among the floating dtypes; 0 where there is none."""
    return max((float(np.finfo(a.dtype).eps) for a in arrays if a.dtype.kind in "fc"), default=0.0)

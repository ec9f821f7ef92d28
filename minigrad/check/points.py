"""Points and outputs: where f is evaluated, and what it gave as one vector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..containers import flatten
from ..tensor import Tensor

Vector = np.ndarray[Any, np.dtype[Any]]
Outputs = Callable[[float], Vector]  # t -> all outputs of f at x + t u, in one vector


def along_element(
    f_of: Callable[[Sequence[Any]], Vector], points: Sequence[Any], k: int, index: tuple[int, ...], unit: complex = 1
) -> Outputs:
    """t -> f where t * unit is added to one element of one input. Every call gets arrays of its own."""

    def at(t: float) -> Vector:
        moved = list(points)
        moved[k] = np.array(points[k], order="K")
        moved[k][index] += t * unit
        return f_of(moved)

    return at


def along_direction(
    f_of: Callable[[Sequence[Any]], Vector], points: Sequence[Any], directions: Sequence[Any]
) -> Outputs:
    """t -> f at points + t * directions; None stands for a direction of zeros."""

    def at(t: float) -> Vector:
        return f_of([np.array(p, order="K") if u is None else p + t * u for p, u in zip(points, directions)])

    return at


def in_double(leaf: Any) -> Any:
    """A copy in float64 or complex128: in single precision a difference has three digits."""
    if isinstance(leaf, Tensor):
        leaf = leaf.data
    array = np.array(leaf, order="K")
    if array.dtype.kind not in "fc":
        raise TypeError(f"a derivative with respect to {array.dtype} does not exist; give floats")
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64, order="K", copy=False)


def bare(value: Any) -> Any:
    """An array of what may be a Tensor, an array, a number, or a tensor of another library."""
    if isinstance(value, Tensor):
        return np.asarray(value.data)
    if not isinstance(value, np.ndarray) and hasattr(value, "detach"):
        value = value.detach()
    return np.asarray(value)


def output_vector(outputs: Sequence[Any]) -> Vector:
    """All floating outputs in one vector: a function with several outputs is one with a longer output."""
    parts = [bare(leaf) for out in outputs for leaf in flatten(out)[0]]
    floating = [
        part.astype(np.complex128 if part.dtype.kind == "c" else np.float64).ravel()
        for part in parts
        if part.dtype.kind in "fc"
    ]
    return np.concatenate(floating) if floating else np.zeros(0)


def unit_of_rounding(out: Any) -> float:
    """The coarsest unit of rounding of any output."""
    units = [np.finfo(bare(leaf).dtype).eps for leaf in flatten(out)[0] if bare(leaf).dtype.kind in "fc"]
    return float(max(units, default=np.finfo(float).eps))

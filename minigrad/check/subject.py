"""What is checked: a function, the point it is checked at, and the gradients that are claimed for it.

The checker sees every subject in the same way, be it a function of Tensors, a pair of a forward and a backward
written by hand, or a model and its loss: outputs as one vector, inputs as a list of arrays in double precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..containers import flatten
from ..tensor import Tensor
from .points import Vector, bare

Array = np.ndarray[Any, np.dtype[Any]]


class Fault(NamedTuple):
    """Why there is no gradient to compare: the rule raised, or gave a wrong shape."""

    text: str
    got: tuple[int, ...] | None = None  # for a wrong shape


class Subject(Protocol):
    """A function with claimed gradients, at a point."""

    title: str
    names: list[str]  # of the inputs that have a gradient
    points: list[Array]
    dtypes: list[np.dtype[Any]]  # of the inputs as they were given
    eps: float  # the unit of rounding of the outputs
    noise: float  # rounding in the outputs that is known without a look: more than eps |y| where terms cancel inside
    output_shapes: list[tuple[int, ...]]  # of the floating outputs
    constants: dict[str, Array]  # arrays among the inputs that have no gradient: indices, masks
    fixed: bool  # are the gradients given once and for all, so that neither the point nor g can be drawn again?
    takes_g: bool  # is g handed to the backward pass? If not, the gradient is multiplied by it afterwards

    def evaluate(self, points: Sequence[Array]) -> Vector:
        """The outputs at other points."""

    def pull(self, points: Sequence[Array], g: Vector) -> list[Array | Fault | None]:
        """The claimed gradients at these points; None where nothing is claimed."""

    def compute(self) -> Any:
        """The result as a Tensor with its graph; None where the gradients do not come from one."""

    def where(self, k: int) -> str:
        """Where the backward rule for an input stands: file:line and words."""


def spread(g: Vector, out: Any) -> Any:
    """g, one vector, in the form of the output; zeros for outputs that are not floating."""
    leaves, rebuild = flatten(out)
    parts, start = [], 0
    for leaf in leaves:
        leaf = bare(leaf)
        if leaf.dtype.kind in "fc":
            part = g[start : start + leaf.size].reshape(leaf.shape)
            start += leaf.size
            parts.append((part if leaf.dtype.kind == "c" else part.real).astype(leaf.dtype))
        else:
            parts.append(np.zeros(leaf.shape, leaf.dtype))
    return rebuild(parts)


def constant_arrays(leaves: Sequence[Any], named: Sequence[str], which: Sequence[int]) -> dict[str, Array]:
    """The arrays among the inputs that have no gradient, by name."""
    return {
        named[i]: bare(x) for i, x in enumerate(leaves) if i not in which and isinstance(x, (np.ndarray, Tensor, list))
    }

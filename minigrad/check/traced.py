"""A function of Tensors, whose gradients are made by minigrad's rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..containers import flatten, paths
from ..tensor import Tensor, make
from ..transforms import vjp
from .names import leaf_names, op_of, place_of, quoted, short_path, title_of
from .points import Vector, bare, in_double, output_vector, unit_of_rounding
from .subject import Array, Fault, constant_arrays, spread


class Traced:
    """A function of Tensors, whose gradients minigrad's rules make."""

    fixed = False
    takes_g = True
    noise = 0.0

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        self.f = f
        self.title = title_of(f)
        kwargs = dict(kwargs or {})
        self._leaves, self._rebuild = flatten((tuple(args), kwargs))
        named = leaf_names(f, args) + paths(kwargs)
        self._which = [i for i, leaf in enumerate(self._leaves) if _differentiable(f, named[i], leaf)]
        self.names = list(names or [named[i] for i in self._which])
        self.points = [in_double(self._leaves[i]) for i in self._which]
        self.dtypes = [bare(self._leaves[i]).dtype for i in self._which]
        out = self.call(*[point.copy() for point in self.points])
        self.out = [bare(leaf) for leaf in flatten(out)[0]]
        self.output_shapes = [part.shape for part in self.out if part.dtype.kind in "fc"]
        self.constants = constant_arrays(self._leaves, named, self._which)
        self.eps = unit_of_rounding(out)

    def call(self, *points: Any) -> Any:
        """f at these values of the inputs that have a gradient, as Tensors; the other inputs stay what they are."""
        leaves = list(self._leaves)
        for i, point in zip(self._which, points):
            leaves[i] = point if isinstance(point, Tensor) else make(point, None)
        args, kwargs = self._rebuild(leaves)
        return self.f(*args, **kwargs)

    def moved(self, points: Sequence[Array]) -> Traced:
        """The same function at another point."""
        leaves = list(self._leaves)
        for i, point in zip(self._which, points):
            leaves[i] = point
        args, kwargs = self._rebuild(leaves)
        return Traced(self.f, args, kwargs)

    def compute(self) -> Any:
        return self.call(*[Tensor(point, requires_grad=True) for point in self.points])

    def evaluate(self, points: Sequence[Array]) -> Vector:
        return output_vector([self.call(*points)])

    def pull(self, points: Sequence[Array], g: Vector) -> list[Array | Fault | None]:
        every = list(range(len(self._which)))
        try:
            return self._pull(points, g, every)
        except _RuleFailed:
            return [self._pull_one(points, g, k) for k in every]

    def _pull_one(self, points: Sequence[Array], g: Vector, k: int) -> Array | Fault | None:
        """The gradient of one input alone, so that a rule that fails does not hide what the others give."""
        try:
            (gradient,) = self._pull(points, g, [k])
        except _RuleFailed as failed:
            return _fault(failed.error)
        return gradient

    def _pull(self, points: Sequence[Array], g: Vector, which: Sequence[int]) -> list[Array | Fault | None]:
        def f(*chosen: Any) -> Any:
            leaves: list[Any] = list(points)
            for k, tensor in zip(which, chosen):
                leaves[k] = tensor
            return self.call(*leaves)

        out, pullback = vjp(f, *[points[k] for k in which])
        try:
            return [np.asarray(gradient) for gradient in pullback(spread(g, out))]
        except Exception as error:
            raise _RuleFailed(error) from error

    def where(self, k: int) -> str:
        op = op_of(self.f)
        if op is None:
            return place_of(self.f)
        if k >= len(self.names):
            return place_of(self.f)
        rule = op.rules.get(self.names[k]) or next((op.rules[n] for n in op.rules if self.names[k].startswith(n)), None)
        if rule is None:
            return f"{short_path(op.source)}, the declaration of {op.name}"
        code = rule.function.__code__
        return f"{short_path(code.co_filename)}:{code.co_firstlineno}, the rule for {quoted(rule.names)}"


class _RuleFailed(Exception):
    def __init__(self, error: Exception) -> None:
        self.error = error


_WRONG_SHAPE = re.compile(r"returned a gradient of shape (\([\d, ]*\)); expected")


def _fault(error: Exception) -> Fault:
    found = _WRONG_SHAPE.search(str(error))
    if found:
        return Fault(str(error), tuple(int(n) for n in re.findall(r"\d+", found[1])))
    notes = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
    return Fault(f"{type(error).__name__}: {error}{notes}")


def _differentiable(f: Callable[..., Any], name: str, leaf: Any) -> bool:
    if isinstance(leaf, (Tensor, np.ndarray, np.generic)):
        return bool(leaf.dtype.kind in "fc")
    op = op_of(f)
    if op is not None and name not in op.rules:  # a number, None or bool without a rule is a constant
        return False
    return isinstance(leaf, (float, complex))

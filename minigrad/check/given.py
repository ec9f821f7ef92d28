"""A function that is a black box, and gradients that were computed elsewhere: by hand, or by another framework."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..containers import flatten, paths
from .names import leaf_names, parameters_of, place_of, title_of
from .points import Vector, bare, in_double, output_vector, unit_of_rounding
from .subject import Array, Fault, constant_arrays, spread


class Given:
    """A function of whatever it takes, and gradients that were computed elsewhere: f is a black box."""

    noise = 0.0

    def __init__(self, f: Callable[..., Any], inputs: Sequence[Any], analytic: Any) -> None:
        self.f = f
        self.analytic = analytic
        self.title = title_of(f)
        self.fixed = not callable(analytic)
        self._inputs = tuple(inputs)
        self._leaves, self._rebuild = flatten(self._inputs)
        out = f(*self._inputs)
        self._scalar = output_vector([out]).size == 1
        self.eps = unit_of_rounding(out)
        self.takes_g = callable(analytic) and "g" in parameters_of(analytic)
        if not self._scalar and not self.takes_g:
            raise ValueError(
                f"gradcheck: with analytic= the function must return a scalar; {self.title} returned "
                f"{output_vector([out]).size} elements. Contract them in f, or give analytic a parameter g"
            )
        named = leaf_names(f, self._inputs)
        claimed = self._match(self._claims(self._inputs, np.ones(1) if self._scalar else output_vector([out])), named)
        self._which = [i for i, leaf in enumerate(self._leaves) if i in claimed and _is_floating(leaf)]
        self.names = [named[i] for i in self._which]
        self.points = [in_double(self._leaves[i]) for i in self._which]
        self.dtypes = [bare(self._leaves[i]).dtype for i in self._which]
        self.output_shapes = [bare(leaf).shape for leaf in flatten(out)[0] if bare(leaf).dtype.kind in "fc"]
        self.constants = constant_arrays(self._leaves, named, self._which)
        self._in_double = self._takes_double()

    def _takes_double(self) -> bool:
        """Whether f takes float32 inputs as float64 too: better known, but a black box may insist on what it was given."""
        self._in_double = True
        try:
            self.evaluate(self.points)
        except Exception:
            return False
        return True

    def _arguments(self, points: Sequence[Any]) -> Any:
        leaves = list(self._leaves)
        for i, point, dtype in zip(self._which, points, self.dtypes):
            as_given = point if self._in_double else point.astype(dtype)
            leaves[i] = float(point) if isinstance(leaves[i], float) else as_given
        return self._rebuild(leaves)

    def compute(self) -> Any:
        return None

    def evaluate(self, points: Sequence[Array]) -> Vector:
        return output_vector([self.f(*self._arguments(points))])

    def pull(self, points: Sequence[Array], g: Vector) -> list[Array | Fault | None]:
        arguments = self._inputs if self.fixed else self._arguments(points)
        try:
            claims = self._claims(arguments, g)
        except Exception as error:
            return [Fault(f"{type(error).__name__}: {error}, from the analytic gradient") for _ in self._which]
        claimed = self._match(claims, leaf_names(self.f, self._inputs))
        scale = g[0] if self._scalar and not self.takes_g else 1
        return [None if claimed[i] is None else np.asarray(bare(claimed[i]) * scale) for i in self._which]

    def _claims(self, arguments: Sequence[Any], g: Vector) -> Any:
        if not callable(self.analytic):
            return self.analytic
        return self.analytic(*arguments, **({"g": spread(g, self.f(*arguments))} if self.takes_g else {}))

    def _match(self, claims: Any, named: list[str]) -> dict[int, Any]:
        """The claimed gradient for each leaf of the inputs, by its number: by key in a dict, else by place."""
        count = [len(flatten(x)[0]) for x in self._inputs]
        if isinstance(claims, dict) and not (len(self._inputs) == 1 and not isinstance(self._inputs[0], dict)):
            return self._by_key(claims, named)
        if len(self._inputs) == 1:
            single = (
                isinstance(claims, (tuple, list))
                and len(claims) == 1
                and not isinstance(self._inputs[0], (tuple, list))
            )
            rows = [claims[0] if single else claims]
        else:
            if not isinstance(claims, (tuple, list)) or len(claims) != len(self._inputs):
                got = f"{len(claims)}" if isinstance(claims, (tuple, list)) else f"a {type(claims).__name__}"
                raise ValueError(
                    f"gradcheck: {self.title} has {len(self._inputs)} inputs, so analytic is a tuple of as many "
                    f"gradients (None for an input that has none), or a dict by name; it is {got}"
                )
            rows = list(claims)
        matched: dict[int, Any] = {}
        start = 0
        for x, row, n in zip(self._inputs, rows, count):
            if isinstance(x, dict) and isinstance(row, dict):
                inner = [name.rpartition(".")[2] for name in named[start : start + n]]
                matched |= {start + i: c for i, c in self._by_key(row, inner).items()}
            elif row is not None:
                leaves = flatten(row)[0] if n != 1 or isinstance(x, (list, tuple, dict)) else [row]
                if len(leaves) != n:
                    raise ValueError(f"gradcheck: analytic has {len(leaves)} gradients for an input of {n} arrays")
                matched |= dict(enumerate(leaves, start))
            start += n
        return matched

    def _by_key(self, claims: dict[Any, Any], named: list[str]) -> dict[int, Any]:
        flat = dict(zip(paths(claims), flatten(claims)[0]))
        matched: dict[int, Any] = {}
        for i, name in enumerate(named):
            short = name.rpartition(".")[2]
            key = next((key for key in (name, short, f"d{name}", f"d{short}") if key in flat), None)
            if key is not None:
                matched[i] = flat.pop(key)
        if flat:
            raise ValueError(
                f"gradcheck: analytic has {', '.join(map(repr, flat))}, which no input is called; "
                f"the inputs are {', '.join(map(repr, named))}"
            )
        missing = {
            i: None for i in range(len(named)) if i not in matched and "." not in named[i] and len(self._inputs) == 1
        }
        return missing | matched

    def where(self, k: int) -> str:
        return (
            place_of(self.analytic) if callable(self.analytic) else f"what was given as analytic for {self.names[k]!r}"
        )


def _is_floating(leaf: Any) -> bool:
    return isinstance(leaf, (float, complex)) or getattr(leaf, "dtype", np.dtype(int)).kind in "fc"

"""What is checked: a function, the point it is checked at, and the gradients that are claimed for it.

The checker sees every subject in the same way, be it a function of Tensors, a pair of a forward and a backward
written by hand, or a model and its loss: outputs as one vector, inputs as a list of arrays in double precision.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from ..containers import flatten, paths
from ..op import Op
from ..tensor import Tensor, make
from ..transforms import vjp
from .points import Vector, bare, in_double, output_vector, unit_of_rounding

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
    output_shapes: list[tuple[int, ...]]  # of the floating outputs
    constants: dict[str, Array]  # arrays among the inputs that have no gradient: indices, masks
    fixed: bool  # are the gradients given once and for all, so that neither the point nor g can be drawn again?

    def evaluate(self, points: Sequence[Array]) -> Vector:
        """The outputs at other points."""

    def pull(self, points: Sequence[Array], g: Vector) -> list[Array | Fault | None]:
        """The claimed gradients at these points; None where nothing is claimed."""

    def compute(self) -> Any:
        """The result as a Tensor with its graph; None where the gradients do not come from one."""

    def where(self, k: int) -> str:
        """Where the backward rule for an input stands: file:line and words."""


# -- gradients by minigrad ---------------------------------------------------------------------------------------------


class Traced:
    """A function of Tensors, whose gradients minigrad's rules make."""

    fixed = False

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
        self.constants = _constants(self._leaves, named, self._which)
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

    def _pull_one(self, points: Sequence[Array], g: Vector, k: int) -> Array | Fault:
        """The gradient of one input alone, so that a rule that fails does not hide what the others give."""
        try:
            (gradient,) = self._pull(points, g, [k])
        except _RuleFailed as failed:
            return _fault(failed.error)
        return gradient  # type: ignore[return-value]

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
        op = _op_of(self.f)
        if op is None:
            return place_of(self.f)
        if k >= len(self.names):
            return place_of(self.f)
        rule = op.rules.get(self.names[k]) or next((op.rules[n] for n in op.rules if self.names[k].startswith(n)), None)
        if rule is None:
            return f"{short_path(op.source)}, the declaration of {op.name}"
        code = rule.function.__code__
        return f"{short_path(code.co_filename)}:{code.co_firstlineno}, the rule for {_quoted(rule.names)}"


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


def _differentiable(f: Callable[..., Any], name: str, leaf: Any) -> bool:
    if isinstance(leaf, (Tensor, np.ndarray, np.generic)):
        return bool(leaf.dtype.kind in "fc")
    op = _op_of(f)
    if op is not None and name not in op.rules:  # a number, None or bool without a rule is a constant
        return False
    return isinstance(leaf, (float, complex))


# -- gradients by somebody else ----------------------------------------------------------------------------------------


class Given:
    """A function of whatever it takes, and gradients that were computed elsewhere: f is a black box."""

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
        self._wants_g = callable(analytic) and "g" in parameters_of(analytic)
        if not self._scalar and not self._wants_g:
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
        self.constants = _constants(self._leaves, named, self._which)

    def _arguments(self, points: Sequence[Any]) -> Any:
        leaves = list(self._leaves)
        for i, point in zip(self._which, points):
            leaves[i] = float(point) if isinstance(leaves[i], float) else point
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
        scale = g[0] if self._scalar and not self._wants_g else 1
        return [None if claimed[i] is None else np.asarray(bare(claimed[i]) * scale) for i in self._which]

    def _claims(self, arguments: Sequence[Any], g: Vector) -> Any:
        if not callable(self.analytic):
            return self.analytic
        return self.analytic(*arguments, **({"g": spread(g, self.f(*arguments))} if self._wants_g else {}))

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


def _constants(leaves: Sequence[Any], named: Sequence[str], which: Sequence[int]) -> dict[str, Array]:
    return {
        named[i]: bare(x) for i, x in enumerate(leaves) if i not in which and isinstance(x, (np.ndarray, Tensor, list))
    }


def _is_floating(leaf: Any) -> bool:
    return isinstance(leaf, (float, complex)) or getattr(leaf, "dtype", np.dtype(int)).kind in "fc"


# -- names -------------------------------------------------------------------------------------------------------------


def leaf_names(f: Callable[..., Any], inputs: Sequence[Any]) -> list[str]:
    """A name for each array in the inputs: the parameter's, with the path inside a container."""
    parameters = parameters_of(f)
    names: list[str] = []
    for i, x in enumerate(inputs):
        parameter = parameters[i] if i < len(parameters) else f"input {i}"
        if isinstance(x, dict) and sum(isinstance(other, dict) for other in inputs) == 1:
            names += paths(x)
        else:
            names += paths(x, parameter)
    return names


def title_of(f: Callable[..., Any]) -> str:
    """What a report calls the function."""
    if isinstance(f, functools.partial):
        given = [repr(a) for a in f.args] + [f"{key}={value!r}" for key, value in f.keywords.items()]
        return f"{title_of(f.func)}({', '.join(['...', *given])})"
    if isinstance(f, Op):
        return f.name
    name = getattr(f, "__name__", type(f).__name__)
    return "the function" if name == "<lambda>" else str(name)


def parameters_of(f: Callable[..., Any]) -> list[str]:
    """The names of the parameters, in order."""
    if isinstance(f, Op):
        return list(f.inputs)
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]


def _op_of(f: Callable[..., Any]) -> Op | None:
    while isinstance(f, functools.partial):
        f = f.func
    return f if isinstance(f, Op) else None


def place_of(f: Callable[..., Any]) -> str:
    code = getattr(inspect.unwrap(f), "__code__", None)
    return f"{short_path(code.co_filename)}:{code.co_firstlineno}, {title_of(f)}" if code else title_of(f)


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def short_path(path: str) -> str:
    """A path as the reader would type it from where they are."""
    import os

    file, colon, line = path.rpartition(":")
    if not colon or not line.isdigit():
        file, line = path, ""
    relative = os.path.relpath(file) if os.path.exists(file) else file
    shown = file if relative.startswith("..") else relative
    return f"{shown}:{line}" if line else shown

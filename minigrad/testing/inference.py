"""Calls of an op that declares nothing more than its domain, drawn from its signature."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ..op import Op
from .arrays import arrays, axes, axis, broadcastable, indices, masks, seeds, several
from .arrays import shapes as any_shapes
from .call import Call, Draw
from .values import EVERYWHERE, Domain, Shape, fill

Strategy = st.SearchStrategy[Any]

# Parameters that are no arrays, by the names that NumPy gives them.
_AXES = {"axis", "axes", "dim"}
_SHAPES = {"shape", "size"}
_MASKS = {"mask", "condition", "where"}
_WELL_KNOWN = _AXES | _SHAPES | _MASKS | {"index", "keepdims", "dtype"}


class Signature:
    """The parameters of an op, a partial op or a plain function that a call has to give.

    `arrays` are the inputs that a gradient can go to. A plain function does not say; there every parameter without a
    default is one, but for those with a well-known name (axis, shape, mask, index).
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        inner, fixed, given = function, 0, set[str]()
        while isinstance(inner, functools.partial):
            fixed += len(inner.args)
            given |= set(inner.keywords)
            inner = inner.func
        self.op = inner if isinstance(inner, Op) else None
        parameters = self.op.parameters if self.op else tuple(inspect.signature(inner).parameters.values())
        self.parameters = [p for p in parameters[fixed:] if p.name not in given and p.kind is not p.VAR_KEYWORD]
        self.elementwise = self.op is not None and self.op.elementwise
        self.complex = (
            self.elementwise and "D->D" in "".join(getattr(self.op.forward, "types", ())) if self.op else False
        )
        self.listed = getattr(self.op, "_gathers", None)
        self.arrays = [p.name for p in self.parameters if self._is_array(p)]

    def _is_array(self, p: inspect.Parameter) -> bool:
        if self.op is not None and self.op.rules:
            return p.name in self.op.rules
        return p.default is p.empty and p.name not in _WELL_KNOWN

    def domain(self, name: str) -> Domain:
        """The open interval that the input is declared on."""
        return self.op.domain.get(name, EVERYWHERE) if self.op else EVERYWHERE


def inferred(function: Callable[..., Any]) -> st.SearchStrategy[Call]:
    """Calls of `function` drawn from its signature and domain; a few of them it may refuse."""
    return _calls(function, Signature(function))


@st.composite
def _calls(draw: Draw, function: Callable[..., Any], signature: Signature) -> Call:
    count = len(signature.arrays)
    domains = [signature.domain(name) for name in signature.arrays]
    forms = ["broadcast"] if signature.elementwise or not count else _FORMS.get(count, _FORMS[3])
    start = draw(st.integers(0, len(forms) - 1))
    for form in forms[start:] + forms[:start]:
        shape = _shapes(form, count)
        arrays = dict(zip(signature.arrays, draw(several(count, shape=shape, domains=domains))))
        if signature.complex and draw(st.integers(0, 9)) == 9:
            arrays = {name: fill(x.shape, "gaussian", draw(seeds), dtype=complex) for name, x in arrays.items()}
        elif signature.elementwise and count > 1 and draw(st.integers(0, 9)) == 9:
            name = draw(st.sampled_from(signature.arrays))  # a Python number, which keeps float32 what it is
            arrays[name] = float(fill((), "gaussian", draw(seeds), signature.domain(name)))
        call = _with_arguments(draw, signature, arrays)
        if len(forms) == 1 or _takes(function, call):
            break
    return call


def _takes(function: Callable[..., Any], call: Call) -> bool:
    try:
        with np.errstate(all="ignore"):
            call.of(function)
    except Exception:
        return False
    return True


def _with_arguments(draw: Draw, signature: Signature, values: dict[str, Any]) -> Call:
    """The arrays in their places, and the other arguments drawn to fit the first of them."""
    first = next((x for x in values.values() if isinstance(x, np.ndarray)), np.zeros(()))
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for p in signature.parameters:
        if p.name in values:
            value = values[p.name]
            if p.name == signature.listed or p.kind is p.VAR_POSITIONAL:
                value = [value] + [draw(arrays(value.shape)) for _ in range(draw(st.integers(0, 2)))]
            elif p.default is None and draw(st.booleans()):
                continue
        else:
            value = draw(_argument(p, first.shape))
            if value is p.default:
                continue
        if p.kind is p.VAR_POSITIONAL:
            args += value
        elif p.default is p.empty and p.kind is not p.KEYWORD_ONLY:
            args.append(value)
        else:
            kwargs[p.name] = value
    return Call(tuple(args), kwargs)


def _argument(p: inspect.Parameter, shape: Shape) -> Strategy:
    """A parameter that is no array: by its name, or a number. One with a default stays there, unless it is a bool."""
    if p.name in ("axis", "dim") and (p.default is None or p.default is p.empty or isinstance(p.default, int)):
        return axes(len(shape)) if p.default is None else axis(len(shape))
    if p.name == "keepdims" or isinstance(p.default, bool):
        return st.booleans()
    if p.default is not p.empty:
        return st.just(p.default)
    if p.name in _SHAPES:
        return st.just(shape) | st.integers(1, 3).map(lambda n: (n, *shape))
    if p.name in _MASKS:
        return masks(shape)
    if p.name == "index":
        return indices(shape)
    if p.name == "dtype":
        return st.sampled_from([np.float64, np.float32])
    return st.sampled_from([1, 2, 0.5, 3, 0])


# -- shapes that go together ------------------------------------------------------------------------------------------

_side = st.sampled_from([1, 2, 3, 4, 0])

_FORMS = {
    1: ["equal", "square"],
    2: ["broadcast", "equal", "matrix product", "layer", "last axis", "square", "vectors"],
    3: ["broadcast", "equal", "layer", "transposed layer", "last axis", "matrix product"],
}


def _shapes(form: str, count: int) -> Strategy:
    if form == "broadcast":
        return broadcastable(count)
    if form == "equal":
        return any_shapes().map(lambda shape: (shape,) * count)
    return _linked(form, count)


@st.composite
def _linked(draw: Draw, form: str, count: int) -> tuple[Shape, ...]:
    """Shapes that share sides as products and layers want them."""
    n, m, k = draw(_side), draw(_side), draw(_side)
    stack = draw(any_shapes(max_axes=1))
    if form == "matrix product":
        sides = [n, m, k, *[draw(_side) for _ in range(count - 2)]]
        return tuple((sides[i], sides[i + 1]) for i in range(count))
    if form == "square":
        return ((*stack, n, n),) * count
    if form == "layer":  # x, weight (out, in), bias (out,)
        return ((*stack, n, m), (k, m), *[(k,)] * (count - 2))
    if form == "transposed layer":  # x, weight (in, out), bias (out,)
        return ((*stack, n, m), (m, k), *[(k,)] * (count - 2))
    if form == "last axis":  # x, scale, shift
        return ((*stack, n, m), *[(m,)] * (count - 1))
    assert form == "vectors"
    return ((n,),) * count

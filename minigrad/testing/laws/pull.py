"""One call of an op on Tensors: which inputs a gradient goes to, the outputs, and the way back."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...containers import flatten, paths
from ...graph import Array
from ...op import Rule
from ...transforms import vjp
from ..call import Call
from ..inference import Signature

MISSING = Rule((), lambda g: g, (), None, False)
"""Stands for the rule that an op forgot."""


class Input(NamedTuple):
    """An array of floats among the arguments of a call."""

    position: int  # in Call.leaves()
    name: str  # of the parameter, "x", or "arrays[1]" for a member of a list
    rule: Rule | None  # None: the op is piecewise constant in it


def float_inputs(op: Callable[..., Any], call: Call) -> list[Input]:
    """The arrays of real or complex floats among the arguments, and the rules that they have."""
    signature = Signature(op)
    found: list[Input] = []
    position = 0
    names = [*_spread(signature.parameters, len(call.args)), *call.kwargs]
    for name, value in zip(names, [*call.args, *call.kwargs.values()]):
        if signature.op is None or not signature.op.rules:
            rule = MISSING if signature.op else None
        else:
            rule = signature.op.rules.get(name, MISSING)
        for leaf, path in zip(flatten(value)[0], paths(value, name)):
            if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fc":
                found.append(Input(position, path, rule))
            position += 1
    return found


def _spread(parameters: Sequence[inspect.Parameter], count: int) -> list[str]:
    """The names of the parameters that `count` positional arguments go to; `*arrays` takes all that are left."""
    names: list[str] = []
    for p in parameters:
        names += [p.name] * (count - len(names) if p.kind is p.VAR_POSITIONAL else 1)
    return names[:count]


class Pull:
    """The outputs of `op` for `call`, and a function that pulls gradients of them back to the inputs.

    Attributes
    ----------
    inputs, xs
        The inputs that have a rule, and their arrays.
    outputs
        The arrays that the op gave.
    """

    def __init__(self, op: Callable[..., Any], call: Call) -> None:
        self.op = op
        self.call = call
        self.plain_function = Signature(op).op is None
        self.inputs = [x for x in float_inputs(op, call) if self.plain_function or x.rule not in (None, MISSING)]
        leaves = call.leaves()
        self.xs: list[Array] = [leaves[x.position] for x in self.inputs]
        self.pullback: Callable[[Any], Any] = lambda g: ()
        if self.xs:
            out, self.pullback = vjp(self.forward, *self.xs)
        else:
            out = self.forward()
        self.outputs: list[Array] = [np.asarray(part) for part in out]

    def forward(self, *xs: Any) -> list[Any]:
        """The outputs as a list, for other arrays (or Tensors) in the places of the inputs."""
        changed = self.call.replaced({x.position: value for x, value in zip(self.inputs, xs)})
        return flatten(changed.of(self.op))[0]

    def back(self, gs: Sequence[Array]) -> list[Array]:
        """The gradients of the inputs, for one gradient of each output."""
        return list(self.pullback(list(gs)))

    def cotangents(self, rng: np.random.Generator) -> list[Array]:
        """A random gradient for each output; zeros for outputs that are not floats."""
        return [cotangent(out, rng) for out in self.outputs]


def cotangent(out: Array, rng: np.random.Generator) -> Array:
    """Gaussian numbers of the shape and dtype of `out`: a gradient of all ones would hide a rule that ignores it."""
    if out.dtype.kind not in "fc":
        return np.zeros(out.shape, out.dtype)
    g = rng.standard_normal(out.shape)
    return np.asarray(g + 1j * rng.standard_normal(out.shape) if out.dtype.kind == "c" else g).astype(out.dtype)


def usable(op: Callable[..., Any], call: Call) -> bool:
    """Whether the forward takes the call and gives finite numbers: others tell nothing about a gradient."""
    try:
        with np.errstate(all="ignore"):
            outputs = [np.asarray(out) for out in flatten(call.of(op))[0]]
    except Exception:
        return False
    return all(out.dtype.kind not in "fc" or bool(np.isfinite(out).all()) for out in outputs)


def cast(call: Call, real: Any) -> Call:
    """The call with every array of floats in another precision, complex ones in the one that goes with it."""
    real = np.dtype(real)
    pairs = {"f": real, "c": np.result_type(real, np.complex64)}
    return call.map(lambda x: x.astype(pairs[x.dtype.kind]) if x.dtype.kind in pairs else x)

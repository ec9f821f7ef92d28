"""Laws of agreement with NumPy, for the ops that bear the name of a NumPy function: a wrong forward shows nowhere else."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ...containers import flatten
from ...op import Op
from ...tensor import Tensor
from ..call import Call
from .failure import Failure, difference
from .pull import float_inputs

Rng = np.random.Generator

OPERATORS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "power": operator.pow,
    "matmul": operator.matmul,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
    "bitwise_and": operator.and_,
    "bitwise_or": operator.or_,
    "bitwise_xor": operator.xor,
    "negative": operator.neg,
    "positive": operator.pos,
    "absolute": operator.abs,
    "invert": operator.invert,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "equal": operator.eq,
    "not_equal": operator.ne,
    "getitem": operator.getitem,
}

DTYPES = (("float32",), ("int64",), ("bool",), ("float32", "float64", "int32"))
UNDEFINED = {"empty_like"}  # whose values are whatever was in memory


def numpys(op: Callable[..., Any]) -> Callable[..., Any] | None:
    """NumPy's function of the op's name, for a built-in op."""
    if not isinstance(op, Op) or not op.built_in:
        return None
    function: Any = np
    for part in op.name.split("."):
        function = getattr(function, part, None)
    return function if callable(function) and not isinstance(function, type) else None


def value_as_numpy(op: Callable[..., Any], call: Call, rng: Rng) -> Failure | None:
    """Value, shape and dtype are NumPy's, for bare arrays and for Tensors, in float64, float32, integers and mixtures."""
    function = numpys(op)
    if function is None:
        return None
    kinds = [call, *[_with_dtypes(call, dtypes) for dtypes in DTYPES]]
    return next(filter(None, (_compare(op, function, kind) for kind in kinds)), None)


def refusal_as_numpy(op: Callable[..., Any], call: Call, rng: Rng) -> Failure | None:
    """Bad arguments raise the exception that NumPy raises: an unknown keyword, an axis that is not there, bad shapes."""
    function = numpys(op)
    if function is None:
        return None
    unknown = _outcome(op, Call(call.args, call.kwargs | {"no_such_argument": 1}))
    if not isinstance(unknown, TypeError):
        return Failure("refusal as NumPy", "an unknown keyword must raise TypeError", {"gives": unknown})
    return _compare(op, function, _spoilt(call))


def through_numpy(op: Callable[..., Any], call: Call, rng: Rng) -> Failure | None:
    """`np.name(tensor)`, `tensor.name()` and the operator give Tensors with the values of `mg.name`."""
    if not isinstance(op, Op) or not op.built_in:
        return None
    ways: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {}
    function = numpys(op)
    if function is not None:
        ways[f"np.{op.name}"] = (function, function)
    if op.name in OPERATORS and not call.kwargs:
        ways["the operator"] = (OPERATORS[op.name], OPERATORS[op.name])
    positions = {x.position for x in float_inputs(op, call)}
    if 0 in positions and callable(getattr(np.ndarray, op.name, None)) and hasattr(Tensor, op.name):
        ways[f"the method .{op.name}"] = (_method(op.name), _method(op.name))
    tensors = call.replaced({i: Tensor(leaf) for i, leaf in enumerate(call.leaves()) if i in positions})
    for name, (on_tensors, on_arrays) in ways.items():
        if not positions:
            continue
        expected = _outcome(on_arrays, call)
        if isinstance(expected, Exception):
            continue  # a method that does not take these arguments
        got = _outcome(on_tensors, tensors)
        if isinstance(got, Exception):
            return Failure("through NumPy", f"{name} of a Tensor raises {_brief(got)}", {})
        if not all(isinstance(part, Tensor) for part in flatten(got)[0]):
            return Failure("through NumPy", f"{name} of a Tensor gives a {type(flatten(got)[0][0]).__name__}", {})
        found = _different(got, expected, op.name in UNDEFINED)
        if found:
            return Failure("through NumPy", f"{name} of a Tensor is not {name} of its array", found)
    return None


def _compare(op: Op | Callable[..., Any], function: Callable[..., Any], call: Call) -> Failure | None:
    name = getattr(op, "name", "the op")
    expected = _outcome(function, call)
    positions = [i for i, leaf in enumerate(call.leaves()) if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fc"]
    tensors = call.replaced({i: Tensor(call.leaves()[i]) for i in positions})
    for what, given in (("arrays", call), ("Tensors", tensors)):
        got = _outcome(op, given)
        if isinstance(expected, Exception):
            if not isinstance(got, type(expected)) and not isinstance(expected, type(got)):
                outcome = f"raises {_brief(got)}" if isinstance(got, Exception) else "gives a result"
                return Failure(
                    "refusal as NumPy",
                    f"np.{name} raises {_brief(expected)}; on {what} mg.{name} {outcome}",
                    {"call": call},
                )
            continue
        if isinstance(got, Exception):
            return Failure(
                "value as NumPy", f"on {what} mg.{name} raises {_brief(got)}; np.{name} does not", {"call": call}
            )
        found = _different(got, expected, name in UNDEFINED)
        if found:
            return Failure("value as NumPy", f"on {what} mg.{name} is not np.{name}", {"call": call, **found})
    return None


def _outcome(function: Callable[..., Any], call: Call) -> Any:
    call = call.map(np.array)
    try:
        with np.errstate(all="ignore"):
            result = call.of(function)
        return call.args[0] if result is None else result  # put_along_axis and its like write; the op gives a copy
    except Exception as error:
        return error


def _different(got: Any, expected: Any, undefined: bool = False) -> dict[str, Any] | None:
    ours, theirs = flatten(got)[0], flatten(expected)[0]
    ours = [part.data if isinstance(part, Tensor) else part for part in ours]
    if undefined:
        ours, theirs = [np.zeros_like(a) for a in ours], [np.zeros_like(b) for b in theirs]
    for a, b in zip(ours, theirs):
        if np.asarray(a).dtype != np.asarray(b).dtype:
            return {"dtype": f"{np.asarray(a).dtype}, expected {np.asarray(b).dtype}"}
    eps = max((float(np.finfo(b.dtype).eps) for b in map(np.asarray, theirs) if b.dtype.kind in "fc"), default=0.0)
    return difference("value", ours, theirs, 1e3 * eps, 100 * eps)


def _with_dtypes(call: Call, dtypes: tuple[str, ...]) -> Call:
    """The first array of floats in the first dtype, the second in the second, and round again."""
    row = itertools.cycle(dtypes)

    def change(x: Any) -> Any:
        if x.dtype.kind != "f":
            return x
        with np.errstate(all="ignore"):
            return x.astype(next(row))

    return call.map(change)


def _spoilt(call: Call) -> Call:
    """The call with an axis that is not there, else with an array whose shape does not fit, else without arguments."""
    if isinstance(call.kwargs.get("axis"), int):
        return Call(call.args, call.kwargs | {"axis": 9})
    arrays = [i for i, leaf in enumerate(call.leaves()) if isinstance(leaf, np.ndarray)]
    return call.replaced({arrays[0]: np.ones((7, 1, 11))}) if len(arrays) > 1 else Call((), {})


def _method(name: str) -> Callable[..., Any]:
    return lambda x, *args, **kwargs: getattr(x, name)(*args, **kwargs)


def _brief(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"

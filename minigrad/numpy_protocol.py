"""How NumPy's own functions reach our ops: `np.sin(tensor)` asks here for the op that was declared with `np.sin`.

The protocols are NumPy's NEP 13 (`__array_ufunc__`) and NEP 18 (`__array_function__`).
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

# Filled as ops are declared: the NumPy function, and the op that serves it.
served: dict[Any, Any] = {}

_REDUCTIONS: dict[np.ufunc, Any] = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}
_SCANS: dict[np.ufunc, Any] = {np.add: np.cumsum, np.multiply: np.cumprod}


def name_of(function: Any) -> str:
    """`np.linalg.inv` for NumPy's own functions, the plain name for others."""
    name = str(getattr(function, "__name__", function))
    if isinstance(function, np.ufunc):
        return f"np.{name}" if getattr(np, name, None) is function else name
    module = str(getattr(function, "__module__", "") or "")
    return f"{module.replace('numpy', 'np', 1)}.{name}" if module.startswith("numpy") else name


def call_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Serve `ufunc(...)`, and `ufunc.reduce` and `ufunc.accumulate` where they are a sum, a product or an extreme."""
    function: Any = ufunc
    if method == "reduce":
        function = _REDUCTIONS.get(ufunc)
        kwargs = {"axis": 0} | kwargs
    elif method == "accumulate":
        function = _SCANS.get(ufunc)
        kwargs = {"axis": 0} | kwargs
    name = name_of(ufunc) + ("" if method == "__call__" else f".{method}")
    op = served.get(function) if method in ("__call__", "reduce", "accumulate") else None
    if op is None:
        raise TypeError(_no_rule(name))
    return op(*inputs, **_without_out(name, kwargs))


def call_function(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Serve any other function of NumPy's: its arguments are handed to the op by the op's own names."""
    op = served.get(function)
    if op is None:
        raise TypeError(_no_rule(name_of(function)))
    names = _parameters(function)
    if names and (len(args) > 1 or kwargs):
        kwargs = _without_out(name_of(function), dict(zip(names, args)) | kwargs)
        # NumPy calls its arrays a, m, ary, ...; the ops call theirs x, at the same place.
        ours = {theirs: name for theirs, name in zip(names, op.inputs) if theirs not in op.inputs and name not in names}
        kwargs = {ours.get(key, key): value for key, value in kwargs.items() if value is not np._NoValue}
        args = ()
    return op(*args, **kwargs)


@functools.cache
def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a function's parameters; nothing where it takes `*args`, which have no names to hand on."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        return ()
    return () if any(p.kind is p.VAR_POSITIONAL for p in parameters) else tuple(p.name for p in parameters)


def _without_out(name: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    if kwargs.get("out") is not None:
        raise TypeError(
            f"{name}: out= (or an in-place operator on an array) would write over a value that the graph may need; "
            "assign the result instead: y = y + x"
        )
    return {key: value for key, value in kwargs.items() if key != "out"}


def _no_rule(name: str) -> str:
    short = name.rsplit(".", 1)[-1]
    near = difflib.get_close_matches(short, {name_of(f).rsplit(".", 1)[-1] for f in served}, n=1)
    hint = f" The nearest name that has one is {near[0]!r}." if near else ""
    return (
        f"{name} has no derivative rule in minigrad, so it does not take a Tensor.{hint} "
        "Declare it with minigrad.op, or pass tensor.detach().numpy() where no gradient is wanted"
    )


# -- methods and operators --------------------------------------------------------------------------------------------

_BINARY = {
    "add": "add",
    "subtract": "sub",
    "multiply": "mul",
    "divide": "truediv",
    "power": "pow",
    "matmul": "matmul",
    "floor_divide": "floordiv",
    "remainder": "mod",
    "bitwise_and": "and",
    "bitwise_or": "or",
    "bitwise_xor": "xor",
}
_UNARY = {"negative": "neg", "positive": "pos", "absolute": "abs", "invert": "invert"}
_COMPARISONS = {
    "less": "lt",
    "less_equal": "le",
    "greater": "gt",
    "greater_equal": "ge",
    "equal": "eq",
    "not_equal": "ne",
}
_IN_PLACE = {"sort", "partition", "put", "fill", "resize"}  # array methods that write: a Tensor has the functions only


_built_in: list[Any] = []


def serve(op: Any, tensor: type) -> None:
    """Reach a built-in op through NumPy's function of its name, and as the method or operator that arrays have."""
    _built_in.append(op)
    function: Any = np
    for part in op.name.split("."):
        function = getattr(function, part, None)
    if callable(function):
        served.setdefault(function, op)
    name = op.name
    if callable(getattr(np.ndarray, name, None)) and name not in _IN_PLACE and not hasattr(tensor, name):
        setattr(tensor, name, op.__call__)
    if name in _BINARY:
        setattr(tensor, f"__{_BINARY[name]}__", op.__call__)
        setattr(tensor, f"__r{_BINARY[name]}__", _reflected(op))
    elif name in _COMPARISONS:
        setattr(tensor, f"__{_COMPARISONS[name]}__", op.__call__)
    elif name in _UNARY:
        setattr(tensor, f"__{_UNARY[name]}__", op.__call__)


def aliases() -> dict[str, Any]:
    """NumPy's further names for functions that are served: `abs`, `conj`, `acos`, `concat`, `amax`, ..."""
    found = {name: served.get(f) for name, f in vars(np).items() if callable(f) and not isinstance(f, type)}
    return {name: op for name, op in found.items() if getattr(op, "name", name) != name}


def namespace(module: Any, prefix: str) -> dict[str, Any]:
    """What minigrad has of one of NumPy's modules, and ops of our own whose names begin with `prefix`."""
    shared = {name: served[f] for name, f in vars(module).items() if callable(f) and f in served}
    own = {op.name.removeprefix(prefix): op for op in _built_in if op.name.startswith(prefix)}
    return shared | own


def serve_aliases(tensor: type) -> None:
    """Methods for those of the further names that arrays have as methods."""
    for name, op in aliases().items():
        if callable(getattr(np.ndarray, name, None)) and name not in _IN_PLACE and not hasattr(tensor, name):
            setattr(tensor, name, op.__call__)


def _reflected(op: Any) -> Callable[[Any, Any], Any]:
    call = op.__call__
    return lambda self, other: call(other, self)

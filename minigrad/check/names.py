"""What reports call things: functions, inputs, places in files."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Sequence
from typing import Any

from ..containers import paths
from ..op import Op


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


def target_of(op: Any) -> str:
    """What to call an op, or a function, on the command line."""
    while isinstance(op, functools.partial):
        op = op.func
    if isinstance(op, Op):
        return op.name if op.built_in else f"{short_path(op.source).rpartition(':')[0]}:{op.name}"
    code = getattr(op, "__code__", None)
    return f"{short_path(code.co_filename)}:{title_of(op)}" if code else title_of(op)


def parameters_of(f: Callable[..., Any]) -> list[str]:
    """The names of the parameters, in order."""
    if isinstance(f, Op):
        return list(f.inputs)
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]


def op_of(f: Callable[..., Any]) -> Op | None:
    """The op that is called in the end, through any `functools.partial`."""
    while isinstance(f, functools.partial):
        f = f.func
    return f if isinstance(f, Op) else None


def place_of(f: Callable[..., Any]) -> str:
    """file:line of a function, and its name."""
    code = getattr(inspect.unwrap(f), "__code__", None)
    return f"{short_path(code.co_filename)}:{code.co_firstlineno}, {title_of(f)}" if code else title_of(f)


def quoted(names: Sequence[str]) -> str:
    """Names as a report writes them."""
    return ", ".join(f'"{name}"' for name in names)


def short_path(path: str) -> str:
    """A path as the reader would type it from where they are."""
    file, colon, line = path.rpartition(":")
    if not colon or not line.isdigit():
        file, line = path, ""
    relative = os.path.relpath(file) if os.path.exists(file) else file
    shown = file if relative.startswith("..") else relative
    return f"{shown}:{line}" if line else shown

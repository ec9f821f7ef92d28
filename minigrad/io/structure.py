"""Nested states as flat names of arrays, and a JSON text that says how the names nest and keeps what is no array.

In JSON an array is {"$array": name}; a dict whose keys are no strings, or begin with "$", is
{"$dict": [[key, value], ...]}.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..tensor import Tensor

Array = npt.NDArray[Any]


def take_apart(value: Any, arrays: dict[str, Array], name: str = "") -> Any:
    """`value` as JSON knows it; its arrays go into `arrays`, by their dotted paths."""
    if hasattr(value, "state_dict"):
        value = value.state_dict()
    if isinstance(value, np.random.Generator):
        value = value.bit_generator.state
    if isinstance(value, (Tensor, np.ndarray, np.generic)):
        array = np.asarray(value.data if isinstance(value, Tensor) else value)
        if array.dtype.kind not in "biufc":
            raise TypeError(f"save: {name or 'the state'} is an array of {array.dtype}; only numbers are stored")
        flat = name
        while flat in arrays or flat in ("", "__metadata__"):  # {"a.b": x, "a": {"b": y}} has two of one path
            flat += "_"
        arrays[flat] = array
        return {"$array": flat}
    if isinstance(value, Mapping):
        items = [(key, take_apart(item, arrays, _joined(name, key))) for key, item in value.items()]
        if all(isinstance(key, str) and not key.startswith("$") for key, _ in items):
            return dict(items)
        return {"$dict": [[take_apart(key, {}, f"a key of {name}"), item] for key, item in items]}
    if isinstance(value, (list, tuple)):
        return [take_apart(item, arrays, _joined(name, i)) for i, item in enumerate(value)]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"save: {name or 'the state'} is a {type(value).__name__}, which cannot be stored")


def put_together(value: Any, arrays: Mapping[str, Array]) -> Any:
    """The reverse; tuples have become lists."""
    if isinstance(value, dict):
        if "$array" in value:
            return arrays[value["$array"]]
        items = value["$dict"] if "$dict" in value else value.items()
        return {key: put_together(item, arrays) for key, item in items}
    if isinstance(value, list):
        return [put_together(item, arrays) for item in value]
    return value


def _joined(path: str, key: Any) -> str:
    return f"{path}.{key}" if path else str(key)

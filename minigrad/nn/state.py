"""Loading a state into a module: all of it, or nothing and a list of what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..tensor import Tensor

if TYPE_CHECKING:
    from .module import Module


def bare(value: Any) -> Any:
    """The array of a Tensor; anything else as it is."""
    return value.data if isinstance(value, Tensor) else value


def load_state(module: Module, state: Mapping[str, Any], strict: bool) -> tuple[list[str], list[str]]:
    """What `Module.load_state_dict` does."""
    places = {key: (owner, name) for key, owner, name in module._state()}
    arrays = {key: np.asarray(bare(value)) for key, value in state.items()}
    missing = [key for key in places if key not in arrays]
    unexpected = [key for key in arrays if key not in places]
    faults = [f"missing: {key}" for key in missing] + [f"unexpected: {key}" for key in unexpected] if strict else []
    new = {}
    for key, (owner, name) in places.items():
        if key not in arrays:
            continue
        here, given = np.asarray(bare(owner.__dict__[name])), arrays[key]
        if given.shape != here.shape and not owner.takes_shape(name, given.shape):
            faults.append(f"shape: {key} is {here.shape} here and {given.shape} in the state")
        elif not np.can_cast(given.dtype, here.dtype, "same_kind"):
            faults.append(f"dtype: {key} is {here.dtype} here and {given.dtype} in the state")
        else:
            new[key] = np.array(given, dtype=here.dtype)
    if faults:
        raise ValueError(f"{type(module).__name__}.load_state_dict changed nothing:\n  " + "\n  ".join(faults))
    for key, array in new.items():
        owner, name = places[key]
        here = owner.__dict__[name]
        if isinstance(here, Tensor):
            here.data = array
        else:
            owner.__dict__[name] = array
    return missing, unexpected

"""Files of nested dicts of arrays and numbers, `.npz` or `.safetensors`, without pickles.

A file holds its arrays under flat names, so that other programs read them, and a JSON text, "structure", that says how
the names nest and keeps what is no array. A save that is killed never harms the old file: the new one is written beside
it and takes its place when it is whole.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from . import npz, safetensors
from .structure import put_together, take_apart
from .whole import write_whole

_FORMATS = {".npz": npz, ".safetensors": safetensors}


def save(path: str | os.PathLike[str], state: Any = None, /, **named: Any) -> None:
    """Write a state to a file, so that at any moment either the old file is there or the new one.

    `save(path, model)`, `save(path, {name: array})`, or `save(path, model=model, optimizer=optimizer, epoch=3)`.

    Parameters
    ----------
    path
        Ends in .npz or .safetensors.
    state, named
        Anything with a `state_dict` (modules, optimizers, schedules), a `numpy.random.Generator`, arrays, Tensors,
        numbers, text, None, and dicts and lists of these.

    Raises
    ------
    ValueError
        for another ending.
    TypeError
        for what cannot be stored, by its name. The old file is untouched then.

    >>> import os, tempfile
    >>> import numpy as np, minigrad as mg
    >>> path = os.path.join(tempfile.mkdtemp(), "state.npz")
    >>> mg.io.save(path, weights={"w": np.array([1.0, 2.0])}, epoch=3)
    >>> mg.io.load(path)
    {'weights': {'w': array([1., 2.])}, 'epoch': 3}
    """
    path = Path(path)
    if (state is None) == (not named):
        raise TypeError("save takes a path and one state, or a path and named states")
    arrays: dict[str, Any] = {}
    structure = take_apart(named if state is None else state, arrays)
    if not isinstance(structure, dict) or "$array" in structure:
        raise TypeError(f"save: {type(state).__name__} is no dict, and has no state_dict")
    write = _format(path, "save").write
    flat = structure == {name: {"$array": name} for name in arrays}  # then the names say it all
    write_whole(path, lambda file: write(file, arrays, None if flat else json.dumps(structure)))


def load(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What `save` was given, with arrays for Tensors and state_dicts for objects; of other files, a dict of arrays.

    Raises
    ------
    FileNotFoundError
    ValueError
        for a file that is truncated, damaged, or of another kind; the message names it. Nothing is ever unpickled.
    """
    path = Path(path)
    read = _format(path, "load").read
    with open(path, "rb") as file:
        try:
            arrays, text = read(file)
            state = arrays if text is None else put_together(json.loads(text), arrays)
        except Exception as error:  # whatever the readers of damaged bytes run into
            raise ValueError(f"load: {path} is damaged, or no {path.suffix} file: {error}") from error
    if not isinstance(state, dict):
        raise ValueError(f"load: {path} is damaged: its structure is no dict")
    return state


def _format(path: Path, who: str) -> Any:
    if path.suffix not in _FORMATS:
        raise ValueError(f"{who}: {path} ends in {path.suffix!r}; it must end in .npz or .safetensors")
    return _FORMATS[path.suffix]

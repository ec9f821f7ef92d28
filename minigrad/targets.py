"""What the shell commands work on: an op's name, `file.py`, or `file.py:name`."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from .declare import ops


class NoTarget(Exception):
    """The target cannot be found or run; the message is one line for the shell."""


def find(target: str) -> dict[str, Any]:
    """The objects that `target` names: one op, one object of a file, or all that the file defines.

    Raises
    ------
    NoTarget
        for a name that is no op, a file that is not there or does not run, and a name that the file lacks.
    """
    if target in ops:
        return {target: ops[target]}
    path, _, name = target.partition(".py:")
    if name:
        path += ".py"
    if not path.endswith(".py"):
        raise NoTarget(f"{target}: no op has this name (minigrad ops lists them), and it is no file.py or file.py:name")
    if not Path(path).is_file():
        raise NoTarget(f"{path}: there is no such file")
    try:
        found = runpy.run_path(path, run_name="minigrad_target")
    except BaseException as error:  # whatever the file does, SystemExit included, is one line here
        if isinstance(error, KeyboardInterrupt):
            raise
        raise NoTarget(f"{path}: {type(error).__name__} while running it: {error}") from error
    if not name:
        return {key: value for key, value in found.items() if not key.startswith("_")}
    if name not in found:
        raise NoTarget(f"{path}: it defines no {name!r}")
    return {name: found[name]}

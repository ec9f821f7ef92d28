"""Writing a file all at once: whoever looks, at any time, finds the old one or the new one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file beside `path` and let it take the place of what is there, in one step of the file system.

    Raises
    ------
    FileNotFoundError
        where the folder is not there.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path}: there is no folder {path.parent}")
    path = Path(os.path.realpath(path))  # the file that a link points to, not the link
    unfinished = tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False)  # noqa: SIM115  # it is renamed
    try:
        with unfinished as file:
            write(file)  # type: ignore[arg-type]  # a wrapper, with all that a BinaryIO has
            file.flush()
            os.fsync(file.fileno())
        os.chmod(unfinished.name, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        os.replace(unfinished.name, path)
    except BaseException:
        os.unlink(unfinished.name)
        raise
    if hasattr(os, "O_DIRECTORY"):  # the new name is safe only when the directory is
        directory = os.open(path.parent, os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

"""Arrays in NumPy's `.npz`: a zip of `.npy` files, and one of JSON, which numpy.load hands out as bytes."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

STRUCTURE = "structure.json"


def write(file: BinaryIO, arrays: Mapping[str, npt.NDArray[Any]], structure: str | None) -> None:
    """Write the arrays, and the structure if there is one."""
    with zipfile.ZipFile(file, "w") as archive:
        if structure is not None:
            archive.writestr(STRUCTURE, structure)
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def read(file: BinaryIO) -> tuple[dict[str, npt.NDArray[Any]], str | None]:
    """The arrays, and the structure if the file has one. Checksums are checked; nothing is unpickled."""
    arrays, structure = {}, None
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            with archive.open(name) as member:
                if name == STRUCTURE:
                    structure = member.read().decode()
                else:
                    array = np.lib.format.read_array(member, allow_pickle=False)
                    member.read()  # the checksum is looked at when the end is reached
                    arrays[name.removesuffix(".npy")] = array
    return arrays, structure

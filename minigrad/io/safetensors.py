"""Arrays in `.safetensors`: eight bytes that say how long the header is, a JSON header, and the arrays' bytes in a row.

The header says the dtype, shape and place of each array. https://github.com/huggingface/safetensors describes it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, BinaryIO
from zlib import crc32

import numpy as np
import numpy.typing as npt

_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "<i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "<u1",
    "BOOL": "|b1",
    "C64": "<c8",
}
_NAMES = {np.dtype(dtype): name for name, dtype in _DTYPES.items()}
_LONGEST = 100_000_000  # bytes of a header, the format's own limit


def write(file: BinaryIO, arrays: Mapping[str, npt.NDArray[Any]], structure: str | None) -> None:
    """Write the arrays, with the structure, if there is one, and a checksum as metadata."""
    at, checksum, places = 0, 0, {}
    # Larger elements first, so that each array begins at a multiple of its element's size.
    order = sorted(arrays, key=lambda name: -arrays[name].dtype.itemsize)
    for name in order:
        if _little(arrays[name]).dtype not in _NAMES:
            raise TypeError(f"save: {name} has dtype {arrays[name].dtype}, which .safetensors does not have; use .npz")
        row = _little(arrays[name]).tobytes()
        places[name] = [at, at + len(row)]
        at += len(row)
        checksum = crc32(row, checksum)
    metadata = {"crc32": str(checksum)} | ({} if structure is None else {"structure": structure})
    header: dict[str, Any] = {"__metadata__": metadata}
    for name, array in arrays.items():
        kind = _NAMES[_little(array).dtype]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": places[name]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little") + text)
    for name in order:
        file.write(_little(arrays[name]).tobytes())


def _little(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


def read(file: BinaryIO) -> tuple[dict[str, npt.NDArray[Any]], str | None]:
    """The arrays, and the structure if the file has one. bfloat16 becomes float32, which holds it exactly."""
    first = file.read(8)
    length = int.from_bytes(first, "little")
    if len(first) < 8 or length > _LONGEST:
        raise ValueError("it has no header")
    text = file.read(length)
    if len(text) < length:
        raise ValueError(f"the header should be {length} bytes long and is cut off after {len(text)}")
    header = json.loads(text)
    data = file.read()
    metadata = header.pop("__metadata__", {})
    if str(crc32(data)) != metadata.get("crc32", str(crc32(data))):
        raise ValueError("the arrays do not have the checksum that the header says")
    arrays, end = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, stop = entry["data_offsets"]
        if begin != end:
            raise ValueError(f"{name} begins at {begin}, where {end} is the end of what comes before")
        end = stop
        arrays[name] = _array(name, entry["dtype"], tuple(entry["shape"]), data[begin:stop], stop - begin)
    if end != len(data):
        raise ValueError(f"the arrays should be {end} bytes long, and {len(data)} are there")
    return {name: arrays[name] for name in header}, metadata.get("structure")


def _array(name: str, kind: str, shape: tuple[int, ...], data: bytes, length: int) -> npt.NDArray[Any]:
    if kind != "BF16" and kind not in _DTYPES:
        raise ValueError(f"{name} has dtype {kind}, which NumPy does not have")
    dtype = np.dtype("<u2" if kind == "BF16" else _DTYPES[kind])
    if length != math.prod(shape) * dtype.itemsize or len(data) != length:
        raise ValueError(f"{name} of shape {shape}, {kind}, has {len(data)} bytes")
    array = np.frombuffer(data, dtype).reshape(shape)
    if kind == "BF16":  # the upper half of a float32
        return (array.astype("<u4") << 16).view("<f4")
    return array.astype(dtype.newbyteorder("="))

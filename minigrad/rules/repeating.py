"""Repeating: elements that come out more than once. The gradient is summed over the copies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from .. import numpy_protocol
from ..backward import unbroadcast
from ..declare import elementwise, op
from ..graph import Array
from .axes import Shape, options
from .scattering import scattered

Repeats = int | Sequence[int]

# -- filling a shape ---------------------------------------------------------------------------------------------------

broadcast_to = elementwise(
    lambda x, shape: np.broadcast_to(x, shape), "x, repeated to fill a shape", name="broadcast_to", x=lambda g: g
)


@op
def broadcast_arrays(*arrays: Array) -> tuple[Array, ...]:
    """Arrays, each repeated to the shape that all of them broadcast to."""
    return tuple(np.broadcast_arrays(*arrays))


@broadcast_arrays.vjp("arrays")
def _(g: tuple[Array, ...], arrays_shape: list[Shape]) -> list[Array]:
    return [unbroadcast(part, shape) for part, shape in zip(g, arrays_shape)]


@op
def meshgrid(*arrays: Array, copy: bool = True, sparse: bool = False, indexing: Any = "xy") -> tuple[Array, ...]:
    """The coordinates of a grid, from those along each axis. Each gets the sum of g over the other axes.

    With indexing "xy" the first array runs along axis 1 and the second along axis 0, with "ij" the k-th along axis k.
    """
    return tuple(np.meshgrid(*arrays, sparse=sparse, indexing=indexing, **options(copy=copy)))


@meshgrid.vjp("arrays")
def _(g: tuple[Array, ...], arrays_shape: list[Shape], indexing: str) -> list[Array]:
    axes = list(range(len(g)))
    if indexing == "xy":
        axes[:2] = axes[:2][::-1]
    return [
        part.sum(axis=tuple(a for a in axes if a != along)).reshape(shape)
        for part, shape, along in zip(g, arrays_shape, axes)
    ]


# -- copies beside each other, or of each element ----------------------------------------------------------------------


@op
def tile(x: Array, reps: Repeats) -> Array:
    """x, repeated as a whole `reps` times along each axis."""
    return np.tile(x, reps)


@tile.vjp("x")
def _(g: Array, x_shape: Shape, reps: Any) -> Array:
    times = tuple(reps) if np.ndim(reps) else (reps,)
    times = (1,) * (len(x_shape) - len(times)) + times
    lengths = (1,) * (len(times) - len(x_shape)) + x_shape
    copies = g.reshape(tuple(n for pair in zip(times, lengths) for n in pair))
    return copies.sum(axis=tuple(range(0, copies.ndim, 2))).reshape(x_shape)


@op
def repeat(x: Array, repeats: Repeats, axis: int | None = None) -> Array:
    """Each element along an axis `repeats` times, or each its own number of times; flattened first, with axis=None."""
    return np.repeat(x, repeats, axis)


@repeat.vjp("x")
def _(g: Array, x_shape: Shape, repeats: Any, axis: int | None) -> Array:
    shape = (math.prod(x_shape),) if axis is None or not x_shape else x_shape
    a = (axis or 0) % len(shape)
    times = np.asarray(repeats, int).ravel()
    if times.size == 1:
        copies = g.reshape(shape[: a + 1] + (int(times[0]),) + shape[a + 1 :]).sum(axis=a + 1)
    else:
        copies = scattered(g, (slice(None),) * a + (np.repeat(np.arange(shape[a]), times),), shape)
    return copies.reshape(x_shape)


@op
def resize(x: Array, new_shape: Repeats) -> Array:
    """The elements of x in another shape of any size: from the first again where they do not suffice, or cut off."""
    return np.resize(x, new_shape)


@resize.vjp("x")
def _(g: Array, x_shape: Shape) -> Array:
    size = math.prod(x_shape)
    g = g.reshape((g.size,))
    if not size:  # NumPy fills the new shape with zeros then
        return g[:0].reshape(x_shape)
    g = np.pad(g, (0, -g.size % size))
    return g.reshape((g.size // size, size)).sum(axis=0).reshape(x_shape)


# -- windows -----------------------------------------------------------------------------------------------------------


def _window(shape: Shape, window_shape: Any, axis: Any) -> tuple[Shape, Shape]:
    """The length of the window along each of its axes, and which axes of x these are."""
    lengths = tuple(window_shape) if np.ndim(window_shape) else (window_shape,)
    axes = range(len(shape)) if axis is None else axis if np.ndim(axis) else (axis,)
    return lengths, tuple(a % len(shape) for a in axes)


@op
def sliding_window_view(x: Array, window_shape: Repeats, axis: Any = None) -> Array:
    """Every window of a shape that fits into x, the places inside the window as new last axes.

    Each element gets the sum of g over all windows that see it.
    """
    return np.lib.stride_tricks.sliding_window_view(x, window_shape, axis)


@sliding_window_view.vjp("x")
def _(g: Array, x_shape: Shape, window_shape: Repeats, axis: Any) -> Array:
    return sum_of_windows(g, x_shape, window_shape, axis)


@op
def sum_of_windows(x: Array, shape: Shape, window_shape: Repeats, axis: Any = None) -> Array:
    """Windows laid over each other where `sliding_window_view` of an array of `shape` saw them, and added up."""
    lengths, axes = _window(shape, window_shape, axis)
    x, out = np.asarray(x), np.zeros(shape, x.dtype)
    for place in product(*map(range, lengths)):
        first = [0] * len(shape)
        for a, step in zip(axes, place):
            first[a] += step
        out[tuple(slice(start, start + n) for start, n in zip(first, x.shape))] += x[(..., *place)]
    return out


@sum_of_windows.vjp("x")
def _(g: Array, window_shape: Repeats, axis: Any) -> Array:
    return sliding_window_view(g, window_shape, axis)


numpy_protocol.served[np.lib.stride_tricks.sliding_window_view] = sliding_window_view

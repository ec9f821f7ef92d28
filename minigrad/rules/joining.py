"""Joining and cutting: several arrays made into one, one into several. The gradient is cut where they were joined."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from ..declare import op
from ..graph import Array
from .axes import Shape, options
from .scattering import scattered, summed

Arrays = Sequence[Array]
Sections = int | Sequence[int]

# -- joined along an axis that is there --------------------------------------------------------------------------------


def _typed(dtype: Any, casting: str) -> dict[str, Any]:
    return options(dtype=dtype, casting=None if casting == "same_kind" else casting)


def pieces(g: Array, shapes: list[Shape], axis: int | None, ndim: int = 1) -> list[Array]:
    """g cut along an axis into what arrays of `shapes` were joined to.

    An array of fewer than `ndim` axes had length 1 along this axis. With axis None all were flattened.
    """
    if axis is None:
        lengths = [math.prod(shape) for shape in shapes]
    else:
        lengths = [shape[axis] if len(shape) >= ndim else 1 for shape in shapes]
    parts = split(g, list(accumulate(lengths[:-1])), axis or 0)
    return [np.reshape(part, shape) for part, shape in zip(parts, shapes)]


@op(gathers="arrays")
def concatenate(arrays: Arrays, axis: int | None = 0, dtype: Any = None, casting: Any = "same_kind") -> Array:
    """Arrays one after the other along an axis; flattened first, with axis=None. Each gets its piece of g."""
    return np.concatenate(arrays, axis, **_typed(dtype, casting))


@concatenate.vjp("arrays")
def _(g: Array, arrays_shape: list[Shape], axis: int | None) -> list[Array]:
    return pieces(g, arrays_shape, axis)


@op
def append(x: Array, values: Array, axis: int | None = None) -> Array:
    """x, and values after it along an axis; both flattened first, with axis=None. Each gets its piece of g."""
    return np.append(x, values, axis)


@append.vjp("x", "values")
def _(g: Array, x_shape: Shape, values_shape: Shape, axis: int | None) -> tuple[Array, ...]:
    return tuple(pieces(g, [x_shape, values_shape], axis))


@op(gathers="arrays")
def vstack(arrays: Arrays, dtype: Any = None, casting: Any = "same_kind") -> Array:
    """Arrays below each other; a vector is a row."""
    return np.vstack(arrays, **_typed(dtype, casting))


@vstack.vjp("arrays")
def _(g: Array, arrays_shape: list[Shape]) -> list[Array]:
    return pieces(g, arrays_shape, axis=0, ndim=2)


@op(gathers="arrays")
def hstack(arrays: Arrays, dtype: Any = None, casting: Any = "same_kind") -> Array:
    """Arrays beside each other: along axis 1, or along the only axis of vectors."""
    return np.hstack(arrays, **_typed(dtype, casting))


@hstack.vjp("arrays")
def _(g: Array, arrays_shape: list[Shape]) -> list[Array]:
    return pieces(g, arrays_shape, axis=0 if g.ndim == 1 else 1)


@op(gathers="arrays")
def dstack(arrays: Arrays) -> Array:
    """Arrays behind each other, along axis 2; a matrix is one slice, a vector a row of it."""
    return np.dstack(arrays)


@dstack.vjp("arrays")
def _(g: Array, arrays_shape: list[Shape]) -> list[Array]:
    return pieces(g, arrays_shape, axis=2, ndim=3)


@op(gathers="arrays")
def column_stack(arrays: Arrays) -> Array:
    """Matrices beside each other; a vector is a column."""
    return np.column_stack(arrays)


@column_stack.vjp("arrays")
def _(g: Array, arrays_shape: list[Shape]) -> list[Array]:
    return pieces(g, arrays_shape, axis=1, ndim=2)


# -- joined along a new axis -------------------------------------------------------------------------------------------


@op(gathers="arrays")
def stack(arrays: Arrays, axis: int = 0, dtype: Any = None, casting: Any = "same_kind") -> Array:
    """Arrays of one shape along a new axis. Each gets its slice of the gradient."""
    return np.stack(arrays, axis, **_typed(dtype, casting))


@stack.vjp("arrays")
def _(g: Array, axis: int) -> list[Array]:
    return list(unstack(g, axis=axis))


@op
def unstack(x: Array, *, axis: int = 0) -> tuple[Array, ...]:
    """The slices of x along an axis. Their gradients are stacked."""
    return tuple(np.moveaxis(x, axis, 0))


@unstack.vjp("x")
def _(g: tuple[Array, ...], axis: int) -> Array:
    return np.stack(g, axis)


# -- cut along an axis -------------------------------------------------------------------------------------------------


def _cut(x: Array, places: Sequence[int], axis: int) -> list[Array]:
    """x before places[0], from there to places[1], ...: two to four times faster than np.split; lazy for Dask."""
    before = (slice(None),) * (axis % x.ndim)
    return [x[(*before, slice(start, stop))] for start, stop in zip([0, *places], [*places, x.shape[axis]])]


@op
def split(x: Array, indices_or_sections: Sections, axis: int = 0) -> list[Array]:
    """x cut along an axis into equal sections, or before each of some indices. The pieces' gradients are joined."""
    if isinstance(indices_or_sections, (list, tuple)):
        return _cut(x, indices_or_sections, axis)
    if isinstance(indices_or_sections, int) and indices_or_sections > 0:
        step, rest = divmod(x.shape[axis], indices_or_sections)
        if not rest:
            return _cut(x, [step * k for k in range(1, indices_or_sections)], axis)
    return np.split(x, indices_or_sections, axis)


@op
def array_split(x: Array, indices_or_sections: Sections, axis: int = 0) -> list[Array]:
    """The same, but sections may differ in length by one."""
    return np.array_split(x, indices_or_sections, axis)


@split.vjp("x")
@array_split.vjp("x")
def _(g: list[Array], x_shape: Shape, indices_or_sections: Sections, axis: int) -> Array:
    return joined(g, x_shape, indices_or_sections, axis)


@op
def vsplit(x: Array, indices_or_sections: Sections) -> list[Array]:
    """x cut along axis 0."""
    return np.vsplit(x, indices_or_sections)


@op
def hsplit(x: Array, indices_or_sections: Sections) -> list[Array]:
    """x cut along axis 1, or along the only axis of a vector."""
    return np.hsplit(x, indices_or_sections)


@op
def dsplit(x: Array, indices_or_sections: Sections) -> list[Array]:
    """x cut along axis 2."""
    return np.dsplit(x, indices_or_sections)


@vsplit.vjp("x")
def _(g: list[Array], x_shape: Shape, indices_or_sections: Sections) -> Array:
    return joined(g, x_shape, indices_or_sections, axis=0)


@hsplit.vjp("x")
def _(g: list[Array], x_shape: Shape, indices_or_sections: Sections) -> Array:
    return joined(g, x_shape, indices_or_sections, axis=min(len(x_shape) - 1, 1))


@dsplit.vjp("x")
def _(g: list[Array], x_shape: Shape, indices_or_sections: Sections) -> Array:
    return joined(g, x_shape, indices_or_sections, axis=2)


def joined(g: list[Array], x_shape: Shape, sections: Sections, axis: int) -> Array:
    """The gradients of pieces, joined. Indices that are not in order give pieces that overlap, or leave out a part."""
    g_pieces = np.concatenate(g, axis)
    if isinstance(sections, int):
        return g_pieces
    places = np.arange(x_shape[axis])
    seen = np.concatenate(np.array_split(places, sections))
    if np.array_equal(seen, places):
        return g_pieces
    return scattered(g_pieces, (slice(None),) * (axis % len(x_shape)) + (seen,), x_shape)


# -- something put in, or left out, along an axis ----------------------------------------------------------------------


@op
def insert(x: Array, obj: Any, values: Array, axis: int | None = None) -> Array:
    """x with values put in before the indices `obj` along an axis; flattened first, with axis=None.

    x gets g at its old elements, values gets g at the new ones.
    """
    return np.insert(x, obj, values, axis)


@insert.vjp("x", "values")
def _(g: Array, x_shape: Shape, values_shape: Shape, obj: Any, axis: int | None) -> tuple[Array, Array]:
    length, a = _length(x_shape, axis)
    # What NumPy makes of -1 for each old element and 0, 1, 2, ... for the new ones shows where they have gone.
    gone = np.insert(np.full(length, -1), obj, np.arange(g.shape[a] - length))
    new = np.flatnonzero(gone >= 0)
    g_x = np.take(g, np.flatnonzero(gone < 0), a).reshape(x_shape)
    g_values = np.take(g, new[np.argsort(gone[new])], a)
    if not isinstance(obj, slice) and np.ndim(obj) == 0:  # NumPy moves the first axis of values to where they go
        g_values = np.moveaxis(g_values, a, 0)
    return g_x, summed(g_values, values_shape)


@op
def delete(x: Array, obj: Any, axis: int | None = None) -> Array:
    """x without the indices `obj` along an axis; flattened first, with axis=None. What was left out gets 0."""
    return np.delete(x, obj, axis)


@delete.vjp("x")
def _(g: Array, x_shape: Shape, obj: Any, axis: int | None) -> Array:
    length, a = _length(x_shape, axis)
    kept = np.delete(np.arange(length), obj)
    if axis is None:
        return scattered(g, kept, (length,), once=True).reshape(x_shape)
    return scattered(g, (slice(None),) * a + (kept,), x_shape, once=True)


def _length(shape: Shape, axis: int | None) -> tuple[int, int]:
    """The length of an axis, and its number from the front; of the flattened array, with None."""
    return (math.prod(shape), 0) if axis is None else (shape[axis], axis % len(shape))

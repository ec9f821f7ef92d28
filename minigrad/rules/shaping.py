"""Shape: the same numbers in another arrangement. The gradient is arranged back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..declare import op
from ..graph import Array
from .axes import Axis, Shape

Axes = int | Sequence[int]

# -- the elements in one row, cut into another shape -------------------------------------------------------------------


def _refuse_memory_order(name: str, x: Array, order: str) -> None:
    """Orders "A" and "K" read elements as they lie in memory, which the gradient, made later, cannot know."""
    if order in ("A", "K") and not np.asarray(x).flags.c_contiguous:
        raise ValueError(f'{name}: order={order!r} depends on the memory layout of x; say order="C" or order="F"')


@op
def reshape(x: Array, shape: Axes, order: Any = "C", *, copy: bool | None = None) -> Array:
    """x in another shape, read row by row ("C") or column by column ("F"). The gradient is read back into x's shape.

    Raises
    ------
    ValueError
        where the sizes differ, and for order="A" if x does not lie row by row.
    """
    if order == "C" and copy is None:
        return np.reshape(x, shape)
    _refuse_memory_order("reshape", x, order)
    return np.reshape(x, shape, order=order) if copy is None else np.reshape(x, shape, order=order, copy=copy)


@op
def ravel(x: Array, order: Any = "C") -> Array:
    """All elements in one row. The gradient is cut back into x's shape."""
    if order == "C":
        return np.ravel(x)
    _refuse_memory_order("ravel", x, order)
    return np.ravel(x, order)


@op
def flatten(x: Array, order: Any = "C") -> Array:
    """All elements in one row, always a copy. The gradient is cut back into x's shape."""
    _refuse_memory_order("flatten", x, order)
    return x.flatten(order)


@reshape.vjp("x")
@ravel.vjp("x")
@flatten.vjp("x")
def _(g: Array, x_shape: Shape, order: str) -> Array:
    return np.reshape(g, x_shape, order="F") if order == "F" else np.reshape(g, x_shape)


# -- axes of length 1 come and go --------------------------------------------------------------------------------------


@op
def expand_dims(x: Array, axis: Axes) -> Array:
    """x with new axes of length 1."""
    return np.expand_dims(x, axis)


@op
def squeeze(x: Array, axis: Axis = None) -> Array:
    """x without its axes of length 1, or without those that are named."""
    return np.squeeze(x, axis)


@expand_dims.vjp("x")
@squeeze.vjp("x")
def _(g: Array, x_shape: Shape) -> Array:
    return np.reshape(g, x_shape)


@op
def atleast_1d(*arrays: Array) -> Any:
    """Each array with at least one axis; several arrays give a tuple."""
    return np.atleast_1d(*arrays)


@op
def atleast_2d(*arrays: Array) -> Any:
    """Each array with at least two axes, new ones in front; several arrays give a tuple."""
    return np.atleast_2d(*arrays)


@op
def atleast_3d(*arrays: Array) -> Any:
    """Each array with at least three axes; several arrays give a tuple."""
    return np.atleast_3d(*arrays)


@atleast_1d.vjp("arrays")
@atleast_2d.vjp("arrays")
@atleast_3d.vjp("arrays")
def _(g: Any, arrays_shape: list[Shape]) -> list[Array]:
    parts = g if len(arrays_shape) > 1 else [g]
    return [np.reshape(part, shape) for part, shape in zip(parts, arrays_shape)]


# -- axes in another order ---------------------------------------------------------------------------------------------


@op
def transpose(x: Array, axes: Sequence[int] | None = None) -> Array:
    """x with its axes permuted, or reversed. The gradient is permuted back."""
    return np.transpose(x, axes)


@transpose.vjp("x")
def _(g: Array, axes: Sequence[int] | None) -> Array:
    if axes is None:
        return np.transpose(g)
    forth = [a % len(axes) for a in axes]
    return np.transpose(g, sorted(range(len(forth)), key=forth.__getitem__))


@op
def swapaxes(x: Array, axis1: int, axis2: int) -> Array:
    """x with two axes swapped. So is the gradient."""
    return np.swapaxes(x, axis1, axis2)


@swapaxes.vjp("x")
def _(g: Array, axis1: int, axis2: int) -> Array:
    return np.swapaxes(g, axis1, axis2)


@op
def matrix_transpose(x: Array) -> Array:
    """Each matrix of a stack transposed. So is the gradient."""
    if np.ndim(x) < 2:
        raise ValueError(f"matrix_transpose: x has shape {np.shape(x)}; it must be a matrix, or a stack of them")
    return np.swapaxes(x, -1, -2)


@matrix_transpose.vjp("x")
def _(g: Array) -> Array:
    return np.swapaxes(g, -1, -2)


@op
def moveaxis(x: Array, source: Axes, destination: Axes) -> Array:
    """x with some axes moved elsewhere. The gradient's are moved back."""
    return np.moveaxis(x, source, destination)


@moveaxis.vjp("x")
def _(g: Array, source: Axes, destination: Axes) -> Array:
    return np.moveaxis(g, destination, source)


@op
def rollaxis(x: Array, axis: int, start: int = 0) -> Array:
    """x with one axis moved to stand before `start`. The gradient's is moved back."""
    return np.rollaxis(x, axis, start)


@rollaxis.vjp("x")
def _(g: Array, axis: int, start: int) -> Array:
    source = axis % g.ndim
    before = start + g.ndim if start < 0 else start
    return np.moveaxis(g, before - (source < before), source)


# -- elements in another order -----------------------------------------------------------------------------------------


@op
def flip(x: Array, axis: Axis = None) -> Array:
    """x backwards along one axis, several, or all. So is the gradient."""
    return np.flip(x, axis)


@flip.vjp("x")
def _(g: Array, axis: Axis) -> Array:
    return np.flip(g, axis)


@op
def flipud(x: Array) -> Array:
    """The rows in reverse order. So are the gradient's."""
    return np.flipud(x)


@flipud.vjp("x")
def _(g: Array) -> Array:
    return np.flip(g, 0)


@op
def fliplr(x: Array) -> Array:
    """The columns in reverse order. So are the gradient's."""
    return np.fliplr(x)


@fliplr.vjp("x")
def _(g: Array) -> Array:
    return np.flip(g, 1)


@op
def roll(x: Array, shift: Axes, axis: Axis = None) -> Array:
    """x moved on by `shift` places; what falls off the end comes in at the start. The gradient is moved back."""
    return np.roll(x, shift, axis)


@roll.vjp("x")
def _(g: Array, shift: Any, axis: Axis) -> Array:
    return np.roll(g, tuple(-s for s in shift) if np.ndim(shift) else -shift, axis)


@op
def rot90(x: Array, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Array:
    """x turned by k quarters, from the first of two axes towards the second. The gradient is turned back."""
    return np.rot90(x, k, axes)


@rot90.vjp("x")
def _(g: Array, k: int, axes: tuple[int, int]) -> Array:
    return np.rot90(g, -k, axes)

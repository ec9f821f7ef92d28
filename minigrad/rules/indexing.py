"""Indexing: some of the numbers. The gradient goes back to where they stood, and adds up where one was taken twice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backward import unbroadcast
from ..declare import elementwise, op
from ..graph import Array
from ..tensor import Tensor
from .axes import Shape
from .scattering import add_along_axis as add_along_axis
from .scattering import along, scattered
from .scattering import scatter_add as scatter_add

# -- by index ----------------------------------------------------------------------------------------------------------


def _has_mask(x: Array, index: Any) -> bool:
    """Whether elements are left out by a condition, as `where` does, rather than by their place."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(
        np.asarray(part).dtype == bool for part in parts if isinstance(part, (list, bool)) or hasattr(part, "dtype")
    )


@op(selects=_has_mask)
def getitem(x: Array, index: Any) -> Array:
    """x[index]. An element that was taken more than once gets the sum."""
    return x[index]


@getitem.vjp("x")
def _(g: Array, x_shape: Shape, index: Any) -> Array:
    return scattered(g, index, x_shape)


def _in_range(indices: Any, n: int, mode: str) -> Array:
    """Indices as NumPy reads them in a mode: those beyond the ends are moved there, or counted round and round."""
    indices = np.asarray(indices, int)
    return np.clip(indices, 0, n - 1) if mode == "clip" else indices % n if mode == "wrap" else indices


@op
def take(x: Array, indices: Any, axis: int | None = None, *, mode: Any = "raise") -> Array:
    """x at some indices along an axis, of the flattened x with axis=None. One that was taken twice gets the sum."""
    return np.take(x, indices, axis) if mode == "raise" else np.take(x, indices, axis, mode=mode)


@take.vjp("x")
def _(g: Array, x_shape: Shape, indices: Any, axis: int | None, mode: str) -> Array:
    if axis is None or not x_shape:
        size = math.prod(x_shape)
        return scattered(g, _in_range(indices, size, mode), (size,)).reshape(x_shape)
    index = (slice(None),) * (axis % len(x_shape)) + (_in_range(indices, x_shape[axis], mode),)
    return scattered(g, index, x_shape)


@op(flat=("indices",))
def take_along_axis(x: Array, indices: Array, axis: int | None = -1) -> Array:
    """For each place along all other axes, x at its own indices along one. One that was taken twice gets the sum."""
    return np.take_along_axis(x, indices, axis)


@take_along_axis.vjp("x")
def _(g: Array, x_shape: Shape, indices: Array, axis: int | None) -> Array:
    return scattered(g, along(x_shape, indices, axis), x_shape)


@op(flat=("index",))
def gather(x: Array, dim: int, index: Array) -> Array:
    """PyTorch's take_along_axis: the result has index's shape, which along other axes may be shorter than x's."""
    return x[along(index.shape, index, dim)]


@gather.vjp("x")
def _(g: Array, x_shape: Shape, dim: int, index: Array) -> Array:
    return scattered(g, along(index.shape, index, dim), x_shape)


@op(flat=("index",))
def index_select(x: Array, dim: int, index: Array) -> Array:
    """PyTorch's take along an axis."""
    return np.take(x, index, dim)


@index_select.vjp("x")
def _(g: Array, x_shape: Shape, dim: int, index: Array) -> Array:
    return scattered(g, (slice(None),) * (dim % len(x_shape)) + (index,), x_shape)


# -- by condition ------------------------------------------------------------------------------------------------------


@op(flat=("condition",), selects=True)
def compress(condition: Any, a: Array, axis: int | None = None) -> Array:
    """a where the condition, a vector, holds along an axis; flattened first, with axis=None. The rest gets 0."""
    return np.compress(condition, a, axis)


@compress.vjp("a")
def _(g: Array, a_shape: Shape, condition: Any, axis: int | None) -> Array:
    chosen = np.flatnonzero(condition)
    if axis is None:
        return scattered(g, chosen, (math.prod(a_shape),), once=True).reshape(a_shape)
    return scattered(g, (slice(None),) * (axis % len(a_shape)) + (chosen,), a_shape, once=True)


@op(flat=("condition",), selects=True)
def extract(condition: Any, arr: Array) -> Array:
    """The elements of arr where the condition holds, in one row. The rest gets 0."""
    return np.extract(condition, arr)


@extract.vjp("arr")
def _(g: Array, arr_shape: Shape, condition: Any) -> Array:
    return scattered(g, np.flatnonzero(condition), (math.prod(arr_shape),), once=True).reshape(arr_shape)


# -- one of several arrays for each element ----------------------------------------------------------------------------


def _where(condition: Array, x: Array = None, y: Array = None) -> Array:
    if x is None and y is None:
        return np.where(condition)
    if x is None or y is None:
        raise ValueError("where: give both x and y, or neither")
    return np.where(condition, x, y)


where = elementwise(
    _where,
    "x where the condition holds, y elsewhere; the other one gets exactly 0. Without x and y, where it holds",
    name="where",
    selects=True,
    condition=None,
    x=lambda g, condition: np.where(condition, g, 0),
    y=lambda g, condition: np.where(condition, 0, g),
)


@op(gathers="choices", flat=("x",), selects=True)
def choose(x: Array, choices: Sequence[Array], mode: Any = "raise") -> Array:
    """Each element from the array whose number x says. The other arrays get exactly 0 there."""
    return np.choose(x, choices) if mode == "raise" else np.choose(x, choices, mode=mode)


@choose.vjp("choices")
def _(g: Array, x: Array, choices_shape: list[Shape], mode: str) -> list[Array]:
    number = _in_range(x, len(choices_shape), mode)
    return [unbroadcast(np.where(number == k, g, 0), shape) for k, shape in enumerate(choices_shape)]


@op(gathers="choicelist", selects=True)
def select(condlist: Sequence[Array], choicelist: Sequence[Array], default: Array = 0) -> Array:
    """Each element from the array of the first condition that holds, or the default. The others get exactly 0 there."""
    return np.select(_bare(condlist), choicelist, default)


@select.vjp("choicelist", "default")
def _(
    g: Array, condlist: Sequence[Array], choicelist_shape: list[Shape], default_shape: Shape
) -> tuple[list[Array], Array]:
    left: Any = True
    gradients = []
    for condition, shape in zip(_bare(condlist), choicelist_shape):
        gradients.append(unbroadcast(np.where(left & condition, g, 0), shape))
        left = left & ~condition
    return gradients, unbroadcast(np.where(left, g, 0), default_shape)


def _bare(conditions: Sequence[Array]) -> list[Array]:
    """Conditions as arrays: a list of Tensors is not looked into when an op is called."""
    return [np.asarray(c.data if type(c) is Tensor else c) for c in conditions]

"""What is constant: arrays that take only their shape from x, positions, counts, and answers of yes or no."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import numpy_protocol
from ..backward import unbroadcast
from ..declare import op
from ..graph import Array
from ..tensor import Tensor
from .axes import Axis, options

# -- arrays of x's shape ----------------------------------------------------------------------------------------------


@op(flat=("x",))
def zeros_like(x: Array, dtype: Any = None, *, shape: Any = None) -> Array:
    """Zeros of x's shape and dtype."""
    return np.zeros_like(x, dtype=dtype) if shape is None else np.zeros_like(x, dtype=dtype, shape=shape)


@op(flat=("x",))
def ones_like(x: Array, dtype: Any = None, *, shape: Any = None) -> Array:
    """Ones of x's shape and dtype."""
    return np.ones_like(x, dtype=dtype) if shape is None else np.ones_like(x, dtype=dtype, shape=shape)


numpy_protocol.served[np.empty_like] = zeros_like  # numbers that mean nothing are zeros here, so that none can surprise


@op(flat=("x",))
def full_like(x: Array, fill_value: Array, dtype: Any = None, *, shape: Any = None) -> Array:
    """fill_value, repeated to x's shape, in x's dtype. fill_value gets the sum of g."""
    if shape is None:
        return np.full_like(x, fill_value, dtype=dtype)
    return np.full_like(x, fill_value, dtype=dtype, shape=shape)


@full_like.vjp("fill_value")
def _(g: Array, fill_value_shape: tuple[int, ...]) -> Array:
    return unbroadcast(g, fill_value_shape)


# -- positions --------------------------------------------------------------------------------------------------------


@op(flat=("x",))
def argmax(x: Array, axis: int | None = None, *, keepdims: bool = False) -> Array:
    """Where the maximum stands, the first if several tie."""
    return np.argmax(x, axis=axis, keepdims=keepdims)


@op(flat=("x",))
def argmin(x: Array, axis: int | None = None, *, keepdims: bool = False) -> Array:
    """Where the minimum stands, the first if several tie."""
    return np.argmin(x, axis=axis, keepdims=keepdims)


@op(flat=("x",))
def nanargmax(x: Array, axis: int | None = None, *, keepdims: bool = False) -> Array:
    """Where the maximum of what is not nan stands."""
    return np.nanargmax(x, axis=axis, keepdims=keepdims)


@op(flat=("x",))
def nanargmin(x: Array, axis: int | None = None, *, keepdims: bool = False) -> Array:
    """Where the minimum of what is not nan stands."""
    return np.nanargmin(x, axis=axis, keepdims=keepdims)


@op(flat=("x",))
def argsort(
    x: Array, axis: int | None = -1, kind: Any = None, order: None = None, *, stable: bool | None = None
) -> Array:
    """The positions that would sort x."""
    return np.argsort(x, axis, kind, order, **options(stable=stable))


@op(flat=("x",))
def argpartition(x: Array, kth: Any, axis: int | None = -1, kind: Any = "introselect", order: None = None) -> Array:
    """The positions that would partition x."""
    return np.argpartition(x, kth, axis, kind, order)


@op(flat=("keys",))
def lexsort(keys: Array, axis: int = -1) -> Array:
    """The positions that would sort by several keys, the last one first."""
    return np.lexsort(keys, axis)


@op(flat=("x", "v"))
def searchsorted(x: Array, v: Array, side: Any = "left", sorter: Array | None = None) -> Array:
    """Where v would be put into the sorted x."""
    return np.searchsorted(x, v, side, sorter)


@op(flat=("x", "bins"))
def digitize(x: Array, bins: Array, right: bool = False) -> Array:
    """The number of the bin that each x falls in."""
    return np.digitize(x, bins, right)


@op(flat=("x",))
def nonzero(x: Array) -> tuple[Array, ...]:
    """The positions of what is not 0, one array for each axis."""
    return np.nonzero(x)


@op(flat=("x",))
def flatnonzero(x: Array) -> Array:
    """The positions of what is not 0 in the flattened x."""
    return np.flatnonzero(x)


@op(flat=("x",))
def argwhere(x: Array) -> Array:
    """The positions of what is not 0, one row for each."""
    return np.argwhere(x)


# -- counts, yes and no -----------------------------------------------------------------------------------------------


@op(flat=("x",))
def count_nonzero(x: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    """How many are not 0."""
    return np.count_nonzero(x, axis, keepdims=keepdims)


@op(flat=("x",))
def any(x: Array, axis: Axis = None, keepdims: bool = False, *, where: Array = True) -> Array:
    """Is one of them true?"""
    return np.any(x, axis=axis, keepdims=keepdims, **options(where=where))


@op(flat=("x",))
def all(x: Array, axis: Axis = None, keepdims: bool = False, *, where: Array = True) -> Array:
    """Are all of them true?"""
    return np.all(x, axis=axis, keepdims=keepdims, **options(where=where))


@op(flat=("x", "b"))
def allclose(x: Array, b: Array, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Array:
    """Are all of x close to b, as `isclose` says?"""
    return np.allclose(x, b, rtol, atol, equal_nan)


@op(flat=("x", "a2"))
def array_equal(x: Array, a2: Array, equal_nan: bool = False) -> Array:
    """Have x and a2 one shape and the same elements?"""
    return np.array_equal(x, a2, equal_nan)


@op(flat=("x", "a2"))
def array_equiv(x: Array, a2: Array) -> Array:
    """Have x and a2 the same elements once they are broadcast?"""
    return np.array_equiv(x, a2)


@op(flat=("x", "test_elements"))
def isin(
    x: Array, test_elements: Array, assume_unique: bool = False, invert: bool = False, *, kind: Any = None
) -> Array:
    """Is each x one of the test elements?"""
    return np.isin(x, test_elements, assume_unique, invert, kind=kind)


# -- questions about an array rather than its elements: the answer is no Tensor ---------------------------------------


class Question:
    """A function of NumPy's that Tensors are handed to as bare arrays, because its answer depends on no element."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.inputs = tuple(inspect.signature(function).parameters)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        bare = [a.data if type(a) is Tensor else a for a in args]
        return self.function(*bare, **{key: a.data if type(a) is Tensor else a for key, a in kwargs.items()})


for function in (
    np.shape,
    np.ndim,
    np.size,
    np.result_type,
    np.can_cast,
    np.common_type,
    np.min_scalar_type,
    np.iscomplexobj,
    np.isrealobj,
):
    numpy_protocol.served[function] = Question(function)

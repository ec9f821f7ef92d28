"""Shape: the same numbers in another arrangement. The gradient is arranged back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..declare import elementwise, op
from ..graph import Array

Shape = tuple[int, ...]

broadcast_to = elementwise(
    lambda x, shape: np.broadcast_to(x, shape), "x, repeated to fill a shape", name="broadcast_to", x=lambda g: g
)


@op
def reshape(x: Array, shape: int | Shape) -> Array:
    """x in another shape. The gradient is put back in x's shape."""
    return np.reshape(x, shape)


@reshape.vjp("x")
def _(g: Array, x_shape: Shape) -> Array:
    return np.reshape(g, x_shape)


@op
def transpose(x: Array, axes: Sequence[int] | None = None) -> Array:
    """x with its axes permuted. The gradient is permuted back."""
    return np.transpose(x, axes)


@transpose.vjp("x")
def _(g: Array, axes: Sequence[int] | None) -> Array:
    return np.transpose(g, None if axes is None else np.argsort([a % len(axes) for a in axes]))


@op(gathers="arrays")
def stack(arrays: Sequence[Array], axis: int = 0) -> Array:
    """Arrays along a new axis. Each array gets its slice of the gradient."""
    return np.stack(arrays, axis)


@stack.vjp("arrays")
def _(g: Array, arrays_shape: list[Shape], axis: int) -> Any:
    return [np.moveaxis(g, axis, 0)[k] for k in range(len(arrays_shape))]

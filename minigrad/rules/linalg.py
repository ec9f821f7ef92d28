"""Products and linear algebra."""

from __future__ import annotations

import numpy as np

from ..backward import unbroadcast
from ..declare import op
from ..graph import Array


def mT(x: Array) -> Array:
    """x with its last two axes swapped: the transpose of each matrix of a stack."""
    return np.swapaxes(x, -1, -2)


@op
def matmul(x: Array, y: Array) -> Array:
    """x @ y. x gets g y^T, y gets x^T g; vectors count as a row at the left and a column at the right."""
    return np.matmul(x, y)


@matmul.vjp("x")
def _(g: Array, y: Array, x_shape: tuple[int, ...]) -> Array:
    if y.ndim == 1:
        return unbroadcast(g[..., None] * y, x_shape)
    if len(x_shape) == 1:
        return unbroadcast(np.matmul(y, g[..., None])[..., 0], x_shape)
    return unbroadcast(np.matmul(g, mT(y)), x_shape)


@matmul.vjp("y")
def _(g: Array, x: Array, y_shape: tuple[int, ...]) -> Array:
    if x.ndim == 1:
        return unbroadcast(x[:, None] * g[..., None, :] if len(y_shape) > 1 else x * g, y_shape)
    if len(y_shape) == 1:
        return unbroadcast(np.matmul(mT(x), g[..., None])[..., 0], y_shape)
    return unbroadcast(np.matmul(mT(x), g), y_shape)

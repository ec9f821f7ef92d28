"""Products of vectors, matrices and arrays of more axes: sums over an index that two operands share."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backward import unbroadcast
from ..declare import op
from ..graph import Array
from .axes import Shape


def mT(x: Array) -> Array:
    """Each matrix of a stack, transposed."""
    return np.swapaxes(x, -1, -2)


@op
def matmul(x: Array, y: Array) -> Array:
    """x @ y. x gets g y^T, y gets x^T g; a vector counts as a row at the left and as a column at the right."""
    if getattr(x, "ndim", 0) == 2 == getattr(y, "ndim", 0):
        return np.dot(x, y)  # 4 x 4: 0.8 us, 1.3 by np.matmul; x.dot would be 0.6, but does not know Dask at y
    return np.matmul(x, y)


@matmul.vjp("x")
def _(g: Array, y: Array, x_shape: Shape) -> Array:
    if len(x_shape) == 2 == y.ndim:
        return np.dot(g, y.T)
    if y.ndim == 1:
        return unbroadcast(g[..., None] * y, x_shape)
    if len(x_shape) == 1:
        return unbroadcast(np.matmul(y, g[..., None])[..., 0], x_shape)
    return unbroadcast(np.matmul(g, mT(y)), x_shape)


@matmul.vjp("y")
def _(g: Array, x: Array, y_shape: Shape) -> Array:
    if x.ndim == 2 == len(y_shape):
        return np.dot(x.T, g)
    if x.ndim == 1:
        return unbroadcast(x[:, None] * g[..., None, :] if len(y_shape) > 1 else x * g, y_shape)
    if len(y_shape) == 1:
        return unbroadcast(np.matmul(mT(x), g[..., None])[..., 0], y_shape)
    return unbroadcast(np.matmul(mT(x), g), y_shape)


# -- arrays of any number of axes -------------------------------------------------------------------------------------


@op
def dot(x: Array, y: Array) -> Array:
    """The sum over x's last axis and y's last but one (or only) axis."""
    return np.dot(x, y)


@dot.vjp("x")
def _(g: Array, y: Array, x_shape: Shape) -> Array:
    if not x_shape or not y.ndim:
        return unbroadcast(g * y, x_shape)
    if y.ndim == 1:
        return g[..., None] * y
    rows = np.moveaxis(y, -2, 0)  # the summed axis first, then those that are g's last
    return np.tensordot(g, rows, (range(len(x_shape) - 1, g.ndim), range(1, y.ndim)))


@dot.vjp("y")
def _(g: Array, x: Array, y_shape: Shape) -> Array:
    if not x.ndim or not y_shape:
        return unbroadcast(g * x, y_shape)
    axes = range(x.ndim - 1)
    c = np.tensordot(x, g, (axes, axes))  # the summed axis first
    return c if len(y_shape) == 1 else np.moveaxis(c, 0, -2)


@op
def inner(x: Array, y: Array) -> Array:
    """The sum over the last axis of both."""
    return np.inner(x, y)


@inner.vjp("x")
def _(g: Array, y: Array, x_shape: Shape) -> Array:
    if not x_shape or not y.ndim:
        return unbroadcast(g * y, x_shape)
    return np.tensordot(g, y, (range(len(x_shape) - 1, g.ndim), range(y.ndim - 1)))


@inner.vjp("y")
def _(g: Array, x: Array, y_shape: Shape) -> Array:
    if not x.ndim or not y_shape:
        return unbroadcast(g * x, y_shape)
    return np.tensordot(g, x, (range(x.ndim - 1), range(x.ndim - 1)))


@op
def outer(x: Array, y: Array) -> Array:
    """x_i y_j, of both as vectors."""
    return np.outer(x, y)


@outer.vjp("x")
def _(g: Array, y: Array, x_shape: Shape) -> Array:
    return np.matmul(g, y.reshape((y.size,))).reshape(x_shape)


@outer.vjp("y")
def _(g: Array, x: Array, y_shape: Shape) -> Array:
    return np.matmul(x.reshape((x.size,)), g).reshape(y_shape)


@op(holomorphic=False)
def vdot(x: Array, y: Array) -> Array:
    """The sum of conj(x) y over all elements. x gets conj(g) y."""
    return np.vdot(x, y)


@vdot.vjp("x")
def _(g: Array, y: Array, x_shape: Shape) -> Array:
    return (np.conj(g) * y).reshape(x_shape)


@vdot.vjp("y")
def _(g: Array, x: Array, y_shape: Shape) -> Array:
    return (g * x).reshape(y_shape)


@op
def tensordot(x: Array, y: Array, axes: Any = 2) -> Array:
    """The sum over the given axes of x and y; the axes that are left, x's first."""
    return np.tensordot(x, y, axes)


def _summed(axes: Any, x_ndim: int, y_ndim: int) -> tuple[list[int], list[int]]:
    """The axes that tensordot sums over, of x and of y, counted from the front."""
    if np.ndim(axes) == 0:
        return list(range(x_ndim - axes, x_ndim)), list(range(axes))
    of_x, of_y = (np.ravel(a).tolist() for a in axes)
    return [a % x_ndim for a in of_x], [a % y_ndim for a in of_y]


def _uncontract(g: Array, other: Array, summed: list[int], of_other: list[int], ndim: int, first: bool) -> Array:
    """The gradient of one factor: g times the other factor, over the axes that the other kept."""
    kept = [a for a in range(other.ndim) if a not in of_other]
    mine = ndim - len(summed)
    in_g = range(mine, g.ndim) if first else range(g.ndim - mine)
    c = np.tensordot(g, other, (in_g, kept))  # my kept axes, then the summed ones in the order that `other` has them
    order = sorted(range(len(of_other)), key=of_other.__getitem__)
    where = [a for a in range(ndim) if a not in summed] + [summed[i] for i in order]
    back = sorted(range(ndim), key=where.__getitem__)
    return np.transpose(c, back)


@tensordot.vjp("x")
def _(g: Array, y: Array, axes: Any, x_shape: Shape) -> Array:
    of_x, of_y = _summed(axes, len(x_shape), y.ndim)
    return _uncontract(g, y, of_x, of_y, len(x_shape), first=True)


@tensordot.vjp("y")
def _(g: Array, x: Array, axes: Any, y_shape: Shape) -> Array:
    of_x, of_y = _summed(axes, x.ndim, len(y_shape))
    return _uncontract(g, x, of_y, of_x, len(y_shape), first=False)


@op
def kron(x: Array, y: Array) -> Array:
    """Each element of x times all of y, as blocks (Kronecker's product)."""
    return np.kron(x, y)


def _blocks(g: Array, x_shape: Shape, y_shape: Shape) -> tuple[Array, Shape, Shape]:
    """g with an axis of x and an axis of y in turn, and both shapes with as many axes."""
    n = len(x_shape) if len(x_shape) > len(y_shape) else len(y_shape)
    of_x, of_y = (1,) * (n - len(x_shape)) + x_shape, (1,) * (n - len(y_shape)) + y_shape
    return g.reshape(tuple(side for pair in zip(of_x, of_y) for side in pair)), of_x, of_y


@kron.vjp("x")
def _(g: Array, y: Array, x_shape: Shape) -> Array:
    blocks, _, of_y = _blocks(g, x_shape, y.shape)
    spread = y.reshape(tuple(side for n in of_y for side in (1, n)))
    return (blocks * spread).sum(axis=tuple(range(1, blocks.ndim, 2))).reshape(x_shape)


@kron.vjp("y")
def _(g: Array, x: Array, y_shape: Shape) -> Array:
    blocks, of_x, _ = _blocks(g, x.shape, y_shape)
    spread = x.reshape(tuple(side for n in of_x for side in (n, 1)))
    return (blocks * spread).sum(axis=tuple(range(0, blocks.ndim, 2))).reshape(y_shape)


@op
def cross(x: Array, y: Array, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Array:
    """The vector product of vectors of three elements. x gets y cross g, y gets g cross x."""
    if axis is not None:
        axisa = axisb = axisc = axis
    if (x.shape[axisa], y.shape[axisb]) != (3, 3):
        raise ValueError(f"cross: vectors of {x.shape[axisa]} and {y.shape[axisb]} elements; both must have three")
    return np.cross(x, y, axisa, axisb, axisc)


def _crossed(a: Array, b: Array, axis: int, shape: Shape) -> Array:
    """a cross b, both with their vectors last, back at `axis` of an array of `shape`."""
    last = tuple(n for i, n in enumerate(shape) if i != axis % len(shape)) + (3,)
    return np.moveaxis(unbroadcast(np.cross(a, b), last), -1, axis)


@cross.vjp("x")
def _(g: Array, y: Array, axisa: int, axisb: int, axisc: int, axis: int | None, x_shape: Shape) -> Array:
    of_x, of_y, of_g = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    return _crossed(np.moveaxis(y, of_y, -1), np.moveaxis(g, of_g, -1), of_x, x_shape)


@cross.vjp("y")
def _(g: Array, x: Array, axisa: int, axisb: int, axisc: int, axis: int | None, y_shape: Shape) -> Array:
    of_x, of_y, of_g = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    return _crossed(np.moveaxis(g, of_g, -1), np.moveaxis(x, of_x, -1), of_y, y_shape)


# -- stacks of vectors and matrices (NumPy 2) -------------------------------------------------------------------------


@op(holomorphic=False)
def vecdot(x: Array, y: Array, axis: int = -1) -> Array:
    """The sum of conj(x) y along an axis. x gets conj(g) y."""
    return np.vecdot(x, y, axis=axis)  # type: ignore[call-overload]  # its stubs lack axis


@vecdot.vjp("x")
def _(g: Array, y: Array, axis: int, x_shape: Shape) -> Array:
    return unbroadcast(np.conj(np.expand_dims(g, axis)) * y, x_shape)


@vecdot.vjp("y")
def _(g: Array, x: Array, axis: int, y_shape: Shape) -> Array:
    return unbroadcast(np.expand_dims(g, axis) * x, y_shape)


@op
def matvec(x: Array, y: Array) -> Array:
    """x y for stacks of matrices x and vectors y."""
    return np.matmul(x, y[..., None])[..., 0]


@matvec.vjp("x")
def _(g: Array, y: Array, x_shape: Shape) -> Array:
    return unbroadcast(g[..., :, None] * y[..., None, :], x_shape)


@matvec.vjp("y")
def _(g: Array, x: Array, y_shape: Shape) -> Array:
    return unbroadcast(np.matmul(mT(x), g[..., None])[..., 0], y_shape)


@op(holomorphic=False)
def vecmat(x: Array, y: Array) -> Array:
    """conj(x)^T y for stacks of vectors x and matrices y. x gets y conj(g), y gets x g^T."""
    return np.matmul(x.conj()[..., None, :], y)[..., 0, :]


@vecmat.vjp("x")
def _(g: Array, y: Array, x_shape: Shape) -> Array:
    return unbroadcast(np.matmul(y, np.conj(g)[..., :, None])[..., 0], x_shape)


@vecmat.vjp("y")
def _(g: Array, x: Array, y_shape: Shape) -> Array:
    return unbroadcast(x[..., :, None] * g[..., None, :], y_shape)

"""Functions of matrices: powers, chains of products, the exponential; and parts of them under their names in linalg."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import numpy_protocol
from ..declare import op
from ..graph import Array
from . import products, shaping
from .axes import Shape
from .diagonals import on_diagonal
from .products import mT

# -- powers -----------------------------------------------------------------------------------------------------------


@op(name="linalg.matrix_power")
def matrix_power(x: Array, n: int) -> Array:
    """x^n, also for negative n. x gets the sum over k of (x^T)^k g (x^T)^(n-1-k)."""
    return np.linalg.matrix_power(x, n)


@matrix_power.vjp("x")
def _(g: Array, x: Array, n: int) -> Array:
    if n == 0:
        return np.zeros_like(g)
    if n < 0:  # (x^-1)^|n|, through the inverse
        inverse = mT(np.linalg.inv(x))
        return -np.matmul(inverse, np.matmul(_power_gradient(g, inverse, -n), inverse))
    return _power_gradient(g, mT(x), n)


def _power_gradient(g: Array, xt: Array, n: int) -> Array:
    total = right = g  # g (x^T)^k, summed by Horner's scheme
    for _ in range(n - 1):
        right = np.matmul(right, xt)
        total = np.matmul(xt, total) + right
    return total


@op(name="linalg.multi_dot", gathers="arrays")
def multi_dot(arrays: Any) -> Array:
    """The product of all matrices, in the cheapest order. The first and the last may be vectors."""
    return np.linalg.multi_dot(arrays)


@multi_dot.vjp("arrays")
def _(g: Array, arrays: Any) -> list[Array]:
    first, *middle, last = arrays
    rows = first if first.ndim == 2 else first[None, :]
    columns = last if last.ndim == 2 else last[:, None]
    parts = [rows, *middle, columns]
    g = g.reshape((rows.shape[0], columns.shape[1]))
    left = [np.eye(rows.shape[0], dtype=g.dtype)]
    for part in parts[:-1]:
        left.append(np.matmul(left[-1], part))
    gradients = []
    for k in range(len(parts) - 1, -1, -1):
        gradients.append(np.matmul(left[k].T, g).reshape(arrays[k].shape))
        g = np.matmul(g, parts[k].T)
    return gradients[::-1]


@op(name="linalg.expm")
def expm(x: Array) -> Array:
    """e^x of a matrix, by a Pade approximant of degree 13, scaling and squaring (Higham 2005).

    The gradient is a block of the exponential of a matrix of twice the size (Al-Mohy and Higham 2009, equation 2.1).
    """
    norm = float(np.max(np.sum(np.abs(x), axis=-2), initial=0.0))
    squarings = max(0, math.ceil(math.log2(norm / 5.371920351148152))) if 0 < norm < math.inf else 0
    a = x / 2.0**squarings
    b = [64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600]
    b += [670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1]
    one = np.eye(x.shape[-1], dtype=x.dtype)
    a2 = np.matmul(a, a)
    a4 = np.matmul(a2, a2)
    a6 = np.matmul(a2, a4)
    high = np.matmul(a6, b[13] * a6 + b[11] * a4 + b[9] * a2)
    odd = np.matmul(a, high + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * one)
    even = np.matmul(a6, b[12] * a6 + b[10] * a4 + b[8] * a2) + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * one
    out = np.linalg.solve(even - odd, even + odd)
    for _ in range(squarings):
        out = np.matmul(out, out)
    return out


@expm.vjp("x")
def _(g: Array, x: Array) -> Array:
    n = x.shape[-1]
    xt = mT(x)
    top = np.concatenate([xt, g], axis=-1)
    bottom = np.concatenate([np.zeros_like(xt), xt], axis=-1)
    return expm(np.concatenate([top, bottom], axis=-2))[..., :n, n:]


# -- parts of matrices ------------------------------------------------------------------------------------------------


@op(name="linalg.diagonal")
def diagonal(x: Array, *, offset: int = 0) -> Array:
    """The diagonal of each matrix: of the last two axes, where `np.diagonal` takes the first two."""
    return np.diagonal(x, offset, -2, -1)


@diagonal.vjp("x")
def _(g: Array, x_shape: Shape, offset: int) -> Array:
    return on_diagonal(g, x_shape, offset)


@op(name="linalg.trace")
def trace(x: Array, *, offset: int = 0, dtype: Any = None) -> Array:
    """The sum of the diagonal of each matrix: of the last two axes, where `np.trace` takes the first two."""
    return np.linalg.trace(x, offset=offset, dtype=dtype)


@trace.vjp("x")
def _(g: Array, x_shape: Shape, offset: int) -> Array:
    return g[..., None, None] * np.eye(x_shape[-2], x_shape[-1], offset)


@op(name="linalg.matrix_rank", flat=("x",))
def matrix_rank(x: Array, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Array:
    """The number of singular values above a tolerance: flat."""
    return np.linalg.matrix_rank(x, tol, hermitian, rtol=rtol)


# What is in np.linalg too, as functions of their own, and means the same.
for _name, _op in (
    ("matmul", products.matmul),
    ("outer", products.outer),
    ("tensordot", products.tensordot),
    ("vecdot", products.vecdot),
    ("cross", products.cross),
    ("matrix_transpose", shaping.matrix_transpose),
):
    numpy_protocol.served[getattr(np.linalg, _name)] = _op

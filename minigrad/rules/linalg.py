"""Linear algebra: NumPy's `linalg`, on matrices and stacks of them.

Sources: M. Giles, "Collected matrix derivative results" (2008); S. Walter and L. Lehmann, "Algorithmic differentiation
of linear algebra functions" (2010); for complex matrices, those of PyTorch's convention. H is the conjugate transpose.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .. import numpy_protocol
from ..backward import unbroadcast
from ..declare import op
from ..graph import Array
from . import products
from .products import mT

Shape = tuple[int, ...]


def H(x: Array) -> Array:
    """The conjugate transpose of each matrix."""
    return np.conj(mT(x))


# -- inverses and systems ---------------------------------------------------------------------------------------------


@op(name="linalg.inv")
def inv(x: Array) -> Array:
    """x^-1. d(x^-1) = -x^-1 dx x^-1, so x gets -x^-T g x^-T."""
    return np.linalg.inv(x)


@inv.vjp("x")
def _(g: Array, out: Array) -> Array:
    return -np.matmul(mT(out), np.matmul(g, mT(out)))


@op(name="linalg.solve")
def solve(x: Array, y: Array) -> Array:
    """z with x z = y, where y is a vector (one axis) or a stack of matrices. y gets x^-T g, x gets -(x^-T g) z^T."""
    return np.linalg.solve(x, y)


def _solve_t(x: Array, g: Array, is_vector: bool) -> Array:
    """x^-T g, for a vector of one axis as for matrices."""
    return np.linalg.solve(mT(x), g[..., None])[..., 0] if is_vector else np.linalg.solve(mT(x), g)


@solve.vjp("x")
def _(g: Array, out: Array, x: Array, y_shape: Shape) -> Array:
    c = _solve_t(x, g, len(y_shape) == 1)
    if len(y_shape) == 1:
        return unbroadcast(-c[..., None] * out[..., None, :], x.shape)
    return unbroadcast(-np.matmul(c, mT(out)), x.shape)


@solve.vjp("y")
def _(g: Array, x: Array, y_shape: Shape) -> Array:
    return unbroadcast(_solve_t(x, g, len(y_shape) == 1), y_shape)


@op(name="linalg.pinv", holomorphic=False)
def pinv(x: Array, rcond: Any = None, hermitian: bool = False) -> Array:
    """The Moore-Penrose inverse x^+, where the rank does not change nearby (Golub and Pereyra 1973, equation 4.12).

    d(x^+) = -x^+ dx x^+ + x^+ x^+H dxH (1 - x x^+) + (1 - x^+ x) dxH x^+H x^+.
    """
    return np.linalg.pinv(x, rcond, hermitian)


@pinv.vjp("x")
def _(g: Array, out: Array, x: Array) -> Array:
    gh = H(g)
    on_rows = gh - np.matmul(x, np.matmul(out, gh))  # (1 - x x^+) gH
    on_columns = gh - np.matmul(np.matmul(gh, out), x)  # gH (1 - x^+ x)
    return (
        -np.matmul(H(out), np.matmul(g, H(out)))
        + np.matmul(on_rows, np.matmul(out, H(out)))
        + np.matmul(np.matmul(H(out), out), on_columns)
    )


class LstSq(NamedTuple):
    """What `lstsq` gives: the solution, the sums of squared residuals, the rank, the singular values."""

    x: Array
    residuals: Array
    rank: Array
    s: Array


@op(name="linalg.lstsq", flat=("rcond",))
def lstsq(a: Array, b: Array, rcond: Any = None) -> LstSq:
    """The x of least |a x - b|, for a of full column rank; gradients flow through the solution and the residuals.

    x = a^+ b = (a^T a)^-1 a^T b. The singular values get no gradient here: use `svdvals`.
    """
    return LstSq(*np.linalg.lstsq(a, b, rcond))


@lstsq.vjp("a", "b")
def _(g: Any, out: LstSq, a: Array, b: Array) -> tuple[Array, Array]:
    g_x, g_residuals = g[0], g[1]
    x = out[0]
    column = b.ndim == 1
    x, b, g_x = (x[:, None], b[:, None], g_x[:, None]) if column else (x, b, g_x)
    rest = b - np.matmul(a, x)
    inner = np.matmul(np.linalg.inv(np.matmul(a.T, a)), g_x)
    g_a = np.matmul(rest, inner.T) - np.matmul(np.matmul(a, inner), x.T)
    g_b = np.matmul(a, inner)
    if g_residuals.size:
        g_a = g_a - 2 * np.matmul(rest * g_residuals, x.T)
        g_b = g_b + 2 * rest * g_residuals
    return g_a, g_b[:, 0] if column else g_b


# -- determinants -----------------------------------------------------------------------------------------------------


@op(name="linalg.adjugate")
def adjugate(x: Array) -> Array:
    """The transposed cofactors: x adj(x) = det(x) 1, finite where x has no inverse.

    From the singular values, adj(u s v) = det(u) det(v) v^-1 adj(s) u^-1, whose middle needs no division.
    """
    u, s, v = np.linalg.svd(x)
    others = 1 - np.eye(s.shape[-1])
    products = np.prod(np.where(others > 0, s[..., None, :], 1), axis=-1)
    sign = np.linalg.det(u) * np.linalg.det(v)
    return sign[..., None, None] * np.matmul(H(v) * products[..., None, :], H(u))


@adjugate.vjp("x")
def _(g: Array, out: Array, x: Array) -> Array:
    # d adj = (tr(x^-1 dx) - x^-1 dx) adj, for a matrix that has an inverse: det's second derivative needs this one.
    inverse = mT(np.linalg.inv(x))
    inner = (g * out).sum(axis=(-2, -1))[..., None, None]
    return inner * inverse - np.matmul(inverse, np.matmul(g, mT(out)))


@op(name="linalg.det")
def det(x: Array) -> Array:
    """The determinant. x gets g adj(x)^T, which is right for singular matrices too."""
    return np.linalg.det(x)


@det.vjp("x")
def _(g: Array, x: Array) -> Array:
    return g[..., None, None] * mT(adjugate(x))


class SLogDet(NamedTuple):
    """What `slogdet` gives: the sign of the determinant, and the logarithm of its absolute value."""

    sign: Array
    logabsdet: Array


@op(name="linalg.slogdet", holomorphic=False)
def slogdet(x: Array) -> SLogDet:
    """(sign, ln |det x|). x gets g x^-H from the logarithm; a real sign is flat, a complex one turns."""
    return SLogDet(*np.linalg.slogdet(x))


@slogdet.vjp("x")
def _(g: Any, out: Any, x: Array) -> Array:
    g_sign, g_log = g
    # d sign = i sign Im(tr(x^-1 dx)); for real matrices it is 0.
    turned = 1j * np.imag(np.conj(out[0]) * g_sign) if x.dtype.kind == "c" else 0
    return (g_log + turned)[..., None, None] * H(np.linalg.inv(x))


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
    norm = np.max(np.sum(np.abs(x), axis=-2), initial=0.0)
    squarings = int(np.maximum(0, np.ceil(np.log2(np.maximum(norm / 5.371920351148152, 1)))))
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
    return np.eye(x_shape[-2], x_shape[-1], offset) * _along(g, x_shape, offset)


def _along(g: Array, x_shape: Shape, offset: int) -> Array:
    """g, the k-th of a diagonal, in the row (or for a negative offset in the column) that the k-th stands in."""
    below = 0 if offset > 0 else -offset
    rest = x_shape[-2] - below - g.shape[-1]
    return np.pad(g, [(0, 0)] * (g.ndim - 1) + [(below, rest)])[..., :, None]


@op(name="linalg.trace")
def trace(x: Array, *, offset: int = 0, dtype: Any = None) -> Array:
    """The sum of the diagonal of each matrix: of the last two axes, where `np.trace` takes the first two."""
    return np.linalg.trace(x, offset=offset, dtype=dtype)


@trace.vjp("x")
def _(g: Array, x_shape: Shape, offset: int) -> Array:
    return g[..., None, None] * np.eye(x_shape[-2], x_shape[-1], offset)


@op(name="linalg.matrix_rank", flat=("A",))
def matrix_rank(A: Array, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Array:
    """The number of singular values above a tolerance: flat."""
    return np.linalg.matrix_rank(A, tol, hermitian, rtol=rtol)


# What is in np.linalg too, as functions of their own, and means the same.
for _name, _op in (
    ("matmul", products.matmul),
    ("outer", products.outer),
    ("tensordot", products.tensordot),
    ("vecdot", products.vecdot),
    ("cross", products.cross),
):
    numpy_protocol.served[getattr(np.linalg, _name)] = _op

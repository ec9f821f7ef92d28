"""Linear algebra: NumPy's `linalg`, on matrices and stacks of them.

Sources: M. Giles, "Collected matrix derivative results" (2008); S. Walter and L. Lehmann, "Algorithmic differentiation
of linear algebra functions" (2010); for complex matrices, those of PyTorch's convention. H is the conjugate transpose.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..backward import unbroadcast
from ..declare import op
from ..graph import Array
from .axes import Shape
from .products import mT


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
    if len(y_shape) == 1:  # the one vector is what is repeated, never x
        return -c[..., None] * out[..., None, :]
    return unbroadcast(-np.matmul(c, mT(out)), x.shape)


@solve.vjp("y")
def _(g: Array, x: Array, y_shape: Shape) -> Array:
    return unbroadcast(_solve_t(x, g, len(y_shape) == 1), y_shape)


@op(name="linalg.tensorinv")
def tensorinv(x: Array, ind: int = 2) -> Array:
    """The inverse of x as the matrix whose rows are its first `ind` axes, and whose columns are the others."""
    return np.linalg.tensorinv(x, ind)


@tensorinv.vjp("x")
def _(g: Array, out: Array, ind: int, x_shape: Shape) -> Array:
    n = math.prod(x_shape[:ind])
    inverse = out.reshape((n, n)).T
    return -np.matmul(inverse, np.matmul(g.reshape((n, n)), inverse)).reshape(x_shape)


@op(name="linalg.tensorsolve")
def tensorsolve(x: Array, y: Array, axes: Any = None) -> Array:
    """z with tensordot(x, z, z.ndim) = y; `axes` of x are moved to its end first."""
    return np.linalg.tensorsolve(x, y, axes)


@tensorsolve.vjp("x", "y")
def _(g: Array, out: Array, x: Array, axes: Any, y_shape: Shape) -> tuple[Array, Array]:
    moved = tuple(range(x.ndim - len(axes), x.ndim)) if axes is not None else ()
    turned = np.moveaxis(x, axes, moved) if axes is not None else x
    matrix = turned.reshape((out.size, out.size))
    c = np.linalg.solve(matrix.T, g.reshape((out.size,)))
    g_x = -(c[:, None] * out.reshape((out.size,))).reshape(turned.shape)
    return np.moveaxis(g_x, moved, axes) if axes is not None else g_x, c.reshape(y_shape)


# -- pseudo-inverse and least squares ---------------------------------------------------------------------------------


@op(name="linalg.pinv", flat=("rcond", "rtol"), holomorphic=False)
def pinv(x: Array, rcond: Any = None, hermitian: bool = False, *, rtol: Any = np._NoValue) -> Array:
    """The Moore-Penrose inverse p = x^+ of matrices of any shape and rank; its gradient holds while the rank stays.

    dp = -p dx p + p p^H dx^H (1 - x p) + (1 - p x) dx^H p^H p (Golub and Pereyra 1973, equation 4.12).
    """
    return np.linalg.pinv(x, rcond, hermitian, rtol=rtol)


@pinv.vjp("x")
def _(g: Array, out: Array, x: Array) -> Array:
    p, gh = out, H(g)
    on_rows = gh - np.matmul(x, np.matmul(p, gh))  # (1 - x p) g^H
    on_columns = gh - np.matmul(np.matmul(gh, p), x)  # g^H (1 - p x)
    return (
        -np.matmul(H(p), np.matmul(g, H(p)))
        + np.matmul(on_rows, np.matmul(p, H(p)))
        + np.matmul(np.matmul(H(p), p), on_columns)
    )


class LstSq(NamedTuple):
    """What `lstsq` gives: the solution, the sums of squared residuals, the rank, the singular values."""

    x: Array
    residuals: Array
    rank: Array
    s: Array


@op(name="linalg.lstsq", flat=("rcond",), holomorphic=False)
def lstsq(a: Array, b: Array, rcond: Any = None) -> LstSq:
    """x = a^+ b: of all x with the least |a x - b| the shortest. The gradient holds while the rank of a stays.

    dx = a^+ (db - da x) + a^+ a^+H da^H (b - a x) + (1 - a^+ a) da^H a^+H x. Gradients flow through the residuals and
    the singular values too.
    """
    return LstSq(*np.linalg.lstsq(a, b, rcond))


@lstsq.vjp("a", "b")
def _(g: Any, out: LstSq, a: Array, b: Array, rcond: Any) -> tuple[Array, Array]:
    x, (g_x, g_residuals, _, g_s) = out[0], g
    is_vector = b.ndim == 1
    x, b, g_x = (x[:, None], b[:, None], g_x[:, None]) if is_vector else (x, b, g_x)
    p = np.linalg.pinv(a, np.finfo(a.dtype).eps * sum(a.shape) if rcond is None else rcond)
    rest = b - np.matmul(a, x)
    g_b = np.matmul(H(p), g_x)
    g_a = np.matmul(rest, H(np.matmul(p, g_b))) - np.matmul(g_b, H(x))
    g_a = g_a + np.matmul(np.matmul(H(p), x), H(g_x - np.matmul(p, np.matmul(a, g_x))))
    if g_residuals.size:
        g_a = g_a - np.matmul(2 * g_residuals * rest, H(x))
        g_b = g_b + 2 * g_residuals * rest
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return g_a + np.matmul(u * g_s, vh), g_b[:, 0] if is_vector else g_b


# -- determinants -----------------------------------------------------------------------------------------------------


@op(name="linalg.adjugate")
def adjugate(x: Array) -> Array:
    """The transposed cofactors: x adj(x) = det(x) 1, and finite where x has no inverse.

    adj(u s v) = det(u) det(v) v^-1 adj(s) u^-1, and for a diagonal s each element is the product of all others. Along
    m, adj(s)_ij changes by -m_ij q_ij and adj(s)_ii by the sum over j of m_jj q_ij, where q_ij is the product of all
    of s but s_i and s_j. Nothing is divided, here or in the gradient.
    """
    u, s, v = np.linalg.svd(x)
    sign = np.linalg.det(u) * np.linalg.det(v)
    return sign[..., None, None] * np.matmul(H(v) * _products_of_others(s)[..., None, :], H(u))


@adjugate.vjp("x")
def _(g: Array, x: Array) -> Array:
    u, s, v = np.linalg.svd(x)
    sign = (np.linalg.det(u) * np.linalg.det(v))[..., None, None]
    left, right = sign * np.conj(u), np.conj(v)
    g_s = np.matmul(np.matmul(np.conj(v), g), np.conj(u))
    eye = np.eye(s.shape[-1])
    q = _products_of_others(np.where(eye, 1, s[..., None, :])) * (1 - eye)
    on_diagonal = np.matmul(q, (g_s * eye).sum(axis=-1)[..., None])
    return np.matmul(np.matmul(left, eye * on_diagonal - q * g_s), right)


def _products_of_others(s: Array) -> Array:
    """For each element of the last axis the product of all others."""
    return np.prod(np.where(np.eye(s.shape[-1]), 1, s[..., None, :]), axis=-1)


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

"""Decompositions of matrices: Cholesky, QR, eigenvalues, singular values.

Eigenvectors and singular vectors are fixed only up to a sign or phase (the gauge): a function of them has a derivative
only if it does not depend on it. Where two eigenvalues or singular values meet, their vectors have no derivative; the
differences are then broadened (1/d becomes d / (d^2 + eps^2)), so that a function that does not depend on the choice
of vectors keeps its finite gradient.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..declare import op
from ..graph import Array
from .linalg import H


def _apart(d: Array, scale: Array) -> Array:
    """1 / d for differences d, broadened where they are lost in rounding errors of numbers as large as `scale`."""
    limits = np.finfo(d.dtype)
    width = 10 * limits.eps * np.maximum(scale, limits.tiny)
    return np.conj(d) / (np.abs(d) ** 2 + width * width)


def _hermitian(x: Array) -> Array:
    return (x + H(x)) / 2


# -- Cholesky ---------------------------------------------------------------------------------------------------------


@op(name="linalg.cholesky", holomorphic=False)
def cholesky(x: Array, *, upper: bool = False) -> Array:
    """L with x = L L^H, lower triangular; of x only the Hermitian part counts (Murray 2016, equation 10).

    x gets the Hermitian part of L^-H phi(L^H g) L^-1, where phi takes the lower triangle and half of the diagonal.
    """
    return np.linalg.cholesky(x, upper=upper)


@cholesky.vjp("x")
def _(g: Array, out: Array, upper: bool) -> Array:
    lower, g = (H(out), H(g)) if upper else (out, g)
    n = lower.shape[-1]
    phi = np.tril(np.ones((n, n))) - 0.5 * np.eye(n)
    inner = phi * np.matmul(H(lower), g)
    right = np.linalg.solve(H(lower), inner)  # L^-H inner
    return _hermitian(H(np.linalg.solve(H(lower), H(right))))


# -- QR ---------------------------------------------------------------------------------------------------------------


class QR(NamedTuple):
    """What `qr` gives."""

    Q: Array
    R: Array


@op(name="linalg.qr", holomorphic=False)
def qr(x: Array, mode: Any = "reduced") -> Any:
    """(Q, R) with x = Q R, Q of orthonormal columns, R upper triangular; x tall, square or wide, of full rank.

    Walter and Lehmann (2010), section 3; a wide x is split into its square part and the rest.
    """
    if mode not in ("reduced", "r") and not (mode == "complete" and x.shape[-2] <= x.shape[-1]):
        raise ValueError(f"linalg.qr: mode {mode!r} has no gradient for shape {x.shape}; use 'reduced'")
    out = np.linalg.qr(x, mode)
    return out if mode == "r" else QR(*out)


@qr.vjp("x")
def _(g: Any, out: Any, x: Array, mode: str) -> Array:
    if mode == "r":
        r, g_r = out, g
        q, g_q = np.linalg.qr(x)[0], None
    else:
        (q, r), (g_q, g_r) = out, g
    k = q.shape[-1]
    square, rest = r[..., :, :k], r[..., :, k:]
    g_square, g_rest = g_r[..., :, :k], g_r[..., :, k:]
    wide = rest.shape[-1] > 0
    if wide:  # x = [a, b], q r = a, rest = q^H b: b's part of the gradient also reaches q
        b = x[..., :, k:]
        through = np.matmul(b, H(g_rest))
        g_q = through if g_q is None else g_q + through
    g_a = _qr_square(g_q, g_square, q, square)
    return np.concatenate([g_a, np.matmul(q, g_rest)], axis=-1) if wide else g_a


def _qr_square(g_q: Array | None, g_r: Array, q: Array, r: Array) -> Array:
    m = np.matmul(r, H(g_r))
    m = m if g_q is None else m - np.matmul(H(g_q), q)
    n = r.shape[-1]
    lower = np.tril(np.ones((n, n)), -1) + 0.5 * np.eye(n)
    low = m * lower
    inner = np.matmul(q, low + H(low))
    inner = inner if g_q is None else inner + g_q
    return H(np.linalg.solve(r, H(inner)))  # inner r^-H


# -- eigenvalues of Hermitian matrices --------------------------------------------------------------------------------


class Eigh(NamedTuple):
    """What `eigh` gives."""

    eigenvalues: Array
    eigenvectors: Array


@op(name="linalg.eigh", holomorphic=False)
def eigh(x: Array, UPLO: Any = "L") -> Eigh:
    """(w, V) with x V = V diag(w), for a Hermitian x, of which one triangle is read; the gradient is Hermitian.

    Giles (2008), section 3.1: x gets V (diag(g_w) + F o (V^H g_V)) V^H, F_ij = 1 / (w_j - w_i).
    """
    return Eigh(*np.linalg.eigh(x, UPLO))


@eigh.vjp("x")
def _(g: Any, out: Any) -> Array:
    (w, v), (g_w, g_v) = out, g
    eye = np.eye(w.shape[-1])
    f = _apart(w[..., None, :] - w[..., :, None], np.max(np.abs(w), axis=-1, initial=0)[..., None, None]) * (1 - eye)
    inner = f * np.matmul(H(v), g_v) + g_w[..., None, :] * eye
    return _hermitian(np.matmul(v, np.matmul(inner, H(v))))


@op(name="linalg.eigvalsh", holomorphic=False)
def eigvalsh(x: Array, UPLO: Any = "L") -> Array:
    """The eigenvalues of a Hermitian x, ascending. x gets V diag(g) V^H."""
    return np.linalg.eigvalsh(x, UPLO)


@eigvalsh.vjp("x")
def _(g: Array, x: Array, UPLO: Any) -> Array:
    v = np.linalg.eigh(x, UPLO)[1]
    return np.matmul(v * g[..., None, :], H(v))


# -- eigenvalues of any square matrix ---------------------------------------------------------------------------------


class Eig(NamedTuple):
    """What `eig` gives."""

    eigenvalues: Array
    eigenvectors: Array


@op(name="linalg.eig", holomorphic=False)
def eig(x: Array) -> Eig:
    """(w, V) with x V = V diag(w), the columns of V of length 1; complex, unless all eigenvalues are real.

    x gets V^-H (diag(g_w) + F o (V^H g_V - V^H V diag(re V^H g_V))) V^H, F_ij = conj(1 / (w_j - w_i)): Boeddeker and
    others, "On the computation of complex-valued gradients" (2017), equation 4.77. Where x has too few eigenvectors
    there is no derivative, and V has no inverse.
    """
    return Eig(*np.linalg.eig(x))


@eig.vjp("x")
def _(g: Any, out: Any) -> Array:
    (w, v), (g_w, g_v) = out, g
    eye = np.eye(w.shape[-1])
    largest = np.max(np.abs(w), axis=-1, initial=0)[..., None, None]
    f = np.conj(_apart(w[..., None, :] - w[..., :, None], largest)) * (1 - eye)
    by_v = np.matmul(H(v), g_v)
    by_v = by_v - np.matmul(np.matmul(H(v), v), np.real(by_v) * eye)
    return np.linalg.solve(H(v), np.matmul(f * by_v + g_w[..., None, :] * eye, H(v)))


@op(name="linalg.eigvals", holomorphic=False)
def eigvals(x: Array) -> Array:
    """The eigenvalues of a square x, in no order; complex, unless all are real. x gets V^-H diag(g) V^H."""
    return np.linalg.eigvals(x)


@eigvals.vjp("x")
def _(g: Array, out: Array, x: Array) -> Array:
    w, v = np.linalg.eig(x)  # in an order of its own
    nearest = np.argmin(np.abs(w[..., :, None] - out[..., None, :]), axis=-1)
    g = np.take_along_axis(g, nearest, axis=-1)
    return np.linalg.solve(H(v), g[..., :, None] * H(v))


# -- singular values --------------------------------------------------------------------------------------------------


class SVD(NamedTuple):
    """What `svd` gives."""

    U: Array
    S: Array
    Vh: Array


@op(name="linalg.svd", holomorphic=False)
def svd(x: Array, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """(U, S, Vh) with x = U diag(S) Vh (Townsend 2016; Wan and Zhang 2019 for the complex case).

    Gradients flow through all three for `full_matrices=False` and for square matrices. For others the further columns
    of U or rows of Vh are arbitrary, so that no gradient is defined: an error says so.
    """
    out: Any = np.linalg.svd(x, full_matrices, compute_uv, hermitian)  # type: ignore[call-overload]  # bools are both
    return SVD(*out) if compute_uv else out


@svd.vjp("x")
def _(g: Any, out: Any, x: Array, full_matrices: bool, compute_uv: bool) -> Array:
    if not compute_uv:
        return _svdvals_gradient(g, x)
    if full_matrices and x.shape[-2] != x.shape[-1]:
        raise ValueError(
            f"linalg.svd: for shape {x.shape} the full matrices are not determined, so they have no gradient; "
            "pass full_matrices=False"
        )
    (u, s, vh), (g_u, g_s, g_vh) = out, g
    k = s.shape[-1]
    eye = np.eye(k)
    biggest = np.max(s, axis=-1, initial=0)[..., None, None]
    row, column = s[..., None, :], s[..., :, None]
    # 1 / (s_j^2 - s_i^2), as a product so that squares do not lose digits
    f = _apart(row - column, biggest) * _apart(row + column, biggest) * (1 - eye)
    by_u, by_v = np.matmul(H(u), g_u), np.matmul(vh, H(g_vh))
    inner = (f * (by_u - H(by_u))) * row + column * (f * (by_v - H(by_v))) + g_s[..., None, :] * eye
    inverse = _apart(s, biggest[..., 0])
    if x.dtype.kind == "c":  # the phase that U and V share
        inner = inner + 1j * np.imag(by_u * eye) * inverse[..., None, :]
    c = np.matmul(u, np.matmul(inner, vh))
    if x.shape[-2] > k:
        rest = g_u - np.matmul(u, by_u)
        c = c + np.matmul(rest * inverse[..., None, :], vh)
    if x.shape[-1] > k:
        rest = g_vh - np.matmul(np.matmul(g_vh, H(vh)), vh)
        c = c + np.matmul(u * inverse[..., None, :], rest)
    return c


@op(name="linalg.svdvals", holomorphic=False)
def svdvals(x: Array) -> Array:
    """The singular values, descending. x gets U diag(g) Vh."""
    return np.linalg.svd(x, compute_uv=False)


@svdvals.vjp("x")
def _svdvals_gradient(g: Array, x: Array) -> Array:
    u, _, vh = np.linalg.svd(x, full_matrices=False)
    return np.matmul(u * g[..., None, :], vh)

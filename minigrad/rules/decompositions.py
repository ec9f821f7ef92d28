"""Decompositions of matrices: Cholesky, QR, eigenvalues, singular values.

Eigenvectors and singular vectors are fixed only up to a sign or phase (the gauge): a function of them has a derivative
only if it does not depend on it. The vectors of values that are equal are any basis of their space. What they were
turned into by an infinitesimal change is not in their values, so a gradient that arrives for such vectors is an error;
functions of the values alone are right there too. Where values are near each other the gradient is large, and finite.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..declare import op
from ..graph import Array
from .linalg import H


def _lost(d: Array, values: Array) -> Array:
    """Which d, differences of `values` or values themselves, are lost in the rounding errors of the largest value."""
    largest = np.max(np.abs(values), axis=-1, initial=0)
    return np.abs(d) <= 10 * np.finfo(d.dtype).eps * largest.reshape(largest.shape + (1,) * (d.ndim - largest.ndim))


def _over(d: Array, lost: Array) -> Array:
    """1 / d, and 0 where d is lost."""
    return np.where(lost, 0, 1 / np.where(lost, 1, d))


def _inverse_differences(op: str, w: Array, g_w: Array, *g_columns: Array) -> Array:
    """1 / (w_j - w_i) off the diagonal; an error for equal values where a gradient arrives for their vectors."""
    d = w[..., None, :] - w[..., :, None]
    lost = _lost(d, w)
    if any(np.any(g != 0) for g in g_columns):
        wanted = sum((np.abs(g).sum(axis=-2) for g in g_columns), np.abs(g_w)) > 0
        ties = lost & ~np.eye(w.shape[-1], dtype=bool) & wanted[..., None, :]
        if np.any(ties):
            i, j = sorted(int(n) for n in np.argwhere(ties)[0][-2:])
            raise ValueError(
                f"{op}: values {i} and {j} of a matrix are equal, so their vectors are any basis of a plane, and a "
                "function of these vectors has no gradient. Use the values alone, or move them apart"
            )
    return _over(d, lost)


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
    f = _inverse_differences("linalg.eigh", w, g_w, g_v)
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
    f = np.conj(_inverse_differences("linalg.eig", w, g_w, g_v))
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
    row, column = s[..., None, :], s[..., :, None]
    # 1 / (s_j^2 - s_i^2), as a product so that squares do not lose digits
    f = _inverse_differences("linalg.svd", s, g_s, g_u, H(g_vh)) * _over(row + column, _lost(row + column, s))
    by_u, by_v = np.matmul(H(u), g_u), np.matmul(vh, H(g_vh))
    inner = (f * (by_u - H(by_u))) * row + column * (f * (by_v - H(by_v))) + g_s[..., None, :] * eye
    inverse = _over(s, _lost(s, s))
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

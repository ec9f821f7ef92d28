"""Linear algebra where a random draw would not look: singular, deficient, repeated; and PyTorch's gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg

Array = np.ndarray[Any, Any]
rng = np.random.default_rng(0)


def numbers(*shape: int, dtype: str = "float64") -> Array:
    """Gaussian numbers; complex ones in both parts."""
    x = rng.normal(size=shape)
    return x + 1j * rng.normal(size=shape) if dtype == "complex128" else x


L = np.linalg
inf = np.inf


def torch_linalg() -> Any:
    return pytest.importorskip("torch").linalg


def well_conditioned(n: int, dtype: str = "float64") -> Array:
    return numbers(n, n, dtype=dtype) + 3 * np.eye(n)


def hermitian(x: Any) -> Any:
    return (x + np.conj(np.swapaxes(x, -1, -2))) / 2


# -- determinants -----------------------------------------------------------------------------------------------------


def cofactors(x: Array) -> Array:
    """By their definition: each the determinant of what is left without a row and a column."""
    n = x.shape[0]
    minor: Callable[[int, int], Any] = lambda i, j: L.det(np.delete(np.delete(x, i, 0), j, 1))
    return np.array([[(-1) ** (i + j) * minor(i, j) for j in range(n)] for i in range(n)])


@pytest.mark.parametrize("rank", [4, 3, 2, 0])
def test_det_of_any_rank(rank: int) -> None:
    x = numbers(4, rank) @ numbers(rank, 4)
    np.testing.assert_allclose(mg.grad(L.det)(x), cofactors(x), atol=1e-12)


@pytest.mark.parametrize("rank", [3, 2, 1, 0])
def test_second_derivative_of_det_of_any_rank(rank: int) -> None:
    x = numbers(3, rank) @ numbers(rank, 3)
    expected = np.zeros((3, 3, 3, 3))  # det is linear in each element: second differences are exact
    for i, j, k, l in np.ndindex(3, 3, 3, 3):
        a, b = np.zeros((3, 3)), np.zeros((3, 3))
        a[i, j], b[k, l] = 1, 1
        expected[i, j, k, l] = 0 if i == k or j == l else L.det(x + a + b) - L.det(x + a) - L.det(x + b) + L.det(x)
    np.testing.assert_allclose(mg.hessian(L.det)(x), expected, atol=1e-12)


def test_slogdet_of_a_singular_matrix_has_no_gradient() -> None:
    with pytest.raises(L.LinAlgError):
        mg.grad(lambda x: L.slogdet(x)[1])(np.zeros((2, 2)))


# -- inverses and systems ---------------------------------------------------------------------------------------------


def test_solve_takes_a_vector_only_of_one_axis() -> None:
    """NumPy 2: a right side of two axes is a matrix, also beside a stack of matrices."""
    x, y = np.stack([well_conditioned(3)] * 3), numbers(3, 3)
    out, pull = mg.vjp(L.solve, x, y)
    assert out.shape == (3, 3, 3)
    np.testing.assert_allclose(pull(np.ones((3, 3, 3)))[1], 3 * L.inv(x[0]).T @ np.ones((3, 3)))


@pytest.mark.parametrize("shape, rank", [((4, 2), 2), ((2, 4), 2), ((4, 3), 2), ((3, 3), 1)])
def test_pinv_where_the_rank_stays(shape: tuple[int, int], rank: int) -> None:
    """Along x = a b the rank stays, and pinv(a b) = b^T (b b^T)^-1 (a^T a)^-1 a^T."""
    a, b, w = numbers(shape[0], rank), numbers(rank, shape[1]), numbers(shape[1], shape[0])
    by_pinv = mg.grad(lambda a, b: np.sum(L.pinv(a @ b, 1e-10) * w), (0, 1))(a, b)
    by_factors = mg.grad(lambda a, b: np.sum((b.T @ L.inv(b @ b.T) @ L.inv(a.T @ a) @ a.T) * w), (0, 1))(a, b)
    for mine, other in zip(by_pinv, by_factors):
        np.testing.assert_allclose(mine, other, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("shape", [(4, 2), (3, 3), (2, 4)])
def test_lstsq_is_pinv_times_b(shape: tuple[int, int]) -> None:
    a, b, w = numbers(*shape), numbers(shape[0]), numbers(shape[1])
    by_lstsq = mg.grad(lambda a, b: np.sum(L.lstsq(a, b)[0] * w), (0, 1))(a, b)
    by_pinv = mg.grad(lambda a, b: np.sum(L.pinv(a) @ b * w), (0, 1))(a, b)
    for mine, other in zip(by_lstsq, by_pinv):
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-9)


# -- norms ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [None, 1, 2, 3, 0.5, 0, inf, -inf, -1])
def test_norm_at_0_is_0(order: Any) -> None:
    with np.errstate(divide="ignore"):  # NumPy's own, for -1
        g = mg.grad(lambda x: np.sum(L.norm(x, order, axis=1)))(np.array([[0.0, 0, 0], [1, 2, 3]]))
    assert not g[0].any() and np.isfinite(g[1]).all()


@pytest.mark.parametrize("order", ["fro", "nuc", 1, 2, inf, -1, -2, -inf])
def test_norm_of_a_matrix_of_zeros(order: Any) -> None:
    assert np.isfinite(mg.grad(lambda x: L.norm(x, order))(np.zeros((2, 3)))).all()
    np.testing.assert_array_equal(mg.hessian(lambda x: L.norm(x))(np.zeros(2)), np.zeros((2, 2)))


def test_norms_share_at_ties() -> None:
    np.testing.assert_allclose(mg.grad(lambda x: L.norm(x, inf))(np.array([3.0, -3, 1])), [0.5, -0.5, 0])
    np.testing.assert_allclose(mg.grad(lambda x: L.norm(x, 1))(np.array([[1.0, -2], [1, 0]])), [[0.5, -0.5], [0.5, 0]])
    np.testing.assert_allclose(mg.grad(lambda x: L.norm(x, 2))(np.eye(2)), np.eye(2) / 2, atol=1e-15)


def test_the_nuclear_norm_of_a_deficient_matrix_has_the_smallest_subgradient() -> None:
    u, v = np.array([3.0, 4]) / 5, np.array([0.6, -0.8])
    np.testing.assert_allclose(mg.grad(lambda x: L.norm(x, "nuc"))(7 * np.outer(u, v)), np.outer(u, v), atol=1e-15)


# -- decompositions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [np.eye(3), np.diag([1.0, 1, 2]), np.zeros((3, 3)), np.ones((3, 3))])
def test_values_that_meet(x: Array) -> None:
    """A symmetric function of the values has the gradient of the trace; one of the vectors has none, and says so."""
    np.testing.assert_allclose(mg.grad(lambda x: np.sum(L.eigh(x)[0]))(x), np.eye(3), atol=1e-14)
    np.testing.assert_allclose(mg.grad(lambda x: np.sum(L.eigvalsh(x) ** 3))(x), 3 * x @ x, atol=1e-13)
    np.testing.assert_allclose(mg.grad(lambda x: np.sum(L.svd(x)[1] ** 2))(x), 2 * x, atol=1e-14)
    for f in (L.eigh, L.svd, L.eig):
        name = rf"linalg.{f.__name__}: values \d and \d of a matrix are equal"
        with pytest.raises(ValueError, match=name):
            mg.grad(lambda x: np.real(np.sum(f(x)[-1])))(x)


def test_vectors_of_values_that_no_other_meets() -> None:
    """The first vector of diag(3, 1, 1) moves by dx_i1 / (3 - 1), whatever the other two are."""
    x = np.diag([3.0, 1, 1])
    expected = np.zeros((3, 3))
    expected[1, 0] = expected[0, 1] = 1 / 4
    w = np.zeros((3, 3))
    w[1, 0] = 1

    def second_element(x: Any) -> Any:
        v = L.eigh(x)[1][:, 2]
        return v[1] * v[0]

    np.testing.assert_allclose(mg.grad(second_element)(x), expected, atol=1e-15)


@pytest.mark.parametrize("gap", [1e-13, 1e-8])
def test_near_degenerate_decompositions_are_finite(gap: float) -> None:
    x = np.diag([1.0, 1 + gap, 2])
    for f in (
        lambda x: np.sum(L.eigh(x)[1]),
        lambda x: np.sum(L.svd(x)[0]) + np.sum(L.svd(x)[2]),
        lambda x: np.real(np.sum(L.eig(x)[1])),
    ):
        assert np.isfinite(mg.grad(f)(x)).all()


def test_full_matrices_that_are_not_determined() -> None:
    with pytest.raises(ValueError, match=r"linalg.svd: for shape \(3, 2\).*full_matrices=False"):
        mg.grad(lambda x: np.sum(L.svd(x)[0]))(numbers(3, 2))
    with pytest.raises(ValueError, match="linalg.qr: mode 'complete'"):
        mg.grad(lambda x: np.sum(L.qr(x, "complete")[0]))(numbers(3, 2))


def test_eigvals_come_in_an_order_of_their_own() -> None:
    for _ in range(5):
        x, power = numbers(5, 5), np.arange(1, 4)
        for k in power:
            expected = k * L.matrix_power(x, int(k) - 1).T  # the sum of w^k is tr x^k
            np.testing.assert_allclose(mg.grad(lambda x: np.real(np.sum(L.eigvals(x) ** k)))(x), expected, atol=1e-9)


# -- as PyTorch has it ------------------------------------------------------------------------------------------------

SQUARE: dict[str, tuple[Any, Callable[[Any, Any], Any]]] = {
    "inv": (L.inv, lambda t, x: t.linalg.inv(x)),
    "pinv": (L.pinv, lambda t, x: t.linalg.pinv(x)),
    "det": (L.det, lambda t, x: t.linalg.det(x)),
    "logabsdet": (lambda x: L.slogdet(x)[1], lambda t, x: t.linalg.slogdet(x)[1]),
    "sign": (lambda x: L.slogdet(x)[0] * L.det(x), lambda t, x: t.linalg.slogdet(x)[0] * t.linalg.det(x)),
    "matrix_power 5": (lambda x: L.matrix_power(x, 5), lambda t, x: t.linalg.matrix_power(x, 5)),
    "matrix_power -2": (lambda x: L.matrix_power(x, -2), lambda t, x: t.linalg.matrix_power(x, -2)),
    "expm": (lambda x: mg.linalg.expm(x / 3), lambda t, x: t.linalg.matrix_exp(x / 3)),
    "cholesky": (
        lambda x: L.cholesky(x @ np.conj(x.T)),
        lambda t, x: t.linalg.cholesky(x @ x.mH),
    ),
    "eigvals": (
        lambda x: np.prod(L.eigvals(x)[:, None] + np.arange(3), 0),
        lambda t, x: (t.linalg.eigvals(x)[:, None] + t.arange(3)).prod(0),
    ),
    "eigh": (
        lambda x: (lambda w, v: (v * w**3) @ np.conj(v.T) * w)(*L.eigh(hermitian(x))),
        lambda t, x: (lambda w, v: (v * w**3) @ v.mH * w)(*t.linalg.eigh((x + x.mH) / 2)),
    ),
    "eigh vectors": (
        lambda x: np.abs(L.eigh(hermitian(x))[1]),
        lambda t, x: t.linalg.eigh((x + x.mH) / 2)[1].abs(),
    ),
    "eigvalsh": (lambda x: L.eigvalsh(hermitian(x)), lambda t, x: t.linalg.eigvalsh((x + x.mH) / 2)),
    "cond": (L.cond, lambda t, x: t.linalg.cond(x)),
}


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("name", SQUARE)
def test_functions_of_square_matrices_as_pytorch(name: str, dtype: str, as_pytorch: Callable[..., None]) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = SQUARE[name]
    if name == "eigvals" and dtype == "float64":
        pytest.skip("PyTorch's are complex always")
    as_pytorch(ours, lambda x: theirs(torch, x), [well_conditioned(4, dtype)], rtol=1e-9)


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (3, 3), (2, 4, 3)])
def test_rectangles_as_pytorch(shape: tuple[int, ...], dtype: str, as_pytorch: Callable[..., None]) -> None:
    torch = pytest.importorskip("torch")
    x = numbers(*shape, dtype=dtype)
    as_pytorch(L.svdvals, torch.linalg.svdvals, [x], 1e-9)
    as_pytorch(L.pinv, torch.linalg.pinv, [x], 1e-8)
    for part in (0, 2):
        as_pytorch(
            lambda x: np.abs(L.svd(x, full_matrices=False)[part]),
            lambda x: torch.linalg.svd(x, full_matrices=False)[part].abs(),
            [x],
            1e-8,
        )
    if dtype == "float64":  # the phases of R's diagonal are a choice
        for part in (0, 1):
            as_pytorch(lambda x: L.qr(x)[part] ** 2, lambda x: torch.linalg.qr(x)[part] ** 2, [x], 1e-8)


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("order", [None, "fro", "nuc", 1, -1, 2, -2, inf, -inf])
def test_matrix_norms_as_pytorch(order: Any, dtype: str, as_pytorch: Callable[..., None]) -> None:
    torch = pytest.importorskip("torch")
    theirs = lambda x: torch.linalg.norm(x, order, dim=(0, 2))
    as_pytorch(lambda x: L.norm(x, order, axis=(0, 2)), theirs, [numbers(4, 2, 3, dtype=dtype)], 1e-9)


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("order", [1, -1, 2, 3, 0.5, inf, -inf])
def test_vector_norms_as_pytorch(order: float, dtype: str, as_pytorch: Callable[..., None]) -> None:
    torch = pytest.importorskip("torch")
    as_pytorch(
        lambda x: L.norm(x, order, axis=1, keepdims=True),
        lambda x: torch.linalg.vector_norm(x, order, dim=1, keepdim=True),
        [numbers(4, 3, dtype=dtype)],
        1e-9,
    )


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_systems_as_pytorch(dtype: str, as_pytorch: Callable[..., None]) -> None:
    torch = pytest.importorskip("torch")
    x = well_conditioned(3, dtype)
    for y in (numbers(3, dtype=dtype), numbers(3, 2, dtype=dtype)):
        as_pytorch(L.solve, torch.linalg.solve, [x, y], 1e-9)
    tall = numbers(5, 3, dtype=dtype)
    as_pytorch(
        lambda a, b: L.lstsq(a, b)[0],
        lambda a, b: torch.linalg.lstsq(a, b)[0],
        [tall, numbers(5, 2, dtype=dtype)],
        1e-8,
    )
    chain = [numbers(2, 3, dtype=dtype), numbers(3, 4, dtype=dtype), numbers(4, 2, dtype=dtype)]
    as_pytorch(lambda *a: L.multi_dot(a), lambda *a: torch.linalg.multi_dot(a), chain)

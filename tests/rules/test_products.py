"""Products: what a random draw would not look at, and PyTorch's gradients of real and of complex arrays."""

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


def test_einsum_of_operands_that_broadcast() -> None:
    x, y = np.array([2.0]), np.array([3.0, 4.0])
    g_x, g_y = mg.grad(lambda x, y: np.einsum("i,i", x, y), (0, 1))(x, y)
    np.testing.assert_array_equal(g_x, [7])
    np.testing.assert_array_equal(g_y, [2, 2])


def test_einsum_of_an_index_repeated_within_an_operand() -> None:
    x = numbers(3, 3)
    np.testing.assert_array_equal(mg.grad(lambda x: np.einsum("ii", x))(x), np.eye(3))
    weights = np.array([1.0, 10, 100])
    np.testing.assert_array_equal(mg.grad(lambda x: np.sum(np.einsum("ii->i", x) * weights))(x), np.diag(weights))
    cube = numbers(2, 2, 2)
    expected = np.zeros((2, 2, 2))
    expected[0, 0, 0] = expected[1, 1, 1] = 1
    np.testing.assert_array_equal(mg.grad(lambda x: np.einsum("iii", x))(cube), expected)


def test_einsum_of_an_index_that_is_only_summed() -> None:
    np.testing.assert_array_equal(
        mg.grad(lambda x: np.sum(np.einsum("ij->j", x) * [1, 2, 3]))(numbers(2, 3)), [[1, 2, 3]] * 2
    )


EINSUMS = [
    ("ij,jk", [(2, 3), (3, 4)]),
    ("ij,kj->ki", [(2, 3), (4, 3)]),
    ("bij,bjk->bik", [(5, 2, 3), (5, 3, 4)]),
    ("...ij,...jk->...ik", [(5, 2, 3), (1, 3, 4)]),
    ("i...->...", [(2, 3)]),
    ("ij,j,kj->ik", [(2, 3), (3,), (4, 3)]),
    ("a,b,c,d->abcd", [(2,), (3,), (1,), (2,)]),
    ("ii->i", [(3, 3)]),
    ("ij,ij", [(2, 3), (2, 3)]),
    ("i,->i", [(3,), ()]),
]
PRODUCTS = [
    ("matmul", [(2, 3), (3, 4)], {}),
    ("matmul", [(3,), (3,)], {}),
    ("matmul", [(2, 3), (3,)], {}),
    ("matmul", [(3,), (4, 3, 2)], {}),
    ("matmul", [(4, 2, 3), (3, 2)], {}),
    ("matmul", [(4, 1, 2, 3), (5, 3, 2)], {}),
    ("inner", [(2, 3), (4, 3)], {}),
    ("outer", [(2,), (3,)], {}),
    ("vdot", [(3,), (3,)], {}),
    ("kron", [(2, 3), (2, 1)], {}),
    ("tensordot", [(2, 3, 4), (4, 2, 5)], {"axes": ([0, 2], [1, 0])}),
    ("cross", [(4, 3), (4, 3)], {}),
]


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("subscripts, shapes", EINSUMS)
def test_einsum_as_pytorch(
    subscripts: str, shapes: list[tuple[int, ...]], dtype: str, as_pytorch: Callable[..., None]
) -> None:
    torch = pytest.importorskip("torch")
    arrays = [numbers(*shape, dtype=dtype) for shape in shapes]
    # Squared: the second derivative of a sum over one operand would be 0.
    as_pytorch(lambda *a: np.einsum(subscripts, *a) ** 2, lambda *a: torch.einsum(subscripts, *a) ** 2, arrays)


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("name, shapes, options", PRODUCTS)
def test_products_as_pytorch(
    name: str, shapes: list[tuple[int, ...]], options: dict[str, Any], dtype: str, as_pytorch: Callable[..., None]
) -> None:
    torch = pytest.importorskip("torch")
    theirs = torch.linalg.cross if name == "cross" else getattr(torch, name)
    theirs_options = {"dims": options["axes"]} if options else {}
    as_pytorch(
        lambda x, y: getattr(np, name)(x, y, **options),
        lambda x, y: theirs(x, y, **theirs_options),
        [numbers(*shape, dtype=dtype) for shape in shapes],
    )


def test_einsum_sublists_sort_their_output_as_numpy_does() -> None:
    x, weights = numbers(2, 3), numbers(3, 2)
    for lists in ([30, 2], [2, 30], [0, 51]):
        expected = np.einsum(x, lists)
        w = weights if expected.shape == (3, 2) else weights.T
        found = mg.grad(lambda x, lists=lists: np.sum(np.einsum(x, lists) * w))(x)
        np.testing.assert_array_equal(found, w if w.shape == (2, 3) else w.T)


def test_matmul_of_nothing() -> None:
    g_x, g_y = mg.grad(lambda x, y: np.sum(x @ y), (0, 1))(np.ones((2, 0)), np.ones((0, 3)))
    assert g_x.shape == (2, 0) and g_y.shape == (0, 3)


def test_cross_of_flat_vectors_is_refused() -> None:
    with pytest.raises(ValueError, match="cross: vectors of 2 and 2 elements; both must have three"):
        mg.cross(np.ones(2), np.ones(2))


def test_products_of_lazy_arrays_stay_lazy() -> None:
    da = pytest.importorskip("dask.array")
    x, y = numbers(4, 3), numbers(3, 2)
    lazy_x, lazy_y = da.from_array(x, chunks=2), da.from_array(y, chunks=2)
    for f in (np.matmul, np.dot, lambda a, b: np.tensordot(a, b, 1), lambda a, b: np.einsum("ij,jk->ik", a, b)):
        out, pull = mg.vjp(f, lazy_x, lazy_y)
        gradients = pull(da.ones(out.shape, chunks=2))
        assert all(isinstance(g, da.Array) for g in (out, *gradients))
        np.testing.assert_allclose(gradients[0].compute(), np.ones((4, 2)) @ y.T)
        np.testing.assert_allclose(gradients[1].compute(), x.T @ np.ones((4, 2)))

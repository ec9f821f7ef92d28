"""Scans, sorting and curves where a random draw would not look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg

nan, inf = np.nan, np.inf


def cumprod_jacobian(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    n = x.size
    rows = [[np.prod(np.delete(x[: k + 1], i)) if i <= k else 0.0 for i in range(n)] for k in range(n)]
    return np.array(rows)


@pytest.mark.parametrize("x", [[2.0, 3, 4, 5], [2, 0, 4, 5], [0, 3, 0, 5], [0, 0, 0], [7]])
def test_cumprod_with_zeros(x: list[float]) -> None:
    a = np.array(x, float)
    np.testing.assert_allclose(mg.jacobian(np.cumprod)(a), cumprod_jacobian(a), rtol=1e-15)


def test_second_derivative_of_cumprod_with_zeros() -> None:
    x = np.array([0.0, 3.0, 0.0, 5.0])
    expected = np.zeros((4, 4))
    for k in range(4):
        for i in range(k + 1):
            for j in range(k + 1):
                if i != j:
                    expected[i, j] += np.prod(np.delete(x[: k + 1], [i, j]))
    np.testing.assert_allclose(mg.hessian(lambda x: np.sum(np.cumprod(x)))(x), expected, rtol=1e-15)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 9])
def test_linear_recurrence_is_a_loop(n: int) -> None:
    rng = np.random.default_rng(n)
    a, b = rng.normal(size=(2, n)), rng.normal(size=(2, n))
    h, expected = np.zeros(2), []
    for k in range(n):
        h = a[:, k] * h + b[:, k]
        expected.append(h)
    np.testing.assert_allclose(mg.linear_recurrence(a, b), np.stack(expected, axis=1), rtol=1e-12)


def test_logcumsumexp_at_the_ends() -> None:
    x = np.array([-inf, -1000.0, 1000.0, 1000.0])
    out = mg.logcumsumexp(x, 0)
    np.testing.assert_allclose(out, [-inf, -1000, 1000, 1000 + np.log(2)], rtol=1e-15)
    g = mg.grad(lambda x: np.sum(mg.logcumsumexp(x, 0)))(x)
    np.testing.assert_allclose(g, [0, 1, 1.5, 0.5], rtol=1e-12)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 5])
def test_diff_of_any_order(n: int) -> None:
    x = np.random.default_rng(0).normal(size=4)
    matrix = np.diff(np.eye(4), n, axis=0)
    np.testing.assert_array_equal(mg.jacobian(lambda x: np.diff(x, n))(x), matrix)


def test_diff_with_ends() -> None:
    x = np.array([[1.0, 4.0, 9.0]])
    g = mg.grad(lambda x, a, b: np.sum(np.diff(x, 2, 1, a, b) * np.array([1, 10, 100])), (0, 1, 2))
    g_x, g_a, g_b = g(x, np.array(0.0), np.array([[3.0]]))
    np.testing.assert_array_equal(np.concatenate([[[g_a]], g_x, g_b], axis=1), [[1, 8, 81, -190, 100]])


def test_sort_agrees_with_max_at_ties() -> None:
    x = np.array([3.0, 1.0, 3.0, 2.0])
    np.testing.assert_array_equal(mg.grad(lambda x: np.sort(x)[-1])(x), mg.grad(np.max)(x))
    np.testing.assert_array_equal(mg.grad(lambda x: np.sum(np.sort(x) * np.arange(4)))(x), [2.5, 0, 2.5, 1])
    np.testing.assert_array_equal(mg.grad(lambda x: np.partition(x, 1)[1])(x), [0, 0, 0, 1])


def test_median_with_ties() -> None:
    np.testing.assert_array_equal(mg.grad(np.median)(np.array([1.0, 2, 2, 2, 5])), [0, 1 / 3, 1 / 3, 1 / 3, 0])
    np.testing.assert_array_equal(mg.grad(np.median)(np.array([4.0, 1.0, 2.0, 9.0])), [0.5, 0, 0.5, 0])


def test_quantile_lies_between_two_neighbours() -> None:
    x = np.array([4.0, 1.0, 2.0, 9.0])
    g = mg.jacobian(lambda x: np.quantile(x, [0.0, 0.25, 1.0]))(x)
    np.testing.assert_allclose(g, [[0, 1, 0, 0], [0, 0.25, 0.75, 0], [0, 0, 0, 1]])
    np.testing.assert_array_equal(mg.grad(lambda x: np.percentile(x, 40, method="lower"))(x), [0, 0, 1, 0])


def test_topk() -> None:
    x = np.array([[1.0, 5.0, 3.0], [5.0, 5.0, nan]])
    values, indices = mg.topk(x, 2)
    np.testing.assert_array_equal(values, [[5, 3], [nan, 5]])
    np.testing.assert_array_equal(indices, [[1, 2], [2, 0]])
    np.testing.assert_array_equal(mg.topk(x, 1, dim=0, largest=False).indices, [[0, 0, 0]])
    np.testing.assert_array_equal(
        mg.grad(lambda x: np.sum(mg.topk(x, 2).values * np.array([1, 10])))(x), [[0, 1, 10], [10, 0, 1]]
    )
    with pytest.raises(ValueError, match="k = 4 of 3"):
        mg.topk(x, 4)


@pytest.mark.torch
def test_running_extremes_as_pytorch() -> None:
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).integers(-2, 3, (5, 8)).astype(float)
    for name in ("cummax", "cummin"):
        for dim in (0, -1):
            t = torch.tensor(x, requires_grad=True)
            expected = getattr(torch, name)(t, dim)
            (expected.values**2 * 3).sum().backward()
            got = mg.ops[name](x, dim)
            np.testing.assert_array_equal(got.values, expected.values.detach().numpy())
            np.testing.assert_array_equal(got.indices, expected.indices.numpy())
            g = mg.grad(lambda x, n=name, d=dim: np.sum(mg.ops[n](x, d).values ** 2 * 3))(x)
            np.testing.assert_array_equal(g, t.grad.numpy())


def test_interp_beyond_its_ends() -> None:
    x, xp, fp = np.array([-1.0, 0.5, 3.0]), np.array([0.0, 1.0, 2.0]), np.array([0.0, 10.0, 30.0])

    def total(x: Any, xp: Any, fp: Any, **sides: float) -> Any:
        return np.sum(np.interp(x, xp, fp, **sides))

    g_x, g_xp, g_fp = mg.grad(total, (0, 1, 2))(x, xp, fp)
    np.testing.assert_array_equal(g_x, [0, 10, 0])
    np.testing.assert_array_equal(g_xp, [-5, -5, 0])
    np.testing.assert_array_equal(g_fp, [1.5, 0.5, 1])
    g_fp = mg.grad(lambda fp: total(x, xp, fp, left=7.0, right=7.0))(fp)
    np.testing.assert_array_equal(g_fp, [0.5, 0.5, 0])


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize(("n", "m"), [(5, 2), (2, 5), (4, 4), (5, 3), (1, 4)])
@pytest.mark.parametrize("f", [np.convolve, np.correlate])
def test_sliding_products_are_bilinear(f: Callable[..., Any], n: int, m: int, mode: str) -> None:
    rng = np.random.default_rng(0)
    x, v = rng.normal(size=n), rng.normal(size=m)
    g_x, g_v = mg.jacobian(lambda x, v: f(x, v, mode), (0, 1))(x, v)
    np.testing.assert_allclose(g_x, np.stack([f(e, v, mode) for e in np.eye(n)], axis=-1), atol=1e-15)
    np.testing.assert_allclose(g_v, np.stack([f(x, e, mode) for e in np.eye(m)], axis=-1), atol=1e-15)


def test_trapezoid_moves_with_its_places() -> None:
    x, y = np.array([0.0, 1.0, 3.0]), np.array([2.0, 4.0, 0.0])
    g_y, g_x = mg.grad(lambda y, x: np.trapezoid(y, x), (0, 1))(y, x)
    np.testing.assert_array_equal(g_y, [0.5, 1.5, 1])
    np.testing.assert_array_equal(g_x, [-3, 1, 2])

"""Reductions where a random draw would not look: zeros, ties, constant rows, nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest

import minigrad as mg

nan, inf = np.nan, np.inf


def product_of_others(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.array([np.prod(np.delete(x, i)) for i in range(x.size)])


@pytest.mark.parametrize("x", [[2.0, 3, 4], [2, 0, 4], [0, 3, 0], [0, 0, 0], [5], [-1e200, 1e-200, 3]])
def test_prod_with_zeros(x: list[float]) -> None:
    a = np.array(x, float)
    np.testing.assert_allclose(mg.grad(np.prod)(a), product_of_others(a), rtol=1e-15)


@pytest.mark.parametrize("x", [[2.0, 3, 4], [2, 0, 4], [0, 3, 0], [0, 0, 0, 5]])
def test_second_derivative_of_prod_with_zeros(x: list[float]) -> None:
    a = np.array(x, float)
    expected = np.zeros((a.size, a.size))
    for i, j in combinations(range(a.size), 2):
        expected[i, j] = expected[j, i] = np.prod(np.delete(a, [i, j]))
    np.testing.assert_allclose(mg.hessian(np.prod)(a), expected, rtol=1e-15)


def test_third_derivative_of_prod_with_three_zeros() -> None:
    f: Callable[..., Any] = lambda a, b, c: np.prod(np.stack([a, b, c, 7.0 * np.ones_like(a)]))
    mixed = mg.grad(lambda a: mg.grad(lambda b: mg.grad(lambda c: f(a, b, c))(0.0))(0.0))(0.0)
    assert float(mixed) == 7


def test_prod_with_where_and_initial() -> None:
    x, where = np.array([[2.0, 0, 4], [0, 5, 0]]), np.array([[1, 0, 1], [1, 1, 0]], bool)
    g = mg.grad(lambda x: np.sum(np.prod(x, axis=1, initial=3.0, where=where)))(x)
    np.testing.assert_array_equal(g, [[12, 0, 6], [15, 0, 0]])


@pytest.mark.parametrize("f", [np.std, np.nanstd])
@pytest.mark.parametrize("x", [[0.1, 0.1, 0.1], [2.0], [1e200, 1e200], [0.0, 0.0]])
def test_std_of_equal_numbers_has_no_slope(f: Callable[..., Any], x: list[float]) -> None:
    np.testing.assert_array_equal(mg.grad(f)(np.array(x)), np.zeros(len(x)))
    np.testing.assert_array_equal(mg.hessian(f)(np.array(x)), np.zeros((len(x), len(x))))


def test_std_of_one_constant_row_among_others() -> None:
    x = np.array([[0.3, 0.3, 0.3], [1.0, 2.0, 3.0]])
    g = mg.grad(lambda x: np.sum(np.std(x, axis=1)))(x)
    root = np.sqrt(2 / 3)
    np.testing.assert_allclose(g, [[0, 0, 0], [-1 / (3 * root), 0, 1 / (3 * root)]], atol=1e-16)


def test_var_forgets_no_degree_of_freedom() -> None:
    x = np.array([1.0, 2.0, 4.0, 9.0])
    for options in ({"ddof": 1}, {"correction": 1}, {"ddof": 0.5}, {}):
        freedom = 4 - (options.get("ddof", options.get("correction", 0)))
        np.testing.assert_allclose(mg.grad(lambda x, o=options: np.var(x, **o))(x), 2 * (x - 4) / freedom)
    given = mg.grad(lambda x, m: np.sum(np.var(x, mean=m)), (0, 1))(x, np.array([3.0]))
    np.testing.assert_allclose(given[0], (x - 3) / 2)
    np.testing.assert_allclose(given[1], [-np.sum(x - 3) / 2])
    with np.errstate(all="ignore"):
        assert np.isnan(mg.grad(lambda x: np.var(x, ddof=1))(np.array([3.0]))).all()


@pytest.mark.parametrize("f", [np.max, np.min, np.amax, np.amin, np.nanmax, np.nanmin])
def test_extremes_share_evenly(f: Callable[..., Any]) -> None:
    x = np.array([[1.0, 1, 1, 1], [2, -2, 2, -2]])
    g = mg.grad(lambda x: np.sum(f(x, axis=1)))(x)
    np.testing.assert_array_equal(g.sum(1), [1, 1])
    np.testing.assert_array_equal(g[0], [0.25] * 4)
    assert sorted(g[1]) == [0, 0, 0.5, 0.5]


def test_initial_is_one_more_element() -> None:
    x = np.array([1.0, 3.0, 3.0])
    for initial, expected in ((5.0, [0, 0, 0]), (3.0, [0, 1 / 3, 1 / 3]), (0.0, [0, 0.5, 0.5])):
        np.testing.assert_array_equal(mg.grad(lambda x, i=initial: np.max(x, initial=i))(x), expected)


def test_ptp_of_equal_numbers() -> None:
    np.testing.assert_array_equal(mg.grad(np.ptp)(np.ones(3)), np.zeros(3))
    np.testing.assert_array_equal(mg.grad(np.ptp)(np.array([3.0, 1, 3])), [0.5, -1, 0.5])


def test_average_with_weights_along_several_axes() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(3, 4, 2)), rng.uniform(0.5, 2, (2, 3))
    full = np.transpose(w)[:, None, :] * np.ones_like(x)

    def by_hand(x: Any, w: Any) -> Any:
        spread = np.transpose(w)[:, None, :]
        return np.sum(np.sum(x * spread, axis=(0, 2)) / np.sum(w) * np.arange(4))

    def averaged(x: Any, w: Any) -> Any:
        return np.sum(np.average(x, axis=(2, 0), weights=w) * np.arange(4))

    np.testing.assert_allclose(averaged(x, w), np.sum(np.average(x, (0, 2), full) * np.arange(4)))
    for got, expected in zip(mg.grad(averaged, (0, 1))(x, w), mg.grad(by_hand, (0, 1))(x, w)):
        np.testing.assert_allclose(got, expected, rtol=1e-13)
    total = mg.grad(lambda w: np.sum(np.average(x, (2, 0), w, returned=True)[1]))(w)
    np.testing.assert_array_equal(total, np.full((2, 3), 4.0))


def test_logsumexp_at_the_ends() -> None:
    with np.errstate(all="raise", under="ignore"):
        assert mg.logsumexp(np.array([1000.0, 1000.0])) == pytest.approx(1000 + np.log(2), rel=1e-15)
        np.testing.assert_array_equal(mg.grad(mg.logsumexp)(np.array([-inf, -inf])), [0, 0])
        np.testing.assert_array_equal(mg.grad(mg.logsumexp)(np.array([-inf, 3.0, -1000.0])), [0, 1, 0])
        assert mg.logsumexp(np.zeros(0)) == -inf
        assert mg.logsumexp(np.zeros((0, 2)), axis=0).tolist() == [-inf, -inf]


def test_nan_is_left_out() -> None:
    x = np.array([[1.0, nan, 3.0], [nan, 5.0, 2.0]])
    here = ~np.isnan(x)
    share = 1 / here.sum(1, keepdims=True)
    expected = {
        "nansum": here * 1.0,
        "nanmean": here * share,
        "nanprod": [[3, 0, 1], [0, 2, 5]],
        "nanmax": [[0, 0, 1], [0, 1, 0]],
    }
    for name, g in expected.items():
        np.testing.assert_array_equal(mg.grad(lambda x, n=name: np.sum(getattr(np, n)(x, axis=1)))(x), g)
    for name in ("nanvar", "nanstd", "nanmedian"):
        g = mg.grad(lambda x, n=name: np.sum(getattr(np, n)(x, axis=1)))(x)
        plain = [mg.grad(getattr(np, name[3:]))(row[~np.isnan(row)]) for row in x]
        np.testing.assert_allclose(g[here], np.concatenate(plain))
        assert (g[~here] == 0).all()


def test_nan_is_not_left_out_of_the_others() -> None:
    x = np.array([1.0, nan])
    for f in (np.max, np.mean, np.std):
        with np.errstate(all="ignore"):
            assert np.isnan(f(mg.tensor(x)).data)


ARGUMENTS: list[tuple[Any, ...]] = [(), (0,), (-1,), ((0, 1),), ((-1, 0),), ((),)]


@pytest.mark.parametrize("axis", ARGUMENTS)
@pytest.mark.parametrize("name", ["sum", "mean", "prod", "var", "std", "max", "min"])
def test_argument_forms(name: str, axis: tuple[Any, ...]) -> None:
    a = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
    x = mg.tensor(a, requires_grad=True)
    f = getattr(np, name)
    for keepdims in (False, True):
        out, expected = f(x, *axis, keepdims=keepdims), f(a, *axis, keepdims=keepdims)
        np.testing.assert_array_equal(out.data, expected)
        assert out.dtype == expected.dtype == np.float32
        np.testing.assert_array_equal(getattr(x, name)(*axis, keepdims=keepdims).data, expected)
        np.testing.assert_array_equal(getattr(mg, name)(x, *axis, keepdims=keepdims).data, expected)
    with pytest.raises(np.exceptions.AxisError):
        f(x, axis=5)
    with pytest.raises(TypeError, match="out="):
        f(x, out=np.zeros(()))
    assert f(x, out=None).shape == ()


def test_dtype_of_a_sum() -> None:
    x = mg.tensor(np.ones(3, np.float32), requires_grad=True)
    total = np.sum(x, dtype=np.float64)
    assert total.dtype == np.float64
    total.backward()
    assert x.grad is not None
    assert x.grad.dtype == np.float32


def test_trace_off_the_diagonal() -> None:
    x = np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(mg.grad(lambda x: np.trace(x, 1))(x), np.eye(3, 4, 1))
    np.testing.assert_array_equal(mg.grad(lambda x: np.trace(x, -1, 1, 0))(x), np.eye(4, 3, -1).T)

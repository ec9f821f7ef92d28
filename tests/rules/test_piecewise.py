"""Ties, jumps, and what is constant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg

nan, inf = np.nan, np.inf


@pytest.mark.parametrize("f", [np.maximum, np.minimum, np.fmax, np.fmin])
def test_ties_share_evenly(f: Callable[..., Any]) -> None:
    x = np.array([1.0, 2.0, -3.0])
    g_x, g_y = mg.grad(lambda x, y: np.sum(f(x, y)), (0, 1))(x, x)
    np.testing.assert_array_equal([g_x, g_y], np.full((2, 3), 0.5))
    np.testing.assert_array_equal(mg.grad(lambda x: np.sum(f(x, x)))(x), np.ones(3))


@pytest.mark.parametrize("f", [np.fmax, np.fmin])
def test_a_nan_loses(f: Callable[..., Any]) -> None:
    both = mg.grad(lambda x, y: np.sum(f(x, y)), (0, 1))(np.array([nan, 1.0, nan]), np.array([1.0, nan, nan]))
    np.testing.assert_array_equal(both, [[0, 1, 0], [1, 0, 0]])


@pytest.mark.parametrize("f", [np.absolute, np.fabs])
def test_absolute_at_zero(f: Callable[..., Any]) -> None:
    np.testing.assert_array_equal(mg.grad(lambda x: np.sum(f(x)))(np.array([-2.0, 0.0, 3.0])), [-1, 0, 1])


def test_clip_is_the_minimum_of_a_maximum() -> None:
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    for low, high in [(-1.0, 1.0), (0.5, -0.5), (0.0, 0.0)]:

        def composed(x: Any, low: Any, high: Any) -> Any:
            return np.sum(np.minimum(np.maximum(x, low), high) * np.arange(1, 6))

        def clipped(x: Any, low: Any, high: Any) -> Any:
            return np.sum(np.clip(x, low, high) * np.arange(1, 6))

        expected = mg.grad(composed, (0, 1, 2))(x, low, high)
        for got, wanted in zip(mg.grad(clipped, (0, 1, 2))(x, low, high), expected):
            np.testing.assert_array_equal(got, wanted)


def test_clip_takes_its_bounds_by_either_name() -> None:
    x = mg.tensor([-2.0, 0.5, 2.0], requires_grad=True)
    for y in (np.clip(x, -1, 1), np.clip(x, min=-1, max=1), x.clip(-1, 1), x.clip(min=-1, max=1), mg.clip(x, -1, 1)):
        np.testing.assert_array_equal(y.data, [-1, 0.5, 1])
    np.testing.assert_array_equal(np.clip(x, None, 1).data, [-2, 0.5, 1])
    with pytest.raises(ValueError, match="not both"):
        mg.clip(x, -1, max=2)


def test_nan_to_num_keeps_nan_from_the_gradient() -> None:
    x = np.array([1.0, 0.0, -1.0, 4.0])

    def f(x: Any) -> Any:
        with np.errstate(all="ignore"):
            return np.sum(np.nan_to_num(np.log(x)) * 2)

    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(mg.grad(f)(x), [2, 0, 0, 0.5])


def test_heaviside_and_copysign() -> None:
    x = np.array([-1.0, 0.0, 2.0])
    g_x, g_y = mg.grad(lambda x, y: np.sum(np.heaviside(x, y)), (0, 1))(x, np.ones(3))
    np.testing.assert_array_equal([g_x, g_y], [[0, 0, 0], [0, 1, 0]])
    g_x, g_y = mg.grad(lambda x, y: np.sum(np.copysign(x, y)), (0, 1))(x, np.array([-1.0, -1.0, -0.0]))
    np.testing.assert_array_equal([g_x, g_y], [[1, 0, -1], [0, 0, 0]])


FLAT = ["floor", "ceil", "trunc", "fix", "rint", "round", "around", "sign", "signbit", "isnan", "isfinite", "isinf"]


@pytest.mark.parametrize("name", FLAT)
def test_flat_functions_require_no_gradient(name: str) -> None:
    x = mg.tensor([1.5, -0.5], requires_grad=True)
    y = getattr(np, name)(x)
    assert type(y) is mg.Tensor
    assert not y.requires_grad
    np.testing.assert_array_equal(y.data, getattr(np, name)(x.data))


def test_questions_about_an_array_get_plain_answers() -> None:
    x = mg.tensor(np.ones((2, 3), np.float32), requires_grad=True)
    assert np.shape(x) == (2, 3)
    assert type(np.shape(x)) is tuple
    assert np.ndim(x) == 2
    assert np.size(x) == 6
    assert np.size(x, axis=1) == 3
    assert np.size(x, 0) == 2
    assert np.result_type(x, np.float64) == np.float64
    assert np.iscomplexobj(x) is False
    assert np.isrealobj(x) is True


def test_constants_of_a_shape() -> None:
    x = mg.tensor(np.ones((2, 3), np.float32), requires_grad=True)
    for f, value in ((np.zeros_like, 0), (np.ones_like, 1)):
        y = f(x)
        assert (y.shape, y.dtype, y.requires_grad) == ((2, 3), np.float32, False)
        assert (y.data == value).all()
        assert f(x, dtype=int).dtype == int
        assert f(x, shape=(4,)).shape == (4,)
    v = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    np.sum(np.full_like(x, v)).backward()
    np.testing.assert_array_equal(v.grad, [2, 2, 2])


def test_positions_counts_and_truths() -> None:
    a = np.array([[3.0, 1.0, 3.0], [0.0, 5.0, 2.0]])
    x = mg.tensor(a, requires_grad=True)
    for f in (np.argmax, np.argmin, np.argsort, np.any, np.all, np.count_nonzero, np.flatnonzero, np.argwhere):
        y = f(x)
        np.testing.assert_array_equal(y.data, f(a))
        assert not y.requires_grad
    np.testing.assert_array_equal(np.argmax(x, 1).data, [0, 1])
    np.testing.assert_array_equal(x.argmax(axis=0).data, [0, 1, 0])
    np.testing.assert_array_equal(x[np.nonzero(x > 2)].data, [3, 3, 5])
    np.testing.assert_array_equal(np.searchsorted(np.array([1.0, 2.0]), x).data, np.searchsorted([1.0, 2.0], a))
    assert np.allclose(x, a)
    assert np.array_equal(x, a)
    assert not np.array_equal(x, a + 1)


def test_what_would_detach_in_silence_is_refused() -> None:
    x = mg.tensor([1.0, 1.0, 2.0], requires_grad=True)
    with pytest.raises(TypeError, match="unique"):
        np.unique(x)

"""The elementwise tables where a random draw would not look: zeros, ties, infinities, tiny and huge numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import minigrad as mg

inf, nan = np.inf, np.nan


@pytest.mark.parametrize(
    ("x", "y", "slope_x", "slope_y"),
    [
        (0.0, 0.0, 0.0, 0.0),  # x^0 is 1 everywhere
        (0.0, 1.0, 1.0, 0.0),
        (0.0, 2.0, 0.0, 0.0),
        (0.0, 0.5, inf, 0.0),
        (-2.0, 3.0, 12.0, nan),  # (-2)^y is no real number beside 3
        (2.0, 0.0, 0.0, np.log(2)),
    ],
)
def test_power(x: float, y: float, slope_x: float, slope_y: float) -> None:
    with np.errstate(all="ignore"):
        both = mg.grad(mg.power, (0, 1))(x, y)
    np.testing.assert_allclose(both, (slope_x, slope_y), rtol=1e-15)


def test_power_has_every_order_at_zero() -> None:
    for n in range(5):
        f: Callable[..., Any] = lambda x, n=n: x**n
        for k in range(n + 2):
            expected = float(np.prod(np.arange(n - k + 1, n + 1))) if k == n else 0.0
            assert float(f(np.float64(0.0))) == expected, (n, k)
            f = mg.grad(f)


def test_mixed_second_derivative_of_power_where_the_exponent_is_zero() -> None:
    slope = mg.grad(lambda y: mg.grad(mg.power)(np.float64(2.0), y))
    assert float(slope(0.0)) == pytest.approx(0.5, rel=1e-15)  # x^(y-1) (1 + y ln x)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_sinc_near_zero(order: int) -> None:
    f: Callable[..., Any] = np.sinc
    for _ in range(order):
        f = mg.grad(f)
    with mpmath.workdps(60):
        for x in (1e-8, 1e-3, 0.1, 0.2227, 0.2229, 0.7, 2.5):
            true = float(mpmath.diff(lambda v: mpmath.sin(mpmath.pi * v) / (mpmath.pi * v), mpmath.mpf(x), order))
            assert float(f(x)) == pytest.approx(true, rel=1e-12, abs=1e-12 * np.pi**order)
    at_zero = {1: 0, 2: -(np.pi**2) / 3, 3: 0, 4: np.pi**4 / 5}[order]
    assert float(f(0.0)) == pytest.approx(at_zero, rel=1e-14, abs=1e-14)


def test_erf_is_accurate() -> None:
    x = np.concatenate([np.linspace(-7, 7, 401), 10.0 ** np.linspace(-300, 0, 61)])
    true = np.array([float(mpmath.erf(v)) for v in x])
    np.testing.assert_allclose(mg.erf(x), true, rtol=1e-15)
    assert mg.erf(x.astype(np.float32)).dtype == np.float32
    assert np.isnan(mg.erf(np.float64(nan)))
    np.testing.assert_array_equal(mg.erf(np.array([inf, -inf])), [1, -1])


@pytest.mark.parametrize("order", [0, 1, 2, 5])
def test_bessel_i_is_accurate(order: int) -> None:
    x = np.concatenate([np.linspace(-30, 30, 61), 10.0 ** np.linspace(-20, 0, 21)])
    true = np.array([float(mpmath.besseli(order, v)) for v in x])
    np.testing.assert_allclose(mg.bessel_i(x, order), true, rtol=5e-15)


def test_i0_has_every_order() -> None:
    f: Callable[..., Any] = np.i0
    for order in range(1, 4):
        f = mg.grad(f)
        for x in (0.0, 1e-6, 2.5, -2.5):
            true = float(mpmath.diff(lambda v: mpmath.besseli(0, v), x, order))
            assert float(f(x)) == pytest.approx(true, rel=1e-11, abs=1e-11)


def test_expm1_keeps_the_digits_of_a_small_slope() -> None:
    assert float(mg.grad(np.expm1)(-40.0)) == pytest.approx(float(np.exp(-40.0)), rel=1e-15)


def test_slopes_that_would_overflow_on_the_way() -> None:
    np.testing.assert_allclose(mg.grad(np.hypot, (0, 1))(3e200, 4e200), (0.6, 0.8), rtol=1e-15)
    np.testing.assert_allclose(mg.grad(np.arctan2, (0, 1))(3e-200, 4e-200), (1.6e199, -1.2e199), rtol=1e-14)
    assert float(mg.grad(np.arcsinh)(1e200)) == pytest.approx(1e-200, rel=1e-15)
    x = 1 - 1.23e-8  # 1 - x^2 would have lost half of the digits
    true = float(1 / mpmath.sqrt((1 - mpmath.mpf(x)) * (1 + mpmath.mpf(x))))
    assert float(mg.grad(np.arcsin)(x)) == pytest.approx(true, rel=1e-15)


@pytest.mark.parametrize("f", [np.hypot, np.arctan2])
def test_the_origin_gives_zero(f: Callable[..., Any]) -> None:
    assert mg.grad(f, (0, 1))(0.0, 0.0) == (0, 0)
    assert float(mg.grad(lambda x: mg.grad(f)(x, 0.0))(0.0)) == 0


@pytest.mark.parametrize(
    ("x", "y", "share"),
    [
        (0.0, 0.0, 0.5),
        (1000.0, -1000.0, 1.0),
        (-1000.0, 1000.0, 0.0),
        (-inf, -inf, 0.5),
        (inf, inf, 0.5),
        (-inf, 1.0, 0.0),
    ],
)
def test_logaddexp(x: float, y: float, share: float) -> None:
    for f in (np.logaddexp, np.logaddexp2):
        np.testing.assert_array_equal(mg.grad(f, (0, 1))(x, y), (share, 1 - share))
        assert np.isfinite(mg.grad(mg.grad(f))(x, y))


def test_second_derivative_of_logaddexp_at_a_tie() -> None:
    assert float(mg.grad(mg.grad(np.logaddexp))(0.7, 0.7)) == pytest.approx(0.25, rel=1e-15)


def test_fmod_and_remainder_count_whole_periods() -> None:
    x, y = np.array([7.5, -7.5, 7.5, -7.5]), np.array([2.0, 2.0, -2.0, -2.0])
    np.testing.assert_array_equal(mg.grad(lambda y: np.sum(np.remainder(x, y)))(y), [-3, 4, 4, -3])
    np.testing.assert_array_equal(mg.grad(lambda y: np.sum(np.fmod(x, y)))(y), [-3, 3, 3, -3])
    np.testing.assert_array_equal(mg.grad(lambda y: np.sum(np.divmod(x, y)[1]))(y), [-3, 4, 4, -3])
    assert 3.9 / 1.3 == 3.0  # rounded: 3 times this 1.3 is more than this 3.9
    assert float(mg.grad(lambda y: np.fmod(3.9, y))(1.3)) == -2
    assert float(mg.grad(lambda y: np.remainder(3.9, y))(1.3)) == -2


def test_several_outputs() -> None:
    x = np.array([3.7, -0.3])
    np.testing.assert_array_equal(mg.grad(lambda x: np.sum(np.modf(x)[0]))(x), [1, 1])
    np.testing.assert_array_equal(mg.grad(lambda x: np.sum(np.frexp(x)[0]))(x), [0.25, 2.0])
    assert not np.frexp(mg.tensor(x, requires_grad=True))[1].requires_grad


def test_casting_to_integers_is_flat() -> None:
    x = np.array([1.5, 2.5])
    np.testing.assert_array_equal(mg.grad(lambda x: np.sum(x.astype(int) * x))(x), [1, 2])


HOLOMORPHIC = [
    *("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sqrt", "square", "reciprocal", "negative", "log2"),
    *("arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh", "log10", "log1p", "expm1", "sinc", "sigmoid"),
]


@pytest.mark.torch
@pytest.mark.parametrize("name", [*HOLOMORPHIC, "absolute", "multiply", "divide", "power", "subtract"])
def test_complex_as_pytorch(name: str) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    count = 2 if name in ("multiply", "divide", "power", "subtract") else 1
    xs = [rng.normal(size=5) + 1j * rng.normal(size=5) for _ in range(count)]
    ts = [torch.tensor(x, requires_grad=True) for x in xs]
    expected = getattr(torch, {"power": "pow"}.get(name, name))(*ts)
    g = np.cos(np.arange(5.0)) if name == "absolute" else rng.normal(size=5) + 1j * rng.normal(size=5)
    out, pull = mg.vjp(mg.ops[name], *xs)
    np.testing.assert_allclose(out, expected.detach().numpy(), rtol=1e-13)
    for ours, theirs in zip(pull(g), torch.autograd.grad(expected, ts, torch.tensor(g))):
        np.testing.assert_allclose(ours, theirs.resolve_conj().numpy(), rtol=1e-12)

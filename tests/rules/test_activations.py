"""Activations: PyTorch's values, slopes and second derivatives, at any size of x."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg

NAMES = [
    *("relu", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "softsign", "sigmoid", "tanh"),
    *("hardtanh", "hardsigmoid", "hardswish", "relu6", "logsigmoid"),
]
X = np.array([-1000, -100, -37, -20.5, -6, -3, -2.9, -1, -0.5, -1e-9, 0, 1e-9, 0.3, 1, 2.9, 3, 6, 6.1, 19.9, 20.1, 1e3])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_safe_at_any_size(name: str, dtype: Any) -> None:
    f = mg.ops[name]
    x = np.array([-1000, -88.8, -20, 20, 88.8, 1000], dtype)
    with np.errstate(all="raise", under="ignore"):
        out, pull = mg.vjp(f, x)
        (slope,) = pull(np.ones_like(out))
        curve = mg.grad(lambda x: np.sum(mg.grad(lambda y: np.sum(f(y)))(x)))(x)
    for a in (out, slope, curve):
        assert a.dtype == dtype
        assert np.isfinite(a).all()
    limits = {"softsign": (-1, 1, 1e-2), "logsigmoid": (-1000, 0, 1e-30), "hardtanh": (-1, 1, 0)}
    low, high, near = limits.get(name, (f(np.float64(-1e3)), f(np.float64(1e3)), 1e-6))
    np.testing.assert_allclose(out[[0, -1]], [low, high], atol=near, rtol=1e-6)


def test_sigmoid_keeps_small_values() -> None:
    assert float(mg.sigmoid(-40.0)) == pytest.approx(float(np.exp(-40.0)), rel=1e-15)
    assert float(mg.sigmoid(-1000.0)) == 0


def test_relu_keeps_infinities_and_nan() -> None:
    np.testing.assert_array_equal(mg.relu(np.array([-np.inf, np.inf, np.nan])), [0, np.inf, np.nan])


def test_gelu_refuses_an_unknown_approximation() -> None:
    with pytest.raises(ValueError, match="tanh"):
        mg.gelu(np.ones(2), approximate="erf")


def test_prelu_has_a_weight_for_each_channel() -> None:
    x = np.array([[-1.0, 2.0], [-3.0, -4.0]])
    weight = np.array([0.5, 0.25])
    np.testing.assert_array_equal(mg.prelu(x, weight), [[-0.5, 2], [-1.5, -1]])
    np.testing.assert_array_equal(mg.grad(lambda w: np.sum(mg.prelu(x, w)))(weight), [-4, -4])
    np.testing.assert_array_equal(mg.grad(lambda w: np.sum(mg.prelu(x, w)))(weight[:1]), [-8])


def test_softmax_of_huge_numbers() -> None:
    x = np.array([[1000.0, 1000.0, -1000.0], [-1000.0, -1001.0, -np.inf]])
    e = np.exp(-1.0)
    np.testing.assert_allclose(mg.softmax(x), [[0.5, 0.5, 0], [1 / (1 + e), e / (1 + e), 0]], rtol=1e-13)
    np.testing.assert_allclose(mg.softmax(x, dim=0).sum(0), np.ones(3))
    np.testing.assert_array_equal(mg.grad(lambda x: np.sum(mg.log_softmax(x)[0, :2]))(x)[1], np.zeros(3))


@pytest.mark.torch
@pytest.mark.parametrize("name", [*NAMES, "gelu tanh", "elu 1.7", "celu 0.5", "softplus 2 3", "leaky_relu -0.5"])
def test_as_pytorch(name: str) -> None:
    torch = pytest.importorskip("torch")
    name, *options = name.split()
    args = [option if option == "tanh" else float(option) for option in options]
    keywords = {"approximate": args.pop()} if options == ["tanh"] else {}
    f: Callable[..., Any] = lambda x: mg.ops[name](x, *args, **keywords)
    theirs = getattr(torch.nn.functional, name, None) or getattr(torch, name)
    g = np.linspace(-1, 1.3, X.size)
    t = torch.tensor(X, requires_grad=True)
    expected = theirs(t, *args, **keywords)
    (slope,) = torch.autograd.grad(expected, t, torch.tensor(g), create_graph=True)
    out, pull = mg.vjp(f, X)
    rtol = 1e-7 if name in ("hardsigmoid", "gelu") else 1e-12  # PyTorch's own 1/6 is a float32; its tanh-gelu cancels
    np.testing.assert_allclose(out, expected.detach().numpy(), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(pull(g)[0], slope.detach().numpy(), rtol=rtol, atol=1e-14)
    if not slope.requires_grad or name in ("mish", "hardsigmoid"):  # PyTorch's second derivatives: nan at 1000; none
        return
    (curve,) = torch.autograd.grad(slope.sum(), t)
    ours = mg.grad(lambda z: np.sum(mg.grad(lambda y: np.sum(f(y) * g))(z)))(X)
    smooth = X != 0 if name in ("elu", "selu", "celu") else slice(None)  # the second derivative jumps at 0
    np.testing.assert_allclose(ours[smooth], curve.numpy()[smooth], rtol=1e-7, atol=1e-9)


@pytest.mark.torch
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_over_an_axis_as_pytorch(dim: int) -> None:
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).normal(size=(4, 6)) * np.array([1, 30, 1000, 1e-3])[:, None]
    for name in ("softmax", "log_softmax", "glu"):
        t = torch.tensor(x, requires_grad=True)
        expected = getattr(torch.nn.functional, name)(t, dim)
        g = np.cos(np.arange(expected.numel())).reshape(expected.shape)
        expected.backward(torch.tensor(g))
        out, pull = mg.vjp(lambda x: mg.ops[name](x, dim), x)
        np.testing.assert_allclose(out, expected.detach().numpy(), rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(pull(g)[0], t.grad.numpy(), rtol=1e-11, atol=1e-14)

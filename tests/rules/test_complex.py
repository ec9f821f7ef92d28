"""Complex numbers, with PyTorch's convention: the gradient of a real L is dL/d(re) + i dL/d(im)."""

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


HOLOMORPHIC = [
    "exp",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "sqrt",
    "log",
    "square",
    "reciprocal",
    "negative",
    "log10",
    "log2",
    "expm1",
    "log1p",
]
HOLOMORPHIC += ["arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh", "cumsum"]
TO_REAL = ["real", "imag", "abs", "angle"]


@pytest.mark.torch
@pytest.mark.parametrize("name", HOLOMORPHIC + [*TO_REAL, "conj"])
def test_functions_of_one_number_as_pytorch(name: str, as_pytorch: Callable[..., None]) -> None:
    torch = pytest.importorskip("torch")
    options = {"cumsum": (0,)}.get(name, ())
    theirs: Callable[..., Any] = lambda x: getattr(torch, name)(x, *options).resolve_conj() ** 2
    as_pytorch(
        lambda x: getattr(np, name)(x, *options) ** 2,
        theirs,
        [numbers(4, dtype="complex128")],
        1e-9,
    )


@pytest.mark.torch
@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "power"])
@pytest.mark.parametrize("dtypes", [("complex128", "complex128"), ("float64", "complex128"), ("complex128", "float64")])
def test_arithmetic_as_pytorch(name: str, dtypes: tuple[str, str], as_pytorch: Callable[..., None]) -> None:
    torch = pytest.importorskip("torch")
    x, y = (numbers(*shape, dtype=dtype) for shape, dtype in zip([(3,), (2, 3)], dtypes))
    x = np.abs(x) if name == "power" and x.dtype == np.float64 else x
    as_pytorch(getattr(np, name), getattr(torch, {"power": "pow"}.get(name, name)), [x, y], 1e-9)


@pytest.mark.torch
@pytest.mark.parametrize("name", ["sum", "mean", "prod", "var", "std"])
def test_reductions_as_pytorch(name: str, as_pytorch: Callable[..., None]) -> None:
    torch = pytest.importorskip("torch")
    options = {"unbiased": False} if name in ("var", "std") else {}
    theirs: Callable[..., Any] = lambda x: getattr(torch, name)(x, **options) ** 2
    as_pytorch(lambda x: getattr(np, name)(x) ** 2, theirs, [numbers(4, dtype="complex128")], 1e-9)


def test_descent_along_the_gradient() -> None:
    """|z - c|^2 has the gradient 2 (z - c): a step against it goes towards c."""
    z, c = np.array(3 + 4j), 1 - 2j
    np.testing.assert_allclose(mg.grad(lambda z: np.abs(z - c) ** 2)(z), 2 * (z - c))
    assert z - mg.grad(lambda z: np.abs(z - c) ** 2)(z) / 2 == pytest.approx(c)


def test_parts_are_attributes() -> None:
    z = mg.tensor(np.array([1 + 2j, 3 - 1j]), requires_grad=True)
    (z.real * [1, 10] + z.imag * [100, 1000]).sum().backward()
    np.testing.assert_array_equal(z.grad, [1 + 100j, 10 + 1000j])
    x = mg.tensor(np.array([1.0, 2]), requires_grad=True)
    (3 * x.real + 5 * x.imag).sum().backward()
    np.testing.assert_array_equal(x.grad, [3, 3])


def test_no_slope_at_0_is_nan() -> None:
    for f in (np.abs, np.angle):
        np.testing.assert_array_equal(mg.grad(lambda z: np.sum(f(z)))(np.zeros(2, complex)), [0, 0])


def test_the_sign_of_a_complex_number_is_refused() -> None:
    """z / |z| is not flat: the gradient of |z / |z| - 1|^2 is no zero."""
    z = mg.tensor([3.0 + 4.0j], requires_grad=True)
    with pytest.raises(TypeError, match=r"z / np\.abs\(z\)"):
        np.sign(z)
    g = mg.grad(lambda z: np.sum(np.abs(z / np.abs(z) - 1) ** 2))(np.array([3.0 + 4.0j]))
    # |u - 1|^2 = 2 - 2 x / |z|, whose gradient is -2 (1/|z| - x^2/|z|^3) - 2i (-x y / |z|^3)
    np.testing.assert_allclose(g, [-2 * (1 / 5 - 9 / 125) + 2j * 12 / 125])

"""Fourier transforms: PyTorch's gradients for every length, axis and scaling."""

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


ONE_AXIS = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]
MANY_AXES = ["fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn", "irfftn"]


def argument(name: str, *shape: int) -> np.ndarray[Any, Any]:
    return numbers(*shape, dtype="float64" if name in ("rfft", "ihfft", "rfft2", "rfftn") else "complex128")


@pytest.mark.torch
@pytest.mark.parametrize("scaling", ["backward", "ortho", "forward"])
@pytest.mark.parametrize("n", [None, 3, 4, 7, 8])
@pytest.mark.parametrize("name", ONE_AXIS)
def test_along_one_axis_as_pytorch(name: str, n: int | None, scaling: str, as_pytorch: Callable[..., None]) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = getattr(np.fft, name), getattr(torch.fft, name)
    for axis in (0, -1):
        as_pytorch(
            lambda x: ours(x, n, axis, scaling) ** 2, lambda x: theirs(x, n, axis, scaling) ** 2, [argument(name, 5, 6)]
        )


@pytest.mark.torch
@pytest.mark.parametrize("scaling", ["backward", "ortho", "forward"])
@pytest.mark.parametrize("s", [None, (3, 5), (4, 2)])
@pytest.mark.parametrize("name", MANY_AXES)
def test_along_many_axes_as_pytorch(
    name: str, s: tuple[int, int] | None, scaling: str, as_pytorch: Callable[..., None]
) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = getattr(np.fft, name), getattr(torch.fft, name)
    for axes in ((0, 2), (-1, -2)):
        as_pytorch(
            lambda x: ours(x, s, axes, scaling) ** 2,
            lambda x: theirs(x, s, axes, scaling) ** 2,
            [argument(name, 3, 2, 4)],
        )


def test_a_real_input_has_a_real_gradient() -> None:
    x = numbers(5)
    energy = mg.grad(lambda x: np.sum(np.abs(np.fft.fft(x)) ** 2))(x)
    assert energy.dtype == np.float64
    np.testing.assert_allclose(energy, 2 * 5 * x)  # Parseval


def test_a_transform_and_its_inverse_are_flat_together() -> None:
    x = numbers(2, 6)
    for there, back in ((np.fft.rfft, np.fft.irfft), (np.fft.rfft2, np.fft.irfft2), (np.fft.rfftn, np.fft.irfftn)):
        np.testing.assert_allclose(mg.grad(lambda x: np.sum(back(there(x)) * x))(x), 2 * x, atol=1e-14)


def test_single_precision_stays() -> None:
    x = numbers(6).astype(np.float32)
    out, pull = mg.vjp(np.fft.rfft, x)
    assert out.dtype == np.complex64 and pull(out)[0].dtype == np.float32


@pytest.mark.parametrize("axes", [None, 0, (0, 1), (1,)])
def test_shifts(axes: Any) -> None:
    x, w = numbers(3, 5), numbers(3, 5)
    for shift, back in ((np.fft.fftshift, np.fft.ifftshift), (np.fft.ifftshift, np.fft.fftshift)):
        np.testing.assert_array_equal(mg.grad(lambda x: np.sum(shift(x, axes) * w))(x), back(w, axes))

"""PyTorch as an oracle: values, gradients and gradients of gradients, of real and of complex arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import minigrad as mg

Array = np.ndarray[Any, Any]


@pytest.fixture
def as_pytorch() -> Callable[..., None]:
    return compare_with_pytorch


def compare_with_pytorch(
    ours: Callable[..., Any], theirs: Callable[..., Any], arrays: Sequence[Array], rtol: float = 1e-10
) -> None:
    """Fails unless values, gradients for a random g, and the gradient of the gradients' square agree."""
    torch = pytest.importorskip("torch")
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    expected = theirs(*tensors)
    out, pull = mg.vjp(ours, *arrays)
    same(out, expected, rtol)
    rng = np.random.default_rng(0)
    g = rng.normal(size=out.shape) + (1j * rng.normal(size=out.shape) if out.dtype.kind == "c" else 0)
    slopes = torch.autograd.grad(expected, tensors, torch.tensor(g), create_graph=True)
    for mine, slope in zip(pull(g), slopes):
        same(mine, slope, rtol)

    def squares(*arrays: Any) -> Any:
        slopes = mg.vjp(ours, *arrays)[1](g)
        return sum(np.sum(np.real(s) ** 2 + np.imag(s) ** 2) for s in slopes)

    if not any(slope.requires_grad for slope in slopes):  # of a piecewise linear function
        return
    total = sum((slope.abs() ** 2).sum() for slope in slopes)
    curves = torch.autograd.grad(total, tensors, allow_unused=True)
    for mine, curve in zip(mg.grad(squares, tuple(range(len(arrays))))(*arrays), curves):
        same(mine, torch.tensor(np.zeros_like(mine)) if curve is None else curve, 10 * rtol)


def same(mine: Array, tensor: Any, rtol: float) -> None:
    """Equal, but for rounding errors of the largest element."""
    other = tensor.numpy(force=True)
    assert mine.dtype == other.dtype
    np.testing.assert_allclose(mine, other, rtol=rtol, atol=rtol * np.abs(other).max(initial=1))

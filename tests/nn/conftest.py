"""A layer beside PyTorch's: the same parameters, the same outputs, the same gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minigrad import nn, tensor


@pytest.fixture
def pair() -> Callable[..., Any]:
    return make_pair


@pytest.fixture
def compare() -> Callable[..., None]:
    return compare_passes


def make_pair(name: str, *args: Any, **kwargs: Any) -> tuple[nn.Module, Any]:
    """Our layer and PyTorch's, with random parameters that went from one to the other and back."""
    torch = pytest.importorskip("torch")
    theirs = getattr(torch.nn, name)(*args, **kwargs).double()
    rng = np.random.default_rng(1)
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.copy_(torch.tensor(rng.normal(0, 0.5, parameter.shape)))
    ours = getattr(nn, name)(*args, **kwargs)
    ours.load_state_dict({key: value.numpy() for key, value in theirs.state_dict().items()})
    back = ours.state_dict()
    assert list(back) == list(theirs.state_dict())
    theirs.load_state_dict({key: torch.tensor(value) for key, value in back.items()})
    return ours, theirs


def flat(out: Any) -> list[Any]:
    if isinstance(out, tuple):
        return [leaf for part in out for leaf in flat(part)]
    return [] if out is None else [out]


def compare_passes(ours: nn.Module, theirs: Any, inputs: list[Any], *, rtol: float = 1e-10, **options: Any) -> None:
    """Outputs and all gradients, for random gradients from above."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    mine = [tensor(x, requires_grad=True) if x.dtype.kind == "f" else x for x in inputs]
    their = [torch.tensor(x, requires_grad=x.dtype.kind == "f") for x in inputs]
    our_outs = flat(ours(*mine, **options))
    their_outs = flat(theirs(*their, **{k: torch.tensor(v) if hasattr(v, "dtype") else v for k, v in options.items()}))
    assert len(our_outs) == len(their_outs)
    our_loss, their_loss = 0, 0
    for a, b in zip(our_outs, their_outs):
        np.testing.assert_allclose(a.data, b.detach().numpy(), rtol=1e-10, atol=1e-12)
        g = rng.normal(size=a.shape)
        our_loss, their_loss = our_loss + (a * g).sum(), their_loss + (b * torch.tensor(g)).sum()
    our_loss.backward()
    their_loss.backward()
    pairs = [(f"input {i}", a, b) for i, (a, b) in enumerate(zip(mine, their)) if hasattr(a, "grad")]
    ours_named, theirs_named = dict(ours.named_parameters()), dict(theirs.named_parameters())
    assert list(ours_named) == list(theirs_named)
    pairs += [(name, ours_named[name], theirs_named[name]) for name in ours_named]
    for name, a, b in pairs:
        np.testing.assert_allclose(a.grad, b.grad.numpy(), rtol=rtol, atol=1e-11, err_msg=name)

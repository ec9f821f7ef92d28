"""Activations and losses as modules against PyTorch's of the same name, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minigrad import nn

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
Function = Callable[..., Any]

ACTIVATIONS: list[tuple[str, tuple[Any, ...], dict[str, Any], list[tuple[int, ...]]]] = [
    *((name, (), {}, [(3, 8)]) for name in ("ReLU", "ReLU6", "LeakyReLU", "ELU", "SELU", "CELU", "GELU", "SiLU")),
    *((name, (), {}, [(3, 8)]) for name in ("Mish", "Softplus", "Softsign", "Sigmoid", "LogSigmoid", "Tanh")),
    *((name, (), {}, [(3, 8)]) for name in ("Hardtanh", "Hardsigmoid", "Hardswish", "GLU", "PReLU")),
    ("LeakyReLU", (0.3,), {}, [(3, 8)]),
    ("ELU", (), {"alpha": 0.7}, [(3, 8)]),
    ("CELU", (2.0,), {}, [(3, 8)]),
    ("GELU", (), {"approximate": "tanh"}, [(3, 8)]),
    ("Softplus", (2.0, 1.0), {}, [(3, 8)]),
    ("Hardtanh", (-2.0, 0.5), {}, [(3, 8)]),
    ("PReLU", (4,), {"init": 0.1}, [(3, 4, 5)]),
    ("Softmax", (), {"dim": 1}, [(3, 8, 2)]),
    ("LogSoftmax", (0,), {}, [(3, 8)]),
    ("GLU", (), {"dim": 0}, [(4, 8)]),
    ("CosineSimilarity", (), {"dim": 1}, [(3, 8), (3, 8)]),
    ("PairwiseDistance", (), {"p": 1.0}, [(3, 8), (3, 8)]),
]


@pytest.mark.parametrize("case", ACTIVATIONS, ids=lambda case: f"{case[0]}{case[1:3]}")
def test_activations(pair: Function, compare: Function, case: Any) -> None:
    name, args, kwargs, shapes = case
    ours, theirs = pair(name, *args, **kwargs)
    rng = np.random.default_rng(0)
    rtol = 1e-7 if name == "Hardsigmoid" else 1e-10  # PyTorch's slope there is 1 / 6 in single precision
    compare(ours, theirs, [3 * rng.normal(size=shape) for shape in shapes], rtol=rtol)


rng = np.random.default_rng(4)
X, Y = rng.normal(size=(5, 4)), rng.normal(size=(5, 4))
P, Q = rng.random((5, 4)), rng.random((5, 4))
SIGNS = np.where(rng.random(5) > 0.5, 1.0, -1.0)
CLASSES, MANY = rng.integers(0, 4, 5), rng.integers(0, 4, (2, 3, 3))
WEIGHT = rng.random(4)
IMAGES = rng.normal(size=(2, 4, 3, 3))

LOSSES: list[tuple[str, dict[str, Any], list[Any]]] = [
    ("MSELoss", {}, [X, Y]),
    ("L1Loss", {}, [X, Y]),
    ("SmoothL1Loss", {"beta": 0.5}, [X, Y]),
    ("HuberLoss", {"delta": 0.7}, [X, Y]),
    ("CrossEntropyLoss", {}, [X, CLASSES]),
    ("CrossEntropyLoss", {"weight": WEIGHT, "label_smoothing": 0.2}, [X, CLASSES]),
    ("CrossEntropyLoss", {"weight": WEIGHT, "ignore_index": 1}, [IMAGES, MANY]),
    ("CrossEntropyLoss", {"label_smoothing": 0.1}, [X, Q / Q.sum(axis=1, keepdims=True)]),
    ("NLLLoss", {"weight": WEIGHT}, [X, CLASSES]),
    ("BCELoss", {}, [P, Q]),
    ("BCEWithLogitsLoss", {"pos_weight": WEIGHT}, [X, Q]),
    ("KLDivLoss", {}, [X, Q]),
    ("KLDivLoss", {"log_target": True}, [X, Y]),
    ("HingeEmbeddingLoss", {"margin": 0.8}, [X[:, 0], SIGNS]),
    ("MarginRankingLoss", {"margin": 0.1}, [X[:, 0], Y[:, 0], SIGNS]),
    ("CosineEmbeddingLoss", {"margin": 0.1}, [X, Y, SIGNS]),
    ("TripletMarginLoss", {"margin": 0.8, "p": 2.0}, [X, Y, P]),
    ("TripletMarginLoss", {"swap": True}, [X, Y, P]),
]


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("case", LOSSES, ids=lambda case: f"{case[0]}{sorted(case[1])}")
def test_losses(compare: Function, case: Any, reduction: str) -> None:
    name, options, inputs = case
    ours = getattr(nn, name)(**options, reduction=reduction)
    converted = {key: torch.tensor(v) if hasattr(v, "dtype") else v for key, v in options.items()}
    theirs = getattr(torch.nn, name)(**converted, reduction=reduction)
    if inputs[-1] is SIGNS:  # a target of signs takes no gradient
        compare(*with_target(ours, theirs, inputs[-1]), inputs[:-1])
    else:
        compare(ours, theirs, inputs)


def with_target(ours: Any, theirs: Any, target: Any) -> tuple[Any, Any]:

    class Ours(nn.Module):
        def forward(self, *xs: Any) -> Any:
            return ours(*xs, target)

    class Theirs(torch.nn.Module):  # type: ignore[name-defined,misc]
        def forward(self, *xs: Any) -> Any:
            return theirs(*xs, torch.tensor(target))

    return Ours(), Theirs()


@pytest.mark.parametrize("name", ["MSELoss", "L1Loss", "HuberLoss", "BCELoss", "KLDivLoss"])
def test_losses_never_broadcast(name: str) -> None:
    with pytest.raises(ValueError, match=r"\(5, 1\).*\(5,\)"):
        getattr(nn, name)()(np.full((5, 1), 0.5), np.full(5, 0.5))


def test_options_are_attributes_and_are_checked() -> None:
    assert nn.LeakyReLU(0.3).negative_slope == 0.3
    assert nn.MaxPool2d(3).stride is None
    assert repr(nn.MaxPool2d(3, padding=1)) == "MaxPool2d(kernel_size=3, padding=1)"
    with pytest.raises(TypeError, match=r"ReLU: too many .* takes nothing"):
        nn.ReLU(3)
    with pytest.raises(TypeError, match="MaxPool2d.*kernel_size"):
        nn.MaxPool2d()

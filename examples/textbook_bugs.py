"""What does gradient checking find? Four classic bugs, each planted and each found.

1. A three-layer network by hand in NumPy, whose backward pass has dW2 doubled and db1 four times too large.
2. The L2 term left out of the gradient.
3. Dropout left on.
4. A bug that shows only after some training.

Run it: python examples/textbook_bugs.py
"""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad as mg
from minigrad import nn

Arrays = dict[str, np.ndarray]


# -- 1: a network by hand, with no framework ----------------------------------------------------------------------------


def network(rng: np.random.Generator) -> tuple[Arrays, np.ndarray, np.ndarray]:
    """Parameters of a 4-5-3-1 network, inputs and labels."""
    sizes = [4, 5, 3, 1]
    parameters: Arrays = {}
    for layer, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:]), start=1):
        parameters[f"W{layer}"] = rng.standard_normal((fan_out, fan_in)) * np.sqrt(2 / fan_in)
        parameters[f"b{layer}"] = rng.standard_normal((fan_out, 1)) * 0.1
    return parameters, rng.standard_normal((4, 7)), rng.integers(0, 2, (1, 7)).astype(float)


def forward(p: Arrays, x: np.ndarray, y: np.ndarray) -> tuple[float, tuple[np.ndarray, ...]]:
    """Cross-entropy of a sigmoid after two relus, and what the backward pass needs; columns are examples."""
    a1 = np.maximum(0, p["W1"] @ x + p["b1"])
    a2 = np.maximum(0, p["W2"] @ a1 + p["b2"])
    a3 = 1 / (1 + np.exp(-(p["W3"] @ a2 + p["b3"])))
    loss = -np.mean(y * np.log(a3) + (1 - y) * np.log(1 - a3))
    return loss, (a1, a2, a3)


def backward(p: Arrays, x: np.ndarray, y: np.ndarray) -> Arrays:
    """The gradients, with two bugs."""
    m = x.shape[1]
    _, (a1, a2, a3) = forward(p, x, y)
    dz3 = (a3 - y) / m
    dz2 = p["W3"].T @ dz3 * (a2 > 0)
    dz1 = p["W2"].T @ dz2 * (a1 > 0)
    return {
        "dW3": dz3 @ a2.T,
        "db3": dz3.sum(axis=1, keepdims=True),
        "dW2": dz2 @ a1.T * 2,  # bug: twice as large
        "db2": dz2.sum(axis=1, keepdims=True),
        "dW1": dz1 @ x.T,
        "db1": 4 * dz1.sum(axis=1, keepdims=True),  # bug: four times as large
    }


def by_hand() -> mg.check.GradReport:
    """The check names W2, factor 2, and b1, factor 4, and clears the others."""
    parameters, x, y = network(np.random.default_rng(1))
    return mg.gradcheck(lambda p: forward(p, x, y)[0], parameters, analytic=lambda p: backward(p, x, y))


# -- 2: the regularization is in the loss and not in the gradient -------------------------------------------------------


def without_l2(decay: float = 0.7) -> mg.check.GradReport:
    """Logistic regression whose gradient forgets lambda / (2 m) |w|^2."""
    rng = np.random.default_rng(2)
    x, y, m = rng.standard_normal((10, 6)), rng.integers(0, 2, 10), 10

    def loss(w: np.ndarray) -> float:
        margin = x @ w * (2 * y - 1)
        return float(np.mean(np.log1p(np.exp(-margin))) + decay / (2 * m) * np.sum(w**2))

    def gradient(w: np.ndarray) -> np.ndarray:
        return x.T @ (1 / (1 + np.exp(-x @ w)) - y) / m

    return mg.gradcheck(loss, rng.standard_normal(6), analytic=gradient)


# -- 3: dropout ---------------------------------------------------------------------------------------------------------


def batch() -> tuple[np.ndarray, np.ndarray]:
    """A small batch to check models on."""
    rng = np.random.default_rng(3)
    return rng.standard_normal((8, 4)), rng.standard_normal((8, 2))


def with_dropout() -> mg.check.ModelReport:
    """Two forward passes differ, so there is nothing to compare: the check says which layer draws."""
    mg.seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Dropout(0.3), nn.Linear(6, 2))
    return mg.check_model(model, nn.functional.mse_loss, *batch())


# -- 4: only after training ---------------------------------------------------------------------------------------------


@mg.op
def hard_sigmoid(x: Any) -> Any:
    """0 below -3, 1 above 3, x / 6 + 1/2 between."""
    return np.clip(x / 6 + 0.5, 0, 1)


@hard_sigmoid.vjp("x")
def _(g: Any, x: Any) -> Any:
    return g / 6  # bug: flat beyond 3, where a freshly initialized network never comes


class Gated(nn.Module):
    """A linear layer, a gate that learns its own scale, and a linear layer."""

    def __init__(self) -> None:
        self.inner = nn.Linear(4, 6)
        self.scale = nn.Parameter(np.ones(6))
        self.outer = nn.Linear(6, 2)

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        return self.outer(hard_sigmoid(self.inner(x) * self.scale))


def after_training() -> mg.check.ModelReport:
    """Right at the random start, wrong after forty steps, and only where the gate saturates."""
    mg.seed(1)
    model = Gated()
    x, y = batch()
    optimizer = mg.optim.SGD(model.parameters(), lr=0.05)
    return mg.check_model(model, nn.functional.mse_loss, x, 4 * y, at=(0, 40), optimizer=optimizer)


if __name__ == "__main__":
    for question in (by_hand, without_l2, with_dropout, after_training):
        print(f"==== {question.__name__.replace('_', ' ')} ".ljust(120, "="))
        print(question(), "\n")

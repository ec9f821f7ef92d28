"""Five notes on gradient checking, each on a network for the real digits.

1. Check to debug, never in training: what one check costs.
2. If a check fails, look at the components: which tensor, which elements.
3. Remember the regularization: the term that is in the loss and not in the gradient.
4. Not with dropout: two forward passes that differ have no derivative between them.
5. At the random start, and again after some training.

Run it: python examples/five_notes.py
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import data, nn
from minigrad.check import GradReport, ModelReport

DECAY = 0.01
Arrays = dict[str, np.ndarray]


def digits(count: int) -> tuple[np.ndarray, np.ndarray]:
    """The first images of the training set, standardized by the whole of it."""
    given = data.digits()
    standardize = nn.Standardize().fit(given.x_train)
    return standardize(given.x_train[:count]), given.y_train[:count]


def network(*hidden: nn.Module) -> nn.Module:
    mg.seed(0)
    return nn.Sequential(nn.Linear(64, 16), *hidden, nn.Linear(16, 10))


def cost(x: np.ndarray, y: np.ndarray) -> ModelReport:
    """Right, and dear: the last line says how many training steps the check took the time of."""
    return mg.check_model(network(nn.Tanh()), nn.CrossEntropyLoss(), x, y, at=(0,))


def logistic(x: np.ndarray, y: np.ndarray) -> tuple[Callable[..., float], Callable[..., Arrays], Arrays]:
    """Softmax regression by hand in NumPy, with an L2 term: the loss, its gradients, and where to check them."""
    rows = np.arange(len(y))

    def softmax(p: Arrays) -> np.ndarray:
        scores = x @ p["W"].T + p["b"]
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(e / e.sum(axis=1, keepdims=True))

    def loss(p: Arrays) -> float:
        return float(-np.mean(np.log(softmax(p)[rows, y])) + DECAY / 2 * np.sum(p["W"] ** 2))

    def gradients(p: Arrays) -> Arrays:
        d = (softmax(p) - np.eye(10)[y]) / len(y)
        return {"W": d.T @ x + DECAY * p["W"], "b": d.sum(axis=0)}

    rng = np.random.default_rng(0)
    return loss, gradients, {"W": rng.standard_normal((10, 64)) / 8, "b": rng.standard_normal(10) / 8}


def components(x: np.ndarray, y: np.ndarray) -> GradReport:
    """One row of dW is twice too large, a bug in one class of ten; the bias is cleared."""
    loss, gradients, start = logistic(x, y)

    def wrong(p: Arrays) -> Arrays:
        g = gradients(p)
        return {"W": g["W"] * np.where(np.arange(10) == 3, 2, 1)[:, None], "b": g["b"]}

    return mg.gradcheck(loss, start, analytic=wrong)


def regularization(x: np.ndarray, y: np.ndarray) -> GradReport:
    """What is missing is proportional to W: the report says so, and lambda."""
    loss, gradients, start = logistic(x, y)
    return mg.gradcheck(loss, start, analytic=lambda p: {**gradients(p), "W": gradients(p)["W"] - DECAY * p["W"]})


def dropout(x: np.ndarray, y: np.ndarray) -> ModelReport:
    """The report names the layer that draws. With freeze_random=True the same mask serves every pass."""
    return mg.check_model(network(nn.Tanh(), nn.Dropout(0.3)), nn.CrossEntropyLoss(), x, y, at=(0,))


@mg.op
def clipped(x: Any) -> Any:
    """x between -2 and 2."""
    return np.clip(x, -2, 2)


@clipped.vjp("x")
def _(g: Any) -> Any:
    return g  # bug: beyond 2 the clipped value is flat


class Clipped(nn.Module):
    def forward(self, x: mg.Tensor) -> Any:
        return clipped(x)


def after_training(x: np.ndarray, y: np.ndarray) -> ModelReport:
    """Small weights stay within the clip, and training makes them grow out of it."""
    mg.seed(0)
    small = nn.init.normal(std=0.05)
    model = nn.Sequential(nn.Linear(64, 16, init=small), Clipped(), nn.Linear(16, 10))
    optimizer = mg.optim.SGD(model.parameters(), lr=0.5)
    return mg.check_model(model, nn.CrossEntropyLoss(), x, y, at=(0, 20), optimizer=optimizer)


NOTES = {
    "1. to debug, never in training": cost,
    "2. look at the components": components,
    "3. remember the regularization": regularization,
    "4. not with dropout": dropout,
    "5. at the start, and after some training": after_training,
}


def main(argv: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=60, help="how many digits the losses are over")
    options = parser.parse_args(argv)
    warnings.filterwarnings("ignore", "Standardize: column")  # some pixels are never inked
    x, y = digits(options.count)
    reports = {}
    for note, check in NOTES.items():
        reports[check.__name__] = check(x, y)
        print(f"==== {note} ".ljust(100, "="), f"{check.__doc__}", "", reports[check.__name__], "", sep="\n")
    print(f"{'note':<44}{'verdict':<20}")
    for note, report in zip(NOTES, reports.values()):
        print(f"{note:<44}{report.verdict}")
    return reports


if __name__ == "__main__":
    main()

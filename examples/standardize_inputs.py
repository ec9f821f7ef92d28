"""Why standardize the inputs? Steps of gradient descent to the same loss, raw against standardized, each at its best rate.

1. Two features in 50-250 and 1-5: long thin contours against round ones.
2. The real digits, and a network with a hidden layer.
3. What goes wrong when the test set is scaled by its own statistics.

Run it: python examples/standardize_inputs.py --out .
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import data, nn

# -- 1: a straight line through two features, where everything is known by formula -------------------------------------


class Quadratic:
    """The loss |x w + b - y|^2 / 2m as w and b see it: a parabola along each eigenvector of its Hessian.

    Gradient descent shrinks the distance to the minimum along eigenvector i by 1 - rate * eigenvalue_i in each step, so
    the loss after any number of steps is a formula; a loop would need most of a million steps.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        design = np.column_stack([x, np.ones(len(x))])
        self.hessian = design.T @ design / len(x)
        self.minimum = np.linalg.lstsq(design, y)[0]
        self.least = float(np.mean((design @ self.minimum - y) ** 2) / 2)
        self.eigenvalues, vectors = np.linalg.eigh(self.hessian)
        self.start = vectors.T @ -self.minimum  # from w = 0, b = 0

    @property
    def condition(self) -> float:
        return float(self.eigenvalues[-1] / self.eigenvalues[0])

    def excess(self, rate: float, steps: int) -> float:
        """How far the loss is above its minimum."""
        return float(np.sum(self.eigenvalues * (self.start * (1 - rate * self.eigenvalues) ** steps) ** 2) / 2)

    def steps(self, rate: float) -> int:
        """The first step at which the loss is within 1% of its minimum: doubling, then bisection, as it only falls."""
        low, high = 0, 1
        while self.excess(rate, high) > 0.01 * self.least:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.excess(rate, middle) > 0.01 * self.least else (low, middle)
        return high

    def at_best_rate(self) -> tuple[int, float]:
        """The fewest steps over many rates; from 2 / largest eigenvalue on, descent diverges."""
        rates = np.linspace(0.2, 1.999, 1000) / self.eigenvalues[-1]
        return min((self.steps(rate), float(rate)) for rate in rates)


def two_features(m: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """Prices of flats by size (50-250 square metres) and rooms (1-5), with noise; drawn, not measured."""
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.uniform(50, 250, m), rng.uniform(1, 5, m)])
    return x, 2 * x[:, 0] + 40 * x[:, 1] + 30 + rng.normal(0, 20, m)


# -- 2: the digits -----------------------------------------------------------------------------------------------------


def train(x: np.ndarray, y: np.ndarray, rate: float, target: float, most: int) -> tuple[nn.Module, list[float]]:
    """Gradient descent on the whole training set, until the loss is below the target; the network and its losses."""
    mg.seed(0)
    init = "xavier_normal"
    model = nn.Sequential(nn.Linear(64, 32, init=init), nn.Tanh(), nn.Linear(32, 10, init=init))
    optimizer = mg.optim.SGD(model.parameters(), lr=rate)
    losses = []
    while True:
        optimizer.zero_grad()
        loss = mg.cross_entropy(model(x), y)
        losses.append(loss.item())
        if losses[-1] < target or len(losses) > most:
            return model, losses
        loss.backward()
        optimizer.step()


def at_best_rate(x: np.ndarray, y: np.ndarray, rates: np.ndarray, target: float, most: int) -> tuple[Any, Any, float]:
    """The fastest of the rates: network, losses, rate. None needs to run longer than the best one before it."""
    best: tuple[Any, Any, float] = (None, range(most + 2), 0.0)
    for rate in rates:
        model, losses = train(x, y, rate, target, len(best[1]) - 2)
        if losses[-1] < target:
            best = model, losses, float(rate)
    return best


def condition(x: np.ndarray) -> float:
    """Of the inputs and the constant 1 of the bias; pixels that are never inked have no curvature and are left out."""
    design = np.column_stack([x[:, x.std(axis=0) > 0], np.ones(len(x))])
    return float(np.linalg.cond(design.T @ design))


# -- 3: the test set ---------------------------------------------------------------------------------------------------


def accuracy(model: nn.Module, x: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean(np.argmax(model(x).data, axis=1) == y))


def tests(
    model: nn.Module, standardize: nn.Standardize, x: np.ndarray, y: np.ndarray
) -> list[tuple[str, float, float]]:
    """Accuracy by the training set's statistics, and by each test batch's own."""
    batches = {
        f"all {len(x)} test images at once": [slice(None)],
        "one kind of digit at a time": [y == digit for digit in range(10)],
        "8 images at a time": [slice(i, i + 8) for i in range(0, len(x), 8)],
        "one image at a time": [slice(i, i + 1) for i in range(len(x))],
    }
    rows = []
    for name, parts in batches.items():
        sizes = [len(y[part]) for part in parts]
        right = [accuracy(model, standardize(x[part]), y[part]) for part in parts]
        own = [accuracy(model, nn.Standardize().fit(x[part])(x[part]), y[part]) for part in parts]
        rows.append((name, float(np.average(right, weights=sizes)), float(np.average(own, weights=sizes))))
    return rows


# -- the picture -------------------------------------------------------------------------------------------------------


def contours(
    ax: Any, name: str, quadratic: Quadratic, reach: tuple[float, float], rate: float, steps: int = 60
) -> None:
    """The loss over the two weights, with the bias at its best, and the path of descent from 0."""
    hessian, minimum = quadratic.hessian[:2, :2], quadratic.minimum[:2]
    away = [-minimum]
    for _ in range(steps):
        away.append(away[-1] - rate * hessian @ away[-1])
    d1, d2 = np.meshgrid(*[np.linspace(-r, r, 400) for r in reach])
    height = (hessian[0, 0] * d1**2 + 2 * hessian[0, 1] * d1 * d2 + hessian[1, 1] * d2**2) / 2
    ax.contour(minimum[0] + d1, minimum[1] + d2, np.sqrt(height), levels=12, cmap="Greys_r", linewidths=0.8)
    ax.plot(*(np.array(away) + minimum).T, "o-", color="tab:red", markersize=3, linewidth=1, label=f"{steps} steps")
    ax.plot(*minimum, "*", color="tab:blue", markersize=12, label="minimum")
    ax.set(title=name, xlabel="weight of size", ylabel="weight of rooms")
    ax.legend(loc="lower right", fontsize=8)


def picture(path: Path, kinds: dict[str, Quadratic], losses: dict[str, list[float]], rates: dict[str, float]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    steepest = np.linalg.eigvalsh(kinds["raw"].hessian[:2, :2])[-1]
    contours(left, "raw (one axis is stretched ten times)", kinds["raw"], (6, 60), 1.9 / steepest)
    contours(middle, "standardized", kinds["standardized"], (160, 160), 0.9)
    middle.set_aspect("equal")
    for (name, curve), style in zip(losses.items(), ("--", "-")):
        right.plot(curve, style, label=f"{name}, rate {rates[name]:.2g}: {len(curve) - 1} steps")
    right.set(title="the digits, each at its best rate", xlabel="step", ylabel="cross-entropy", yscale="log")
    right.grid(alpha=0.3)
    right.legend()
    figure.savefig(path, dpi=75)
    print(f"picture: {path.name}")


def main(argv: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(), help="where the picture goes")
    parser.add_argument("--rates", type=int, default=10, help="learning rates to try on the digits")
    parser.add_argument("--target", type=float, default=0.1, help="the loss to reach on the digits")
    options = parser.parse_args(argv)
    warnings.filterwarnings("ignore", "Standardize: column")  # some pixels are never inked; and single images, in 3

    print("two features, 50-250 and 1-5: gradient descent to within 1% of the smallest possible loss, by formula")
    print(f"  {'inputs':<14}{'condition number':>18}{'best rate':>12}{'steps':>12}")
    x, y = two_features()
    kinds = {"raw": Quadratic(x, y), "standardized": Quadratic(nn.Standardize().fit(x)(x), y)}
    lines = {name: quadratic.at_best_rate() for name, quadratic in kinds.items()}
    for name, (steps, rate) in lines.items():
        print(f"  {name:<14}{kinds[name].condition:>18,.3g}{rate:>12.2g}{steps:>12,}")

    print(f"\nreal digits, 64-32-10 with tanh: descent on the whole training set, to a loss of {options.target:g}")
    print(f"  {'inputs':<14}{'condition number':>18}{'best rate':>12}{'steps':>12}")
    digits = data.digits()
    standardize = nn.Standardize().fit(digits.x_train)
    inputs = {"raw": digits.x_train, "standardized": standardize(digits.x_train)}
    losses, rates, model = {}, {}, None
    for name, x in inputs.items():
        tried = np.geomspace(0.1, 10, options.rates)
        model, losses[name], rates[name] = at_best_rate(x, digits.y_train, tried, options.target, most=400)
        print(f"  {name:<14}{condition(x):>18,.3g}{rates[name]:>12.2g}{len(losses[name]) - 1:>12,}")

    print("\nthe test set: accuracy by the statistics of the training set, and by its own")
    rows = tests(model, standardize, digits.x_test, digits.y_test)
    for name, right, own in rows:
        print(f"  {name:<30}{right:>8.1%}{own:>8.1%}")

    raw, standardized = (len(losses[name]) - 1 for name in inputs)
    print(f"\nStandardized inputs reach the same loss in {standardized} steps, where raw ones take {raw}.")
    print("Scale the test set by the training set's mean and std: its own make the answer depend on the other images.")
    try:
        picture(options.out / "standardize_inputs.png", kinds, losses, rates)
    except ImportError:
        print("no picture: matplotlib draws it, pip install 'minigrad[plot]'")
    conditions = {name: quadratic.condition for name, quadratic in kinds.items()}
    return {"formula": lines, "condition": conditions, "steps": (raw, standardized), "test": rows}


if __name__ == "__main__":
    main()

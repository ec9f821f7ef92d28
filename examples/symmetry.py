"""Why not start from zeros? Hidden units that start alike stay alike: gradient descent cannot tell them apart.

A network with one hidden layer on the real digits, started from zeros, from one constant, and at random. After training,
the rank of the hidden weights says how many different units there are.

Run it: python examples/symmetry.py --out .
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
from minigrad import data, nn
from minigrad.nn import init

HIDDEN = 32
STARTS: dict[str, Any] = {"zeros": init.zeros, "constant 0.1": init.constant(value=0.1), "random": init.xavier_normal}


class Row(NamedTuple):
    start: str
    rank: int  # of the hidden weights after training
    spread: float  # the largest difference between two hidden units
    accuracy: float
    weights: np.ndarray


def run(start: str, x: np.ndarray, y: np.ndarray, x_test: np.ndarray, y_test: np.ndarray, steps: int) -> Row:
    """Train on the whole training set and look at the hidden units."""
    mg.seed(0)
    hidden = nn.Linear(64, HIDDEN, init=STARTS[start])
    model = nn.Sequential(hidden, nn.Tanh(), nn.Linear(HIDDEN, 10, init=STARTS[start]))
    optimizer = mg.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(steps):
        optimizer.zero_grad()
        mg.cross_entropy(model(x), y).backward()
        optimizer.step()
    weights = hidden.weight.data
    right = float(np.mean(np.argmax(model(x_test).data, axis=1) == y_test))
    return Row(start, int(np.linalg.matrix_rank(weights)), float(np.ptp(weights, axis=0).max()), right, weights)


def picture(path: Path, rows: list[Row]) -> None:
    """The weights of eight hidden units as pictures of 8 x 8."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.subplots(len(rows), 8)
    for line, row in zip(axes, rows):
        for ax, unit in zip(line, row.weights):
            size = np.abs(row.weights).max() or 1
            ax.imshow(unit.reshape(8, 8), cmap="RdBu_r", vmin=-size, vmax=size)
            ax.set(xticks=[], yticks=[])
        line[0].set_ylabel(row.start)
    figure.suptitle("the weights of eight hidden units after training")
    figure.savefig(path, dpi=75)
    print(f"picture: {path.name}")


def main(argv: list[str] | None = None) -> list[Row]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(), help="where the picture goes")
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args(argv)
    warnings.filterwarnings("ignore", "Standardize: column")  # some pixels are never inked
    digits = data.digits()
    standardize = nn.Standardize().fit(digits.x_train)
    x, x_test = standardize(digits.x_train), standardize(digits.x_test)
    print(f"real digits, 64-{HIDDEN}-10 with tanh, {options.steps} steps of gradient descent")
    print(f"  {'weights':<14}{'different units':>16}{'largest difference':>20}{'test accuracy':>15}")
    rows = [run(start, x, digits.y_train, x_test, digits.y_test, options.steps) for start in STARTS]
    for row in rows:
        print(f"  {row.start:<14}{row.rank:>16}{row.spread:>20.2g}{row.accuracy:>15.1%}")
    print(
        "\nFrom zeros no weight ever moves: each gradient is a product with a zero. From a constant all units get the"
    )
    print("same gradient, so 32 of them are worth one. Random weights break the symmetry; biases may start from zero.")
    try:
        picture(options.out / "symmetry.png", rows)
    except ImportError:
        print("no picture: matplotlib draws it, pip install 'minigrad[plot]'")
    return rows


if __name__ == "__main__":
    main()

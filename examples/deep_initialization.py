"""Which initializations let a very deep network train? Depths 5 to 100 on the real digits, under every initializer.

Before the first step `layer_stats` says in words what the signals do; then the network is trained for some steps, and
whether the loss fell shows if the words were right.

Run it: python examples/deep_initialization.py --out .
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
from minigrad import data, nn
from minigrad.nn import init

WIDTH = 64
INITIALIZERS: dict[str, Any] = {
    "zeros": init.zeros,
    "normal, std 0.01": init.normal(std=0.01),
    "normal, std 1": init.normal(std=1.0),
    "uniform +-1/sqrt(n)": init.variance_scaling(scale=1 / 3, mode="fan_in", distribution="uniform"),
    "lecun_normal: 1/n": init.lecun_normal,
    "xavier_normal: 2/(n_in + n_out)": init.xavier_normal,
    "kaiming_normal: 2/n": init.kaiming_normal,
    "orthogonal": init.orthogonal,
}
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU}


class Row(NamedTuple):
    activation: str
    name: str
    depth: int
    verdict: str
    before: float  # the loss at the start, and after the steps
    after: float
    stats: Any

    @property
    def learned(self) -> bool:
        """Is the loss below ln 10, what knowing nothing costs?"""
        return bool(self.after < 0.97 * np.log(10))


def network(activation: str, start: Any, depth: int) -> nn.Module:
    """`depth` hidden layers of one width; the last layer starts the same way."""
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [nn.Linear(WIDTH, WIDTH, init=start), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers, nn.Linear(WIDTH, 10, init=start))


def run(activation: str, name: str, depth: int, x: np.ndarray, y: np.ndarray, steps: int) -> Row:
    """What layer_stats says at the start, and what training does then."""
    mg.seed(0)
    model = network(activation, INITIALIZERS[name], depth)
    optimizer = mg.optim.Adam(model.parameters(), lr=1e-3)
    with np.errstate(all="ignore"):
        stats = mg.layer_stats(model, x[:256], nn.CrossEntropyLoss(), y[:256])
        before = mg.cross_entropy(model(x[:256]), y[:256]).item()
        for step in range(steps):
            part = slice(64 * step % (len(x) - 64), 64 * step % (len(x) - 64) + 64)
            optimizer.zero_grad()
            loss = mg.cross_entropy(model(x[part]), y[part])
            loss.backward()
            optimizer.step()
        after = mg.cross_entropy(model(x[:256]), y[:256]).item()
    return Row(activation, name, depth, stats.verdict, before, after, stats)


def picture(path: Path, rows: list[Row]) -> None:
    """The size of the activations and of the gradients, layer by layer, in the deepest networks."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 7), layout="constrained")
    axes = figure.subplots(2, 2, sharex=True)
    deepest = max(row.depth for row in rows)
    for column, activation in enumerate(ACTIVATIONS):
        for row in rows:
            if row.depth == deepest and row.activation == activation and row.name != "zeros":
                layers = [layer for layer in row.stats.rows if layer.kind in ("Tanh", "ReLU")]
                for ax, values in zip(
                    axes[:, column],
                    ([layer.activation_std for layer in layers], [layer.activation_gradient for layer in layers]),
                ):
                    ax.plot(np.arange(1, len(values) + 1), np.maximum(values, 1e-300), label=row.name)
        axes[0, column].set(title=f"{activation}, {deepest} layers", ylabel="std of activations")
        axes[1, column].set(ylabel="rms of dL/d(activation)", xlabel="layer")
    for ax in axes.flat:
        ax.set(yscale="log", ylim=(1e-30, 1e30))
        ax.grid(alpha=0.3)
    axes[0, 0].legend(fontsize=8)
    figure.savefig(path, dpi=75)
    print(f"picture: {path.name}")


def main(argv: list[str] | None = None) -> list[Row]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(), help="where the picture goes")
    parser.add_argument("--depths", type=int, nargs="+", default=[5, 20, 50, 100])
    parser.add_argument("--steps", type=int, default=30)
    options = parser.parse_args(argv)
    warnings.filterwarnings("ignore", "Standardize: column")  # some pixels are never inked
    digits = data.digits()
    x = nn.Standardize().fit(digits.x_train)(digits.x_train)
    rows = []
    for activation in ACTIVATIONS:
        print(f"\n{activation}, {WIDTH} wide: what layer_stats says at the start; the loss there and after", end=" ")
        print(f"{options.steps} steps of Adam")
        print(f"  {'weights':<33}{'layers':>6}  {'verdict':<11}{'loss':>10} -> {'loss':<10}")
        for name in INITIALIZERS:
            for depth in options.depths:
                row = run(activation, name, depth, x, digits.y_train, options.steps)
                rows.append(row)
                learned = "learns" if row.learned else ""
                print(f"  {name:<33}{depth:>6}  {row.verdict:<11}{row.before:>10.3g} -> {row.after:<10.3g}{learned}")
    agree = sum(row.learned == (row.verdict == "healthy") for row in rows)
    print(
        f"\nOf {len(rows)} networks {sum(row.learned for row in rows)} learn; in {agree} the verdict at the start,",
        end=" ",
    )
    print("healthy or not, says which.")
    try:
        picture(options.out / "deep_initialization.png", rows)
    except ImportError:
        print("no picture: matplotlib draws it, pip install 'minigrad[plot]'")
    return rows


if __name__ == "__main__":
    main()

"""How good is a numerical derivative? One-sided, two-sided, Richardson's and complex steps: error against step.

1. e^x / (cos^3 x + sin^3 x) at 1.5, whose derivative is known to thirty digits.
2. The loss of a small network on real digits, along one direction of all its weights; the truth is backprop's.

A log-log line of slope p is an error of O(h^p); the wall on the left is rounding, 1e-16 / h.

Run it: python examples/one_sided_two_sided.py --out .
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import data, nn

Function = Callable[[Any], Any]
STEPS = 10.0 ** np.arange(-15, 0.01, 0.25)


def forward(f: Function, x: float, h: float) -> float:
    """One-sided: its error is h f''/2."""
    return float((f(x + h) - f(x)) / h)


def central(f: Function, x: float, h: float) -> float:
    """Two-sided: what is even in h cancels, and h^2 f'''/6 is left."""
    return float((f(x + h) - f(x - h)) / (2 * h))


def richardson(f: Function, x: float, h: float) -> float:
    """Two two-sided differences, combined so that their h^2 terms cancel."""
    return (4 * central(f, x, h / 2) - central(f, x, h)) / 3


def complex_step(f: Function, x: float, h: float) -> float:
    """Nothing is subtracted, so nothing is lost: Squire and Trapp, SIAM Review 40 (1998)."""
    return float(np.imag(f(x + 1j * h)) / h)


METHODS = {"one-sided": forward, "two-sided": central, "Richardson": richardson, "complex step": complex_step}


def formula(x: Any) -> Any:
    """The function that Squire and Trapp chose."""
    return np.exp(x) / (np.cos(x) ** 3 + np.sin(x) ** 3)


FORMULA_SLOPE = 3.622033700716326  # at x = 1.5, by mpmath with thirty digits


def loss_along_a_direction(size: int) -> tuple[Function, float]:
    """t -> the loss with all weights moved by t along one direction; and its slope at 0 by backprop."""
    digits = data.digits()
    x, y = nn.Standardize().fit(digits.x_train)(digits.x_train)[:size], digits.y_train[:size]
    rng = np.random.default_rng(0)
    w1, w2 = rng.standard_normal((16, 64)) / 8, rng.standard_normal((10, 16)) / 4
    d1, d2 = rng.standard_normal(w1.shape) / 8, rng.standard_normal(w2.shape) / 4

    def along(t: Any) -> Any:
        scores = np.tanh(x @ (w1 + t * d1).T) @ (w2 + t * d2).T
        picked = np.take_along_axis(scores, y[:, None], 1)[:, 0]
        return np.mean(np.log(np.sum(np.exp(scores), axis=1)) - picked)

    return along, float(mg.grad(along)(0.0))


def errors(f: Function, x: float, truth: float) -> dict[str, np.ndarray]:
    """The relative error of each method at each step."""
    return {
        name: np.array([abs(method(f, x, h) - truth) / abs(truth) for h in STEPS]) for name, method in METHODS.items()
    }


def slope(found: np.ndarray) -> float:
    """Of the straight part of the log-log line: errors that are neither rounding nor the function's own bends."""
    straight = (STEPS < 0.05) & (found > 1e-13) & (np.arange(len(STEPS)) > np.argmin(found) + 2)
    if straight.sum() < 3:
        return float("nan")
    return float(np.polyfit(np.log(STEPS[straight]), np.log(found[straight]), 1)[0])


def picture(path: Path, tables: dict[str, dict[str, np.ndarray]], ladders: dict[str, tuple[float, int]]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    for ax, (title, table) in zip(figure.subplots(1, 2, sharey=True), tables.items()):
        for (name, found), style in zip(table.items(), ("o-", "s-", "^-", "x-")):
            ax.loglog(STEPS, np.maximum(found, 1e-17), style, markersize=3, linewidth=1, label=name)
        ax.axhline(max(ladders[title][0], 1e-17), color="black", linestyle=":", label="the ladder, any step")
        ax.set(title=title, xlabel="step h", ylim=(1e-17, 10))
        ax.grid(alpha=0.3)
        ax.legend(fontsize=8)
        ax.set_ylabel("relative error")
    figure.savefig(path, dpi=75)
    print(f"picture: {path.name}")


def main(argv: list[str] | None = None) -> dict[str, dict[str, float]]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(), help="where the picture goes")
    parser.add_argument("--size", type=int, default=200, help="how many digits the loss is over")
    options = parser.parse_args(argv)
    warnings.filterwarnings("ignore", "Standardize: column")  # some pixels are never inked
    along, by_backprop = loss_along_a_direction(options.size)
    cases = {
        "a formula": (formula, 1.5, FORMULA_SLOPE),
        "the loss of a network on digits": (along, 0.0, by_backprop),
    }
    tables, ladders, slopes = {}, {}, {}
    for title, (f, x, truth) in cases.items():
        table = tables[title] = errors(f, x, truth)
        slopes[title] = {name: slope(found) for name, found in table.items()}
        print(f"\n{title}\n  {'method':<14}{'slope':>7}{'best step':>11}{'error there':>13}{'error at 1e-7':>15}")
        for name, found in table.items():
            best = int(np.argmin(found))
            said = f"{slopes[title][name]:.2f}" if np.isfinite(slopes[title][name]) else "-"
            near = found[np.argmin(np.abs(np.log(STEPS / 1e-7)))]
            print(f"  {name:<14}{said:>7}{STEPS[best]:>11.0e}{found[best]:>13.0e}{near:>15.0e}")
        value, bound, evaluations = mg.numerical_gradient(f, x)
        ladders[title] = abs(float(value) - truth) / abs(truth), evaluations
        print(f"  {'ladder':<14}{'':>7}{'its own':>11}{ladders[title][0]:>13.0e}", end="")
        print(f"   and it knows: at most {float(bound) / abs(truth):.0e}, after {evaluations} evaluations")
    print(
        "\nHalving h halves the one-sided error and quarters the two-sided one, until rounding takes over. No step is"
    )
    print("right for every function, so the ladder looks for its own and says how far off it can be.")
    try:
        picture(options.out / "one_sided_two_sided.png", tables, ladders)
    except ImportError:
        print("no picture: matplotlib draws it, pip install 'minigrad[plot]'")
    return slopes


if __name__ == "__main__":
    main()

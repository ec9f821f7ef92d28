"""The bound holds: the true error of the numerical derivative stays within the estimate.

Random compositions of functions, at random points of all sizes; the truth comes from mpmath in 60 digits.

    python proofs/bound.py [--cases 5000] [--seed 0]

It prints how often the bound held, how tight it is, and every case in which it did not.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import mpmath
import numpy as np

from minigrad.check import numerical_gradient

mpmath.mp.dps = 60
Function = Callable[[Any], Any]

# Each in double precision and in mpmath's. Steep, flat, curved, with poles and with kinks.
FUNCTIONS: dict[str, tuple[Function, Function]] = {
    "exp": (np.exp, mpmath.exp),
    "log": (np.log, mpmath.log),
    "sqrt": (np.sqrt, mpmath.sqrt),
    "sin": (np.sin, mpmath.sin),
    "cos": (np.cos, mpmath.cos),
    "tan": (np.tan, mpmath.tan),
    "tanh": (np.tanh, mpmath.tanh),
    "arctan": (np.arctan, mpmath.atan),
    "cube": (lambda x: x * x * x, lambda x: x**3),
    "reciprocal": (lambda x: 1 / x, lambda x: 1 / x),
    "bell": (lambda x: 1 / (1 + x * x), lambda x: 1 / (1 + x * x)),
    "log(1 + e^x)": (lambda x: np.logaddexp(0, x), lambda x: mpmath.log(1 + mpmath.exp(x))),
    "absolute": (np.abs, abs),
    "root of squares": (lambda x: np.sqrt(1 + x * x), lambda x: mpmath.sqrt(1 + x * x)),
    "30 x": (lambda x: 30 * x, lambda x: 30 * x),
    "x + 100": (lambda x: x + 100.0, lambda x: x + 100),
    "tanh(1000 x)": (lambda x: np.tanh(1000 * x), lambda x: mpmath.tanh(1000 * x)),
}


class Case(NamedTuple):
    """One derivative: what it is, what was measured, and the error that was admitted."""

    name: str
    x: float
    truth: float
    value: float
    error: float
    evaluations: int

    @property
    def held(self) -> bool:
        """Within the bound; below 1e-12 nobody asks, and the last digit of the result is its own."""
        return abs(self.value - self.truth) <= self.error + 1e-12 + 4e-16 * abs(self.truth)


def draw(rng: np.random.Generator) -> float:
    """A point of one of five sizes."""
    size = rng.integers(5)
    if size == 3:
        return float(10 ** rng.uniform(-8, 4))
    return float(rng.standard_normal() * [1, 30, 1e-3, 0, 1e-7][size])


def cases(count: int, seed: int) -> Iterator[Case]:
    """Random compositions of one to three functions where both precisions have a finite derivative."""
    rng = np.random.default_rng(seed)
    names = list(FUNCTIONS)
    made = 0
    while made < count:
        chosen = [names[i] for i in rng.integers(len(names), size=rng.integers(1, 4))]
        x = draw(rng)

        def f(t: Any, which: int = 0, chosen: list[str] = chosen) -> Any:
            for name in chosen:
                t = FUNCTIONS[name][which](t)
            return t

        with np.errstate(all="ignore"):
            if not _tame(f, chosen, x):
                continue
            truth = _truth(lambda t, f=f: f(t, 1), x)
            if truth is None or not 1e-30 < abs(truth) < 1e12:
                continue
            found = numerical_gradient(f, x)
        if not np.isfinite(found.value):
            continue
        made += 1
        yield Case(" of ".join(reversed(chosen)), x, truth, float(found.value), float(found.error), found.evaluations)


def _tame(f: Function, chosen: list[str], x: float) -> bool:
    """Whether double precision can follow: no intermediate overflows or is an angle of thousands of turns."""
    t = x
    for name in chosen:
        if name in ("sin", "cos", "tan") and abs(t) > 1e3:
            return False
        t = FUNCTIONS[name][0](t)
        if not np.isfinite(t) or abs(t) > 1e12:
            return False
    return True


def _truth(f: Function, x: float) -> float | None:
    """The derivative in 60 digits; None where the sides differ or it is not real."""
    try:
        h = mpmath.mpf(10) ** -25
        point = mpmath.mpf(x)
        value, right = mpmath.diff(f, point, h=h), (f(point + h) - f(point)) / h
        if isinstance(value, mpmath.mpc) or abs(value - right) > 1e-9 * abs(value):
            return None
        return float(value)
    except (ValueError, ZeroDivisionError, OverflowError):
        return None


def main() -> int:
    """Print the figures; the exit status is 0 where the bound held in all but one in a thousand cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = list(cases(options.cases, options.seed))
    held = sum(case.held for case in found)
    relative = [case.error / abs(case.truth) for case in found]
    print(f"the bound held in {held:,} of {len(found):,} random cases (seed {options.seed})")
    middle, most = np.median(relative), np.quantile(relative, 0.9)
    print(f"the estimate, relative to the derivative: median {middle:.0e}, 9 of 10 below {most:.0e}")
    evaluations = np.mean([case.evaluations for case in found])
    print(f"evaluations of f: {evaluations:.1f} on average, 11 of them once for all elements")
    for case in found:
        if not case.held:
            print(f"  {case.name} at {case.x!r}: {case.value!r} +- {case.error:.1e}, truth {case.truth!r}")
    return 0 if held >= 0.999 * len(found) else 1


if __name__ == "__main__":
    raise SystemExit(main())

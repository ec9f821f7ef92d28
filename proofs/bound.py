"""The bound holds: the true error of the numerical derivative stays within the estimate.

Random compositions of functions, at random points of all sizes; the truth comes from mpmath in 60 digits.

    python proofs/bound.py [--cases 5000] [--seed 0] [--write docs/bound.md]

It prints how often the bound held, how tight it is, and every case in which it did not; the same for the error estimates
of scipy.differentiate and numdifftools, where these are installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
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
    f: Function
    x: float
    truth: float
    value: float
    error: float
    evaluations: int

    @property
    def held(self) -> bool:
        """Within the bound; below 1e-12 nobody asks, and the last digit of the result is its own."""
        return bool(abs(self.value - self.truth) <= self.error + 1e-12 + 4e-16 * abs(self.truth))


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
        made += 1
        name = " of ".join(reversed(chosen))
        yield Case(name, f, x, truth, float(found.value), float(found.error), found.evaluations)


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


# -- others that estimate their error -------------------------------------------------------------------------------------


def scipy(case: Case) -> Case:
    """The same case by scipy.differentiate.derivative, with its defaults."""
    from scipy.differentiate import derivative

    found = derivative(case.f, case.x)
    return case._replace(value=float(found.df), error=float(found.error), evaluations=int(found.nfev))


def numdifftools(case: Case) -> Case:
    """The same case by numdifftools.Derivative, with its defaults."""
    import numdifftools

    count = 0

    def counted(t: Any) -> Any:
        nonlocal count
        count += np.size(t)
        return case.f(t)

    found = numdifftools.Derivative(counted, full_output=True)(case.x)
    return case._replace(value=float(found.estimate), error=float(found.error_estimate), evaluations=count)


PEERS: dict[str, Callable[[Case], Case]] = {"scipy": scipy, "numdifftools": numdifftools}


def by_peers(found: Sequence[Case]) -> dict[str, list[Case]]:
    """What the others say of the same cases, where they are installed."""
    results = {}
    for name, judge in PEERS.items():
        if importlib.util.find_spec(name) is not None:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                results[name] = [judge(case) for case in found]
    return results


# -- the page -------------------------------------------------------------------------------------------------------------

PAGE = """# Does the error bound hold?

`mg.numerical_gradient` returns a value and a bound on its error. The checker compares within that bound, so the bound must
be true. Here it is tried on {count:,} random cases: compositions of one to three of {functions} functions (exp, log, sqrt,
tan, |x|, 1/x, tanh(1000 x), x + 100, ...), at points between 1e-8 and 1e4 in size. The truth comes from mpmath in 60
digits. *Held* means: the true error is at most the error that was admitted (plus 1e-12, and the last digit of the result).
Cases without a derivative are not drawn: poles, kinks, overflow, angles of thousands of turns.

    python proofs/bound.py --write docs/bound.md

makes this page (seed {seed}).

| numerical derivative | held | no answer | admitted error, relative: median | 9 of 10 below | evaluations of f |
|---|---:|---:|---:|---:|---:|
{rows}

All with their defaults, on the same cases. *No answer* is nan: the first step of the others is the same everywhere, and near
the edge of a domain it leaves it; from there a caller must choose the step. The others call theirs an error estimate and
promise no bound. But a checker that took its tolerance from it would call a right gradient wrong wherever it did not hold.
Of minigrad's evaluations 11 measure how much f is rounded, once for all elements of an input.

{failures}"""


def row(name: str, found: Sequence[Case]) -> str:
    """One line of the table."""
    answered = [case for case in found if np.isfinite(case.value) and np.isfinite(case.error)]
    relative = [case.error / abs(case.truth) for case in answered]
    held = sum(case.held for case in answered)
    evaluations = np.mean([case.evaluations for case in found])
    middle, most = np.median(relative), np.quantile(relative, 0.9)
    return (
        f"| {name} | {held:,} of {len(answered):,} ({held / len(answered):.1%}) | {len(found) - len(answered):,} "
        f"| {middle:.0e} | {most:.0e} | {evaluations:.1f} |"
    )


def page(found: Sequence[Case], seed: int) -> str:
    """The figures as Markdown."""
    rows = [row("minigrad, the ladder", found)]
    rows += [row(name, answers) for name, answers in by_peers(found).items()]
    bad = [case for case in found if not case.held]
    failures = "".join(f"- {c.name} at {c.x!r}: {c.value!r} +- {c.error:.1e}, truth {c.truth!r}\n" for c in bad)
    failures = f"The bound did not hold for\n\n{failures}" if bad else "minigrad's bound held in every case.\n"
    return PAGE.format(count=len(found), functions=len(FUNCTIONS), seed=seed, rows="\n".join(rows), failures=failures)


def main() -> int:
    """Print the figures; the exit status is 0 where the bound held in all but one in a thousand cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", type=Path, help="write the page to this file")
    options = parser.parse_args()
    found = list(cases(options.cases, options.seed))
    text = page(found, options.seed)
    if options.write:
        options.write.write_text(text)
    print(text)
    return 0 if sum(case.held for case in found) >= 0.999 * len(found) else 1


if __name__ == "__main__":
    raise SystemExit(main())

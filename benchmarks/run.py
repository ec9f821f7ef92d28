"""Time minigrad beside the same work written by hand in NumPy: one process, one thread, the two in turn.

    python benchmarks/run.py                    # all workloads
    python benchmarks/run.py chain mlp          # those whose name begins so
    python benchmarks/run.py --json FILE        # also write the figures

A ratio is the median over the rounds of minigrad's time by the other's in the same round; 1.00 is as fast as by hand.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # before NumPy is imported

import chain
import convolution
import deep
import memory
import mlp
import numpy as np
from rich.console import Console
from rich.table import Table


class Result(NamedTuple):
    workload: str
    by_hand_us: float
    minigrad_us: float
    ratio: float
    goal: float


def interleave(
    by_hand: Callable[[], object], minigrad: Callable[[], object], seconds: float
) -> tuple[float, float, float]:
    """Median times in microseconds, and the median of the ratios of rounds run one right after the other.

    A round is some calls of each, a twentieth of a second: with single calls in turn each would pay for the memory that
    the other has just given back to the system, which a training loop never does.
    """

    def timed(f: Callable[[], object], calls: int) -> float:
        start = time.perf_counter()
        for _ in range(calls):
            f()
        return (time.perf_counter() - start) / calls

    slower = max(timed(by_hand, 3), timed(minigrad, 3))
    calls = max(1, round(0.05 / slower))
    pairs = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(pairs) < 10:
        pairs.append((timed(by_hand, calls), timed(minigrad, calls)))
    hand, ours = zip(*pairs)
    return (
        statistics.median(hand) * 1e6,
        statistics.median(ours) * 1e6,
        statistics.median(b / a for a, b in pairs),
    )


def results(names: list[str], seconds: float) -> Iterator[Result]:
    for module in (chain, mlp, deep, convolution, memory):
        for name, goal, make in module.workloads:
            if not names or any(name.startswith(prefix) for prefix in names):
                by_hand, minigrad = make()
                yield Result(name, *interleave(by_hand, minigrad, seconds), goal)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each workload")
    options = parser.parse_args()
    table = Table("workload", "by hand, us", "minigrad, us", "ratio", "goal")
    found = []
    for result in results(options.names, options.seconds):
        found.append(result)
        style = "green" if result.ratio <= result.goal else "yellow"
        table.add_row(
            result.workload,
            f"{result.by_hand_us:,.0f}",
            f"{result.minigrad_us:,.0f}",
            f"[{style}]{result.ratio:.2f}[/]",
            f"{result.goal:.2f}",
        )
    Console().print(table)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(
                {
                    "python": platform.python_version(),
                    "numpy": np.__version__,
                    "results": [result._asdict() for result in found],
                },
                file,
                indent=1,
            )
            file.write("\n")


if __name__ == "__main__":
    main()

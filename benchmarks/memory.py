"""sum(x * y + sin(x)) of 10 million elements and its two gradients; and what the pass takes above them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np

import minigrad as mg

N = 10_000_000


def large(dtype: str) -> tuple[Callable[[], object], Callable[[], object]]:
    rng = np.random.default_rng(0)
    x, y = rng.random(N).astype(dtype), rng.random(N).astype(dtype)
    gradient = mg.value_and_grad(lambda x, y: mg.sum(x * y + mg.sin(x)), argnums=(0, 1))

    def by_hand() -> object:
        value = np.sum(x * y + np.sin(x))
        return value, y + np.cos(x), x * 1

    tracemalloc.start()
    outputs = gradient(x, y)
    peak = tracemalloc.get_traced_memory()[1] - 2 * x.nbytes
    tracemalloc.stop()
    del outputs
    print(f"sum(x*y + sin(x)), 10 million {dtype}: peak {peak / 1e6:.0f} MB above inputs and gradients")
    return by_hand, lambda: gradient(x, y)


workloads = [
    ("sum(x*y + sin(x)), 10 million, float64", 1.5, lambda: large("float64")),
    ("sum(x*y + sin(x)), 10 million, float32", 1.5, lambda: large("float32")),
]

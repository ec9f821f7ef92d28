"""A chain of 100 ops on 16 elements, forward and backward: what recording and the reverse pass cost per op.

Ten ops in turn, cheap ones and dear ones; by hand each intermediate that a derivative needs is kept in a list.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import minigrad as mg

Pair = tuple[Callable[[], object], Callable[[], object]]


def mixed(dtype: str) -> Pair:
    rng = np.random.default_rng(0)
    x, w, b = (rng.random((3, 16)) + 0.5).astype(dtype)

    def by_hand() -> np.ndarray:
        kept = []
        a = x
        for _ in range(10):
            a1 = a * w
            a2 = np.sin(a1)
            a3 = a2 + b
            a4 = np.exp(a3)
            a5 = a4 / w
            a6 = np.log(a5)
            a7 = a6 - b
            a8 = np.tanh(a7)
            a9 = a8 * a8
            a = np.sqrt(a9)
            kept.append((a1, a4, a5, a8, a))
        g = np.ones_like(a)
        for a1, a4, a5, a8, a in reversed(kept):
            g = g / (2 * a)
            g = 2 * g * a8
            g = g * (1 - a8 * a8)
            g = g / a5
            g = g / w
            g = g * a4
            g = g * np.cos(a1)
            g = g * w
        return g

    start = np.ones_like(x)

    def minigrad() -> np.ndarray:
        leaf = a = mg.tensor(x, requires_grad=True)
        for _ in range(10):
            a = mg.sin(a * w)
            a = mg.exp(a + b)
            a = mg.log(a / w)
            a = mg.tanh(a - b)
            a = mg.sqrt(mg.square(a))
        a.backward(start)
        return leaf.grad

    np.testing.assert_allclose(minigrad(), by_hand(), rtol=1e-3 if dtype == "float32" else 1e-10)
    return by_hand, minigrad


workloads = [
    ("chain of 100 ops, 16 elements, float64", 2.5, lambda: mixed("float64")),
    ("chain of 100 ops, 16 elements, float32", 2.5, lambda: mixed("float32")),
]

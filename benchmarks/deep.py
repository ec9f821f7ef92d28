"""Many small tanh layers in a row, a training step: what the engine costs where each array is small."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import minigrad as mg

Pair = tuple[Callable[[], object], Callable[[], object]]
RATE = 1e-4


def step(depth: int, width: int, batch: int, dtype: str) -> Pair:
    rng = np.random.default_rng(0)
    weights = [(rng.standard_normal((width, width)) / np.sqrt(width)).astype(dtype) for _ in range(depth)]
    biases = [np.zeros(width, dtype) for _ in range(depth)]
    x, target = (rng.standard_normal((batch, width)).astype(dtype) for _ in range(2))
    ours = [(mg.tensor(w, requires_grad=True), mg.tensor(b, requires_grad=True)) for w, b in zip(weights, biases)]

    def by_hand() -> float:
        kept = [x]
        for w, b in zip(weights, biases):
            kept.append(np.tanh(kept[-1] @ w.T + b))
        off = kept[-1] - target
        loss = np.mean(off * off)
        g = off * (2 / off.size)
        for i in reversed(range(depth)):
            g = g * (1 - kept[i + 1] * kept[i + 1])
            gw, gb = g.T @ kept[i], g.sum(axis=0)
            if i:
                g = g @ weights[i]
            weights[i] -= RATE * gw
            biases[i] -= RATE * gb
        return float(loss)

    def minigrad() -> float:
        a = x
        for w, b in ours:
            a = mg.tanh(mg.linear(a, w, b))
        loss = mg.mse_loss(a, target)
        loss.backward()
        for layer in ours:
            for p in layer:
                p.data -= RATE * p.grad
                p.grad = None
        return float(loss)

    for _ in range(3):
        np.testing.assert_allclose(minigrad(), by_hand(), rtol=1e-4)
    return by_hand, minigrad


def scalars(count: int) -> Pair:
    """A chain of products and sums of single numbers."""
    x, w, b = np.array(0.5), np.array(0.9999), np.array(1e-4)

    def by_hand() -> object:
        a = x
        for _ in range(count // 2):
            a = a * w
            a = a + b
        g = np.ones_like(x)
        for _ in range(count // 2):
            g = g * w
        return g

    def minigrad() -> object:
        leaf = a = mg.tensor(x, requires_grad=True)
        for _ in range(count // 2):
            a = a * w + b
        a.backward()
        return leaf.grad

    np.testing.assert_allclose(minigrad(), by_hand())
    return by_hand, minigrad


workloads = [
    ("100 tanh layers of width 64, batch 64, float64", 1.00, lambda: step(100, 64, 64, "float64")),
    ("100 tanh layers of width 64, batch 64, float32", 1.05, lambda: step(100, 64, 64, "float32")),
    ("2,000 tanh layers of width 8, batch 16, float64", 1.10, lambda: step(2000, 8, 16, "float64")),
    ("100,000 scalar products and sums", 1.50, lambda: scalars(100_000)),
]

"""One training step of a network of linear layers and relus, softmax cross-entropy, gradient descent."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import minigrad as mg

Pair = tuple[Callable[[], object], Callable[[], object]]
RATE = 1e-3


def step(sizes: tuple[int, ...], batch: int, dtype: str) -> Pair:
    rng = np.random.default_rng(0)
    weights = [(rng.standard_normal((n, m)) * np.sqrt(2 / m)).astype(dtype) for m, n in zip(sizes, sizes[1:])]
    biases = [np.zeros(n, dtype) for n in sizes[1:]]
    x = rng.standard_normal((batch, sizes[0])).astype(dtype)
    target = rng.integers(0, sizes[-1], batch)
    rows = np.arange(batch)
    ours = [mg.tensor(p, requires_grad=True) for p in weights + biases]
    layers = list(zip(ours[: len(weights)], ours[len(weights) :]))

    def by_hand() -> float:
        a, kept = x, []
        for i, (w, b) in enumerate(zip(weights, biases)):
            kept.append(a)
            a = a @ w.T + b
            if i < len(weights) - 1:
                a = np.maximum(a, 0)
        a = a - a.max(axis=1, keepdims=True)
        e = np.exp(a)
        s = e.sum(axis=1, keepdims=True)
        loss = np.mean(np.log(s)[:, 0] - a[rows, target])
        g = e / s
        g[rows, target] -= 1
        g /= batch
        for i in reversed(range(len(weights))):
            gw, gb = g.T @ kept[i], g.sum(axis=0)
            if i:
                g = (g @ weights[i]) * (kept[i] > 0)
            weights[i] -= RATE * gw
            biases[i] -= RATE * gb
        return float(loss)

    def minigrad() -> float:
        a = x
        for i, (w, b) in enumerate(layers):
            a = mg.linear(a, w, b)
            if i < len(layers) - 1:
                a = mg.relu(a)
        loss = mg.cross_entropy(a, target)
        loss.backward()
        for p in ours:
            p.data -= RATE * p.grad
            p.grad = None
        return float(loss)

    for _ in range(3):
        np.testing.assert_allclose(minigrad(), by_hand(), rtol=1e-4)
    return by_hand, minigrad


workloads = [
    ("mlp 784-512-256-10, batch 128, float64", 1.10, lambda: step((784, 512, 256, 10), 128, "float64")),
    ("mlp 784-512-256-10, batch 128, float32", 1.10, lambda: step((784, 512, 256, 10), 128, "float32")),
    ("mlp 64-128-128-10, batch 64, float64", 1.30, lambda: step((64, 128, 128, 10), 64, "float64")),
    ("mlp 64-128-128-10, batch 64, float32", 1.30, lambda: step((64, 128, 128, 10), 64, "float32")),
]

"""A training step of a small convolutional network: two convolutions, each with relu and pooling, and a linear layer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

import minigrad as mg

Pair = tuple[Callable[[], object], Callable[[], object]]
RATE = 1e-3


def windows(x: np.ndarray) -> np.ndarray:
    """The 3 x 3 windows around each place, (N, H, W, C * 9)."""
    n, c, h, w = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return sliding_window_view(padded, (3, 3), axis=(2, 3)).transpose(0, 2, 3, 1, 4, 5).reshape(n, h, w, c * 9)


def convolve(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    seen = windows(x)
    return (seen @ weight.reshape(len(weight), -1).T + bias).transpose(0, 3, 1, 2), seen


def back(g: np.ndarray, seen: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of x, weight and bias: that of x is a convolution with the weight turned around."""
    rows = g.transpose(0, 2, 3, 1).reshape(-1, len(weight))
    turned = weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3).reshape(weight.shape[1], -1)
    return (
        (windows(g) @ turned.T).transpose(0, 3, 1, 2),
        (rows.T @ seen.reshape(len(rows), -1)).reshape(weight.shape),
        rows.sum(axis=0),
    )


def pool(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n, c, h, w = x.shape
    blocks = x.reshape(n, c, h // 2, 2, w // 2, 2)
    top = blocks.max(axis=(3, 5))
    return top, blocks == top[:, :, :, None, :, None]


def unpool(g: np.ndarray, hit: np.ndarray) -> np.ndarray:
    n, c, h, _, w, _ = hit.shape
    return (hit * (g / hit.sum(axis=(3, 5)))[:, :, :, None, :, None]).reshape(n, c, 2 * h, 2 * w)


def step(dtype: str) -> Pair:
    rng = np.random.default_rng(0)
    shapes = [(8, 1, 3, 3), (8,), (16, 8, 3, 3), (16,), (10, 16 * 49), (10,)]
    params = [
        (rng.standard_normal(s) * (2 / max(1, np.prod(s[1:]))) ** 0.5 * (len(s) > 1)).astype(dtype) for s in shapes
    ]
    x = rng.standard_normal((16, 1, 28, 28)).astype(dtype)
    target, rows = rng.integers(0, 10, 16), np.arange(16)
    ours = [mg.tensor(p, requires_grad=True) for p in params]

    def by_hand() -> float:
        w1, b1, w2, b2, w3, b3 = params
        z1, seen1 = convolve(x, w1, b1)
        p1, hit1 = pool(np.maximum(z1, 0))
        z2, seen2 = convolve(p1, w2, b2)
        p2, hit2 = pool(np.maximum(z2, 0))
        flat = p2.reshape(16, -1)
        a = flat @ w3.T + b3
        a = a - a.max(axis=1, keepdims=True)
        e = np.exp(a)
        s = e.sum(axis=1, keepdims=True)
        loss = np.mean(np.log(s)[:, 0] - a[rows, target])
        g = e / s
        g[rows, target] -= 1
        g /= 16
        gw3, gb3 = g.T @ flat, g.sum(axis=0)
        g = unpool((g @ w3).reshape(p2.shape), hit2) * (z2 > 0)
        g, gw2, gb2 = back(g, seen2, w2)
        g = unpool(g, hit1) * (z1 > 0)
        rows1 = g.transpose(0, 2, 3, 1).reshape(-1, 8)
        gw1, gb1 = (rows1.T @ seen1.reshape(len(rows1), -1)).reshape(w1.shape), rows1.sum(axis=0)
        for p, gradient in zip(params, (gw1, gb1, gw2, gb2, gw3, gb3)):
            p -= RATE * gradient
        return float(loss)

    def minigrad() -> float:
        w1, b1, w2, b2, w3, b3 = ours
        a = mg.max_pool2d(mg.relu(mg.conv2d(x, w1, b1, padding=1)), 2)
        a = mg.max_pool2d(mg.relu(mg.conv2d(a, w2, b2, padding=1)), 2)
        loss = mg.cross_entropy(mg.linear(a.reshape(16, -1), w3, b3), target)
        loss.backward()
        for p in ours:
            p.data -= RATE * p.grad
            p.grad = None
        return float(loss)

    for _ in range(3):
        np.testing.assert_allclose(minigrad(), by_hand(), rtol=1e-4)
    return by_hand, minigrad


workloads = [
    ("convolutions of 16 x 1 x 28 x 28, 8 and 16 filters, float64", 0.65, lambda: step("float64")),
    ("convolutions of 16 x 1 x 28 x 28, 8 and 16 filters, float32", 0.65, lambda: step("float32")),
]

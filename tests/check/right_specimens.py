"""A shelf of right ops at points where checkers raise false alarms: kinks, ties, jumps, stiff and badly scaled ones."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad as mg

from .specimens import Specimen, normal, positive

RIGHT: list[Specimen] = []


def right(name: str, f: Any, *inputs: Any, **options: Any) -> None:
    RIGHT.append(Specimen(name, f, inputs, (), options))


def rule(forward: Any, **rules: Any) -> Any:
    """An op with right rules of its own."""
    return mg.elementwise(forward, name="right", **rules)


tied = np.array([1.0, 3, 3, 0, -2, 3, 0, 0])
edge = np.array([0.0, 1, -1, 0, 2, -3])

# -- kinks ------------------------------------------------------------------------------------------------------------

right("abs at 0", mg.absolute, edge)
right("relu at 0 is 0", mg.relu, edge)
right("relu at 0 is 1", rule(lambda x: np.maximum(x, 0), x=lambda g, x: g * (x >= 0)), edge)
right("relu at 0 is 1/2", rule(lambda x: np.maximum(x, 0), x=lambda g, x: g * np.heaviside(x, 0.5)), edge)
right("relu a hair from 0", mg.relu, np.array([1e-9, -1e-9, 1e-5, -1e-12, 1.0]))
right("leaky relu at 0", mg.leaky_relu, edge)
right("clip at its ends", lambda x: mg.clip(x, -1, 1), edge)
right("hinge at 1", lambda x: mg.sum(np.maximum(1 - x, 0)), edge)
right("distance of equals", lambda x, y: mg.sum(abs(x - y)), edge, edge.copy())
right("norm at 0", mg.linalg.norm, np.zeros(3))
right("hypot at 0", mg.hypot, edge, np.zeros(6))
right("cube root at 0", mg.cbrt, edge)
right("sqrt at 0", mg.sqrt, np.array([0.0, 1.0, 4.0]))
right("power 3/2 at 0", lambda x: x**1.5, np.array([0.0, 1.0, 4.0]))

# -- ties -------------------------------------------------------------------------------------------------------------

right("max shares evenly", mg.max, tied)
right("min along an axis", lambda x: mg.min(x, axis=0), np.array([[1.0, 2], [1, 2], [3, 2]]))
first_wins = rule(lambda x, y: np.maximum(x, y), x=lambda g, x, y: g * (x >= y), y=lambda g, x, y: g * (y > x))
second_wins = rule(lambda x, y: np.minimum(x, y), x=lambda g, x, y: g * (x < y), y=lambda g, x, y: g * (y <= x))
right("the first of a tie wins", first_wins, edge, edge[::-1].copy())
right("the second of a tie wins", second_wins, edge, edge[::-1].copy())
right("maximum with itself", lambda x: np.maximum(x, x), edge)
right("sort", mg.sort, tied)
right("median", mg.median, tied)
right("quantile", lambda x: mg.quantile(x, 0.4), tied)
right("ptp", mg.ptp, tied)
right("max pooling of equals", lambda x: mg.max_pool2d(x, 2), np.ones((1, 1, 4, 4)))
right("prod with zeros", mg.prod, tied)
right("cumprod with zeros", mg.cumprod, tied)

# -- jumps ------------------------------------------------------------------------------------------------------------

right("floor at integers", mg.floor, np.r_[edge, 0.5])
right("rint at halves", mg.rint, np.array([0.5, 1.5, 0.3, -2.5]))
right("remainder", mg.remainder, np.array([5.3, -2.2, 7.7]), np.array([2.0, 3, -4]))

# -- stiff, wiggly, badly scaled ----------------------------------------------------------------------------------------

right("log near 0", mg.log, np.array([1e-8, 1e-5, 1e-3, 1.0]))
right("1/x near 0", mg.reciprocal, np.array([1e-6, -1e-4, 1e-2]))
right("logsumexp of 10,000", mg.logsumexp, np.array([1e4, 1e4 + 1, 1e4 - 2]))
right("softmax of 1,000", mg.softmax, np.array([1000.0, 999, 1001]))
right("sigmoid of 50", mg.sigmoid, np.array([50.0, -50, 0.1]))
right("steep tanh", lambda x: np.tanh(1000 * x), np.array([1e-4, -2e-3, 0.5, 0.0]))
right("narrow bell", lambda x: np.exp(-((x / 1e-4) ** 2)), np.array([5e-5, -1e-4, 3e-4, 1.0]))
right("wiggles", lambda x: np.sin(50 * x), normal(10))
right("fast growth", lambda x: np.exp(20 * x), normal(6))
right("arcsin near 1", mg.arcsin, np.array([0.999999, -0.9999, 0.5]))
right("outputs of all sizes", mg.exp, np.array([100.0, 1e-8, -100, 3]))
right("large offset", lambda x: (x + 1e6) ** 2, normal(5))
right("rounding inside", lambda x: mg.log(np.cos(x)), np.array([1e-7, 1e-4, 0.3]))
right("layer norm of a constant", lambda x: (x - x.mean()) / np.sqrt(mg.var(x) + 1e-5), np.full(6, 3.0))
right("sinc at 0", mg.sinc, np.array([0.0, 1e-5, 0.7, 1.0]))
right("x to the 0", lambda x: x**0, edge)
right("saturated products", mg.matmul, 1e5 * normal(3, 4), 1e-5 * normal(4, 2))

# -- forms ------------------------------------------------------------------------------------------------------------

right("no axes", mg.sin, np.array(0.3))
right("a Python number", lambda x: x * x, 0.7)
right("repeated and negative indices", lambda x: x[np.array([0, -1, 0, 2, -1])], normal(5))
right("strided", mg.tanh, normal(6, 6)[::2, ::-1])
right("zero strides", mg.exp, np.broadcast_to(normal(3), (2, 3)))
right("float32", mg.tanh, normal(3, 4).astype(np.float32))
right("two outputs", lambda x: (np.sin(x), np.sum(x)), normal(4))
right("containers", lambda p: p["w"] @ p["b"][0], {"w": normal(2, 3), "b": [normal(3)]})
right("an integer input", lambda x, n: x**n, positive(4), np.array([1, 2, 3, 0]))
right("symmetric only", mg.linalg.eigvalsh, np.array([[2.0, 0.5], [0.5, 1.0]]))
right("many elements", lambda x: np.sum(np.sin(x) * x), normal(100, 50))
right("second order", mg.softplus, normal(5), order=2)
right("second order at a kink", mg.absolute, edge, order=2)

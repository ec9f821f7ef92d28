"""A shelf of wrong ops, each with the cause that the report must name.

`cause` is one or more phrases, any of which will do: where two descriptions are both true, either is right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg


class Specimen(NamedTuple):
    """A function to check, what to check it with, and what is wrong with it ("" where it is right)."""

    name: str
    f: Callable[..., Any]
    inputs: tuple[Any, ...]
    cause: tuple[str, ...] = ()
    options: dict[str, Any] = {}  # noqa: RUF012 - never written to


WRONG: list[Specimen] = []


def wrong(cause: str | tuple[str, ...], forward: Callable[..., Any], *inputs: Any, **rules: Any) -> None:
    """A wrong op: its forward, the inputs to check it with, its rules, one of which is wrong."""
    causes = (cause,) if isinstance(cause, str) else cause
    op = mg.op(name=f"specimen_{len(WRONG)}")(forward)
    for x, rule in rules.items():
        op.vjp(*x.split("__"))(rule)
    shelve(op, inputs, causes)


def given(cause: str, f: Callable[..., Any], *inputs: Any, analytic: Any, **options: Any) -> None:
    """A function with a gradient written by hand."""
    shelve(f, inputs, (cause,), {"analytic": analytic, **options})


def shelve(f: Callable[..., Any], inputs: tuple[Any, ...], causes: tuple[str, ...], options: Any = None) -> None:
    WRONG.append(Specimen(f"{len(WRONG)} {causes[0]}", f, inputs, causes, options or {}))


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def positive(*shape: int) -> np.ndarray:
    return np.abs(normal(*shape)) + 0.3


# -- shapes -----------------------------------------------------------------------------------------------------------

plain = {"x": lambda g: g}
wrong("sum over axis 0", lambda x, bias: x + bias, normal(3, 4), normal(4), **plain, bias=lambda g: g)
wrong("sum over axis 0", lambda x: np.broadcast_to(x, (3, 4)) * 1, normal(4), x=lambda g: g)
wrong("sum over axis 1 with keepdims", lambda x, s: x * s, normal(3, 4), normal(3, 1),
      x=lambda g, s: g * s, s=lambda g, x: g * x)  # fmt: skip
wrong(
    "keep axis 1", lambda x, s: x * s, normal(3, 4), normal(3, 1), x=lambda g, s: g * s, s=lambda g, x: (g * x).sum(1)
)
wrong("transpose it", lambda x, w: x @ w, normal(2, 4), normal(4, 3), x=lambda g, w: g @ w.T, w=lambda g, x: g.T @ x)
wrong("reshape it", lambda x: x.ravel() * 1, normal(3, 4), x=lambda g: g)
wrong("summed over axis 0", lambda x: 2 * x, normal(3, 4), x=lambda g: 2 * g.sum(0))
wrong("raises an error", lambda x: 2 * x, normal(3), x=lambda g: g.sum(2))
wrong("must return 2 gradients", lambda x, y: x * y, normal(3), normal(3), x__y=lambda g, x, y: (g * y,))

# -- not finite -------------------------------------------------------------------------------------------------------

zeros = np.array([0.0, 1.0, -2.0, 0.5, 0.0])
wrong("nan", lambda x: np.abs(x) ** 1.5, zeros, x=lambda g, x: g * 1.5 * np.abs(x) ** 0.5 * (x / np.abs(x)))
wrong("nan", lambda x: np.maximum(x, 0) ** 2, zeros, x=lambda g, x, out: g * 2 * out / x)
wrong("inf", lambda x: x * x + 1, zeros, x=lambda g, x: g * (2 * x + 1e-300 / (x * x) * 1e300 * (x == 0)))

# -- the upstream gradient ----------------------------------------------------------------------------------------------

wrong("g is ignored", lambda x: np.tanh(x), normal(3, 4), x=lambda g, out: 1 - out**2 + 0 * g)
wrong("g is ignored", lambda x: np.sum(x), normal(3, 4), x=lambda g, x: np.ones_like(x))
wrong("g is averaged", lambda x: np.sin(x), normal(5), x=lambda g, x: g.mean() * np.cos(x))
wrong("not linear in the upstream", lambda x: np.sin(x), normal(5), x=lambda g, x: g * np.abs(g) * np.cos(x))
wrong("not linear in the upstream", lambda x: np.sin(x), normal(5), x=lambda g, x: np.clip(g, -0.1, 0.1) * np.cos(x))

# -- zero, sign, factor -----------------------------------------------------------------------------------------------

wrong("all zero", lambda x: np.sin(x), normal(3, 4), x=lambda g: 0 * g)
shelve(mg.op(name="flat", flat=("x",))(lambda x: np.sin(x)), (normal(4),), ("all zero",))
wrong("sign is wrong", lambda x: np.cos(x), normal(4), x=lambda g, x: g * np.sin(x))
wrong("sign is wrong", lambda x, y: x - y, normal(4), normal(4), x=lambda g: g, y=lambda g: g)
wrong("sign is wrong", lambda x: 1 / x, positive(4), x=lambda g, out: g * out * out)
wrong("2 times too small", lambda x: x * x, normal(4), x=lambda g, x: g * x)
wrong("3 times too small", lambda x: x**3, normal(4), x=lambda g, x: g * x * x)
wrong("12 times too large", lambda x: np.mean(x), normal(3, 4), x=lambda g, x: g + 0 * x)
wrong("12 times too small", lambda x: np.sum(x), normal(3, 4), x=lambda g, x: (g + 0 * x) / 12)
wrong("2 times too large", lambda x, y: np.mean((x - y) ** 2) / 2, normal(5), normal(5, seed=1),
      x=lambda g, x, y: g * 2 * (x - y) / 5, y=lambda g, x, y: -g * (x - y) / 5)  # fmt: skip
wrong("averaged over axis 0", lambda x, bias: x + bias, normal(3, 4), normal(4), **plain, bias=lambda g: g.mean(0))
wrong("averaged over axis 1", lambda x, s: x * s, normal(3, 4), normal(3, 1), x=lambda g, s: g * s,
      s=lambda g, x: (g * x).mean(1, keepdims=True))  # fmt: skip
wrong("times too large", lambda x: np.var(x, ddof=1), normal(6), x=lambda g, x: g * 2 * (x - x.mean()) / 4)
wrong("times too large", lambda x: np.deg2rad(x), normal(4), x=lambda g: g)
wrong("times too small", lambda x: np.log2(x), positive(4), x=lambda g, x: g / x)

# -- a factor that is an array --------------------------------------------------------------------------------------------

wrong(("a factor of out", "a factor of exp(x)"), lambda x: np.exp(x), normal(3, 4), x=lambda g: g)
wrong("a factor of y", lambda x, y: x * y, normal(4), normal(4, seed=1), x=lambda g: g, y=lambda g, x: g * x)
wrong("a factor of 1 / x is", lambda x: np.log(x), positive(4), x=lambda g: g)
wrong("a factor of (1 - out)", sigmoid_like := (lambda x: 1 / (1 + np.exp(-x))), normal(5), x=lambda g, out: g * out)
wrong("a factor of out is", sigmoid_like, normal(5), x=lambda g, out: g * (1 - out))
wrong("a factor of (1 - out^2)", lambda x: np.tanh(x), normal(5), x=lambda g: g)
wrong(("1 / out is", "1 / sqrt(x)"), lambda x: np.sqrt(x), positive(5), x=lambda g: g / 2)
wrong("a factor of cos(x)", lambda x: np.sin(x), normal(5), x=lambda g: g)
wrong("1 / (1 + x^2)", lambda x: np.arctan(x), normal(5), x=lambda g: g)
wrong(("1 / x^2", "out^2"), lambda x: 1 / x, positive(5), x=lambda g: -g)
wrong("(1 + x)", lambda x: x * np.exp(x), normal(5), x=lambda g, x: g * np.exp(x))
wrong("a factor of x is", lambda x: x * x, normal(5), x=lambda g: 2 * g)
wrong("1 / y is", lambda x, y: x / y, normal(5), positive(5), x=lambda g, y: g / y, y=lambda g, x, y: -g * x / y)

# -- in the wrong place -------------------------------------------------------------------------------------------------

wrong(
    "transposed", lambda x, w: x @ w, normal(3, 3), normal(3, 3, seed=1), x=lambda g, w: g @ w.T, w=lambda g, x: g.T @ x
)
wrong("transposed", lambda x: np.transpose(x) * 1, normal(3, 3), x=lambda g: g)
wrong("transposed", lambda x: np.transpose(x, (0, 2, 1)) * 1, normal(2, 3, 3), x=lambda g: g)
wrong("swapped", lambda x, y: x * y, normal(5), normal(5, seed=1), x=lambda g, x: g * x, y=lambda g, y: g * y)
wrong("swapped", lambda x, y: np.hypot(x, y), positive(5), normal(5, seed=1),
      x=lambda g, y, out: g * y / out, y=lambda g, x, out: g * x / out)  # fmt: skip
wrong("1 / x is", lambda x, y: x * np.exp(y), normal(5), normal(5, seed=1),
      x=lambda g, out: g * out, y=lambda g, out: g * out)  # fmt: skip
wrong("rolled along axis 0", lambda x: np.roll(x, 1, 0), normal(5), x=lambda g: np.roll(g, 1, 0))
wrong("rolled along axis 1", lambda x: np.roll(x, 2, 1), normal(3, 5), x=lambda g: np.roll(g, -1, 1))
wrong("flipped along axis 0", lambda x: x[::-1] * 1, normal(5), x=lambda g: g)
wrong("flipped along axis 1", lambda x: x[:, ::-1] * 1, normal(3, 4), x=lambda g: g)

# -- a term is missing --------------------------------------------------------------------------------------------------

given("L2 regularization term's gradient is missing, lambda = 0.3", lambda w: np.sum(np.cos(w)) + 0.15 * np.sum(w * w),
      normal(3, 4), analytic=lambda w: -np.sin(w))  # fmt: skip
given("L1 regularization term's gradient is missing, lambda = 0.2", lambda w: np.sum(np.cos(w)) + 0.2 * np.sum(np.abs(w)),
      normal(3, 4), analytic=lambda w: -np.sin(w))  # fmt: skip
given("in the gradient and not in the function, lambda = 0.01", lambda w: np.sum(np.cos(w)),
      normal(3, 4), analytic=lambda w: -np.sin(w) + 0.01 * w)  # fmt: skip
wrong("constant", lambda x: x - x.mean(), normal(6), x=lambda g: g)
wrong("constant along axis 1", lambda x: x - x.mean(axis=1, keepdims=True), normal(3, 4), x=lambda g: g)
wrong("constant along axis 0", lambda x: x - x.sum(axis=0), normal(3, 4), x=lambda g: g)

# -- wrong only somewhere -------------------------------------------------------------------------------------------------

wrong(("negative", "not positive", "x < -"), lambda x: np.maximum(x, 0), normal(12), x=lambda g: g)
wrong(
    ("negative", "not positive", "x < -"), lambda x: np.where(x > 0, x, 0.1 * x), normal(12), x=lambda g, x: g * (x > 0)
)
wrong("|x| > 1", lambda x: np.clip(x, -1, 1), 1.5 * normal(30), x=lambda g: g)
wrong("x > 3", lambda x: np.sin(x), 2.5 * normal(40), x=lambda g, x: g * np.cos(x) * np.where(x > 3, 2, 1))
wrong("|x| < 0.5", lambda x: np.sin(x), normal(30), x=lambda g, x: g * np.where(np.abs(x) < 0.5, 1, np.cos(x)))
wrong("x < -1", lambda x: np.exp(x), normal(40), x=lambda g, out, x: g * out * np.where(x < -1, 1.5, 1))
wrong("where it is 0", lambda x: np.abs(x), np.r_[normal(6), 0, 0], x=lambda g, x: g * np.where(x == 0, 5, np.sign(x)))
wrong("adds up to 2 times", lambda x, y: np.maximum(x, y), zeros, zeros[::-1] * 1,
      x=lambda g, x, y: g * (x >= y), y=lambda g, x, y: g * (y >= x))  # fmt: skip
wrong("adds up to 0 times", lambda x, y: np.minimum(x, y), zeros, zeros[::-1] * 1,
      x=lambda g, x, y: g * (x < y), y=lambda g, x, y: g * (y < x))  # fmt: skip
wrong("adds up to 2 times", lambda x: np.max(x), np.array([1.0, 3, 3, 0]), x=lambda g, x, out: g * (x == out))


def pick(x, index):  # type: ignore[no-untyped-def]
    return x[index]


def assigned(g, x_shape, index):  # type: ignore[no-untyped-def]
    out = np.zeros(x_shape)
    out[index] = g
    return out


def forgets_negative(g, x_shape, index):  # type: ignore[no-untyped-def]
    out = np.zeros(x_shape)
    np.add.at(out, index[index >= 0], g[index >= 0])
    return out


wrong("repeated", pick, normal(6), np.array([0, 2, 2, 5, 0]), x=assigned)
wrong(("negative index", 'index in "index" is negative'), pick, normal(6), np.array([0, -1, 3, -2]), x=forgets_negative)


def but(mask: Any) -> Any:  # type: ignore[explicit-any]
    """The gradient of sin with part of it left out."""

    def rule(g, x):  # type: ignore[no-untyped-def]
        return g * np.cos(x) * mask

    return rule


one, row, column = np.ones((4, 5)), np.ones((4, 5)), np.ones((4, 5))
one[1, 2], row[-1], column[:, 0] = 0.5, 0, 0
wrong("one element only, [1, 2]", lambda x: np.sin(x), normal(4, 5), x=but(one))
wrong("the last along axis 0", lambda x: np.sin(x), normal(4, 5), x=but(row))
wrong("the first along axis 1", lambda x: np.sin(x), normal(4, 5), x=but(column))

# -- a little off everywhere ----------------------------------------------------------------------------------------------

c = np.sqrt(2 / np.pi)


def gelu(x):  # type: ignore[no-untyped-def]
    return 0.5 * x * (1 + np.tanh(c * (x + 0.044715 * x**3)))


def gelu_with_0447(g, x):  # type: ignore[no-untyped-def]
    t = np.tanh(c * (x + 0.0447 * x**3))
    return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * c * (1 + 3 * 0.0447 * x * x))


def scaled(x):  # type: ignore[no-untyped-def]
    return x / np.sqrt(np.mean(x * x) + 1e-3)


def scaled_without_eps(g, x):  # type: ignore[no-untyped-def]
    s = np.sqrt(np.mean(x * x))
    return g / s - x * np.sum(g * x) / (x.size * s**3)


wrong("small difference everywhere", gelu, normal(8), x=gelu_with_0447)
wrong("small difference everywhere", scaled, normal(8), x=scaled_without_eps)
wrong("small difference everywhere", lambda x: np.sin(x), normal(8), x=lambda g, x: g * np.cos(x).astype(np.float16))
wrong(("times too small", "small difference"), lambda x: np.pi * x, normal(8), x=lambda g: 3.14 * g)

# -- what gets lost among others ------------------------------------------------------------------------------------------

hidden = np.ones((100, 100))
hidden[37, 73] = 1.001
wrong(
    "one element only, [37, 73]", lambda x: np.sum(np.sin(x)), normal(100, 100), x=lambda g, x: g * np.cos(x) * hidden
)
wrong("2 times too large", lambda x: np.sum(x * np.sin(x)), normal(100, 200),
      x=lambda g, x: 2 * g * (np.sin(x) + x * np.cos(x)))  # fmt: skip
wrong("2 times too large", lambda x, y: np.sum(x * x) + 1e-6 * np.sum(y * y), normal(4), normal(4, seed=1),
      x=lambda g, x: 2 * g * x, y=lambda g, y: 4e-6 * g * y)  # fmt: skip
wrong("adds up to 1.5 times", lambda x: np.max(x), np.array([2.0, 2, 1, 2]), x=lambda g, x, out: g * (x == out) / 2)

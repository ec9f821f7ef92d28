"""The second order: the backward pass is a function like any other, so its own gradient can be checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..containers import flatten
from ..transforms import vjp
from .draws import draw_g
from .subject import Array, spread
from .traced import Traced


def second_order(subject: Traced, seed: int) -> Traced:
    """The backward pass of a function, as a function of its inputs and of the gradients that arrive."""
    points = subject.points
    g = draw_g(subject.evaluate(points), np.random.default_rng(seed))
    arriving, _ = flatten(spread(g, subject.out))
    floating = [i for i, part in enumerate(subject.out) if part.dtype.kind in "fc"]

    def backward(*arguments: Any) -> Any:
        leaves, drawn = arguments[: len(points)], arguments[len(points) :]
        out, pullback = vjp(subject.call, *leaves)
        cotangents = list(arriving)
        for i, part in zip(floating, drawn):
            cotangents[i] = part
        return pullback(flatten(out)[1](cotangents))

    names = [f"g{i}" if len(floating) > 1 else "g" for i in floating]
    second = Traced(backward, [*points, *[arriving[i] for i in floating]], names=[*subject.names, *names])
    second.title = subject.title
    second.noise = subject.eps * _largest(arriving) * _largest(subject.out) * max(1.0, _largest(points))
    second.where = subject.where  # type: ignore[method-assign]  # a rule that fails on Tensors is the same rule
    return second


def _largest(arrays: Sequence[Array]) -> float:
    """The largest finite absolute value: of the terms of a gradient, whose rounding stays where they cancel."""
    sizes = [np.abs(x[np.isfinite(x)]).max(initial=0.0) for x in arrays if x.dtype.kind in "fc"]
    return float(max(sizes, default=0.0))


def generic(subject: Traced, seed: int) -> Traced:
    """The same function at a point nearby without ties and zeros, where the first derivative has no jumps.

    Where the second derivative is nan or inf at the point itself, that is worth a look, and the point stays.
    """
    rng = np.random.default_rng(seed)
    points = [p * (1 + 1e-3 * rng.uniform(-1, 1, p.shape)) for p in subject.points]
    points = [
        _as_symmetric(old, np.where(p == 0, 1e-3 * rng.uniform(-1, 1, p.shape), p))
        for old, p in zip(subject.points, points)
    ]
    here = second_order(subject, seed)
    try:
        moved = subject.moved(points)
        fine = all(np.isfinite(moved.evaluate(points)))
    except (ArithmeticError, ValueError):
        return subject
    g = draw_g(here.evaluate(here.points), rng)
    claims = here.pull(here.points, g)
    finite = all(isinstance(a, np.ndarray) and np.isfinite(a).all() for a in claims)
    return moved if fine and finite else subject


def _as_symmetric(old: Array, new: Array) -> Array:
    """What was a symmetric matrix stays one."""
    if old.ndim < 2 or not np.array_equal(old, np.conj(np.swapaxes(old, -1, -2))):
        return new
    return np.asarray((new + np.conj(np.swapaxes(new, -1, -2))) / 2)

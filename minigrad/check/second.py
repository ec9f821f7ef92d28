"""The second order: the backward pass is a function like any other, so its own gradient can be checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..containers import flatten
from ..transforms import vjp
from .draws import draw_g
from .subject import Traced, spread


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
    second.where = subject.where  # type: ignore[method-assign]  # a rule that fails on Tensors is the same rule
    return second

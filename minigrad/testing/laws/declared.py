"""Laws of declaration: what an op says of its inputs is so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...graph import Array
from ..call import Call
from .failure import Failure, difference
from .pull import MISSING, Pull, cast, float_inputs

Op = Callable[..., Any]
Rng = np.random.Generator


def every_float_input_has_a_rule(op: Op, call: Call, rng: Rng) -> Failure | None:
    """An array of floats that no rule is declared for would stop the user's backward pass."""
    for x in float_inputs(op, call):
        if x.rule is MISSING:
            name = x.name.partition("[")[0]
            return Failure(
                "every float input has a rule",
                f"{name!r} was given an array and has no rule; declare .vjp({name!r}), "
                f"or flat=({name!r},) where the op is constant in it",
                {},
            )
    return None


def constant_inputs(op: Op, call: Call, rng: Rng) -> Failure | None:
    """A little to either side of an input that is declared piecewise constant, the op does not change."""
    call = cast(call, np.float64)
    if Pull(op, call).plain_function:
        return None
    for x in float_inputs(op, call):
        if x.rule is not None:
            continue
        value = call.leaves()[x.position]
        step = 2.0**-30 * np.fmax(np.abs(value), 2.0**-30) * rng.choice([-1, 1], value.shape)
        for side in (1, -1):
            far, near = (_moved(op, call, x.position, value + side * t * step) for t in (1, 0.5))
            if far is None or near is None or [a.shape for a in far] != [b.shape for b in near]:
                continue
            if difference("", far, near, 0, 0):
                return Failure(
                    "constant inputs",
                    f"{x.name!r} is declared piecewise constant, but the op changes with it",
                    {x.name: value, "from": near, "to": far},
                )
    return None


def _moved(op: Op, call: Call, position: int, value: Array) -> list[Array] | None:
    """The outputs for another value of one input; None where the op refuses it (bins that must increase)."""
    try:
        return Pull(op, call.replaced({position: value})).outputs
    except (ArithmeticError, ValueError):
        return None

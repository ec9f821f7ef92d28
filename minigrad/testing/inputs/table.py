"""The table of strategies: an op's name, and what draws a call of it.

inputs["fliplr"] = calls(arrays(shapes(min_axes=2)))

@inputs_of("sum", "mean")
def _(draw):
    x = draw(arrays())
    return call(x, axis=draw(axes(x.ndim)), keepdims=draw(st.booleans()))
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from ..call import Call, Draw

inputs: dict[str, st.SearchStrategy[Call]] = {}

symmetric: set[str] = set()
"""Ops that read one triangle of a matrix which must be symmetric, and share its gradient between both. They are judged as
functions of (x + x^T) / 2: a difference in one element alone would leave what they are defined on."""


def inputs_of(*names: str) -> Callable[[Callable[[Draw], Call]], Callable[[Draw], Call]]:
    """Declare how calls of the ops of these names are drawn: by a function of hypothesis' `draw`."""

    def declare(function: Callable[[Draw], Call]) -> Callable[[Draw], Call]:
        strategy = st.composite(function)()
        for name in names:
            if name in inputs:
                raise ValueError(f"inputs_of: {name!r} has a strategy already")
            inputs[name] = strategy
        return function

    return declare

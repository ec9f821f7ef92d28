"""The table of strategies: an op, and what draws a call of it.

inputs["fliplr"] = calls(arrays(shapes(min_axes=2)))

@inputs_of("sum", "mean")
def _(draw):
    x = draw(arrays())
    return call(x, axis=draw(axes(x.ndim)), keepdims=draw(st.booleans()))
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from ...op import Op
from ..call import Call, Draw

inputs: dict[str | Op, st.SearchStrategy[Call]] = {}
"""Built-in ops by name, others by themselves: an author's op may have the name of a built-in one."""


def inputs_of(*ops: str | Op) -> Callable[[Callable[[Draw], Call]], Callable[[Draw], Call]]:
    """Declare how calls of an op are drawn, by a function of hypothesis' `draw`.

    Parameters
    ----------
    ops
        Built-in ops by name; an author's own op as it is. `check_op`, `op_test` and `minigrad check` then draw so.

    >>> import numpy as np, minigrad as mg
    >>> from minigrad.testing import arrays, call, inputs_of
    >>> @mg.op
    ... def halves(x):
    ...     return np.split(x, 2)
    >>> @halves.vjp("x")
    ... def _(g):
    ...     return np.concatenate(g)
    >>> @inputs_of(halves)
    ... def _(draw):
    ...     return call(draw(arrays((4,))))
    >>> bool(mg.check_op(halves, max_examples=5))
    True
    """

    def declare(function: Callable[[Draw], Call]) -> Callable[[Draw], Call]:
        taken = [op for op in ops if op in inputs]
        if taken:
            raise ValueError(f"inputs_of: {taken[0]!r} has a strategy already")
        inputs.update(dict.fromkeys(ops, st.composite(function)()))
        return function

    return declare

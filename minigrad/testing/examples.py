"""Where the examples of an op's inputs come from: its own strategy, or its signature."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from ..op import Op
from .call import Call
from .inference import inferred
from .inputs import inputs


def examples(op: Callable[..., Any]) -> st.SearchStrategy[Call]:
    """Calls of `op`, for hypothesis to draw from.

    Parameters
    ----------
    op
        A built-in op, an author's, a `functools.partial` of one, or a function of arrays. Built-in ops have strategies
        in `minigrad.testing.inputs`, unless they are elementwise; an author declares one with `inputs_of`. What others
        take is inferred from the signature:
        arrays that broadcast, are equal in shape, or go together as in a product or a layer, within the declared
        domain; axis, keepdims, shape, mask, index by these names; any other parameter at its default.

    Raises
    ------
    TypeError
        for a built-in op whose inputs cannot be inferred and that has no strategy.

    >>> import minigrad as mg
    >>> strategy = mg.testing.examples(mg.sin)
    """
    if isinstance(op, Op) and op in inputs:
        return inputs[op]
    if isinstance(op, Op) and op.built_in:
        if op.name in inputs:
            return inputs[op.name]
        if not has_examples(op):
            family = op.__module__.rpartition(".")[2]
            raise TypeError(
                f"{op.name}: nothing says how its inputs are drawn, and they cannot be guessed. "
                f'Add @inputs_of("{op.name}") to minigrad/testing/inputs/{family}.py'
            )
    return inferred(op)


def has_examples(op: Callable[..., Any]) -> bool:
    """Whether `examples` knows how to draw calls of `op`: always for an author's op, which is guessed at.

    A built-in op must have a strategy of its own, or be elementwise and take arrays alone, or one array alone.
    """
    if isinstance(op, functools.partial) or not isinstance(op, Op) or not op.built_in or op.name in inputs:
        return True
    required = [p.name for p in op.parameters if p.default is p.empty]
    return (op.elementwise or len(required) == 1) and all(name in op.rules for name in required)

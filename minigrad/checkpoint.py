"""checkpoint: less memory for more work. A part of the graph is let go, and recorded again when backward needs it."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable
from typing import Any

from .backward import backward
from .containers import flatten
from .context import generator, mode, within
from .gather import Gathering
from .graph import DROPPED, SEVERAL, Leaf, Node, Plan, Step, order
from .tensor import Tensor, make

_inputs = [inspect.Parameter("inputs", inspect.Parameter.VAR_POSITIONAL)]
_op = Gathering(lambda *inputs: None, "checkpoint", _inputs, "inputs")


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """f, whose inner values are not kept for backward: the pass calls f a second time (Chen et al. 2016).

    Gradients flow to the arguments and to whatever else f uses, such as a module's parameters. Random numbers from
    minigrad's generator are the same the second time.

    Parameters
    ----------
    f
        Takes Tensors, also in containers, and returns one Tensor.

    Raises
    ------
    TypeError
        where f returns something else.

    >>> import numpy as np, minigrad as mg
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> mg.checkpoint(lambda x: mg.exp(mg.sin(x)) * x)(x).backward()
    >>> bool(np.isclose(x.grad, np.exp(np.sin(2.0)) * (1 + 2 * np.cos(2.0))))
    True
    """

    @functools.wraps(f)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        if not mode.get().record:
            return f(*args, **kwargs)
        leaves, rebuild = flatten((args, kwargs))
        places = [i for i, a in enumerate(leaves) if type(a) is Tensor and a.node is not None]
        state = copy.deepcopy(generator.get().bit_generator.state)

        def call(inputs: list[Tensor]) -> Any:
            new = list(leaves)
            for i, t in zip(places, inputs):
                new[i] = t
            again, named = rebuild(new)
            with within(record=True):
                return f(*again, **named)

        given = [leaves[i] for i in places]
        started = next(order)
        inner = [make(t._data, Leaf(t.shape, t.dtype)) for t in given]
        out = call(inner)
        if type(out) is not Tensor:
            raise TypeError(f"checkpoint: the function returned {type(out).__name__}; it must return one Tensor")
        if out.node is None:
            return out
        outside = _older(out.node, started, {t.node for t in inner})

        def pull(g: Any, *values: Any) -> list[Any]:
            # In a recorded pass the values are Tensors that stand in the graph already, and what f makes of them joins it.
            higher = type(g) is Tensor
            inputs = [v if type(v) is Tensor else make(v, Leaf(v.shape, v.dtype)) for v in values]
            targets = [t.node for t in inputs if t.node is not None] + outside  # every input has one
            bits = generator.get().bit_generator
            now = copy.deepcopy(bits.state)
            bits.state = state
            try:
                again = call(inputs)
            finally:
                bits.state = now
            found = backward({again.node: g}, targets=set(targets), lift=make if higher else None)
            return [found.get(node) for node in targets]

        count = len(given) + len(outside)
        names = tuple(f"inputs{k}" for k in range(count))
        needs = tuple(range(len(given)))
        steps = tuple(tuple(Step(pull, SEVERAL, needs, i, i, names)) for i in range(count))
        node = Node()
        node.plan = Plan(_op.of(count), steps, (), False, ())
        node.order, node.shape, node.dtype = next(order), out.shape, out.dtype
        node.parents = (*(t.node for t in given), *outside)
        node.values = (*(t._data for t in given), *[DROPPED] * len(outside))
        node.scope, node.notes = mode.get().scope, None
        return make(out._data, node)

    return checkpointed


def _older(root: Node, started: int, ends: set[Node | None]) -> list[Node]:
    """The nodes that f reached without being given them: those that were there before it was called."""
    found, seen, stack = [], {root, *ends}, [root]
    while stack:
        node = stack.pop()
        if node.order < started:
            found.append(node)
            continue
        for parent in node.parents:
            if parent is not None and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return found

"""The graph: one node for each op that was called, pointing at the nodes of its inputs.

A node never holds its own output's Tensor, so there are no reference cycles: when the last Tensor that can reach a
node goes, the node goes. Nothing here recurses; a chain of a million nodes is walked with a list.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

Array = Any  # anything that speaks NumPy's protocols: numpy, Dask, CuPy, or a Tensor


NOTHING, SEVERAL = -1, -2  # what a rule needs after g, where it is not one value


class Step(NamedTuple):
    """One gradient to compute when the gradient of the output has reached a node."""

    rule: Callable[..., Any]
    need: int  # what to hand the rule after g: a position in Node.values; or NOTHING; or SEVERAL: those of `needs`
    needs: tuple[int, ...]
    input: int  # whose gradient it is, as a position in Node.parents
    part: int | None  # which of the gradients that the rule returns; None where it returns a gradient alone
    names: tuple[str, ...]  # the inputs that the rule serves, as it was declared


@dataclass(slots=True, frozen=True)
class Plan:
    """What a call of an op keeps, and which rules will run, for one choice of inputs that need a gradient."""

    op: Any  # the Op, for its name and its properties
    steps: tuple[tuple[Any, ...], ...]  # each a Step as a plain tuple, which Python unpacks four times as fast
    drop: tuple[int, ...]  # inputs that no rule asks for: not kept alive
    keeps_out: bool
    shapes: tuple[int, ...]  # inputs whose shape is asked for
    records_more: bool = False  # than inputs and output: shapes too. Or nothing: there is no step
    runs_more: bool = False  # than the steps: the op hides values (see `op`), or has several outputs


order = itertools.count()
DROPPED: Any = type("Dropped", (), {"__repr__": lambda self: "DROPPED"})()  # an array that no rule asked for
FREED: Any = []  # stands for the parents and the values of a node that a backward pass has let go


class Node:
    """A call of an op: the rules to run, the nodes its inputs came from, and the values that the rules asked for."""

    __slots__ = ("dtype", "notes", "order", "parents", "plan", "scope", "shape", "values")

    order: int  # creation number: parents always have a smaller one
    plan: Plan | None  # None for a leaf
    parents: tuple[Node | None, ...]  # one for each input; None: a constant
    values: tuple[Any, ...]  # inputs (DROPPED where no rule asked for the array), then the output, then shapes
    shape: Any  # of the output; a tuple of shapes where the op has several outputs
    dtype: Any
    scope: str
    notes: dict[str, Any] | None  # rarely there: name, hooks, the user's line

    def note(self, key: str) -> Any:
        return self.notes.get(key) if self.notes else None

    def annotate(self, key: str, value: Any) -> None:
        if self.notes is None:
            self.notes = {}
        self.notes[key] = value


class Leaf(Node):
    """Where a gradient ends: a Tensor that the user made, or the argument of a transform."""

    __slots__ = ("owner",)

    owner: Callable[[], Any]  # a weak reference to the Tensor whose .grad is filled, or something that returns None

    def __init__(self, shape: tuple[int, ...], dtype: Any, owner: Callable[[], Any] = lambda: None) -> None:
        self.order = next(order)
        self.plan = None
        self.parents = ()
        self.values = ()
        self.shape = shape
        self.dtype = dtype
        self.scope = ""
        self.notes = None
        self.owner = owner


class Output(Node):
    """One of the outputs of an op that has several; its only parent is the op's node."""

    __slots__ = ("index",)

    index: int

    def __init__(self, node: Node, index: int) -> None:
        self.order = next(order)
        self.plan = None
        self.parents = (node,)
        self.values = ()
        self.shape = node.shape[index]
        self.dtype = node.dtype[index]
        self.scope = node.scope
        self.notes = None
        self.index = index


def freed(node: Node) -> RuntimeError:
    """The error of a pass that meets a node which an earlier pass has let go."""
    name = node.plan.op.name if node.plan else "an output"
    return RuntimeError(
        f"backward: this graph was freed by an earlier backward pass (found at {name!r}). "
        "Pass retain_graph=True to the earlier one, or compute the result again"
    )


def reachable(roots: Iterable[Node], stop: Collection[Node] = ()) -> list[Node]:
    """Every node that `roots` were made from, and these, oldest first, without going past those in `stop`.

    Raises
    ------
    RuntimeError
        where an earlier backward pass has freed a part of the graph.
    """
    seen = set(roots)
    stack = list(seen)
    while stack:
        node = stack.pop()
        if stop and node in stop:
            continue
        parents = node.parents
        if parents is FREED:
            raise freed(node)
        for parent in parents:
            if parent is not None and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return sorted(seen, key=attrgetter("order"))

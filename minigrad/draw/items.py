"""What there is to draw: an item for each op that was called, each leaf and each constant, with values and gradients.

The graph keeps only what the rules need, so values that were let go are computed again, forwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..backward import backward
from ..graph import DROPPED, Array, Leaf, Node, Output, reachable
from ..tensor import Tensor


@dataclass
class Item:
    """One box of a drawing."""

    key: str
    kind: str  # "op", "leaf" or "constant"
    title: str  # the op's name, or the tensor's
    name: str | None
    shape: tuple[int, ...] | None
    dtype: str
    scope: str
    value: Array | None = None
    grad: Array | None = None
    inputs: list[tuple[str, str]] = field(default_factory=list)  # (key of the item, the slot that it fills)


def items(tensor: Tensor, names: Mapping[str, Tensor] | None = None) -> list[Item]:
    """Everything that `tensor` was made from, oldest first.

    Raises
    ------
    ValueError
        where the tensor was made from nothing, or a backward pass has freed its graph.
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"draw: expected a Tensor, got {type(tensor).__name__}")
    if tensor.node is None:
        raise ValueError("draw: this Tensor has no graph; it was made from nothing that requires gradients")
    try:
        nodes = reachable([tensor.node])
    except RuntimeError as error:
        raise ValueError(
            "draw: a backward pass has freed this graph; draw before backward, or pass retain_graph=True to it"
        ) from error
    given = {t.node: name for name, t in (names or {}).items() if isinstance(t, Tensor) and t.node is not None}
    values = forward_values(nodes, tensor)
    grads = _gradients(tensor)
    found: dict[Node, Item] = {}
    drawn: list[Item] = []
    for node in nodes:
        if isinstance(node, Output) or (node.plan is None and not isinstance(node, Leaf)):
            continue
        item = _item(node, given, values, grads)
        found[node] = item
        if node.plan is not None:
            for i, parent in enumerate(node.parents):
                slot = node.plan.op.inputs[i]
                if parent is not None:
                    source = parent.parents[0] if isinstance(parent, Output) else parent
                    assert source is not None
                    item.inputs.append((found[source].key, slot))
                elif _is_data(node.values[i]):
                    constant = _constant(f"{item.key}_{slot}", node.values[i], node.scope)
                    drawn.append(constant)
                    item.inputs.append((constant.key, slot))
        drawn.append(item)
    return drawn


def forward_values(nodes: list[Node], last: Tensor) -> dict[Node, Array]:
    """The value of each node where it is known or can be computed from what is known."""
    known: dict[Node, Array] = {}
    for node in nodes:
        owner = node.owner() if isinstance(node, Leaf) else None
        if owner is not None:
            known[node] = owner.data
        if node.plan is None:
            continue
        for parent, value in zip(node.parents, node.values):
            if parent is not None and value is not DROPPED:
                known.setdefault(parent, value)
        if node.plan.keeps_out:
            known[node] = node.values[len(node.parents)]
    if last.node is not None:
        known[last.node] = last.data
    for node in nodes:
        if node in known:
            continue
        if isinstance(node, Output):
            (whole,) = node.parents
            if whole in known:
                known[node] = known[whole][node.index]
        elif node.plan is not None:
            args = [known.get(p, DROPPED) if p is not None else v for p, v in zip(node.parents, node.values)]
            if not any(arg is DROPPED for arg in args):
                known[node] = node.plan.op.forward_flat(*args)
    return known


def _gradients(tensor: Tensor) -> dict[Node, Array]:
    """The gradient of every node, where `tensor` is a scalar; the graph and every .grad stay as they were."""
    assert tensor.node is not None
    if tensor.size != 1:
        return {}
    start = np.ones(tensor.shape, tensor.dtype)
    found: dict[Node, Array] = {tensor.node: start}

    def observe(node: Node, step: Any, i: int, g: Array, c: Array, before: Array | None, after: Array) -> None:
        parent = node.parents[i]
        if parent is not None:
            found[parent] = after

    backward({tensor.node: start}, retain=True, observe=observe)
    return found


def _item(node: Node, given: Mapping[Node, str], values: Mapping[Node, Array], grads: Mapping[Node, Array]) -> Item:
    owner = node.owner() if isinstance(node, Leaf) else None
    name = given.get(node) or node.note("name") or (owner.name if owner is not None else None)
    several = bool(node.shape) and isinstance(node.shape[0], tuple)
    op = node.plan.op.name if node.plan is not None else None
    return Item(
        key=f"n{node.order}",
        kind="leaf" if op is None else "op",
        title=op or name or "leaf",
        name=name,
        shape=None if several else node.shape,
        dtype=", ".join(map(str, node.dtype)) if several else str(node.dtype),
        scope=node.scope,
        value=None if several else values.get(node),
        grad=owner.grad if owner is not None and owner.grad is not None else grads.get(node),
    )


def _is_data(value: Any) -> bool:
    """Is this argument a number or an array that an operand slot shows, and not an option of the op?"""
    return value is DROPPED or isinstance(value, float) or (hasattr(value, "dtype") and value.dtype.kind in "fc")


def _constant(key: str, value: Any, scope: str) -> Item:
    if value is DROPPED:
        return Item(key, "constant", "constant", None, None, "", scope)
    return Item(key, "constant", "constant", None, np.shape(value), str(getattr(value, "dtype", "float")), scope, value)

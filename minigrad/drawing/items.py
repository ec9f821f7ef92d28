"""What there is to draw: an item for each op that was called, each leaf and each constant, with values and gradients.

The graph keeps only what the rules need, so values that were let go are computed again, forwards.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np

from ..backward import backward
from ..graph import DROPPED, Array, Leaf, Node, Output
from ..tensor import Tensor
from .fold import fold
from .nodes import by_node, chosen_name, labels, nodes_of
from .picture import Item, Picture
from .references import NOTE, with_references

COMPUTED = 10_000  # nodes up to which values and gradients are worked out


def items(
    tensor: Tensor,
    names: Mapping[str, Tensor] | None = None,
    depth: int | None = None,
    max_nodes: int = 500,
    values: Mapping[Node, Array] | None = None,
    grads: Mapping[Node, Array] | None = None,
    gradients: bool = False,
    numbered: bool = False,
) -> Picture:
    """Everything that `tensor` was made from, folded where it is more than `max_nodes`.

    `values` and `grads` are worked out where they are not given; gradients that no backward pass has left, only where
    `gradients`. Where `numbered`, boxes that a text calls add1 and
    add2 say so.
    """
    nodes = nodes_of(tensor, "draw")
    called, given = labels(nodes, names), by_node(names)
    arrays = {id(t.data): name for name, t in (names or {}).items() if isinstance(t, Tensor) and t.node is None}
    folding = fold(nodes, called, depth, max_nodes)
    small = len(nodes) <= COMPUTED
    if values is None:
        values = forward_values(nodes, tensor) if small else {}
    if grads is None:
        grads = _gradients(tensor, nodes, gradients) if small else {}
    members: dict[Hashable, list[Node]] = {}
    for node, key in folding.keys.items():
        members.setdefault(key, []).append(node)
    place = {key: f"n{number}" for number, key in enumerate(members)}
    drawn: list[Item] = []
    for key, nodes_here in members.items():
        first = key if isinstance(key, Node) else nodes_here[0]
        if isinstance(key, Node):
            item = _item(key, called, given, *((values, grads) if len(nodes_here) == 1 else ({}, {})))
            item.scope = folding.scopes[key]
            if (
                numbered
                and len(nodes_here) == 1
                and item.kind == "op"
                and item.name is None
                and re.search(r"\d$", called[key])
            ):
                item.name = called[key]
        else:
            item = _folded(key, nodes_here, folding.titles)
        item.key, item.count = place[key], len(nodes_here)
        if first.plan is not None and isinstance(key, Node):
            for slot, value, parent in zip(first.plan.op.inputs, first.values, first.parents):
                if parent is None and _is_operand(value, first.plan.op.elementwise):
                    title = arrays.get(id(value), "constant")
                    drawn.append(_constant(f"{item.key}_{slot}", title, value, item.scope))
                    item.inputs.append((f"{item.key}_{slot}", slot))
        item.inputs += _edges(key, nodes_here, folding.keys, place)
        drawn.append(item)
    where = {node.order: place[key] for node, key in folding.keys.items()}
    names_of = {place[key]: called[key] for key in members if isinstance(key, Node)}
    referring = with_references(drawn, names_of)
    note = "; ".join(filter(None, [folding.note, NOTE if len(referring) > len(drawn) else ""]))
    return Picture(referring, folding.titles, note, where)


def _edges(
    key: Hashable, nodes: list[Node], keys: Mapping[Node, Hashable], place: Mapping[Hashable, str]
) -> list[tuple[str, str]]:
    """One edge for each operand slot; into a folded box, one from each box that feeds it, with a count."""
    found: Counter[tuple[str, str]] = Counter()
    for node in nodes:
        if node.plan is None:
            continue
        for slot, parent in zip(node.plan.op.inputs, node.parents):
            source = parent.parents[0] if isinstance(parent, Output) else parent
            if source is not None and not (isinstance(key, str) and keys[source] == key):
                found[place[keys[source]], slot if isinstance(key, Node) else ""] += 1
    if isinstance(key, Node):
        return list(found)
    return [(source, f"x{count:,}" if count > 1 else "") for (source, _), count in found.items()]


def _folded(key: Hashable, nodes: list[Node], titles: Mapping[str, str]) -> Item:
    """A box that stands for a module, or for all calls of an op within one."""
    ops = sum(node.plan is not None for node in nodes)
    if isinstance(key, str):
        leaves = [node for node in nodes if node.plan is None]
        details = f"{ops:,} {'op' if ops == 1 else 'ops'}"
        if leaves:
            details += f", {sum(math.prod(leaf.shape) for leaf in leaves):,} parameters"
        return Item("", "module", titles.get(key, key), None, None, "", key.rpartition(".")[0], details=details)
    assert isinstance(key, tuple)
    scope, op = key
    details = f"x{len(nodes):,}"
    return Item("", "op" if ops else "leaf", op, None, None, "", scope, details=details)


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


def _gradients(tensor: Tensor, nodes: list[Node], wanted: bool) -> dict[Node, Array]:
    """The gradient of every node, where `wanted`, or where a backward pass has filled some leaf's .grad.

    The pass is run (again), since only leaves keep what arrived; the graph and every .grad stay as they were.
    """
    assert tensor.node is not None
    filled, unset = {}, set()
    for node in nodes if not wanted else []:  # what an earlier pass has left does not belong to this one
        owner = node.owner() if isinstance(node, Leaf) else None
        if owner is not None and owner.grad is not None:
            filled[node] = owner.grad
        elif owner is not None:
            unset.add(node)
    if tensor.size != 1 or not (filled or wanted):
        return filled
    start = np.ones(tensor.shape, tensor.dtype)
    found: dict[Node, Array] = {tensor.node: start}

    def observe(node: Node, step: Any, g: Array, c: Array, before: Array | None, after: Array) -> None:
        parent = node.parents[step.input]
        if parent is not None and parent not in unset:
            found[parent] = after

    backward({tensor.node: start}, retain=True, observe=observe)
    return found | filled


def _item(
    node: Node,
    called: Mapping[Node, str],
    given: Mapping[Node, str],
    values: Mapping[Node, Array],
    grads: Mapping[Node, Array],
) -> Item:
    several = bool(node.shape) and isinstance(node.shape[0], tuple)
    op = node.plan.op.name if node.plan is not None else None
    return Item(
        key="",
        kind="leaf" if op is None else "op",
        title=op or called[node],
        name=chosen_name(node, given),
        shape=None if several else node.shape,
        dtype=", ".join(map(str, node.dtype)) if several else str(node.dtype),
        scope=node.scope,
        value=None if several else values.get(node),
        grad=grads.get(node),
    )


def _is_operand(value: Any, elementwise: bool) -> bool:
    """Is this argument a number or an array that flows in, and not an option of the op, such as an axis?"""
    if isinstance(value, (int, float)):
        return elementwise and not isinstance(value, bool)
    return value is DROPPED or (hasattr(value, "dtype") and value.dtype.kind in "fc")


def _constant(key: str, title: str, value: Any, scope: str) -> Item:
    if value is DROPPED:
        return Item(key, "constant", title, None, None, "", scope)
    dtype = getattr(value, "dtype", type(value).__name__)
    return Item(key, "constant", title, None, np.shape(value), str(dtype), scope, value)

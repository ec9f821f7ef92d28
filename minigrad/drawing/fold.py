"""Folding a large graph into a page: repeated blocks into one, then modules into boxes, then ops into counts.

Each node is given a key; the nodes with the same key become one box.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..graph import Leaf, Node, Output

PAGE = 150  # nodes up to which every one is drawn; in a larger graph what repeats is drawn once
LEGIBLE = 30  # boxes of a folded drawing that are legible on a page

Kind = tuple[bool, str, str, Any]  # of a node: leaf or op, the module within its block, what it is, its shape


@dataclass
class Folding:
    """Which nodes share a box, and what to tell the reader."""

    keys: dict[Node, Hashable]  # a Node: drawn as itself; a str: a module; a tuple: (module, op), counted
    scopes: dict[Node, str]  # the module that each node is drawn in
    titles: dict[str, str] = field(default_factory=dict)  # of modules that stand for several
    note: str = ""


def scopes_of(nodes: list[Node], called: Mapping[Node, str]) -> dict[Node, str]:
    """The module of each node. A parameter belongs to the module that its name begins with."""
    scopes = {node: node.scope for node in nodes}
    known = {part for scope in set(scopes.values()) for part in _outer(scope)}
    for node in nodes:
        if isinstance(node, Leaf):
            scope = called[node].rpartition(".")[0]
            scopes[node] = scope if scope in known else ""
    return scopes


def fold(nodes: list[Node], called: Mapping[Node, str], depth: int | None, max_nodes: int) -> Folding:
    """The most detailed folding that is legible, or at least has no more than `max_nodes` boxes.

    None at all where everything fits a page.
    """
    drawn = [node for node in nodes if not isinstance(node, Output)]
    scopes = scopes_of(drawn, called)
    if depth is None and len(drawn) <= min(max_nodes, PAGE):
        return Folding({node: node for node in drawn}, scopes)
    stands_for, scopes, titles = _merge_repeats(drawn, scopes, called)
    if depth is None and len(drawn) <= max_nodes and not titles:
        return Folding({node: node for node in drawn}, scopes)
    deepest = max((scope.count(".") + 1 for scope in scopes.values() if scope), default=0)
    said = f"{len(drawn):,} nodes"
    for most in (min(LEGIBLE, max_nodes), max_nodes) if depth is None else (max_nodes,):
        for level in range(deepest if depth is None else min(depth, deepest), -1, -1):
            keys: dict[Node, Hashable] = {node: _inside(scopes[node], level) or stands_for[node] for node in drawn}
            if len(set(keys.values())) <= most:
                how = ["repeated blocks drawn once"] * bool(titles)
                how += [f"modules folded at depth {level}"] * (level < deepest)
                return Folding(keys, scopes, titles, "; ".join([said, *how]))
    for by_module in (True, False):
        keys = {node: (scopes[node].split(".")[0] if by_module else "", _op(node)) for node in drawn}
        if len(set(keys.values())) <= max_nodes:
            break
    what = "module and op" if by_module and any(scopes.values()) else "op"
    return Folding(keys, scopes, {}, f"{said}, more than max_nodes={max_nodes}: one box for each {what}, with counts")


def _inside(scope: str, level: int) -> str | None:
    """The module at this depth that hides what is in `scope`, or None where that is in the open."""
    parts = scope.split(".") if scope else []
    return ".".join(parts[: level + 1]) if len(parts) > level else None


def _outer(scope: str) -> list[str]:
    """a.b.c: a, a.b, a.b.c"""
    parts = scope.split(".")
    return [".".join(parts[: k + 1]) for k in range(len(parts))]


def _op(node: Node) -> str:
    return node.plan.op.name if node.plan is not None else "leaf"


def _merge_repeats(
    nodes: list[Node], scopes: dict[Node, str], called: Mapping[Node, str]
) -> tuple[dict[Node, Node], dict[Node, str], dict[str, str]]:
    """Let the first of several numbered neighbours that are built alike (blocks.0, blocks.1, ...) stand for all."""
    stands_for = {node: node for node in nodes}
    scopes, titles = dict(scopes), {}
    deepest = max((scope.count(".") for scope in scopes.values()), default=0)
    for level in range(deepest + 1):
        blocks: dict[str, list[Node]] = {}
        for node in nodes:
            scope = _inside(scopes[node], level)
            if scope and stands_for[node] is node and scope.rpartition(".")[2].isdigit():
                blocks.setdefault(scope, []).append(node)
        runs: list[list[str]] = []
        chiefs: list[str] = []  # of each run, the block that is drawn
        built: dict[str, list[Kind]] = {}
        for name in sorted(blocks, key=lambda name: (name.rpartition(".")[0], int(name.rpartition(".")[2]))):
            built[name] = [_kind(node, scopes[node][len(name) :], called) for node in blocks[name]]
            neighbour = runs and runs[-1][0].rpartition(".")[0] == name.rpartition(".")[0]
            if neighbour and built[chiefs[-1]] == built[name]:
                runs[-1].append(name)
            elif neighbour and len(runs[-1]) == 1 and _lacks_only_ops(built[chiefs[-1]], built[name]):
                runs[-1].append(name)  # the first block sees data, and what is done to data alone is not recorded
                chiefs[-1] = name
            else:
                runs.append([name])
                chiefs.append(name)
        moved: dict[Node, Node] = {}
        for run, chief in zip(runs, chiefs):
            if len(run) > 1:
                titles[chief] = f"{run[0]} … {run[-1]}  x{len(run)}"
            for other in run:
                twins = iter(zip(built[chief], blocks[chief]))
                if other != chief:
                    for node, kind in zip(blocks[other], built[other]):
                        moved[node] = next(twin for its_kind, twin in twins if its_kind == kind)
        if moved:
            stands_for = {node: moved.get(chief, chief) for node, chief in stands_for.items()}
            scopes = {node: scopes[stands_for[node]] for node in nodes}
    return stands_for, scopes, titles


def _kind(node: Node, scope: str, called: Mapping[Node, str]) -> Kind:
    leaf = node.plan is None
    return leaf, scope, called[node].rpartition(".")[2] if leaf else _op(node), node.shape


def _lacks_only_ops(built: list[Kind], whole: list[Kind]) -> bool:
    """Has one block the same parameters as the other, and its ops in the same order, but for a few?"""
    rest = iter(whole)
    same = sum(kind[0] for kind in built) == sum(kind[0] for kind in whole) > 0
    return same and 2 * len(built) > len(whole) and all(kind in rest for kind in built)

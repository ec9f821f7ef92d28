"""Nested dicts, lists and tuples of arrays, flattened to a list and put together again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def flatten(tree: Any) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    """The leaves of `tree` in order, and a function that makes the same tree of other leaves.

    Dicts keep the order of their keys; named tuples stay named tuples; None has no leaves; anything else is a leaf.

    >>> leaves, unflatten = flatten({"w": [1.0, 2.0], "b": (3.0,)})
    >>> leaves
    [1.0, 2.0, 3.0]
    >>> unflatten([10, 20, 30])
    {'w': [10, 20], 'b': (30,)}
    """
    leaves: list[Any] = []
    rebuild = _flatten(tree, leaves)
    return leaves, lambda new: rebuild(iter(new))


def _flatten(tree: Any, leaves: list[Any]) -> Callable[[Any], Any]:
    if tree is None:
        return lambda row: None
    if isinstance(tree, dict):
        empty = tree.copy()  # of the same kind: an OrderedDict, a defaultdict with its factory
        empty.clear()
        members = {key: _flatten(item, leaves) for key, item in tree.items()}

        def rebuild(row: Any) -> Any:
            new = empty.copy()
            new.update((key, member(row)) for key, member in members.items())
            return new

        return rebuild
    if isinstance(tree, (list, tuple)):
        parts = [_flatten(item, leaves) for item in tree]
        if hasattr(tree, "_fields"):
            return lambda row: type(tree)(*[part(row) for part in parts])
        return lambda row: type(tree)([part(row) for part in parts])
    leaves.append(tree)
    return next


def paths(tree: Any, prefix: str = "") -> list[str]:
    """A name for each leaf: `"w[0]"`, `"layers.0.bias"`; for a bare leaf, `prefix`.

    >>> paths({"w": [1.0, 2.0], "b": 3.0})
    ['w[0]', 'w[1]', 'b']
    """
    if tree is None:
        return []
    if isinstance(tree, dict):
        return [path for key, item in tree.items() for path in paths(item, f"{prefix}.{key}" if prefix else str(key))]
    if hasattr(tree, "_fields"):
        return [p for key, item in zip(tree._fields, tree) for p in paths(item, f"{prefix}.{key}" if prefix else key)]
    if isinstance(tree, (list, tuple)):
        return [path for i, item in enumerate(tree) for path in paths(item, f"{prefix}[{i}]")]
    return [prefix]

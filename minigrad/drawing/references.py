"""Arrows too long to follow: each begins at a small box that names where it comes from, as in the plan of a circuit.

A weight that every step of a recurrent network uses has an arrow to each step. A reader can't follow these, and the
layout program takes minutes for them: its time grows with the square of how many rows the arrows cross.
"""

from __future__ import annotations

from collections.abc import Mapping

from .picture import Item, rows_of

CROSSED = 1000  # rows that all arrows together may cross: that is a second's layout
FAR = 5  # rows that one arrow may cross where it is more
NOTE = "a dashed box names what a long arrow comes from"


def with_references(items: list[Item], called: Mapping[str, str]) -> list[Item]:
    """The items, with a reference in the place of the tail of each arrow that is too long; the same where none is.

    `called` has the name of each node that is drawn as itself, by the key of its item.
    """
    rows = rows_of(items)
    crossed = sum(max(rows[source] - rows[item.key] - 1, 0) for item in items for source, _ in item.inputs)
    if crossed <= CROSSED:
        return items
    by_key = {item.key: item for item in items}
    result = []
    for item in items:
        for i, (source, slot) in enumerate(item.inputs):
            if rows[source] - rows[item.key] - 1 > FAR:
                origin = by_key[source]
                name = called.get(source, origin.title)
                if origin.kind == "op" and origin.name is None:
                    origin.name = name  # so that the box says what the references to it say
                key = reference_key(item.key, source, slot)
                result.append(Item(key, "reference", name, None, None, "", item.scope))
                item.inputs[i] = (key, slot)
        result.append(item)
    return result


def reference_key(key: str, source: str, slot: str) -> str:
    """The key of the reference for one arrow."""
    return f"{key}_from_{source}" + (f"_{slot}" if slot.isidentifier() else "")

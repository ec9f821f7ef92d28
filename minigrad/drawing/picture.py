"""What a picture is made of: boxes, each with the boxes that it is made from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ..graph import Array


@dataclass
class Item:
    """One box of a drawing."""

    key: str
    kind: str  # "op", "leaf", "constant", "module" or "reference"
    title: str  # the op's name, or the tensor's, or the module's
    name: str | None
    shape: tuple[int, ...] | None
    dtype: str
    scope: str
    value: Array | None = None
    grad: Array | None = None
    details: str = ""  # what is folded into it
    inputs: list[tuple[str, str]] = field(default_factory=list)  # (key of the item, the slot that it fills)
    count: int = 1  # how many nodes it stands for


@dataclass
class Picture:
    """Everything there is to draw, oldest first, and what to say about it."""

    items: list[Item]
    titles: dict[str, str]  # of modules that stand for several
    note: str
    place: dict[int, str]  # the key of the item that a node is drawn in, by the node's creation number


def rows_of(items: list[Item]) -> dict[str, int]:
    """How far above the last box each stands, where it stands as near as it can to what is made from it.

    Folded boxes may feed each other in a circle; what leads to one stays at 0.
    """
    by_key = {item.key: item for item in items}
    rows = dict.fromkeys(by_key, 0)
    uses = Counter(source for item in items for source, _ in item.inputs)
    done = [item for item in items if not uses[item.key]]
    while done:
        item = done.pop()
        for source, _ in item.inputs:
            rows[source] = max(rows[source], rows[item.key] + 1)
            uses[source] -= 1
            if not uses[source]:
                done.append(by_key[source])
    return rows

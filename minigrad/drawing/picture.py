"""What a picture is made of: boxes, each with the boxes that it is made from."""

from __future__ import annotations

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

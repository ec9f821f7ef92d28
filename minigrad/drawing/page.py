"""The step page: one HTML file that walks through a forward and a backward pass. It asks for nothing but itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .drawing import escaped, inline_svg, source_of
from .picture import Picture
from .references import reference_key

if TYPE_CHECKING:
    from .explain import BackwardStep


@dataclass(frozen=True)
class ForwardStep:
    """One call of an op on the way to the loss."""

    node: int  # its place among all nodes
    op: str
    target: str
    sentence: str
    declared: str  # file and line of the op


def page(forward: list[ForwardStep], steps: list[BackwardStep], picture: Picture, caption: str) -> str:
    """The text of the file."""
    told = [_forward(step, picture) for step in forward] + [_backward(step, picture) for step in steps]
    rows = [_row([i + 1, s.op, s.target, "", "", "", "", "", s.sentence]) for i, s in enumerate(forward)]
    rows += [_row([len(forward) + i + 1, *s.cells, s.sentence]) for i, s in enumerate(steps)]
    parts = {
        "picture": inline_svg(source_of(picture, "forward", "LR")),
        "caption": escaped(caption),
        "rows": "\n".join(rows),
        "steps": json.dumps(told).replace("<", "\\u003c"),  # no text ends the script
    }
    text = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
    for name, part in parts.items():
        text = text.replace(f"<!--{name}-->", part)
    return text


def _forward(step: ForwardStep, picture: Picture) -> dict[str, Any]:
    box = picture.place[step.node]
    return {
        "way": "forward",
        "box": box,
        "lit": [box],
        "sentence": step.sentence,
        "note": f"{step.op} is declared in {step.declared}",
    }


def _backward(step: BackwardStep, picture: Picture) -> dict[str, Any]:
    """Where the arrow of a folded box has no slot of its own, its other end names it."""
    source, target, slot = step.edge
    box, end = picture.place[source], picture.place[target]
    rule = f"{step.op}, {step.slot} ({step.declared}): {'local = ' if step.local is not None else ''}{step.rule}"
    return {
        "way": "backward",
        "root": picture.items[-1].key,
        "target": end,
        "after": step.cells[-1],
        "reference": (reference := reference_key(box, end, slot)),
        "lit": [box, reference, end, f"{box}.{slot}", f"{box}.{end}"],
        "sentence": step.sentence,
        "note": "; ".join([*step.notes, rule]),
    }


def _row(cells: list[Any]) -> str:
    return "<tr>" + "".join(f"<td>{escaped(str(cell))}</td>" for cell in cells) + "</tr>"

"""draw: the graph that a Tensor came from, as a picture."""

from __future__ import annotations

import contextlib
import html
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..graph import Array
from ..tensor import Tensor
from .engine import NoEngine, render
from .items import Item, items

GREEN, RED = "#1a7f37", "#b3261e"  # values above, gradients below, as CS231n draws them; both above 4.5 on white
FILL = {"op": "#eef2fb", "leaf": "#fff6dd", "constant": "#f2f2f2"}


class Drawing:
    """A picture of a graph, as DOT text, and as whatever `save` and a notebook make of it."""

    def __init__(self, source: str) -> None:
        self.source = source

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the drawing; the suffix says what: .svg, .png, .pdf or .dot. Returns the path.

        Raises
        ------
        ValueError
            for another suffix.
        NoEngine
            if no Graphviz program is found that makes it; nothing is written then.
        """
        path = Path(path)
        suffix = path.suffix.lower().removeprefix(".")
        if suffix in ("dot", "gv"):
            data = self.source.encode()
        elif suffix in ("svg", "png", "pdf"):
            data = render(self.source, suffix)
        else:
            raise ValueError(
                f"draw: no picture is written as {path.suffix or path.name!r}; use .svg, .png, .pdf or .dot"
            )
        unfinished = path.with_name(f".{path.name}.unfinished")
        try:
            unfinished.write_bytes(data)
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
        return path

    def __repr__(self) -> str:
        return f"<drawing, {len(self.source.splitlines())} lines of DOT; .save('graph.svg')>"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        bundle = {"text/plain": repr(self)}
        with contextlib.suppress(NoEngine, OSError, UnicodeDecodeError):  # a notebook shows the text then
            bundle["image/svg+xml"] = render(self.source, "svg").decode()
        return bundle


def draw(tensor: Tensor, names: Mapping[str, Tensor] | None = None, direction: str = "forward") -> Drawing:
    """The graph that `tensor` was made from: every op with its shape, value and gradient.

    Parameters
    ----------
    tensor
        The result to start from. Its graph must not have been freed by a backward pass.
    names
        Names for tensors, such as `locals()`.
    direction
        "forward" for arrows as values flow, "backward" for arrows as gradients flow.

    Raises
    ------
    ValueError
        for a Tensor without a graph, a freed graph, or an unknown direction.

    >>> import minigrad as mg
    >>> a, b = mg.tensor(2.0, requires_grad=True), mg.tensor(3.0, requires_grad=True)
    >>> "multiply" in mg.draw(a * b, names={"a": a, "b": b}).source
    True
    """
    if direction not in ("forward", "backward"):
        raise ValueError(f"draw: direction is {direction!r}; it is 'forward' or 'backward'")
    return Drawing(_dot(items(tensor, names), direction))


def _dot(drawn: list[Item], direction: str) -> str:
    lines = [
        "digraph {",
        '  graph [rankdir=LR bgcolor=white fontname="Helvetica" fontsize=12 nodesep=0.25 ranksep=0.4]',
        '  node [shape=plain fontname="Helvetica" fontsize=11]',
        '  edge [color="#555555" fontname="Helvetica" fontsize=9 arrowsize=0.7]',
    ]
    lines += _boxes(drawn, "", 1)
    for item in drawn:
        for source, slot in item.inputs:
            ends = (source, item.key) if direction == "forward" else (item.key, source)
            label = f' [xlabel="{slot}"]' if len(item.inputs) > 1 else ""
            lines.append(f"  {ends[0]} -> {ends[1]}{label}")
    return "\n".join([*lines, "}", ""])


def _boxes(drawn: list[Item], scope: str, depth: int) -> list[str]:
    """The items whose module is `scope`, and a cluster for each module within it."""
    pad = "  " * depth
    lines = [f"{pad}{item.key} [label=<{_label(item)}>]" for item in drawn if item.scope == scope]
    inner: dict[str, list[Item]] = {}
    start = f"{scope}." if scope else ""
    for item in drawn:
        if item.scope != scope and item.scope.startswith(start):
            inner.setdefault(start + item.scope[len(start) :].split(".")[0], []).append(item)
    for name, members in inner.items():
        lines.append(f'{pad}subgraph "cluster_{name}" {{')
        lines.append(f'{pad}  label="{html.escape(name)}" style="rounded" color="#9aa4b2" fontcolor="#4b5563"')
        lines += _boxes(members, name, depth + 1)
        lines.append(f"{pad}}}")
    return lines


def _label(item: Item) -> str:
    """An HTML-like table: the op or name in bold, shape and dtype, the value in green above the gradient in red."""
    rows = [f"<b>{_text(item.title)}</b>"]
    if item.kind == "op" and item.name:
        rows.append(f"<i>{_text(item.name)}</i>")
    if item.shape is not None and item.shape != ():
        rows.append(_text(f"{item.shape} {item.dtype}"))
    if item.value is not None:
        rows.append(f'<font color="{GREEN}">{_text(summary(item.value))}</font>')
    if item.kind != "constant":
        gradient = "grad -" if item.grad is None else f"grad {summary(item.grad)}"
        rows.append(f'<font color="{RED}">{_text(gradient)}</font>')
    cells = "".join(f"<tr><td>{row}</td></tr>" for row in rows)
    return (
        f'<table border="1" cellborder="0" cellspacing="0" cellpadding="2" color="#6b7280" style="rounded" '
        f'bgcolor="{FILL[item.kind]}">{cells}</table>'
    )


def _text(text: str) -> str:
    return html.escape(text, quote=True)


def summary(array: Array) -> str:
    """A scalar as it is; an array as its least, mean and greatest element."""
    values = np.asarray(array)
    if values.size == 0:
        return "empty"
    if values.size == 1:
        return f"{values.reshape(()).item():.4g}"
    if values.dtype.kind == "c":
        values = np.abs(values)
    return f"{values.min():.3g} / {values.mean():.3g} / {values.max():.3g}"

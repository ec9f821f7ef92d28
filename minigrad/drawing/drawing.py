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
from ..io.whole import write_whole
from ..tensor import Tensor
from .engine import NoEngine, render
from .items import items
from .picture import Item, Picture, rows_of

GREEN, RED = "#116329", "#b3261e"  # values above, gradients below, as CS231n draws them; above 4.5 on every fill
LINE = 14  # boxes in a row that still fit the width of a screen
FILL = {"op": "#eef2fb", "leaf": "#fff6dd", "constant": "#f2f2f2", "module": "#e9f5ec", "reference": "#ffffff"}


class Drawing:
    """A picture of a graph, as DOT text, and as whatever `save` and a notebook make of it.

    Attributes
    ----------
    source
        The DOT text.
    note
        What was folded or summarised, because the graph is large; empty where everything is drawn.
    """

    def __init__(self, source: str, note: str, table: str) -> None:
        self.source = source
        self.note = note
        self._table = table

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the drawing; the suffix says what: .svg, .png, .pdf, .html or .dot. Returns the path.

        .html holds the picture and a table of the same things; without a Graphviz program, the table alone.

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
        elif suffix == "html":
            data = self._page().encode()
        elif suffix in ("svg", "png", "pdf"):
            data = render(self.source, suffix)
        else:
            raise ValueError(
                f"draw: no picture is written as {path.suffix or path.name!r}; use .svg, .png, .pdf, .html or .dot"
            )
        write_whole(path, lambda file: file.write(data))
        return path

    def _page(self) -> str:
        return (
            '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>A computation graph</title>\n'
            "<style>body { font: 1rem/1.5 system-ui, sans-serif; background: #fff; color: #16181d; margin: 2rem }\n"
            "svg { max-width: 100%; height: auto } table { border-collapse: collapse }\n"
            "th, td { padding: .2rem .8rem; border-bottom: 1px solid #9aa4b2; text-align: left }</style>\n"
            f"{inline_svg(self.source)}\n<p>{escaped(self.note)}</p>\n{self._table}\n</html>\n"
        )

    def __repr__(self) -> str:
        note = f" ({self.note})" if self.note else ""
        return f"<drawing{note}, {len(self.source.splitlines())} lines of DOT; .save('graph.svg')>"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        bundle = {"text/plain": repr(self)}
        with contextlib.suppress(Exception):  # whatever is wrong, a notebook shows the text then
            bundle["image/svg+xml"] = render(self.source, "svg").decode()
        return bundle


def draw(
    tensor: Tensor,
    names: Mapping[str, Tensor] | None = None,
    direction: str = "forward",
    depth: int | None = None,
    max_nodes: int = 500,
    gradients: bool = False,
) -> Drawing:
    """The graph that `tensor` was made from: every op with its shape, value and gradient.

    Gradients are those that a backward pass with `retain_graph=True` has left; a dash stands where none is set. With
    `gradients=True` no backward pass is needed before.

    The value of a leaf whose Tensor is no longer alive is shown where some rule keeps it. Where too many arrows are long,
    as from a weight to every step of a recurrent network, they begin at small dashed boxes that name what they come from.

    Parameters
    ----------
    tensor
        The result to start from. Its graph must not have been freed by a backward pass.
    names
        Names for tensors, such as `locals()`.
    direction
        "forward" for arrows as values flow, "backward" for arrows as gradients flow.
    depth
        How many levels of modules to show from within: 0 folds every module into a box. Numbered neighbours that are
        built alike are drawn once then, with a count.
    max_nodes
        A larger graph is folded, module by module, and as a last resort summarised by op. The drawing says so.
        Already above 150 nodes, numbered neighbours that are built alike are drawn once, and modules folded until
        the boxes are few enough to read.
    gradients
        Whether to run a backward pass for the drawing. No `.grad` changes, and the graph stays.

    Raises
    ------
    ValueError
        for a Tensor without a graph, a freed graph, an unknown direction, a negative depth or no nodes, and for
        gradients of a Tensor with more than one element.

    >>> import minigrad as mg
    >>> a, b = mg.tensor(2.0, requires_grad=True), mg.tensor(3.0, requires_grad=True)
    >>> "multiply" in mg.draw(a * b, names={"a": a, "b": b}).source
    True
    """
    if direction not in ("forward", "backward"):
        raise ValueError(f"draw: direction is {direction!r}; it is 'forward' or 'backward'")
    if (depth is not None and depth < 0) or max_nodes < 1:
        raise ValueError(f"draw: depth is 0 or more and max_nodes 1 or more; got {depth=}, {max_nodes=}")
    if gradients and isinstance(tensor, Tensor) and tensor.size != 1:
        raise ValueError(f"draw: gradients=True needs a scalar, not shape {tensor.shape}; draw its .sum() or .mean()")
    picture = items(tensor, names, depth, max_nodes, gradients=gradients)
    # An expression reads from left to right; a network grows down the page, as does whatever is too long for a line.
    is_long = max(rows_of(picture.items).values()) >= LINE
    rankdir = "TB" if is_long or any(item.scope for item in picture.items) else "LR"
    return Drawing(source_of(picture, direction, rankdir), picture.note, _table(picture))


def inline_svg(source: str) -> str:
    """The picture as an element of a page, or a line that says why there is none."""
    try:
        svg = render(source, "svg").decode()
    except NoEngine as error:
        return f"<p>There is no drawing here: {escaped(str(error))}</p>"
    return svg[svg.index("<svg") :]


def _table(picture: Picture) -> str:
    called = {item.key: item.name or item.title for item in picture.items}
    rows = ["<tr><th>what</th><th>name</th><th>made from</th><th>shape</th><th>value</th><th>gradient</th></tr>"]
    for item in picture.items:
        if item.kind == "reference":
            continue
        cells = [
            item.title,
            item.name or item.details,
            ", ".join(called[source] for source, _ in item.inputs),
            "" if item.shape is None else f"{item.shape} {item.dtype}",
            "" if item.value is None else summary(item.value),
            "-" if item.grad is None else summary(item.grad),
        ]
        rows.append("<tr>" + "".join(f"<td>{escaped(cell)}</td>" for cell in cells) + "</tr>")
    return "<table>\n" + "\n".join(rows) + "\n</table>"


def source_of(picture: Picture, direction: str, rankdir: str) -> str:
    """The DOT text. Boxes and arrows carry ids, by which a page finds them."""
    drawn = picture.items
    lines = [
        "digraph {",
        f'  graph [rankdir={rankdir} bgcolor=white fontname="Helvetica" fontsize=12 nodesep=0.2 ranksep=0.35]',
        '  node [shape=plain fontname="Helvetica" fontsize=11]',
        '  edge [color="#555555" fontname="Helvetica" fontsize=9 arrowsize=0.7]',
    ]
    said = [picture.note] if picture.note else []
    if any(one is not None and np.size(one) > 1 for item in drawn for one in (item.value, item.grad)):
        said.append("of arrays: min / mean / max")
    if said:
        lines.append(f"  label={_caption(*said)} labelloc=t labeljust=l")
    lines += _boxes(drawn, picture.titles, "", 1)
    for item in drawn:
        for source, slot in item.inputs:
            ends = (source, item.key) if direction == "forward" else (item.key, source)
            label = f' label="{escaped(slot)}"' if slot and (len(item.inputs) > 1 or item.details) else ""
            lines.append(f'  {ends[0]} -> {ends[1]} [id="{item.key}.{source if item.details else slot}"{label}]')
    return "\n".join([*lines, "}", ""])


def _boxes(drawn: list[Item], titles: Mapping[str, str], scope: str, depth: int) -> list[str]:
    """The items whose module is `scope`, and a cluster for each module within it."""
    pad = "  " * depth
    lines = [f"{pad}{item.key} [id={item.key} label=<{_label(item)}>]" for item in drawn if item.scope == scope]
    inner: dict[str, list[Item]] = {}
    start = f"{scope}." if scope else ""
    for item in drawn:
        if item.scope != scope and item.scope.startswith(start):
            inner.setdefault(start + item.scope[len(start) :].split(".")[0], []).append(item)
    for name, members in inner.items():
        lines.append(f'{pad}subgraph "cluster_{escaped(name)}" {{')
        title = _caption(titles.get(name, name))
        lines.append(f'{pad}  label={title} style="rounded" color="#9aa4b2" fontcolor="#4b5563"')
        lines += _boxes(members, titles, name, depth + 1)
        lines.append(f"{pad}}}")
    return lines


def _label(item: Item) -> str:
    """An HTML-like table: the op or name in bold, shape and dtype, the value in green above the gradient in red."""
    rows = [(item.title, "<b>{}</b>")]
    if item.kind == "op" and item.name:
        rows.append((item.name, "<i>{}</i>"))
    if item.details:
        rows.append((item.details, "{}"))
    if item.shape is not None and item.shape != ():
        rows.append((f"{item.shape} {item.dtype}", "{}"))
    if item.value is not None:
        rows.append((summary(item.value), f'<font color="{GREEN}">{{}}</font>'))
    if item.kind in ("op", "leaf") and item.count == 1 and not item.details:
        gradient = "grad -" if item.grad is None else f"grad {summary(item.grad)}"
        rows.append((gradient, f'<font color="{RED}">{{}}</font>'))
    style = "rounded,dashed" if item.kind == "reference" else "rounded"
    width = max(_width(text) for text, _ in rows)
    cells = "".join(f'<tr><td width="{width}">{form.format(escaped(text))}</td></tr>' for text, form in rows)
    return (
        f'<table border="1" cellborder="0" cellspacing="0" cellpadding="3" color="#6b7280" style="{style}" '
        f'bgcolor="{FILL[item.kind]}">{cells}</table>'
    )


def _caption(*texts: str) -> str:
    """Lines that begin at the left."""
    rows = "".join(f'<tr><td align="left" width="{_width(text)}">{escaped(text)}</td></tr>' for text in texts)
    return f'<<table border="0" cellpadding="0">{rows}</table>>'


def _width(text: str) -> int:
    """Room for the text in a wider font than the layout program's, since a viewer may have another one."""
    return min(7 * len(text) + 8, 1000)


def escaped(text: str) -> str:
    """Text that stays text, in a DOT string and in an HTML-like label."""
    return html.escape(text, quote=True).replace("\\", "&#92;")


def summary(array: Array) -> str:
    """A scalar as it is; an array as its least, mean and greatest element."""
    values = np.asarray(array)
    if values.size == 0:
        return "empty"
    if values.size == 1:
        return f"{values.reshape(()).item():.4g}"
    if values.dtype.kind == "c":
        values = np.abs(values)
    least, mean, greatest = values.min(), values.mean(), values.max()
    if values.dtype.kind == "f" and abs(mean) <= 100 * np.finfo(values.dtype).eps * max(-least, greatest):
        mean = 0.0  # it is what rounding left
    return f"{least:.3g} / {mean:.3g} / {greatest:.3g}"

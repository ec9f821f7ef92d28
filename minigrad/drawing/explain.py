"""explain: a real backward pass, written down step by step: upstream x local = what it adds."""

from __future__ import annotations

import contextlib
import functools
import html
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ..backward import backward
from ..graph import DROPPED, Array, Node, Output, Step
from ..io.whole import write_whole
from ..listing import rule_text, source
from ..tensor import Tensor
from .items import COMPUTED, forward_values, items
from .nodes import labels, nodes_of
from .page import ForwardStep, page
from .picture import Picture

T = TypeVar("T")
_written = functools.cache(rule_text)  # it reads the syntax tree of a file

SYMBOLS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "matmul": "@", "negative": "-"}
ORDINALS = ("", "", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
SHOWN = 400  # steps that str() prints before it leaves out the middle


@dataclass(frozen=True)
class BackwardStep:
    """One addition to one gradient: what arrived, what the rule made of it, and the sum before and after."""

    number: int
    op: str
    slot: str  # the op's input that the gradient goes to
    source: str  # the Tensor that the gradient comes from
    target: str  # the Tensor that it is added to
    upstream: Array
    local: float | None  # d source / d target, where both are single real numbers
    rule: str  # the rule as it is written, with the Tensors' names in it
    adds: Array
    before: Array | None  # None: nothing has arrived yet
    after: Array
    path: int  # 1 for the first gradient that arrives at the target, 2 for the second, ...
    summed: tuple[int, ...]  # axes of the output along which the input was broadcast
    edge: tuple[int, int, str]  # the creation numbers of the op's node and of the input's, and the slot
    declared: str  # file and line of the op

    @property
    def notes(self) -> list[str]:
        """What a learner easily misses, in plain words."""
        notes = []
        if self.path > 1:
            notes.append(f"{_ordinal(self.path)} path: gradients add")
        if self.summed:
            axes = ", ".join(map(str, self.summed))
            word = "axis" if len(self.summed) == 1 else "axes"
            notes.append(f"{self.target}: summed over {word} {axes}, because it was broadcast")
        if self.local is not None and not np.isfinite(self.local) and not np.any(self.upstream):
            notes.append("the upstream gradient is exactly 0, so this adds exactly 0")
        return notes

    @property
    def cells(self) -> list[str]:
        """Its row of the table, without the number and the notes."""
        local = "" if self.local is None else number(self.local)
        if local and not re.fullmatch(r"-?[\d.]+", self.rule):
            local += f"  {self.rule}"
        sums = [amount(self.adds), amount(self.before), amount(self.after)]
        return [op_symbol(self.op), f"{self.source} -> {self.target}", amount(self.upstream), local, *sums]

    @property
    def sentence(self) -> str:
        """The step in one line, as a teacher would say it."""
        start = "" if self.before is None else f"{amount(self.before)} + "
        if self.local is not None:
            made = f"upstream {amount(self.upstream)} x local {number(self.local)}"
        else:
            made = self.rule if len(self.rule) <= 48 else f"the rule of {self.op} on upstream {amount(self.upstream)}"
            made += "" if self.before is None else f", which is {amount(self.adds)},"
        return f"{self.target}.grad = {start}{made} = {amount(self.after)}"


class Explanation:
    """Every step of a backward pass, in order. Print it for the table.

    Attributes
    ----------
    steps
        The additions to gradients, as `BackwardStep`s.
    """

    def __init__(self, steps: list[BackwardStep], forward: list[ForwardStep], picture: Picture) -> None:
        self.steps = steps
        self._forward = forward
        self._picture = picture

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write a page that walks through the steps, forward ones first, and return the path.

        It is one file: it opens without a network, and shows the whole table where scripts are off. Of a long pass it
        shows the first and the last steps.

        Raises
        ------
        ValueError
            for a suffix that is not .html.
        """
        path = Path(path)
        if path.suffix.lower() not in (".html", ".htm"):
            raise ValueError(
                f"explain: the steps are written as a page, not as {path.suffix or path.name!r}; use .html"
            )
        data = self._page().encode()
        write_whole(path, lambda file: file.write(data))
        return path

    def _page(self) -> str:
        forward, steps = _ends(self._forward), _ends(self.steps)
        said = [f"{len(self._forward):,} steps forward, {len(self.steps):,} backward"]
        if len(forward) + len(steps) < len(self._forward) + len(self.steps):
            said.append(f"the first and last {SHOWN // 2} of each are shown")
        return page(forward, steps, self._picture, "; ".join(said))

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        bundle = {"text/plain": repr(self)}
        with contextlib.suppress(Exception):  # whatever is wrong, a notebook shows the text then
            bundle["text/plain"] = str(self)
            frame = '<iframe title="A backward pass, step by step" style="width: 100%; height: 50rem; border: 0"'
            bundle["text/html"] = f'{frame} srcdoc="{html.escape(self._page())}"></iframe>'
        return bundle

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        return f"<explanation of {len(self.steps)} steps; print it for the table>"

    def __str__(self) -> str:
        head = ("step", "op", "from -> to", "upstream", "x local", "= adds", "grad before", "grad after", "")
        rows: list[tuple[BackwardStep, tuple[str, ...]]] = [(step, _row(step)) for step in _ends(self.steps)]
        widths = [max(map(len, column)) for column in zip(head, *(row for _, row in rows))]
        lines = [_line(head, widths)]
        last = 0
        for step, row in rows:
            if step.number != last + 1:
                lines.append(f" ... {step.number - last - 1:,} steps are not shown; they are all in .steps")
            last = step.number
            lines.append(_line(row, widths))
            if step.local is None:
                indent = " " * (widths[0] + 3)
                lines.append(f"{indent}{step.slot}: {step.rule} -> {shape(step.adds.shape)}")
                lines += [indent + note for note in step.notes if note not in row[-1]]
        return "\n".join(lines)


def explain(loss: Tensor, names: Mapping[str, Tensor] | None = None) -> Explanation:
    """Run a backward pass from `loss` and keep every step. No `.grad` changes, and the graph stays.

    Parameters
    ----------
    loss
        A Tensor with one element. Its graph must not have been freed by a backward pass.
    names
        Names for Tensors, such as `locals()`.

    Raises
    ------
    TypeError
        for something that is no Tensor.
    ValueError
        for a Tensor without a graph, a freed graph, or more than one element.

    >>> import numpy as np, minigrad as mg
    >>> from minigrad.drawing import explain
    >>> n = mg.tensor(np.arctanh(0.5**0.5), requires_grad=True, name="n")
    >>> o = np.tanh(n)
    >>> L = o * o
    >>> print(explain(L, names={"o": o, "L": L}))
     step  op    from -> to  upstream  x local              = adds  grad before  grad after
     1     *     L -> o      1.0000    0.7071  o            0.7071  -            0.7071
     2     *     L -> o      1.0000    0.7071  o            0.7071  0.7071       1.4142      second path: gradients add
     3     tanh  o -> n      1.4142    0.5000  1 - out*out  0.7071  -            0.7071
    """
    nodes = nodes_of(loss, "explain")
    assert loss.node is not None
    if loss.size != 1:
        raise ValueError(f"explain: a Tensor of shape {loss.shape} is not a scalar; explain its .sum() or .mean()")
    if len(nodes) == 1:
        raise ValueError("explain: this Tensor was not computed by an op, so there is no step to explain")
    called = labels(nodes, names)
    values = forward_values(nodes, loss) if len(nodes) <= COMPUTED else {}
    grads = {loss.node: np.ones(loss.shape, loss.dtype)}
    steps: list[BackwardStep] = []
    paths: dict[Node, int] = {}

    def observe(node: Node, step: Step, g: Array, c: Array, before: Array | None, after: Array) -> None:
        i = step.input
        target = node.parents[i]
        assert target is not None and node.plan is not None
        op = node.plan.op
        grads[target] = after
        paths[target] = paths.get(target, 0) + 1
        local = _local(node, target, step)
        steps.append(
            BackwardStep(
                number=len(steps) + 1,
                op=op.name,
                slot=op.inputs[i],
                source=called[node],
                target=called[target],
                upstream=g,
                local=local,
                rule=_in_words(node, step, i, called, local is not None),
                adds=c,
                before=before,
                after=after,
                path=paths[target],
                summed=_broadcast_axes(node, target, step),
                edge=(node.order, _whole(target).order, op.inputs[i]),
                declared=source(op),
            )
        )

    backward(dict(grads), retain=True, observe=observe)
    forward = [_forward_step(node, called, values) for node in nodes if node.plan is not None]
    return Explanation(steps, forward, items(loss, names, values=values, grads=grads, numbered=True))


def _forward_step(node: Node, called: Mapping[Node, str], values: Mapping[Node, Array]) -> ForwardStep:
    assert node.plan is not None
    op = node.plan.op
    inputs = []
    for slot, parent, value in zip(op.inputs, node.parents, node.values):
        if parent is not None:
            inputs.append(called[parent])
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            inputs.append(f"{value:g}")
        elif value is DROPPED or np.ndim(value):
            inputs.append(slot)
    expression = f" {op_symbol(op.name)} ".join(inputs) if op_symbol(op.name) != op.name else ""
    if op.name == "negative":
        expression = f"-{inputs[0]}"
    elif len(inputs) != 2 or not expression:
        expression = f"{op.name}({', '.join(inputs)})"
    result = f" = {amount(values[node])}" if node in values else ""
    return ForwardStep(node.order, op.name, called[node], f"{called[node]} = {expression}{result}", source(op))


def op_symbol(name: str) -> str:
    """The op as one writes it: `*` for multiply."""
    return SYMBOLS.get(name, name)


def _ends(steps: list[T]) -> list[T]:
    """All of them, or the first and the last of many."""
    return steps if len(steps) <= SHOWN else steps[: SHOWN // 2] + steps[-SHOWN // 2 :]


def _whole(node: Node) -> Node:
    """The op's node, of one of its several outputs."""
    return (node.parents[0] or node) if isinstance(node, Output) else node


def _local(node: Node, target: Node, step: Step) -> float | None:
    """The local derivative where both ends are single real numbers: what the rule makes of an upstream of 1."""
    if not isinstance(node.dtype, np.dtype) or node.dtype.kind != "f" or target.dtype.kind != "f":
        return None
    if math.prod(node.shape) != 1 or math.prod(target.shape) != 1:
        return None
    with np.errstate(all="ignore"):
        result: Any = step.rule(np.ones(node.shape, node.dtype), *[node.values[k] for k in step.needs])
    if step.part is not None:
        result = result[step.part]
    return float(np.asarray(result).reshape(-1)[0])


def _in_words(node: Node, step: Step, i: int, called: Mapping[Node, str], scalar: bool) -> str:
    """The rule's own expression, with the names of Tensors for those of parameters; for arrays, shapes as well."""
    assert node.plan is not None
    op = node.plan.op
    text = _written(op.rules[op.inputs[i]])
    if scalar:
        text = {"g": "1", "-g": "-1"}.get(text, text)
        if text.startswith("g * "):
            text = text.removeprefix("g * ").replace(" * ", "*")
            text = text[1:-1] if re.fullmatch(r"\([^()]*\)", text) else text
    words = {} if scalar or node.shape == () else {"g": f"g{shape(node.shape)}"}
    for k, slot in enumerate(op.inputs):
        parent, value = node.parents[k], node.values[k]
        if parent is not None:
            words[slot] = called[parent] + ("" if scalar else shape(parent.shape))
        elif not scalar and hasattr(value, "shape") and value.shape:
            words[slot] = slot + shape(value.shape)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            words[slot] = f"{value:g}"
    pattern = r"(?<![\w.])(" + "|".join(map(re.escape, words)) + r")\b(?!\()(?!=)"
    return re.sub(pattern, lambda found: words[found[0]], text) if words else text


def _broadcast_axes(node: Node, target: Node, step: Step) -> tuple[int, ...]:
    """The axes of the op's output along which the input was repeated, where the rule or the engine sums over them."""
    assert node.plan is not None
    made, given = node.shape, target.shape
    if made == given or len(given) > len(made) or (made and isinstance(made[0], tuple)):
        return ()
    called = getattr(getattr(step.rule, "__code__", None), "co_names", ())
    if not node.plan.op.elementwise and not {"unbroadcast", "sum_of_rows"} & set(called):
        return ()
    extra = len(made) - len(given)
    if any(a not in (1, b) for a, b in zip(given, made[extra:])):
        return ()
    return tuple(range(extra)) + tuple(k for k in range(extra, len(made)) if given[k - extra] == 1 != made[k])


def number(value: float) -> str:
    """Four decimals, or a power of ten where these would say too little."""
    return f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e5 or not np.isfinite(value) else f"{value:.3e}"


def shape(lengths: Any) -> str:
    """(8,4) without blanks, () for a scalar."""
    return str(lengths).replace(" ", "").replace(",)", ")")


def amount(array: Array | None) -> str:
    """A single number as it is; an array by its shape and norm; a dash for a gradient that is not there yet."""
    if array is None:
        return "-"
    if isinstance(array, (tuple, list)):
        return f"{len(array)} gradients"
    values = np.asarray(array)
    if values.size == 1 and values.dtype.kind != "c":
        return number(values.reshape(-1)[0].item())
    return f"{shape(values.shape)} norm {number(float(np.linalg.norm(values.reshape(-1))))}"


def _row(step: BackwardStep) -> tuple[str, ...]:
    note = "; ".join(step.notes) if step.local is not None else ("" if step.path == 1 else step.notes[0])
    return (str(step.number), *step.cells, note)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    return (" " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths))).rstrip()


def _ordinal(n: int) -> str:
    if n < len(ORDINALS):
        return ORDINALS[n]
    return f"{n}{'th' if n % 100 in (11, 12, 13) else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"

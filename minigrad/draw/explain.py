"""explain: a real backward pass, written down step by step: upstream x local = what it adds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backward import backward
from ..graph import DROPPED, Array, Node, Step
from ..listing import rule_text
from ..tensor import Tensor
from .nodes import labels, nodes_of

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
    edge: tuple[int, int, str]  # the op's node and the input's, as numbered in drawings, and the slot

    @property
    def symbol(self) -> str:
        """The op as one writes it: `*` for multiply."""
        return SYMBOLS.get(self.op, self.op)

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
    def sentence(self) -> str:
        """The step in one line, as a teacher would say it."""
        start = "" if self.before is None else f"{amount(self.before)} + "
        if self.local is not None:
            made = f"upstream {amount(self.upstream)} x local {number(self.local)}"
        else:
            made = f"{self.rule}, which is {amount(self.adds)}"
        return f"{self.target}.grad = {start}{made} = {amount(self.after)}"


class Explanation:
    """Every step of a backward pass, in order. Print it for the table.

    Attributes
    ----------
    steps
        The additions to gradients, as `BackwardStep`s.
    """

    def __init__(self, steps: list[BackwardStep]) -> None:
        self.steps = steps

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        return f"<explanation of {len(self.steps)} steps; print it for the table>"

    def __str__(self) -> str:
        head = ("step", "op", "from -> to", "upstream", "x local", "= adds", "grad before", "grad after", "")
        rows: list[tuple[BackwardStep, tuple[str, ...]]] = [(step, _row(step)) for step in self._shown()]
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

    def _shown(self) -> list[BackwardStep]:
        if len(self.steps) <= SHOWN:
            return self.steps
        return self.steps[: SHOWN // 2] + self.steps[-SHOWN // 2 :]


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
    >>> from minigrad.draw import explain
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
    if loss.size != 1:
        raise ValueError(f"explain: a Tensor of shape {loss.shape} is not a scalar; explain its .sum() or .mean()")
    if len(nodes) == 1:
        raise ValueError("explain: this Tensor was not computed by an op, so there is no step to explain")
    called = labels(nodes, names)
    steps: list[BackwardStep] = []
    paths: dict[Node, int] = {}

    def observe(node: Node, step: Step, i: int, g: Array, c: Array, before: Array | None, after: Array) -> None:
        target = node.parents[i]
        assert target is not None and node.plan is not None
        op = node.plan.op
        paths[target] = paths.get(target, 0) + 1
        local = _local(node, target, step, i)
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
                edge=(node.order, target.order, op.inputs[i]),
            )
        )

    assert loss.node is not None
    backward({loss.node: np.ones(loss.shape, loss.dtype)}, retain=True, observe=observe)
    return Explanation(steps)


def _local(node: Node, target: Node, step: Step, i: int) -> float | None:
    """The local derivative where both ends are single real numbers: what the rule makes of an upstream of 1."""
    if not isinstance(node.dtype, np.dtype) or node.dtype.kind != "f" or target.dtype.kind != "f":
        return None
    if np.prod(node.shape, dtype=int) != 1 or np.prod(target.shape, dtype=int) != 1:
        return None
    with np.errstate(all="ignore"):
        result: Any = step.rule(np.ones(node.shape, node.dtype), *[node.values[k] for k in step.needs])
    if step.joint:
        result = result[step.inputs.index(i)]
    return float(np.asarray(result).reshape(-1)[0])


def _in_words(node: Node, step: Step, i: int, called: Mapping[Node, str], scalar: bool) -> str:
    """The rule's own expression, with the names of Tensors for those of parameters; for arrays, shapes as well."""
    assert node.plan is not None
    op = node.plan.op
    text = rule_text(op.rules[op.inputs[i]])
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
        elif not scalar and value is not DROPPED and np.ndim(value):
            words[slot] = slot + shape(np.shape(value))
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
    local = "" if step.local is None else number(step.local)
    if local and not re.fullmatch(r"-?[\d.]+", step.rule):
        local += f"  {step.rule}"
    note = "; ".join(step.notes) if step.local is not None else ("" if step.path == 1 else step.notes[0])
    ends = f"{step.source} -> {step.target}"
    sums = (amount(step.upstream), local, amount(step.adds), amount(step.before), amount(step.after))
    return (str(step.number), step.symbol, ends, *sums, note)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    return (" " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths))).rstrip()


def _ordinal(n: int) -> str:
    return ORDINALS[n] if n < len(ORDINALS) else f"{n}th"

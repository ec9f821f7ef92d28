"""check_op: draw inputs for an op, check every one, and shrink what fails to the smallest input that still fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..declare import ops
from .examine import examine
from .names import parameters_of, target_of, title_of
from .report import GradReport, InputReport, Verdict
from .search import Search, size_of
from .second import generic, second_order
from .traced import Traced
from .trial import FIRST, Trouble, surrogates

if TYPE_CHECKING:
    from ..testing import Call

ENOUGH = 40  # elements: more do not explain more


@dataclass
class OpReport:
    """The verdict of `check_op`. `bool(report)` says whether it passed, `str(report)` says everything.

    Attributes
    ----------
    title, verdict
        Which op, and what was found.
    examples, skipped
        Inputs that were checked, and inputs that the forward refused or answered with nan.
    report
        The `GradReport` on a failing input, the one that explains most; None where the derivatives are right.
    law
        Which law of conduct is broken, in one sentence; None where all hold.
    smallest
        The smallest failing input, as text.
    """

    title: str
    verdict: Verdict
    examples: int = 0
    skipped: int = 0
    seed: int = 0
    seconds: float = 0.0
    report: GradReport | None = None
    law: str | None = None
    smallest: str = ""
    again: str = ""
    remarks: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return self.verdict.passes

    @property
    def inputs(self) -> list[InputReport]:
        """What was found for each input, in the example that failed."""
        return self.report.inputs if self.report is not None else []

    @property
    def cause(self) -> str | None:
        """What is probably wrong, in words."""
        return next((one.cause for one in self.inputs if one.cause), self.law)

    def __repr__(self) -> str:
        return f"<OpReport {self.title}: {self.verdict.value}>"

    def __str__(self) -> str:
        drawn = f"{self.examples} inputs drawn" + (f", {self.skipped} skipped" if self.skipped else "")
        if self.report is not None:
            lines = [str(self.report)]
        else:
            lines = [f"{f'{self.verdict.value}   {self.title}':<75}seed {self.seed}, {drawn}"]
            lines += ["", f"  {self.law}", ""] if self.law else []
        lines += [f"  {remark}" for remark in self.remarks]
        if not self:
            rest = [("smallest failing", self.smallest), ("again", self.again)]
            lines += [f"  {label:<18}{text}" for label, text in rest if text]
        return "\n".join(lines)


def check_op(op: Any, max_examples: int = 100, order: int = 2, seed: int = 0) -> OpReport:
    """Check an op on inputs that find bugs: its derivatives, and what else every op must obey.

    Parameters
    ----------
    op
        An op, the name of one, a `functools.partial` of one, or a function of arrays. Inputs are drawn by
        `minigrad.testing.examples`: by the op's own strategy, or from its signature and its domain.
    max_examples
        How many inputs to draw.
    order
        2 checks the derivative of the derivative as well.
    seed
        What is drawn.

    Returns
    -------
    OpReport
        True where it passed; its text is the report, with the smallest failing input.

    >>> import numpy as np, minigrad as mg
    >>> report = mg.check_op(mg.sin, max_examples=10)
    >>> bool(report)
    True
    """
    if isinstance(op, str):
        op = ops[op]
    started = time.perf_counter()
    search = Search(op, max_examples, order, seed)
    search.run()
    report = OpReport(title_of(op), Verdict.OK, search.checked, search.skipped, seed)
    report.again = f"minigrad check {target_of(op)} --seed {seed}"
    report.remarks = surrogates(op)
    if search.failing:
        _explain(report, op, search)
    elif not search.compared:
        report.verdict = Verdict.NOTHING_CHECKED
        report.law = search.refused or (
            f"{search.skipped} inputs were skipped: the forward refused them or gave nan; no other had an element. "
            "Give the op a domain, or check a function that makes its inputs valid"
        )
    report.seconds = time.perf_counter() - started
    return report


def _explain(report: OpReport, op: Callable[..., Any], search: Search) -> None:
    """The verdict, and the report on the failing input that explains most."""
    report.verdict = Verdict.WRONG
    smallest = search.smallest or search.failing[0]
    report.smallest = _describe(op, smallest.call)
    kind = search.failing[0].trouble.kind
    report.law = smallest.trouble.text or None
    if report.law:
        return
    best: GradReport | None = None
    alike = [one for one in search.failing if one.trouble == Trouble(kind)]
    for one in [*sorted(alike, key=lambda one: -min(size_of(one.call), ENOUGH)), smallest]:
        found = _examined(op, one.call, search.seed, 1 if kind == FIRST else 2)
        found.example = one.number
        if not found.verdict.passes and (best is None or _explained(found) > _explained(best)):
            best = found
            if _explained(found) == 1:
                break
    report.report = best
    if best is not None:
        report.verdict = best.verdict


def _examined(op: Callable[..., Any], call: Call, seed: int, order: int) -> GradReport:
    with np.errstate(all="ignore"):
        subject = Traced(op, call.args, call.kwargs)
        report = examine(subject if order == 1 else second_order(generic(subject, seed), seed), seed)
    report.order = order
    return report


def _explained(report: GradReport) -> float:
    """How much of what is wrong has a cause; a rule that raises explains less than one that gives wrong numbers."""
    wrong = [one for one in report.inputs if not one]
    worth = [0.0 if one.cause is None else 1.0 if one.comparison is not None else 0.5 for one in wrong]
    return sum(worth) / len(wrong) if wrong else 0.0


def _describe(op: Callable[..., Any], call: Call) -> str:
    """`x (2, 1), shift (1,)`: the arrays by the names of the parameters; other arguments as they are."""
    from ..testing.call import describe

    names = parameters_of(op)
    parts = []
    for i, value in enumerate(call.args):
        name = names[i] if i < len(names) else f"argument {i}"
        parts.append(f"{name} {describe(value)}".replace(" float64", ""))
    return ", ".join(parts + [f"{key}={describe(value)}" for key, value in call.kwargs.items()])

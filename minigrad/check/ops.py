"""check_op: draw inputs for an op, check every one, and shrink what fails to the smallest input that still fails."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..op import Op
from .examine import examine
from .quick import passes_quickly
from .report import GradReport, InputReport, Verdict
from .second import second_order
from .subject import Traced, short_path, title_of

if TYPE_CHECKING:
    from ..testing import Call

EXPLAINED = 4  # failing inputs, of different shapes, to look for a cause in


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
        return self.report.inputs if self.report else []

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


class _Fails(Exception):
    """One drawn input fails: the law that is broken, or the report on its derivatives."""

    def __init__(self, call: Call, law: str | None) -> None:
        super().__init__(law)
        self.call = call
        self.law = law


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
    from ..declare import ops

    if isinstance(op, str):
        op = ops[op]
    started = time.perf_counter()
    report = _Search(op, max_examples, order, seed).run()
    report.seconds = time.perf_counter() - started
    return report


class _Search:
    """The examples of one op: hypothesis draws and shrinks, this counts and remembers."""

    def __init__(self, op: Callable[..., Any], max_examples: int, order: int, seed: int) -> None:
        self.op, self.max_examples, self.order, self.seed = op, max_examples, order, seed
        self.title = title_of(op)
        self.checked = self.skipped = 0
        self.first: list[tuple[int, Call]] = []  # failing inputs as drawn, before they were shrunk
        self.surrogates = _surrogates(op)

    def run(self) -> OpReport:
        from hypothesis import HealthCheck, Phase, Verbosity, given, settings
        from hypothesis import seed as seeded
        from hypothesis.errors import HypothesisException

        from ..testing import examples

        failure: _Fails | None = None
        strict = settings(
            max_examples=self.max_examples,
            phases=(Phase.generate, Phase.shrink),
            database=None,
            deadline=None,
            derandomize=False,
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck),
        )
        test = strict(seeded(self.seed)(given(examples(self.op))(self._try)))
        refused = None
        try:
            test()
        except _Fails as fails:
            failure = fails
        except HypothesisException as error:
            refused = str(error)
        report = OpReport(self.title, Verdict.OK, self.checked, self.skipped, self.seed)
        report.again = f"minigrad check {self._target()} --seed {self.seed}"
        report.remarks = self.surrogates
        if failure is not None:
            self._explain(report, failure)
        elif not self.checked:
            report.verdict = Verdict.NOTHING_CHECKED
            report.law = refused or (
                f"all {self.skipped} inputs that were drawn were skipped: the forward refused them or gave nan. "
                "Give the op a domain, or check it with a function that makes valid inputs"
            )
        return report

    def _try(self, call: Call) -> None:
        """One drawn input: raises `_Fails` where something is wrong with it."""
        law = self._broken(call)
        if law is not None:
            if len(self.first) < EXPLAINED:
                self.first.append((self.checked, call))
            raise _Fails(call, law or None)

    def _broken(self, call: Call) -> str | None:
        """What is wrong for this input: a broken law, "" for a wrong derivative, None for nothing."""
        from ..testing.laws import first_broken, usable

        rng = np.random.default_rng(self.seed)
        with np.errstate(all="ignore"):
            if not usable(self.op, call):
                self.skipped += 1
                failure = first_broken(self.op, call, rng, _laws_of_numpy())
                return str(failure) if failure else None
            self.checked += 1
            if not self.surrogates and not self._derivatives(call):
                return ""
            failure = first_broken(self.op, call, rng, _laws_of_conduct())
        return str(failure) if failure else None

    def _derivatives(self, call: Call) -> bool:
        try:
            subject = Traced(self.op, call.args, call.kwargs)
        except TypeError as error:
            if "no rule says" in str(error):
                return True  # a law says it better
            raise
        if not subject.points:
            return True
        if not passes_quickly(subject, self.seed) and not examine(subject, self.seed, explain=False):
            return False
        if self.order < 2:
            return True
        second = second_order(subject, self.seed)
        return passes_quickly(second, self.seed) or bool(examine(second, self.seed, explain=False))

    def _explain(self, report: OpReport, failure: _Fails) -> None:
        report.verdict = Verdict.WRONG
        report.smallest = self._describe(failure.call)
        report.law = failure.law
        if failure.law is not None:
            return
        best: GradReport | None = None
        for number, call in [*sorted(self.first, key=lambda pair: -_size(pair[1])), (self.checked, failure.call)]:
            found = self._full(call)
            found.example = number
            if found.verdict.passes:
                continue
            if best is None or _explained(found) > _explained(best):
                best = found
            if _explained(found) == 1:
                break
        report.report = best
        if best is not None:
            report.verdict = best.verdict

    def _full(self, call: Call) -> GradReport:
        with np.errstate(all="ignore"):
            subject = Traced(self.op, call.args, call.kwargs)
            report = examine(subject, self.seed)
            if report.verdict.passes and self.order > 1:
                report = examine(second_order(subject, self.seed), self.seed)
                report.order = 2
        return report

    def _describe(self, call: Call) -> str:
        """`x (2, 1), shift (1,)`: the arrays by the names of the parameters; other arguments as they are."""
        from ..testing.call import describe

        names = list(inspect.signature(self.op).parameters)
        parts = []
        for i, value in enumerate(call.args):
            name = names[i] if i < len(names) else f"argument {i}"
            parts.append(f"{name} {describe(value)}".replace(" float64", ""))
        return ", ".join(parts + [f"{key}={describe(value)}" for key, value in call.kwargs.items()])

    def _target(self) -> str:
        op: Any = self.op
        while isinstance(op, functools.partial):
            op = op.func
        if isinstance(op, Op):
            return op.name if op.built_in else f"{short_path(op.source).rpartition(':')[0]}:{op.name}"
        code = getattr(op, "__code__", None)
        return f"{short_path(code.co_filename)}:{self.title}" if code else self.title


def _size(call: Call) -> int:
    """How much a failing input shows: more elements show more, up to a point."""
    return min(sum(array.size for array in call.arrays()), 40)


def _explained(report: GradReport) -> float:
    wrong = [one for one in report.inputs if not one]
    return sum(one.cause is not None for one in wrong) / len(wrong) if wrong else 0.0


def _surrogates(op: Any) -> list[str]:
    while isinstance(op, functools.partial):
        op = op.func
    rules = {id(rule): rule for rule in op.rules.values() if rule} if isinstance(op, Op) else {}
    return [
        f"{', '.join(rule.names)}: a surrogate, not judged ({rule.surrogate})"
        for rule in rules.values()
        if rule.surrogate
    ]


@functools.cache
def _laws_of_conduct() -> tuple[Any, ...]:
    from ..testing import laws

    mine = {"first_order", "second_order"}  # the checker's own business
    return tuple(law for law in laws.numpy_laws + laws.laws if law.__name__ not in mine)


@functools.cache
def _laws_of_numpy() -> tuple[Any, ...]:
    from ..testing import laws

    return tuple(laws.numpy_laws)

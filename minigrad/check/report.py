"""The report: for a reader whose backward rule is wrong, and who does not know why."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

SHOWN = 6  # elements in a report, worst first


class Verdict(enum.StrEnum):
    """What a check found; the worst last. A Verdict is equal to its text."""

    OK = "OK"
    OK_AT_KINK = "OK AT KINK"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOTHING_CHECKED = "NOTHING CHECKED"
    WRONG = "WRONG"
    NOT_DETERMINISTIC = "NOT DETERMINISTIC"

    @property
    def passes(self) -> bool:
        """A check that compared nothing must never pass."""
        return self in (Verdict.OK, Verdict.OK_AT_KINK, Verdict.INCONCLUSIVE)


def worst_of(verdicts: list[Verdict]) -> Verdict:
    """The verdict on all of these together."""
    order = list(Verdict)
    return max(verdicts, key=order.index, default=Verdict.NOTHING_CHECKED)


@dataclass(frozen=True)
class Element:
    """One element of a gradient, or its projection on a direction."""

    index: tuple[int, ...] | str
    analytic: complex
    numeric: complex
    error: float
    excess: float  # how many times what is allowed

    def __str__(self) -> str:
        return f"{_index(self.index):<10}{_number(self.analytic):>16}{_number(self.numeric):>16} +- {self.error:.0e}"


@dataclass
class InputReport:
    """What was found for one input.

    Attributes
    ----------
    name, shape, dtype
        Which input.
    verdict
        A `Verdict`.
    ratio
        |analytic - numeric| / (|analytic| + |numeric|), the textbook's measure; the verdict does not come from it.
    worst
        The `Element` that is off by the most, None where none is.
    cause, evidence
        What is probably wrong, in words, and what speaks for it; None where no cause is certain.
    comparison
        The arrays that were compared (indices, analytic, numeric, error), for drawing.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    verdict: Verdict
    ratio: float = 0.0
    elements: list[Element] = field(default_factory=list)
    cause: str | None = None
    evidence: str | None = None
    checked: str = ""
    where: str = ""
    comparison: Any = field(default=None, repr=False)

    @property
    def worst(self) -> Element | None:
        return self.elements[0] if self.elements else None

    def __bool__(self) -> bool:
        return self.verdict.passes

    def line(self, width: int = 0, verdict: int = 0) -> str:
        """One line, for the list of all inputs."""
        left = f'"{self.name}" {self.shape}'
        amount = f"{self.ratio:.0e}" if self.ratio else "0"
        ratio = f", ratio {amount} ({word_for(self.ratio)})" if self.checked else ""
        return f"  {left:<{width}}  {self.verdict.value:<{verdict}}  {self.checked}{ratio}"


@dataclass
class GradReport:
    """The verdict of `gradcheck`. `bool(report)` says whether it passed, `str(report)` says everything."""

    title: str
    inputs: list[InputReport]
    verdict: Verdict
    seed: int = 0
    order: int = 1
    evaluations: int = 0
    passed: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    again: str = ""
    example: int | None = None

    def __bool__(self) -> bool:
        return self.verdict.passes

    def __repr__(self) -> str:
        return f"<GradReport {self.title}: {self.verdict.value}>"

    def plot(self, path: Any = None) -> Any:
        """A heat map of |analytic - numeric| with the worst element named; see `heat_map`. Returns the figure."""
        from .heat_map import heat_map

        return heat_map(self, path)

    def __str__(self) -> str:
        wrong = [one for one in self.inputs if not one]
        order = f"gradient of order {self.order}, " if self.order > 1 else ""
        drawn = f"{order}seed {self.seed}" + (f", example {self.example}" if self.example is not None else "")
        lines: list[str] = []
        if self.verdict is Verdict.NOT_DETERMINISTIC:
            wrong = wrong[:1]
        for one in wrong:
            head = f'{one.verdict.value}   {self.title}: the gradient of "{one.name}", shape {one.shape}, {one.dtype}'
            lines += [f"{head:<74} {drawn}", ""]
            lines += _findings(one)
        if not wrong:
            lines += [f"{f'{self.verdict.value}   {self.title}':<75}{drawn}", ""]
        lines += [f"  {remark}" for remark in self.remarks] + [""] * bool(self.remarks)
        width = max((len(f'"{one.name}" {one.shape}') for one in self.inputs), default=0) + 2
        words = max((len(one.verdict.value) for one in self.inputs), default=0)
        lines += [one.line(width, words) for one in self.inputs]
        rest = [("also passed", ", ".join(self.passed)), ("again", self.again if not self else "")]
        lines += [f"  {label:<18}{text}" for label, text in rest if text]
        return "\n".join(lines)


def _findings(one: InputReport) -> list[str]:
    lines = []
    if one.verdict is Verdict.WRONG:
        lines.append(f"  likely cause   {one.cause or 'unexplained: no known kind of fault fits all the redraws'}")
        lines += [f"                 {one.evidence}"] * bool(one.evidence)
    elif one.cause:
        lines.append(f"  {one.cause}")
    if one.where:
        lines.append(f"  look at        {one.where}")
    if one.elements:
        lines += ["", f"  {'index':<10}{'analytic':>16}{'numeric':>16}{'off by':>25}"]
        for i, element in enumerate(one.elements[:SHOWN]):
            lines.append(f"  {element}     {element.excess:.0e}" + (" times what is allowed" if i == 0 else ""))
    return lines + [""]


def word_for(ratio: float) -> str:
    """The textbook's word for a ratio."""
    if not ratio <= 1e-3:
        return "a bug"
    return "great" if ratio < 1e-7 else "good" if ratio <= 1e-5 else "look"


def _index(index: tuple[int, ...] | str) -> str:
    return index if isinstance(index, str) else f"[{', '.join(map(str, index))}]"


def _number(value: complex) -> str:
    return (
        f"{value:.6g}" if isinstance(value, complex) else f"{value:.6f}" if 1e-3 <= abs(value) < 1e6 else f"{value:.6g}"
    )

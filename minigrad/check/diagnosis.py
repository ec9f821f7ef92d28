"""What is probably wrong: the causes tried in order, each printed only where every redraw agrees; never a guess."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import causes
from .compare import Comparison, Numerics
from .evidence import Draw, redraws
from .report import GradReport, InputReport, Verdict
from .shapes import shape_fault
from .subject import Array, Fault, Subject
from .subsets import subset

ORDER: tuple[causes.Cause, ...] = (
    causes.not_finite,
    causes.upstream,
    causes.all_zero,
    causes.sign,
    causes.constant_factor,
    causes.elementwise_factor,
    causes.transposed,
    causes.swapped,
    causes.moved,
    causes.regularization,
    causes.mean_term,
    subset,
    causes.tiny,
    causes.local_derivative,
)


def diagnose(
    subject: Subject,
    report: GradReport,
    numerics: Numerics,
    analytic: Sequence[Array | Fault | None],
    kinks: Sequence[dict[int, bool | None]],
    rng: np.random.Generator,
) -> None:
    """Fill in the cause and the evidence of every wrong input."""
    for k, one in enumerate(report.inputs):
        if one.verdict is not Verdict.WRONG:
            continue
        claimed = analytic[k]
        if isinstance(claimed, Fault):
            one.cause, one.evidence = shape_fault(subject, k, claimed)
        elif isinstance(claimed, np.ndarray) and claimed.shape != subject.points[k].shape:
            one.cause, one.evidence = shape_fault(subject, k, Fault("", claimed.shape))
        elif isinstance(one.comparison, Comparison) and one.cause is None:
            draw = Draw(subject, k, list(subject.points), numerics.loss.g, analytic, one.comparison, numerics, kinks[k])
            others = list(redraws(draw, rng))
            report.evaluations += sum(other.numerics.evaluations for other in others)
            _find(one, draw, others)


def _find(one: InputReport, first: Draw, others: list[Draw]) -> None:
    """The first cause in the order that every draw finds."""
    with np.errstate(all="ignore"):
        for cause in ORDER:
            for finding in cause(first):
                agreeing = [_matching(cause, finding, draw) for draw in others]
                if not others and len(first.comparison.indices) < 2:
                    continue  # one number, once: any factor would fit
                together = _together([finding, *[found for found in agreeing if found]])
                if all(agreeing) and together:
                    one.cause = together
                    held = f"held in {len(others)} of {len(others)} redraws" if others else ""
                    parts = [finding.evidence, f"({held})" if held and finding.evidence else held]
                    one.evidence = " ".join(part for part in parts if part) or None
                    return


def _matching(cause: causes.Cause, finding: causes.Finding, draw: Draw) -> causes.Finding | None:
    return next((other for other in cause(draw) if other.key == finding.key), None)


def _together(findings: Sequence[causes.Finding]) -> str | None:
    """The text; where it has a threshold, one that every draw allows."""
    bounds = [finding.bounds for finding in findings if finding.bounds]
    if not bounds:
        return findings[0].text
    low, high = max(b[0] for b in bounds), min(b[1] for b in bounds)
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        return None
    return findings[0].text.replace("{t}", _simplest(low, high))


def _simplest(low: float, high: float) -> str:
    """The number of fewest digits from low to high."""
    for digits in range(-3, 12):
        for number in (round(high, digits), round(low, digits), round((low + high) / 2, digits)):
            if low <= number <= high:
                return f"{number:g}"
    return f"{high:g}"

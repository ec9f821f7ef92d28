"""Examine one subject at one point: determinism, shapes, values, kinks, ties, linearity; then look for the cause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .compare import Numerics, allowed_for
from .conduct import check_linear, check_single_precision, pardon_surrogates, rounding_of
from .diagnosis import diagnose
from .draws import upstream
from .kinks import bracket, right_for_each_output, ties, total
from .ladder import Loss, precision_near
from .points import along_direction
from .progress import with_progress
from .projections import EVERY_ELEMENT, differs, project, search
from .report import Element, GradReport, InputReport, Verdict, worst_of
from .subject import Array, Fault, Subject
from .verdicts import at_kinks, judge, right_for_symmetric


def examine(subject: Subject, seed: int = 0, sample: int | None = None, explain: bool = True) -> GradReport:
    """Check one subject at one point: determinism, shapes, values, linearity, and what may be the cause."""
    rng = np.random.default_rng(seed)
    title, points = subject.title, subject.points
    before = [p.copy() for p in points]
    y = subject.evaluate(points)
    if not np.array_equal(y, subject.evaluate(points), equal_nan=True):
        return _not_deterministic(subject, seed, "results")
    g = np.ones(1) if subject.fixed else upstream(y, rng)
    analytic = subject.pull(points, g)
    if not _same(analytic, subject.pull(points, g)):
        return _not_deterministic(subject, seed, "gradients")
    eps, noise, used = precision_near(subject.evaluate, points, subject.eps, seed)
    numerics = Numerics(
        subject.evaluate, points, Loss(g, eps, np.fmax(noise, subject.noise)), bool(np.isfinite(y).all())
    )
    kinks: list[dict[int, bool | None]] = [{} for _ in points]
    inputs = [
        _check_input(subject, k, analytic, numerics, kinks[k], rng, sample)
        for k in with_progress(subject.names, f"check {title}")
    ]
    _check_ties(subject, inputs, analytic, numerics)
    report = _verdict(title, inputs, None, seed, used + 2 + numerics.evaluations)
    if all(isinstance(a, np.ndarray) and a.shape == p.shape for a, p in zip(analytic, points)):
        report.passed.append("shapes")
    report.passed.append("twice the same")
    check_linear(subject, report, g, analytic, rng)
    check_single_precision(subject, report, g, analytic, rng)
    if all(np.array_equal(p, old, equal_nan=True) for p, old in zip(points, before)):
        report.passed.append("inputs untouched")
    else:
        report.remarks.append("an input was written to: a rule or a forward changed what it was given")
        report.verdict = Verdict.WRONG
    pardon_surrogates(subject, report)
    if explain:
        diagnose(subject, report, numerics, analytic, kinks, rng)
    return report


def _same(first: Sequence[Array | Fault | None], second: Sequence[Array | Fault | None]) -> bool:
    arrays = [(a, b) for a, b in zip(first, second) if isinstance(a, np.ndarray) and isinstance(b, np.ndarray)]
    return all(np.array_equal(a, b, equal_nan=True) for a, b in arrays)


def _not_deterministic(subject: Subject, seed: int, what: str) -> GradReport:
    cause = f"the same inputs gave two different {what}; a numerical derivative would measure the difference"
    inputs = [_report_of(subject, k, Verdict.NOT_DETERMINISTIC, cause=cause) for k in range(len(subject.points))]
    return _verdict(subject.title, inputs, Verdict.NOT_DETERMINISTIC, seed, 2)


def _verdict(title: str, inputs: list[InputReport], verdict: Verdict | None, seed: int, evaluations: int) -> GradReport:
    verdict = verdict or worst_of([one.verdict for one in inputs])
    if verdict.passes and all(one.comparison is None for one in inputs):
        verdict = Verdict.NOTHING_CHECKED
    return GradReport(title, inputs, verdict, seed, evaluations=evaluations)


def _report_of(subject: Subject, k: int, verdict: Verdict, **found: Any) -> InputReport:
    return InputReport(subject.names[k], subject.points[k].shape, str(subject.dtypes[k]), verdict, **found)


def _check_input(
    subject: Subject,
    k: int,
    analytic: Sequence[Array | Fault | None],
    numerics: Numerics,
    kinks: dict[int, bool | None],
    rng: np.random.Generator,
    sample: int | None,
) -> InputReport:
    claimed, point = analytic[k], subject.points[k]
    if claimed is None:
        return _report_of(subject, k, Verdict.NOTHING_CHECKED, cause="no gradient was given for it")
    if isinstance(claimed, Fault):
        return _report_of(subject, k, Verdict.WRONG, ratio=1.0, where=subject.where(k))
    if claimed.shape != point.shape:
        return _report_of(subject, k, Verdict.WRONG, ratio=1.0, where=subject.where(k))
    if not point.size or not len(numerics.loss.g):
        return _report_of(subject, k, Verdict.OK, checked="no elements")
    chosen, words = _choose(point.size, rng, sample)
    if chosen is not None:
        comparison = numerics.compare(k, claimed, chosen)
    else:
        comparison = project(numerics, k, claimed, rng)
        if not comparison.wrong.any():
            return judge(subject, comparison, {}, words)
        comparison = search(numerics, k, claimed, rng)
    if comparison.wrong.any():
        comparison = comparison._replace(
            error=comparison.error + rounding_of(subject, k, numerics.loss.g, rng).flat[comparison.indices]
        )
    if comparison.wrong.any() and right_for_symmetric(comparison, point, claimed):
        comparison = comparison._replace(analytic=comparison.numeric)
        words += ", as a function of symmetric matrices"
    kinks.update(at_kinks(subject, numerics, comparison))
    return judge(subject, comparison, kinks, words)


def _choose(size: int, rng: np.random.Generator, sample: int | None) -> tuple[Array | None, str]:
    if sample is not None and sample < size:
        return np.sort(rng.choice(size, sample, replace=False)), f"{sample} of {size:,} elements"
    if sample is None and size > EVERY_ELEMENT:
        return None, f"3 projections of {size:,} elements"
    return np.arange(size), f"{size} of {size} elements"


def _check_ties(
    subject: Subject, inputs: list[InputReport], analytic: Sequence[Array | Fault | None], numerics: Numerics
) -> None:
    """Move tied values together: what the gradients add up to there is no matter of choice."""
    known = [
        k
        for k, a in enumerate(analytic)
        if isinstance(a, np.ndarray) and a.shape == subject.points[k].shape and inputs[k]
    ]
    if not known or not len(numerics.loss.g):
        return
    for value, directions in ties([subject.points[k] for k in known]):
        every: list[Any] = [None] * len(subject.points)
        for k, u in zip(known, directions):
            every[k] = u
        line, origin = along_direction(numerics.at, subject.points, every), abs(value)
        claims = [np.asarray(analytic[k]) for k in known]
        claimed = total(claims, directions)
        slope = numerics.along(line, origin)
        if np.isfinite(claimed) and not differs(claimed, slope):
            continue
        slope = numerics.along(line, origin, thorough=True)
        sides = bracket(numerics, line, origin)
        mixed = not any(np.isnan(a).any() for a in claims)  # inf - inf: nothing adds up there
        if np.isnan(claimed) and (mixed or not numerics.defined):
            continue
        right = np.isfinite(claimed) and not differs(claimed, slope)
        if right or sides.accepts(claimed) or sides.has_no_slope or not slope.known:
            continue

        def claim(gradients: Sequence[Any], directions: list[Array] = directions) -> float:
            return total([gradients[k] for k in known], directions)

        if right_for_each_output(subject, numerics, line, origin, claim):
            continue
        excess = abs(claimed - slope.value) / float(allowed_for(claimed, slope.value, slope.error))
        element = Element(f"all {value:.3g}", claimed, slope.value, slope.error, excess)
        share = f"{claimed / slope.value + 0.0:.3g} times" if slope.value else f"{claimed:.3g}, not 0:"
        for k, u in zip(known, directions):
            if u.any():
                inputs[k].cause = (
                    f"where values are tied the gradient adds up to {share} what it must: "
                    "the shares of a tie must add up to 1"
                )
                inputs[k].verdict = Verdict.WRONG
                inputs[k].elements = [element, *inputs[k].elements]
                inputs[k].where = subject.where(k)

"""Examine one subject at one point: determinism, shapes, values, kinks, ties, linearity; then look for the cause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..containers import flatten
from ..graph import reachable
from ..tensor import Tensor
from .compare import Numerics
from .diagnosis import diagnose
from .draws import draw_g, nearby
from .kinks import bracket, right_for_each_output, ties, total
from .ladder import Loss, precision_near
from .points import Vector, along_direction
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
        cause = "the same inputs gave two different results; a numerical derivative would measure the difference"
        return _verdict(
            title,
            [_report_of(subject, k, Verdict.NOT_DETERMINISTIC, cause=cause) for k in range(len(points))],
            Verdict.NOT_DETERMINISTIC,
            seed,
            2,
        )
    g = np.ones(1) if subject.fixed or y.size == 1 else draw_g(y, rng)
    analytic = subject.pull(points, g)
    eps, noise, used = precision_near(subject.evaluate, points, subject.eps, seed)
    numerics = Numerics(subject.evaluate, points, Loss(g, eps, noise), bool(np.isfinite(y).all()))
    kinks: list[dict[int, bool | None]] = [{} for _ in points]
    inputs = [
        _check_input(subject, k, analytic, numerics, kinks[k], rng, sample)
        for k in with_progress(subject.names, f"check {title}")
    ]
    _check_ties(subject, inputs, analytic, numerics)
    report = _verdict(title, inputs, None, seed, used + 2 + numerics.evaluations)
    report.passed = ["shapes", "twice the same"]
    _check_linear(subject, report, g, analytic, rng)
    _check_single_precision(subject, report, g, analytic, rng)
    if all(np.array_equal(p, old, equal_nan=True) for p, old in zip(points, before)):
        report.passed.append("inputs untouched")
    else:
        report.remarks.append("an input was written to: a rule or a forward changed what it was given")
        report.verdict = Verdict.WRONG
    _pardon_surrogates(subject, report)
    if explain:
        diagnose(subject, report, numerics, analytic, kinks, rng)
    return report


def _check_single_precision(
    subject: Subject, report: GradReport, g: Vector, analytic: Sequence[Array | Fault | None], rng: np.random.Generator
) -> None:
    """The backward pass of float32 inputs beside the one of float64, which is compared with the numerical derivative."""
    if subject.fixed or np.dtype(np.float32) not in subject.dtypes:
        return
    single = subject.pull([p.astype(dtype) for p, dtype in zip(subject.points, subject.dtypes)], g)
    good = True
    for k, (a, b) in enumerate(zip(analytic, single)):
        one = report.inputs[k]
        if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray) or a.shape != b.shape or not one:
            continue
        both = np.isfinite(a) & np.isfinite(b)
        size = np.max(np.abs(a), where=both, initial=0.0)
        off = np.max(np.abs(a - b), where=both, initial=0.0)
        allowed = 1e-3 * size + 10 * rounding_of(subject, k, g, rng, np.inf, 1e-6).max(initial=0.0) + 1e-5
        if off > allowed:
            good = False
            one.verdict = report.verdict = Verdict.WRONG
            one.where = subject.where(k)
            one.cause = f"in float32 the gradient is another than in float64: off by {off:.1g}, its size is {size:.1g}"
    if good:
        report.passed.append("float32 agrees with float64")


def _pardon_surrogates(subject: Subject, report: GradReport) -> None:
    """A rule that is declared not to be the derivative is named, and what flows through it is not judged."""
    if report.verdict is not Verdict.WRONG:
        return
    out = subject.compute()
    roots = [leaf.node for leaf in flatten(out)[0] if isinstance(leaf, Tensor) and leaf.node is not None]
    ops = {id(node.plan.op): node.plan.op for node in reachable(roots) if node.plan is not None}
    rules = {id(rule): (op, rule) for op in ops.values() for rule in op.rules.values() if rule and rule.surrogate}
    if not rules:
        return
    for op, rule in rules.values():
        report.remarks.append(
            f"not judged: {op.name} declares a surrogate for {', '.join(rule.names)} ({rule.surrogate})"
        )
    for one in report.inputs:
        if one.verdict is Verdict.WRONG and one.comparison is not None:
            one.verdict = Verdict.INCONCLUSIVE
    report.verdict = worst_of([one.verdict for one in report.inputs])


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
        element = Element(
            f"all {value:.3g}", claimed, slope.value, slope.error, abs(claimed - slope.value) / slope.error
        )
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


def rounding_of(
    subject: Subject, k: int, g: Vector, rng: np.random.Generator, most: float = 1e-9, width: float = 2e-15
) -> Array:
    """How far the claimed gradient itself is rounded: what it changes by when its inputs change in their last digits.

    Equal values stay equal, so that ties stay ties. More than `most` is no rounding, and does not count.
    """
    if subject.fixed:
        return np.zeros(subject.points[k].shape)
    claims = []
    for _ in range(3):
        claims.append(subject.pull(nearby(subject.points, width, rng), g)[k])
    arrays = [a for a in claims if isinstance(a, np.ndarray) and a.shape == subject.points[k].shape]
    if len(arrays) < 3 or not np.isfinite(arrays).all():
        return np.zeros(subject.points[k].shape)
    spread = np.ptp(np.abs(np.stack(arrays)), axis=0)
    return np.where(spread <= most * max(1.0, float(np.abs(arrays).max(initial=0))), spread, 0.0)


def _check_linear(
    subject: Subject, report: GradReport, g: Vector, analytic: Sequence[Array | Fault | None], rng: np.random.Generator
) -> None:
    """A backward pass is linear in g: the gradient for 2 g - 3 h is 2 times the one for g, minus 3 times the one for h."""
    if subject.fixed:
        return
    h = draw_g(g, rng)
    other, both = subject.pull(subject.points, h), subject.pull(subject.points, 2 * g - 3 * h)
    good = True
    for k, (a, b, c) in enumerate(zip(analytic, other, both)):
        if not (isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and isinstance(c, np.ndarray)):
            continue
        if not np.isfinite([a, b, c]).all():
            continue
        size = max(np.max(np.abs(part), initial=0.0) for part in (a, b, c))
        off = np.max(np.abs(2 * a - 3 * b - c), initial=0.0)
        if off > 1e-9 * size + 1e-12 and off > 10 * rounding_of(subject, k, g, rng, np.inf).max():
            good = False
            one = report.inputs[k]
            if one.verdict.passes:
                one.verdict = report.verdict = Verdict.WRONG
                one.where = subject.where(k)
    if good:
        report.passed.append("linear in g")

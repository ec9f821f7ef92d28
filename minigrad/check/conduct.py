"""What a backward pass must obey whatever it computes: linear in g, the same in single precision; and surrogates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..containers import flatten
from ..graph import reachable
from ..tensor import Tensor
from .draws import draw_g, nearby
from .points import Vector
from .report import GradReport, Verdict, worst_of
from .subject import Array, Fault, Subject


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


def check_linear(
    subject: Subject, report: GradReport, g: Vector, analytic: Sequence[Array | Fault | None], rng: np.random.Generator
) -> None:
    """A backward pass is linear in g: the gradient for 2 g - 3 h is 2 times the one for g, minus 3 times the one for h."""
    if subject.fixed or not subject.takes_g:
        return
    h = draw_g(g, rng)
    other, both = subject.pull(subject.points, h), subject.pull(subject.points, 2 * g - 3 * h)
    good, compared = True, False
    for k, (a, b, c) in enumerate(zip(analytic, other, both)):
        if not (isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and isinstance(c, np.ndarray)):
            continue
        if not np.isfinite([a, b, c]).all():
            continue
        compared = True
        size = max(np.max(np.abs(part), initial=0.0) for part in (a, b, c))
        off = np.max(np.abs(2 * a - 3 * b - c), initial=0.0)
        if off > 1e-9 * size + 1e-12 and off > 10 * rounding_of(subject, k, g, rng, np.inf).max():
            good = False
            one = report.inputs[k]
            if one.verdict.passes:
                one.verdict = report.verdict = Verdict.WRONG
                one.where = subject.where(k)
    if good and compared:
        report.passed.append("linear in g")


def check_single_precision(
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


def pardon_surrogates(subject: Subject, report: GradReport) -> None:
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

"""gradcheck: compare claimed gradients with numerical ones, and say what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..containers import flatten
from ..transforms import vjp
from .compare import Comparison, Numerics
from .diagnosis import diagnose
from .ladder import Loss, noise_near
from .points import Vector
from .projections import EVERY_ELEMENT, project, search
from .report import Element, GradReport, InputReport, Verdict, worst_of
from .subject import Array, Fault, Given, Subject, Traced, spread


def gradcheck(
    f: Callable[..., Any],
    *inputs: Any,
    analytic: Any = None,
    order: int = 1,
    seed: int = 0,
    sample: int | None = None,
) -> GradReport:
    """Compare the gradients of f with numerical ones, and say which element is wrong, and why.

    Parameters
    ----------
    f
        A function, or an op. It is called with Tensors; with `analytic`, with exactly what is passed here.
    inputs
        Arrays, numbers, or dicts, lists and tuples of arrays. Integers and booleans are constants.
    analytic
        Gradients made elsewhere, of a function that returns a scalar: an array; a dict that is matched by key; a tuple,
        one for each of several inputs; or a function that is called like f and returns one of these.
    order
        2 checks the derivative of the derivative as well.
    seed
        Of the random upstream gradient, directions and sample; the report prints it.
    sample
        How many elements of each input to compare, chosen at random; all of a small input, if not given, and three
        random projections of one of more than 200 elements.

    Returns
    -------
    GradReport
        True where it passed; its text is the report.

    >>> import numpy as np, minigrad as mg
    >>> report = mg.gradcheck(lambda x: np.sin(x) * x, np.array([0.5, 2.0]))
    >>> bool(report), report.inputs[0].name
    (True, 'x')
    >>> report = mg.gradcheck(lambda w: np.sum(w**2), np.array([0.5, 2.0]), analytic=lambda w: w)
    >>> report.verdict, report.inputs[0].cause
    ('WRONG', 'a constant factor: the gradient must be 2 times what it is')
    """
    subject: Traced | Given = Traced(f, inputs) if analytic is None else Given(f, inputs, analytic)
    report = examine(subject, seed, sample)
    if order > 1 and report.verdict.passes:
        if isinstance(subject, Given):
            raise ValueError(
                "gradcheck: order=2 differentiates minigrad's own backward pass; it has no meaning with analytic="
            )
        second = examine(Traced(*_derivative(subject, seed)), seed, sample)
        for one in second.inputs:
            one.where = one.where and subject.where(0)
        return _joined(report, second)
    return report


def _derivative(subject: Traced, seed: int) -> tuple[Callable[..., Any], list[Any], list[str]]:
    """The backward pass of a function, as a function of its inputs and of the gradients that arrive."""
    points = subject.points
    g = draw_g(subject.evaluate(points), np.random.default_rng(seed))
    arriving, _ = flatten(spread(g, subject.out))
    floating = [i for i, part in enumerate(subject.out) if part.dtype.kind in "fc"]

    def backward(*arguments: Any) -> Any:
        leaves, drawn = arguments[: len(points)], arguments[len(points) :]
        out, pullback = vjp(subject.call, *leaves)
        cotangents = list(arriving)
        for i, part in zip(floating, drawn):
            cotangents[i] = part
        return pullback(flatten(out)[1](cotangents))

    names = [f"g{i}" if len(floating) > 1 else "g" for i in floating]
    return backward, [*points, *[arriving[i] for i in floating]], [*subject.names, *names]


def _joined(first: GradReport, second: GradReport) -> GradReport:
    second.title, second.order = first.title, 2
    second.evaluations += first.evaluations
    if not second:
        return second
    first.passed.append("second order")
    first.evaluations = second.evaluations
    return first


def examine(subject: Subject, seed: int = 0, sample: int | None = None) -> GradReport:
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
    noise, used = noise_near(subject.evaluate, points, subject.eps, seed)
    numerics = Numerics(subject.evaluate, points, Loss(g, subject.eps, noise))
    inputs = [_check_input(subject, k, analytic, numerics, rng, sample) for k in range(len(points))]
    report = _verdict(title, inputs, None, seed, used + 2 + numerics.evaluations)
    report.passed = ["shapes", "twice the same"]
    _check_linear(subject, report, g, analytic, rng)
    if all(np.array_equal(p, old, equal_nan=True) for p, old in zip(points, before)):
        report.passed.append("inputs untouched")
    else:
        report.remarks.append("an input was written to: a rule or a forward changed what it was given")
        report.verdict = Verdict.WRONG
    diagnose(subject, report, numerics, analytic, rng)
    return report


def draw_g(y: Vector, rng: np.random.Generator) -> Vector:
    """A random gradient to arrive from above: all ones would hide a g that is ignored.

    Outputs of very different size are weighted so that none drowns the rounding of the others.
    """
    g = rng.uniform(0.5, 1.5, y.shape) * rng.choice([-1.0, 1.0], y.shape)
    if y.dtype.kind == "c":
        g = g * np.exp(2j * np.pi * rng.random(y.shape))
    size = np.abs(y)
    if size.size and np.nanmax(size) > 1e3:
        g = g / np.fmax(1.0, size)
    return np.where(np.isfinite(y), g, 0)


def _verdict(title: str, inputs: list[InputReport], verdict: Verdict | None, seed: int, evaluations: int) -> GradReport:
    return GradReport(
        title, inputs, verdict or worst_of([one.verdict for one in inputs]), seed, evaluations=evaluations
    )


def _report_of(subject: Subject, k: int, verdict: Verdict, **found: Any) -> InputReport:
    return InputReport(subject.names[k], subject.points[k].shape, str(subject.dtypes[k]), verdict, **found)


def _check_input(
    subject: Subject,
    k: int,
    analytic: Sequence[Array | Fault | None],
    numerics: Numerics,
    rng: np.random.Generator,
    sample: int | None,
) -> InputReport:
    claimed, point = analytic[k], subject.points[k]
    if claimed is None:
        return _report_of(subject, k, Verdict.NOTHING_CHECKED, cause="no gradient was given for it")
    if isinstance(claimed, Fault):
        return _report_of(subject, k, Verdict.WRONG, ratio=1.0, cause=claimed.text, where=subject.where(k))
    if claimed.shape != point.shape:
        return _report_of(subject, k, Verdict.WRONG, ratio=1.0, cause=f"shape {claimed.shape}", where=subject.where(k))
    if not point.size or not len(numerics.loss.g):
        return _report_of(subject, k, Verdict.OK, checked="no elements")
    chosen, words = _choose(point.size, rng, sample)
    if chosen is not None:
        comparison = numerics.compare(k, claimed, chosen)
    else:
        comparison = project(numerics, k, claimed, rng)
        if comparison.wrong.any():
            comparison = search(numerics, k, claimed, rng)
    return judge(subject, comparison, words)


def _choose(size: int, rng: np.random.Generator, sample: int | None) -> tuple[Array | None, str]:
    if sample is not None and sample < size:
        return np.sort(rng.choice(size, sample, replace=False)), f"{sample} of {size:,} elements"
    if sample is None and size > EVERY_ELEMENT:
        return None, f"3 projections of {size:,} elements"
    return np.arange(size), f"{size} of {size} elements"


def judge(subject: Subject, comparison: Comparison, words: str) -> InputReport:
    """The report on one input, the worst elements first."""
    k, excess = comparison.k, comparison.excess
    wrong = np.flatnonzero(comparison.wrong)
    verdict = Verdict.WRONG if len(wrong) else Verdict.INCONCLUSIVE if np.isnan(excess).all() else Verdict.OK
    elements = [
        Element(
            comparison.place(j),
            comparison.analytic[j].item(),
            comparison.numeric[j].item(),
            float(comparison.error[j]),
            float(excess[j]),
        )
        for j in sorted(wrong, key=lambda j: -excess[j])
    ]
    where = subject.where(k) if len(wrong) else ""
    report = _report_of(
        subject,
        k,
        verdict,
        ratio=comparison.ratio,
        elements=elements,
        checked=words,
        where=where,
        comparison=comparison,
    )
    return report


def _check_linear(
    subject: Subject, report: GradReport, g: Vector, analytic: Sequence[Array | Fault | None], rng: np.random.Generator
) -> None:
    """A backward pass is linear in g: the gradient for 2 g - h is twice the one for g, minus the one for h."""
    if subject.fixed:
        return
    h = draw_g(g, rng)
    other, both = subject.pull(subject.points, h), subject.pull(subject.points, 2 * g - h)
    good = True
    for k, (a, b, c) in enumerate(zip(analytic, other, both)):
        if any(not isinstance(one, np.ndarray) or one.shape != subject.points[k].shape for one in (a, b, c)):
            continue
        size = np.abs(a) * 2 + np.abs(b) + np.abs(c)
        if not (np.abs(2 * a - b - c) <= 1e-9 * size.max(initial=0) + 1e-12).all() and np.isfinite(size).all():
            good = False
            if report.inputs[k].verdict.passes:
                report.inputs[k].verdict = report.verdict = Verdict.WRONG
                report.inputs[k].where = subject.where(k)
                report.inputs[k].cause = "the gradient is not linear in g"
    if good:
        report.passed.append("linear in g")

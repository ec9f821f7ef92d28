"""gradcheck: compare claimed gradients with numerical ones, and say what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..op import Op
from .culprit import name_the_op
from .examine import examine
from .given import Given
from .names import target_of
from .report import GradReport
from .second import generic, second_order
from .traced import Traced


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
    >>> str(report.verdict), report.inputs[0].cause
    ('WRONG', 'a constant factor: the gradient is 2 times too small')
    """
    subject: Traced | Given = Traced(f, inputs) if analytic is None else Given(f, inputs, analytic)
    report = examine(subject, seed, sample)
    name_the_op(report, subject, seed)
    if isinstance(f, Op):
        report.again = f"minigrad check {target_of(f)} --seed {seed}"
    if order > 1 and report.verdict.passes:
        if isinstance(subject, Given):
            raise ValueError(
                "gradcheck: order=2 differentiates minigrad's own backward pass; it has no meaning with analytic="
            )
        second = examine(second_order(generic(subject, seed), seed), seed, sample)
        return _joined(report, second)
    return report


def _joined(first: GradReport, second: GradReport) -> GradReport:
    second.title, second.order = first.title, 2
    second.evaluations += first.evaluations
    if not second:
        return second
    first.passed.append("second order")
    first.evaluations = second.evaluations
    return first

"""From numbers to a verdict on one input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .compare import Comparison, Numerics, allowed_for, place
from .kinks import bracket, right_for_each_output
from .points import along_element
from .report import Element, InputReport, Verdict
from .subject import Array, Subject

AT_KINKS = 200  # elements whose one-sided derivatives are looked at
TELLING = 0.1  # an error of a tenth of the largest derivative leaves nothing to be said


def at_kinks(subject: Subject, numerics: Numerics, comparison: Comparison) -> dict[int, bool | None]:
    """Of the elements that seem wrong: which are at a kink, and whether they are right there.

    None where f has no slope on either side, so that nobody can say.
    """
    found: dict[int, bool | None] = {}
    point = numerics.points[comparison.k]
    if point.dtype.kind == "c":
        return found
    excess = comparison.excess
    for j in np.flatnonzero(~(excess <= 1))[:AT_KINKS]:
        if not numerics.defined and np.isnan(comparison.analytic[j]):
            found[int(j)] = None
            continue
        index = place(int(comparison.indices[j]), comparison.shape)
        line = along_element(numerics.at, numerics.points, comparison.k, index)
        sides = bracket(numerics, line, float(abs(point[index])))
        accepted = sides.accepts(float(comparison.analytic[j]))
        if accepted is False:

            def claim(gradients: Sequence[Any], index: tuple[int, ...] = index) -> float:
                return float(gradients[comparison.k][index].real)

            accepted = right_for_each_output(subject, numerics, line, float(abs(point[index])), claim)
        if accepted is not None or sides.has_no_slope:
            found[int(j)] = accepted
    return found


def right_for_symmetric(comparison: Comparison, x: Array, analytic: Array) -> bool:
    """Whether a function that reads one triangle of a symmetric matrix has a gradient that is right for such matrices.

    The numerical derivative is 0 in the triangle that is not read; the rule shares it between both. As directions that
    keep the matrix symmetric see it, these are the same.
    """
    if x.ndim < 2 or x.shape[-1] != x.shape[-2] or x.shape[-1] < 2 or len(comparison.indices) != x.size:
        return False
    if not np.array_equal(x, np.conj(np.swapaxes(x, -1, -2))) or not np.isfinite(comparison.error).all():
        return False
    numeric, error = np.zeros(x.size, comparison.numeric.dtype), np.zeros(x.size)
    numeric[comparison.indices], error[comparison.indices] = comparison.numeric, comparison.error
    numeric, error = numeric.reshape(x.shape), error.reshape(x.shape)
    if (np.abs(np.triu(numeric, 1)) > 4 * error).any() and (np.abs(np.tril(numeric, -1)) > 4 * error).any():
        return False
    a, v, e = analytic + _adjoint(analytic), numeric + _adjoint(numeric), error + np.swapaxes(error, -1, -2)
    return bool((np.abs(a - v) <= allowed_for(a, v, e)).all())


def _adjoint(x: Array) -> Array:
    return np.asarray(np.conj(np.swapaxes(x, -1, -2)))


def judge(subject: Subject, comparison: Comparison, kinks: dict[int, bool | None], words: str) -> InputReport:
    """The report on one input, the worst elements first."""
    k = comparison.k
    excess = comparison.excess.copy()
    for j, accepted in kinks.items():
        excess[j] = np.nan if accepted is None else 0.0 if accepted else np.fmax(excess[j], 2.0)
    wrong = np.flatnonzero(excess > 1)
    if len(wrong):
        verdict = Verdict.WRONG
    elif not _telling(comparison, excess).any():
        verdict = Verdict.INCONCLUSIVE
    else:
        verdict = Verdict.OK_AT_KINK if any(kinks.values()) else Verdict.OK
    elements = [
        Element(
            place(int(comparison.indices[j]), comparison.shape),
            comparison.analytic[j].item(),
            comparison.numeric[j].item(),
            float(comparison.error[j]),
            float(excess[j]),
        )
        for j in sorted(wrong, key=lambda j: -excess[j])
    ]
    if not comparison.analytic.any() and not comparison.numeric.any():
        words += ", all of them 0"
    smooth = np.array([j not in kinks for j in range(len(excess))])
    return InputReport(
        subject.names[k],
        subject.points[k].shape,
        str(subject.dtypes[k]),
        verdict,
        comparison.only(smooth).ratio if not len(wrong) else comparison.ratio,
        elements,
        checked=words,
        where=subject.where(k) if len(wrong) else "",
        comparison=comparison,
    )


def _telling(
    comparison: Comparison, excess: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which elements say something: those whose error is small beside the derivatives."""
    known = np.isfinite(comparison.error) & np.isfinite(comparison.numeric)
    largest = np.max(np.abs(comparison.numeric), where=known, initial=0.0)
    precise = known & (comparison.error <= TELLING * largest + 1e-9)
    return np.asarray((precise | (excess == 0.0)) & ~np.isnan(excess))

"""The checker, broken on purpose: each breakage must be seen by the shelf of specimens.

Ten and more ways to ruin it. For each the same question is asked that the suite asks of the whole checker (every
wrong specimen WRONG with its cause, every right one not), and the answer must be no.
"""

import numpy as np
import pytest

import minigrad as mg
from minigrad.check import compare, diagnosis, draws, evidence, examine, kinks, ladder, projections, verdicts
from minigrad.check.report import Verdict

from .right_specimens import RIGHT
from .specimens import WRONG

BREAKAGES = {}


def breakage(function):
    BREAKAGES[function.__name__] = function
    return function


@breakage
def the_tolerance_is_a_million_times_too_loose(patch):
    right = compare.allowed_for
    for module in (compare, evidence, projections, kinks, verdicts):
        patch.setattr(module, "allowed_for", lambda a, v, e: 1e6 * right(a, v, e) + 1e-2)


@breakage
def the_tolerance_is_a_thousand_times_too_tight(patch):
    right = compare.allowed_for
    for module in (compare, projections, kinks):
        patch.setattr(module, "allowed_for", lambda a, v, e: 1e-3 * right(a, v, e))


@breakage
def the_comparison_is_skipped(patch):
    patch.setattr(compare.Comparison, "excess", property(lambda self: np.zeros(len(self.indices))))


@breakage
def the_gradient_is_compared_with_itself(patch):
    patch.setattr(compare.Comparison, "excess", property(lambda self: np.abs(self.analytic - self.analytic)))


@breakage
def the_numerical_derivative_has_the_wrong_sign(patch):
    right = ladder.Loss.change
    patch.setattr(ladder.Loss, "change", lambda self, a, b: right(self, b, a))


@breakage
def the_upstream_gradient_is_all_ones(patch):
    patch.setattr(draws, "draw_g", lambda y, rng: np.ones(y.shape, y.dtype))


@breakage
def rounding_is_forgotten(patch):
    patch.setattr(ladder.Loss, "rounding", lambda self, largest: 0.0)
    patch.setattr(ladder.Rung, "error", property(lambda self: 0.01 * self.seen))


@breakage
def only_one_step_is_tried(patch):
    patch.setattr(ladder, "RUNGS", 1)


@breakage
def kinks_are_not_looked_at(patch):
    patch.setattr(examine, "at_kinks", lambda subject, numerics, comparison: {})


@breakage
def at_a_kink_anything_will_do(patch):
    patch.setattr(kinks.Bracket, "accepts", lambda self, claimed: True)


@breakage
def ties_are_not_moved_together(patch):
    patch.setattr(examine, "ties", lambda points: iter(()))


@breakage
def projections_always_pass(patch):
    right = projections.project

    def project(*arguments):
        comparison = right(*arguments)
        return comparison._replace(analytic=comparison.numeric)

    patch.setattr(examine, "EVERY_ELEMENT", 0)
    patch.setattr(examine, "project", project)


@breakage
def linearity_is_not_checked(patch):
    patch.setattr(examine, "check_linear", lambda *arguments: None)


@breakage
def the_first_cause_is_printed_without_asking_the_redraws(patch):
    patch.setattr(diagnosis, "redraws", lambda draw, rng: iter(()))
    patch.setattr(evidence.Draw, "fits", lambda self, candidate, at=None: True)


@breakage
def no_cause_is_ever_found(patch):
    patch.setattr(diagnosis, "ORDER", ())


@breakage
def the_inputs_are_mixed_up(patch):
    right = compare.Numerics.element
    patch.setattr(
        compare.Numerics,
        "element",
        lambda self, k, flat, thorough=False: right(self, (k + 1) % len(self.points), 0, thorough),
    )


@breakage
def nothing_checked_passes(patch):
    patch.setattr(Verdict, "passes", property(lambda self: self is not Verdict.WRONG))


@breakage
def the_second_run_is_skipped(patch):
    patch.setattr(np, "array_equal", lambda *arguments, **options: True)


def first_failure():
    """The first specimen on which the checker does not say what it must; None where it always does."""
    if mg.gradcheck(lambda n: n, np.arange(3)):
        return "nothing to check"
    rng = np.random.default_rng(0)
    if mg.gradcheck(lambda x: x * rng.random(), np.ones(3)).verdict != "NOT DETERMINISTIC":
        return "not deterministic"
    with np.errstate(all="ignore"):
        for specimen in RIGHT:
            if mg.gradcheck(specimen.f, *specimen.inputs, **specimen.options).verdict not in ("OK", "OK AT KINK"):
                return specimen.name
        for specimen in WRONG:
            report = mg.gradcheck(specimen.f, *specimen.inputs, **specimen.options)
            said = [one.cause or "" for one in report.inputs if not one]
            if report.verdict != "WRONG" or not any(c in text for text in said for c in specimen.cause):
                return specimen.name
    return None


def test_unbroken_it_has_no_failure():
    assert first_failure() is None


@pytest.mark.parametrize("name", BREAKAGES)
def test_broken_it_has_one(name, monkeypatch):
    BREAKAGES[name](monkeypatch)
    assert first_failure() is not None


def test_there_are_at_least_ten_ways():
    assert len(BREAKAGES) >= 10

"""gradcheck: what it accepts, what it refuses, and what its report says."""

import subprocess
import sys

import numpy as np
import pytest

import minigrad as mg

from .specimens import normal


def scale_shift_op():
    @mg.op
    def scale_shift(x, shift):
        return 2 * x + shift

    scale_shift.vjp("x")(lambda g: 2 * g)
    scale_shift.vjp("shift")(lambda g: g.mean(0))
    return scale_shift


def test_the_report_says_which_element_why_where_and_how_to_repeat_it():
    report = mg.gradcheck(scale_shift_op(), normal(3, 4), normal(4), seed=3)
    assert not report
    assert report.verdict == "WRONG"
    x, shift = report.inputs
    assert (x.name, x.verdict, x.cause, x.worst) == ("x", "OK", None, None)
    assert (shift.name, shift.verdict) == ("shift", "WRONG")
    assert shift.cause == "the broadcast was averaged over axis 0; it must be summed"
    assert shift.ratio == pytest.approx(0.5)
    assert abs(shift.worst.numeric - 3 * shift.worst.analytic) <= shift.worst.error
    assert shift.worst.excess > 1e6
    text = str(report)
    for words in (
        'WRONG   scale_shift: the gradient of "shift", shape (4,), float64',
        "seed 3",
        "numeric = 3.000 x analytic in all 4 elements, and 3 is the length of axis 0 (held in 5 of 5 redraws)",
        "test_gradcheck.py:",
        'the rule for "shift"',
        "times what is allowed",
        "12 of 12 elements",
        "(a bug)",
        "linear in g",
    ):
        assert words in text, text


def test_right_is_right():
    report = mg.gradcheck(lambda x, w: np.tanh(x @ w), normal(3, 4), normal(4, 2), order=2)
    assert report
    assert report.verdict == "OK"
    assert [one.name for one in report.inputs] == ["x", "w"]
    assert "second order" in str(report)
    assert all(one.ratio < 1e-7 for one in report.inputs)


def test_gradients_in_a_dict_match_by_key_and_only_the_wrong_ones_are_named():
    p = {"W": normal(3, 2), "b": normal(3, seed=1)}
    f = lambda p: np.sum((p["W"] @ np.ones(2) + p["b"]) ** 2)
    d = 2 * (p["W"] @ np.ones(2) + p["b"])
    report = mg.gradcheck(f, p, analytic={"dW": np.outer(d, np.ones(2)), "db": d / 2})
    assert [(one.name, str(one.verdict)) for one in report.inputs] == [("W", "OK"), ("b", "WRONG")]
    assert report.inputs[1].cause == "a constant factor: the gradient is 2 times too small"
    assert mg.gradcheck(f, p, analytic={"b": d, "W": np.outer(d, np.ones(2))})
    with pytest.raises(ValueError, match="'V', which no input is called; the inputs are 'W', 'b'"):
        mg.gradcheck(f, p, analytic={"V": d})
    partial = mg.gradcheck(f, p, analytic={"b": d})
    assert partial.verdict == "NOTHING CHECKED"
    assert not partial


def test_analytic_in_all_its_forms():
    x, y = normal(3), normal(3, seed=1)
    f = lambda x, y: float(np.sum(x * y))
    assert mg.gradcheck(f, x, y, analytic=(y, x))
    assert not mg.gradcheck(f, x, y, analytic=(x, y))
    assert mg.gradcheck(f, x, y, analytic=lambda x, y: (y, x))
    assert mg.gradcheck(f, x, y, analytic={"x": y, "y": x})
    assert mg.gradcheck(f, x, y, analytic=(y, None)).inputs[0].name == "x"
    assert mg.gradcheck(lambda x: np.sum(x**2), x, analytic=2 * x)
    assert mg.gradcheck(lambda p: np.sum(p[0] * p[1]), [x, y], analytic=lambda p: [p[1], p[0]])
    n = np.array([1, 2, 3])
    assert mg.gradcheck(lambda x, n: np.sum(x**n), x, n, analytic=(n * x ** (n - 1), None))
    assert mg.gradcheck(np.sin, x, analytic=lambda x, g: g * np.cos(x))
    with pytest.raises(ValueError, match="must return a scalar; sin returned 3 elements"):
        mg.gradcheck(np.sin, x, analytic=lambda x: np.cos(x))
    with pytest.raises(ValueError, match="analytic is a tuple of as many"):
        mg.gradcheck(f, x, y, analytic=(x,))


def test_with_analytic_the_function_gets_exactly_what_was_passed():
    seen = []

    def f(p, n):
        seen.append((type(p["w"]), p["w"].dtype, n))
        return float(np.sum(p["w"] ** 2))

    p = {"w": np.ones(2)}
    assert mg.gradcheck(f, p, 3, analytic=({"w": 2 * np.ones(2)}, None))
    assert {kind for kind, _, _ in seen} == {np.ndarray}
    assert {n for _, _, n in seen} == {3}
    assert (p["w"] == 1).all()


def test_a_black_box_that_insists_on_float32():
    def f(x):
        if x.dtype != np.float32:
            raise RuntimeError("expected float32")
        return float(np.sum(x**2))

    x = normal(4).astype(np.float32)
    assert mg.gradcheck(f, x, analytic=lambda x: 2 * x)
    assert not mg.gradcheck(f, x, analytic=lambda x: 2.1 * x)


def test_a_wrong_shape_is_a_report_and_not_an_exception():
    report = mg.gradcheck(lambda x: np.sum(x), np.ones((2, 3)), analytic=np.ones(3))
    assert report.verdict == "WRONG"
    assert "shape (3,), the input (2, 3)" in report.inputs[0].cause


def test_a_faulty_rule_does_not_hide_the_other_inputs():
    op = mg.op(name="faulty")(lambda x, y: x * y)
    op.vjp("x")(lambda g, y: g * y)
    op.vjp("y")(lambda g, x: (g * x)[None])
    report = mg.gradcheck(op, normal(3), normal(3))
    assert [str(one.verdict) for one in report.inputs] == ["OK", "WRONG"]
    assert "sum over axis 0" in report.inputs[1].cause


def test_two_results_for_the_same_input():
    rng = np.random.default_rng(0)
    report = mg.gradcheck(lambda x: x * (rng.random(3) > 0.5), normal(3))
    assert report.verdict == "NOT DETERMINISTIC"
    assert not report
    assert "two different results" in str(report)


def test_a_check_that_compares_nothing_does_not_pass():
    for f, inputs in (
        (lambda x: x > 0, (normal(3),)),
        (lambda n: n * 2, (np.arange(3),)),
        (lambda: 1.0, ()),
        (mg.sin, (np.zeros((0, 3)),)),
    ):
        report = mg.gradcheck(f, *inputs)
        assert report.verdict == "NOTHING CHECKED", report
        assert not report


def test_an_empty_input_beside_others_is_right():
    assert mg.gradcheck(lambda x, y: mg.sum(x) + y, np.zeros((0, 3)), 2.0).verdict == "OK"


def test_one_wrong_element_among_many_is_found_and_costs_little():
    x = normal(300, 500)
    gradient = np.cos(x) * x + np.sin(x)
    gradient[200, 333] *= 1.001
    report = mg.gradcheck(lambda x: np.sum(np.sin(x) * x), x, analytic=gradient)
    assert report.verdict == "WRONG"
    assert report.inputs[0].worst.index == (200, 333)
    assert report.evaluations < 500


def test_sample_compares_so_many_elements():
    report = mg.gradcheck(np.sin, normal(10, 10), sample=7)
    assert "7 of 100 elements" in str(report)
    assert report.inputs[0].comparison.indices.size == 7


def test_an_input_that_is_written_to():
    def scribble(x):
        x.data[0] = 0
        return x * 1

    report = mg.gradcheck(scribble, normal(3))
    assert not report
    assert "written to" in str(report)


def test_second_order_finds_what_a_rule_hides_from_tensors():
    op = mg.op(name="hiding")(lambda x: x**3)
    op.vjp("x")(lambda g, x: g * 3 * np.asarray(getattr(x, "data", x)) ** 2)
    assert mg.gradcheck(op, normal(4))
    report = mg.gradcheck(op, normal(4), order=2)
    assert report.verdict == "WRONG"
    assert report.order == 2
    assert "of order 2" in str(report)


def test_a_surrogate_is_not_judged():
    op = mg.op(name="straight_through")(lambda x: np.round(x))
    op.vjp("x", surrogate="straight-through estimator")(lambda g: g)
    report = mg.gradcheck(op, normal(4))
    assert report
    assert "straight-through estimator" in str(report)
    inside = mg.gradcheck(lambda x: np.sum(op(x) ** 2), normal(4))
    assert inside
    assert "straight-through estimator" in str(inside)


def test_the_wrong_op_inside_a_function_is_named():
    op = mg.op(name="halved")(lambda x: np.sin(x))
    op.vjp("x")(lambda g, x: g * np.cos(x) / 2)
    report = mg.gradcheck(lambda x: np.sum(np.tanh(op(x) * x)), normal(4))
    assert report.verdict == "WRONG"
    assert "the op halved is wrong by itself" in str(report)
    assert "2 times too small" in str(report)


def test_a_cause_is_not_guessed_from_one_number():
    report = mg.gradcheck(lambda x: float(x**2), 3.0, analytic=12.0)
    assert report.verdict == "WRONG"
    assert report.inputs[0].cause is None
    assert "unexplained" in str(report)


def test_the_seed_repeats_the_report():
    op = scale_shift_op()
    x, shift = normal(3, 4), normal(4)
    assert str(mg.gradcheck(op, x, shift, seed=5)) == str(mg.gradcheck(op, x, shift, seed=5))
    assert str(mg.gradcheck(op, x, shift, seed=5)) != str(mg.gradcheck(op, x, shift, seed=6))


def test_importing_the_checker_brings_in_numpy_alone():
    code = "import sys, minigrad.check; print([m for m in ('hypothesis', 'rich', 'graphviz') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


FLAT = {
    "floor": (mg.floor, mg.ceil, mg.trunc, mg.rint, mg.sign),
    "divided": (lambda x: mg.floor_divide(x * 0.3, 0.3), lambda x: mg.floor_divide(x, np.array(-1.0))),
    "remainder": (lambda x: mg.remainder(x, 1.0), lambda x: mg.fmod(x, 1.0), lambda x: mg.modf(x)[0]),
}


@pytest.mark.parametrize("kind", FLAT)
def test_no_distance_from_a_jump_is_an_alarm(kind):
    """The slopes are 0, or 1, whatever the steps cross; x is from 1e-11 to 0.4 away from integers."""
    rng = np.random.default_rng(0)
    for seed in range(12):
        x = rng.integers(-90, 90, 6) + 10.0 ** rng.uniform(-11, -0.4, 6) * rng.choice([-1, 1], 6)
        for f in FLAT[kind]:
            report = mg.gradcheck(f, x, seed=seed)
            assert report.verdict != "WRONG", report


def test_a_wrong_rule_for_flat_pieces_is_wrong_near_a_jump_too():
    op = mg.op(name="floored")(lambda x: np.floor(x))
    op.vjp("x")(lambda g: 2 * g)
    for far in (1e-10, 1e-6, 1e-2):
        assert mg.gradcheck(op, np.array([1 + far, 3 - far, 2.5])).verdict == "WRONG"
        assert mg.gradcheck(op, np.array([1 + far])).verdict in ("WRONG", "INCONCLUSIVE")


def test_a_complex_number_gets_a_complex_gradient_from_above():
    """With a real one, a rule that forgets to conjugate g would pass."""

    @mg.op(holomorphic=False)
    def total(z):
        return np.sum(np.conj(z) * np.array([1, 2j]))

    total.vjp("z")(lambda g, z: g * np.conj(np.array([1, 2j])) + 0 * z)
    report = mg.gradcheck(total, np.array([1 + 2j, 3 - 1j]))
    assert report.verdict == "WRONG"
    total.vjp("z")(lambda g, z: np.conj(g) * np.array([1, 2j]) + 0 * z)
    assert mg.gradcheck(total, np.array([1 + 2j, 3 - 1j]))


def test_what_holds_by_construction_or_was_not_compared_is_not_listed_as_passed():
    x = np.array([1.0, 2.0])
    square, given = lambda x: np.sum(x * x), lambda x: 2 * x
    assert "linear in g" in mg.gradcheck(square, x).passed
    assert "linear in g" in mg.gradcheck(lambda x: x * x, x, analytic=lambda x, g: 2 * g * x).passed
    assert "linear in g" not in mg.gradcheck(square, x, analytic=given).passed  # multiplied by g afterwards
    nowhere = mg.elementwise(np.square, name="square_without_gradient", x=lambda g, x: g * np.nan)
    assert "linear in g" not in mg.gradcheck(nowhere, x).passed


def test_a_gradient_of_zeros_says_so():
    used, unused = mg.gradcheck(lambda w, v: np.sum(w * w) + 0 * np.sum(v), np.ones(2), np.ones(3)).inputs
    assert "2 of 2 elements, ratio" in used.line() and "all of them 0" not in used.line()
    assert "3 of 3 elements, all of them 0, ratio 0 (great)" in unused.line()

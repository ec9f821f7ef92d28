"""The second order where it raises false alarms elsewhere: ties, kinks a hair away, gradients that cancel."""

import numpy as np
import pytest

import minigrad as mg

rng = np.random.default_rng(0)
base = rng.standard_normal(4)
tied = np.array([[1.0, 1, -1], [1, 0, 0]])


@pytest.mark.parametrize("name", ["min", "amin", "nanmin", "max", "median", "sort", "ptp"])
def test_ties(name):
    for seed in range(3):
        report = mg.gradcheck(mg.ops[name], tied, order=2, seed=seed)
        assert report, report


def test_ties_of_outputs_that_bend_both_ways():
    for seed in (4, 7):
        report = mg.gradcheck(lambda x: mg.cummax(x, 0)[0], np.array([1.0, 1, 1, 0, 0]), order=2, seed=seed)
        assert report.verdict == "OK AT KINK", report
        report = mg.gradcheck(lambda x: mg.normalize(x, p=np.inf, dim=0), np.array([1.0, -1, 1, 0.5]), seed=seed)
        assert report.verdict == "OK AT KINK", report


@pytest.mark.parametrize("far", [1e-10, 1e-8, 3e-7, 1e-6])
def test_kinks_a_hair_away(far):
    signs = np.array([1.0, -1, -1, 0])
    moved = base + far * signs
    for seed in (4, 5, 6):
        for f, x in (
            (lambda x: mg.l1_loss(x, base), moved),
            (lambda x: mg.smooth_l1_loss(x, base, "mean", 0.5), moved + 0.5),
            (lambda x: mg.margin_ranking_loss(x, base, np.ones(4), 0.0), moved),
            (lambda x: mg.max_pool2d(x, 2), 1 + far * rng.integers(-1, 2, (1, 1, 4, 4))),
            (lambda x: np.maximum(x, base), moved),
            (mg.relu, far * signs),
        ):
            report = mg.gradcheck(f, x, order=2, seed=seed)
            assert report, report


def test_a_kink_nearer_than_the_first_steps_is_on_one_side():
    """The slope there is 0 or 1 and not their mean, although three steps in a row say 1/2."""
    for x, slope in ((-3e-7, 0.0), (3e-7, 1.0)):
        report = mg.gradcheck(lambda x: mg.relu(x - 0.05), np.array([0.05 + x]), seed=6)
        assert report.verdict in ("OK", "OK AT KINK")
        wrong = mg.gradcheck(
            lambda x: float(np.fmax(x - 0.05, 0)), 0.05 + x, analytic=lambda x, s=slope: s + 0.7 * (2 * s - 1)
        )
        assert wrong.verdict == "WRONG"


@pytest.mark.parametrize("scale", [10, 30, 300])
def test_saturated(scale):
    """Near a weight of 1 the gradient is what is left of terms a billion times larger: their rounding counts."""
    draw = np.random.default_rng(1)
    for seed in range(6):
        x = draw.standard_normal((2, 3)) * scale
        assert mg.gradcheck(mg.softmax, x, order=2, seed=seed)
    query = np.array([[-4.8, -7.8, -1.8, 2.0], [18.4, 0.52, 13.6, 17.7], [0.79, 16.1, 7.1, -4.2]])
    key = np.array([[2.65180025, 0.23, -2.32, -1.99], [1.44, 4.34, -8.85, -0.09], [-15.22, 2.61, 6.24, 1.64]])
    for seed in range(6):
        report = mg.gradcheck(mg.attention_weights, query * scale / 10, key, order=2, seed=seed)
        assert report, report


@pytest.mark.parametrize("scale", [0, 1e-8, 1e-4, 1e-2])
def test_norms_near_0(scale):
    report = mg.gradcheck(lambda x: mg.linalg.norm(x, 3), base * scale, order=2)
    assert report, report


def test_a_second_derivative_that_is_a_little_wrong():
    detached = mg.op(name="detached")(lambda x: x**3)
    detached.vjp("x")(lambda g, x: g * 3 * x * (x + 1e-6 * (x - np.asarray(getattr(x, "data", x)))))
    report = mg.gradcheck(detached, base, order=2)
    assert report.verdict == "WRONG"
    assert report.order == 2

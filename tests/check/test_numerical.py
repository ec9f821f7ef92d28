"""The numerical derivative: its five methods, its bound, and the traps that it must not step into."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad.check.ladder import Loss, ladder, precision_near
from minigrad.check.points import along_element, output_vector

PROOFS = Path(__file__).parents[2] / "proofs"


def proof(name):
    spec = importlib.util.spec_from_file_location(name, PROOFS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_bound_holds_on_a_sample_of_the_proof():
    pytest.importorskip("mpmath")
    found = list(proof("bound").cases(300, seed=0))
    assert sum(case.held for case in found) == 300, [case for case in found if not case.held]
    assert np.median([case.error / abs(case.truth) for case in found]) < 1e-6


@pytest.mark.parametrize(("method", "order"), [("forward", 1), ("central", 2), ("richardson", 4)])
def test_the_error_falls_with_the_power_of_the_step_that_the_textbook_says(method, order):
    h = 0.1
    errors = [abs(mg.numerical_gradient(np.exp, 1.0, method, h=h / 2**k).value - np.e) for k in range(3)]
    slopes = np.log2([a / b for a, b in zip(errors, errors[1:])])
    np.testing.assert_allclose(slopes, order, atol=0.1)


@pytest.mark.parametrize("method", ["forward", "central", "richardson", "complex", "ladder"])
def test_every_method_knows_its_error(method):
    value, error, evaluations = mg.numerical_gradient(
        lambda x: np.sum(np.sin(x) * x), np.array([0.3, -2.0, 5.0]), method
    )
    x = np.array([0.3, -2.0, 5.0])
    off = np.abs(value - (np.cos(x) * x + np.sin(x)))
    assert (off <= error + 1e-15).all()
    assert (error < {"forward": 1e-6, "central": 1e-8}.get(method, 1e-6)).all()
    assert evaluations > 3


def test_the_ladder_costs_what_it_says():
    counted = []
    result = mg.numerical_gradient(lambda x: counted.append(1) or np.sum(np.exp(x)), np.linspace(0.5, 2, 20))
    assert result.evaluations == len(counted)
    assert len(counted) < 20 * 8


def test_near_the_edge_of_a_domain_where_fixed_steps_fail():
    value, error, _ = mg.numerical_gradient(np.log, 1e-8)
    assert abs(value - 1e8) <= error < 20
    with np.errstate(all="ignore"):
        assert not np.isfinite(mg.numerical_gradient(np.log, 1e-8, "central", h=1e-5).value)


def test_outputs_are_subtracted_before_they_are_contracted():
    rng = np.random.default_rng(0)
    big, g = rng.standard_normal(100_000) * 10, rng.standard_normal(100_000)
    value, error, _ = mg.numerical_gradient(lambda x: np.r_[big, np.sin(x)], 1.0, g=np.r_[g, 1.0])
    assert abs(value - np.cos(1.0)) < 1e-10
    assert error < 1e-5


def test_a_step_wider_than_a_feature_does_not_pass_for_a_derivative_of_0():
    value, error, _ = mg.numerical_gradient(lambda x: np.exp(-((x / 1e-6) ** 2)), 5e-7)
    assert abs(value + 1e6 * np.exp(-0.25)) <= error < 20


def test_cancellation_inside_the_function_shows_in_the_error():
    x = np.array([3.0, 3.0, 3.0, 3.0])  # batch norm of constant features

    def normalized(x):
        return (x - x.mean()) / np.sqrt(x.var() + 1e-5)

    g = np.array([1.0, -0.5, 0.25, 2.0])
    value, error, _ = mg.numerical_gradient(normalized, x, g=g)
    truth = (g - g.mean()) / np.sqrt(1e-5)
    assert (np.abs(value - truth) <= error).all()


def test_equal_outputs_may_be_rounding():
    value, error, _ = mg.numerical_gradient(lambda x: x + 1e20, 1.0)
    assert value == 0
    assert error >= 1


def test_a_symmetric_kink_is_seen_from_a_hair_away():
    value, error, _ = mg.numerical_gradient(np.abs, 1e-9)
    assert abs(value - 1) <= error < 1e-3


def test_containers_numbers_and_tensors():
    value, error, _ = mg.numerical_gradient(lambda p: p["w"] @ p["b"], {"w": np.ones(2), "b": np.array([1.0, 3.0])})
    np.testing.assert_allclose(value["w"], [1, 3], atol=1e-9)
    np.testing.assert_allclose(value["b"], [1, 1], atol=1e-9)
    assert error["w"].shape == (2,)
    assert abs(mg.numerical_gradient(lambda x: mg.sin(x) * 2, 0.5).value - 2 * np.cos(0.5)) < 1e-9
    assert mg.numerical_gradient(np.sum, np.zeros((0, 3))).value.shape == (0, 3)


def test_complex_inputs_have_the_gradient_with_respect_to_both_parts():
    z = np.array([1 + 2j, -0.5j])
    value, _, _ = mg.numerical_gradient(lambda z: np.sum(np.abs(z) ** 2), z)
    np.testing.assert_allclose(value, 2 * z, atol=1e-8)


def test_single_precision_outputs_are_known_to_single_precision():
    value, error, _ = mg.numerical_gradient(lambda x: np.float32(np.sin(x)), 1.0)
    assert abs(value - np.cos(1.0)) <= error
    assert error > 1e-7


def test_single_precision_inside_is_noticed_although_the_output_is_double():
    f = lambda x: float(np.sum(np.sin(x.astype(np.float32))))
    x = np.array([0.3, 1.2, -2.0])
    value, error, _ = mg.numerical_gradient(f, x)
    assert (np.abs(value - np.cos(x)) <= error).all()
    assert (error < 0.05).all()
    assert mg.gradcheck(f, x, analytic=lambda x: np.cos(x))
    assert not mg.gradcheck(f, x, analytic=lambda x: 2 * np.cos(x))


def test_the_complex_step_says_when_the_imaginary_part_was_lost():
    assert mg.numerical_gradient(np.abs, 2.0, "complex").error == np.inf


def test_what_cannot_be_done_is_said():
    with pytest.raises(ValueError, match="no method 'newton'; there is forward, central"):
        mg.numerical_gradient(np.sin, 1.0, "newton")
    with pytest.raises(ValueError, match="returned 3 elements; return a scalar, or pass g"):
        mg.numerical_gradient(np.sin, np.zeros(3))
    with pytest.raises(ValueError, match="g has 2 elements, the output has 3"):
        mg.numerical_gradient(np.sin, np.zeros(3), g=np.zeros(2))
    with pytest.raises(TypeError, match="int64 does not exist"):
        mg.numerical_gradient(np.sum, np.arange(3))
    with pytest.raises(ValueError, match="the ladder chooses its own steps"):
        mg.numerical_gradient(np.sin, 1.0, h=1e-3)


def test_a_function_that_is_nowhere_finite_has_no_slope():
    loss = Loss(np.ones(1), 2e-16, np.zeros(1))
    f_of = lambda points: output_vector([np.log(-1 - np.abs(points[0]))])
    slope = ladder(along_element(f_of, [np.ones(1)], 0, (0,)), loss, 1.0)
    assert not slope.known


def test_noise_is_that_of_the_inside_of_the_function():
    eps, noise, evaluations = precision_near(
        lambda points: output_vector([(points[0] + 1e6) - 1e6]), [np.ones(1)], 2e-16
    )
    assert 1e-12 < noise[0] < 1e-8
    assert (eps, evaluations) == (2e-16, 10)


@pytest.mark.parametrize("far", [1e-12, 3e-9, 2e-7, 4e-5, 1e-3])
def test_beside_a_jump_the_error_covers_the_slope_of_the_piece(far):
    for f, slope in ((np.floor, 0.0), (lambda x: np.fmod(x, 1.0), 1.0), (lambda x: 7 * np.sign(x - 1), 0.0)):
        for x in (1 - far, 1 + far, 60 * far):
            value, error, _ = mg.numerical_gradient(f, x)
            assert np.isnan(value) or abs(value - slope) <= error, (x, value, error)


def test_flat_pieces_are_not_taken_for_single_precision():
    steps = np.linspace(0, 90, 2000)
    found = precision_near(lambda points: output_vector([np.floor(points[0])]), [steps], 2e-16)
    assert found.eps == 2e-16

"""Transforms: nesting, containers, argnums, pullbacks; the oracle is mpmath, NumPy, or algebra."""

import collections

import mpmath
import numpy as np
import pytest

import minigrad as mg


@pytest.mark.parametrize("x", [0.5, -1.3, 3.0])
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_any_order_of_sin_times_tanh(x, order):
    f = lambda x: np.sin(x) * np.tanh(x)
    for _ in range(order):
        f = mg.grad(f)
    assert float(f(x)) == pytest.approx(
        float(mpmath.diff(lambda t: mpmath.sin(t) * mpmath.tanh(t), x, order)), rel=1e-10
    )


def test_arrays_in_arrays_out_and_tensors_in_tensors_out():
    f = lambda x: mg.sum(x**3)
    assert isinstance(mg.grad(f)(np.ones(2)), np.ndarray)
    g = mg.grad(f)(mg.tensor(np.ones(2)))
    assert isinstance(g, mg.Tensor)
    x = mg.tensor(np.array([1.0, 2.0]), requires_grad=True)
    mg.sum(mg.grad(f)(x) ** 2).backward()  # the gradient of a gradient penalty: 2 * 3x^2 * 6x
    np.testing.assert_allclose(x.grad, [36, 288])


def test_gradient_penalty_reaches_parameters():
    w = mg.tensor(2.0, requires_grad=True)
    slope = mg.grad(lambda x: w * w * x)(mg.tensor(3.0))
    (slope * 5).backward()
    assert w.grad == 20


def test_an_inner_grad_sees_the_outer_tensors():
    assert mg.grad(lambda x: mg.grad(lambda y: x * y)(3.0))(2.0) == 1
    # Perturbation confusion (Siskind & Pearlmutter 2005): the answer is 1, a confused system says 2.
    assert mg.grad(lambda x: x * mg.grad(lambda y: x + y)(1.0))(1.0) == 1
    assert mg.grad(lambda x: x * mg.grad(lambda y: x * y)(x))(2.0) == 4


def test_grad_inside_no_grad():
    with mg.no_grad():
        assert mg.grad(lambda x: x * x)(3.0) == 6
        assert mg.grad(mg.grad(lambda x: x**3))(2.0) == 12


def test_argnums_and_containers():
    f = lambda p, x: mg.sum(p["w"] * x) + p["b"][0] * 2
    p = {"w": np.ones(3), "b": (np.array(1.0), np.array(5.0))}
    x = np.arange(3.0)
    value, g = mg.value_and_grad(f)(p, x)
    assert value == 5
    np.testing.assert_array_equal(g["w"], x)
    assert g["b"] == (2, 0)  # an unused input has a gradient of zeros
    gp, gx = mg.grad(f, argnums=(0, -1))(p, x)
    np.testing.assert_array_equal(gx, [1, 1, 1])
    assert list(gp) == ["w", "b"]
    with pytest.raises(TypeError, match="argument 2"):
        mg.grad(f, argnums=2)(p, x)
    Pair = collections.namedtuple("Pair", "a b")
    g = mg.grad(lambda p: p.a * p.b)(Pair(2.0, 3.0))
    assert isinstance(g, Pair) and g == (3, 2)


def test_python_floats_and_keyword_arguments():
    assert mg.grad(lambda x, *, k: x * k)(2.0, k=3.0) == 3


def test_integer_inputs_and_vector_outputs_are_refused():
    with pytest.raises(TypeError, match="int64 has no gradient"):
        mg.grad(lambda x: x * 1.0)(3)
    with pytest.raises(TypeError, match=r"must return one scalar, it returned \(2,\)"):
        mg.grad(lambda x: x)(np.ones(2))
    with pytest.raises(TypeError, match="it returned nothing"):
        mg.grad(lambda x: None)(1.0)


def test_a_constant_function():
    assert mg.grad(lambda x: 3.0)(2.0) == 0
    np.testing.assert_array_equal(mg.grad(lambda x: mg.sum(mg.floor(x)))(np.ones(2)), [0, 0])


def test_vjp():
    out, pullback = mg.vjp(lambda x, y: {"p": x * y, "s": x + y}, np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    np.testing.assert_array_equal(out["p"], [3, 8])
    g = {"p": np.array([1.0, 0.0]), "s": np.array([0.0, 1.0])}
    for _ in range(2):  # it can be called again
        gx, gy = pullback(g)
        np.testing.assert_array_equal(gx, [3, 1])
        np.testing.assert_array_equal(gy, [1, 1])
    with pytest.raises(ValueError, match=r"shape \(3,\); expected \(2,\)"):
        pullback({"p": np.ones(3), "s": np.ones(2)})
    with pytest.raises(TypeError, match="returned 2 arrays, the pullback got 1"):
        pullback(np.ones(2))


def test_jvp():
    x, v = np.array([0.3, -1.0, 0.0]), np.array([1.0, 2.0, -1.0])
    out, tangent = mg.jvp(lambda x: (mg.sin(x), mg.sum(x**2)), (x,), (v,))
    np.testing.assert_allclose(out[0], np.sin(x))
    np.testing.assert_allclose(tangent[0], np.cos(x) * v)
    np.testing.assert_allclose(tangent[1], 2 * x @ v)
    second = mg.jvp(lambda x: mg.jvp(mg.sin, (x,), (1.0,))[1], (0.5,), (1.0,))[1]
    assert float(second) == pytest.approx(-np.sin(0.5))
    assert float(mg.grad(lambda x: mg.jvp(mg.sin, (x,), (1.0,))[1])(0.5)) == pytest.approx(-np.sin(0.5))
    assert mg.jvp(lambda x: 3.0 * x, (1.0,), (0.0,))[1] == 0
    with pytest.raises(TypeError, match="tuples"):
        mg.jvp(mg.sin, 1.0, 1.0)
    with pytest.raises(ValueError, match="tangent"):
        mg.jvp(mg.sin, (x,), (np.ones(2),))


def test_jvp_through_a_rule_that_gives_a_bare_constant():
    @mg.op
    def with_constant_slope(x):
        return 3 * x

    @with_constant_slope.vjp("x")
    def _(g, x_shape):
        return np.zeros(x_shape)

    assert mg.jvp(with_constant_slope, (2.0,), (1.0,))[1] == 0


def test_jacobian_and_hessian():
    a = np.arange(6.0).reshape(2, 3)
    x = np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(mg.jacobian(lambda x: mg.matmul(a, x))(x), a)
    j = mg.jacobian(lambda p: {"y": p["u"] * p["v"]})({"u": np.ones(2), "v": np.array([3.0, 4.0])})
    np.testing.assert_allclose(j["y"]["u"], np.diag([3.0, 4.0]))
    q = a.T @ a
    np.testing.assert_allclose(mg.hessian(lambda x: mg.matmul(x, mg.matmul(q, x)) / 2)(x), q, atol=1e-12)
    v = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(mg.hvp(lambda x: mg.sum(mg.exp(x) * x), x, v), (x + 2) * np.exp(x) * v)
    nested = mg.hvp(lambda p: p["a"] ** 2 * p["b"], {"a": 2.0, "b": 3.0}, {"a": 1.0, "b": 0.0})
    assert nested == {"a": 6, "b": 4}


def test_gradients_that_nobody_asked_for_are_not_computed():
    @mg.op
    def watched(x, y):
        return x * y

    calls = []

    @watched.vjp("x")
    def _(g, y):
        calls.append("x")
        return g * y

    @watched.vjp("y")
    def _(g, x):
        calls.append("y")
        return g * x

    mg.grad(lambda y: watched(3.0, y))(2.0)
    assert calls == ["y"]
    w = mg.tensor(2.0, requires_grad=True)
    calls.clear()
    assert mg.grad(lambda y: watched(mg.exp(w), y))(2.0) == pytest.approx(np.exp(2))
    assert w.grad is None

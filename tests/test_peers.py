"""What the peers get wrong, each as a test: the behaviours were reproduced in their current releases.

The right values come from algebra or from NumPy; the name of a test says which peer has the fault.
"""

import tracemalloc

import numpy as np
import pytest

import minigrad as mg


def gradient(f, *args, argnums=0):
    return mg.grad(lambda *a: mg.sum(f(*a)), argnums=argnums)(*args)


class TestAutograd:
    def test_prod_with_zeros(self):
        np.testing.assert_array_equal(mg.grad(np.prod)(np.array([0.0, 2.0, 3.0])), [6, 0, 0])
        np.testing.assert_array_equal(mg.grad(np.prod)(np.array([0.0, 0.0, 3.0])), [0, 0, 0])

    def test_diag_of_a_matrix_that_is_not_square(self):
        g = gradient(np.diag, np.arange(6.0).reshape(2, 3))
        np.testing.assert_array_equal(g, [[1, 0, 0], [0, 1, 0]])

    def test_einsum_of_operands_that_broadcast(self):
        gx, gy = mg.grad(lambda x, y: np.einsum("i,i", x, y), argnums=(0, 1))(np.array([2.0]), np.array([3.0, 4.0]))
        np.testing.assert_array_equal(gx, [7])
        np.testing.assert_array_equal(gy, [2, 2])

    def test_norm_and_sinc_at_zero(self):
        np.testing.assert_array_equal(mg.grad(np.linalg.norm)(np.zeros(3)), [0, 0, 0])
        assert mg.grad(np.sinc)(0.0) == 0
        assert mg.grad(mg.grad(np.sinc))(0.0) == pytest.approx(-(np.pi**2) / 3)

    def test_assignment(self):
        def f(x):
            x[0] = 5.0 * x[1]
            return mg.sum(x * x)

        np.testing.assert_array_equal(mg.grad(f)(np.array([1.0, 2.0])), [0, 100 + 4])

    def test_cumprod_flip_take_are_there(self):
        x = np.array([2.0, 0.0, 4.0])
        np.testing.assert_array_equal(gradient(np.cumprod, x), [1, 2 + 8, 0])
        np.testing.assert_array_equal(gradient(lambda x: np.flip(x) * np.arange(3.0), x), [2, 1, 0])
        np.testing.assert_array_equal(gradient(lambda x: np.take(x, [0, 0, 2]), x), [2, 0, 1])

    def test_maximum_keeps_float32(self):
        x = mg.tensor(np.ones(2, np.float32), requires_grad=True)
        mg.sum(np.maximum(x, 0.5)).backward()
        assert x.grad.dtype == np.float32


class TestMyGrad:
    def test_ties_of_maximum_are_shared(self):
        gx, gy = gradient(np.maximum, np.ones(2), np.ones(2), argnums=(0, 1))
        np.testing.assert_array_equal(gx, [0.5, 0.5])
        np.testing.assert_array_equal(gy, [0.5, 0.5])

    def test_a_python_number_does_not_widen_float32(self):
        assert (mg.tensor(np.ones(2, np.float32)) * 2.0).dtype == np.float32


class TestDeZero:
    def test_batched_matmul(self):
        x, w = np.ones((5, 2, 3)), np.ones((3, 4))
        gx, gw = gradient(np.matmul, x, w, argnums=(0, 1))
        assert gx.shape == x.shape and gw.shape == w.shape
        np.testing.assert_array_equal(gw, np.full((3, 4), 10))

    def test_ties_of_max_do_not_give_one_each(self):
        np.testing.assert_array_equal(mg.grad(np.max)(np.array([3.0, 3.0, 1.0])), [0.5, 0.5, 0])

    def test_a_zero_backward_does_not_pass_the_check(self):
        @mg.op
        def silent(x):
            return mg.softmax(x)

        @silent.vjp("x")
        def _(g):
            return np.zeros_like(g)

        # With an upstream gradient of ones the true gradient of softmax is 0, and the zero rule would pass.
        assert not mg.gradcheck(silent, np.array([0.1, 0.7, -0.4]))


class TestSmallPebble:
    def test_123_times_the_gradient_does_not_pass_the_check(self):
        wrong = mg.elementwise(lambda x: np.sin(x), name="sin_123", x=lambda g, x: 123 * g * np.cos(x))
        assert not mg.gradcheck(wrong, np.array([0.3, 1.1]))

    def test_he_initialization_has_the_right_spread(self):
        w = mg.nn.init.he_normal((400, 1000), np.random.default_rng(0))
        assert w.std() == pytest.approx(np.sqrt(2 / 1000), rel=0.01)

    def test_diamonds_take_linear_time(self):
        x = mg.tensor(1.0, requires_grad=True)
        y = x
        for _ in range(60):
            y = y + y
        y.backward()
        assert x.grad == 2.0**60


class TestMicrograd:
    def test_a_second_backward_is_not_wrong_in_silence(self):
        x = mg.tensor(2.0, requires_grad=True)
        y = x * x * 3
        y.backward(retain_graph=True)
        y.backward(retain_graph=True)
        assert x.grad == 24
        z = x * x
        z.backward()
        with pytest.raises(RuntimeError, match="freed"):
            z.backward()

    def test_a_chain_of_2000_does_not_overflow_the_stack(self):
        x = y = mg.tensor(1.0, requires_grad=True)
        for _ in range(20_000):
            y = y + 1.0
        y.backward()
        assert x.grad == 1

    def test_each_operand_slot_is_an_edge(self):
        x = mg.tensor(3.0, requires_grad=True, name="x")
        assert mg.draw(x * x).source.count("->") == 2


class TestMinitorch:
    def test_one_wrong_element_fails_the_check(self):
        wrong = mg.elementwise(
            lambda x: x * 1.0, name="one_wrong", x=lambda g: g * (1 + 1e-3 * (np.arange(g.size) == 17).reshape(g.shape))
        )
        assert not mg.gradcheck(wrong, np.random.default_rng(0).standard_normal((5, 10)))


class TestPyTorchAndJAX:
    def test_where_does_not_leak(self):
        with np.errstate(all="ignore"):
            g = gradient(lambda x: np.where(x > 0, np.sqrt(x), 0.0), np.array([-1.0, 0.0, 4.0]))
        np.testing.assert_array_equal(g, [0, 0, 0.25])

    def test_mse_loss_does_not_broadcast(self):
        with pytest.raises(ValueError, match=r"mse_loss.*\(3, 1\).*\(3,\)"):
            mg.mse_loss(np.ones((3, 1)), np.ones(3))


class TestKeras:
    def test_a_normalizer_that_was_not_fitted_raises(self):
        with pytest.raises(RuntimeError, match="not fitted"):
            mg.nn.Standardize()(np.ones((2, 3)))

    def test_its_statistics_are_saved_with_the_model(self):
        model = mg.nn.Sequential(mg.nn.Standardize(), mg.nn.Linear(2, 1))
        model[0].fit(np.array([[1.0, 50.0], [3.0, 250.0]]))
        assert {"0.mean", "0.std", "0.count"} <= set(model.state_dict())


def test_no_leak_after_many_iterations():
    w = mg.tensor(np.ones(10), requires_grad=True)

    def step():
        mg.sum(mg.exp(w) * w).backward()
        w.grad = None

    for _ in range(100):
        step()
    tracemalloc.start()
    for _ in range(300):
        step()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 20_000

"""The reverse pass: sums over paths, shapes, hooks, lifetime, strong zeros, errors."""

import gc
import threading
import tracemalloc

import numpy as np
import pytest

import minigrad as mg


def test_paths_add_and_each_operand_slot_counts():
    # micrograd's own example of what goes wrong: two backward passes over a diamond gave 36 instead of 24.
    x = mg.tensor(2.0, requires_grad=True)
    y = x * x
    (y + y + y).backward()
    assert x.grad == 12
    y = x * x
    (y + y + y).backward()
    assert x.grad == 24


def test_a_diamond_of_many_layers_takes_linear_time():
    x = mg.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(200):
        y = y + y
    y.backward()
    assert x.grad == 2.0**200


def test_a_million_nodes_go_forward_backward_and_away():
    x = mg.tensor(0.5, requires_grad=True)
    y = x
    for _ in range(1_000_000):
        y = y + 1.0
    y.backward()
    assert x.grad == 1
    y = x
    for _ in range(200_000):
        y = mg.sin(y)
    del y  # an unused graph is freed without recursion as well


def test_no_memory_is_gained_by_training_with_the_collector_off():
    w = mg.tensor(np.ones((4, 4)), requires_grad=True)
    data = np.ones((8, 4))

    def step():
        loss = mg.sum(mg.tanh(mg.matmul(data, w)) ** 2)
        loss.backward()
        w.data -= 1e-3 * w.grad
        w.grad = None

    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(200):  # NumPy's and Python's lists of free blocks fill first
            step()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(1000):
            step()
        after = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
        gc.enable()
    assert gc.collect() == 0
    assert after - before < 4000  # one node a step would leave several hundred thousand bytes


def test_a_graph_without_backward_leaves_nothing_behind():
    x = mg.tensor(1.0, requires_grad=True)
    gc.collect()
    gc.disable()
    try:
        y = mg.exp(x) * x
        node = y.node
        import weakref

        data = weakref.ref(y)
        del y
        assert data() is None and node is not None
    finally:
        gc.enable()
    assert gc.collect() == 0


def test_only_what_a_rule_names_is_kept():
    a = mg.tensor(np.ones(5), requires_grad=True)
    assert not [v for v in (a + np.ones(5)).node.values if isinstance(v, np.ndarray)]
    kept = [v for v in (a * np.full(5, 3.0)).node.values if isinstance(v, np.ndarray)]
    np.testing.assert_array_equal(kept, [[3, 3, 3, 3, 3]])  # y gets no gradient, so nobody needs x
    assert not [v for v in mg.sum(a).node.values if isinstance(v, np.ndarray)]


def test_peak_memory_of_the_backward_pass():
    n = 200_000
    x, y = np.random.default_rng(0).random((2, n))
    f = mg.grad(lambda x, y: mg.sum(x * y + mg.sin(x)), argnums=(0, 1))
    f(x[:2], y[:2])
    tracemalloc.start()
    f(x, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    array = 8 * n
    assert peak <= (2 + 2) * array  # the two gradients, and at most two arrays more


def test_second_backward_is_an_error_unless_the_graph_was_retained():
    x = mg.tensor(3.0, requires_grad=True)
    y = mg.exp(x * x)
    y.backward(retain_graph=True)
    y.backward()
    assert np.isclose(x.grad, 2 * 6 * np.exp(9.0))
    with pytest.raises(RuntimeError, match="freed by an earlier backward pass.*retain_graph=True"):
        y.backward()
    trunk = mg.exp(x)
    a, b = trunk * 2, trunk * 3
    a.backward()
    with pytest.raises(RuntimeError, match="freed"):
        b.backward()


def test_backward_needs_a_scalar_or_g():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match=r"shape \(2,\) is not a scalar; pass g"):
        (x * 2).backward()
    (x * 2).backward(np.array([1.0, 10.0]))
    np.testing.assert_array_equal(x.grad, [2, 20])
    with pytest.raises(ValueError, match=r"g has shape \(3,\), the Tensor has shape \(2,\)"):
        (x * 2).backward(np.ones(3))
    with pytest.raises(RuntimeError, match="made from nothing that requires gradients"):
        mg.tensor(1.0).backward()


def test_a_wrong_shape_from_a_rule_names_op_input_and_shapes():
    @mg.op
    def doubled(x):
        return 2 * x

    @doubled.vjp("x")
    def _(g):
        return (2 * g)[:1]

    with pytest.raises(ValueError, match=r"doubled.*'x'.*\(1,\).*\(3,\)"):
        mg.grad(lambda x: mg.sum(doubled(x)))(np.ones(3))

    wrong = mg.elementwise(lambda x: x + 0, name="wrong_elementwise", x=lambda g: g[..., None])
    with pytest.raises(ValueError, match=r"wrong_elementwise.*'x'.*\(3, 1\).*\(3,\)"):
        mg.grad(lambda x: mg.sum(wrong(x)))(np.ones(3))


def test_rules_of_what_leads_to_no_target_do_not_run():
    ran = []

    @mg.op
    def product(x, y):
        return x * y

    @product.vjp("x")
    def _(g, y):
        ran.append("x")
        return g * y

    @product.vjp("y")
    def _(g, x):
        ran.append("y")
        return g * x

    y = mg.tensor(3.0, requires_grad=True)
    assert mg.grad(lambda x: product(x, y))(2.0) == 3 and ran == ["x"]


def test_a_joint_rule_runs_once_for_each_node():
    ran = []

    @mg.op
    def product(x, y):
        return x * y

    @product.vjp("x", "y")
    def _(g, x, y):
        ran.append(1)
        return g * y, g * x

    x, y = (mg.tensor(v, requires_grad=True) for v in (2.0, 3.0))
    product(product(x, y), y).backward()  # x y^2
    assert (x.grad, y.grad, len(ran)) == (9, 12, 2)
    assert mg.grad(lambda y: product(2.0, y))(3.0) == 2  # the first of its gradients is of a constant
    assert mg.grad(lambda x, y: product(product(x, y), y), argnums=1)(2.0, 3.0) == 12


def test_strong_zeros_in_both_parts_of_a_joint_rule():
    def forward(x, y):
        with np.errstate(all="ignore"):
            return np.where(x > 0, np.log(x) * y, 0.0)

    quotient = mg.elementwise(forward, name="quotient_where_positive", x=None, y=None)

    @quotient.vjp("x", "y")
    def _(g, x, y):
        return g * y / x, g * np.log(x)

    x, y = (mg.tensor(v, requires_grad=True) for v in ([0.0, 2.0], [5.0, 5.0]))
    g = np.array([0.0, 0.0])
    with np.errstate(all="ignore"):
        quotient(x, y).backward(g)
    np.testing.assert_array_equal([x.grad, y.grad], np.zeros((2, 2)))


def test_paths_that_meet_in_any_order():
    """A node that is alone in wait, one that others join, one that is reached twice by the same op."""
    f = lambda x: mg.sum(mg.square(x) * mg.square(x)) + mg.sum(mg.exp(x) * x) + mg.sum(mg.add(x, x) * 2)
    x = np.array([0.5, -1.0, 2.0])
    np.testing.assert_allclose(mg.grad(f)(x), 4 * x**3 + np.exp(x) * (1 + x) + 4)

    def g(x):
        y = mg.sin(x)
        z = mg.multiply(y, y)
        return mg.sum(mg.multiply(z, z) + y)

    np.testing.assert_allclose(mg.grad(g)(x), (4 * np.sin(x) ** 3 + 1) * np.cos(x))
    leaf = mg.tensor(x, requires_grad=True)
    g(leaf).backward()
    np.testing.assert_allclose(leaf.grad, (4 * np.sin(x) ** 3 + 1) * np.cos(x))


def test_a_joint_rule_must_return_one_gradient_for_each():
    @mg.op
    def pair(x, y):
        return x + y

    @pair.vjp("x", "y")
    def _(g):
        return g

    with pytest.raises(ValueError, match="must return 2 gradients"):
        mg.grad(lambda x: mg.sum(pair(x, x)))(np.ones(3))


def test_an_exception_in_a_rule_or_a_hook_changes_no_gradient():
    @mg.op
    def broken(x):
        return x * 1

    @broken.vjp("x")
    def _(g):
        raise ZeroDivisionError("as planned")

    a = mg.tensor(1.0, requires_grad=True)
    b = mg.tensor(1.0, requires_grad=True)
    a.grad = 5.0
    with pytest.raises(ZeroDivisionError) as caught:
        (mg.exp(a) + broken(b)).backward()
    assert "in the rule of 'broken' for 'x'" in caught.value.__notes__
    assert a.grad == 5 and b.grad is None

    def interrupt(g):
        raise KeyboardInterrupt

    handle = b.register_hook(interrupt)
    with pytest.raises(KeyboardInterrupt):
        (a * b).backward()
    assert a.grad == 5 and b.grad is None
    handle.remove()
    (a * b).backward()
    assert a.grad == 6


def test_hooks_see_and_replace_gradients():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    seen = []
    y = x * 3
    y.register_hook(lambda g: seen.append(g.copy()))
    y.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    mg.sum(y).backward()
    np.testing.assert_array_equal(seen, [[1, 1]])
    np.testing.assert_array_equal(x.grad, [31, 31])
    with pytest.raises(RuntimeError, match="register_hook"):
        mg.tensor(1.0).register_hook(print)


def test_gradients_alias_neither_each_other_nor_g_nor_the_data():
    x, y = mg.tensor(np.ones(3), requires_grad=True), mg.tensor(np.ones(3), requires_grad=True)
    g = np.ones(3)
    (x + y).backward(g)
    assert not np.shares_memory(x.grad, y.grad) and not np.shares_memory(x.grad, g)
    x.grad += 5
    assert y.grad[0] == 1 and g[0] == 1
    a, b = np.ones((2, 3)), np.ones((2, 3))
    ga, gb = mg.grad(lambda a, b: mg.sum(a.T + b.T), argnums=(0, 1))(a, b)
    assert not np.shares_memory(ga, gb) and ga.flags.writeable
    p, q = mg.vjp(lambda a, b: a * b, a, b)[1](np.ones((2, 3)))
    assert not np.shares_memory(p, b) and not np.shares_memory(q, a)


def test_many_uses_add_in_place_without_touching_what_was_handed_out():
    x = mg.tensor(np.arange(3.0), requires_grad=True)
    seen = []
    parts = [x * k for k in range(5)]
    for part in parts:
        part.register_hook(lambda g: seen.append(g))
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    mg.sum(total).backward()
    np.testing.assert_array_equal(x.grad, [10, 10, 10])
    assert all((g == 1).all() for g in seen)


class TestStrongZeros:
    """Where g is exactly 0 nothing flows, whatever the local derivative is (PyTorch and JAX give nan here)."""

    x = np.array([-1.0, 0.0, 1.0, 4.0])

    @pytest.mark.parametrize(
        "f, expected",
        [
            (lambda x: np.where(x > 0, np.sqrt(x), 0), [0, 0, 0.5, 0.25]),
            (lambda x: np.where(x > 0, np.log(x), 0), [0, 0, 1, 0.25]),
            (lambda x: np.where(x > 0, x * np.log(x), 0), [0, 0, 1, np.log(4.0) + 1]),
            (lambda x: np.where(x > 1, np.log(np.sqrt(x)), 0), [0, 0, 0, 0.125]),
            (lambda x: np.where(x > 0, x**0.5, 0), [0, 0, 0.5, 0.25]),
        ],
        ids=["sqrt", "log", "xlogx", "nested", "power"],
    )
    def test_the_branch_that_where_did_not_take(self, f, expected):
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(mg.grad(lambda x: mg.sum(f(x)))(self.x), expected)

    @pytest.mark.parametrize(
        "index", [lambda x: x > 0, lambda x: (x > 0,), lambda x: (..., (x > 0).tolist())], ids=["mask", "tuple", "list"]
    )
    def test_what_a_mask_left_out(self, index):
        """Also in what stands two ops above it: a * sqrt(x) has a nan that no rule makes, it was saved."""
        with np.errstate(all="ignore"):
            g = mg.grad(lambda a: mg.sum((a * mg.sqrt(self.x))[index(self.x)]))(2.0)
        assert g == 3

    def test_sinc_by_hand(self):
        with np.errstate(all="ignore"):
            g = mg.grad(lambda x: mg.sum(np.where(x != 0, np.sin(x) / x, 1)))(self.x)
        assert g[1] == 0 and np.isfinite(g).all()

    def test_second_order(self):
        with np.errstate(all="ignore"):
            h = mg.grad(lambda x: mg.sum(mg.grad(lambda x: mg.sum(np.where(x > 0, np.sqrt(x), 0)))(x)))(self.x)
        np.testing.assert_allclose(h, [0, 0, -0.25, -1 / 32])

    def test_a_gradient_that_happens_to_be_zero_keeps_its_derivative(self):
        assert mg.grad(mg.grad(lambda x: np.where(True, np.sin(x), 0.0) ** 2))(0.0) == 2

    def test_a_nan_in_the_data_stays(self):
        g = mg.grad(lambda x: mg.sum(x * x))(np.array([np.nan, 1.0]))
        assert np.isnan(g[0]) and g[1] == 2

    def test_an_infinite_slope_stays_infinite(self):
        with np.errstate(all="ignore"):
            assert mg.grad(mg.sqrt)(0.0) == np.inf


def test_a_float32_input_has_a_float32_gradient():
    x = mg.tensor(np.ones(3, np.float32), requires_grad=True)
    (x * 2.0).sum().backward()
    assert x.grad.dtype == np.float32
    x.grad = None
    (x * np.ones(3)).sum().backward()
    assert x.grad.dtype == np.float32


def test_threads_run_their_own_passes_over_a_shared_graph():
    x = mg.tensor(np.ones(10), requires_grad=True)
    trunk = mg.sin(x) * x
    wrong = []

    def work():
        for _ in range(50):
            g = mg.grad(lambda y: mg.sum(mg.exp(y) * 2))(np.zeros(4))
            if not (g == 2).all():
                wrong.append(g)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for _ in range(50):
        mg.sum(trunk).backward(retain_graph=True)
    for t in threads:
        t.join()
    assert not wrong
    np.testing.assert_allclose(x.grad, 50 * (np.sin(1) + np.cos(1)))

"""Declaring ops: names that rules may ask for, registration, list inputs, several outputs, anomalies."""

import numpy as np
import pytest

import minigrad as mg


def test_a_rule_may_ask_for_out_inputs_and_shapes():
    @mg.op
    def scaled(x, k, power=2):
        return k * x**power

    @scaled.vjp("x")
    def _(g, x, k, power):
        return g * k * power * x ** (power - 1)

    @scaled.vjp("k")
    def _(g, x, power, k_shape):
        return (g * x**power).sum().reshape(k_shape)

    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(mg.grad(lambda x: mg.sum(scaled(x, 3.0)))(x), 6 * x)
    assert mg.grad(lambda k: mg.sum(scaled(x, k, power=3)))(1.0) == 9
    assert isinstance(scaled(x, 3.0), np.ndarray)  # bare arrays in, bare arrays out


def test_a_rule_that_asks_for_something_else_is_refused_when_declared():
    @mg.op
    def f(x):
        return x

    with pytest.raises(TypeError, match="asks for 'y'; there is g, out, x"):

        @f.vjp("x")
        def _(g, y):
            return g

    with pytest.raises(TypeError, match="there is no input 'z'"):
        f.vjp("z")(lambda g: g)
    with pytest.raises(TypeError, match="first parameter of a rule is g"):
        f.vjp("x")(lambda x: x)
    with pytest.raises(TypeError, match="cannot be called 'out'"):
        mg.op(lambda x, out: x)
    with pytest.raises(TypeError, match="takes 2 inputs"):
        mg.elementwise(np.add, x=lambda g: g)


def test_an_input_without_a_rule_is_an_error_not_a_zero():
    @mg.op
    def half_done(x, y):
        return x * y

    @half_done.vjp("x")
    def _(g, y):
        return g * y

    assert mg.grad(lambda x: half_done(x, 2.0))(1.0) == 2
    with pytest.raises(TypeError, match=r"half_done: input 'y' requires a gradient.*@half_done.vjp\('y'\)"):
        mg.grad(lambda y: half_done(1.0, y))(1.0)


def test_an_authors_version_does_not_replace_the_built_in():
    built_in = mg.ops["sin"]
    mine = mg.elementwise(np.sin, x=lambda g, x: 100 * g)
    assert mg.ops["sin"] is built_in and mg.sin is built_in
    assert mg.grad(mine)(0.0) == 100 and mg.grad(np.sin)(0.0) == 1

    @mg.op
    def mean(x):
        return np.mean(x)

    assert mg.ops["mean"] is not mean and mg.mean is mg.ops["mean"]


def test_an_authors_op_is_registered_and_may_be_declared_again():
    first = mg.elementwise(lambda x: x, name="cell_of_a_notebook", x=lambda g: g)
    assert mg.ops["cell_of_a_notebook"] is first
    second = mg.elementwise(lambda x: x * 2, name="cell_of_a_notebook", x=lambda g: 2 * g)
    assert mg.ops["cell_of_a_notebook"] is second
    with pytest.raises(TypeError):
        mg.ops["x"] = first


def test_keyword_only_parameters_and_wrong_calls():
    @mg.op
    def f(x, *, k=1.0):
        return x * k

    @f.vjp("x")
    def _(g, k):
        return g * k

    assert mg.grad(lambda x: f(x, k=4.0))(1.0) == 4
    for wrong in (lambda: f(), lambda: f(1, 2), lambda: f(1, j=2), lambda: f(1, x=2)):
        with pytest.raises(TypeError, match=r"^f: "):
            wrong()


def test_arguments_are_bound_by_the_ops_own_names():
    @mg.op
    def f(node, plan=3.0):  # names that the engine uses itself
        return node * plan

    f.vjp("node")(lambda g, plan: g * plan)
    f.vjp("plan")(lambda g, node: g * node)
    assert mg.grad(f)(2.0) == mg.grad(lambda x: f(node=x))(2.0) == 3
    assert mg.grad(lambda k: f(plan=k, node=2.0))(5.0) == mg.grad(lambda k: f(2.0, k))(5.0) == 2
    assert f(2.0) == 6 and f.__call__.__name__ == "f"
    for wrong, message in [
        (lambda: f(), r"f\(\) missing 1 required positional argument: 'node'"),
        (lambda: f(1, 2, 3), r"f\(\) takes from 1 to 2 positional arguments but 3 were given"),
        (lambda: f(1, node=2), r"f\(\) got multiple values for argument 'node'"),
        (lambda: f(1, x=2), r"f\(\) got an unexpected keyword argument 'x'"),
    ]:
        with pytest.raises(TypeError, match=message):
            wrong()


def test_an_op_may_give_one_output_or_several():
    """What is planned for one must not be used for the other."""

    @mg.op
    def halves(x, split):
        return (x / 2, x / 2) if split else x / 2

    @halves.vjp("x")
    def _(g, split):
        return (g[0] + g[1]) / 2 if split else g / 2

    one = mg.grad(lambda x: halves(x, False))
    first_of_two = mg.grad(lambda x: halves(x, True)[0])
    assert [one(1.0), first_of_two(1.0), one(1.0)] == [0.5, 0.5, 0.5]


def test_joint_rules_and_several_outputs():
    @mg.op
    def sum_and_difference(x, y):
        return x + y, x - y

    @sum_and_difference.vjp("x", "y")
    def _(g):
        s, d = g
        return s + d, s - d

    x, y = mg.tensor([1.0, 2.0], requires_grad=True), mg.tensor([3.0, 4.0], requires_grad=True)
    s, d = sum_and_difference(x, y)
    mg.sum(d * 3).backward(retain_graph=True)
    np.testing.assert_array_equal(y.grad, [-3, -3])
    mg.sum(s * d).backward()  # x^2 - y^2
    np.testing.assert_array_equal(x.grad, 3 + 2 * x.data)
    # the second derivative of x^2 - y^2
    f = lambda x: mg.multiply(*sum_and_difference(x, 5.0))
    assert mg.grad(mg.grad(f))(1.0) == 2


def test_list_inputs():
    @mg.op
    def total(*arrays, scale=1.0):
        return scale * sum(arrays)

    @total.vjp("arrays")
    def _(g, arrays, scale):
        return [g * scale for _ in arrays]

    x, y = mg.tensor(1.0, requires_grad=True), mg.tensor(2.0, requires_grad=True)
    total(x, 10.0, y, x, scale=2.0).backward()
    assert (x.grad, y.grad) == (4, 2)
    assert total(1.0, 2.0) == 3

    @mg.op(gathers="xs")
    def summed(xs, *, scale=1.0):
        return scale * sum(xs)

    @summed.vjp("xs")
    def _(g, xs, scale):
        return [g * scale for _ in xs]

    assert mg.grad(lambda x: summed([x, 2.0, x], scale=3.0))(1.0) == 6

    @mg.op(gathers="parts")
    def dot_with(parts, x):
        return sum(p * x for p in parts)

    @dot_with.vjp("parts")
    def _(g, parts_shape, x):
        return [g * x for _ in parts_shape]

    @dot_with.vjp("x")
    def _(g, parts):
        return g * sum(parts)

    @mg.op
    def weighted(w, *arrays):
        return w * sum(arrays)

    @weighted.vjp("w", "arrays")
    def _(g, w, arrays):
        return g * sum(arrays), [g * w for _ in arrays]

    gw, g1, g2 = mg.grad(weighted, argnums=(0, 1, 2))(2.0, 3.0, 4.0)
    assert (gw, g1, g2) == (7, 2, 2)

    gs, gx = mg.grad(lambda parts, x: dot_with(parts, x), argnums=(0, 1))([1.0, 2.0], 3.0)
    assert (gs, gx) == ([3, 3], 3)
    assert mg.grad(mg.grad(lambda x: dot_with([x, x], x)))(1.0) == 4


def test_a_forward_that_gives_a_python_number():
    @mg.op
    def length(x):
        return float(np.sqrt((x * x).sum()))

    @length.vjp("x")
    def _(g, x, out):
        return g * x / out

    np.testing.assert_allclose(mg.grad(length)(np.array([3.0, 4.0])), [0.6, 0.8])


class TestAnomaly:
    def test_forward(self):
        x = mg.tensor([1.0, -1.0], requires_grad=True)
        with np.errstate(all="ignore"), mg.detect_anomaly(), pytest.raises(FloatingPointError) as caught:
            mg.log(x)  # this line
        message = str(caught.value)
        assert "log: the forward gave nan (1 of 2 elements, first at [1])" in message
        assert "x (2,) float64" in message and f"{__file__}:" in message
        lines = open(__file__).read().splitlines()
        assert "# this line" in lines[int(message.rsplit(":", 1)[1]) - 1]

    def test_backward(self):
        x = mg.tensor([1.0, 0.0], requires_grad=True)
        with np.errstate(all="ignore"), mg.detect_anomaly():
            y = mg.sqrt(x)  # and this one
            with pytest.raises(FloatingPointError) as caught:
                mg.sum(y).backward()
        message = str(caught.value)
        assert "sqrt: the rule for 'x' gave inf (1 of 2 elements, first at [1]), shape (2,) float64" in message
        lines = open(__file__).read().splitlines()
        assert "# and this one" in lines[int(message.rsplit(":", 1)[1]) - 1]
        assert x.grad is None


def test_no_grad_is_a_context_a_decorator_and_a_thread_has_its_own():
    import threading

    x = mg.tensor(1.0, requires_grad=True)

    @mg.no_grad()
    def evaluate():
        return x * 2

    assert not evaluate().requires_grad and not evaluate().requires_grad
    seen = []
    with mg.no_grad():
        thread = threading.Thread(target=lambda: seen.append((x * 2).requires_grad))
        thread.start()
        thread.join()
        assert not (x * 2).requires_grad
    assert seen == [True] and (x * 2).requires_grad
    with pytest.raises(ZeroDivisionError), mg.no_grad():
        raise ZeroDivisionError
    assert (x * 2).requires_grad

"""checkpoint: the same gradients with less memory."""

import tracemalloc

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.checkpoint import checkpoint


def test_the_same_gradients_for_arguments_and_for_what_f_sees():
    w = mg.tensor(np.array([0.5, -1.0]), requires_grad=True)
    h = w * 3  # an intermediate result of the outer graph
    calls = []

    def f(x, scale):
        calls.append(1)
        return mg.sum(mg.sin(x * w) * h * scale["s"])

    def run(f):
        x, s = mg.tensor([1.0, 2.0], requires_grad=True), mg.tensor(2.0, requires_grad=True)
        w.grad = None
        out = f(x * x, {"s": s})
        out.backward(retain_graph=True)
        return float(out), x.grad, s.grad, w.grad

    plain = run(f)
    calls.clear()
    for a, b in zip(plain, run(checkpoint(f))):
        np.testing.assert_allclose(a, b)
    assert len(calls) == 2


def test_second_order():
    f = lambda x: mg.exp(mg.sin(x)) * x
    for order in (1, 2, 3):
        g, h = f, checkpoint(f)
        for _ in range(order):
            g, h = mg.grad(g), mg.grad(h)
        assert float(h(0.7)) == pytest.approx(float(g(0.7)))


def test_dropout_draws_the_same_mask_again():
    layer = nn.Dropout(0.5)
    x = mg.tensor(np.ones(50), requires_grad=True)
    mg.seed(0)
    y = checkpoint(lambda x: layer(x) * x)(x)
    after = mg.context.generator.get().bit_generator.state["state"]
    mg.sum(y).backward()
    np.testing.assert_allclose(x.grad, 2 * y.data)  # with another mask it would not be
    assert mg.context.generator.get().bit_generator.state["state"] == after


def test_less_memory():
    def chain(x):
        for _ in range(20):
            x = mg.sin(x) * 1.1
        return x

    def peak(f):
        x = mg.tensor(np.ones(20_000), requires_grad=True)
        tracemalloc.start()
        y = f(f(f(f(x))))
        held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        mg.sum(y).backward()
        return held

    assert peak(checkpoint(chain)) < 0.2 * peak(chain)


def test_what_it_cannot_do():
    with pytest.raises(TypeError, match="must return one Tensor"):
        checkpoint(lambda x: (x, x))(mg.tensor(1.0, requires_grad=True))
    with mg.no_grad():
        assert not checkpoint(lambda x: 2 * x)(mg.tensor(1.0, requires_grad=True)).requires_grad

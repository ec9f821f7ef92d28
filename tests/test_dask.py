"""Dask arrays: forwards and rules stay lazy, because they are NumPy."""

import numpy as np
import pytest

import minigrad as mg

da = pytest.importorskip("dask.array")


def test_a_network_differentiates_through_dask_and_stays_lazy():
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((40, 6)), rng.standard_normal((3, 6)), rng.standard_normal(3)

    def loss(x, w, b):
        h = mg.tanh(mg.linear(x, w, b))
        return mg.mean(mg.square(h) * mg.exp(-h) + mg.maximum(h, 0.1))

    expected = mg.grad(loss, argnums=(1, 2))(x, w, b)
    lazy = da.from_array(x, chunks=(10, 6))
    got = mg.grad(loss, argnums=(1, 2))(lazy, da.from_array(w), da.from_array(b))
    for g, e in zip(got, expected):
        assert isinstance(g, da.Array)
        np.testing.assert_allclose(g.compute(), e)


def test_a_tensor_of_a_dask_array_is_lazy():
    x = mg.tensor(da.ones(5), requires_grad=True)
    assert isinstance(x.data, da.Array)
    mg.sum(mg.sin(x) * x).backward()
    assert isinstance(x.grad, da.Array)
    np.testing.assert_allclose(x.grad.compute(), np.sin(1) + np.cos(1))


def test_second_order():
    x = da.from_array(np.array([0.5, 1.0]))
    h = mg.grad(lambda x: mg.sum(mg.grad(lambda x: mg.sum(mg.exp(x) * x))(x)))(x)
    np.testing.assert_allclose(np.asarray(h.data if isinstance(h, mg.Tensor) else h), [2.5 * np.exp(0.5), 3 * np.e])

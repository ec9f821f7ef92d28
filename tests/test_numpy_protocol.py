"""NumPy's functions on Tensors: served, or refused by name."""

import numpy as np
import pytest

import minigrad as mg

x = mg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)


def test_functions_methods_and_operators_reach_the_op():
    for y in (
        np.sum(x, 0),
        np.sum(a=x, axis=0),
        np.add.reduce(x),
        x.sum(axis=0),
        mg.sum(x, 0),
        np.sum(x, 0, None, None),
    ):
        assert isinstance(y, mg.Tensor) and y.requires_grad
        np.testing.assert_array_equal(y.data, [4, 6])
    array = np.ones((2, 2))
    for y in (array * x, x * array, np.float64(1) * x, np.multiply(array, x), 1 * x):
        assert isinstance(y, mg.Tensor)
        np.testing.assert_array_equal(y.data, x.data)


@pytest.mark.parametrize("call", [np.histogram, np.packbits, np.poly, np.gradient, np.corrcoef])
def test_a_function_without_a_rule_is_named(call):
    with pytest.raises(TypeError, match=rf"np\.(linalg\.)?{call.__name__} has no derivative rule.*detach"):
        call(x)


def test_the_nearest_name_is_suggested():
    with pytest.raises(TypeError, match=r"np\.vander has no .* nearest name that has one is '\w+'"):
        np.vander(x)


def test_ufunc_methods_without_a_rule():
    for call in (lambda: np.add.outer(x, x), lambda: np.arctan2.reduce(x), lambda: np.add.at(np.ones(2), [0], x)):
        with pytest.raises(TypeError, match=r"np\.(add|arctan2)\.(outer|reduce|at) has no derivative rule"):
            call()


def test_out_is_refused():
    for call in (
        lambda: np.add(x, 1, out=np.zeros((2, 2))),
        lambda: np.sum(x, out=np.zeros(())),
        lambda: np.ones((2, 2)).__iadd__(x),
    ):
        with pytest.raises(TypeError, match="out="):
            call()

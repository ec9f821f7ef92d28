"""Tensor: data, dtypes, leaves, names, indexing by rebinding, text, and what is refused."""

import numpy as np
import pytest

import minigrad as mg


def test_dtypes():
    assert mg.tensor(np.ones(2)).dtype == np.float64
    assert mg.tensor(np.ones(2, np.float32)).dtype == np.float32
    assert mg.tensor([1, 2]).dtype == np.int64
    assert mg.tensor([1.0, 2]).dtype == np.float64
    assert mg.tensor([1, 2], dtype=float).dtype == np.float64
    with mg.default_dtype("float32"):
        assert mg.tensor([1.0]).dtype == np.float32
        assert mg.tensor(np.ones(1)).dtype == np.float64  # an array keeps its own
    assert mg.tensor([1.0]).dtype == np.float64
    x = mg.tensor(np.ones(2, np.float32), requires_grad=True)
    for y in (x * 2.0, 2.0 * x, x + 1, x / 3, x**2, -x, mg.maximum(x, 0.5)):
        assert y.dtype == np.float32


def test_data_is_copied():
    source = np.ones(3)
    x = mg.tensor(source, requires_grad=True)
    source[0] = 7
    assert x.data[0] == 1


def test_integers_have_no_gradient():
    with pytest.raises(TypeError, match="requires_grad: a Tensor of int64 has no gradient.*dtype=float"):
        mg.tensor([1, 2], requires_grad=True)
    with pytest.raises(TypeError, match="no array of numbers"):
        mg.tensor(["a"])
    with pytest.raises(TypeError, match="default_dtype"):
        mg.default_dtype(int)


def test_a_tensor_is_no_data_for_another_where_it_would_be_cut_off():
    x = mg.tensor(1.0, requires_grad=True)
    with pytest.raises(TypeError, match="detach"):
        mg.tensor(x)
    assert mg.tensor(x.detach()).item() == 1


def test_grad_can_be_assigned():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    x.grad = [1, 2]
    assert x.grad.dtype == np.float64
    (x * 3).sum().backward()
    np.testing.assert_array_equal(x.grad, [4, 5])
    x.grad = None
    assert x.grad is None
    with pytest.raises(ValueError, match=r"grad: shape \(3,\) does not fit"):
        x.grad = np.ones(3)


def test_grad_is_an_array_even_for_a_scalar():
    x = mg.tensor(2.0, requires_grad=True)
    for _ in range(2):
        (x * x).backward()
        assert isinstance(x.grad, np.ndarray)


def test_setitem_rebinds_and_the_old_value_stays():
    x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 2
    squares = y * y
    before = y.data
    y[0] = 7.0
    y[1] = x[2]
    np.testing.assert_array_equal(before, [2, 4, 6])
    np.testing.assert_array_equal(y.data, [7, 3, 6])
    (squares.sum() + y.sum()).backward()
    np.testing.assert_array_equal(x.grad, [8, 16, 24 + 1 + 2])


def test_setitem_on_a_leaf_leaves_the_gradient_of_the_value_that_was_given():
    x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * x
    x[0] = 10.0
    (y.sum() + x.sum()).backward()
    np.testing.assert_array_equal(x.grad, [2, 5, 7])


def test_setitem_within_grad_of_a_function():
    def f(x):
        x[1:] = 0.0
        return mg.sum(x * x)

    np.testing.assert_array_equal(mg.grad(f)(np.array([3.0, 4.0, 5.0])), [6, 0, 0])


def test_new_data_of_another_shape_in_a_leaf():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    x.data = np.ones(3)
    (x * x).sum().backward()
    np.testing.assert_array_equal(x.grad, [2, 2, 2])
    y = x * 2
    with pytest.raises(ValueError, match="cannot replace"):
        y.data = np.ones(5)


def test_integers_made_of_floats_are_constants():
    x = mg.tensor([1.5, 2.5], requires_grad=True)
    assert not x.astype(int).requires_grad and x.astype(np.float32).requires_grad


def test_requires_grad_can_be_set():
    x = mg.tensor([1.0])
    x.requires_grad = True
    y = x * 2
    with pytest.raises(RuntimeError, match="detach"):
        y.requires_grad = False
    x.requires_grad = False
    assert not (x * 2).requires_grad


def test_names():
    x = mg.tensor(1.0, requires_grad=True, name="x")
    h = x * 2
    h.name = "h"
    assert (x.name, h.name, x.detach().name) == ("x", "h", None)
    assert repr(x) == "tensor(1., requires_grad=True, name='x')"


def test_text():
    assert repr(mg.tensor([1, 2])) == "tensor([1, 2], dtype=int64)"
    assert f"{mg.tensor(1.23456):.2f}" == "1.23"
    assert "2.5" in str(mg.tensor(2.5))


def test_numbers_and_sequences():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    assert (float(x[0]), int(x[1]), bool(x[0] > 0), len(x)) == (1.0, 2, True, 2)
    a, b = x
    assert a.requires_grad and b.item() == 2
    assert [10, 20, 30][mg.tensor(1)] == 20
    assert 2.0 in x
    for refused in (len, iter):
        with pytest.raises(TypeError, match="no axes"):
            refused(mg.tensor(1.0))
    with pytest.raises(ValueError, match="ambiguous"):
        bool(x)


def test_a_deep_copy_is_a_leaf_of_its_own():
    import copy
    import pickle

    x = mg.tensor([1.0, 2.0], requires_grad=True, name="x")
    for y in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        (y * 3).sum().backward()
        np.testing.assert_array_equal(y.grad, [3, 3])
        assert x.grad is None and y.name == "x" and not np.shares_memory(x.data, y.data)
    model = mg.nn.Linear(2, 1)
    twin = copy.deepcopy(model)
    mg.sum(twin(np.ones((1, 2)))).backward()
    assert model.weight.grad is None and twin.weight.grad is not None
    with pytest.raises(RuntimeError, match="detach"):
        copy.deepcopy(x * 2)


def test_hash_by_identity():
    x = mg.tensor([1.0, 2.0])
    assert len({x, mg.tensor([1.0, 2.0])}) == 2 and x in {x}


def test_no_subclasses_and_no_stray_attributes():
    with pytest.raises(TypeError, match="subclassed"):
        type("Mine", (mg.Tensor,), {})
    with pytest.raises(AttributeError):
        mg.tensor(1.0).grads = 1


def test_a_bare_array_is_never_made_in_silence():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    for lose in (np.asarray, np.array, lambda x: np.array([x, x]), lambda x: np.zeros(2).__setitem__(0, x)):
        with pytest.raises((TypeError, ValueError), match="detach|sequence|array element"):
            lose(x)
    np.testing.assert_array_equal(np.asarray(x.detach()), [1, 2])
    assert x.numpy() is x.data

"""The bundled data and the minibatches; scikit-learn's own copy is the oracle for the digits."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import data


def test_the_digits_are_scikit_learns():
    sklearn = pytest.importorskip("sklearn.datasets")
    theirs = sklearn.load_digits()
    parts = data.digits(test=0.0)
    np.testing.assert_array_equal(parts.x_train, theirs.data)
    np.testing.assert_array_equal(parts.y_train, theirs.target)
    assert parts.x_train.dtype == np.float64 and parts.y_train.dtype == np.int64
    assert len(parts.x_test) == 0


def test_the_file_is_small_and_its_licence_is_beside_it():
    folder = os.path.dirname(data.__file__)
    assert os.path.getsize(os.path.join(folder, "digits.npz")) < 100_000
    with open(os.path.join(folder, "digits.md")) as file:
        assert "CC BY 4.0" in file.read()


def test_the_parts_are_fixed_even_and_do_not_overlap():
    a, b = data.digits(), data.digits()
    mg.seed(5)
    c = data.digits(seed=1)
    np.testing.assert_array_equal(a.x_test, b.x_test)
    assert not np.array_equal(a.x_test, c.x_test)
    for digit in range(10):
        total = (a.y_train == digit).sum() + (a.y_test == digit).sum()
        assert abs((a.y_test == digit).sum() - 0.2 * total) <= 1
    everything = np.concatenate([a.x_train, a.x_test])
    whole = data.digits(test=0).x_train
    assert sorted(map(bytes, everything)) == sorted(map(bytes, whole))
    images = data.digits(as_images=True)
    np.testing.assert_array_equal(images.x_test.reshape(-1, 64), a.x_test)
    assert images.x_test.shape[1:] == (1, 8, 8)


def test_the_file_is_opened_in_the_call_only():
    program = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from minigrad import data
assert not any("digits.npz" in name for name in opened)
data.digits()
assert any("digits.npz" in name for name in opened)
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("drop_last, sizes", [(False, [4, 4, 3]), (True, [4, 4])])
def test_an_epoch_has_every_example_once(drop_last, sizes):
    x, y = np.arange(22).reshape(11, 2), np.arange(11)
    found = list(data.batches(x, y, 4, drop_last=drop_last, rng=np.random.default_rng(0)))
    assert [len(xb) for xb, _ in found] == sizes
    labels = np.concatenate([yb for _, yb in found])
    assert len(set(labels.tolist())) == sum(sizes) and labels.tolist() != sorted(labels.tolist())
    assert all((xb[:, 0] == 2 * yb).all() for xb, yb in found)


def test_the_seed_decides_the_order():
    x = y = np.arange(20)

    def order():
        return np.concatenate([yb for _, yb in data.batches(x, y, 6)]).tolist()

    mg.seed(3)
    first, second = order(), order()
    mg.seed(3)
    assert order() == first and order() == second and first != second
    assert [yb.tolist() for _, yb in data.batches(x, y, 10, shuffle=False)] == [list(range(10)), list(range(10, 20))]


def test_an_order_is_drawn_at_the_call():
    x = y = np.arange(20)
    rng = np.random.default_rng(7)
    epoch = data.batches(x, y, 20, rng)
    state = rng.bit_generator.state
    (_, labels), *_ = epoch
    assert rng.bit_generator.state == state
    np.testing.assert_array_equal(labels, np.random.default_rng(7).permutation(20))


def test_tensors_and_lists_are_taken():
    tensor = mg.tensor(np.arange(6.0).reshape(3, 2), requires_grad=True)
    for xb, yb in data.batches(tensor, [0, 1, 2], 2, shuffle=False):
        assert isinstance(xb, mg.Tensor) and isinstance(yb, np.ndarray)
        (xb * yb[:, None]).sum().backward()
    np.testing.assert_array_equal(tensor.grad, [[0, 0], [1, 1], [2, 2]])


@given(
    labels=st.lists(st.integers(0, 3), max_size=60), test=st.floats(0, 1), stratify=st.booleans(), seed=st.integers(0)
)
def test_a_split_divides_and_loses_nothing(labels, test, stratify, seed):
    y = np.array(labels, int)
    x = np.arange(len(y))
    x_train, y_train, x_test, y_test = data.split(x, y, test, np.random.default_rng(seed), stratify=stratify)
    assert sorted([*x_train, *x_test]) == x.tolist()
    np.testing.assert_array_equal(y[x_train], y_train)
    np.testing.assert_array_equal(y[x_test], y_test)
    assert abs(len(x_test) - len(y) * test) <= 0.5 + 1e-9
    if stratify:
        for label in set(labels):
            assert abs((y_test == label).sum() - test * labels.count(label)) <= 1 + 1e-9


def test_bad_input_is_named():
    zeros = np.zeros(3)
    for call, error, message in [
        (lambda: data.batches(zeros, np.zeros(2), 1), ValueError, "batches: x has 3 examples and y 2"),
        (lambda: data.batches(zeros, 1.0, 1), ValueError, r"batches: x has shape \(3,\) and y \(\)"),
        (lambda: data.batches(zeros, zeros, 0), ValueError, "size is 0"),
        (lambda: data.batches(zeros, zeros, 2.5), TypeError, "size is 2.5; it is a whole number"),
        (lambda: data.batches(zeros, zeros, 2, rng=0), TypeError, r"batches: rng is 0; .*default_rng\(seed\)"),
        (lambda: data.split(zeros, np.zeros(2)), ValueError, "split: x has 3 examples and y 2"),
        (lambda: data.split(zeros, zeros, test=20), ValueError, "split: test is 20; it is a share between 0 and 1"),
        (lambda: data.split(zeros, zeros, test=np.nan), ValueError, "test is nan"),
        (lambda: data.split(zeros, np.zeros((3, 2)), stratify=True), ValueError, r"y has shape \(3, 2\)"),
        (lambda: data.digits(test=-0.1), ValueError, "digits: test is -0.1"),
        (lambda: data.moons(1), ValueError, "moons: n is 1"),
        (lambda: data.circles(10, noise=-1), ValueError, "circles: noise is -1"),
        (lambda: data.spirals(10, arms=0), ValueError, "spirals: arms is 0"),
        (lambda: data.spirals(10, rng=3), TypeError, "spirals: rng is 3"),
    ]:
        with pytest.raises(error, match=message):
            call()


@pytest.mark.parametrize("make, classes", [(data.moons, 2), (data.circles, 2), (data.spirals, 3)])
@pytest.mark.parametrize("n", [3, 300, 301])
def test_toys(make, classes, n):
    x, y = make(n, noise=0.0)
    assert x.shape == (n, 2) and x.dtype == np.float64 and y.dtype == np.int64
    assert np.bincount(y).tolist() == [-(-(n - k) // classes) for k in range(classes)]
    assert len(np.unique(x.round(9), axis=0)) == n, "no point is there twice"
    noisy, _ = make(n, noise=0.1, rng=np.random.default_rng(0))
    np.testing.assert_allclose(noisy - x, 0.1 * np.random.default_rng(0).standard_normal((n, 2)), atol=1e-12)
    radius = np.hypot(*x.T)
    if make is data.circles:
        np.testing.assert_allclose(radius, np.where(y == 0, 1, 0.5))
    elif make is data.spirals:
        np.testing.assert_allclose(radius, (np.arange(n) // 3 + 1) / -(-n // 3))
    else:
        centre = np.where(y[:, None] == 0, [0, 0], [1, 0.5])
        np.testing.assert_allclose(np.hypot(*(x - centre).T), 1)

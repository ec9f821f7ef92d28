"""The bundled data and the minibatches; scikit-learn's own copy is the oracle for the digits."""

import os

import numpy as np
import pytest

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


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="batches: x has 3 examples and y 2"):
        data.batches(np.zeros(3), np.zeros(2), 1)
    with pytest.raises(ValueError, match="size is 0"):
        data.batches(np.zeros(3), np.zeros(3), 0)
    with pytest.raises(ValueError, match="share between 0 and 1"):
        data.split(np.zeros(3), np.zeros(3), test=20)
    with pytest.raises(ValueError, match="moons: n is 1"):
        data.moons(1)


@pytest.mark.parametrize("make, classes", [(data.moons, 2), (data.circles, 2), (data.spirals, 3)])
def test_toys(make, classes):
    x, y = make(301, noise=0.0)
    assert x.shape == (301, 2) and y.dtype == np.int64 and set(y.tolist()) == set(range(classes))
    again, _ = make(301, noise=0.0)
    np.testing.assert_array_equal(x, again)
    noisy, _ = make(301, noise=0.1, rng=np.random.default_rng(0))
    assert 0.05 < (noisy - x).std() < 0.15
    if make is data.circles:
        np.testing.assert_allclose(np.hypot(*x.T), np.where(y == 0, 1, 0.5))

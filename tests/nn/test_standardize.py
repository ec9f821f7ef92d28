"""Standardize: scikit-learn's StandardScaler to 1e-12, in one piece and in chunks, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import data, nn

rng = np.random.default_rng(0)
X = rng.normal([100, -3, 1e6], [25, 1e-3, 1], (500, 3))


def quiet(f: Any, *args: Any, **options: Any) -> Any:
    """Some corner pixels of the digits are never inked, and the warning of that is tested by itself."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return f(*args, **options)


@pytest.mark.parametrize("chunk", [1438, 100, 7, 1])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_scikit_learns_scaler_on_real_data(chunk: int, dtype: Any) -> None:
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    x_train, _, x_test, _ = data.digits()
    shifted = (x_train + 1000).astype(dtype)
    scaler = preprocessing.StandardScaler().fit(shifted.astype(np.float64))
    ours = nn.Standardize()
    for start in range(0, len(shifted), chunk):
        quiet(ours.partial_fit, shifted[start : start + chunk])
    np.testing.assert_allclose(ours.mean, scaler.mean_, rtol=1e-12)
    np.testing.assert_allclose(ours.std**2, scaler.var_, rtol=1e-12, atol=1e-24)
    assert int(ours.count) == 1438
    test = (x_test + 1000).astype(dtype)
    assert ours(test).dtype == dtype
    single = dtype == np.float32
    expected = scaler.transform(test.astype(np.float64))
    np.testing.assert_allclose(ours(test), expected, rtol=1e-6 if single else 1e-12, atol=1e-6 if single else 1e-10)


def test_chunks_give_what_the_whole_gives() -> None:
    whole = nn.Standardize().fit(X)
    for sizes in ([250, 250], [1, 499], [100] * 5, [499, 1]):
        parts = nn.Standardize()
        start = 0
        for size in sizes:
            parts.partial_fit(X[start : start + size])
            start += size
        np.testing.assert_allclose(parts.mean, whole.mean, rtol=1e-12)
        np.testing.assert_allclose(parts.std, whole.std, rtol=1e-12)


def test_the_mean_is_stable_where_the_numbers_are_large() -> None:
    x = np.full((100_000, 1), 0.1) + 1e8
    with pytest.warns(UserWarning, match="column 0 does not vary"):
        fitted = nn.Standardize().fit(x)
    assert fitted.std == 0
    spread = 1e8 + rng.normal(0, 1e-3, (10_000, 1))
    np.testing.assert_allclose(nn.Standardize().fit(spread).std, (spread - 1e8).std(axis=0), rtol=1e-9)


def test_dask_arrays() -> None:
    dask = pytest.importorskip("dask.array")
    lazy = dask.from_array(X, chunks=(100, 2))
    fitted = nn.Standardize().fit(lazy)
    np.testing.assert_allclose(fitted.mean, X.mean(axis=0), rtol=1e-12)
    out = fitted(lazy)
    assert not isinstance(out, np.ndarray)
    np.testing.assert_allclose(out.compute(), fitted(X), rtol=1e-12)


def test_inverse_and_gradients() -> None:
    layer = nn.Standardize().fit(X)
    np.testing.assert_allclose(layer.inverse(layer(X)), X, rtol=1e-12)
    x = mg.tensor(X, requires_grad=True)
    layer(x).sum().backward()
    np.testing.assert_allclose(x.grad, np.broadcast_to(1 / X.std(axis=0), X.shape), rtol=1e-12)
    assert mg.gradcheck(lambda x: layer(x) ** 2, X[:2])


def test_images_by_channel() -> None:
    images = rng.normal([[[1]], [[50]]], [[[2]], [[9]]], (40, 2, 5, 4))
    layer = nn.Standardize().fit(images, axis=(0, 2, 3))
    out = layer(images)
    np.testing.assert_allclose(out.mean(axis=(0, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(out.std(axis=(0, 2, 3)), 1, rtol=1e-12)
    np.testing.assert_allclose(layer(images[0]), out[0])
    assert int(layer.count) == 40 * 5 * 4
    with pytest.raises(ValueError, match=r"\(3, 5, 4\).*\(2, 1, 1\)"):
        layer(np.ones((1, 3, 5, 4)))


def test_integers_lists_and_scalars() -> None:
    layer = nn.Standardize().fit([[1, 10], [3, 30]])
    np.testing.assert_allclose(layer([[2, 20]]), [[0, 0]])
    assert nn.Standardize().fit(np.arange(5)).mean == 2


def test_it_refuses_what_is_no_sound_use() -> None:
    layer = nn.Standardize()
    with pytest.raises(RuntimeError, match="not fitted"):
        layer(X)
    with pytest.raises(RuntimeError, match="not fitted"):
        layer.inverse(X)
    layer.fit(X)
    with pytest.raises(RuntimeError, match=r"fitted already.*test set.*classic mistake.*refit=True"):
        layer.fit(X)
    before = layer.mean.copy()
    layer(X + 100)
    np.testing.assert_array_equal(layer.mean, before)
    layer.fit(X + 1, refit=True)
    np.testing.assert_allclose(layer.mean, before + 1)
    with pytest.raises(ValueError, match=r"\(2,\).*\(3,\)"):
        layer(X[:, :2])
    with pytest.raises(ValueError, match=r"\(2,\).*\(3,\)"):
        layer.partial_fit(X[:, :2])
    bad = X.copy()
    bad[7, 2] = bad[9, 0] = np.nan
    with pytest.raises(ValueError, match="nan at row 7, column 2"):
        nn.Standardize().fit(bad)
    bad[3, 1] = -np.inf
    with pytest.raises(ValueError, match="-inf at row 3, column 1"):
        nn.Standardize().fit(bad)
    with pytest.raises(ValueError, match="overflow"), np.errstate(over="ignore"):
        nn.Standardize().fit(np.array([[1e200], [-1e200]]))
    with pytest.raises(ValueError, match="no samples"):
        nn.Standardize().fit(X[:0])
    failed = nn.Standardize()
    with pytest.raises(ValueError):
        failed.fit(bad)
    assert not failed.fitted


def test_a_constant_feature_is_divided_by_one() -> None:
    x = np.column_stack([X[:, 0], np.full(500, 0.1), X[:, 1], np.zeros(500)])
    with pytest.warns(UserWarning, match="column 1, 3 does not vary") as record:
        layer = nn.Standardize().fit(x)
    assert record[0].filename == __file__
    np.testing.assert_allclose(layer(x)[:, [1, 3]], 0, atol=1e-12)
    np.testing.assert_allclose(layer(np.full((1, 4), 2.0))[0, [1, 3]], [1.9, 2.0])


def test_statistics_travel_with_the_model() -> None:
    model = nn.Sequential(nn.Standardize().fit(X[:300]), nn.Linear(3, 2))
    assert [name for name, _ in model.named_parameters()] == ["1.weight", "1.bias"]
    assert list(model.state_dict())[:3] == ["0.mean", "0.std", "0.count"]
    other = nn.Sequential(nn.Standardize(), nn.Linear(3, 2))
    other.load_state_dict(model.state_dict())
    np.testing.assert_array_equal(other(X).data, model(X).data)
    other[0].partial_fit(X[300:])
    np.testing.assert_allclose(other[0].std, X.std(axis=0), rtol=1e-12)
    with pytest.raises(ValueError, match=r"shape: mean is \(3,\) here and \(2,\)"):
        other[0].load_state_dict(nn.Standardize().fit(X[:, :2]).state_dict())
    single = model.astype(np.float32)
    assert single(X.astype(np.float32)).dtype == np.float32

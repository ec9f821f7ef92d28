"""Indexing and scattering where counting copies does not look: assignment, what is overwritten or hidden, PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg

Array = np.ndarray[Any, Any]


def test_assignment_rebinds() -> None:
    x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    v = mg.tensor(5.0, requires_grad=True)
    y = x * 1
    before = y * y
    y[1:] = v
    (before.sum() + (y * y).sum()).backward()
    np.testing.assert_array_equal(x.grad, [2 + 2, 4, 6])
    np.testing.assert_array_equal(v.grad, 2 * 10)


INDICES: dict[str, Any] = {
    "integer": 1,
    "slice": slice(None, None, -2),
    "repeated": [0, 2, 0, -3],
    "repeated pairs": ([0, 1, 0, 1], [2, 2, 2, -1]),
    "matrix": np.array([[0, 1], [1, 0]]),
    "mask": np.array([True, False, True]),
    "apart": ([0, 0, 1], None, [1, 1, 1]),
    "ellipsis": (..., [0, 0, 3]),
    "nothing": [],
}


@pytest.mark.parametrize("name", INDICES)
def test_of_values_put_to_one_place_the_last_counts(name: str) -> None:
    """An array that is assigned 1, 2, 3, ... shows which of them stay."""
    index, rng = INDICES[name], np.random.default_rng(0)
    x = rng.normal(size=(3, 4))
    v = rng.normal(size=x[index].shape)
    numbers = np.zeros(x.shape, int)
    numbers[index] = np.arange(1, v.size + 1).reshape(v.shape)
    g = rng.normal(size=x.shape)
    _, pullback = mg.vjp(lambda x, v: mg.setitem(x, index, v), x, v)
    g_x, g_v = pullback(g)
    np.testing.assert_array_equal(g_x, np.where(numbers > 0, 0, g))
    np.testing.assert_array_equal(g_v.ravel(), [np.sum(g, where=numbers == k) for k in range(1, v.size + 1)])
    _, g_one = mg.vjp(lambda x, v: mg.setitem(x, index, v), x, 2.0)[1](g)
    np.testing.assert_allclose(g_one, np.sum(g, where=numbers > 0), rtol=1e-14)


@pytest.mark.parametrize("name", INDICES)
def test_scatter_add_is_a_loop(name: str) -> None:
    index, rng = INDICES[name], np.random.default_rng(0)
    x = rng.normal(size=(3, 4))
    places = np.arange(12).reshape(3, 4)[index]
    v, g = rng.normal(size=places.shape), rng.normal(size=(3, 4))
    expected = x.copy()
    for place, value in zip(places.ravel(), v.ravel()):
        expected.flat[place] += value
    out, pullback = mg.vjp(lambda x, v: mg.scatter_add(x, index, v), x, v)
    np.testing.assert_allclose(out, expected, rtol=1e-14)
    g_x, g_v = pullback(g)
    np.testing.assert_array_equal(g_x, g)
    np.testing.assert_array_equal(g_v, g[index])


def test_scatter_add_broadcasts_values() -> None:
    g = np.arange(3.0)
    out, pullback = mg.vjp(lambda v: mg.scatter_add(np.zeros(3), np.array([[0, 1], [1, 1]]), v), np.array([1.0, 10.0]))
    np.testing.assert_array_equal(out, [1, 21, 0])  # np.add.at of NumPy 2.4 gives [1, 10, 0]
    np.testing.assert_array_equal(pullback(g)[0], [0 + 1, 1 + 1])


def test_rows_of_an_embedding_in_float32() -> None:
    rng = np.random.default_rng(0)
    words, g = rng.integers(0, 50, (20, 30)), rng.normal(size=(20, 30, 8)).astype(np.float32)
    (gradient,) = mg.vjp(lambda w: w[words], np.zeros((50, 8), np.float32))[1](g)
    expected = np.stack([g[words == k].sum(axis=0, dtype=float) for k in range(50)])
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-5)


def test_floats_do_not_go_into_integers() -> None:
    x = mg.tensor([1, 2])
    with pytest.raises(TypeError, match=r"setitem: float64 values do not fit into an array of int64.*astype"):
        x[0] = mg.tensor(2.5, requires_grad=True)


def test_put_along_axis_leaves_its_argument() -> None:
    x = mg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    out = mg.put_along_axis(x, np.array([[1], [0]]), 9.0, axis=1)
    np.testing.assert_array_equal(out.data, [[1, 9], [9, 4]])
    np.testing.assert_array_equal(x.data, [[1, 2], [3, 4]])
    out.sum().backward()
    np.testing.assert_array_equal(x.grad, [[1, 0], [0, 1]])


HIDING: dict[str, Callable[[Any], Any]] = {
    "where": lambda y: np.where(y > 0, y, 0),
    "select": lambda y: np.select([y > 0], [y], 0.0),
    "choose": lambda y: np.choose([0, 1, 0], [np.zeros(3), y]),
    "compress": lambda y: np.compress([False, True, False], y),
    "extract": lambda y: np.extract([False, True, False], y),
    "tril": lambda y: np.tril(np.triu(np.stack([y, y, y])))[1],
    "assignment": lambda y: mg.setitem(y, np.array([True, False, True]), 0.0),
    "put_along_axis": lambda y: np.put_along_axis(y, np.array([0, 2]), 0.0, axis=0),
}


@pytest.mark.parametrize("name", HIDING)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_hidden_leaks_no_nan(name: str) -> None:
    x, w = np.array([-1.0, np.e, -2.0]), np.array([2.0, 2.0, 2.0])
    # w meets 0 * nan, which sets no floating-point flag: only `selects` can tell.
    g_x, g_w = mg.grad(lambda x, w: np.sum(HIDING[name](np.log(x) * w)), argnums=(0, 1))(x, w)
    np.testing.assert_allclose(g_x, [0, 2 / np.e, 0], rtol=1e-15)
    np.testing.assert_allclose(g_w, [0, 1, 0], rtol=1e-15)


def test_where_of_an_infinite_gradient() -> None:
    g = mg.grad(lambda x: np.sum(np.sqrt(np.where(np.array([True, False]), 1.0, x))))(np.zeros(2))
    np.testing.assert_array_equal(g, [0, np.inf])


def test_where_of_a_condition_alone() -> None:
    x = mg.tensor([0.0, 3.0, 4.0], requires_grad=True)
    (places,) = np.where(x > 3.5)
    assert isinstance(places, mg.Tensor) and places.tolist() == [2] and not places.requires_grad
    with pytest.raises(ValueError, match="both x and y"):
        np.where(x > 0, x)


def test_indices_may_be_tensors() -> None:
    x, i = mg.tensor([1.0, 2.0, 3.0], requires_grad=True), mg.tensor([2, 2])
    (x[i] + np.take(x, i) + mg.gather(x, 0, i) + x[i,] + np.take_along_axis(x, i, 0)).sum().backward()
    np.testing.assert_array_equal(x.grad, [0, 0, 10])


def test_memory_order_is_no_guess() -> None:
    x = np.asfortranarray(np.ones((2, 3)))
    for f in (lambda: mg.reshape(x, 6, order="A"), lambda: mg.ravel(x, "K"), lambda: mg.flatten(x, "A")):
        with pytest.raises(ValueError, match='depends on the memory layout of x; say order="C" or order="F"'):
            f()
    np.testing.assert_array_equal(mg.ravel(np.ascontiguousarray(x), "K"), np.ones(6))


def test_modes_of_pad_without_a_rule_say_so() -> None:
    with pytest.raises(TypeError, match=r"pad: there is no rule for mode 'maximum'"):
        mg.grad(lambda x: np.sum(np.pad(x, 1, mode="maximum")))(np.ones(3))


def test_padding_that_adds_up_its_elements() -> None:
    """np.pad is affine in x: the difference of two forwards is the whole derivative."""
    rng = np.random.default_rng(0)
    x, v = rng.normal(size=(2, 2, 3))
    for options in (
        {"mode": "mean"},
        {"mode": "mean", "stat_length": ((1, 2), (2, 1))},
        {"mode": "linear_ramp", "end_values": 2.0},
        {"mode": "reflect", "reflect_type": "odd"},
        {"mode": "symmetric", "reflect_type": "odd"},
    ):
        change = np.pad(x + v, ((1, 4), (7, 0)), **options) - np.pad(x, ((1, 4), (7, 0)), **options)
        g = rng.normal(size=change.shape)
        (gradient,) = mg.vjp(lambda x: np.pad(x, ((1, 4), (7, 0)), **options), x)[1](g)
        np.testing.assert_allclose(np.sum(gradient * v), np.sum(g * change), rtol=1e-12)


@pytest.mark.torch
def test_as_pytorch() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 4, 5))
    short = rng.integers(0, 4, (2, 6, 3))
    full = rng.integers(0, 5, (3, 4, 7))
    cases: list[tuple[Callable[[Any], Any], Callable[[Any], Any]]] = [
        (lambda x: mg.gather(x, 1, short), lambda t: torch.gather(t, 1, torch.tensor(short))),
        (lambda x: mg.index_select(x, -1, [4, 0, 4]), lambda t: torch.index_select(t, -1, torch.tensor([4, 0, 4]))),
        (lambda x: np.take_along_axis(x, full, -1), lambda t: torch.take_along_dim(t, torch.tensor(full), -1)),
        (
            lambda x: np.pad(x, ((0, 0), (0, 0), (2, 3)), mode="reflect"),
            lambda t: torch.nn.functional.pad(t, (2, 3), mode="reflect"),
        ),
        (
            lambda x: np.pad(x, ((0, 0), (0, 0), (2, 3)), mode="edge"),
            lambda t: torch.nn.functional.pad(t, (2, 3), mode="replicate"),
        ),
        (
            lambda x: np.pad(x, ((0, 0), (0, 0), (2, 3)), mode="wrap"),
            lambda t: torch.nn.functional.pad(t, (2, 3), mode="circular"),
        ),
        (lambda x: np.lib.stride_tricks.sliding_window_view(x, 3, axis=1), lambda t: t.unfold(1, 3, 1)),
        (lambda x: np.repeat(x, [2, 0, 1, 3], 1), lambda t: t.repeat_interleave(torch.tensor([2, 0, 1, 3]), 1)),
        (lambda x: np.rot90(x, 3, (2, 0)), lambda t: torch.rot90(t, 3, (2, 0))),
        (lambda x: np.diagonal(x, 1, 2, 0), lambda t: torch.diagonal(t, 1, 2, 0)),
        (lambda x: x[[0, 0, 2], :, [1, 1, -1]], lambda t: t[[0, 0, 2], :, [1, 1, -1]]),
    ]
    for ours, theirs in cases:
        out, pullback = mg.vjp(ours, x)
        t = torch.tensor(x, requires_grad=True)
        t_out = theirs(t)
        np.testing.assert_array_equal(out, t_out.detach().numpy())
        g = rng.normal(size=out.shape)
        t_out.backward(torch.tensor(g))
        np.testing.assert_allclose(pullback(g)[0], t.grad.numpy(), rtol=1e-13, atol=1e-13)

"""Ops that arrange elements, against an oracle of their own kind.

What an arrangement makes of the numbers 1, 2, 3, ... says of each element of the output which element of the input it
is (0: none). So the gradient is a count: for each input, the sum of g where its number stands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import minigrad as mg

Array = np.ndarray[Any, Any]
Form = Callable[[Any], Any]


def counted(f: Form, x: Array, gs: list[Array]) -> Array:
    """The gradient of x where f arranges its elements and the outputs have gradients gs."""
    numbers = np.asfortranarray(np.arange(1, x.size + 1).reshape(x.shape))
    total = np.zeros(x.size + 1)
    for origin, g in zip(outputs(f(numbers)), gs):
        total += np.bincount(np.ravel(origin).astype(int), np.ravel(g), x.size + 1)
    return total[1:].reshape(x.shape)


def outputs(out: Any) -> list[Any]:
    return list(out) if isinstance(out, (tuple, list)) else [out]


FORMS: dict[str, Form] = {
    # shape
    "reshape int": lambda x: np.reshape(x, -1),
    "reshape columns first": lambda x: np.reshape(x, (4, 3, 2), order="F"),
    "reshape copy": lambda x: np.reshape(x, (6, 4), copy=True),
    "ravel F": lambda x: np.ravel(x, "F"),
    ".reshape(6, 4)": lambda x: x.reshape(6, 4),
    ".reshape((6, -1))": lambda x: x.reshape((6, -1)),
    ".flatten()": lambda x: x.flatten(),
    ".flatten('F')": lambda x: x.flatten("F"),
    ".ravel('F')": lambda x: x.ravel("F"),
    "transpose": np.transpose,
    "transpose negative": lambda x: np.transpose(x, (-1, 0, -2)),
    "transpose a cycle": lambda x: np.transpose(x, (1, 2, 0)),
    "permute_dims": lambda x: np.permute_dims(x, [2, 0, 1]),
    ".transpose(1, 0, 2)": lambda x: x.transpose(1, 0, 2),
    ".transpose((2, 0, 1))": lambda x: x.transpose((2, 0, 1)),
    ".T": lambda x: x.T,
    ".mT": lambda x: x.mT,
    ".swapaxes": lambda x: x.swapaxes(0, -1),
    "matrix_transpose": np.matrix_transpose,
    "moveaxis": lambda x: np.moveaxis(x, 0, -1),
    "moveaxis several": lambda x: np.moveaxis(x, [0, 1], [-1, 0]),
    "rollaxis": lambda x: np.rollaxis(x, 2),
    "rollaxis to the end": lambda x: np.rollaxis(x, 0, 3),
    "rollaxis negative": lambda x: np.rollaxis(x, -1, -2),
    "expand_dims": lambda x: np.expand_dims(x, (0, -1)),
    "squeeze": lambda x: np.squeeze(x[:1]),
    ".squeeze(axis)": lambda x: x[:, :1].squeeze(axis=1),
    "flip": np.flip,
    "flip two": lambda x: np.flip(x, (0, -1)),
    "flipud": np.flipud,
    "fliplr": np.fliplr,
    "roll flat": lambda x: np.roll(x, 5),
    "roll two axes": lambda x: np.roll(x, (1, -1), (1, 2)),
    "roll one axis twice": lambda x: np.roll(x, (1, 2), (1, 1)),
    "rot90": np.rot90,
    "rot90 elsewhere": lambda x: np.rot90(x, -5, axes=(2, 0)),
    "atleast_1d of a number": lambda x: np.atleast_1d(x[0, 0, 0]),
    "atleast_2d of vectors": lambda x: np.atleast_2d(x[0, 0], x[1, 1]),
    "atleast_3d": lambda x: np.atleast_3d(x[0]),
    # repeated
    "broadcast_to": lambda x: np.broadcast_to(x[:, :1], (5, 2, 3, 4)),
    "broadcast_arrays": lambda x: np.broadcast_arrays(x[:1], x[:, :, :1]),
    "meshgrid xy": lambda x: np.meshgrid(x[0, 0], x[1, 1, :2], x[0, 1, 1]),
    "meshgrid ij": lambda x: np.meshgrid(x[0, 0], x[1, 1, :2], indexing="ij"),
    "meshgrid sparse": lambda x: np.meshgrid(x[0, 0], x[1, 1, :2], x[0, 1], sparse=True),
    "tile": lambda x: np.tile(x, 2),
    "tile new axes": lambda x: np.tile(x, (2, 1, 3, 1)),
    "tile none": lambda x: np.tile(x, (1, 0, 1)),
    "repeat flat": lambda x: np.repeat(x, 3),
    "repeat": lambda x: np.repeat(x, [2, 0, 1], axis=1),
    ".repeat": lambda x: x.repeat(2, axis=-1),
    "resize longer": lambda x: np.resize(x, (7, 7)),
    "resize shorter": lambda x: np.resize(x, 5),
    "windows": lambda x: sliding_window_view(x, (2, 2, 3)),
    "windows of one axis": lambda x: sliding_window_view(x, 3, axis=-1),
    "windows of windows": lambda x: sliding_window_view(x, (2, 2), axis=(2, 2)),
    # a border
    "pad constant": lambda x: np.pad(x, 2),
    "pad each axis": lambda x: np.pad(x, [(0, 1), (2, 0), (1, 3)], mode="edge"),
    "pad one pair": lambda x: np.pad(x, (1, 2), mode="symmetric"),
    "pad a dict": lambda x: np.pad(x, {-1: (1, 2), 0: 3}, mode="wrap"),
    "pad reflect": lambda x: np.pad(x, 1, mode="reflect"),
    "pad reflect, wider than the array": lambda x: np.pad(x, 9, mode="reflect"),
    "pad symmetric, wider than the array": lambda x: np.pad(x, 9, mode="symmetric"),
    "pad wrap, wider than the array": lambda x: np.pad(x, 9, mode="wrap"),
    # diagonals
    "diag of a wide matrix": lambda x: np.diag(x[0]),
    "diag above": lambda x: np.diag(x[0], 2),
    "diag below": lambda x: np.diag(x[0], -1),
    "diag of a vector": lambda x: np.diag(x[0, 0], -2),
    "diagflat": lambda x: np.diagflat(x[0], 1),
    "diagonal": np.diagonal,
    ".diagonal": lambda x: x.diagonal(1, 1, -1),
    "diagonal, axes turned": lambda x: np.diagonal(x, -1, axis1=2, axis2=0),
    "tril": lambda x: np.tril(x, -1),
    "triu": lambda x: np.triu(x, k=1),
    "tril of a vector": lambda x: np.tril(x[0, 0]),
    # joined and cut
    "concatenate": lambda x: np.concatenate([x, x[:, :1], x], axis=1),
    "concatenate flat": lambda x: np.concatenate((x, x[0, 0]), axis=None),
    "concat": lambda x: np.concat([x[0], x[1]]),
    "append": lambda x: np.append(x, x[0]),
    "append along": lambda x: np.append(x, x[:, :2], axis=1),
    "vstack of vectors": lambda x: np.vstack([x[0, 0], x[1]]),
    "hstack of vectors": lambda x: np.hstack([x[0, 0], x[1, 1, :2], x[0, 0, 0]]),
    "hstack": lambda x: np.hstack([x, x[:, :1]]),
    "dstack": lambda x: np.dstack([x[0, 0], x[0, :1], x[:1].swapaxes(1, 2)]),
    "column_stack": lambda x: np.column_stack([x[0, :, 0], x[1]]),
    "stack": lambda x: np.stack([x[0], x[1], x[0]], axis=-1),
    "unstack": lambda x: np.unstack(x, axis=1),
    "split": lambda x: np.split(x, 2, axis=2),
    "split at": lambda x: np.split(x, [1, 3], axis=-1),
    "split, overlapping": lambda x: np.split(x, [3, 1], axis=2),
    "split, a part left out": lambda x: np.split(x, [-1, 4], axis=2)[:2],
    "array_split": lambda x: np.array_split(x, 3, axis=2),
    "hsplit, vsplit, dsplit": lambda x: np.hsplit(x, 3) + np.vsplit(x, [1]) + np.dsplit(x, 2),
    "delete": lambda x: np.delete(x, [0, -1, 0], axis=2),
    "delete a slice": lambda x: np.delete(x, slice(None, None, 2), axis=1),
    "delete a mask": lambda x: np.delete(x, [True, False, True], axis=1),
    "delete flat": lambda x: np.delete(x, 5),
    "insert": lambda x: np.insert(x, [3, 1], x[:, :, :2], axis=2),
    "insert one in many places": lambda x: np.insert(x, [0, 0, 3], x[:, :1], axis=1),
    "insert many in one place": lambda x: np.insert(x, 1, np.moveaxis(x, 2, 0), axis=2),
    "insert flat": lambda x: np.insert(x, [5, 2, -1], x[0, 0, :3]),
    # taken
    "an integer": lambda x: x[-1],
    "a slice backwards": lambda x: x[:, ::-2, 3:0:-1],
    "ellipsis and a new axis": lambda x: x[..., None, 1],
    "repeated": lambda x: x[[0, 1, 1, 1, -1]],
    "rows and columns": lambda x: x[[0, 1, 0], [2, 2, 2]],
    "arrays apart": lambda x: x[[0, 1, 1], :, [3, 0, 0]],
    "arrays that broadcast": lambda x: x[np.array([[0], [1]]), [0, 0, 2]],
    "array and slice": lambda x: x[1:, [0, 0, 2], ::-1],
    "a mask": lambda x: x[np.arange(24).reshape(2, 3, 4) % 5 < 2],
    "a mask of rows": lambda x: x[:, np.array([True, False, True])],
    "a mask and an array": lambda x: x[np.array([True, False]), [0, 0, 1]],
    "nothing": lambda x: x[[]],
    "True": lambda x: x[True],
    "take flat": lambda x: np.take(x, [[0, 23], [-1, 0]]),
    "take": lambda x: np.take(x, [0, 0, 2], axis=1),
    ".take": lambda x: x.take([1, 1], -1),
    "take wrap": lambda x: np.take(x, [-7, 5, 9], axis=2, mode="wrap"),
    "take clip": lambda x: np.take(x, [-7, 5, 9], axis=2, mode="clip"),
    "take_along_axis": lambda x: np.take_along_axis(x, np.array([[[0, 3, 3, -1, 0]] * 3] * 2), axis=2),
    "take_along_axis, the same for all": lambda x: np.take_along_axis(x, np.array([[[2, 2]]]), axis=-1),
    "take_along_axis flat": lambda x: np.take_along_axis(x, np.array([0, 0, -1]), axis=None),
    "compress": lambda x: np.compress([False, True], x, axis=1),
    "extract": lambda x: np.extract(np.arange(24) % 3 == 0, x),
    "choose": lambda x: np.choose([[0, 1, 2, 1]], [x[0, 0], x[1], x[0, 0, 0]]),
    "choose wrap": lambda x: np.choose([[-1, 4, 2, 1]], [x[0, 0], x[1]], mode="wrap"),
    "select": lambda x: np.select([np.arange(4) < 1, np.arange(4) < 3], [x[0], x[0, 0]], 0),
    "select by default": lambda x: np.select([np.arange(4) < 1, np.arange(4) > 1], [x, x[0]], x[0, 1]),
    "where": lambda x: np.where([True, False, True, True], x[0], x[1, 0]),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("layout", ["C", "F", "reversed"])
def test_gradient_is_a_count(name: str, layout: str) -> None:
    f, rng = FORMS[name], np.random.default_rng(0)
    x = rng.normal(size=(2, 3, 4))
    x = {"C": x, "F": np.asfortranarray(x), "reversed": x[::-1, :, ::-1]}[layout]
    out, pullback = mg.vjp(lambda x: outputs(f(x)), x)
    for ours, numpys in zip(out, outputs(f(x)), strict=True):
        np.testing.assert_array_equal(ours, numpys)
    gs = [rng.normal(size=part.shape) for part in out]
    (gradient,) = pullback(gs)
    assert gradient.flags.writeable and not any(np.shares_memory(gradient, g) for g in gs)
    np.testing.assert_allclose(gradient, counted(f, x, gs), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", FORMS)
def test_twice_differentiable(name: str) -> None:
    """Of sum_k out_k^3 / 6 the Hessian is diagonal: it sums out_k over the copies of each element."""
    f = FORMS[name]
    x, v = np.random.default_rng(1).normal(size=(2, 2, 3, 4))
    out = [np.asarray(part) for part in outputs(f(x))]
    product = mg.hvp(lambda x: sum(np.sum(part**3) / 6 for part in outputs(f(x))), x, v)
    np.testing.assert_allclose(product, counted(f, x, out) * v, rtol=1e-13, atol=1e-13)

"""Order: sorted elements. The gradient goes back to where they stood; equal elements share."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..declare import op
from ..graph import Array
from .axes import Shape
from .scattering import add_along_axis, scatter_add


def unsort(g: Array, x: Array) -> Array:
    """The gradient of x where g is that of x sorted along its last axis. Equal elements share theirs evenly."""
    order = np.argsort(x, axis=-1)
    ranked = np.take_along_axis(x, order, axis=-1)
    tied = ranked[..., 1:] == ranked[..., :-1]
    if tied.any():
        starts = np.concatenate([np.ones(tied.shape[:-1] + (1,), bool), ~tied], axis=-1)
        group = np.cumsum(starts.reshape((x.size,))) - 1
        zeros = np.zeros(x.size, g.dtype)
        total = scatter_add(zeros, group, g.reshape((x.size,)))
        members = scatter_add(zeros, group, 1)
        g = (total[group] / members[group]).reshape(x.shape)
    return np.take_along_axis(g, np.argsort(order, axis=-1), axis=-1)


# -- sorting ----------------------------------------------------------------------------------------------------------


@op
def sort(x: Array, axis: int | None = -1, kind: Any = None, order: None = None, *, stable: bool | None = None) -> Array:
    """x in ascending order. Each element gets the g of the place that it went to; equal elements share theirs."""
    return np.sort(x, axis, kind, order, stable=stable)


@sort.vjp("x")
def _(g: Array, x: Array, axis: int | None) -> Array:
    if axis is None:
        return unsort(g, x.reshape((x.size,))).reshape(x.shape)
    return np.moveaxis(unsort(np.moveaxis(g, axis, -1), np.moveaxis(x, axis, -1)), -1, axis)


@op
def partition(x: Array, kth: Any, axis: int | None = -1, kind: Any = "introselect", order: None = None) -> Array:
    """x with the kth smallest in its sorted place, smaller ones before and larger ones after it, in any order."""
    return np.partition(x, kth, axis, kind, order)


@partition.vjp("x")
def _(g: Array, out: Array, x: Array, axis: int | None) -> Array:
    shape, end = x.shape, -1 if axis is None else axis
    x = x.reshape((x.size,)) if axis is None else np.moveaxis(x, axis, -1)
    out = np.moveaxis(out, end, -1)
    g = np.take_along_axis(np.moveaxis(g, end, -1), np.argsort(out, axis=-1), axis=-1)  # of x as `sort` gives it
    g = unsort(g, x)
    return g.reshape(shape) if axis is None else np.moveaxis(g, -1, axis)


class TopK(NamedTuple):
    values: Array
    indices: Array


@op
def topk(x: Array, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> TopK:
    """The k largest elements (or smallest) and where they stand, best first, as PyTorch. Those positions get g."""
    if not 0 <= k <= x.shape[dim]:
        raise ValueError(f"topk: k = {k} of {x.shape[dim]} elements along axis {dim} of shape {x.shape}")
    if largest:  # sorted from its end, so that among equal elements the first comes first
        order = x.shape[dim] - 1 - np.flip(np.argsort(np.flip(x, dim), axis=dim, stable=True), dim)
    else:
        order = np.argsort(x, axis=dim, stable=True)
    indices = np.take(order, np.arange(k), axis=dim)
    return TopK(np.take_along_axis(x, indices, axis=dim), indices)


@topk.vjp("x")
def _(g: TopK, out: TopK, x_shape: Shape, dim: int) -> Array:
    return add_along_axis(np.zeros(x_shape, g[0].dtype), out[1], g[0], dim)

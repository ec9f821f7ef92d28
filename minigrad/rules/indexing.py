"""Indexing: some of the numbers. The gradient goes back to where they stood, and adds up where one was taken twice."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backward import unbroadcast
from ..declare import elementwise, op
from ..graph import Array

where = elementwise(
    lambda condition, x, y: np.where(condition, x, y),
    "x where the condition holds, y elsewhere; the other one gets exactly 0",
    name="where",
    selects=True,
    condition=None,
    x=lambda g, condition: np.where(condition, g, np.zeros_like(g)),
    y=lambda g, condition: np.where(condition, np.zeros_like(g), g),
)


def _is_basic(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or part is Ellipsis or isinstance(part, (int, np.integer, slice)) for part in parts)


@op
def getitem(x: Array, index: Any) -> Array:
    """x[index]. An element that was taken more than once gets the sum."""
    return x[index]


@getitem.vjp("x")
def _(g: Array, x_shape: tuple[int, ...], index: Any) -> Array:
    return scatter_add(np.zeros(x_shape, g.dtype), index, g)


@op
def scatter_add(x: Array, index: Any, v: Array) -> Array:
    """A copy of x with v added at x[index]; repeated indices add up. x gets g, v gets g[index]."""
    out = np.array(x)
    if _is_basic(index):
        out[index] += v
    else:
        np.add.at(out, index, v)
    return out


@scatter_add.vjp("x")
def _(g: Array) -> Array:
    return g


@scatter_add.vjp("v")
def _(g: Array, index: Any, v_shape: tuple[int, ...]) -> Array:
    return unbroadcast(g[index], v_shape)


@op
def setitem(x: Array, index: Any, v: Array) -> Array:
    """A copy of x with x[index] = v. x gets g with zeros there, v gets g[index]."""
    out = np.array(x)
    out[index] = v
    return out


@setitem.vjp("x")
def _(g: Array, index: Any) -> Array:
    return setitem(g, index, 0)


@setitem.vjp("v")
def _(g: Array, index: Any, v_shape: tuple[int, ...]) -> Array:
    return unbroadcast(g[index], v_shape)

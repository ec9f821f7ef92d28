"""Calls of indexing ops: every index expression that NumPy has."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from ..arrays import arrays, axis, broadcastable, index_arrays, indices, masks, several, shapes
from ..call import Call, Draw, call
from .table import inputs_of


@inputs_of("getitem")
def _(draw: Draw) -> Call:
    x = draw(arrays())
    return call(x, draw(indices(x.shape)))


@inputs_of("take")
def _(draw: Draw) -> Call:
    """Also indices beyond the ends, in the modes that allow them."""
    x = draw(arrays(shapes(min_axes=1, min_side=1)))
    a = draw(st.none() | axis(x.ndim))
    n = x.size if a is None else x.shape[a]
    mode = draw(st.sampled_from(["raise", "wrap", "clip"]))
    places: Any = draw(index_arrays(n) | st.integers(-n, n - 1))
    return call(x, places if mode == "raise" else places * 2 + 1, a, mode=mode)


@inputs_of("take_along_axis")
def _(draw: Draw) -> Call:
    """Indices for all other axes, or the same for all of them; of the flattened array."""
    x = draw(arrays(shapes(min_axes=1, min_side=1)))
    if draw(st.integers(0, 3)) == 0:
        return call(x, draw(index_arrays(x.size, (3,))), None)
    a = draw(axis(x.ndim))
    shape = [n if draw(st.booleans()) else 1 for n in x.shape]
    shape[a] = draw(st.integers(0, 4))
    return call(x, draw(index_arrays(x.shape[a], tuple(shape))), a)


@inputs_of("gather")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1, min_side=1)))
    a = draw(axis(x.ndim))
    shape = [draw(st.integers(0, n)) for n in x.shape]
    shape[a] = draw(st.integers(0, 4))
    return call(x, a, draw(index_arrays(x.shape[a], tuple(shape))))


@inputs_of("index_select")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1, min_side=1)))
    a = draw(axis(x.ndim))
    return call(x, a, draw(index_arrays(x.shape[a], st.sampled_from([(3,), (1,), (0,)]))))


@inputs_of("compress")
def _(draw: Draw) -> Call:
    """A condition as long as the axis, or shorter."""
    x = draw(arrays(shapes(min_axes=1)))
    a = draw(st.none() | axis(x.ndim))
    n = x.size if a is None else x.shape[a]
    return call(draw(masks((draw(st.integers(0, n)),))), x, a)


@inputs_of("extract")
def _(draw: Draw) -> Call:
    x = draw(arrays())
    return call(draw(masks(x.shape)), x)


@inputs_of("where")
def _(draw: Draw) -> Call:
    condition, x, y = draw(broadcastable(3))
    return call(draw(masks(condition)), *draw(several(2, shape=st.just((x, y)))))


@inputs_of("choose")
def _(draw: Draw) -> Call:
    count = draw(st.integers(1, 3))
    number, *choices = draw(broadcastable(1 + count))
    mode = draw(st.sampled_from(["raise", "wrap", "clip"]))
    ends = (0, count - 1) if mode == "raise" else (-5, 5)
    size = int(np.prod(number))
    row = draw(st.lists(st.integers(*ends), min_size=size, max_size=size))
    return call(np.array(row, int).reshape(number), [draw(arrays(shape)) for shape in choices], mode=mode)


@inputs_of("select")
def _(draw: Draw) -> Call:
    """Conditions that hold together, and none that holds."""
    count = draw(st.integers(1, 3))
    row = draw(broadcastable(2 * count + 1))
    conditions = [draw(masks(shape)) for shape in row[:count]]
    return call(
        conditions, [draw(arrays(shape)) for shape in row[count:-1]], draw(arrays(row[-1]) | st.sampled_from([0, 2.5]))
    )

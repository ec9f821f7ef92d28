"""Calls of sorting.

Of three equal numbers that stand in the order, none moves the middle one of the sorted alone, all together do: there no
gradient agrees with the numerical derivative along each axis. So at most two are equal here.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from ...graph import Array
from ..arrays import Shape, arrays, axis, index_arrays, seeds, shapes
from ..call import Call, Draw, call
from .table import inputs_of


@st.composite
def ordered(draw: Draw, shape: Shape | st.SearchStrategy[Shape], pair: bool = True) -> Array:
    """Numbers with gaps between them, in any order; at times two of them are equal."""
    shape = draw(shape) if isinstance(shape, st.SearchStrategy) else shape
    n = int(np.prod(shape, dtype=int))
    rng = np.random.default_rng(draw(seeds))
    x = (rng.permutation(n) - n // 2) * draw(st.sampled_from([1.0, 0.25, 30.0]))
    if pair and n > 1 and draw(st.booleans()):
        x[rng.integers(n - 1)] = x[-1]
    return x.reshape(shape)


@inputs_of("sort")
def _(draw: Draw) -> Call:
    x = draw(ordered(shapes(min_axes=1)))
    return call(x, draw(st.none() | axis(x.ndim)))


@inputs_of("argsort")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1)))
    return call(x, draw(st.none() | axis(x.ndim)))


@inputs_of("partition", "argpartition")
def _(draw: Draw) -> Call:
    x = draw(ordered(shapes(min_axes=1, min_side=1), pair=False))
    chosen = draw(st.none() | axis(x.ndim))
    n = x.size if chosen is None else x.shape[chosen]
    return call(x, draw(st.integers(-n, n - 1)), chosen)


@inputs_of("topk")
def _(draw: Draw) -> Call:
    x = draw(ordered(shapes(min_axes=1)))
    dim = draw(axis(x.ndim))
    return call(x, draw(st.integers(0, x.shape[dim])), dim, draw(st.booleans()))


@inputs_of("add_along_axis")
def _(draw: Draw) -> Call:
    """Indices counted from the end, and repeated ones."""
    x = draw(arrays(shapes(min_axes=1, min_side=1)))
    a = draw(axis(x.ndim))
    shape = list(x.shape)
    shape[a] = draw(st.integers(0, 4))
    indices = draw(index_arrays(x.shape[a], tuple(shape)))
    return call(x, indices, draw(arrays(tuple(shape))), a)

"""Calls of sorting."""

from __future__ import annotations

from hypothesis import strategies as st

from ..arrays import arrays, axis, index_arrays, shapes
from ..call import Call, Draw, call
from .table import inputs_of


@inputs_of("sort", "argsort")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1)))
    return call(x, draw(st.none() | axis(x.ndim)))


@inputs_of("partition", "argpartition")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1, min_side=1)))
    chosen = draw(st.none() | axis(x.ndim))
    n = x.size if chosen is None else x.shape[chosen]
    return call(x, draw(st.integers(-n, n - 1)), chosen)


@inputs_of("topk")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1)))
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

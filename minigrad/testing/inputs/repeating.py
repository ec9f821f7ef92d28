"""Calls of the ops that repeat elements."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ..arrays import arrays, axis, broadcastable, shapes
from ..call import Call, Draw, call
from .table import inputs_of


@inputs_of("broadcast_to")
def _(draw: Draw) -> Call:
    x = draw(arrays())
    extra = draw(shapes(max_axes=1))
    wider = tuple(draw(st.sampled_from([1, 2, 3, 0])) if n == 1 else n for n in x.shape)
    return call(x, extra + wider)


@inputs_of("broadcast_arrays")
def _(draw: Draw) -> Call:
    return call(*[draw(arrays(shape)) for shape in draw(broadcastable(draw(st.integers(1, 3))))])


@inputs_of("meshgrid")
def _(draw: Draw) -> Call:
    rows = [draw(arrays(shapes(max_axes=1, max_side=3))) for _ in range(draw(st.integers(1, 3)))]
    return call(*rows, sparse=draw(st.booleans()), indexing=draw(st.sampled_from(["xy", "ij"])))


@inputs_of("tile")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(max_side=3)))
    return call(x, draw(st.integers(0, 3) | st.lists(st.integers(0, 3), max_size=4).map(tuple)))


@inputs_of("repeat")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1, max_side=3)))
    a = draw(st.none() | axis(x.ndim))
    n = x.size if a is None else x.shape[a]
    times: Any = draw(st.integers(0, 3) | st.lists(st.integers(0, 3), min_size=n, max_size=n))
    return call(x, times, a)


@inputs_of("resize")
def _(draw: Draw) -> Call:
    return call(draw(arrays()), draw(shapes(max_axes=2) | st.integers(0, 9)))


@st.composite
def _windows(draw: Draw, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """A window that fits, and the axes that it lies along; an axis may be named twice."""
    if shape and draw(st.booleans()):
        a = draw(axis(len(shape)))
        first = draw(st.integers(1, shape[a]))
        if draw(st.booleans()):
            return first, a
        return (first, draw(st.integers(1, shape[a] - first + 1))), (a, a)
    return tuple(draw(st.integers(1, n)) for n in shape), None


@inputs_of("sliding_window_view")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_side=1, min_axes=1)))
    return call(x, *draw(_windows(x.shape)))


@inputs_of("sum_of_windows")
def _(draw: Draw) -> Call:
    shape = draw(shapes(min_side=1, min_axes=1, max_axes=2))
    window, a = draw(_windows(shape))
    lengths = window if isinstance(window, tuple) else (window,)
    axes = range(len(shape)) if a is None else a if isinstance(a, tuple) else (a,)
    sides = list(shape)
    for n, along in zip(lengths, axes):
        sides[along] -= n - 1
    return call(draw(arrays((*sides, *lengths))), shape, window, a)

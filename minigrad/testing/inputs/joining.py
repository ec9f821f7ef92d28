"""Calls of the ops that join arrays, cut them, and put something in."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ..arrays import Strategy, arrays, axis, index_arrays, masks, shapes, slices
from ..call import Call, Draw, call
from .table import inputs_of


@st.composite
def _rows(draw: Draw, shape: tuple[int, ...], along: int | None) -> list[Any]:
    """Arrays of `shape`, but for their length along an axis."""
    rows = []
    for _ in range(draw(st.integers(1, 3))):
        sides = list(shape)
        if along is not None and draw(st.booleans()):
            sides[along] = draw(st.integers(0, 3))
        rows.append(draw(arrays(tuple(sides))))
    return rows


@inputs_of("concatenate")
def _(draw: Draw) -> Call:
    if draw(st.integers(0, 3)) == 0:
        return call([draw(arrays(shapes(max_axes=2))) for _ in range(draw(st.integers(1, 3)))], axis=None)
    shape = draw(shapes(min_axes=1))
    a = draw(axis(len(shape)))
    return call(draw(_rows(shape, a)), axis=a)


@inputs_of("append")
def _(draw: Draw) -> Call:
    if draw(st.booleans()):
        return call(draw(arrays()), draw(arrays(shapes(max_axes=2))))
    shape = draw(shapes(min_axes=1))
    a = draw(axis(len(shape)))
    sides = list(shape)
    sides[a] = draw(st.integers(0, 3))
    return call(draw(arrays(shape)), draw(arrays(tuple(sides))), a)


@inputs_of("vstack")
def _(draw: Draw) -> Call:
    shape = draw(shapes())
    return call(draw(_rows(shape, 0 if len(shape) > 1 else None)))


@inputs_of("hstack")
def _(draw: Draw) -> Call:
    shape = draw(shapes())
    return call(draw(_rows(shape, min(len(shape) - 1, 1) if shape else None)))


@inputs_of("dstack")
def _(draw: Draw) -> Call:
    shape = draw(shapes())
    return call(draw(_rows(shape, 2 if len(shape) > 2 else None)))


@inputs_of("column_stack")
def _(draw: Draw) -> Call:
    if draw(st.booleans()):
        n = draw(st.integers(0, 3))
        return call([draw(arrays((n,)) | arrays((n, 2)) | arrays((n, 0))) for _ in range(draw(st.integers(1, 3)))])
    shape = draw(shapes())
    return call(draw(_rows(shape, 1 if len(shape) > 1 else None)))


@inputs_of("stack")
def _(draw: Draw) -> Call:
    shape = draw(shapes(max_axes=2))
    return call(draw(_rows(shape, None)), axis=draw(axis(len(shape) + 1)))


@inputs_of("unstack")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1, min_side=1)))
    return call(x, axis=draw(axis(x.ndim)))


def _places(n: int) -> Strategy:
    """Where to cut an axis of length n: in order or not, beyond its end, counted from the back."""
    return st.lists(st.integers(-n - 1, n + 1), max_size=3)


def _sections(n: int) -> Strategy:
    """Also into a number of equal sections."""
    return _places(n) | st.sampled_from([k for k in range(1, n + 3) if n % k == 0])


@inputs_of("split", "array_split")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1)))
    a = draw(axis(x.ndim))
    return call(x, draw(_sections(x.shape[a])), a)


@inputs_of("hsplit")
def _(draw: Draw) -> Call:
    """Columns; of a vector, its parts."""
    shape = draw(st.sampled_from([(3,), (4,), (2, 3), (3, 3, 2)]))
    return call(draw(arrays(shape)), draw(_sections(shape[min(len(shape) - 1, 1)])))


@inputs_of("vsplit", "dsplit")
def _(draw: Draw) -> Call:
    x = draw(arrays(st.integers(1, 3).flatmap(lambda n: st.tuples(*[st.just(n)] * 3))))
    return call(x, draw(_sections(x.shape[0])))


def _removed(n: int) -> Strategy:
    """Which indices of an axis of length n: one, several, a slice, a mask."""
    some = [slices(n), masks((n,)), index_arrays(n, st.sampled_from([(2,), (1,), (0,)]))]
    return st.one_of(*some, st.integers(-n, n - 1)) if n else st.one_of(*some)


@inputs_of("delete")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1)))
    a = draw(st.none() | axis(x.ndim))
    return call(x, draw(_removed(x.size if a is None else x.shape[a])), a)


@inputs_of("insert")
def _(draw: Draw) -> Call:
    """One value for each index, or one for all; several before one index."""
    if draw(st.integers(0, 2)) == 0:
        at_a_number: Call = draw(_inserted_at_a_number())
        return at_a_number
    x = draw(arrays(shapes(min_axes=1)))
    a = draw(st.none() | axis(x.ndim))
    n = x.size if a is None else x.shape[a]
    shape = [n] if a is None else list(x.shape)
    if draw(st.booleans()):
        places = draw(st.lists(st.integers(-n, n), min_size=2, max_size=3))
        shape[a or 0] = draw(st.sampled_from([len(places), 1]))
    else:
        places = [draw(st.integers(-n, n))]
        shape[a or 0] = draw(st.integers(0, 3))
    return call(x, places, draw(arrays(tuple(shape)) | arrays(())), a)


@st.composite
def _inserted_at_a_number(draw: Draw) -> Call:
    """The index is a number: the first axis of the values goes to the axis along which they are put in."""
    shape = draw(st.sampled_from([(2, 3), (3,), (2, 2), (2, 1, 3), (0, 2)]))
    a = draw(st.sampled_from([len(shape) - 1, -1, 0, None]))
    x = draw(arrays(shape))
    if a is None:
        return call(x, draw(st.integers(-x.size, x.size)), draw(arrays((2,)) | arrays(())), None)
    others = tuple(n for i, n in enumerate(shape) if i != a % len(shape))
    values = draw(arrays((draw(st.sampled_from([1, 2, 0])), *others)))
    return call(x, draw(st.integers(-shape[a], shape[a])), values, a)

"""Calls of products: vectors, matrices, arrays of more axes."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from ...graph import Array
from ..arrays import Shape, arrays, axis, broadcastable, several, shapes
from ..call import Call, Draw, call
from .table import inputs_of

side = st.sampled_from([2, 1, 3, 0])


def factors(shape: Shape | st.SearchStrategy[Shape]) -> st.SearchStrategy[Array]:
    """Arrays of real numbers, at times of complex ones."""
    return arrays(shape, dtype=st.sampled_from([np.float64, np.float64, np.complex128]))


@inputs_of("matmul")
def _(draw: Draw) -> Call:
    """Vectors, matrices and stacks that broadcast."""
    n, m, k = draw(side), draw(side), draw(side)
    left, right = draw(broadcastable(2, max_axes=1)) if draw(st.booleans()) else ((), ())
    x = (*left, n, m) if left or draw(st.booleans()) else (m,)
    y = (*right, m, k) if right or draw(st.booleans()) else (m,)
    return call(draw(factors(x)), draw(factors(y)))


@inputs_of("matvec")
def _(draw: Draw) -> Call:
    n, m = draw(side), draw(side)
    left, right = draw(broadcastable(2, max_axes=1))
    return call(draw(factors((*left, n, m))), draw(factors((*right, m))))


@inputs_of("vecmat")
def _(draw: Draw) -> Call:
    n, m = draw(side), draw(side)
    left, right = draw(broadcastable(2, max_axes=1))
    return call(draw(factors((*left, n))), draw(factors((*right, n, m))))


@inputs_of("dot")
def _(draw: Draw) -> Call:
    m = draw(side)
    x, y = draw(shapes(max_axes=2, max_side=3)), draw(shapes(max_axes=2, max_side=3))
    y = (*y[:-1], m, *y[-1:]) if y else (m,)
    if draw(st.integers(0, 9)) == 0:
        x, y = draw(st.permutations([(), x]))
        return call(draw(factors(x)), draw(factors(y)))
    return call(draw(factors((*x, m))), draw(factors(y)))


@inputs_of("inner")
def _(draw: Draw) -> Call:
    m = draw(side)
    x, y = draw(shapes(max_axes=2, max_side=3)), draw(shapes(max_axes=2, max_side=3))
    if draw(st.integers(0, 5)) == 0:  # a number and an array
        x, y = draw(st.permutations([(), (*x, m)]))
        return call(draw(factors(x)), draw(factors(y)))
    return call(draw(factors((*x, m))), draw(factors((*y, m))))


@inputs_of("outer")
def _(draw: Draw) -> Call:
    return call(draw(factors(shapes(max_axes=2, max_side=3))), draw(factors(shapes(max_axes=2, max_side=3))))


@inputs_of("vdot")
def _(draw: Draw) -> Call:
    dtype = draw(st.sampled_from([np.float64, np.complex128]))
    return call(*draw(several(2, shape=shapes(max_axes=2).map(lambda s: (s, s)), dtype=dtype)))


@inputs_of("vecdot")
def _(draw: Draw) -> Call:
    m = draw(side)
    x, y = draw(broadcastable(2, max_axes=2))
    return call(draw(factors((*x, m))), draw(factors((*y, m))))


@inputs_of("tensordot")
def _(draw: Draw) -> Call:
    """An integer, or lists of axes in any order and from either end."""
    summed = draw(shapes(max_axes=2, max_side=3))
    left, right = draw(shapes(max_axes=2, max_side=3)), draw(shapes(max_axes=1, max_side=3))
    x_shape, y_shape = left + summed, summed + right
    if draw(st.booleans()):
        return call(draw(factors(x_shape)), draw(factors(y_shape)), len(summed))
    to_x, to_y = draw(permutations_of(len(x_shape))), draw(permutations_of(len(y_shape)))
    of_x = [to_x.index(len(left) + i) for i in range(len(summed))]
    of_y = [to_y.index(i) - len(y_shape) * draw(st.booleans()) for i in range(len(summed))]
    x = draw(factors(tuple(x_shape[a] for a in to_x)))
    return call(x, draw(factors(tuple(y_shape[a] for a in to_y))), (of_x, of_y))


def permutations_of(n: int) -> st.SearchStrategy[list[int]]:
    """0 to n - 1 in any order."""
    return st.permutations(range(n)).map(list)


@inputs_of("kron")
def _(draw: Draw) -> Call:
    return call(draw(factors(shapes(max_axes=2, max_side=3))), draw(factors(shapes(max_axes=2, max_side=3))))


@inputs_of("cross")
def _(draw: Draw) -> Call:
    x, y = draw(broadcastable(2, max_axes=2))
    if x == y and draw(st.booleans()):
        at = draw(axis(len(x) + 1))
        shape = list(x)
        shape.insert(at % (len(x) + 1), 3)
        return call(draw(factors(tuple(shape))), draw(factors(tuple(shape))), axis=at)
    return call(draw(factors((*x, 3))), draw(factors((*y, 3))))

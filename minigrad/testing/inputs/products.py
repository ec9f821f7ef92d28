"""Calls of products: vectors, matrices, arrays of more axes."""

from __future__ import annotations

from hypothesis import strategies as st

from ..arrays import arrays, axis, broadcastable, several, shapes
from ..call import Call, Draw, call
from .table import inputs_of

side = st.sampled_from([2, 1, 3, 0])


@inputs_of("matmul")
def _(draw: Draw) -> Call:
    """Vectors, matrices and stacks that broadcast."""
    n, m, k = draw(side), draw(side), draw(side)
    left, right = draw(broadcastable(2, max_axes=1)) if draw(st.booleans()) else ((), ())
    x = (*left, n, m) if left or draw(st.booleans()) else (m,)
    y = (*right, m, k) if right or draw(st.booleans()) else (m,)
    return call(draw(arrays(x)), draw(arrays(y)))


@inputs_of("matvec")
def _(draw: Draw) -> Call:
    n, m = draw(side), draw(side)
    left, right = draw(broadcastable(2, max_axes=1))
    return call(draw(arrays((*left, n, m))), draw(arrays((*right, m))))


@inputs_of("dot")
def _(draw: Draw) -> Call:
    m = draw(side)
    x, y = draw(shapes(max_axes=2, max_side=3)), draw(shapes(max_axes=2, max_side=3))
    y = (*y[:-1], m, *y[-1:]) if y else (m,)
    if draw(st.integers(0, 9)) == 0:
        x, y = draw(st.permutations([(), x]))
        return call(draw(arrays(x)), draw(arrays(y)))
    return call(draw(arrays((*x, m))), draw(arrays(y)))


@inputs_of("inner")
def _(draw: Draw) -> Call:
    m = draw(side)
    x, y = draw(shapes(max_axes=2, max_side=3)), draw(shapes(max_axes=2, max_side=3))
    return call(draw(arrays((*x, m))), draw(arrays((*y, m))))


@inputs_of("outer")
def _(draw: Draw) -> Call:
    return call(draw(arrays(shapes(max_axes=2, max_side=3))), draw(arrays(shapes(max_axes=2, max_side=3))))


@inputs_of("vdot")
def _(draw: Draw) -> Call:
    return call(*draw(several(2, shape=shapes(max_axes=2).map(lambda s: (s, s)))))


@inputs_of("vecdot")
def _(draw: Draw) -> Call:
    m = draw(side)
    x, y = draw(broadcastable(2, max_axes=2))
    return call(draw(arrays((*x, m))), draw(arrays((*y, m))))


@inputs_of("tensordot")
def _(draw: Draw) -> Call:
    """An integer, or lists of axes in any order and from either end."""
    summed = draw(shapes(max_axes=2, max_side=3))
    left, right = draw(shapes(max_axes=2, max_side=3)), draw(shapes(max_axes=1, max_side=3))
    x_shape, y_shape = left + summed, summed + right
    if draw(st.booleans()):
        return call(draw(arrays(x_shape)), draw(arrays(y_shape)), len(summed))
    to_x, to_y = draw(permutations_of(len(x_shape))), draw(permutations_of(len(y_shape)))
    of_x = [to_x.index(len(left) + i) for i in range(len(summed))]
    of_y = [to_y.index(i) - len(y_shape) * draw(st.booleans()) for i in range(len(summed))]
    x = draw(arrays(tuple(x_shape[a] for a in to_x)))
    return call(x, draw(arrays(tuple(y_shape[a] for a in to_y))), (of_x, of_y))


def permutations_of(n: int) -> st.SearchStrategy[list[int]]:
    """0 to n - 1 in any order."""
    return st.permutations(range(n)).map(list)


EINSUMS = (
    ("ij,jk", ((2, 3), (3, 4))),
    ("ij,jk->ki", ((2, 3), (3, 4))),
    ("i,i", ((3,), (3,))),
    ("i,i", ((1,), (3,))),
    ("i,i->i", ((3,), (1,))),
    ("ii", ((3, 3),)),
    ("ii->i", ((3, 3),)),
    ("iij->j", ((3, 3, 2),)),
    ("ij->", ((2, 3),)),
    ("ij,j,kj->ik", ((2, 3), (3,), (4, 3))),
    ("...ij,...jk->...ik", ((5, 2, 3), (1, 3, 2))),
    ("i...->...", ((2, 3),)),
    ("...,...", ((3,), (2, 3))),
    ("ij,jj->i", ((2, 3), (3, 3))),
    ("i,j", ((0,), (3,))),
    (",i->i", ((), (3,))),
)


@inputs_of("einsum")
def _(draw: Draw) -> Call:
    subscripts, operand_shapes = draw(st.sampled_from(EINSUMS))
    operands = [draw(arrays(shape)) for shape in operand_shapes]
    if subscripts == "ij,jk" and draw(st.booleans()):
        return call(operands[0], [0, 1], operands[1], [1, 2], [2, 0])
    return call(subscripts, *operands)


@inputs_of("kron")
def _(draw: Draw) -> Call:
    return call(draw(arrays(shapes(max_axes=2, max_side=3))), draw(arrays(shapes(max_axes=2, max_side=3))))


@inputs_of("cross")
def _(draw: Draw) -> Call:
    x, y = draw(broadcastable(2, max_axes=2))
    if x == y and draw(st.booleans()):
        at = draw(axis(len(x) + 1))
        shape = list(x)
        shape.insert(at % (len(x) + 1), 3)
        return call(draw(arrays(tuple(shape))), draw(arrays(tuple(shape))), axis=at)
    return call(draw(arrays((*x, 3))), draw(arrays((*y, 3))))

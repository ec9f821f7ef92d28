"""Calls of einsum: subscripts of every kind."""

from __future__ import annotations

from hypothesis import strategies as st

from ..call import Call, Draw, call
from .products import factors
from .table import inputs_of

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
    ("ij,ij->i", ((2, 1), (2, 3))),
    ("ii,ij", ((1, 1), (3, 2))),
    ("bA, Ab ", ((2, 3), (3, 2))),
)


@inputs_of("einsum")
def _(draw: Draw) -> Call:
    subscripts, operand_shapes = draw(st.sampled_from(EINSUMS))
    operands = [draw(factors(shape)) for shape in operand_shapes]
    if subscripts == "ij,jk" and draw(st.booleans()):
        return call(operands[0], [0, 1], operands[1], [1, 2], [2, 0])
    if subscripts == "i...->..." and draw(st.booleans()):
        return call(operands[0], [26, ...], [...])
    return call(subscripts, *operands, optimize=draw(st.booleans()))

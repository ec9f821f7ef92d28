"""Calls of products and linear algebra."""

from __future__ import annotations

from hypothesis import strategies as st

from ..arrays import arrays, broadcastable, shapes
from ..call import Call, Draw, call
from .table import inputs_of

side = st.sampled_from([1, 2, 3, 0])


@inputs_of("matmul")
def _(draw: Draw) -> Call:
    """Vectors, matrices and stacks that broadcast."""
    n, m, k = draw(side), draw(side), draw(side)
    left, right = draw(broadcastable(2, max_axes=1)) if draw(st.booleans()) else ((), ())
    x = (*left, n, m) if left or draw(st.booleans()) else (m,)
    y = (*right, m, k) if right or draw(st.booleans()) else (m,)
    return call(draw(arrays(x)), draw(arrays(y)))

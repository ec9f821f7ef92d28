"""Calls of linear layers, embeddings and dropout."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from ...graph import Array
from ..arrays import arrays, masks, shapes
from ..call import Call, Draw, call
from .table import inputs_of

side = st.sampled_from([1, 2, 3, 0])


# Where a gradient is a small difference of large numbers, single precision and numerical derivatives see rounding alone.
tame = st.sampled_from(["gaussian", "integers"])


@st.composite
def maybe(draw: Draw, strategy: st.SearchStrategy[Array]) -> Array | None:
    """An array, or None."""
    return draw(strategy) if draw(st.booleans()) else None


@st.composite
def classes(draw: Draw, shape: tuple[int, ...], n: int) -> Array:
    """Numbers from 0 to n - 1, repeated more often than not."""
    size = int(np.prod(shape))
    return np.array(draw(st.lists(st.integers(0, n - 1), min_size=size, max_size=size)), np.int64).reshape(shape)


@inputs_of("linear")
def _(draw: Draw) -> Call:
    n, m = draw(side), draw(side)
    x = draw(arrays((*draw(shapes(max_axes=3, max_side=3)), n)))
    return call(x, draw(arrays((m, n))), draw(maybe(arrays((m,)))))


@inputs_of("bilinear")
def _(draw: Draw) -> Call:
    n, m, k = draw(side), draw(side), draw(side)
    batch = draw(shapes(max_axes=2, max_side=3))
    x1, x2 = draw(arrays((*batch, n))), draw(arrays((*batch, m)))
    return call(x1, x2, draw(arrays((k, n, m))), draw(maybe(arrays((k,)))))


@inputs_of("embedding")
def _(draw: Draw) -> Call:
    n = draw(st.integers(1, 4))
    x = draw(classes(draw(shapes(max_axes=2, max_side=3)), n))
    # The gradient of a padding row is not the derivative, on purpose: here that row is never taken.
    padding_idx = draw(st.sampled_from([None, n, -1]))
    return call(x, draw(arrays((n + (padding_idx is not None), draw(side)))), padding_idx)


@inputs_of("one_hot")
def _(draw: Draw) -> Call:
    n = draw(st.integers(1, 4))
    return call(draw(classes(draw(shapes(max_axes=2, max_side=3)), n)), n)


@inputs_of("dropout")
def _(draw: Draw) -> Call:
    x = draw(arrays())
    mask = draw(arrays(x.shape)) if draw(st.booleans()) else draw(masks(x.shape))
    return call(x, mask, draw(st.sampled_from([0.5, 0.0, 0.1, 1.0])))

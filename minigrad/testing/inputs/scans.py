"""Calls of scans."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ..arrays import arrays, axis, broadcastable, shapes
from ..call import Call, Draw, call
from .table import inputs_of


@inputs_of("cumsum", "nancumsum", "cumprod", "nancumprod")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1)))
    return call(x, axis=draw(st.none() | axis(x.ndim)))


@inputs_of("cumulative_sum", "cumulative_prod")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1)))
    return call(x, axis=draw(axis(x.ndim)), include_initial=draw(st.booleans()))


@inputs_of("cummax", "cummin", "logcumsumexp")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1)))
    return call(x, draw(axis(x.ndim)))


@inputs_of("linear_recurrence")
def _(draw: Draw) -> Call:
    a, b = draw(broadcastable(2))
    return call(draw(arrays(a or (1,))), draw(arrays(b or (1,))))


@inputs_of("diff")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1)))
    a = draw(axis(x.ndim))
    options: dict[str, Any] = {}
    for end in ("prepend", "append"):
        if draw(st.booleans()):
            shape = list(x.shape)
            shape[a] = draw(st.integers(0, 2))
            options[end] = draw(arrays(tuple(shape)) | arrays(()))
    return call(x, draw(st.integers(0, 3)), a, **options)


@inputs_of("ediff1d")
def _(draw: Draw) -> Call:
    ends = {end: draw(arrays(shapes(max_axes=1))) for end in ("to_end", "to_begin") if draw(st.booleans())}
    return call(draw(arrays()), **ends)

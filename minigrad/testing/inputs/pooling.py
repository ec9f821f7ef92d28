"""Calls of pooling."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ...rules.max_pooling import window_maxima
from ...rules.windows import Windows, windows
from ..arrays import Shape, arrays
from ..call import Call, Draw, call
from .convolution import axes_of, batch, how, one_to_three, per_axis
from .network import tame
from .table import inputs_of


@st.composite
def pool(draw: Draw, op: str) -> tuple[Any, ...]:
    """x, kernel_size, stride, padding."""
    axes = axes_of(op)
    kernel = draw(per_axis(axes, one_to_three))
    smallest = kernel if isinstance(kernel, int) else min(kernel)
    size = st.integers(kernel if isinstance(kernel, int) else max(kernel), 6)
    x = draw(arrays((*draw(batch(draw(st.integers(1, 2)))), *draw(st.tuples(*[size] * axes)))))
    stride = draw(st.none() | per_axis(axes, one_to_three))
    return x, kernel, stride, draw(st.integers(0, smallest // 2))


@inputs_of("avg_pool1d")
def _(draw: Draw) -> Call:
    return call(*draw(pool("avg_pool1d")), draw(st.booleans()), draw(st.booleans()))


@inputs_of("avg_pool2d")
def _(draw: Draw) -> Call:
    return call(*draw(pool("avg_pool2d")), draw(st.booleans()), draw(st.booleans()), draw(st.sampled_from([None, 3])))


def _max_pools(op: str) -> None:
    @inputs_of(op)
    def _(draw: Draw) -> Call:
        x, *options = draw(pool(op))
        x = draw(arrays(x.shape, kind=tame))  # ties, or numbers well apart
        return call(x, *options, ceil_mode=draw(st.booleans()))


for _op in ("max_pool1d", "max_pool2d"):
    _max_pools(_op)


@st.composite
def pool_windows(draw: Draw) -> tuple[Windows, Shape, Shape]:
    """Windows, the shape of what they look at, and the shape of what they give."""
    axes = draw(st.integers(1, 2))
    kernel, stride, padding, dilation, size = draw(how(axes))
    found = windows("", kernel, stride, padding, dilation)
    n = draw(st.integers(0, 2))
    return found, (n, 2, *size), (n, 2, *found.count(size))


@inputs_of("window_sum")
def _(draw: Draw) -> Call:
    found, shape, _ = draw(pool_windows())
    return call(draw(arrays(shape)), found)


@inputs_of("window_spread")
def _(draw: Draw) -> Call:
    found, shape, out = draw(pool_windows())
    return call(draw(arrays(out)), shape, found)


@inputs_of("maxima_spread")
def _(draw: Draw) -> Call:
    found, shape, out = draw(pool_windows())
    x = draw(arrays(shape))
    return call(draw(arrays(out)), x, window_maxima(x, found), found)


@inputs_of("maxima_gather")
def _(draw: Draw) -> Call:
    found, shape, _ = draw(pool_windows())
    x = draw(arrays(shape))
    return call(draw(arrays(shape)), x, window_maxima(x, found), found)

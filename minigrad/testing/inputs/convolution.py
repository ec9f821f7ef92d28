"""Calls of convolutions."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ...rules.windows import windows
from ..arrays import Shape, arrays
from ..call import Call, Draw, call
from .network import maybe
from .table import inputs_of

one_or_two = st.sampled_from([1, 2])
one_to_three = st.integers(1, 3)


def batch(channels: int) -> st.SearchStrategy[Shape]:
    """(N, channels), or (channels,) alone; a batch of none at times."""
    return st.sampled_from([(1, channels), (2, channels), (channels,), (0, channels)])


@st.composite
def per_axis(draw: Draw, axes: int, values: st.SearchStrategy[int]) -> int | Shape:
    """A number for all axes, or one for each."""
    given: int | Shape = draw(values) if draw(st.booleans()) else draw(st.tuples(*[values] * axes))
    return given


@st.composite
def how(draw: Draw, axes: int) -> tuple[Shape, Any, Any, Any, Shape]:
    """A kernel, stride, padding, dilation, and a size that at least one window fits in."""
    kernel = draw(st.tuples(*[one_to_three] * axes))
    padding = draw(st.sampled_from(["valid", "same"]) | per_axis(axes, st.integers(0, 2)))
    stride = 1 if padding == "same" else draw(per_axis(axes, one_to_three))
    dilation = draw(per_axis(axes, st.integers(1, 2)))
    spans = windows("", kernel, stride, padding, dilation).span()
    size = tuple(span + draw(st.integers(0, 3)) for span in spans)
    return kernel, stride, padding, dilation, size


def axes_of(op: str) -> int:
    return 1 if "1d" in op else 2


def _convolutions(op: str) -> None:
    @inputs_of(op)
    def _(draw: Draw) -> Call:
        kernel, stride, padding, dilation, size = draw(how(axes_of(op)))
        # more than four channels to a group are laid out in another way
        groups, per_group, out = draw(one_or_two), draw(st.sampled_from([1, 2, 5])), draw(one_or_two)
        x = draw(arrays((*draw(batch(per_group * groups)), *size)))
        weight = draw(arrays((out * groups, per_group, *kernel)))
        return call(x, weight, draw(maybe(arrays((out * groups,)))), stride, padding, dilation, groups)


def _transposed_convolutions(op: str) -> None:
    @inputs_of(op)
    def _(draw: Draw) -> Call:
        axes = axes_of(op)
        kernel = draw(st.tuples(*[one_to_three] * axes))
        stride, dilation = draw(one_to_three), draw(st.integers(1, 2))
        padding = draw(st.integers(0, (min(kernel) - 1) * dilation // 2))
        output_padding = draw(st.integers(0, max(stride, dilation) - 1))
        groups, per_group, out = draw(one_or_two), draw(st.sampled_from([1, 2, 5])), draw(one_or_two)
        x = draw(arrays((*draw(batch(per_group * groups)), *draw(st.tuples(*[one_to_three] * axes)))))
        weight = draw(arrays((per_group * groups, out, *kernel)))
        bias = draw(maybe(arrays((out * groups,))))
        return call(x, weight, bias, stride, padding, output_padding, groups, dilation)


for _op in ("convolution", "conv1d", "conv2d"):
    _convolutions(_op)
for _op in ("conv_transpose1d", "conv_transpose2d"):
    _transposed_convolutions(_op)


@st.composite
def fitting(draw: Draw) -> tuple[Shape, Shape, Shape, tuple[Any, ...]]:
    """The shapes of x, weight and the output, and stride, padding, dilation, groups."""
    groups, per_group, out = draw(one_or_two), draw(st.sampled_from([1, 5])), draw(one_or_two)
    kernel, stride, padding, dilation, size = draw(how(draw(one_or_two)))
    count = windows("", kernel, stride, padding, dilation).count(size)
    n = draw(st.integers(0, 2))
    shapes = (n, groups * per_group, *size), (groups * out, per_group, *kernel), (n, groups * out, *count)
    return *shapes, (stride, padding, dilation, groups)


@inputs_of("convolution_transpose")
def _(draw: Draw) -> Call:
    x, weight, y, options = draw(fitting())
    return call(draw(arrays(y)), draw(arrays(weight)), x, *options)


@inputs_of("convolution_kernel")
def _(draw: Draw) -> Call:
    x, weight, y, options = draw(fitting())
    return call(draw(arrays(x)), draw(arrays(y)), weight, *options)

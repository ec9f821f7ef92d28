"""Convolution (without flipping the kernel, as everywhere in deep learning), and its transpose.

For an input x, a kernel w and a gradient y of the output there is one number, <y, convolution(x, w)>. It is linear in
each of the three, so its derivatives are three ops, and the rules of each one are the other two:

    convolution             the derivative in y: what the windows of x and the kernel make
    convolution_transpose   the derivative in x: y, spread over the windows
    convolution_kernel      the derivative in w: what each tap of the kernel saw, times y

conv1d, conv2d, conv_transpose1d and conv_transpose2d are these for one and two axes, with PyTorch's arguments.
"""

from __future__ import annotations

import numpy as np

from ..declare import op
from ..graph import Array
from . import im2col
from .network import plus_bias, sum_of_rows
from .windows import Sizes, Steps, windows


@op
def convolution(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Steps = 1,
    padding: Steps | str = 0,
    dilation: Steps = 1,
    groups: int = 1,
) -> Array:
    """out[k, o] = bias[k] + sum_(c, tap) weight[k, c, tap] x[c, o * stride + tap * dilation - padding], over any axes.

    x is (N, in, ...) or (in, ...), weight (out, in / groups, ...).
    """
    return _convolution("convolution", x, weight, bias, stride, padding, dilation, groups)


@op
def conv1d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Steps = 1,
    padding: Steps | str = 0,
    dilation: Steps = 1,
    groups: int = 1,
) -> Array:
    """Slide each kernel of `weight` along x and sum the products, plus a bias for each kernel: `conv2d` on one axis.

    x is (N, in, length) or (in, length), weight (out, in / groups, kernel), bias (out,).

    >>> import numpy as np, minigrad as mg
    >>> mg.conv1d(np.array([[1.0, 2.0, 4.0, 8.0]]), np.array([[[-1.0, 1.0]]]))
    array([[1., 2., 4.]])
    """
    check_axes("conv1d", x, weight, 1)
    return _convolution("conv1d", x, weight, bias, stride, padding, dilation, groups)


@op
def conv2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Steps = 1,
    padding: Steps | str = 0,
    dilation: Steps = 1,
    groups: int = 1,
) -> Array:
    """Slide each kernel of `weight` over x and sum the products, plus a bias for each kernel.

    x gets g spread back over the windows, weight what each of its taps saw times g, bias the sum of g.

    Parameters
    ----------
    x
        (N, in, height, width) or (in, height, width).
    weight
        (out, in / groups, kernel height, kernel width).
    bias
        (out,).
    stride, dilation
        From window to window, and from tap to tap; a number, or one for each axis.
    padding
        Zeros at both ends of each axis: a number, one for each axis, "valid" (none), or "same" (as many as keep the
        size; stride 1; where the number is odd, one more at the end).
    groups
        Output channels see the input channels of their own group only.

    Raises
    ------
    ValueError
        where shapes or arguments do not fit each other.

    >>> import numpy as np, minigrad as mg
    >>> mg.conv2d(np.arange(9.0).reshape(1, 3, 3), np.ones((1, 1, 2, 2)))
    array([[[ 8., 12.],
            [20., 24.]]])
    """
    check_axes("conv2d", x, weight, 2)
    return _convolution("conv2d", x, weight, bias, stride, padding, dilation, groups)


for _op in (convolution, conv1d, conv2d):

    @_op.vjp("x")
    def _(
        g: Array, weight: Array, x_shape: Sizes, stride: Steps, padding: Steps | str, dilation: Steps, groups: int
    ) -> Array:
        return convolution_transpose(g, weight, x_shape, stride, padding, dilation, groups)

    @_op.vjp("weight")
    def _(
        g: Array, x: Array, weight_shape: Sizes, stride: Steps, padding: Steps | str, dilation: Steps, groups: int
    ) -> Array:
        return convolution_kernel(x, g, weight_shape, stride, padding, dilation, groups)

    @_op.vjp("bias")
    def _(g: Array, weight_shape: Sizes) -> Array:
        return sum_by_channel(g, len(weight_shape) - 2)


@op
def convolution_transpose(
    y: Array, weight: Array, shape: Sizes, stride: Steps, padding: Steps | str, dilation: Steps, groups: int
) -> Array:
    """Each element of y times the kernel, laid where the element's window was in an input of `shape`, and added up."""
    how = windows("convolution_transpose", weight.shape[2:], stride, padding, dilation)
    return im2col.spread(y, weight, shape[2 - weight.ndim :], how, groups)


@convolution_transpose.vjp("y")
def _(
    g: Array, weight: Array, y_shape: Sizes, stride: Steps, padding: Steps | str, dilation: Steps, groups: int
) -> Array:
    return only_first(y_shape, convolution(g, weight, None, stride, padding, dilation, groups))


@convolution_transpose.vjp("weight")
def _(
    g: Array, y: Array, weight_shape: Sizes, stride: Steps, padding: Steps | str, dilation: Steps, groups: int
) -> Array:
    return convolution_kernel(g, y, weight_shape, stride, padding, dilation, groups)


@op
def convolution_kernel(
    x: Array, y: Array, shape: Sizes, stride: Steps, padding: Steps | str, dilation: Steps, groups: int
) -> Array:
    """out[k, c, tap] = sum_(n, o) y[n, k, o] x[n, c, o * stride + tap * dilation - padding]; the kernel has `shape`."""
    return im2col.seen_by_kernel(
        x, y, shape, windows("convolution_kernel", shape[2:], stride, padding, dilation), groups
    )


@convolution_kernel.vjp("x")
def _(g: Array, y: Array, x_shape: Sizes, stride: Steps, padding: Steps | str, dilation: Steps, groups: int) -> Array:
    return convolution_transpose(y, g, x_shape, stride, padding, dilation, groups)


@convolution_kernel.vjp("y")
def _(g: Array, x: Array, y_shape: Sizes, stride: Steps, padding: Steps | str, dilation: Steps, groups: int) -> Array:
    return only_first(y_shape, convolution(x, g, None, stride, padding, dilation, groups))


def only_first(shape: Sizes, seen: Array) -> Array:
    """Without the windows that `output_padding` made room for, which y has not."""
    return seen if seen.shape == shape else seen[tuple(map(slice, shape))]


# -- arguments --------------------------------------------------------------------------------------------------------


def _convolution(
    op: str,
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: Steps,
    padding: Steps | str,
    dilation: Steps,
    groups: int,
) -> Array:
    axes = weight.ndim - 2
    check_groups(op, x, weight, groups, weight.shape[1] * groups)
    how = windows(op, weight.shape[2:], stride, padding, dilation)
    how.check(op, x.shape[-axes:])
    out = im2col.convolved(x, weight, how, groups)
    return out if bias is None else plus_channel_bias(op, out, bias, weight.shape[0], axes)


def plus_channel_bias(op: str, out: Array, bias: Array, channels: int, axes: int) -> Array:
    if bias.shape != (channels,):
        raise ValueError(f"{op}: bias has shape {bias.shape}; for {channels} output channels it must be ({channels},)")
    return plus_bias(out, bias.reshape(channels, *(1,) * axes))


def sum_by_channel(g: Array, axes: int) -> Array:
    return sum_of_rows(np.moveaxis(g, -1 - axes, -1))


def check_axes(op: str, x: Array, weight: Array, axes: int) -> None:
    if weight.ndim != axes + 2 or x.ndim not in (axes + 1, axes + 2):
        places = ", ".join(["length"] if axes == 1 else ["height", "width"])
        raise ValueError(
            f"{op}: x has shape {x.shape}, weight {weight.shape}; "
            f"x must be (N, channels, {places}) or (channels, {places}), and weight have {axes + 2} axes"
        )


def check_groups(op: str, x: Array, weight: Array, groups: int, channels: int) -> None:
    if groups < 1 or weight.shape[0] % groups:
        raise ValueError(
            f"{op}: groups is {groups}; it must divide {weight.shape[0]}, the first axis of weight {weight.shape}"
        )
    if x.shape[1 - weight.ndim] != channels:
        raise ValueError(
            f"{op}: x has shape {x.shape} and so {x.shape[1 - weight.ndim]} channels; "
            f"weight {weight.shape} with groups={groups} takes {channels}"
        )

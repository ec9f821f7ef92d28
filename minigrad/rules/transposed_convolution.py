"""Transposed convolution as a layer: what the gradient of a convolution does, forwards, with PyTorch's arguments."""

from __future__ import annotations

from ..declare import op
from ..graph import Array
from . import im2col
from .convolution import (
    check_axes,
    check_groups,
    convolution,
    convolution_kernel,
    only_first,
    plus_channel_bias,
    sum_by_channel,
)
from .windows import Sizes, Steps, per_axis, windows


@op
def conv_transpose1d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Steps = 1,
    padding: Steps = 0,
    output_padding: Steps = 0,
    groups: int = 1,
    dilation: Steps = 1,
) -> Array:
    """Each element of x times the kernel, laid `stride` apart and added up: `conv_transpose2d` on one axis.

    >>> import numpy as np, minigrad as mg
    >>> mg.conv_transpose1d(np.array([[1.0, 2.0]]), np.array([[[1.0, 10.0, 100.0]]]))
    array([[  1.,  12., 120., 200.]])
    """
    check_axes("conv_transpose1d", x, weight, 1)
    return _transposed("conv_transpose1d", x, weight, bias, stride, padding, output_padding, groups, dilation)


@op
def conv_transpose2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Steps = 1,
    padding: Steps = 0,
    output_padding: Steps = 0,
    groups: int = 1,
    dilation: Steps = 1,
) -> Array:
    """Each element of x times the kernel, laid `stride` apart and added up: the gradient of `conv2d` made a layer.

    x gets the convolution of g, weight what each of its taps made times x, bias the sum of g.

    Parameters
    ----------
    x
        (N, in, height, width) or (in, height, width).
    weight
        (in, out / groups, kernel height, kernel width).
    bias
        (out,).
    stride, padding, dilation, groups
        Those of the `conv2d` whose gradient this is: padding is cut off.
    output_padding
        Added to the output's size at the end of each axis, since conv2d takes several sizes to one; less than the
        stride or the dilation.

    Raises
    ------
    ValueError
        where shapes or arguments do not fit each other.

    >>> import numpy as np, minigrad as mg
    >>> mg.conv_transpose2d(np.ones((1, 2, 2)), np.ones((1, 1, 2, 2)))
    array([[[1., 2., 1.],
            [2., 4., 2.],
            [1., 2., 1.]]])
    """
    check_axes("conv_transpose2d", x, weight, 2)
    return _transposed("conv_transpose2d", x, weight, bias, stride, padding, output_padding, groups, dilation)


for _op in (conv_transpose1d, conv_transpose2d):

    @_op.vjp("x")
    def _(
        g: Array, weight: Array, x_shape: Sizes, stride: Steps, padding: Steps, groups: int, dilation: Steps
    ) -> Array:
        return only_first(x_shape, convolution(g, weight, None, stride, padding, dilation, groups))

    @_op.vjp("weight")
    def _(
        g: Array, x: Array, weight_shape: Sizes, stride: Steps, padding: Steps, groups: int, dilation: Steps
    ) -> Array:
        return convolution_kernel(g, x, weight_shape, stride, padding, dilation, groups)

    @_op.vjp("bias")
    def _(g: Array, weight_shape: Sizes) -> Array:
        return sum_by_channel(g, len(weight_shape) - 2)


def _transposed(
    op: str,
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: Steps,
    padding: Steps,
    output_padding: Steps,
    groups: int,
    dilation: Steps,
) -> Array:
    axes = weight.ndim - 2
    check_groups(op, x, weight, groups, weight.shape[0])
    how = windows(op, weight.shape[2:], stride, padding, dilation)
    extra = per_axis(op, "output_padding", output_padding, axes, least=0)
    if any(e >= max(s, d) for e, s, d in zip(extra, how.stride, how.dilation)):
        raise ValueError(
            f"{op}: output_padding is {output_padding}; it must be below the stride {stride} or the dilation {dilation}"
        )
    size = tuple(
        (n - 1) * step + span - before - after + e
        for n, step, span, (before, after), e in zip(x.shape[-axes:], how.stride, how.span(), how.padding, extra)
    )
    if min(size) < 1:
        raise ValueError(
            f"{op}: the output of x {x.shape} and weight {weight.shape} would have the size {size}; use less padding"
        )
    out = im2col.spread(x, weight, size, how, groups)
    return out if bias is None else plus_channel_bias(op, out, bias, weight.shape[1] * groups, axes)

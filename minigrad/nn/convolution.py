"""Convolutions as layers: `weight` is (out, in / groups, *kernel), transposed (in, out / groups, *kernel)."""

from __future__ import annotations

import math
from typing import Any

from ..declare import ops
from ..op import Op
from ..tensor import Tensor
from . import init as initializers
from .module import Module
from .start import Init, Rng, start_weight_and_bias

Steps = int | tuple[int, ...]
_PADDING_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


class _Convolution(Module):
    """What all convolutions have in common: sizes, and parameters that start within 1 / sqrt(fan_in)."""

    op: Op
    axes: int
    transposed = False
    weight: Tensor
    bias: Tensor | None

    def _start(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Steps,
        groups: int,
        bias: bool,
        init: Init | None,
        bias_init: Init | None,
        rng: Rng | None,
    ) -> None:
        name = type(self).__name__
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError(f"{name}: groups {groups} must divide {in_channels} channels in and {out_channels} out")
        kernel = (kernel_size,) * self.axes if isinstance(kernel_size, int) else tuple(kernel_size)
        if len(kernel) != self.axes:
            raise ValueError(f"{name}: kernel_size is {kernel_size}; it has {self.axes} axes")
        self.in_channels, self.out_channels, self.kernel_size, self.groups = in_channels, out_channels, kernel, groups
        first, second = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        shape = (first, second // groups, *kernel)
        if self.transposed and init is not None:
            init = initializers.transposed(initializers.resolve(init), groups)
        fan_in = math.prod(shape[1:])  # of a transposed one this is no fan_in, but it is PyTorch's bound
        start_weight_and_bias(self, shape, out_channels if bias else None, fan_in, init, bias_init, rng)

    def extra_repr(self) -> str:
        """Sizes, and the options that are not the defaults."""
        usual = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1, "padding_mode": "zeros"}
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"
        for option, default in usual.items():
            value = getattr(self, option, default)
            text += f", {option}={value!r}" if value != default else ""
        return text + ("" if self.bias is not None else ", bias=False")


class _Straight(_Convolution):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Steps,
        stride: Steps = 1,
        padding: Steps | str = 0,
        dilation: Steps = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        init: Init | None = None,
        bias_init: Init | None = None,
        rng: Rng | None = None,
    ) -> None:
        if padding_mode not in _PADDING_MODES:
            modes = ", ".join(_PADDING_MODES)
            raise ValueError(f"{type(self).__name__}: padding_mode is {padding_mode!r}; it is one of {modes}")
        self.stride, self.padding, self.dilation, self.padding_mode = stride, padding, dilation, padding_mode
        self._start(in_channels, out_channels, kernel_size, groups, bias, init, bias_init, rng)

    def forward(self, x: Any) -> Any:
        """x (N, in_channels, ...) or (in_channels, ...) gives out_channels at the same axis."""
        padding = self.padding
        if self.padding_mode != "zeros":
            x, padding = ops["pad"](x, self._widths(x.ndim), _PADDING_MODES[self.padding_mode]), 0
        return self.op(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _widths(self, ndim: int) -> list[tuple[int, int]]:
        """How much `pad` puts before and after each axis of x."""
        if self.padding == "same":
            dilation = (self.dilation,) * self.axes if isinstance(self.dilation, int) else self.dilation
            total = [d * (k - 1) for d, k in zip(dilation, self.kernel_size)]
            widths = [(n // 2, n - n // 2) for n in total]
        elif isinstance(self.padding, str):  # "valid"
            widths = [(0, 0)] * self.axes
        else:
            sides = (self.padding,) * self.axes if isinstance(self.padding, int) else self.padding
            widths = [(n, n) for n in sides]
        return [(0, 0)] * (ndim - self.axes) + widths


class Conv1d(_Straight):
    """`conv1d` with a weight (out_channels, in_channels / groups, kernel) and a bias (out_channels,).

    Arguments are PyTorch's, and `init`, `bias_init`, `rng` as in `Linear`.
    """

    op, axes = ops["conv1d"], 1


class Conv2d(_Straight):
    """`conv2d` with a weight (out_channels, in_channels / groups, height, width) and a bias (out_channels,).

    Parameters
    ----------
    stride, padding, dilation, groups
        As in `conv2d`; padding may be "same" or "valid".
    padding_mode
        What the border is made of: "zeros", "reflect", "replicate" or "circular".
    init, bias_init, rng
        As in `Linear`. fan_in is in_channels / groups * height * width: what one output sees.

    >>> import numpy as np
    >>> from minigrad import nn
    >>> nn.Conv2d(3, 8, 3, padding=1, init="kaiming_normal")(np.ones((2, 3, 5, 5))).shape
    (2, 8, 5, 5)
    """

    op, axes = ops["conv2d"], 2


class _Transposed(_Convolution):
    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Steps,
        stride: Steps = 1,
        padding: Steps = 0,
        output_padding: Steps = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Steps = 1,
        *,
        init: Init | None = None,
        bias_init: Init | None = None,
        rng: Rng | None = None,
    ) -> None:
        self.stride, self.padding, self.output_padding, self.dilation = stride, padding, output_padding, dilation
        self._start(in_channels, out_channels, kernel_size, groups, bias, init, bias_init, rng)

    def forward(self, x: Any) -> Any:
        """x (N, in_channels, ...) or (in_channels, ...) gives out_channels at the same axis."""
        return self.op(
            x, self.weight, self.bias, self.stride, self.padding, self.output_padding, self.groups, self.dilation
        )


class ConvTranspose1d(_Transposed):
    """`conv_transpose1d` with a weight (in_channels, out_channels / groups, kernel). Arguments are PyTorch's."""

    op, axes = ops["conv_transpose1d"], 1


class ConvTranspose2d(_Transposed):
    """`conv_transpose2d` with a weight (in_channels, out_channels / groups, height, width).

    Arguments are PyTorch's, and `init`, `bias_init`, `rng` as in `Linear`. fan_in is what one output sees,
    in_channels / groups * height * width.

    >>> import numpy as np
    >>> from minigrad import nn
    >>> nn.ConvTranspose2d(8, 3, 2, stride=2)(np.ones((2, 8, 5, 5))).shape
    (2, 3, 10, 10)
    """

    op, axes = ops["conv_transpose2d"], 2

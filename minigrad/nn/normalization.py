"""Normalization layers. `weight` starts at ones and `bias` at zeros; running statistics are buffers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..context import mode
from ..declare import ops
from ..tensor import Tensor
from .module import Module
from .start import Init, Rng, parameter
from .state import bare


class _Normalization(Module):
    weight: Tensor | None
    bias: Tensor | None

    def _start(
        self, shape: tuple[int, ...], weight: bool, bias: bool, init: Init, bias_init: Init, rng: Rng | None
    ) -> None:
        self.register_parameter("weight", parameter(self, init, shape, rng) if weight else None)
        self.register_parameter("bias", parameter(self, bias_init, shape, rng) if bias else None)


# -- running statistics -----------------------------------------------------------------------------------------------


class _Running(_Normalization):
    """Keeps running means of the mean and of the unbiased variance of each channel, to be used in evaluation.

    Parameters
    ----------
    momentum
        The weight of the newest batch: running = (1 - momentum) running + momentum new. None: the mean of all batches.
    affine
        Whether there are a weight and a bias.
    track_running_stats
        If not, every batch is normalized by its own statistics, in evaluation too.
    """

    running_mean: Any
    running_var: Any
    num_batches_tracked: Any
    ndims: tuple[int, ...]  # how many axes an input may have

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        init: Init = "ones",
        bias_init: Init = "zeros",
        rng: Rng | None = None,
    ) -> None:
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self._start((num_features,), affine, affine, init, bias_init, rng)
        dtype = mode.get().dtype
        self.register_buffer("running_mean", np.zeros(num_features, dtype) if track_running_stats else None)
        self.register_buffer("running_var", np.ones(num_features, dtype) if track_running_stats else None)
        self.register_buffer("num_batches_tracked", np.array(0) if track_running_stats else None)

    def _check(self, x: Any, axis: int) -> None:
        """ValueError unless x has the right number of axes, and the channels on this one."""
        if x.ndim not in self.ndims or x.shape[axis] != self.num_features:
            counts = " or ".join(map(str, self.ndims))
            raise ValueError(
                f"x has shape {x.shape}; it must have {counts} axes, and {self.num_features} channels on axis {axis}"
            )

    def _update(self, mean: Any, var: Any, share: float) -> None:
        """Move the running statistics towards those of a batch."""
        dtype = self.running_mean.dtype
        self.running_mean = ((1 - share) * self.running_mean + share * mean).astype(dtype)
        self.running_var = ((1 - share) * self.running_var + share * var).astype(dtype)

    def extra_repr(self) -> str:
        """The options."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_Running):
    def forward(self, x: Any) -> Any:
        """x, each channel normalized over the batch in training, by the running statistics in evaluation."""
        self._check(x, 1)
        if not self.training and self.track_running_stats:
            return ops["batch_norm"](x, self.running_mean, self.running_var, self.weight, self.bias, False, self.eps)
        out, mean, var = ops["batch_norm_training"](x, self.weight, self.bias, self.eps)
        if self.training and self.track_running_stats:
            n = x.size // self.num_features
            self.num_batches_tracked = np.asarray(self.num_batches_tracked + 1)
            share = 1 / int(self.num_batches_tracked) if self.momentum is None else self.momentum
            self._update(bare(mean), bare(var) * (n / (n - 1)), share)
        return out


class BatchNorm1d(_BatchNorm):
    """Batch normalization of (N, C) or (N, C, L): S. Ioffe and C. Szegedy, 2015. See `BatchNorm2d`."""

    ndims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Batch normalization of (N, C, H, W): (x - mean) / (var + eps)^(1/2) * weight + bias for each channel.

    In training with the mean and variance of the batch, and running means of both are kept in `running_mean`,
    `running_var` and `num_batches_tracked`; in evaluation with these.

    Parameters
    ----------
    momentum
        The share of the newest batch in the running statistics; None for the mean over all batches.
    affine, track_running_stats
        Whether there are weight and bias; whether there are running statistics.

    >>> import numpy as np
    >>> from minigrad import nn
    >>> layer = nn.BatchNorm2d(3)
    >>> layer(np.random.default_rng(0).normal(5, 2, (8, 3, 4, 4))).data.mean().round(6) + 0
    np.float64(0.0)
    """

    ndims = (4,)


class InstanceNorm2d(_Running):
    """Each channel of each example of (N, C, H, W) or (C, H, W) over its own places (Ulyanov et al. 2016)."""

    ndims = (3, 4)

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, **options)

    def forward(self, x: Any) -> Any:
        """x, each channel of each example normalized."""
        self._check(x, -3)
        batch = x if x.ndim == 4 else x.reshape((1, *x.shape))
        own = self.training or not self.track_running_stats
        if self.training and self.track_running_stats:
            values = bare(batch)
            self._update(values.mean(axis=(0, 2, 3)), values.var(axis=(2, 3), ddof=1).mean(axis=0), self.momentum or 0)
        out = ops["instance_norm"](batch, self.running_mean, self.running_var, self.weight, self.bias, own, self.eps)
        return out if x.ndim == 4 else out.reshape(x.shape)


# -- within one example -----------------------------------------------------------------------------------------------


class LayerNorm(_Normalization):
    """Each x over its last axes, of lengths `normalized_shape` (Ba et al. 2016); weight and bias have that shape.

    >>> import numpy as np
    >>> from minigrad import nn
    >>> nn.LayerNorm(4)(np.arange(8.0).reshape(2, 4)).data.round(3)
    array([[-1.342, -0.447,  0.447,  1.342],
           [-1.342, -0.447,  0.447,  1.342]])
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        init: Init = "ones",
        bias_init: Init = "zeros",
        rng: Rng | None = None,
    ) -> None:
        self.normalized_shape = _shape(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        self._start(self.normalized_shape, elementwise_affine, elementwise_affine and bias, init, bias_init, rng)

    def forward(self, x: Any) -> Any:
        """x with mean 0 and variance 1 over its last axes, scaled and shifted."""
        return ops["layer_norm"](x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The options."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class RMSNorm(_Normalization):
    """Each x divided by its root mean square over its last axes, times weight (Zhang and Sennrich 2019)."""

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float | None = None,
        elementwise_affine: bool = True,
        *,
        init: Init = "ones",
        rng: Rng | None = None,
    ) -> None:
        self.normalized_shape = _shape(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        self.register_parameter(
            "weight", parameter(self, init, self.normalized_shape, rng) if elementwise_affine else None
        )

    def forward(self, x: Any) -> Any:
        """x with a root mean square of 1 over its last axes, scaled."""
        return ops["rms_norm"](x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """The options."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(_Normalization):
    """Each x (N, C, ...) over the channels of a group and all places (Wu and He 2018); weight and bias (C,)."""

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        *,
        init: Init = "ones",
        bias_init: Init = "zeros",
        rng: Rng | None = None,
    ) -> None:
        if num_channels % num_groups:
            raise ValueError(f"GroupNorm: {num_channels} channels cannot be divided into {num_groups} groups")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        self._start((num_channels,), affine, affine, init, bias_init, rng)

    def forward(self, x: Any) -> Any:
        """x, each group of channels with mean 0 and variance 1, scaled and shifted by channel."""
        if x.ndim < 2 or x.shape[1] != self.num_channels:
            raise ValueError(f"x has shape {x.shape}; its axis 1 must have the {self.num_channels} channels")
        return ops["group_norm"](x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The options."""
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"


def _shape(normalized_shape: int | tuple[int, ...]) -> tuple[int, ...]:
    return (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)

"""Convolution as one matrix product ("image to columns"), on bare arrays.

Every window of the input becomes a row of a matrix and meets all kernels at once (K. Chellapilla et al., "High
performance convolutional neural networks for document processing", 2006). Channels stand last here, so that what a
window sees of a row is one run of memory; results are handed out as views with the channels second, and the next
convolution finds them as it wants them.

`x` is (N, channels, ...) or (channels, ...). With groups, each is a matrix product of its own.
"""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..graph import Array
from .windows import Sizes, Windows


def convolved(x: Array, weight: Array, how: Windows, groups: int) -> Array:
    """The products of all windows of x with all kernels, weight (out, channels / groups, ...)."""
    axes = len(how.kernel)
    batch, count = x.shape[: -1 - axes], how.count(x.shape[-axes:])
    kernels = channels_last(weight, axes).reshape(groups, weight.shape[0] // groups, prod(weight.shape[1:]))
    out = np.matmul(columns(x, how, count, groups), kernels.transpose(0, 2, 1))
    return channels_second(out.transpose(1, 0, 2).reshape(*batch, *count, weight.shape[0]), axes)


def spread(y: Array, weight: Array, size: Sizes, how: Windows, groups: int) -> Array:
    """y (N, out, ...) times the kernels, added up at the windows that they came from, in an input of `size`."""
    axes, channels = len(size), weight.shape[1] * groups
    batch, count = y.shape[: -1 - axes], y.shape[-axes:]
    out: Array = np.zeros((*batch, *how.padded(size), channels), np.result_type(y, weight))
    rows = by_group(y, axes, groups)
    kernels = weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])
    for tap, seen in how.taps(count):  # as fast as one product for all taps, whose result is larger by their number
        part = np.matmul(rows, kernels[..., *tap])
        out[..., *seen, :] += part.transpose(1, 0, 2).reshape(*batch, *count, channels)
    return channels_second(out[..., *how.inside(size), :], axes)


def seen_by_kernel(x: Array, y: Array, shape: Sizes, how: Windows, groups: int) -> Array:
    """The sum over all windows of what each tap of a kernel of `shape` saw of x, times y (N, out, ...)."""
    axes = len(how.kernel)
    seen = columns(x, how, y.shape[-axes:], groups)
    out = np.matmul(by_group(y, axes, groups).transpose(0, 2, 1), seen)
    return channels_second(out.reshape(shape[0], *how.kernel, shape[1]), axes)


def columns(x: Array, how: Windows, count: Sizes, groups: int) -> Array:
    """The windows of x as rows: (groups, N * places, taps * channels / groups)."""
    axes, channels = len(count), x.shape[-1 - len(count)]
    batch, size, per_group = x.shape[: -1 - axes], x.shape[-axes:], channels // groups
    last = channels_last(x, axes)
    if how.padded(size) != size:
        padded: Array = np.zeros((*batch, *how.padded(size), channels), x.dtype)
        padded[..., *how.inside(size), :] = last
        last = padded
    elif per_group > FEW:
        last = np.ascontiguousarray(last)
    places = len(batch) + axes
    seen: Array = sliding_window_view(
        last.reshape(*last.shape[:-1], groups, per_group), how.span(), tuple(range(len(batch), places))
    )
    steps = (slice(None, n * step, step) for n, step in zip(count, how.stride))
    seen = seen[..., *steps, :, :, *(slice(None, None, d) for d in how.dilation)]
    # Now the axes are: N and places, groups, channels, taps.
    taps, rows, row = tuple(range(-axes, 0)), prod(batch + count), prod(how.kernel) * per_group
    if per_group > FEW:
        return seen.transpose(places, *range(places), *taps, places + 1).reshape(groups, rows, row)
    return seen.transpose(places, *taps, places + 1, *range(places)).reshape(groups, row, rows).transpose(0, 2, 1)


# How fast windows are copied depends on what stands in a run of memory: the channels of a tap, or, with no more than
# this many channels, the places of a row (up to three times faster for one channel).
FEW = 4


def by_group(x: Array, axes: int, groups: int) -> Array:
    """x as a matrix for each group: (groups, N * places, channels / groups)."""
    last = channels_last(x, axes)
    return last.reshape(prod(last.shape[:-1]), groups, last.shape[-1] // groups).transpose(1, 0, 2)


def channels_last(x: Array, axes: int) -> Array:
    """(N, channels, ...) as (N, ..., channels): `moveaxis` in a tenth of its time."""
    at = x.ndim - 1 - axes
    return x.transpose(*range(at), *range(at + 1, x.ndim), at)


def channels_second(x: Array, axes: int) -> Array:
    """The reverse."""
    at = x.ndim - 1 - axes
    return x.transpose(*range(at), x.ndim - 1, *range(at, x.ndim - 1))

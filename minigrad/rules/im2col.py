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
    axes = weight.ndim - 2
    batch, count = x.shape[: -1 - axes], how.count(x.shape[-axes:])
    kernels = np.moveaxis(weight, 1, -1).reshape(groups, weight.shape[0] // groups, prod(weight.shape[1:]))
    out = np.matmul(columns(x, how, count, groups), np.swapaxes(kernels, 1, 2))
    return np.moveaxis(np.moveaxis(out, 0, 1).reshape(*batch, *count, weight.shape[0]), -1, len(batch))


def spread(y: Array, weight: Array, size: Sizes, how: Windows, groups: int) -> Array:
    """y (N, out, ...) times the kernels, added up at the windows that they came from, in an input of `size`."""
    axes, per_group = len(size), weight.shape[1]
    batch, count = y.shape[: -1 - axes], y.shape[-axes:]
    out: Array = np.zeros((*batch, *how.padded(size), groups, per_group), np.result_type(y, weight))
    matrices = by_group(y, axes, groups)
    kernels = weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])
    for tap, seen in how.taps(count):  # as fast as one product for all taps, whose result is larger by their number
        part = np.matmul(matrices, kernels[(..., *tap)])
        out[(..., *seen, slice(None), slice(None))] += np.moveaxis(part, 0, 1).reshape(
            *batch, *count, groups, per_group
        )
    out = out[(..., *how.inside(size), slice(None), slice(None))]
    return np.moveaxis(out.reshape(*batch, *size, groups * per_group), -1, len(batch))


def seen_by_kernel(x: Array, y: Array, shape: Sizes, how: Windows, groups: int) -> Array:
    """The sum over all windows of what each tap of a kernel of `shape` saw of x, times y (N, out, ...)."""
    axes = len(shape) - 2
    seen = columns(x, how, y.shape[-axes:], groups)
    out = np.matmul(np.swapaxes(by_group(y, axes, groups), 1, 2), seen)
    return np.moveaxis(out.reshape(shape[0], *shape[2:], shape[1]), -1, 1)


def columns(x: Array, how: Windows, count: Sizes, groups: int) -> Array:
    """The windows of x as rows: (groups, N * places, taps * channels / groups)."""
    axes, channels = len(count), x.shape[-1 - len(count)]
    batch, size = x.shape[: -1 - axes], x.shape[-axes:]
    last = np.moveaxis(x, -1 - axes, -1)
    if how.padded(size) != size:
        padded: Array = np.zeros((*batch, *how.padded(size), channels), x.dtype)
        padded[(..., *how.inside(size), slice(None))] = last
        last = padded
    grouped: Array = np.moveaxis(last.reshape(*last.shape[:-1], groups, channels // groups), -2, 0)
    seen: Array = sliding_window_view(
        grouped, how.span(), tuple(range(-1 - axes, -1))
    )  # (groups, N, places, channels, taps)
    steps = (slice(None, n * step, step) for n, step in zip(count, how.stride))
    seen = seen[(..., *steps, slice(None), *(slice(None, None, d) for d in how.dilation))]
    rows, row = prod(batch + count), prod(how.kernel) * (channels // groups)
    places, taps = tuple(range(1, 1 + len(batch) + axes)), tuple(range(-axes, 0))
    # What is copied in one run decides the time: the channels of a tap, or where they are few (up to three times
    # faster for one channel) the places of an output row.
    if channels // groups > 4:
        return seen.transpose(0, *places, *taps, -1 - axes).reshape(groups, rows, row)
    return np.swapaxes(seen.transpose(0, *taps, -1 - axes, *places).reshape(groups, row, rows), 1, 2)


def by_group(x: Array, axes: int, groups: int) -> Array:
    """x as a matrix for each group: (groups, N * places, channels / groups)."""
    channels = x.shape[-1 - axes]
    places = prod(x.shape) // channels if channels else 0
    return np.moveaxis(np.moveaxis(x, -1 - axes, -1).reshape(places, groups, channels // groups), 1, 0)

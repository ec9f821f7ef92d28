"""Convolution as one matrix product ("image to columns"), on bare arrays.

Every window of the input becomes a row of a matrix and meets all kernels at once (K. Chellapilla et al., "High
performance convolutional neural networks for document processing", 2006). Channels stand last here, so that what a
window sees of a row is one run of memory; results are handed out as views with the channels second, and the next
convolution finds them as it wants them.

`x` is (N, channels, ...) or (channels, ...). With groups, each is a matrix product of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..graph import Array
from .windows import Sizes, Windows

# How fast windows are copied depends on what stands in a run of memory: the channels of a tap, or, with no more than
# this many channels, the places of a row (up to three times faster for one channel).
FEW = 4

# All windows together are larger than x by the number of taps. They are copied and multiplied in pieces of so many bytes,
# which stay in the processor's cache: two thirds of the time of a large convolution, and little memory.
PIECE = 2**21


def convolved(x: Array, weight: Array, how: Windows, groups: int) -> Array:
    """The products of all windows of x with all kernels, weight (out, channels / groups, ...)."""
    axes = len(how.kernel)
    batch, count = x.shape[: -1 - axes], how.count(x.shape[-axes:])
    kernels = channels_last(weight, axes).reshape(groups, weight.shape[0] // groups, prod(weight.shape[1:]))
    out = np.empty((groups, prod(batch + count), kernels.shape[1]), np.result_type(x, weight))
    for rows, seen in columns(x, how, count, groups):
        np.matmul(seen, kernels.transpose(0, 2, 1), out=out[:, rows])
    return channels_second(out.transpose(1, 0, 2).reshape(*batch, *count, weight.shape[0]), axes)


def seen_by_kernel(x: Array, y: Array, shape: Sizes, how: Windows, groups: int) -> Array:
    """The sum over all windows of what each tap of a kernel of `shape` saw of x, times y (N, out, ...)."""
    axes = len(how.kernel)
    out = np.zeros((groups, shape[0] // groups, prod(shape[1:])), np.result_type(x, y))
    of_y = by_group(y, axes, groups).transpose(0, 2, 1)
    for rows, seen in columns(x, how, y.shape[-axes:], groups):
        out += np.matmul(of_y[..., rows], seen)
    return channels_second(out.reshape(shape[0], *how.kernel, shape[1]), axes)


def spread(y: Array, weight: Array, size: Sizes, how: Windows, groups: int) -> Array:
    """y (N, out, ...) times the kernels, added up at the windows that they came from, in an input of `size`."""
    axes, channels = len(size), weight.shape[1] * groups
    batch, count = y.shape[: -1 - axes], y.shape[-axes:]
    n, each = prod(batch), prod(count)
    out: Array = np.zeros((n, *how.padded(size), channels), np.result_type(y, weight))
    of_y = by_group(y, axes, groups)
    kernels = weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])
    step = max(1, PIECE // max(each * channels * out.itemsize, 1))
    for start in range(0, n, step):
        rows = of_y[:, start * each : (start + step) * each]
        for tap, seen in how.taps(count):  # as fast as one product for all taps, whose result is many times larger
            part = np.matmul(rows, kernels[..., *tap]).transpose(1, 0, 2)
            out[start : start + step, *seen] += part.reshape(min(step, n - start), *count, channels)
    return channels_second(out[:, *how.inside(size)].reshape(*batch, *size, channels), axes)


def columns(x: Array, how: Windows, count: Sizes, groups: int) -> Iterator[tuple[slice, Array]]:
    """The windows of x as rows, (groups, N * places, taps * channels / groups), in pieces: which rows, and the rows.

    A piece is overwritten by the next one.
    """
    axes = len(count)
    x = x.reshape(prod(x.shape[: -1 - axes]), *x.shape[-1 - axes :])
    n, channels, *size = x.shape
    per_group = channels // groups
    last = channels_last(x, axes)
    if how.padded(tuple(size)) != tuple(size):
        padded: Array = np.zeros((n, *how.padded(tuple(size)), channels), x.dtype)
        padded[:, *how.inside(tuple(size)), :] = last
        last = padded
    elif per_group > FEW:
        last = np.ascontiguousarray(last)
    seen: Array = sliding_window_view(
        last.reshape(*last.shape[:-1], groups, per_group), how.span(), tuple(range(1, 1 + axes))
    )
    steps = (slice(None, m * step, step) for m, step in zip(count, how.stride))
    seen = seen[:, *steps, :, :, *(slice(None, None, d) for d in how.dilation)]
    taps, row = tuple(range(-axes, 0)), prod(how.kernel) * per_group
    places = tuple(range(1 + axes))
    # Now the axes are: N, places, groups, channels, taps.
    each = row * prod(count) * groups * x.itemsize
    step = max(1, PIECE // max(each, 1))
    for start in range(0, n, step):
        piece = seen[start : start + step]
        rows = len(piece) * prod(count)
        if per_group > FEW:
            matrix = piece.transpose(1 + axes, *places, *taps, 2 + axes).reshape(groups, rows, row)
        else:
            matrix = piece.transpose(1 + axes, *taps, 2 + axes, *places).reshape(groups, row, rows).transpose(0, 2, 1)
        yield slice(start * prod(count), start * prod(count) + rows), matrix


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

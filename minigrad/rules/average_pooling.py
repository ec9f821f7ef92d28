"""Average pooling: the mean of each window of the last axes.

A sum over windows is linear: its gradient is spread back over them, and the gradient of that is the sum again.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from ..declare import op
from ..graph import Array
from .windows import Sizes, Steps, Windows, pooling_windows


@op
def avg_pool1d(
    x: Array,
    kernel_size: Steps,
    stride: Steps | None = None,
    padding: Steps = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """The mean of each window of x (N, C, length) or (C, length). See `avg_pool2d`.

    >>> import numpy as np, minigrad as mg
    >>> mg.avg_pool1d(np.array([[1.0, 3.0, 5.0, 7.0]]), 2)
    array([[2., 6.]])
    """
    how = pooling_windows("avg_pool1d", x.shape, 1, kernel_size, stride, padding, 1, ceil_mode)
    return window_sums(x, how) / _divisor(how, x.shape[-1:], count_include_pad, None, x.dtype)


@op
def avg_pool2d(
    x: Array,
    kernel_size: Steps,
    stride: Steps | None = None,
    padding: Steps = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """The mean of each window of x (N, C, height, width) or (C, height, width). Every place in a window gets g / n.

    Parameters
    ----------
    kernel_size, stride, padding
        A number, or one for each axis; the stride is the kernel's size where it is not given. Padding with zeros.
    ceil_mode
        Whether a window may stick out at the end; the places outside do not count.
    count_include_pad
        Whether the zeros of the padding count as places.
    divisor_override
        What to divide the sums by, instead of the number of places.

    >>> import numpy as np, minigrad as mg
    >>> mg.avg_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)
    array([[[ 2.5,  4.5],
            [10.5, 12.5]]])
    """
    how = pooling_windows("avg_pool2d", x.shape, 2, kernel_size, stride, padding, 1, ceil_mode)
    return window_sums(x, how) / _divisor(how, x.shape[-2:], count_include_pad, divisor_override, x.dtype)


@avg_pool1d.vjp("x")
def _(
    g: Array,
    x_shape: Sizes,
    kernel_size: Steps,
    stride: Steps | None,
    padding: Steps,
    ceil_mode: bool,
    count_include_pad: bool,
) -> Array:
    how = pooling_windows("avg_pool1d", x_shape, 1, kernel_size, stride, padding, 1, ceil_mode)
    return window_spread(g / _divisor(how, x_shape[-1:], count_include_pad, None, g.dtype), x_shape, how)


@avg_pool2d.vjp("x")
def _(
    g: Array,
    x_shape: Sizes,
    kernel_size: Steps,
    stride: Steps | None,
    padding: Steps,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Array:
    how = pooling_windows("avg_pool2d", x_shape, 2, kernel_size, stride, padding, 1, ceil_mode)
    divisor = _divisor(how, x_shape[-2:], count_include_pad, divisor_override, g.dtype)
    return window_spread(g / divisor, x_shape, how)


@op
def window_sum(x: Array, how: Windows) -> Array:
    """The sum of each window of x. Every place in a window gets g."""
    return window_sums(x, how)


@op
def window_spread(y: Array, shape: Sizes, how: Windows) -> Array:
    """Each element of y at every place of its window in an array of `shape`, added up. y gets the sums of g."""
    size = shape[-len(how.kernel) :]
    for axis, n in zip(range(-1, -len(size) - 1, -1), reversed(how.padded(size))):
        out: Array = np.zeros_like(y, shape=(*y.shape[:axis], n, *y.shape[y.ndim + axis + 1 :]))
        for tap in how.taps_along(axis, n):
            out[tap] += y
        y = out
    return y[..., *how.inside(size)]


@window_sum.vjp("x")
def _(g: Array, x_shape: Sizes, how: Windows) -> Array:
    return window_spread(g, x_shape, how)


@window_spread.vjp("y")
def _(g: Array, how: Windows) -> Array:
    return window_sum(g, how)


# -- on bare arrays ---------------------------------------------------------------------------------------------------


def padded_for(x: Array, how: Windows, value: float = 0) -> Array:
    """x with its padding, in x's own memory layout."""
    size = x.shape[-len(how.kernel) :]
    if how.padded(size) == size:
        return x
    padded: Array = np.full_like(x, value, shape=(*x.shape[: -len(size)], *how.padded(size)))
    padded[..., *how.inside(size)] = x
    return padded


def window_sums(x: Array, how: Windows) -> Array:
    return accumulated(np.add, padded_for(x, how), how)


def accumulated(combine: np.ufunc, padded: Array, how: Windows) -> Array:
    """`combine` over what all windows see, one axis after the other, tap by tap: NumPy reduces short axes slowly."""
    for axis in range(-len(how.kernel), 0):
        seen = [padded[tap] for tap in how.taps_along(axis, padded.shape[axis])]
        padded = reduce(combine, seen) if len(seen) > 1 else np.array(seen[0])
    return padded


def _divisor(how: Windows, size: Sizes, count_include_pad: bool, override: int | None, dtype: Any) -> Array:
    """How many places each window has: a number for each window."""
    if override is not None:
        return np.array(override, dtype)
    along = []
    for k, n, m, step, (before, _) in zip(how.kernel, size, how.count(size), how.stride, how.padding):
        start = np.arange(m) * step - before
        counted = before if count_include_pad else 0  # what stands beyond the padding never counts
        along.append(np.minimum(start + k, n + counted) - np.maximum(start, -counted))
    return reduce(np.multiply.outer, along).astype(np.result_type(dtype, np.float16))

"""Pooling: each window of the last axes becomes one number.

A sum over windows is linear: its gradient is spread back over them, and the gradient of that is the sum again. The
maximum picks a place in each window and is linear once the places are known: the same pair, over these places only.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from ..declare import op
from ..graph import Array
from .windows import Sizes, Windows, pooling_windows

Steps = int | Sizes

# -- the average ------------------------------------------------------------------------------------------------------


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
    return _window_sums(x, how) / _divisor(how, x.shape[-1:], count_include_pad, None, x.dtype)


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
    return _window_sums(x, how) / _divisor(how, x.shape[-2:], count_include_pad, divisor_override, x.dtype)


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
    return _window_sums(x, how)


@op
def window_spread(y: Array, shape: Sizes, how: Windows) -> Array:
    """Each element of y at every place of its window in an array of `shape`, added up. y gets the sums of g."""
    size = shape[-len(how.kernel) :]
    out: Array = np.zeros_like(y, shape=(*shape[: -len(size)], *how.padded(size)))
    for _, seen in how.taps(y.shape[-len(size) :]):
        out[(..., *seen)] += y
    return out[(..., *how.inside(size))]


@window_sum.vjp("x")
def _(g: Array, x_shape: Sizes, how: Windows) -> Array:
    return window_spread(g, x_shape, how)


@window_spread.vjp("y")
def _(g: Array, how: Windows) -> Array:
    return window_sum(g, how)


# -- the maximum ------------------------------------------------------------------------------------------------------


@op
def max_pool1d(
    x: Array,
    kernel_size: Steps,
    stride: Steps | None = None,
    padding: Steps = 0,
    dilation: Steps = 1,
    ceil_mode: bool = False,
) -> Array:
    """The maximum of each window of x (N, C, length) or (C, length). See `max_pool2d`.

    >>> import numpy as np, minigrad as mg
    >>> mg.max_pool1d(np.array([[1.0, 3.0, 7.0, 5.0]]), 2)
    array([[3., 7.]])
    """
    return _window_maxima(
        x, pooling_windows("max_pool1d", x.shape, 1, kernel_size, stride, padding, dilation, ceil_mode)
    )


@op
def max_pool2d(
    x: Array,
    kernel_size: Steps,
    stride: Steps | None = None,
    padding: Steps = 0,
    dilation: Steps = 1,
    ceil_mode: bool = False,
) -> Array:
    """The maximum of each window of x (N, C, height, width) or (C, height, width).

    The place of the maximum gets g; places that tie share it evenly (in PyTorch the first one gets all).

    Parameters
    ----------
    kernel_size, stride, padding, dilation
        A number, or one for each axis; the stride is the kernel's size where it is not given. The padding never wins.
    ceil_mode
        Whether a window may stick out at the end.

    >>> import numpy as np, minigrad as mg
    >>> mg.max_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)
    array([[[ 5.,  7.],
            [13., 15.]]])
    >>> mg.grad(lambda x: mg.sum(mg.max_pool2d(x, 2)))(np.array([[[1.0, 3.0], [3.0, 2.0]]]))
    array([[[0. , 0.5],
            [0.5, 0. ]]])
    """
    return _window_maxima(
        x, pooling_windows("max_pool2d", x.shape, 2, kernel_size, stride, padding, dilation, ceil_mode)
    )


@max_pool1d.vjp("x")
def _(
    g: Array,
    out: Array,
    x: Array,
    kernel_size: Steps,
    stride: Steps | None,
    padding: Steps,
    dilation: Steps,
    ceil_mode: bool,
) -> Array:
    how = pooling_windows("max_pool1d", x.shape, 1, kernel_size, stride, padding, dilation, ceil_mode)
    return maxima_spread(g, x, out, how)


@max_pool2d.vjp("x")
def _(
    g: Array,
    out: Array,
    x: Array,
    kernel_size: Steps,
    stride: Steps | None,
    padding: Steps,
    dilation: Steps,
    ceil_mode: bool,
) -> Array:
    how = pooling_windows("max_pool2d", x.shape, 2, kernel_size, stride, padding, dilation, ceil_mode)
    return maxima_spread(g, x, out, how)


@op(flat=("x", "top"))
def maxima_spread(y: Array, x: Array, top: Array, how: Windows) -> Array:
    """Each element of y shared evenly among the places where x equals its window's maximum `top`, added up."""
    padded = _padded(x, how, _lowest(x.dtype))
    count = y.shape[-len(how.kernel) :]
    hits = [(seen, padded[(..., *seen)] == top) for _, seen in how.taps(count)]
    share = y / reduce(np.add, (hit for _, hit in hits), np.zeros_like(y))
    out = np.zeros_like(padded, dtype=y.dtype)
    for seen, hit in hits:
        out[(..., *seen)] += share * hit
    return out[(..., *how.inside(x.shape[-len(count) :]))]


@op(flat=("x", "top"))
def maxima_gather(z: Array, x: Array, top: Array, how: Windows) -> Array:
    """The mean of z over the places where x equals its window's maximum `top`."""
    padded, spread = _padded(x, how, _lowest(x.dtype)), _padded(z, how)
    total = n = np.zeros_like(top, dtype=z.dtype)
    for _, seen in how.taps(top.shape[-len(how.kernel) :]):
        hit = padded[(..., *seen)] == top
        n = n + hit
        total = total + np.where(hit, spread[(..., *seen)], 0)
    return total / n


@maxima_spread.vjp("y")
def _(g: Array, x: Array, top: Array, how: Windows) -> Array:
    return maxima_gather(g, x, top, how)


@maxima_gather.vjp("z")
def _(g: Array, x: Array, top: Array, how: Windows) -> Array:
    return maxima_spread(g, x, top, how)


# -- on bare arrays ---------------------------------------------------------------------------------------------------


def _padded(x: Array, how: Windows, value: float = 0) -> Array:
    """x with its padding, in x's own memory layout."""
    size = x.shape[-len(how.kernel) :]
    if how.padded(size) == size:
        return x
    padded: Array = np.full_like(x, value, shape=(*x.shape[: -len(size)], *how.padded(size)))
    padded[(..., *how.inside(size))] = x
    return padded


def _window_sums(x: Array, how: Windows) -> Array:
    return _accumulated(np.add, _padded(x, how), how, x.shape)


def _window_maxima(x: Array, how: Windows) -> Array:
    return _accumulated(np.maximum, _padded(x, how, _lowest(x.dtype)), how, x.shape)


def _accumulated(combine: np.ufunc, padded: Array, how: Windows, shape: Sizes) -> Array:
    """`combine` over what all windows see, tap by tap, in long runs of memory: NumPy reduces short axes slowly."""
    count = how.count(shape[-len(how.kernel) :])
    seen = (padded[(..., *seen)] for _, seen in how.taps(count))
    out = np.array(next(seen))
    for part in seen:
        combine(out, part, out=out)
    return out


def _lowest(dtype: Any) -> Any:
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


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

"""Max pooling: the largest number of each window of the last axes.

Once the places of the maxima are known it is linear: the gradient is spread over these places, and the gradient of
that gathers from them.
"""

from __future__ import annotations

from functools import reduce
from math import prod
from typing import Any

import numpy as np

from ..declare import op
from ..graph import Array
from .average_pooling import accumulated, padded_for
from .windows import Steps, Windows, pooling_windows


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
    return window_maxima(
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
    return window_maxima(
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
    size, count = x.shape[-len(how.kernel) :], y.shape[-len(how.kernel) :]
    if how.tiles() and prod(how.kernel) < 128:
        return _spread_over_tiles(y, x, top, how)
    padded = padded_for(x, how, _lowest(x.dtype))
    hits = [(seen, padded[..., *seen] == top) for _, seen in how.taps(count)]
    share = y / reduce(np.add, (hit for _, hit in hits), np.zeros_like(y))
    out = np.zeros_like(padded, dtype=y.dtype)
    for seen, hit in hits:
        out[..., *seen] += share * hit
    return out[..., *how.inside(size)]


@op(flat=("x", "top"))
def maxima_gather(z: Array, x: Array, top: Array, how: Windows) -> Array:
    """The mean of z over the places where x equals its window's maximum `top`."""
    padded, spread = padded_for(x, how, _lowest(x.dtype)), padded_for(z, how)
    total = n = np.zeros_like(top, dtype=z.dtype)
    for _, seen in how.taps(top.shape[-len(how.kernel) :]):
        hit = padded[..., *seen] == top
        n = n + hit
        total = total + np.where(hit, spread[..., *seen], 0)
    return total / n


@maxima_spread.vjp("y")
def _(g: Array, x: Array, top: Array, how: Windows) -> Array:
    return maxima_gather(g, x, top, how)


@maxima_gather.vjp("z")
def _(g: Array, x: Array, top: Array, how: Windows) -> Array:
    return maxima_spread(g, x, top, how)


# -- on bare arrays ---------------------------------------------------------------------------------------------------


def window_maxima(x: Array, how: Windows) -> Array:
    return accumulated(np.maximum, padded_for(x, how, _lowest(x.dtype)), how)


def _spread_over_tiles(y: Array, x: Array, top: Array, how: Windows) -> Array:
    """`maxima_spread` for windows that lie side by side, all of them in one array: two thirds of the time."""
    axes = len(how.kernel)
    batch, count = x.shape[:-axes], y.shape[-axes:]
    covered = (..., *(slice(n * k) for n, k in zip(count, how.kernel)))
    tiles = x[covered].reshape(*batch, *(n for pair in zip(count, how.kernel) for n in pair))
    for_all = (..., *(slice(None), None) * axes)
    hit = tiles == top[for_all]
    hits = hit.view(np.int8)
    for axis in range(len(batch) + 1, len(batch) + 1 + axes):
        hits = reduce(np.add, np.moveaxis(hits, axis, 0))
    share = np.divide(y, hits, out=np.empty_like(top, dtype=y.dtype))  # laid out as x, whatever layout y has
    shared = (hit * share[for_all]).reshape(x[covered].shape)
    if shared.shape == x.shape:
        return shared
    out = np.zeros_like(x, dtype=y.dtype)
    out[covered] = shared
    return out


def _lowest(dtype: Any) -> Any:
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min

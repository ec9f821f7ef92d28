"""Resampling: each place of the result is a weighted mean of places of x, one axis after the other.

Along each of the last axes that is a matrix, (places of the result, places of x). The gradient goes back through the
matrices' transposes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..declare import op
from ..graph import Array
from .windows import Sizes

MODES = {"nearest": (1, 2), "linear": (1,), "bilinear": (2,), "area": (1, 2)}  # and for how many axes


@op
def adaptive_avg_pool1d(x: Array, output_size: int | Sizes) -> Array:
    """The mean of each of `output_size` equal parts of the length of x (N, C, length) or (C, length).

    >>> import numpy as np, minigrad as mg
    >>> mg.adaptive_avg_pool1d(np.array([[1.0, 3.0, 5.0, 7.0]]), 2)
    array([[2., 6.]])
    """
    return _along_last_axes(x, _parts("adaptive_avg_pool1d", x.shape, output_size, 1, x.dtype))


@adaptive_avg_pool1d.vjp("x")
def _(g: Array, x_shape: Sizes, output_size: int | Sizes) -> Array:
    return _back_along_last_axes(g, _parts("adaptive_avg_pool1d", x_shape, output_size, 1, g.dtype))


@op
def adaptive_avg_pool2d(x: Array, output_size: int | Sequence[int | None]) -> Array:
    """The mean of each of `output_size` parts of x (N, C, height, width) or (C, height, width).

    Parts are equal where the sizes divide, and overlap by one otherwise. None keeps an axis as it is. Every place gets
    the mean's share of g, from each part that it lies in.

    >>> import numpy as np, minigrad as mg
    >>> mg.adaptive_avg_pool2d(np.arange(16.0).reshape(1, 4, 4), (1, 2))
    array([[[6.5, 8.5]]])
    """
    return _along_last_axes(x, _parts("adaptive_avg_pool2d", x.shape, output_size, 2, x.dtype))


@adaptive_avg_pool2d.vjp("x")
def _(g: Array, x_shape: Sizes, output_size: int | Sequence[int | None]) -> Array:
    return _back_along_last_axes(g, _parts("adaptive_avg_pool2d", x_shape, output_size, 2, g.dtype))


@op
def interpolate(
    x: Array,
    size: int | Sizes | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Array:
    """x (N, C, length) or (N, C, height, width) with its last axes resampled to a size.

    Parameters
    ----------
    size, scale_factor
        The new size, or how many times the old one (rounded down); one of the two, a number or one for each axis.
    mode
        "nearest"; "linear" (one axis) and "bilinear" (two): between the nearest places on each side; "area": the mean
        of equal parts, as `adaptive_avg_pool2d`.
    align_corners
        In the linear modes: whether the first and last places fall on each other, and not the outer edges.

    Raises
    ------
    ValueError
        where x has another number of axes, or the arguments do not fit.

    >>> import numpy as np, minigrad as mg
    >>> mg.interpolate(np.array([[[1.0, 2.0]]]), scale_factor=2)
    array([[[1., 1., 2., 2.]]])
    >>> mg.interpolate(np.array([[[1.0, 2.0]]]), size=3, mode="linear", align_corners=True)
    array([[[1. , 1.5, 2. ]]])
    """
    return _along_last_axes(x, _resampling(x.shape, size, scale_factor, mode, align_corners, x.dtype))


@interpolate.vjp("x")
def _(
    g: Array,
    x_shape: Sizes,
    size: int | Sizes | None,
    scale_factor: float | Sequence[float] | None,
    mode: str,
    align_corners: bool | None,
) -> Array:
    return _back_along_last_axes(g, _resampling(x_shape, size, scale_factor, mode, align_corners, g.dtype))


# -- a matrix for each axis -------------------------------------------------------------------------------------------


def _along_last_axes(x: Array, matrices: Sequence[Array]) -> Array:
    x = np.matmul(x, matrices[-1].T)
    return x if len(matrices) == 1 else np.matmul(matrices[0], x)


def _back_along_last_axes(g: Array, matrices: Sequence[Array]) -> Array:
    return _along_last_axes(g, [matrix.T for matrix in matrices])


def _parts(op: str, shape: Sizes, output_size: Any, axes: int, dtype: Any) -> list[Array]:
    sizes = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * axes
    if len(shape) not in (axes + 1, axes + 2) or len(sizes) != axes:
        raise ValueError(
            f"{op}: x has shape {shape}, output_size is {output_size}; "
            f"x must have {axes} axes after (N, C) or (C,), and output_size a number for each"
        )
    return [_means(n, n if m is None else m, dtype) for n, m in zip(shape[-axes:], sizes)]


def _means(n: int, m: int, dtype: Any) -> Array:
    """Part i of m is the mean of the places from floor(i n / m) to ceil((i + 1) n / m)."""
    i, place = np.arange(m)[:, None], np.arange(n)
    inside = (place >= i * n // m) & (place < -(-(i + 1) * n // m))
    return (inside / inside.sum(axis=1, keepdims=True)).astype(np.result_type(dtype, np.float16))


def _resampling(
    shape: Sizes, size: Any, scale_factor: Any, mode: str, align_corners: bool | None, dtype: Any
) -> list[Array]:
    axes = len(shape) - 2
    if mode not in MODES or axes not in MODES[mode]:
        known = ", ".join(f"{name!r} for {' or '.join(map(str, axes))}" for name, axes in MODES.items())
        raise ValueError(
            f"interpolate: x has shape {shape}, so {axes} axes after (N, C), and mode is {mode!r}; modes are {known}"
        )
    if (size is None) == (scale_factor is None):
        raise ValueError(f"interpolate: size is {size}, scale_factor is {scale_factor}; give one of the two")
    if align_corners is not None and mode not in ("linear", "bilinear"):
        raise ValueError(f"interpolate: align_corners={align_corners} means nothing with mode {mode!r}")
    given = size if scale_factor is None else scale_factor
    given = tuple(given) if isinstance(given, (tuple, list)) else (given,) * axes
    if len(given) != axes or min(given) <= 0:
        raise ValueError(
            f"interpolate: size or scale_factor is {given}; it must be positive, a number for each of {axes} axes"
        )
    matrices = []
    for n, wanted in zip(shape[2:], given):
        m, step = (wanted, n / wanted) if scale_factor is None else (int(n * wanted), 1 / wanted)
        if mode == "nearest":
            matrices.append(_nearest(n, m, step, dtype))
        elif mode == "area":
            matrices.append(_means(n, m, dtype))
        else:
            matrices.append(_linear(n, m, step, bool(align_corners), dtype))
    return matrices


def _nearest(n: int, m: int, step: float, dtype: Any) -> Array:
    at = np.floor(np.arange(m) * step + 1e-9)  # on a border but for rounding: behind it, as in PyTorch
    return (np.minimum(at, n - 1)[:, None] == np.arange(n)).astype(dtype)


def _linear(n: int, m: int, step: float, align_corners: bool, dtype: Any) -> Array:
    if align_corners:
        at = np.arange(m) * ((n - 1) / (m - 1) if m > 1 else 0)
    else:
        at = np.maximum((np.arange(m) + 0.5) * step - 0.5, 0)
    at = np.minimum(at, n - 1)[:, None]
    return np.maximum(1 - np.abs(at - np.arange(n)), 0).astype(dtype)  # 1 at a place, down to 0 at its neighbours

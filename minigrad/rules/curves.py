"""Sampled curves: their area, values between the samples, and sliding products."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backward import unbroadcast
from ..declare import op
from ..graph import Array
from .axes import Shape
from .scattering import scatter_add

# -- area -------------------------------------------------------------------------------------------------------------


@op
def trapezoid(y: Array, x: Array | None = None, dx: float = 1.0, axis: int = -1) -> Array:
    """sum_i (x_(i+1) - x_i) (y_i + y_(i+1)) / 2 along an axis; x is one axis, or of y's shape, or in steps of dx."""
    return np.trapezoid(y, x, dx, axis)


@trapezoid.vjp("y", "x")
def _(g: Array, y: Array, x: Array | None, dx: float, axis: int) -> tuple[Array, Array | None]:
    if not y.shape[axis]:
        return np.zeros_like(y), None if x is None else np.zeros_like(x)
    g = g[..., None]
    heights = np.moveaxis(y, axis, -1)
    if x is None:
        widths = dx
    else:
        places = x if x.ndim == 1 else np.moveaxis(x, axis, -1)
        widths = places[..., 1:] - places[..., :-1]
    half = np.broadcast_to(g * widths / 2, (*heights.shape[:-1], heights.shape[-1] - 1))
    none = np.zeros((*half.shape[:-1], 1), half.dtype)
    g_y = np.concatenate([half, none], axis=-1) + np.concatenate([none, half], axis=-1)
    g_y = np.moveaxis(g_y, -1, axis)
    if x is None:
        return g_y, None
    g_x = -np.diff(g * (heights[..., 1:] + heights[..., :-1]) / 2, prepend=0, append=0)
    g_x = unbroadcast(g_x, places.shape)
    return g_y, g_x if x.ndim == 1 else np.moveaxis(g_x, -1, axis)


# -- between the samples ----------------------------------------------------------------------------------------------


@op
def interp(x: Array, xp: Array, fp: Array, left: float | None = None, right: float | None = None) -> Array:
    """The straight line between the samples (xp_j, fp_j) and (xp_(j+1), fp_(j+1)) that x lies between.

    With t the part of the way from xp_j to xp_(j+1): fp_j gets g (1 - t), fp_(j+1) gets g t, x gets g times the slope
    (at a sample the slope to its right), and xp_j, xp_(j+1) get -(1 - t), -t times that. Beyond its ends it is flat.
    """
    return np.interp(x, xp, fp, left, right)


@interp.vjp("x", "xp", "fp")
def _(g: Array, x: Array, xp: Array, fp: Array, left: float | None, right: float | None) -> tuple[Array, Array, Array]:
    n = xp.shape[0]
    j = np.clip(np.searchsorted(xp, x, "right") - 1, 0, np.maximum(n - 2, 0))
    k = np.minimum(j + 1, n - 1)
    before, after = x < xp[0], x > xp[-1]
    inside = ~(before | after)
    width = np.where(k == j, 1, xp[k] - xp[j])
    t = np.where(inside, (x - xp[j]) / width, after)
    g_x = np.where(inside, g * (fp[k] - fp[j]) / width, 0)
    g_f = np.where(before, g * (left is None), np.where(after, g * (right is None), g))
    return (
        g_x,
        _at_ends(-g_x * (1 - t), -g_x * t, j, k, (n,)),
        _at_ends(g_f * (1 - t), g_f * t, j, k, (n,)),
    )


def _at_ends(first: Array, second: Array, j: Array, k: Array, shape: Shape) -> Array:
    return scatter_add(scatter_add(np.zeros(shape, first.dtype), j, first), k, second)


@op
def unwrap(x: Array, discont: float | None = None, axis: int = -1, *, period: float = 2 * np.pi) -> Array:
    """x plus whole periods, so that no step is longer than half of one. x gets g."""
    return np.unwrap(x, discont, axis, period=period)


@unwrap.vjp("x")
def _(g: Array) -> Array:
    return g


# -- sliding products: `conv1d` has channels, stride and padding ------------------------------------------------------


@op
def convolve(x: Array, v: Array, mode: Any = "full") -> Array:
    """out_k = sum_i x_i v_(k-i), all of it or a part ("same", "valid"). x_i gets sum_k g_k v_(k-i), and v likewise."""
    return np.convolve(x, v, mode)


@convolve.vjp("x", "v")
def _(g: Array, x: Array, v: Array, mode: str) -> tuple[Array, Array]:
    g = _in_full(g, x.size, v.size, mode, from_end=False)
    return np.correlate(g, v, "valid"), np.correlate(g, x, "valid")


@op
def correlate(x: Array, v: Array, mode: Any = "valid") -> Array:
    """out_k = sum_n x_(n+k) v_n: the convolution of x and the reversed v, for real numbers."""
    return np.correlate(x, v, mode)


@correlate.vjp("x", "v")
def _(g: Array, x: Array, v: Array, mode: str) -> tuple[Array, Array]:
    g = _in_full(g, x.size, v.size, mode, from_end=v.size > x.size)  # NumPy swaps these, and reverses what comes out
    return np.correlate(g, v[::-1], "valid"), np.correlate(g, x, "valid")[::-1]


def _in_full(g: Array, n: int, m: int, mode: str, from_end: bool) -> Array:
    """g in its place in the full convolution of n and m numbers, among zeros."""
    ahead = {"full": 0, "same": (min(n, m) - 1) // 2, "valid": min(n, m) - 1}[mode]
    rest = n + m - 1 - g.shape[0] - ahead
    if from_end:
        ahead, rest = rest, ahead
    return np.concatenate([np.zeros(ahead, g.dtype), g, np.zeros(rest, g.dtype)])

"""Fourier transforms. They are linear: the gradient is the transposed transform, which is a transform again.

The matrix F of the discrete transform is symmetric, so x gets F g; the engine conjugates (see `backward`). Where a
transform pads or cuts its input to n, the gradient is cut or padded back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..declare import op
from ..graph import Array

Shape = tuple[int, ...]
Axes = Sequence[int] | None
Norm = Any  # None, "backward", "ortho" or "forward"

# The norm with which the inverse transform is scaled as the transform is with this one.
_SWAPPED: dict[Norm, Norm] = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def fitted(c: Array, shape: Shape) -> Array:
    """`c` cut, or padded with zeros at the end, to `shape`."""
    if c.shape == shape:
        return c
    cut = c[tuple(slice(n) for n in shape)]
    return np.pad(cut, [(0, n - m) for n, m in zip(shape, cut.shape)])


def _sizes(x_shape: Shape, s: Axes, axes: Axes) -> tuple[list[int], list[int]]:
    """The axes that are transformed, and the length along each."""
    if axes is None:
        axes = range(len(x_shape)) if s is None else range(len(x_shape) - len(s), len(x_shape))
    chosen = [a % len(x_shape) for a in axes]
    return chosen, [x_shape[a] for a in chosen] if s is None else list(s)


# -- complex to complex -----------------------------------------------------------------------------------------------


@op(name="fft.fft")
def fft(x: Array, n: int | None = None, axis: int = -1, norm: Norm = None) -> Array:
    """y_k = sum_j x_j e^(-2 pi i j k / n)."""
    return np.fft.fft(x, n, axis, norm)


@fft.vjp("x")
def _(g: Array, axis: int, norm: Norm, x_shape: Shape) -> Array:
    return fitted(np.fft.fft(g, None, axis, norm), x_shape)


@op(name="fft.ifft")
def ifft(x: Array, n: int | None = None, axis: int = -1, norm: Norm = None) -> Array:
    """y_k = (1/n) sum_j x_j e^(2 pi i j k / n)."""
    return np.fft.ifft(x, n, axis, norm)


@ifft.vjp("x")
def _(g: Array, axis: int, norm: Norm, x_shape: Shape) -> Array:
    return fitted(np.fft.ifft(g, None, axis, norm), x_shape)


@op(name="fft.fftn")
def fftn(x: Array, s: Axes = None, axes: Axes = None, norm: Norm = None) -> Array:
    """`fft` along several axes, or all."""
    return np.fft.fftn(x, s, _named(x, s, axes), norm)


@fftn.vjp("x")
def _(g: Array, s: Axes, axes: Axes, norm: Norm, x_shape: Shape) -> Array:
    return fitted(np.fft.fftn(g, None, _sizes(x_shape, s, axes)[0], norm), x_shape)


@op(name="fft.ifftn")
def ifftn(x: Array, s: Axes = None, axes: Axes = None, norm: Norm = None) -> Array:
    """`ifft` along several axes, or all."""
    return np.fft.ifftn(x, s, _named(x, s, axes), norm)


@ifftn.vjp("x")
def _(g: Array, s: Axes, axes: Axes, norm: Norm, x_shape: Shape) -> Array:
    return fitted(np.fft.ifftn(g, None, _sizes(x_shape, s, axes)[0], norm), x_shape)


def _named(x: Array, s: Axes, axes: Axes) -> Axes:
    """NumPy wants axes beside s."""
    return axes if s is None else _sizes(x.shape, s, axes)[0]


# -- real to complex, and back ----------------------------------------------------------------------------------------


def _twice(c: Array, axis: int, n: int) -> Array:
    """c with the entries doubled that stand for two of the full spectrum: not the first, nor the last if n is even."""
    k = np.arange(c.shape[axis])
    weight = np.where((k == 0) | (2 * k == n), 1.0, 2.0).astype(c.real.dtype)
    return c * weight.reshape(tuple(-1 if a == axis % c.ndim else 1 for a in range(c.ndim)))


@op(name="fft.rfft")
def rfft(x: Array, n: int | None = None, axis: int = -1, norm: Norm = None) -> Array:
    """The first n // 2 + 1 entries of the transform of a real x; the others are their conjugates."""
    return np.fft.rfft(x, n, axis, norm)


@rfft.vjp("x")
def _(g: Array, n: int | None, axis: int, norm: Norm, x_shape: Shape) -> Array:
    return fitted(np.fft.fft(g, x_shape[axis] if n is None else n, axis, norm), x_shape)


@op(name="fft.irfft")
def irfft(x: Array, n: int | None = None, axis: int = -1, norm: Norm = None) -> Array:
    """The real array of n elements (2 (m - 1) if not given) whose `rfft` is x, of m elements."""
    return np.fft.irfft(x, n, axis, norm)


@irfft.vjp("x")
def _(g: Array, axis: int, norm: Norm, x_shape: Shape) -> Array:
    return fitted(_twice(np.fft.rfft(g, None, axis, _SWAPPED[norm]), axis, g.shape[axis]), x_shape)


@op(name="fft.hfft")
def hfft(x: Array, n: int | None = None, axis: int = -1, norm: Norm = None) -> Array:
    """The real transform of a signal of which x is the first half, the other half being its conjugate."""
    return np.fft.hfft(x, n, axis, norm)


@hfft.vjp("x")
def _(g: Array, axis: int, norm: Norm, x_shape: Shape) -> Array:
    return fitted(np.conj(_twice(np.fft.rfft(g, None, axis, norm), axis, g.shape[axis])), x_shape)


@op(name="fft.ihfft")
def ihfft(x: Array, n: int | None = None, axis: int = -1, norm: Norm = None) -> Array:
    """The inverse of `hfft`: the first half of the inverse transform of a real x."""
    return np.fft.ihfft(x, n, axis, norm)


@ihfft.vjp("x")
def _(g: Array, n: int | None, axis: int, norm: Norm, x_shape: Shape) -> Array:
    return fitted(np.fft.ifft(g, x_shape[axis] if n is None else n, axis, norm), x_shape)


@op(name="fft.rfftn")
def rfftn(x: Array, s: Axes = None, axes: Axes = None, norm: Norm = None) -> Array:
    """`rfft` along the last of several axes, `fft` along the others."""
    return np.fft.rfftn(x, s, _named(x, s, axes), norm)


@rfftn.vjp("x")
def _(g: Array, s: Axes, axes: Axes, norm: Norm, x_shape: Shape) -> Array:
    chosen, sizes = _sizes(x_shape, s, axes)
    return fitted(np.fft.fftn(g, sizes, chosen, norm), x_shape)


@op(name="fft.irfftn")
def irfftn(x: Array, s: Axes = None, axes: Axes = None, norm: Norm = None) -> Array:
    """`ifft` along all but the last of several axes, then `irfft` along the last."""
    return np.fft.irfftn(x, s, _named(x, s, axes), norm)


@irfftn.vjp("x")
def _(g: Array, s: Axes, axes: Axes, norm: Norm, x_shape: Shape) -> Array:
    chosen, _ = _sizes(x_shape, s, axes)
    return fitted(_twice(np.fft.rfftn(g, None, chosen, _SWAPPED[norm]), chosen[-1], g.shape[chosen[-1]]), x_shape)


# -- two axes ---------------------------------------------------------------------------------------------------------


@op(name="fft.fft2")
def fft2(x: Array, s: Axes = None, axes: Axes = (-2, -1), norm: Norm = None) -> Array:
    """`fftn` along the last two axes."""
    return np.fft.fft2(x, s, axes, norm)


@fft2.vjp("x")
def _(g: Array, axes: Axes, norm: Norm, x_shape: Shape) -> Array:
    return fitted(np.fft.fft2(g, None, axes, norm), x_shape)


@op(name="fft.ifft2")
def ifft2(x: Array, s: Axes = None, axes: Axes = (-2, -1), norm: Norm = None) -> Array:
    """`ifftn` along the last two axes."""
    return np.fft.ifft2(x, s, axes, norm)


@ifft2.vjp("x")
def _(g: Array, axes: Axes, norm: Norm, x_shape: Shape) -> Array:
    return fitted(np.fft.ifft2(g, None, axes, norm), x_shape)


@op(name="fft.rfft2")
def rfft2(x: Array, s: Axes = None, axes: Axes = (-2, -1), norm: Norm = None) -> Array:
    """`rfftn` along the last two axes."""
    return np.fft.rfft2(x, s, axes, norm)


@rfft2.vjp("x")
def _(g: Array, s: Axes, axes: Axes, norm: Norm, x_shape: Shape) -> Array:
    chosen, sizes = _sizes(x_shape, s, axes)
    return fitted(np.fft.fftn(g, sizes, chosen, norm), x_shape)


@op(name="fft.irfft2")
def irfft2(x: Array, s: Axes = None, axes: Axes = (-2, -1), norm: Norm = None) -> Array:
    """`irfftn` along the last two axes."""
    return np.fft.irfft2(x, s, axes, norm)


@irfft2.vjp("x")
def _(g: Array, s: Axes, axes: Axes, norm: Norm, x_shape: Shape) -> Array:
    chosen, _ = _sizes(x_shape, s, axes)
    return fitted(_twice(np.fft.rfftn(g, None, chosen, _SWAPPED[norm]), chosen[-1], g.shape[chosen[-1]]), x_shape)


# -- shifts -----------------------------------------------------------------------------------------------------------


@op(name="fft.fftshift")
def fftshift(x: Array, axes: int | Axes = None) -> Array:
    """Frequency 0 in the middle. The gradient is shifted back."""
    return np.fft.fftshift(x, axes)


@fftshift.vjp("x")
def _(g: Array, axes: int | Axes) -> Array:
    return np.fft.ifftshift(g, axes)


@op(name="fft.ifftshift")
def ifftshift(x: Array, axes: int | Axes = None) -> Array:
    """`fftshift` undone."""
    return np.fft.ifftshift(x, axes)


@ifftshift.vjp("x")
def _(g: Array, axes: int | Axes) -> Array:
    return np.fft.fftshift(g, axes)

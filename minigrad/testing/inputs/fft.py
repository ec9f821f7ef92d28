"""Calls of Fourier transforms: any length, axis and scaling; real inputs for those that take real numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from ..arrays import arrays, axes, axis, shapes
from ..call import Call, Draw, call
from .table import inputs_of

scalings = st.sampled_from([None, "backward", "ortho", "forward"])
some = shapes(min_axes=1, max_axes=2, min_side=1)


@inputs_of("fft.fft", "fft.ifft", "fft.rfft", "fft.ihfft")
def _(draw: Draw) -> Call:
    x = draw(arrays(some))
    return call(x, draw(st.sampled_from([None, 1, 2, 3, 6])), draw(axis(x.ndim)), draw(scalings))


@inputs_of("fft.irfft", "fft.hfft")
def _(draw: Draw) -> Call:
    x = draw(arrays(some, dtype=np.complex128))
    return call(x, draw(st.sampled_from([1, 2, 3, 6])), draw(axis(x.ndim)), draw(scalings))


@inputs_of("fft.fftn", "fft.ifftn", "fft.rfftn")
def _(draw: Draw) -> Call:
    x = draw(arrays(some))
    if draw(st.booleans()):
        return call(x, norm=draw(scalings))
    return call(x, *draw(_lengths_and_axes(x.ndim)), draw(scalings))


@inputs_of("fft.irfftn")
def _(draw: Draw) -> Call:
    x = draw(arrays(some, dtype=np.complex128))
    return call(x, *draw(_lengths_and_axes(x.ndim)), draw(scalings))


@st.composite
def _lengths_and_axes(draw: Draw, ndim: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Some axes in any order, and how long the transform is along each."""
    chosen = draw(st.lists(st.integers(0, ndim - 1), min_size=1, unique=True))
    return tuple(draw(st.integers(1, 4)) for _ in chosen), tuple(chosen)


@inputs_of("fft.fft2", "fft.ifft2", "fft.rfft2")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=2, min_side=1)))
    return call(x, draw(st.sampled_from([None, (2, 3)])), norm=draw(scalings))


@inputs_of("fft.irfft2")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=2, min_side=1), dtype=np.complex128))
    return call(x, (draw(st.integers(1, 4)), draw(st.integers(1, 4))), norm=draw(scalings))


@inputs_of("fft.fftshift", "fft.ifftshift")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1)))
    return call(x, draw(axes(x.ndim)))

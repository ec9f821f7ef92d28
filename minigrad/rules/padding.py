"""Padding: x with a border. The border's gradient goes to the elements that it was made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..declare import op
from ..graph import Array
from .axes import Shape, options
from .scattering import scattered

_COPIES = ("edge", "reflect", "symmetric", "wrap")
_SUMS = ("linear_ramp", "mean")


@op
def pad(
    x: Array,
    pad_width: Any,
    mode: Any = "constant",
    *,
    constant_values: Any = None,
    end_values: Any = None,
    stat_length: Any = None,
    reflect_type: Any = None,
) -> Array:
    """x with a border along each axis: constants, or made of x's own elements, which then get its gradient too.

    Parameters
    ----------
    pad_width
        One width for all, (before, after), or such a pair for each axis, also as a dict from axis to width.
    mode
        As np.pad: "constant", "edge", "reflect", "symmetric", "wrap", "linear_ramp", "mean", "empty". For the others
        ("maximum", "minimum", "median", a function) there is no rule, as they are not linear.

    >>> import numpy as np, minigrad as mg
    >>> mg.grad(lambda x: np.pad(x, 3, mode="reflect") @ np.arange(8.0))(np.array([1.0, 2.0]))
    array([16., 12.])
    """
    extra = options(
        constant_values=constant_values, end_values=end_values, stat_length=stat_length, reflect_type=reflect_type
    )
    return np.pad(x, pad_width, mode, **extra)


@pad.vjp("x")
def _(g: Array, x_shape: Shape, pad_width: Any, mode: Any, stat_length: Any, reflect_type: Any) -> Array:
    widths = _widths(pad_width, len(x_shape))
    if mode in ("constant", "empty"):
        return g[tuple(slice(before, before + n) for (before, _), n in zip(widths, x_shape))]
    if mode not in _COPIES + _SUMS:
        raise TypeError(
            f"pad: there is no rule for mode {mode!r}; there is one for constant, empty, {', '.join(_COPIES + _SUMS)}. "
            "Make the border with np.max or the like and join it to x with np.concatenate"
        )
    for axis in reversed(range(len(x_shape))):  # np.pad pads one axis after the other
        width = widths[axis]
        if not any(width):
            continue
        if mode in _COPIES and reflect_type != "odd":
            seen = np.pad(np.arange(x_shape[axis]), width, mode)
            g = scattered(g, (slice(None),) * axis + (seen,), g.shape[:axis] + x_shape[axis:])
        else:  # along an axis, padding is linear: what it does to the unit vectors is its matrix
            lengths = None if stat_length is None else _widths(stat_length, len(x_shape))[axis]
            extra = options(stat_length=lengths, reflect_type=reflect_type)
            matrix = np.pad(np.eye(x_shape[axis]), (width, (0, 0)), mode, **extra).astype(g.dtype)
            g = np.moveaxis(np.moveaxis(g, axis, -1) @ matrix, -1, axis)
    return g


def _widths(given: Any, ndim: int) -> list[tuple[int, int]]:
    """(before, after) for each axis."""
    if isinstance(given, dict):
        row = [(0, 0)] * ndim
        for axis, width in given.items():
            row[axis] = tuple(width) if np.ndim(width) else (width, width)
        return row
    return [(before, after) for before, after in np.broadcast_to(given, (ndim, 2)).tolist()]

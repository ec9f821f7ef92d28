"""Calls of reductions."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from ..arrays import arrays, axes, axis, masks, shapes
from ..call import Call, Draw, call
from .table import inputs_of


@inputs_of("logsumexp")
def _(draw: Draw) -> Call:
    x = draw(arrays())
    return call(x, axis=draw(axes(x.ndim)), keepdims=draw(st.booleans()))


@inputs_of("ptp")
def _(draw: Draw) -> Call:
    """Of at least one number."""
    x = draw(arrays(shapes(min_side=1)))
    return call(x, axis=draw(axes(x.ndim)), keepdims=draw(st.booleans()))


@inputs_of("sum", "nansum", "prod", "nanprod")
def _(draw: Draw) -> Call:
    x = draw(arrays())
    options: dict[str, Any] = {"axis": draw(axes(x.ndim)), "keepdims": draw(st.booleans())}
    if draw(st.booleans()):
        options |= {"where": draw(masks(x.shape)), "initial": draw(st.sampled_from([0.5, 2.0]))}
    return call(x, **options)


@inputs_of("mean", "nanmean")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_side=1)))
    options: dict[str, Any] = {"axis": draw(axes(x.ndim)), "keepdims": draw(st.booleans())}
    if draw(st.booleans()):
        options["where"] = _some(draw(masks(x.shape)))
    return call(x, **options)


@inputs_of("var", "nanvar", "std", "nanstd")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_side=1)))
    options: dict[str, Any] = {"axis": draw(axes(x.ndim)), "keepdims": draw(st.booleans())}
    form = draw(st.integers(0, 3))
    counted = x.size // max(np.size(np.max(x, axis=options["axis"])), 1)
    if form == 1:
        options["where"] = _some(draw(masks(x.shape)))
    elif form == 2 and counted > 1:
        options[draw(st.sampled_from(["ddof", "correction"]))] = draw(st.sampled_from([1, 0.5]))
    elif form == 3:
        options["mean"] = draw(arrays(np.mean(x, axis=options["axis"], keepdims=True).shape))
    return call(x, **options)


@inputs_of("max", "min", "amax", "amin", "nanmax", "nanmin")
def _(draw: Draw) -> Call:
    """With `initial` also of no numbers at all."""
    bounded = draw(st.booleans())
    x = draw(arrays(shapes(min_side=0 if bounded else 1)))
    options: dict[str, Any] = {"axis": draw(axes(x.ndim)), "keepdims": draw(st.booleans())}
    if bounded:
        options["initial"] = draw(st.sampled_from([0.0, 1, -5.5]))
        if x.ndim and draw(st.booleans()):  # NumPy's nanmax with `where` differs between a number and an array of one
            options["where"] = draw(masks(x.shape))
    return call(x, **options)


@inputs_of("average")
def _(draw: Draw) -> Call:
    """No weights, weights for every number, or for each place along some axes, in any order; all above 0."""
    form = draw(st.integers(0, 2))
    if form == 2:
        x = draw(arrays(st.sampled_from([(2, 3), (2, 3, 2), (3,), (1, 4), ()])))
        chosen = tuple(draw(st.permutations(range(x.ndim)))[: draw(st.integers(1, 3))]) if x.ndim else None
        shape = tuple(x.shape[a] for a in chosen or ())
    else:
        x = draw(arrays(shapes(min_side=1)))
        chosen, shape = draw(axes(x.ndim)), x.shape
    if form == 0:
        return call(x, axis=chosen)
    weights = draw(arrays(shape, domain=(0.25, np.inf)))
    return call(x, axis=chosen, weights=weights, returned=draw(st.booleans()), keepdims=draw(st.booleans()))


@inputs_of("trace")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=2)))
    first = draw(axis(x.ndim))
    second = (first + draw(st.integers(1, x.ndim - 1))) % x.ndim
    return call(x, draw(st.integers(-2, 2)), first, second)


def _some(mask: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The mask, or everything if it leaves any line of any axis without a number."""
    return mask if all(mask.any(axis=a).all() for a in range(mask.ndim)) and mask.any() else np.ones_like(mask)

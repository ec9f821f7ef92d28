"""Calls of the functions of sampled curves."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from ..arrays import arrays, axis, seeds, shapes
from ..call import Call, Draw, call
from .table import inputs_of


@inputs_of("trapezoid")
def _(draw: Draw) -> Call:
    y = draw(arrays(shapes(min_axes=1)))
    a = draw(axis(y.ndim))
    form = draw(st.integers(0, 2))
    if form == 0:
        return call(y, dx=draw(st.sampled_from([1.0, 0.5])), axis=a)
    return call(y, draw(arrays((y.shape[a],) if form == 1 else y.shape)), axis=a)


@inputs_of("interp")
def _(draw: Draw) -> Call:
    """Samples with steps of at least 1/2; x beside them, for the curve bends there, and jumps at its ends."""
    n = draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(seeds))
    xp = np.cumsum(rng.uniform(0.5, 2, n))
    shape = draw(shapes(max_axes=2))
    ends = np.concatenate([xp[:1] - 1, xp, xp[-1:] + 1])
    j = rng.integers(0, n + 1, shape)
    x = ends[j] + rng.uniform(0.2, 0.8, shape) * (ends[j + 1] - ends[j])
    sides = {side: 7.0 for side in ("left", "right") if draw(st.booleans())}
    return call(x, xp, draw(arrays((n,))), **sides)


@inputs_of("unwrap")
def _(draw: Draw) -> Call:
    """Angles whose steps are no odd multiples of pi, where the whole turns change."""
    shape = draw(shapes(min_axes=1))
    rng = np.random.default_rng(draw(seeds))
    turns = rng.integers(-2, 3, shape) * 2 * np.pi
    return call(rng.uniform(-1, 1, shape) + turns, axis=draw(axis(len(shape))))


@inputs_of("convolve", "correlate")
def _(draw: Draw) -> Call:
    side = st.integers(1, 5)
    mode = draw(st.sampled_from(["full", "same", "valid"]))
    return call(draw(arrays((draw(side),))), draw(arrays((draw(side),))), mode)

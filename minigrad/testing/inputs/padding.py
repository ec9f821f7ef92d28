"""Calls of pad."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ..arrays import arrays, shapes
from ..call import Call, Draw, call
from .table import inputs_of


@inputs_of("pad")
def _(draw: Draw) -> Call:
    """Every form of the width, every mode that has a rule, borders wider than the array."""
    x = draw(arrays(shapes(min_side=1, max_side=3)))
    width = st.integers(0, 5)
    pair = st.tuples(width, width)
    forms = [width, pair]
    if x.ndim:
        forms += [st.tuples(*[pair] * x.ndim), st.dictionaries(st.integers(0, x.ndim - 1), width | pair, min_size=1)]
    mode = draw(st.sampled_from(["constant", "edge", "reflect", "symmetric", "wrap", "linear_ramp", "mean"]))
    number = st.sampled_from([0, 1, -2.5])
    options: dict[str, Any] = {}
    if mode == "constant" and draw(st.booleans()):
        options["constant_values"] = draw(number | st.tuples(number, number))
    if mode == "linear_ramp" and draw(st.booleans()):
        options["end_values"] = draw(number | st.tuples(number, number))
    if mode in ("reflect", "symmetric") and draw(st.booleans()):
        options["reflect_type"] = "odd"
    if mode == "mean" and draw(st.booleans()):
        options["stat_length"] = draw(st.integers(1, 3))
    return call(x, draw(st.one_of(*forms)), mode, **options)

"""Calls of special functions that take more than an array."""

from __future__ import annotations

from hypothesis import strategies as st

from ..arrays import arrays
from ..call import calls
from .table import inputs

inputs["bessel_i"] = calls(arrays(), st.integers(0, 3))

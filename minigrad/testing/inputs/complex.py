"""Calls of the ops on complex numbers: most of their rules do something only there."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from ..arrays import arrays
from ..call import calls
from .table import inputs

_complex = st.sampled_from([np.complex128, np.complex128, np.float64])

inputs["real"] = inputs["imag"] = inputs["conjugate"] = inputs["absolute"] = calls(arrays(dtype=_complex))
inputs["angle"] = calls(arrays(dtype=_complex, kind="gaussian"), deg=st.booleans())

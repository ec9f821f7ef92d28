"""Fourier transforms under NumPy's names: `minigrad.fft.rfft` is what `np.fft.rfft` reaches."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.fft import fftfreq as fftfreq
from numpy.fft import rfftfreq as rfftfreq

from . import numpy_protocol
from .op import Op

globals().update(numpy_protocol.namespace(np.fft, "fft."))

if TYPE_CHECKING:

    def __getattr__(name: str) -> Op: ...

"""Linear algebra under NumPy's names: `minigrad.linalg.inv` is what `np.linalg.inv` reaches."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.linalg import LinAlgError as LinAlgError

from . import numpy_protocol
from .op import Op

globals().update(numpy_protocol.namespace(np.linalg, "linalg."))

if TYPE_CHECKING:

    def __getattr__(name: str) -> Op: ...

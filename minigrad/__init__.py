"""minigrad: the autograd framework that a person can read, check and see."""

from typing import TYPE_CHECKING

from . import numpy_protocol as numpy_protocol
from . import rules as rules
from .context import default_dtype as default_dtype
from .context import detect_anomaly as detect_anomaly
from .context import no_grad as no_grad
from .context import seed as seed
from .declare import elementwise as elementwise
from .declare import op as op
from .declare import ops as ops
from .op import Op as Op
from .tensor import Tensor as Tensor
from .tensor import tensor as tensor
from .transforms import grad as grad
from .transforms import hessian as hessian
from .transforms import hvp as hvp
from .transforms import jacobian as jacobian
from .transforms import jvp as jvp
from .transforms import value_and_grad as value_and_grad
from .transforms import vjp as vjp

# Every op at the top, under its own name. Before the rest: an op called `load` or `save` would not hide ours.
globals().update(numpy_protocol.aliases() | {name: an_op for name, an_op in ops.items() if "." not in name})
numpy_protocol.serve_aliases(Tensor)

from . import data as data
from . import fft as fft
from . import linalg as linalg
from . import nn as nn
from . import optim as optim
from .check import check_model as check_model
from .check import gradcheck as gradcheck
from .check import numerical_gradient as numerical_gradient
from .draw import draw as draw

if TYPE_CHECKING:

    def __getattr__(name: str) -> Op: ...

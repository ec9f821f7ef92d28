"""minigrad: the autograd framework that a person can read, check and see."""

from typing import TYPE_CHECKING

from . import rules as rules
from .context import default_dtype, detect_anomaly, no_grad, seed
from .declare import elementwise, op, ops
from .op import Op
from .tensor import Tensor, tensor
from .transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

globals().update({name: an_op for name, an_op in ops.items() if "." not in name})

"""minigrad: the autograd framework that a person can read, check and see."""

import importlib
from typing import TYPE_CHECKING

from . import numpy_protocol as numpy_protocol
from . import rules as rules

# This one has the name of its module, which an import of the module alone would put in its place.
from .checkpoint import checkpoint as checkpoint
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

if TYPE_CHECKING:
    from . import check as check
    from . import data as data
    from . import drawing as drawing
    from . import fft as fft
    from . import io as io
    from . import linalg as linalg
    from . import nn as nn
    from . import optim as optim
    from . import signals as signals
    from . import testing as testing
    from . import training as training
    from .check import check_model as check_model
    from .check import check_op as check_op
    from .check import numerical_gradient as numerical_gradient
    from .check.gradcheck import gradcheck as gradcheck
    from .drawing import draw as draw
    from .drawing.explain import explain as explain
    from .io import load as load
    from .io import save as save
    from .signals import layer_stats as layer_stats

    def __getattr__(name: str) -> Op: ...

else:
    # What is built on the engine is imported when it is first used, so that `import minigrad` is quick.
    _LATER = {"draw": "drawing", "explain": "drawing", "layer_stats": "signals", "load": "io", "save": "io"}
    _LATER |= dict.fromkeys(("check_model", "check_op", "gradcheck", "numerical_gradient"), "check")
    _MODULES = {"check", "data", "drawing", "fft", "io", "linalg", "nn", "optim", "signals", "testing", "training"}

    def __getattr__(name):
        if name in _MODULES:
            return importlib.import_module(f"{__name__}.{name}")
        if name in _LATER:
            found = getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
            globals()[name] = found
            return found
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__():
        return sorted(globals().keys() | _LATER.keys() | _MODULES)

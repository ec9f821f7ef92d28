"""Modules, layers, initializers, losses and input normalization, with PyTorch's names and layouts."""

from typing import TYPE_CHECKING, Any

from . import activations as _activations
from . import functional as functional
from . import init as init
from . import losses as _losses
from .layers import Dropout as Dropout
from .layers import Dropout2d as Dropout2d
from .layers import Flatten as Flatten
from .layers import Identity as Identity
from .layers import Linear as Linear
from .layers import ModuleDict as ModuleDict
from .layers import ModuleList as ModuleList
from .layers import Residual as Residual
from .layers import Sequential as Sequential
from .layers import Unflatten as Unflatten
from .module import Module as Module
from .module import Parameter as Parameter
from .standardize import Standardize as Standardize

globals().update(_activations.layers | _losses.layers)

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...

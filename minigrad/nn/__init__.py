"""Modules, layers, initializers, losses and input normalization, with PyTorch's names and layouts."""

from typing import TYPE_CHECKING, Any

from . import activations as _activations
from . import functional as functional
from . import init as init
from . import losses as _losses
from . import pooling as _pooling
from .containers import Identity as Identity
from .containers import ModuleDict as ModuleDict
from .containers import ModuleList as ModuleList
from .containers import Residual as Residual
from .containers import Sequential as Sequential
from .dropout import Dropout as Dropout
from .dropout import Dropout2d as Dropout2d
from .linear import Bilinear as Bilinear
from .linear import Embedding as Embedding
from .linear import Linear as Linear
from .module import Module as Module
from .module import Parameter as Parameter
from .shaping import Flatten as Flatten
from .shaping import Unflatten as Unflatten
from .standardize import Standardize as Standardize

globals().update(_activations.layers | _losses.layers | _pooling.layers)

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...

"""Modules, layers, initializers, losses and input normalization, with PyTorch's names and layouts."""

from typing import TYPE_CHECKING, Any

from . import activations as _activations
from . import functional as functional
from . import init as init
from . import losses as _losses
from . import pooling as _pooling
from .attention import MultiheadAttention as MultiheadAttention
from .attention import TransformerEncoderLayer as TransformerEncoderLayer
from .containers import Identity as Identity
from .containers import ModuleDict as ModuleDict
from .containers import ModuleList as ModuleList
from .containers import Residual as Residual
from .containers import Sequential as Sequential
from .convolution import Conv1d as Conv1d
from .convolution import Conv2d as Conv2d
from .convolution import ConvTranspose1d as ConvTranspose1d
from .convolution import ConvTranspose2d as ConvTranspose2d
from .dropout import Dropout as Dropout
from .dropout import Dropout2d as Dropout2d
from .linear import Bilinear as Bilinear
from .linear import Embedding as Embedding
from .linear import Linear as Linear
from .module import Module as Module
from .module import Parameter as Parameter
from .normalization import BatchNorm1d as BatchNorm1d
from .normalization import BatchNorm2d as BatchNorm2d
from .normalization import GroupNorm as GroupNorm
from .normalization import InstanceNorm2d as InstanceNorm2d
from .normalization import LayerNorm as LayerNorm
from .normalization import RMSNorm as RMSNorm
from .recurrent import GRU as GRU
from .recurrent import LSTM as LSTM
from .recurrent import RNN as RNN
from .shaping import Flatten as Flatten
from .shaping import Unflatten as Unflatten
from .standardize import Standardize as Standardize

globals().update(_activations.layers | _losses.layers | _pooling.layers)

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...

"""Activations as layers, by PyTorch's names. A new one is a line of the table."""

from __future__ import annotations

from typing import Any

from ..declare import ops
from ..tensor import Tensor
from .from_op import layer_of
from .module import Module
from .start import Init, Rng, parameter

_OPS = {
    "ReLU": "relu",
    "ReLU6": "relu6",
    "LeakyReLU": "leaky_relu",
    "ELU": "elu",
    "SELU": "selu",
    "CELU": "celu",
    "GELU": "gelu",
    "SiLU": "silu",
    "Mish": "mish",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Sigmoid": "sigmoid",
    "LogSigmoid": "logsigmoid",
    "Tanh": "tanh",
    "Hardtanh": "hardtanh",
    "Hardsigmoid": "hardsigmoid",
    "Hardswish": "hardswish",
    "Softmax": "softmax",
    "LogSoftmax": "log_softmax",
    "GLU": "glu",
}


class PReLU(Module):
    """x where x > 0, weight x elsewhere: a slope that is learnt, one or one for each channel (He et al. 2015).

    Parameters
    ----------
    init
        The slope at the start, or an initializer.
    """

    weight: Tensor

    def __init__(self, num_parameters: int = 1, init: float | Init = 0.25, *, rng: Rng | None = None) -> None:
        self.num_parameters = num_parameters
        from_name: Any = init if isinstance(init, str) or callable(init) else None
        self.weight = parameter(self, from_name or (lambda shape, rng: [init] * shape[0]), (num_parameters,), rng)

    def forward(self, x: Any) -> Any:
        """The op of x and the slopes."""
        return ops["prelu"](x, self.weight)

    def extra_repr(self) -> str:
        """How many slopes."""
        return f"num_parameters={self.num_parameters}"


layers = {name: layer_of(op, name) for name, op in _OPS.items()} | {"PReLU": PReLU}

"""Activations as layers: each class is made from the op of its name, and holds its options.

A new activation is one line of the table.
"""

from __future__ import annotations

from typing import Any

from ..declare import ops
from .module import Module, Parameter

_OPS = {  # the class, by PyTorch's name: the op
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


class Activation(Module):
    """A layer that applies one op, with the options that it was made with."""

    op: str

    def __init__(self, *args: Any, **options: Any) -> None:
        names = ops[self.op].inputs[1:]
        if len(args) > len(names) or not set(options) <= set(names):
            raise TypeError(f"{type(self).__name__} takes ({', '.join(names)}); got {args} {options}")
        self.options = dict(zip(names, args)) | options

    def forward(self, x: Any) -> Any:
        """The op of x."""
        return ops[self.op](x, **self.options)

    def extra_repr(self) -> str:
        """The options that were given."""
        return ", ".join(f"{key}={value!r}" for key, value in self.options.items())


class PReLU(Module):
    """max(x, 0) + weight min(x, 0), with a slope that is learnt: one, or one for each channel (He et al. 2015)."""

    def __init__(self, num_parameters: int = 1, init: float = 0.25) -> None:
        self.weight = Parameter([init] * num_parameters)

    def forward(self, x: Any) -> Any:
        """The op of x and the slopes."""
        return ops["prelu"](x, self.weight)


def _layer(name: str, op: str) -> type[Activation]:
    doc = f"`{op}` as a layer, with its options: {', '.join(ops[op].inputs[1:]) or 'none'}."
    return type(name, (Activation,), {"op": op, "__doc__": doc, "__module__": __name__})


layers = {name: _layer(name, op) for name, op in _OPS.items()} | {"PReLU": PReLU}

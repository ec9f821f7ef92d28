"""How the parameters of a layer start."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..context import mode
from ..tensor import Tensor
from . import init
from .module import Module, Parameter, rng_or_default

Init = str | Callable[..., Any]
Rng = np.random.Generator


def parameter(layer: Module, start: Init, shape: tuple[int, ...], rng: Rng | None) -> Tensor:
    """A parameter of this shape, drawn by an initializer, in `default_dtype`."""
    return Parameter(init.draw(start, shape, rng_or_default(rng), mode.get().dtype, type(layer).__name__))


def within_fan_in(fan_in: int) -> Callable[..., Any]:
    """PyTorch's own start for weights and biases: uniform within 1 / sqrt(fan_in)."""
    bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
    made: Callable[..., Any] = init.uniform(low=-bound, high=bound)
    return made


def start_weight_and_bias(
    layer: Module,
    shape: tuple[int, ...],
    outputs: int | None,
    fan_in: int,
    weight_init: Init | None,
    bias_init: Init | None,
    rng: Rng | None,
) -> None:
    """Give a layer a `weight` of this shape and a `bias` (outputs,), or None for that.

    Without an initializer both are within 1 / sqrt(fan_in). With one for the weight, the bias starts at 0: the signals
    are balanced by the weights alone.
    """
    default = within_fan_in(fan_in)
    layer.register_parameter("weight", parameter(layer, weight_init or default, shape, rng))
    if bias_init is None:
        bias_init = "zeros" if weight_init else default
    layer.register_parameter("bias", None if outputs is None else parameter(layer, bias_init, (outputs,), rng))

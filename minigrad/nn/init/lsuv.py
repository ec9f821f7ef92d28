"""Initialization by looking at data: layer-sequential unit variance.

D. Mishkin and J. Matas, "All you need is a good init", 2015.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...context import no_grad
from ...tensor import Tensor
from ..module import Module, rng_or_default
from ..state import bare
from .initializers import orthogonal


def lsuv(
    model: Module, x: Any, rng: np.random.Generator | None = None, *, tolerance: float = 0.02, rounds: int = 10
) -> Module:
    """Start a whole model so that each layer with a weight gives outputs of variance 1 for the data x.

    Weights start orthogonal and biases at 0. Then, from the first layer to the last in the order of the forward pass, each
    weight is divided by its output's standard deviation, until that is within `tolerance` of 1.

    Parameters
    ----------
    model
        Changed in place: the `weight` (of two axes or more) and `bias` of modules that a forward of x calls.
    x
        A batch, of the kind that the model will be trained on.

    Returns
    -------
    The model.

    >>> import numpy as np
    >>> from minigrad import nn
    >>> rng = np.random.default_rng(0)
    >>> layers = [part for _ in range(20) for part in (nn.Linear(32, 32), nn.ReLU())]
    >>> x = rng.normal(size=(256, 32))
    >>> model = nn.init.lsuv(nn.Sequential(*layers), x, rng)
    >>> bool(0.9 < model[:-1](x).data.std() < 1.1)
    True
    """
    rng = rng_or_default(rng)
    layers: list[Module] = []
    handles = [module.register_forward_hook(lambda m, _, __: layers.append(m)) for module in _weighted(model)]
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with no_grad():
            model(x)
            for handle in handles:
                handle.remove()
            order = list(dict.fromkeys(layers))
            for layer in order:
                weight, bias = layer.__dict__["weight"], layer.__dict__.get("bias")
                weight.data = np.asarray(orthogonal(weight.shape, rng)).astype(weight.dtype)
                if isinstance(bias, Tensor):
                    bias.data = np.zeros_like(bias.data)
            for layer in order:
                for _ in range(rounds):
                    std = _output_std(model, layer, x)
                    if abs(std - 1) < tolerance or std == 0:
                        break
                    layer.__dict__["weight"].data /= std
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes.items():
            module.training = training
    return model


def _weighted(model: Module) -> list[Module]:
    found = []
    for module in model.modules():
        weight = module.__dict__.get("weight")
        if isinstance(weight, Tensor) and weight.ndim >= 2:
            found.append(module)
    return found


def _output_std(model: Module, layer: Module, x: Any) -> float:
    """The standard deviation of the layer's output in a forward of x."""
    outputs: list[Any] = []
    handle = layer.register_forward_hook(lambda _, __, out: outputs.append(bare(out)))
    try:
        model(x)
    finally:
        handle.remove()
    return float(np.std(outputs[0]))

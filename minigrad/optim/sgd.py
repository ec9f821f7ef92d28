"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from .optimizer import Optimizer, Params


class SGD(Optimizer):
    """x -= lr v, where v = momentum v + (1 - dampening) g; g with Nesterov's momentum is g + momentum v.

    As PyTorch's: weight_decay adds weight_decay * x to g; the first v is g itself.

    >>> import minigrad as mg
    >>> x = mg.tensor(1.0, requires_grad=True)
    >>> optimizer = mg.optim.SGD([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> x.item()
    0.8
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("SGD: Nesterov's momentum needs momentum > 0 and dampening = 0")
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
            },
        )

    def update(self, x: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One step."""
        momentum = group["momentum"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * x
        if momentum:
            if "momentum_buffer" not in state:
                v = state["momentum_buffer"] = np.array(g)
            else:
                v = state["momentum_buffer"]
                v *= momentum
                v += g if not group["dampening"] else (1 - group["dampening"]) * g
            g = g + momentum * v if group["nesterov"] else v
        x -= group["lr"] * g

"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

import numpy as np

from .optimizer import Array, Group, Optimizer, Params, State


class SGD(Optimizer):
    """x -= lr v, where v = momentum v + (1 - dampening) g; with Nesterov's momentum g + momentum v takes v's place.

    As PyTorch's: weight_decay adds weight_decay * x to g; the first v is g itself.

    >>> import minigrad as mg
    >>> x = mg.tensor(1.0, requires_grad=True)
    >>> optimizer = mg.optim.SGD([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> x.item()
    0.8
    """

    elementwise = True

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("SGD: Nesterov's momentum needs momentum > 0 and dampening = 0")
        defaults = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        super().__init__(params, {**defaults, "nesterov": nesterov, "maximize": maximize})

    def update(self, x: Array, g: Array, state: State, group: Group) -> None:
        """One step."""
        momentum, t = group["momentum"], self.scratch(x)
        g = self.decayed(x, g, group["weight_decay"])
        if momentum:
            v = state.get("momentum_buffer")
            if v is None:
                v = state["momentum_buffer"] = np.array(g)
            else:
                v *= momentum
                v += np.multiply(g, 1 - group["dampening"], out=t) if group["dampening"] else g
            if group["nesterov"]:
                np.multiply(v, momentum, out=t)
                t += g
                g = t
            else:
                g = v
        x -= np.multiply(g, group["lr"], out=t)

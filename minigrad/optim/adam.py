"""Adam (Kingma and Ba 2014), and AdamW, which decays the weights themselves (Loshchilov and Hutter 2017)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .optimizer import Optimizer, Params


class Adam(Optimizer):
    """x -= lr m' / (sqrt(v') + eps): m and v are running means of g and g^2, ' undoes their bias towards 0.

    weight_decay adds weight_decay * x to g.

    >>> import minigrad as mg
    >>> x = mg.tensor(1.0, requires_grad=True)
    >>> optimizer = mg.optim.Adam([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    0.9
    """

    decoupled = False

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": tuple(betas), "eps": eps, "weight_decay": weight_decay})

    def update(self, x: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One step."""
        lr, (beta1, beta2) = group["lr"], group["betas"]
        if not state:
            state.update(step=0, exp_avg=np.zeros_like(x), exp_avg_sq=np.zeros_like(x))
        if group["weight_decay"]:
            if self.decoupled:
                x *= 1 - lr * group["weight_decay"]
            else:
                g = g + group["weight_decay"] * x
        state["step"] += 1
        m, v = state["exp_avg"], state["exp_avg_sq"]
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        squares = g * g
        squares *= 1 - beta2
        v += squares
        # sqrt(v / correction) = sqrt(v) / sqrt(correction): a number is divided in place of an array
        size = np.sqrt(v)
        size /= math.sqrt(1 - beta2 ** state["step"])
        size += group["eps"]
        np.divide(m, size, out=size)
        size *= lr / (1 - beta1 ** state["step"])
        x -= size


class AdamW(Adam):
    """Adam with x *= 1 - lr weight_decay before each step, in place of a term in g."""

    decoupled = True

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)

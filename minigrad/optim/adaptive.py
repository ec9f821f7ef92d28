"""Optimizers with a rate for each element, from the size of its gradients: Adagrad and RMSprop."""

from __future__ import annotations

import numpy as np

from .optimizer import Array, Group, Optimizer, Params, State


class RMSprop(Optimizer):
    """x -= lr g / (sqrt(v) + eps), where v is a running mean of g^2 (Tieleman and Hinton 2012).

    Parameters
    ----------
    alpha
        What v keeps of itself in each step.
    momentum
        What a step keeps of the one before.
    centered
        Subtract the square of the running mean of g from v: a variance.
    weight_decay
        Adds weight_decay * x to g.
    """

    elementwise = True

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay, "momentum": momentum}
        super().__init__(params, {**defaults, "centered": centered, "maximize": maximize})

    def update(self, x: Array, g: Array, state: State, group: Group) -> None:
        """One step."""
        alpha, t = group["alpha"], self.scratch(x)
        if not state:
            state.update(step=0, square_avg=np.zeros_like(x))
            if group["momentum"]:
                state["momentum_buffer"] = np.zeros_like(x)
            if group["centered"]:
                state["grad_avg"] = np.zeros_like(x)
        state["step"] += 1
        g = self.decayed(x, g, group["weight_decay"])
        v = state["square_avg"]
        v *= alpha
        np.multiply(g, g, out=t)
        t *= 1 - alpha
        v += t
        if group["centered"]:
            mean = state["grad_avg"]
            mean += np.multiply(g - mean, 1 - alpha, out=t)
            np.multiply(mean, mean, out=t)
            np.sqrt(np.subtract(v, t, out=t), out=t)
        else:
            np.sqrt(v, out=t)
        t += group["eps"]
        np.divide(g, t, out=t)
        if group["momentum"]:
            buffer = state["momentum_buffer"]
            buffer *= group["momentum"]
            buffer += t
            np.multiply(buffer, group["lr"], out=t)
        else:
            t *= group["lr"]
        x -= t


class Adagrad(Optimizer):
    """x -= lr g / (sqrt(s) + eps), where s is the sum of all g^2 so far (Duchi et al. 2011).

    Parameters
    ----------
    lr_decay
        The rate in step n is lr / (1 + (n - 1) lr_decay).
    initial_accumulator_value
        s at the start.
    weight_decay
        Adds weight_decay * x to g.
    """

    elementwise = True

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {"lr": lr, "lr_decay": lr_decay, "weight_decay": weight_decay, "eps": eps}
        more = {"initial_accumulator_value": initial_accumulator_value, "maximize": maximize}
        super().__init__(params, {**defaults, **more})

    def update(self, x: Array, g: Array, state: State, group: Group) -> None:
        """One step."""
        t = self.scratch(x)
        if not state:
            state.update(step=0, sum=np.full_like(x, group["initial_accumulator_value"]))
        state["step"] += 1
        g = self.decayed(x, g, group["weight_decay"])
        total = state["sum"]
        total += np.multiply(g, g, out=t)
        np.sqrt(total, out=t)
        t += group["eps"]
        np.divide(g, t, out=t)
        t *= group["lr"] / (1 + (state["step"] - 1) * group["lr_decay"])
        x -= t

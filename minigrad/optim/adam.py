"""Adam and its kin: steps in units of the gradient's running size.

D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", 2014; AdamW: I. Loshchilov and F. Hutter,
"Decoupled weight decay regularization", 2017; NAdam: T. Dozat, "Incorporating Nesterov momentum into Adam", 2016.
"""

from __future__ import annotations

import math

import numpy as np

from .optimizer import Array, Group, Optimizer, Params, State


class Adam(Optimizer):
    """x -= lr m' / (sqrt(v') + eps): m and v are running means of g and g^2, ' undoes their bias towards 0.

    Parameters
    ----------
    betas
        What m and v keep of themselves in each step.
    weight_decay
        Adds weight_decay * x to g.
    amsgrad
        Use the largest v so far (Reddi et al. 2018).

    >>> import minigrad as mg
    >>> x = mg.tensor(1.0, requires_grad=True)
    >>> optimizer = mg.optim.Adam([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.item(), 6)
    0.9
    """

    elementwise, decoupled = True, False

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        _check_betas(type(self).__name__, betas)
        defaults = {"lr": lr, "betas": tuple(betas), "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**defaults, "amsgrad": amsgrad, "maximize": maximize})

    def update(self, x: Array, g: Array, state: State, group: Group) -> None:
        """One step."""
        lr, (beta1, beta2), t = group["lr"], group["betas"], self.scratch(x)
        if not state:
            state.update(step=0, exp_avg=np.zeros_like(x), exp_avg_sq=np.zeros_like(x))
            if group["amsgrad"]:
                state["max_exp_avg_sq"] = np.zeros_like(x)
        if self.decoupled:
            x *= 1 - lr * group["weight_decay"]
        else:
            g = self.decayed(x, g, group["weight_decay"])
        state["step"] += 1
        m, v = state["exp_avg"], state["exp_avg_sq"]
        running_means(m, v, g, beta1, beta2, t)
        if group["amsgrad"]:
            v = np.maximum(state["max_exp_avg_sq"], v, out=state["max_exp_avg_sq"])
        size_of(v, 1 - beta2 ** state["step"], group["eps"], t)
        np.divide(m, t, out=t)
        t *= lr / (1 - beta1 ** state["step"])
        x -= t


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
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)


class NAdam(Optimizer):
    """Adam that looks ahead, as Nesterov's momentum does: the step takes the m that the next step will have.

    As PyTorch's, with beta1 itself growing: mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2).
    """

    elementwise = True

    def __init__(
        self,
        params: Params,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        _check_betas("NAdam", betas)
        defaults = {"lr": lr, "betas": tuple(betas), "eps": eps, "weight_decay": weight_decay}
        more = {"momentum_decay": momentum_decay, "decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, {**defaults, **more, "maximize": maximize})

    def update(self, x: Array, g: Array, state: State, group: Group) -> None:
        """One step."""
        lr, (beta1, beta2), decay, t = group["lr"], group["betas"], group["momentum_decay"], self.scratch(x)
        if not state:
            state.update(step=0, mu_product=1.0, exp_avg=np.zeros_like(x), exp_avg_sq=np.zeros_like(x))
        if group["decoupled_weight_decay"]:
            x *= 1 - lr * group["weight_decay"]
        else:
            g = self.decayed(x, g, group["weight_decay"])
        state["step"] += 1
        step = state["step"]
        mu = beta1 * (1 - 0.5 * 0.96 ** (step * decay))
        ahead = beta1 * (1 - 0.5 * 0.96 ** ((step + 1) * decay))
        state["mu_product"] *= mu
        product = state["mu_product"]
        m, v = state["exp_avg"], state["exp_avg_sq"]
        running_means(m, v, g, beta1, beta2, t)
        size_of(v, 1 - beta2**step, group["eps"], t)
        # two terms over the same size: what g adds to this step, and what m will add to the next
        total = np.multiply(g, (1 - mu) / (1 - product), out=self.scratch(x, 2))
        total += (ahead / (1 - product * ahead)) * m
        total /= t
        total *= lr
        x -= total


def running_means(m: Array, v: Array, g: Array, beta1: float, beta2: float, t: Array) -> None:
    """m = beta1 m + (1 - beta1) g and v = beta2 v + (1 - beta2) g^2, in place; t is a scratch array."""
    m *= beta1
    m += np.multiply(g, 1 - beta1, out=t)
    v *= beta2
    np.multiply(g, g, out=t)
    t *= 1 - beta2
    v += t


def size_of(v: Array, correction: float, eps: float, t: Array) -> None:
    """t = sqrt(v / correction) + eps, where a number is divided in place of an array."""
    np.sqrt(v, out=t)
    t *= 1 / math.sqrt(correction)
    t += eps


def _check_betas(name: str, betas: tuple[float, float]) -> None:
    if len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
        raise ValueError(f"{name}: betas are {betas}; they are two numbers from 0 to below 1")

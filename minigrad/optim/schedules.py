"""Schedules of the rate as formulas: call `step()` after each epoch, or after each batch.

A schedule is a formula for the rate of step n, from the rate that the group had at the start; nothing accumulates, so
a schedule that is loaded goes on exactly. Two schedules one after the other are a `SequentialLR`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .optimizer import Optimizer


class LRScheduler:
    """Sets the "lr" of each group of an optimizer. A subclass says how: `rate`.

    The rate that a group had when its first schedule was made is kept in the group as "initial_lr".
    """

    _saved: tuple[str, ...] = ("last_epoch",)  # the attributes that change

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(self).__name__}: {type(optimizer).__name__} is no optimizer")
        self.optimizer, self.last_epoch = optimizer, 0
        self.base_lrs: list[Any] = [group.setdefault("initial_lr", group["lr"]) for group in optimizer.param_groups]
        self._set()

    def rate(self, base: float, n: int) -> float:
        """The rate after n steps, for a group that started with the rate `base`."""
        raise TypeError(f"{type(self).__name__} has no rate; define rate(self, base, n)")

    def step(self) -> None:
        """Go on by one epoch, or one batch: whatever is counted."""
        self.last_epoch += 1
        self._set()

    def get_last_lr(self) -> list[float]:
        """The rate of each group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def _set(self) -> None:
        for group, base in zip(self.optimizer.param_groups, self.base_lrs):
            group["lr"] = self.rate(base, self.last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """What changes from step to step."""
        return {"base_lrs": list(self.base_lrs), **{key: getattr(self, key) for key in self._saved}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave, in a schedule that was made with the same options, and set the rates."""
        missing = {"base_lrs", *self._saved} - state.keys()
        if missing:
            raise ValueError(f"{type(self).__name__}.load_state_dict: the state has no {', '.join(sorted(missing))}")
        for key in ("base_lrs", *self._saved):
            setattr(self, key, state[key])
        self._set()


class LambdaLR(LRScheduler):
    """The rate at the start times f(n); one function for all groups, or one for each."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]]):
        groups = len(optimizer.param_groups)
        self.lr_lambdas = [lr_lambda] * groups if callable(lr_lambda) else list(lr_lambda)
        if len(self.lr_lambdas) != groups:
            raise ValueError(f"LambdaLR: {len(self.lr_lambdas)} functions for {groups} groups")
        super().__init__(optimizer)

    def _set(self) -> None:
        for group, base, f in zip(self.optimizer.param_groups, self.base_lrs, self.lr_lambdas):
            group["lr"] = base * f(self.last_epoch)


class StepLR(LRScheduler):
    """Times gamma after every step_size steps."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer)

    def rate(self, base: float, n: int) -> float:
        """base gamma^(n // step_size)."""
        return float(base * self.gamma ** (n // self.step_size))


class MultiStepLR(LRScheduler):
    """Times gamma at each of the milestones."""

    def __init__(self, optimizer: Optimizer, milestones: Sequence[int], gamma: float = 0.1) -> None:
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer)

    def rate(self, base: float, n: int) -> float:
        """base gamma^k, with k milestones at n or before."""
        return float(base * self.gamma ** bisect_right(self.milestones, n))


class ConstantLR(LRScheduler):
    """Times factor for the first total_iters steps."""

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5) -> None:
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer)

    def rate(self, base: float, n: int) -> float:
        """base factor, then base."""
        return base * self.factor if n < self.total_iters else base


class LinearLR(LRScheduler):
    """A warm-up: from start_factor to end_factor times the rate, in a line over total_iters steps.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=1.0)
    >>> schedule = mg.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.25, total_iters=3)
    >>> rates = []
    >>> for _ in range(5):
    ...     rates += schedule.get_last_lr()
    ...     schedule.step()
    >>> rates
    [0.25, 0.5, 0.75, 1.0, 1.0]
    """

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5
    ) -> None:
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer)

    def rate(self, base: float, n: int) -> float:
        """On the line, then at its end."""
        done = min(n, self.total_iters) / self.total_iters
        return base * (self.start_factor + (self.end_factor - self.start_factor) * done)


class PolynomialLR(LRScheduler):
    """Down to 0 over total_iters steps, as (1 - n / total_iters)^power."""

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer)

    def rate(self, base: float, n: int) -> float:
        """base (1 - n / total_iters)^power, then 0."""
        return float(base * (1 - min(n, self.total_iters) / self.total_iters) ** self.power)


class ExponentialLR(LRScheduler):
    """Times gamma after every step."""

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = gamma
        super().__init__(optimizer)

    def rate(self, base: float, n: int) -> float:
        """base gamma^n."""
        return float(base * self.gamma**n)


class CosineAnnealingLR(LRScheduler):
    """Down to eta_min along half a cosine over T_max steps; after that up again (Loshchilov and Hutter 2016)."""

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer)

    def rate(self, base: float, n: int) -> float:
        """eta_min + (base - eta_min) (1 + cos(pi n / T_max)) / 2."""
        return along_cosine(base, self.eta_min, n / self.T_max)


class CosineAnnealingWarmRestarts(LRScheduler):
    """Down along half a cosine over T_0 steps, and from the top again over T_mult times as many, and so on."""

    def __init__(self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0) -> None:
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        super().__init__(optimizer)

    def rate(self, base: float, n: int) -> float:
        """Where n falls in its period."""
        length = self.T_0
        while n >= length:
            n -= length
            length *= self.T_mult
        return along_cosine(base, self.eta_min, n / length)


class SequentialLR(LRScheduler):
    """One schedule after the other: the next one begins, at its own step 0, at each milestone.

    >>> import minigrad as mg
    >>> from minigrad.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR
    >>> optimizer = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=1.0)
    >>> parts = [LinearLR(optimizer, 0.5, total_iters=2), CosineAnnealingLR(optimizer, 10)]
    >>> schedule = SequentialLR(optimizer, parts, milestones=[2])
    """

    def __init__(self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int]) -> None:
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(f"SequentialLR: {len(schedulers)} schedules need {len(schedulers) - 1} milestones")
        self.schedulers, self.milestones = list(schedulers), list(milestones)
        super().__init__(optimizer)

    def _set(self) -> None:
        k = bisect_right(self.milestones, self.last_epoch)
        current = self.schedulers[k]
        current.last_epoch = self.last_epoch - (self.milestones[k - 1] if k else 0)
        current._set()


def along_cosine(start: float, end: float, share: float) -> float:
    """From start (share 0) to end (share 1) along half a cosine."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def along_line(start: float, end: float, share: float) -> float:
    return start + (end - start) * share

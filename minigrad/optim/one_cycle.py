"""One cycle: L. N. Smith and N. Topin, "Super-convergence", 2018."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from .optimizer import Optimizer
from .schedules import LRScheduler, along_cosine, along_line


class OneCycleLR(LRScheduler):
    """Up to max_lr and down to almost nothing, in one cycle over all steps; call `step` after each batch (Smith 2018).

    Parameters
    ----------
    max_lr
        The top, or one for each group.
    total_steps
        The length of the cycle; or epochs and steps_per_epoch.
    pct_start
        The share of the way up.
    anneal_strategy
        "cos" or "linear".
    cycle_momentum, base_momentum, max_momentum
        Whether the momentum (Adam's first beta) goes the other way, between these.
    div_factor, final_div_factor
        The start is max_lr / div_factor, the end that / final_div_factor.
    three_phase
        Up, down as far again, and then to the end.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
    ) -> None:
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("OneCycleLR: give total_steps, or epochs and steps_per_epoch")
            total_steps = epochs * steps_per_epoch
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"OneCycleLR: anneal_strategy is {anneal_strategy!r}; it is 'cos' or 'linear'")
        self.total_steps, self.anneal = total_steps, along_cosine if anneal_strategy == "cos" else along_line
        self.cycle_momentum, self.base_momentum, self.max_momentum = cycle_momentum, base_momentum, max_momentum
        groups = optimizer.param_groups
        tops = [float(top) for top in max_lr] if isinstance(max_lr, Sequence) else [float(max_lr)] * len(groups)
        for i, group in enumerate(groups):
            group["max_lr"] = tops[i]
            group["initial_lr"] = group["max_lr"] / div_factor
            group["min_lr"] = group["initial_lr"] / final_div_factor
        up = pct_start * total_steps - 1
        # each phase: where it ends, and between which rates and momenta it goes
        self.phases = [(up, "initial_lr", "max_lr", max_momentum, base_momentum)]
        if three_phase:
            self.phases.append((2 * up, "max_lr", "initial_lr", base_momentum, max_momentum))
            self.phases.append((total_steps - 1, "initial_lr", "min_lr", max_momentum, max_momentum))
        else:
            self.phases.append((total_steps - 1, "max_lr", "min_lr", base_momentum, max_momentum))
        super().__init__(optimizer)

    def _set(self) -> None:
        n = self.last_epoch
        if n > self.total_steps:
            raise ValueError(f"OneCycleLR: step {n} of a cycle of {self.total_steps}")
        k = min(bisect_left([phase[0] for phase in self.phases], n), len(self.phases) - 1)
        end, first, last, first_momentum, last_momentum = self.phases[k]
        begin = self.phases[k - 1][0] if k else 0
        done = (n - begin) / (end - begin)
        for group in self.optimizer.param_groups:
            group["lr"] = self.anneal(group[first], group[last], done)
            if self.cycle_momentum:
                momentum = self.anneal(first_momentum, last_momentum, done)
                if "betas" in group:
                    group["betas"] = (momentum, *group["betas"][1:])
                else:
                    group["momentum"] = momentum

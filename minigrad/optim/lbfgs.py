"""L-BFGS: Newton's direction from the last few steps and changes of the gradient, without a matrix.

J. Nocedal, "Updating quasi-Newton matrices with limited storage", 1980. Steps, tolerances and defaults are PyTorch's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..tensor import Tensor
from .line_search import strong_wolfe
from .optimizer import Array, Optimizer, Params, State


class LBFGS(Optimizer):
    """Minimizes with full batches: `step(closure)`; the closure clears the gradients, computes them, returns the loss.

    Parameters
    ----------
    lr
        The length of a step, in units of the direction's; with a line search, the length that it tries first.
    max_iter, max_eval
        How many iterations a step has at most, and how many calls of the closure (1.25 max_iter).
    tolerance_grad, tolerance_change
        A step ends where no element of the gradient is larger than the first, or an iteration changes no element, or
        the loss, by more than the second.
    history_size
        How many steps and changes are kept.
    line_search_fn
        None, or "strong_wolfe".

    >>> import minigrad as mg
    >>> x = mg.tensor([3.0, -2.0], requires_grad=True)
    >>> optimizer = mg.optim.LBFGS([x])
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((x - 1) ** 4).sum() + ((x - 1) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> first = optimizer.step(closure)
    >>> x.data.round(4)
    array([1., 1.])
    """

    def __init__(
        self,
        params: Params,
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        if line_search_fn not in (None, "strong_wolfe"):
            raise ValueError(f"LBFGS: line_search_fn is {line_search_fn!r}; it is None or 'strong_wolfe'")
        defaults = {"lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval}
        more = {"tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change, "history_size": history_size}
        super().__init__(params, {**defaults, **more, "line_search_fn": line_search_fn})
        if len(self.param_groups) > 1:
            raise ValueError("LBFGS: there is one direction for all parameters, so they cannot be in several groups")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Several iterations; returns the loss at the start."""
        if closure is None:
            raise TypeError("LBFGS.step needs a closure that clears the gradients, computes them and returns the loss")
        group = self.param_groups[0]
        state = self.state.setdefault(group["params"][0], {"func_evals": 0, "n_iter": 0})
        first = closure()
        loss, g = float(first), self._gradient()
        evaluations = 1
        for iteration in range(1, group["max_iter"] + 1):
            if np.max(np.abs(g), initial=0) <= group["tolerance_grad"]:
                break
            state["n_iter"] += 1
            d = self._direction(g, state, group["history_size"])
            before = loss
            state.update(prev_flat_grad=g, d=d)
            t = group["lr"] * (min(1, 1 / np.abs(g).sum()) if state["n_iter"] == 1 else 1)
            slope = g.dot(d)
            state["t"] = t
            if slope > -group["tolerance_change"]:
                break
            if group["line_search_fn"]:
                t, loss, g, spent = self._search(closure, t, d, loss, g, slope, group["max_eval"] - evaluations)
                state["t"] = t
            else:
                self._move(t, d)
                spent = 0
                if iteration < group["max_iter"]:
                    loss, g, spent = float(closure()), self._gradient(), 1
            evaluations += spent
            if evaluations >= group["max_eval"] or np.max(np.abs(d * t)) <= group["tolerance_change"]:
                break
            if abs(loss - before) < group["tolerance_change"]:
                break
        state["func_evals"] += evaluations
        return first

    def state_shape(self, p: Tensor) -> tuple[int, ...]:
        """One vector for all parameters."""
        return (sum(p.size for p in self.param_groups[0]["params"]),)

    def _direction(self, g: Array, state: State, history_size: int) -> Array:
        """-H g, where H is the inverse Hessian that the last steps and changes of the gradient agree with."""
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1.0)
            return -g
        changes, steps, inverses = state["old_dirs"], state["old_stps"], state["ro"]
        change, step = g - state["prev_flat_grad"], state["d"] * state["t"]
        along = change.dot(step)
        if along > 1e-10:  # else the curvature would not be positive
            for history, newest in ((changes, change), (steps, step), (inverses, 1 / along)):
                history.append(newest)
                del history[:-history_size]
            state["H_diag"] = along / change.dot(change)
        q, shares = -g, []
        for change, step, inverse in zip(reversed(changes), reversed(steps), reversed(inverses)):
            share = step.dot(q) * inverse
            q = q - share * change
            shares.append(share)
        d: Array = q * state["H_diag"]
        for change, step, inverse, share in zip(changes, steps, inverses, reversed(shares)):
            d = d + step * (share - change.dot(d) * inverse)
        return d

    def _search(
        self, closure: Callable[[], Any], t: float, d: Array, loss: float, g: Array, slope: float, most: int
    ) -> tuple[float, float, Array, int]:
        start = [p.data.copy() for p, _ in self._members()]

        def at(length: float) -> tuple[float, Array]:
            for (p, _), x in zip(self._members(), start):
                p.data[...] = x
            self._move(length, d)
            return float(closure()), self._gradient()

        found = strong_wolfe(at, t, d, loss, g, slope, self.param_groups[0]["tolerance_change"], most)
        for (p, _), x in zip(self._members(), start):
            p.data[...] = x
        self._move(found[0], d)
        return found

    def _move(self, length: float, d: Array) -> None:
        at = 0
        for p, _ in self._members():
            p.data += length * d[at : at + p.size].reshape(p.shape)
            at += p.size

    def _gradient(self) -> Array:
        """The gradients of all parameters as one vector; zeros for None."""
        parts = [np.zeros(p.size, p.dtype) if p.grad is None else np.ravel(p.grad) for p, _ in self._members()]
        return np.concatenate(parts)

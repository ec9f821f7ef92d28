"""What optimizers have in common: groups of parameters, state for each parameter, saving and loading of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..tensor import Tensor

Params = Iterable[Tensor] | Iterable[dict[str, Any]]


class Optimizer:
    """Changes parameters in place by their gradients. A subclass says how: `update`.

    Parameters
    ----------
    params
        Parameters, or groups of them: dicts with "params" and options of their own.
    defaults
        Options for groups that do not set them.
    """

    param_groups: list[dict[str, Any]]
    state: dict[Tensor, dict[str, Any]]

    def __init__(self, params: Params, defaults: Mapping[str, Any]) -> None:
        given = list(params)
        if not given:
            raise ValueError(f"{type(self).__name__}: there are no parameters")
        groups: list[Any] = given if isinstance(given[0], dict) else [{"params": given}]
        self.state, self.param_groups = {}, []
        seen = set()
        for group in groups:
            members = [group["params"]] if isinstance(group["params"], Tensor) else list(group["params"])
            for p in members:
                if not isinstance(p, Tensor) or not p.is_leaf:
                    raise TypeError(f"{type(self).__name__}: {p!r} is no parameter (a leaf Tensor)")
                if p in seen:
                    raise ValueError(f"{type(self).__name__}: parameter {p.name or '(without a name)'} is given twice")
                seen.add(p)
            unknown = group.keys() - defaults.keys() - {"params"}
            if unknown:
                raise TypeError(f"{type(self).__name__} has no option {', '.join(sorted(unknown))}")
            self.param_groups.append({**defaults, **group, "params": members})

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = None

    def step(self) -> None:
        """Change every parameter that has a gradient; one whose gradient is None is left alone, with its state."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    state = self.state.get(p)
                    if state is None:
                        state = self.state[p] = {}
                    self.update(p.data, p.grad, state, group)

    def update(self, x: Any, g: Any, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Change the array `x` in place, given its gradient `g`, which is not changed."""
        raise TypeError(f"{type(self).__name__} has no update; define update(self, x, g, state, group)")

    def state_dict(self) -> dict[str, Any]:
        """The state and the options: plain dicts, lists, numbers and copies of arrays. Parameters are numbered."""
        numbers = self._numbers()
        return {
            "state": {
                numbers[p]: {key: np.copy(v) if isinstance(v, np.ndarray) else v for key, v in state.items()}
                for p, state in self.state.items()
            },
            "param_groups": [
                {key: [numbers[p] for p in value] if key == "params" else value for key, value in group.items()}
                for group in self.param_groups
            ],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave, for parameters in the same groups.

        Raises
        ------
        ValueError
            if the groups have other sizes; nothing has changed then.
        """
        sizes = [len(group["params"]) for group in state["param_groups"]]
        ours = [len(group["params"]) for group in self.param_groups]
        if sizes != ours:
            raise ValueError(f"{type(self).__name__}: groups of {ours} parameters cannot take a state of {sizes}")
        by_number = {number: p for p, number in self._numbers().items()}
        for group, saved in zip(self.param_groups, state["param_groups"]):
            group.update({key: value for key, value in saved.items() if key != "params"})
        self.state = {
            by_number[int(number)]: {key: np.copy(v) if isinstance(v, np.ndarray) else v for key, v in entry.items()}
            for number, entry in state["state"].items()
        }

    def _numbers(self) -> dict[Tensor, int]:
        return {p: i for i, p in enumerate(p for group in self.param_groups for p in group["params"])}

"""What optimizers have in common: groups of parameters, state for each parameter, saving and loading of both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..tensor import Tensor
from .together import SMALL, Together, history

Array = npt.NDArray[Any]
Params = Iterable[Tensor] | Iterable[dict[str, Any]]
State = dict[str, Any]
Group = dict[str, Any]


class Optimizer:
    """Changes parameters in place by their gradients. A subclass says how: `update`.

    Parameters
    ----------
    params
        Parameters, or groups of them: dicts with "params" and options of their own.
    defaults
        Options for groups that do not set them. `maximize` goes up the gradient in place of down.

    Raises
    ------
    ValueError
        without parameters, for one that is given twice, and for a rate below 0.
    TypeError
        for what is no leaf Tensor, and for unknown options.
    """

    param_groups: list[Group]
    state: dict[Tensor, State]
    elementwise = False  # does `update` treat each element by itself, so that parameters may be joined for it?

    def __init__(self, params: Params, defaults: Mapping[str, Any]) -> None:
        self.defaults = dict(defaults)
        self.state, self.param_groups = {}, []
        self._buffers: dict[Any, Array] = {}
        self._bundles: dict[int, tuple[Any, list[Together]]] = {}  # by group: its small parameters
        given: list[Any] = list(params)
        if not given:
            raise ValueError(f"{type(self).__name__}: there are no parameters")
        for group in given if isinstance(given[0], dict) else [{"params": given}]:
            self.add_param_group(group)

    def add_param_group(self, group: Group) -> None:
        """Take in more parameters, with options of their own."""
        name = type(self).__name__
        members = [group["params"]] if isinstance(group["params"], Tensor) else list(group["params"])
        seen = {p for p, _ in self._members()}
        for p in members:
            if not isinstance(p, Tensor) or not p.is_leaf:
                raise TypeError(f"{name}: {p!r} is no parameter (a leaf Tensor)")
            if p in seen:
                raise ValueError(f"{name}: parameter {p.name or '(without a name)'} of shape {p.shape} is given twice")
            seen.add(p)
        unknown = group.keys() - self.defaults.keys() - {"params"}
        if unknown:
            raise TypeError(f"{name} has no option {', '.join(sorted(unknown))}; it has {', '.join(self.defaults)}")
        complete = {**self.defaults, **group, "params": members}
        for option in ("lr", "eps", "weight_decay", "momentum"):
            if complete.get(option, 0) < 0:
                raise ValueError(f"{name}: {option} is {complete[option]}; it cannot be negative")
        self.param_groups.append(complete)

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for p, _ in self._members():
            p._grad = None

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient; one whose gradient is None is left alone, with its state.

        Parameters
        ----------
        closure
            Computes the loss and its gradients; called first, and what it returns is returned.
        """
        loss = closure() if closure is not None else None
        for k, group in enumerate(self.param_groups):
            small: list[Tensor] = []
            for p in group["params"]:
                if p._grad is None:
                    continue
                if type(p._data) is not np.ndarray:  # a number: nothing that could be changed in place
                    p.data = np.array(p._data)
                if self.elementwise and p._data.nbytes <= SMALL:
                    small.append(p)
                else:
                    g = -p._grad if group.get("maximize") else p._grad
                    self.update(p._data, g, self.state.setdefault(p, {}), group)
            if small:
                self._update_together(k, small, group)
        return loss

    def _update_together(self, k: int, small: list[Tensor], group: Group) -> None:
        states = [self.state.setdefault(p, {}) for p in small]
        key = [(id(state), p._data.shape, p._data.dtype) for p, state in zip(small, states)]
        known, bundles = self._bundles.get(k, (None, []))
        if key != known:
            alike: dict[Any, list[Tensor]] = {}
            for p, state in zip(small, states):
                alike.setdefault((p.dtype, history(state)), []).append(p)
            bundles = [Together(members, [self.state[p] for p in members]) for members in alike.values()]
            self._bundles[k] = (key, bundles)
        for bundle in bundles:
            bundle.gather()
            if group.get("maximize"):
                np.negative(bundle.g, out=bundle.g)
            self.update(bundle.x, bundle.g, bundle.state, group)
            bundle.scatter()

    def update(self, x: Array, g: Array, state: State, group: Group) -> None:
        """Change the array `x` in place, given its gradient `g`, which is not to be changed.

        Arrays that it keeps in the state have x's shape. If the optimizer is `elementwise`, x may be several small
        parameters of the same history in a row.
        """
        raise TypeError(f"{type(self).__name__} has no update; define update(self, x, g, state, group)")

    def scratch(self, x: Array, k: int = 0) -> Array:
        """An array like `x` to write to, kept from step to step: fresh memory for large arrays costs half of a step.

        Two of different `k` are different arrays.
        """
        key = (x.dtype, k)
        buffer = self._buffers.get(key)
        if buffer is None or buffer.size < x.size:
            buffer = self._buffers[key] = np.empty(x.size, x.dtype)
        return buffer[: x.size].reshape(x.shape)

    def decayed(self, x: Array, g: Array, decay: float) -> Array:
        """g + decay x: the gradient with that of decay / 2 |x|^2, as a scratch array."""
        if not decay:
            return g
        t = np.multiply(x, decay, out=self.scratch(x, 1))
        t += g
        return t

    def _members(self) -> Iterator[tuple[Tensor, Group]]:
        return ((p, group) for group in self.param_groups for p in group["params"])

    # -- state --------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The state and the options: plain dicts, lists, numbers and copies of arrays. Parameters are numbered."""
        numbers = {p: i for i, (p, _) in enumerate(self._members())}
        return {
            "state": {numbers[p]: _copied(state) for p, state in self.state.items()},
            "param_groups": [{**group, "params": [numbers[p] for p in group["params"]]} for group in self.param_groups],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave, for parameters in the same groups.

        Raises
        ------
        ValueError
            if the groups have other sizes, or an array another shape than its parameter; nothing has changed then.
        """
        name = type(self).__name__
        sizes = [len(group["params"]) for group in state["param_groups"]]
        ours = [len(group["params"]) for group in self.param_groups]
        if sizes != ours:
            raise ValueError(f"{name}: groups of {ours} parameters cannot take the state of groups of {sizes}")
        members = [p for p, _ in self._members()]
        new = {members[int(number)]: _copied(entry) for number, entry in state["state"].items()}
        for p, entry in new.items():
            expected = self.state_shape(p)
            for key, value in entry.items():
                shapes = {np.shape(part) for part in (value if isinstance(value, list) else [value])} - {(), expected}
                if shapes:
                    raise ValueError(
                        f"{name}: {key} has shape {shapes.pop()} in the state; with its parameter "
                        f"{p.name or members.index(p)} of shape {p.shape} it must have {expected}"
                    )
        for group, saved in zip(self.param_groups, state["param_groups"]):
            group.update({key: value for key, value in saved.items() if key != "params"})
        self.state = new
        self._bundles.clear()

    def state_shape(self, p: Tensor) -> tuple[int, ...]:
        """The shape of the arrays that are kept for a parameter."""
        return p.shape

    def __repr__(self) -> str:
        groups = [
            f"{sum(p.size for p in group['params']):,} parameters, "
            + ", ".join(f"{key}={value}" for key, value in group.items() if key != "params")
            for group in self.param_groups
        ]
        return f"{type(self).__name__}({'; '.join(groups)})"


def _copied(state: Mapping[str, Any]) -> State:
    return {key: _copy(value) for key, value in state.items()}


def _copy(value: Any) -> Any:
    if isinstance(value, list):
        return [_copy(part) for part in value]
    return np.copy(value) if isinstance(value, np.ndarray) else value

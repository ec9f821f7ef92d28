"""Module: parameters, buffers and modules as attributes, with PyTorch's habits and names."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ..context import Mode, generator, mode
from ..tensor import Tensor

Hook = Callable[["Module", tuple[Any, ...], Any], Any]


def Parameter(data: npt.ArrayLike) -> Tensor:
    """A Tensor that a module holds and an optimizer changes: one that requires gradients."""
    return Tensor(data, requires_grad=True)


class Module:
    """A part of a network. Its attributes may be parameters (Tensors that require gradients), buffers and modules.

    Write `__init__` and `forward`; call the module. `super().__init__()` may be called, and need not be.

    >>> from minigrad import nn
    >>> class Twice(nn.Module):
    ...     def __init__(self):
    ...         self.layer = nn.Linear(3, 3)
    ...     def forward(self, x):
    ...         return self.layer(self.layer(x))
    >>> [name for name, _ in Twice().named_parameters()]
    ['layer.weight', 'layer.bias']
    """

    training: bool
    _kinds: dict[str, str]  # which attributes are a "parameter", a "buffer" or a "module"
    _hooks: dict[object, Hook]
    _name: str  # the attribute of the parent that holds it

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls)
        self.__dict__.update(training=True, _kinds={}, _hooks={}, _name="")
        return self

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; a subclass says what."""
        raise TypeError(f"{type(self).__name__} has no forward; define forward(self, ...)")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        now = mode.get()
        scope = f"{now.scope}.{self._name}" if now.scope else self._name
        token = mode.set(Mode(now.record, now.anomaly, now.inside, scope, now.dtype))
        try:
            out = self.forward(*args, **kwargs)
        finally:
            mode.reset(token)
        for hook in self._hooks.values():
            replaced = hook(self, args, out)
            out = out if replaced is None else replaced
        return out

    def register_forward_hook(self, hook: Hook) -> Callable[[], None]:
        """Call `hook(module, inputs, output)` after each forward; what it returns, if anything, is the output then.

        Returns a function that takes the hook away.
        """
        key = object()
        self._hooks[key] = hook
        return lambda: self._hooks.pop(key, None) and None

    # -- attributes ---------------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        kind = self._kinds.get(name)
        if isinstance(value, Module):
            self._kinds[name] = "module"
            value.__dict__["_name"] = name
        elif isinstance(value, Tensor) and kind != "buffer" and value.is_leaf and value.requires_grad:
            self._kinds[name] = "parameter"
            if value.name is None:
                value.name = name
        elif kind == "module" or (kind == "parameter" and not isinstance(value, Tensor) and value is not None):
            del self._kinds[name]
        self.__dict__[name] = value

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        self._kinds.pop(name, None)

    def register_buffer(self, name: str, value: Any) -> None:
        """An array that belongs to the state of the module and is not trained, such as running statistics."""
        self._kinds[name] = "buffer"
        self.__dict__[name] = value

    def register_parameter(self, name: str, value: Tensor | None) -> None:
        """A parameter, or None in the place of one that is absent."""
        self._kinds[name] = "parameter"
        setattr(self, name, value)

    def add_module(self, name: str, module: Module) -> None:
        """The same as `setattr(self, name, module)`, for names that are no Python identifiers."""
        setattr(self, name, module)

    # -- walking the tree ---------------------------------------------------------------------------------------------

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all below it, each once, parents first, with dotted paths."""
        seen = set()
        stack: list[tuple[str, Module]] = [(prefix, self)]
        while stack:
            path, module = stack.pop()
            if id(module) in seen:
                continue
            seen.add(id(module))
            yield path, module
            stack += [(f"{path}.{name}" if path else name, child) for name, child in reversed(module.named_children())]

    def named_children(self) -> list[tuple[str, Module]]:
        """The modules that are attributes of this one, with their names."""
        return [(name, self.__dict__[name]) for name, kind in self._kinds.items() if kind == "module"]

    def modules(self) -> Iterator[Module]:
        """This module and all below it."""
        return (module for _, module in self.named_modules())

    def children(self) -> Iterator[Module]:
        """The modules that are attributes of this one."""
        return (child for _, child in self.named_children())

    def _named(self, kind: str) -> Iterator[tuple[str, Any]]:
        seen = set()
        for path, module in self.named_modules():
            for name, its_kind in module._kinds.items():
                value = module.__dict__[name] if its_kind == kind else None
                if value is not None and id(value) not in seen:
                    seen.add(id(value))
                    yield f"{path}.{name}" if path else name, value

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """Every parameter once, with its dotted path."""
        return self._named("parameter")

    def parameters(self) -> Iterator[Tensor]:
        """Every parameter once."""
        return (value for _, value in self.named_parameters())

    def named_buffers(self) -> Iterator[tuple[str, Any]]:
        """Every buffer once, with its dotted path."""
        return self._named("buffer")

    def buffers(self) -> Iterator[Any]:
        """Every buffer once."""
        return (value for _, value in self.named_buffers())

    # -- state --------------------------------------------------------------------------------------------------------

    def state_dict(self) -> OrderedDict[str, Any]:
        """Copies of all parameters and buffers as arrays, with PyTorch's keys in PyTorch's order."""
        return OrderedDict((key, np.array(_array(owner.__dict__[name]))) for key, owner, name in self._state())

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over parameters and buffers from arrays (or CPU tensors of PyTorch's, or Tensors).

        Raises
        ------
        ValueError
            that lists every key that is missing, unexpected, or of another shape. Nothing has changed then.
        """
        places = {key: (owner, name) for key, owner, name in self._state()}
        arrays = {key: np.asarray(_array(value)) for key, value in state.items()}
        faults = [f"missing: {key}" for key in places if key not in arrays]
        faults += [f"unexpected: {key}" for key in arrays if key not in places]
        for key, (owner, name) in places.items():
            here = np.shape(_array(owner.__dict__[name]))
            fits = key not in arrays or arrays[key].shape == here or owner.takes_shape(name, arrays[key].shape)
            if not fits:
                faults.append(f"shape: {key} is {here} here and {arrays[key].shape} in the state")
        if faults:
            raise ValueError(f"{type(self).__name__}.load_state_dict changed nothing:\n  " + "\n  ".join(faults))
        for key, (owner, name) in places.items():
            here = owner.__dict__[name]
            new = np.array(arrays[key], dtype=_array(here).dtype if here is not None else None)
            if isinstance(here, Tensor):
                here.data = new
            else:
                owner.__dict__[name] = new

    def takes_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        """Whether a buffer may be loaded with this shape although it has another now (an unfitted Standardize)."""
        return False

    def _state(self) -> Iterator[tuple[str, Module, str]]:
        for path, module in self.named_modules():
            for kind in ("parameter", "buffer"):
                for name, its_kind in module._kinds.items():
                    if its_kind == kind and module.__dict__[name] is not None:
                        yield (f"{path}.{name}" if path else name), module, name

    # -- settings of the whole tree -----------------------------------------------------------------------------------

    def train(self, training: bool = True) -> Self:
        """Set the module and all below it to training (dropout draws, batch norm uses the batch) or not."""
        for module in self.modules():
            module.__dict__["training"] = bool(training)
        return self

    def eval(self) -> Self:
        """The same as `train(False)`."""
        return self.train(False)

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.grad = None

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Let all parameters require gradients, or none."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def astype(self, dtype: npt.DTypeLike) -> Self:
        """Convert all floating parameters and buffers, in place."""
        for _, owner, name in self._state():
            value = owner.__dict__[name]
            if _array(value).dtype.kind != "f":
                continue
            if isinstance(value, Tensor):
                value.data = value.data.astype(dtype)
                value.grad = None
            else:
                owner.__dict__[name] = value.astype(dtype)
        return self

    def apply(self, f: Callable[[Module], Any]) -> Self:
        """Call f on each module, children before their parents."""
        for module in reversed(list(self.modules())):
            f(module)
        return self

    # -- text ---------------------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """The options that `repr` shows, such as `in_features=3`."""
        return ""

    def __repr__(self) -> str:
        count = sum(p.size for p in self.parameters())
        lines = [f"{type(self).__name__}({self.extra_repr()})" + (f"  # {count:,} parameters" if count else "")]
        for name, child in self.named_children():
            first, *rest = repr(child).splitlines()
            lines += [f"  ({name}): {first}", *(f"  {line}" for line in rest)]
        return "\n".join(lines)

    def summary(self, x: Any) -> str:
        """A line for each module that a forward of `x` calls: its path, class, output shape and own parameters.

        Nothing changes: the pass runs in evaluation mode and records nothing.
        """
        from .summary import summary

        return summary(self, x)


def rng_or_default(rng: np.random.Generator | None) -> np.random.Generator:
    """`rng`, or the generator that `minigrad.seed` starts."""
    return generator.get() if rng is None else rng


def _array(value: Any) -> Any:
    return value.data if isinstance(value, Tensor) else value

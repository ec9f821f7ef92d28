"""The basic layers: linear maps, containers, shapes, dropout."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ..context import mode
from ..declare import ops
from ..tensor import Tensor
from . import init as initializers
from .module import Module, Parameter, rng_or_default

Init = str | Callable[..., Any]
Rng = np.random.Generator


def uniform_by_fan_in(fan_in: int) -> Callable[..., Any]:
    """PyTorch's own start for weights and biases: uniform within 1 / sqrt(fan_in)."""
    bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
    made: Callable[..., Any] = initializers.uniform(low=-bound, high=bound)
    return made


class Linear(Module):
    """x W^T + b. `weight` is (out_features, in_features), `bias` (out_features,), as in PyTorch.

    Parameters
    ----------
    init, bias_init
        How the weight and the bias start: a name in `nn.init`, an initializer, or any callable `(shape, rng) -> array`.
        If not given, uniform within 1 / sqrt(in_features), as in PyTorch. For deep networks say
        `init="kaiming_normal"` before a relu, `init="xavier_normal"` before a tanh.

    >>> import numpy as np
    >>> from minigrad import nn
    >>> nn.Linear(3, 2, init="kaiming_normal")(np.ones((4, 3))).shape
    (4, 2)
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        init: Init | None = None,
        bias_init: Init | None = None,
        rng: Rng | None = None,
    ) -> None:
        self.in_features, self.out_features = in_features, out_features
        rng, dtype = rng_or_default(rng), mode.get().dtype
        start = uniform_by_fan_in(in_features)
        self.weight = Parameter(initializers.draw(init or start, (out_features, in_features), rng, dtype, "Linear"))
        # With an initializer of the weight's own choice, signals are balanced by the weights alone: biases start at 0.
        start = initializers.zeros if init else start
        self.register_parameter(
            "bias",
            Parameter(initializers.draw(bias_init or start, (out_features,), rng, dtype, "Linear")) if bias else None,
        )

    def forward(self, x: Any) -> Any:
        """x (..., in_features) gives (..., out_features)."""
        if not x.shape or x.shape[-1] != self.in_features:
            name = self._name or "Linear"
            raise ValueError(f"{name}: x has shape {x.shape}; its last axis must be in_features = {self.in_features}")
        return ops["linear"](x, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return f"{self.in_features}, {self.out_features}" + ("" if self.bias is not None else ", bias=False")


# -- containers -------------------------------------------------------------------------------------------------------


class Sequential(Module):
    """Modules one after the other. `model[0]`, `model[1:]`, `len(model)` work; a dict gives them names."""

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        named = modules[0].items() if len(modules) == 1 and isinstance(modules[0], Mapping) else enumerate(modules)
        for name, module in named:
            if not isinstance(module, Module):
                raise TypeError(
                    f"Sequential: {name} is {type(module).__name__}, not a Module (nn.ReLU(), with brackets)"
                )
            self.add_module(str(name), module)

    def forward(self, x: Any) -> Any:
        """What the last module makes of what the one before it made, and so on."""
        for _, module in self.named_children():
            x = module(x)
        return x

    def __len__(self) -> int:
        return len(self.named_children())

    def __iter__(self) -> Iterator[Module]:
        return self.children()

    def __getitem__(self, index: Any) -> Any:
        found = list(self.children())[index]
        return type(self)(*found) if isinstance(index, slice) else found


class ModuleList(Module):
    """A list of modules, which a module's own forward calls."""

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        for module in modules:
            self.append(module)

    def append(self, module: Module) -> ModuleList:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def __len__(self) -> int:
        return len(self.named_children())

    def __iter__(self) -> Iterator[Module]:
        return self.children()

    def __getitem__(self, index: int) -> Module:
        return list(self.children())[index]


class ModuleDict(Module):
    """Modules by name, which a module's own forward calls."""

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        for name, module in (modules or {}).items():
            self.add_module(name, module)

    def __getitem__(self, name: str) -> Module:
        return dict(self.named_children())[name]

    def __setitem__(self, name: str, module: Module) -> None:
        self.add_module(name, module)

    def __contains__(self, name: str) -> bool:
        return name in dict(self.named_children())

    def __len__(self) -> int:
        return len(self.named_children())

    def keys(self) -> list[str]:
        """The names."""
        return [name for name, _ in self.named_children()]

    def items(self) -> list[tuple[str, Module]]:
        """Names and modules."""
        return self.named_children()


class Identity(Module):
    """x."""

    def forward(self, x: Any) -> Any:
        """x."""
        return x


class Residual(Module):
    """x + f(x): the gradient has a way around f (He et al. 2015)."""

    def __init__(self, f: Module) -> None:
        self.f = f

    def forward(self, x: Any) -> Any:
        """x + f(x)."""
        return x + self.f(x)


# -- shapes -----------------------------------------------------------------------------------------------------------


class Flatten(Module):
    """The axes from start_dim to end_dim as one."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: Any) -> Any:
        """x with fewer axes."""
        first, last = self.start_dim % x.ndim, self.end_dim % x.ndim
        return x.reshape((*x.shape[:first], math.prod(x.shape[first : last + 1]), *x.shape[last + 1 :]))


class Unflatten(Module):
    """Axis `dim` as several, of `unflattened_size`."""

    def __init__(self, dim: int, unflattened_size: tuple[int, ...]) -> None:
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, x: Any) -> Any:
        """x with more axes."""
        at = self.dim % x.ndim
        return x.reshape((*x.shape[:at], *self.unflattened_size, *x.shape[at + 1 :]))


# -- dropout ----------------------------------------------------------------------------------------------------------


class Dropout(Module):
    """In training each element is 0 with probability p, and the others are divided by 1 - p; else x."""

    def __init__(self, p: float = 0.5, *, rng: Rng | None = None) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"{type(self).__name__}: p is {p}; it is a probability, from 0 to 1")
        self.p, self.rng = p, rng

    def forward(self, x: Any) -> Any:
        """x with some elements dropped; a new mask is drawn in each call."""
        if not self.training or self.p == 0:
            return x
        mask = rng_or_default(self.rng).random(self.mask_shape(x.shape)) >= self.p
        return ops["dropout"](x, mask, self.p)

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """One decision for each element."""
        return shape

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}"


class Dropout2d(Dropout):
    """Dropout of whole channels of (n, c, h, w) (Tompson et al. 2015)."""

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """One decision for each channel."""
        if len(shape) not in (3, 4):
            raise ValueError(f"Dropout2d: x has shape {shape}; expected (n, c, h, w) or (c, h, w)")
        return (*shape[:-2], 1, 1)

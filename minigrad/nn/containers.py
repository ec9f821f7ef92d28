"""Modules that are made of modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from .module import Module, join


class Sequential(Module):
    """Modules one after the other. `model[0]`, `model[1:]`, `len(model)` work; a dict gives them names.

    >>> import numpy as np
    >>> from minigrad import nn
    >>> model = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))
    >>> model(np.ones((4, 3))).shape
    (4, 2)
    """

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        first = modules[0] if len(modules) == 1 else None
        for name, module in first.items() if isinstance(first, Mapping) else enumerate(modules):
            if not isinstance(module, Module):
                raise TypeError(
                    f"Sequential: {name} is {type(module).__name__}, not a Module (nn.ReLU(), with brackets)"
                )
            self.add_module(str(name), module)

    def forward(self, x: Any) -> Any:
        """What the last module makes of what the one before it made, and so on."""
        for name, kind in self._kinds.items():
            if kind == "module":
                x = self.__dict__[name](x)
        return x

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def __len__(self) -> int:
        return len(self.named_children())

    def __iter__(self) -> Iterator[Module]:
        return self.children()

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(dict(self.named_children()[index]))
        return list(self.children())[index]


class _Holder(Module):
    """Holds modules for another one, whose forward calls them: paths go through its name although it is not called."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if isinstance(value, Module):
            value._hang(join(self._name, name))

    def _hang(self, name: str) -> None:
        super()._hang(name)
        for key, child in self.named_children():
            child._hang(f"{name}.{key}")

    def __len__(self) -> int:
        return len(self.named_children())


class ModuleList(_Holder):
    """A list of modules, which a module's own forward calls."""

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self.extend(modules)

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end."""
        for module in modules:
            self.append(module)
        return self

    def __iter__(self) -> Iterator[Module]:
        return self.children()

    def __getitem__(self, index: int | slice) -> Any:
        return list(self.children())[index]

    def __setitem__(self, index: int, module: Module) -> None:
        self.add_module(str(range(len(self))[index]), module)


class ModuleDict(_Holder):
    """Modules by name, which a module's own forward calls."""

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        for name, module in (modules or {}).items():
            self.add_module(name, module)

    def __getitem__(self, name: str) -> Module:
        return dict(self.named_children())[name]

    def __setitem__(self, name: str, module: Module) -> None:
        self.add_module(name, module)

    def __contains__(self, name: str) -> bool:
        return name in self.keys()

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def keys(self) -> list[str]:
        """The names."""
        return [name for name, _ in self.named_children()]

    def values(self) -> list[Module]:
        """The modules."""
        return list(self.children())

    def items(self) -> list[tuple[str, Module]]:
        """Names and modules."""
        return self.named_children()


class Identity(Module):
    """x. Arguments are taken and ignored, so that it can stand in for another layer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def forward(self, x: Any) -> Any:
        """x."""
        return x


class Residual(Module):
    """x + f(x): the gradient has a way around f (He et al. 2015)."""

    def __init__(self, f: Module) -> None:
        self.f = f

    def forward(self, x: Any) -> Any:
        """x + f(x)."""
        out = self.f(x)
        if out.shape != x.shape:
            raise ValueError(f"f makes shape {out.shape} of x {x.shape}; the two are added, so they must be the same")
        return x + out

"""Module: parameters, buffers and modules as attributes, with PyTorch's habits and names."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ..context import Mode, everyday, generator, mode
from ..tensor import Hook, Tensor
from .state import bare, load_state


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
    _hooks: dict[Hook, Any]
    _name: str  # the attribute of the parent that holds it
    _scope: str | None  # the path at which it was called last: what its parameters are named after
    _modes: tuple[Mode | None, Mode]  # the settings around its last call, and within it (one object: threads share it)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls)
        self.__dict__.update(training=True, _kinds={}, _hooks={}, _name="", _scope=None, _modes=(None, everyday))
        return self

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; a subclass says what."""
        raise TypeError(f"{type(self).__name__} has no forward; define forward(self, ...)")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        now = mode.get()
        outer, inner = self._modes
        if now is not outer:
            inner = self._enter(now)
        token = mode.set(inner)
        try:
            out = self.forward(*args, **kwargs)
        except (ValueError, TypeError, IndexError, FloatingPointError) as error:
            self._say_where(error)
            raise
        finally:
            mode.reset(token)
        if self._hooks:
            for hook in list(self._hooks.values()):
                replaced = hook(self, args, out)
                out = out if replaced is None else replaced
        return out

    def register_forward_hook(self, hook: Callable[[Module, tuple[Any, ...], Any], Any]) -> Hook:
        """Call `hook(module, inputs, output)` after each forward; what it returns, if anything, is the output then.

        Returns a handle whose `remove()` takes the hook away.
        """
        handle = Hook(self._hooks)
        self._hooks[handle] = hook
        return handle

    def _enter(self, now: Mode) -> Mode:
        """The settings inside, when the module is called with the settings `now`; they are kept for the next call.

        Parameters are named by the path of the call, for drawings, unless their owner gave them names.
        """
        scope = join(now.scope, self._name)
        for name, kind in self._kinds.items():
            parameter = self.__dict__[name]
            if kind == "parameter" and isinstance(parameter, Tensor):
                old = None if self._scope is None else join(self._scope, name)
                if parameter.name is None or parameter.name == old:
                    parameter.name = join(scope, name)
        inner = now if scope == now.scope else now._replace(scope=scope)
        self.__dict__.update(_scope=scope, _modes=(now, inner))
        return inner

    def _say_where(self, error: Exception) -> None:
        """Begin the message of an error with the layer that it arose in, the innermost one."""
        if hasattr(error, "layer"):
            return
        layer = f"{type(self).__name__}({self.extra_repr()})"
        where = f"{self._scope}, {layer}" if self._scope else layer
        if isinstance(error, np.exceptions.AxisError):  # its message is not in args
            type(error).__init__(error, f"{where}: {error}")
        elif error.args and isinstance(error.args[0], str):
            error.args = (f"{where}: {error.args[0]}", *error.args[1:])
        error.layer = self._scope  # type: ignore[attr-defined]  # marks it as done

    # -- attributes ---------------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        kind = self._kinds.get(name)
        if isinstance(value, Module):
            self._kinds[name] = "module"
            value._hang(name)
        elif isinstance(value, Tensor) and kind != "buffer" and value.is_leaf and value.requires_grad:
            self._kinds[name] = "parameter"
            self.__dict__["_modes"] = (None, everyday)  # to be named in the next call
        elif kind == "module" or (kind == "parameter" and not isinstance(value, Tensor) and value is not None):
            del self._kinds[name]
        self.__dict__[name] = value

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        self._kinds.pop(name, None)

    def _hang(self, name: str) -> None:
        """Take the name under which a parent holds this module."""
        self.__dict__.update(_name=name, _modes=(None, everyday))

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
        for path, module in self._walk(prefix):
            if id(module) not in seen:
                seen.add(id(module))
                yield path, module

    def _walk(self, path: str) -> Iterator[tuple[str, Module]]:
        """The same, but a module that has several places comes once for each."""
        yield path, self
        for name, child in self.named_children():
            yield from child._walk(join(path, name))

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
                    yield join(path, name), value

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
        return OrderedDict((key, np.array(bare(owner.__dict__[name]))) for key, owner, name in self._state())

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> tuple[list[str], list[str]]:
        """Take over parameters and buffers from arrays (or CPU tensors of PyTorch's, or Tensors).

        Parameters
        ----------
        strict
            Whether a key that is missing or unexpected is an error.

        Returns
        -------
        The missing and the unexpected keys.

        Raises
        ------
        ValueError
            that lists every key that is missing, unexpected, or of another shape or kind. Nothing has changed then.
        """
        return load_state(self, state, strict)

    def takes_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        """Whether a buffer may be loaded with this shape although it has another now (an unfitted Standardize)."""
        return False

    def _state(self) -> Iterator[tuple[str, Module, str]]:
        for path, module in self._walk(""):
            for kind in ("parameter", "buffer"):
                for name, its_kind in module._kinds.items():
                    if its_kind == kind and module.__dict__[name] is not None:
                        yield join(path, name), module, name

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
            if bare(value).dtype.kind != "f":
                continue
            if isinstance(value, Tensor):
                value.data = value.data.astype(dtype)
                value.grad = None
            else:
                owner.__dict__[name] = value.astype(dtype)
        return self

    def apply(self, f: Callable[[Module], Any]) -> Self:
        """Call f on each module, children before their parents."""
        for child in self.children():
            child.apply(f)
        f(self)
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


def join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name

"""Layers without parameters, made from ops: a class that holds the op's options and applies it."""

from __future__ import annotations

import inspect
from typing import Any

from ..declare import ops
from ..op import Op
from .module import Module


class FromOp(Module):
    """A layer that applies one op, with the options that it was made with. They are attributes, and may be changed."""

    op: Op
    options: tuple[inspect.Parameter, ...]  # the op's parameters after its inputs

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        try:
            bound = inspect.Signature(self.options).bind(*args, **kwargs)
        except TypeError as error:
            names = ", ".join(option.name for option in self.options) or "nothing"
            raise TypeError(f"{type(self).__name__}: {error}; it takes {names}") from None
        bound.apply_defaults()
        for name, value in bound.arguments.items():
            setattr(self, name, value)

    def forward(self, *inputs: Any) -> Any:
        """The op of the inputs."""
        return self.op(*inputs, *[self.__dict__[option.name] for option in self.options])

    def extra_repr(self) -> str:
        """The options that are not the op's defaults."""
        given = ((option.name, self.__dict__[option.name], option.default) for option in self.options)
        return ", ".join(f"{name}={value!r}" for name, value, default in given if value is not default)


def layer_of(op: str, name: str, inputs: int = 1) -> type[FromOp]:
    """The class `name` that applies the op; its first `inputs` parameters are what `forward` takes."""
    options = tuple(
        parameter.replace(annotation=inspect.Parameter.empty, kind=inspect.Parameter.POSITIONAL_OR_KEYWORD)
        for parameter in ops[op].parameters[inputs:]
    )
    doc = f"`{op}` as a layer. {(ops[op].__doc__ or '').splitlines()[0]}"
    contents = {"op": ops[op], "options": options, "__signature__": inspect.Signature(options)}
    return type(name, (FromOp,), {**contents, "__doc__": doc, "__module__": __name__})

"""What a forward pass does, module by module."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ..context import generator, no_grad
from .state import bare

if TYPE_CHECKING:
    from .module import Module


def summary(model: Module, x: Any) -> str:
    """The text of `Module.summary`."""
    rows = [("module", "class", "output", "parameters")]
    paths = {id(module): path or "(whole)" for path, module in model.named_modules()}

    def note(module: Module, inputs: tuple[Any, ...], out: Any) -> None:
        own = sum(
            module.__dict__[name].size
            for name, kind in module._kinds.items()
            if kind == "parameter" and module.__dict__[name] is not None
        )
        rows.append((paths[id(module)], type(module).__name__, ", ".join(_shapes(out)), f"{own:,}" if own else "-"))

    with _unchanged(model):
        handles = [module.register_forward_hook(note) for module in model.modules()]
        try:
            model.eval()
            with no_grad():
                model(x)
        finally:
            for handle in handles:
                handle.remove()
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    lines.append(f"{sum(p.size for p in model.parameters()):,} parameters")
    return "\n".join(lines)


def _shapes(out: Any) -> Iterator[str]:
    """The shapes of all arrays of an output, which may be nested; what is None is left out."""
    if isinstance(out, Mapping):
        out = tuple(out.values())
    if isinstance(out, tuple | list):
        for part in out:
            yield from _shapes(part)
    elif out is not None:
        yield str(np.shape(bare(out)))


@contextmanager
def _unchanged(model: Module) -> Iterator[None]:
    """Put back, whatever happens within, what a call may change: modes, names, buffers, the random numbers."""
    kept = ("training", "_scope", "_modes")
    attributes = [(module, {name: module.__dict__[name] for name in kept}) for module in model.modules()]
    parameters = [(parameter, parameter.name) for parameter in model.parameters()]
    buffers = [
        (module, name, module.__dict__[name], copy.copy(bare(module.__dict__[name])))
        for module in model.modules()
        for name, kind in module._kinds.items()
        if kind == "buffer" and module.__dict__[name] is not None
    ]
    drawn = generator.get().bit_generator.state
    try:
        yield
    finally:
        generator.get().bit_generator.state = drawn
        for module, name, buffer, values in buffers:
            array = bare(buffer)
            if isinstance(array, np.ndarray) and array.flags.writeable:
                array[...] = values  # it may have been written to in place
            module.__dict__[name] = buffer
        for parameter, was_named in parameters:
            parameter.name = was_named
        for module, were in attributes:
            module.__dict__.update(were)

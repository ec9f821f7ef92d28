"""Everything that a check may disturb in a model, and how to put it back exactly."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from ..context import generator
from ..tensor import Tensor

Array = np.ndarray[Any, np.dtype[Any]]


class State:
    """What a model is made of at one moment: attributes of its modules, arrays, gradients, random generators.

    `restore` puts the very same objects back with the same contents, as often as it is called.
    """

    def __init__(self, model: Any) -> None:
        modules = list(model.modules()) if hasattr(model, "modules") else []
        self._attributes = [(module, dict(module.__dict__)) for module in modules]
        values = [value for _, attributes in self._attributes for value in attributes.values()]
        values += [p for _, p in model.named_parameters()]
        self._tensors = [(t, t.data, t.grad, t.node) for t in values if isinstance(t, Tensor)]
        arrays = [v for v in values if isinstance(v, np.ndarray)] + [data for _, data, _, _ in self._tensors]
        arrays += [grad for _, _, grad, _ in self._tensors if grad is not None]
        self._arrays = [(array, array.copy()) for array in {id(a): a for a in arrays}.values()]
        self._context = generator.get()
        generators = [self._context, *[v for v in values if isinstance(v, np.random.Generator)]]
        self._generators = [(rng, rng.bit_generator.state) for rng in {id(r): r for r in generators}.values()]
        self._legacy = np.random.get_state()

    def restore(self) -> None:
        """Put everything back."""
        self.restore_random()
        for module, attributes in self._attributes:
            module.__dict__.clear()
            module.__dict__.update(attributes)
        for tensor, data, grad, node in self._tensors:
            tensor._data, tensor._grad, tensor.node = data, grad, node
        for array, contents in self._arrays:
            if array.flags.writeable and not np.array_equal(array, contents, equal_nan=array.dtype.kind in "fc"):
                array[...] = contents

    def restore_buffers(self) -> None:
        """Put back what a forward pass moves: buffers and counters, not parameters."""
        for module, attributes in self._attributes:
            module.__dict__.update(attributes)
        moved = {id(data) for _, data, _, _ in self._tensors}
        for array, contents in self._arrays:
            if id(array) not in moved and array.flags.writeable:
                array[...] = contents

    def restore_random(self) -> None:
        """Put back the random generators."""
        if generator.get() is not self._context:
            generator.set(self._context)
        for rng, state in self._generators:
            rng.bit_generator.state = state
        np.random.set_state(self._legacy)


def drawn_by(model: Any, forward: Callable[[], Any]) -> list[str]:
    """The modules that give two results for the same inputs, innermost ones: they drew random numbers."""
    names = {id(module): name for name, module in model.named_modules()}
    called: dict[int, tuple[Any, tuple[Any, ...]]] = {}  # in the order in which they ended: children before parents

    def hook(module: Any, inputs: Any, out: Any) -> None:
        called.setdefault(id(module), (module, inputs))

    handles = [module.register_forward_hook(hook) for module in model.modules()]
    try:
        forward()
    finally:
        for handle in handles:
            handle.remove()
    drew: dict[str, str] = {}
    for key, (module, inputs) in called.items():
        name = names[key]
        inside = any(not name or child.startswith(f"{name}.") for child in drew)
        with suppress(Exception):  # a module that needs more than its positional inputs
            if not inside and not _same(_arrays(module(*inputs)), _arrays(module(*inputs))):
                drew[name] = f"{name} ({type(module).__name__})" if name else type(module).__name__
    return list(drew.values())


def _arrays(values: Any) -> list[Array]:
    from ..containers import flatten

    return [np.array(v.data if isinstance(v, Tensor) else v) for v in flatten(values)[0] if hasattr(v, "shape")]


def _same(a: list[Array], b: list[Array]) -> bool:
    return len(a) == len(b) and all(np.array_equal(x, y, equal_nan=x.dtype.kind in "fc") for x, y in zip(a, b))

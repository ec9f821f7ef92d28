"""One pass forwards and one backwards, and what is seen on the way."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backward import backward
from ..containers import flatten
from ..context import generator, within
from ..graph import Array, Node
from ..tensor import Tensor
from .report import LayerRow, LayerStats

if TYPE_CHECKING:
    from ..nn import Module

LIMITS = {"tanh": (-1, 1), "softsign": (-1, 1), "erf": (-1, 1), "sigmoid": (0, 1), "hardsigmoid": (0, 1)}
RECTIFIERS = {"relu", "relu6", "maximum"}
NEAR_LIMIT = 0.97  # how far from the middle of the range (0) to its limit (1) an output counts as saturated


def layer_stats(model: Module, x: Any, loss_fn: Callable[[Any, Any], Any], y: Any, *, lr: float = 1e-3) -> LayerStats:
    """Run the model forwards and backwards once, and look at what passes through each layer.

    A layer is a module that calls no other module. A function that a module's own forward applies between its layers
    (`np.tanh(self.first(x))`) has no row; write `nn.Tanh()` to see it. The model runs as it is, in training or in
    evaluation. Afterwards gradients, buffers, training flags and random generators are what they were, also after an
    error.

    The verdict on the whole compares the first and the last layer that have a weight matrix. "exploding" and
    "vanishing" (the signal died) mean that activations, on the way forwards, or their gradients, on the way back,
    changed by more than a factor of 100, or that no gradient arrives; "saturated" and "dead", that some layer
    has more than half its outputs saturated, or more than three quarters of its units dead. A row's verdict
    compares this layer in the same way.

    Parameters
    ----------
    model
        A Module.
    x
        A batch: what the model is called with.
    loss_fn
        `loss_fn(model(x), y)` is a scalar.
    y
        The targets.
    lr
        The learning rate of `update_to_data`.

    Raises
    ------
    TypeError
        where the model is no Module, or the loss is not a scalar Tensor that requires gradients.

    >>> import numpy as np, minigrad as mg
    >>> from minigrad.signals import layer_stats
    >>> mg.seed(0)
    >>> small = mg.nn.init.normal(std=0.01)
    >>> layers = [layer for _ in range(8) for layer in (mg.nn.Linear(64, 64, init=small), mg.nn.Tanh())]
    >>> x = np.random.default_rng(0).standard_normal((32, 64))
    >>> layer_stats(mg.nn.Sequential(*layers), x, mg.mse_loss, np.ones((32, 64)))
    <LayerStats of 16 layers: vanishing>
    """
    if not hasattr(model, "register_forward_hook"):
        raise TypeError(f"layer_stats: the model is a {type(model).__name__}, not a Module")
    paths = {id(module): path for path, module in model.named_modules()}
    inside = {id(module): {id(part) for part in module.modules()} - {id(module)} for module in model.modules()}
    called: set[int] = set()
    rows: list[LayerRow] = []
    handles: list[Any] = []

    def look(module: Module, inputs: tuple[Any, ...], out: Any) -> None:
        called.add(id(module))
        if inside[id(module)] & called:
            return
        found = [part for part in flatten(out)[0] if hasattr(part, "shape") and part.dtype.kind in "fc"]
        if not found:
            return
        row = _forward_row(paths[id(module)], module, found[0])
        rows.append(row)
        if isinstance(found[0], Tensor) and found[0].requires_grad:
            row.activation_gradient = 0.0  # no gradient arrives where the loss does not depend on it

            def note(g: Array) -> None:
                row.activation_gradient = _rms(g)

            handles.append(found[0].register_hook(note))

    with _unchanged(model), within(record=True):
        try:
            for module in model.modules():
                handles.append(module.register_forward_hook(look))
            loss = loss_fn(model(x), y)
            root = _root(loss)
            gradients = backward({root: np.ones(loss.shape, loss.dtype)})  # not loss.backward: it would fill .grad
        finally:
            for handle in handles:
                handle.remove()
        for row in rows:
            _add_weights(row, gradients, lr)
    return LayerStats(rows, lr, float(loss.item()))


def _root(loss: Any) -> Node:
    if not isinstance(loss, Tensor) or loss.size != 1 or loss.node is None:
        got = f"a Tensor of shape {loss.shape}" if isinstance(loss, Tensor) else f"a {type(loss).__name__}"
        if isinstance(loss, Tensor) and loss.size == 1:
            got = "a constant: no parameter of the model requires gradients"
        raise TypeError(f"layer_stats: loss_fn(model(x), y) must be a scalar Tensor with a gradient; it is {got}")
    return loss.node


def _forward_row(path: str, module: Module, out: Any) -> LayerRow:
    """What the forward pass shows of a layer."""
    values = np.asarray(out.data if isinstance(out, Tensor) else out)
    with np.errstate(all="ignore"):  # inf in the activations is what the reader came to see
        wide = values.astype(np.complex128 if values.dtype.kind == "c" else np.float64)
        scale = _scale(wide)
        spread = abs(wide).sum() if wide.size == 1 else (wide / scale).std() * scale
        row = LayerRow(path, type(module).__name__, float(wide.mean().real), float(spread))
    node = out.node if isinstance(out, Tensor) else None
    op = node.plan.op.name if node is not None and node.plan is not None else ""
    if op in LIMITS:
        low, high = LIMITS[op]
        row.saturated = float((abs(values - (low + high) / 2) > NEAR_LIMIT * (high - low) / 2).mean())
    elif op in RECTIFIERS:
        examples = (0, 2, 3) if values.ndim == 4 else (0,) if values.ndim > 1 else ()
        row.dead = float((values == 0).all(axis=examples).mean())
    parameters = dict(module.named_parameters())
    row.weights = [p for name, p in parameters.items() if "weight" in name.rsplit(".")[-1]] or list(parameters.values())
    return row


def _add_weights(row: LayerRow, gradients: dict[Node, Array], lr: float) -> None:
    """What the backward pass shows of a layer's weights."""
    trained = [p for p in row.weights if p.node is not None]
    if not trained:
        return
    parts = [gradients.get(p.node, np.zeros(p.shape)) for p in trained if p.node is not None]
    row.weight_gradient = _rms(np.concatenate([np.ravel(part) for part in parts]))
    size = _rms(np.concatenate([np.ravel(p.data) for p in trained]))
    if size > 0:
        with np.errstate(divide="ignore"):  # no gradient: -inf
            row.update_to_data = float(np.log10(np.float64(lr) * row.weight_gradient / size))


def _rms(a: Array) -> float:
    """The root mean square, of numbers however small or large: squares of 1e-200 would be 0."""
    wide = abs(np.asarray(a)).astype(np.float64)
    with np.errstate(all="ignore"):
        scale = _scale(wide)
        return float(np.sqrt(np.mean((wide / scale) ** 2)) * scale)


def _scale(a: Array) -> Any:
    """The largest magnitude, or 1 for an array of zeros and an empty one."""
    return np.max(abs(a), initial=0.0) or 1.0


@contextlib.contextmanager
def _unchanged(model: Module) -> Iterator[None]:
    """Put back, at the end, what a forward pass moves: attributes and buffers of modules, random generators."""
    attributes = [(module, dict(module.__dict__)) for module in model.modules()]
    values = [value for _, own in attributes for value in own.values()]
    tensors = [(t, t.data, t.name) for t in values if isinstance(t, Tensor)]
    arrays = [a for a in [*values, *(data for _, data, _ in tensors)] if isinstance(a, np.ndarray)]
    contents = [(a, a.copy()) for a in arrays if a.flags.writeable]
    ours = generator.get()
    states = [(g, g.bit_generator.state) for g in [ours, *values] if isinstance(g, np.random.Generator)]
    try:
        yield
    finally:
        for module, own in attributes:
            module.__dict__.clear()
            module.__dict__.update(own)
        for tensor, data, name in tensors:
            tensor.data, tensor.name = data, name
        for array, content in contents:
            array[...] = content
        if generator.get() is not ours:
            generator.set(ours)
        for rng, state in states:
            rng.bit_generator.state = state

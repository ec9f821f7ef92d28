"""Activations and gradients, layer by layer: where a deep network's signal dies, blows up, saturates or is dead.

X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010, look at
networks in this way. Weight gradients alone mislead: where weights are too small they can look flat over the layers,
since small activations meet large gradients from above. So three columns stand side by side.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .backward import backward
from .containers import flatten
from .context import generator, within
from .graph import Array, Node
from .tensor import Tensor

if TYPE_CHECKING:
    from .nn import Module

LIMITS = {"tanh": (-1, 1), "softsign": (-1, 1), "erf": (-1, 1), "sigmoid": (0, 1), "hardsigmoid": (0, 1)}
RECTIFIERS = {"relu", "relu6", "maximum"}
NEAR_LIMIT = 0.97  # how far from the middle of the range (0) to its limit (1) an output counts as saturated
MOST = 0.5  # more saturated outputs than this, and the layer hardly learns
NEARLY_ALL = 0.75  # the same for dead units; a healthy unit is 0 for half of all examples, so few examples mislead
FACTOR = 100.0  # the change over the depth that is too much: Xavier's and He's weights stay within 20

HEAD = ("layer", "class", "act mean", "act std", "share", "rms dL/da", "rms dL/dW", "log10 u/d", "verdict")
WORDS = {"layer", "class", "verdict"}  # the columns of the table that begin at the left


@dataclass
class LayerRow:
    """What was seen at one call of one layer. None stands for what does not exist there.

    Attributes
    ----------
    path, kind
        The dotted path of the module, and its class.
    activation_mean, activation_std
        Of all elements of the output; for a single element, which has no spread, the std is its magnitude.
    saturated
        For tanh, sigmoid and their like: the share of outputs in the outer 3% of the way from the middle of the range
        to its limits: |out| > 0.97 for tanh, out < 0.015 or out > 0.985 for sigmoid.
    dead
        For relu: the share of units that are 0 for every example. A unit is an element of the output of one example;
        a channel, in images (N, C, H, W).
    activation_gradient
        The root mean square of dL/d(activation).
    weight_gradient
        The root mean square of dL/d(weight), biases left out.
    update_to_data
        log10 of rms(lr dL/d(weight)) / rms(weight): how far one step of plain gradient descent moves the weights.
    verdict
        "healthy", "vanishing", "exploding", "saturated" or "dead".
    """

    path: str
    kind: str
    activation_mean: float
    activation_std: float
    saturated: float | None = None
    dead: float | None = None
    activation_gradient: float | None = None
    weight_gradient: float | None = None
    update_to_data: float | None = None
    verdict: str = "healthy"
    weights: list[Tensor] = field(default_factory=list, repr=False)

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        share = "-"
        if self.saturated is not None:
            share = f"{self.saturated:.0%} saturated"
        elif self.dead is not None:
            share = f"{self.dead:.0%} dead"
        return (
            self.path or "(whole)",
            self.kind,
            f"{self.activation_mean:.1e}",
            f"{self.activation_std:.1e}",
            share,
            _text(self.activation_gradient, ".1e"),
            _text(self.weight_gradient, ".1e"),
            _text(self.update_to_data, ".1f"),
            self.verdict,
        )


class LayerStats:
    """The report of `layer_stats`: `rows` in forward order, and a verdict. It prints as a table.

    Attributes
    ----------
    rows
        A `LayerRow` for each call of a layer.
    verdict
        "healthy", "vanishing", "exploding", "saturated" or "dead", for the network as a whole.
    reason
        The figures that the verdict rests on.
    lr
        The learning rate that `update_to_data` is for.
    loss
        The value of the loss.
    """

    def __init__(self, rows: list[LayerRow], lr: float, loss: float) -> None:
        self.rows, self.lr, self.loss = rows, lr, loss
        self.verdict, self.reason = _judge(rows)

    def __repr__(self) -> str:
        return f"<LayerStats of {len(self.rows)} layers: {self.verdict}>"

    def __str__(self) -> str:
        table: list[tuple[str, ...]] = [HEAD, *(row.cells() for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*table)]
        lines = [
            "  ".join(
                cell.ljust(width) if HEAD[i] in WORDS else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(row, widths))
            ).rstrip()
            for row in table
        ]
        return "\n".join([*lines, "", f"{self.verdict}: {self.reason}", f"u/d: update to data, for lr={self.lr:g}"])

    def plot(self, ax: Any = None) -> Any:
        """Draw activations and dL/d(activation) by layer, on a logarithmic scale. Needs the `plot` extra.

        Parameters
        ----------
        ax
            The matplotlib axes to draw on; new ones in a new figure where it is None.

        Returns
        -------
        The axes. `.figure.savefig(path)` writes the picture.

        Raises
        ------
        ImportError
            where matplotlib is not installed.
        """
        try:
            from matplotlib.figure import Figure  # no pyplot: no window, no state that figures pile up in
        except ImportError as error:
            raise ImportError("LayerStats.plot draws with matplotlib: pip install 'minigrad[plot]'") from error
        if ax is None:
            ax = Figure(figsize=(max(5.0, 2 + 0.3 * len(self.rows)), 4.0), layout="constrained").add_subplot()
        places = range(len(self.rows))
        columns = {
            "std of activations": ("o-", [row.activation_std for row in self.rows]),
            "rms of dL/d(activation)": ("s--", [row.activation_gradient for row in self.rows]),
        }
        for label, (style, numbers) in columns.items():
            # What has no place on a logarithmic scale, a signal of exactly 0 for instance, leaves a gap.
            shown = [number if number is not None and 0 < number < np.inf else np.nan for number in numbers]
            ax.plot(places, shown, style, label=label)
        ax.set_yscale("log")
        ax.set_xticks(places, [f"{row.path} {row.kind}".strip() for row in self.rows], rotation=90)
        ax.set_title(self.verdict)
        ax.grid(alpha=0.3)
        ax.legend()
        return ax


def layer_stats(model: Module, x: Any, loss_fn: Callable[[Any, Any], Any], y: Any, *, lr: float = 1e-3) -> LayerStats:
    """Run the model forwards and backwards once, and look at what passes through each layer.

    A layer is a module that calls no other module. A function that a module's own forward applies between its layers
    (`np.tanh(self.first(x))`) has no row; write `nn.Tanh()` to see it. The model runs as it is, in training or in
    evaluation. Afterwards gradients, buffers, training flags and random generators are what they were, also after an
    error.

    The verdict on the whole compares the first and the last layer that have a weight matrix. "exploding" and
    "vanishing" (the signal died) mean that activations, on the way forwards, or their gradients, on the way back,
    changed by more than a factor of 100, or that no gradient arrives; "saturated" and "dead", that some layer before
    the last has more than half its outputs saturated, or more than three quarters of its units dead. A row's verdict
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
    with np.errstate(all="ignore"):
        row.update_to_data = float(np.log10(np.float64(lr) * row.weight_gradient / size))


def _judge(rows: list[LayerRow]) -> tuple[str, str]:
    """Give each row its verdict; return that of the whole, and the figures it rests on.

    Only layers that mix units can shrink or stretch a signal, so the comparison is between those: from the output
    that the second one of them receives to the output of the last, and backwards from there to the first.
    """
    mixing = [i for i, row in enumerate(rows) if any(p.ndim > 1 for p in row.weights)] or [*range(len(rows))]
    first, last = mixing[0], mixing[-1]
    start = mixing[1] - 1 if len(mixing) > 1 else last
    for i, row in enumerate(rows):
        row.verdict = _verdict(rows, i, first, start, last)
    words = [row.verdict for row in rows[:last]]
    forward = _ratio(rows[last].activation_std, rows[start].activation_std)
    back = _ratio(rows[first].activation_gradient, rows[last].activation_gradient)
    figures = (
        f"from the first layer to the last, the std of activations changes by a factor of {forward:.1e}, "
        f"and back to the first, the rms of dL/d(activation) by {back:.1e}"
    )
    if not all(np.isfinite(row.activation_std) for row in rows):
        return "exploding", "there are activations that are inf or nan"
    if "dead" in words:
        return "dead", f"{words.count('dead')} of {len(rows)} layers have more than {NEARLY_ALL:.0%} dead units"
    if not (forward <= FACTOR and back <= FACTOR):  # nan is not healthy
        return "exploding", figures
    if "saturated" in words:
        many = words.count("saturated")
        return "saturated", f"{many} of {len(rows)} layers have more than {MOST:.0%} saturated outputs; {figures}"
    if min(forward, back) < 1 / FACTOR:
        return "vanishing", f"the signal died: {figures}"
    return "healthy", figures


def _verdict(rows: list[LayerRow], i: int, first: int, start: int, last: int) -> str:
    """The verdict on one layer: the causes that lie in it come before what it only passes on."""
    row = rows[i]
    if not np.isfinite(row.activation_std):
        return "exploding"
    if row.dead is not None and row.dead > NEARLY_ALL:
        return "dead"
    if row.saturated is not None and row.saturated > MOST:
        return "saturated"
    changes = []
    if start <= i <= last:
        changes.append(_ratio(row.activation_std, rows[start].activation_std))
    if first <= i <= last:
        changes.append(_ratio(row.activation_gradient, rows[last].activation_gradient))
    if not all(change <= FACTOR for change in changes):
        return "exploding"
    return "vanishing" if any(change < 1 / FACTOR for change in changes) else "healthy"


def _ratio(a: float | None, b: float | None) -> float:
    """a / b. 1 where there is nothing to compare, and 0 where a is 0: a gradient that never arrives has vanished."""
    if a is None or b is None:
        return 1.0
    if a == 0:
        return 0.0
    return a / b if b else np.inf


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


def _text(number: float | None, form: str) -> str:
    return "-" if number is None else format(number, form)

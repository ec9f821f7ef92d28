"""The training loop: batches, loss, gradients, step. With a progress bar, early stopping, a stop at the first nan."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..context import generator, no_grad
from ..data import batches
from ..nn.module import Module
from ..optim import Optimizer
from ..tensor import Tensor
from .fault import first_fault
from .history import History
from .progress import Bar

Array = npt.NDArray[Any]
Loss = Callable[[Any, Any], Any]
Metric = Callable[[Array, Array], float]


def accuracy(prediction: Array, target: Array) -> float:
    """The share of rows whose largest number stands at the target's class.

    >>> import numpy as np
    >>> from minigrad.training import accuracy
    >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    0.5
    """
    return float(np.mean(np.argmax(prediction, axis=1) == target))


def fit(
    model: Module,
    loss_fn: Loss,
    optimizer: Optimizer,
    x: Array,
    y: Array,
    *,
    epochs: int = 10,
    batch_size: int = 32,
    validation: tuple[Array, Array] | None = None,
    metrics: Mapping[str, Metric] | None = None,
    schedule: Any = None,
    schedule_per: str = "epoch",
    history: History | None = None,
    patience: int | None = None,
    after_epoch: Callable[[History], Any] | None = None,
    rng: np.random.Generator | None = None,
    progress: bool = True,
) -> History:
    """Train a model on batches of x and y, in a new order each epoch.

    Parameters
    ----------
    loss_fn
        `loss_fn(model(xb), yb)` is the loss of a batch, a scalar Tensor.
    validation
        (x, y) to look at after each epoch, in evaluation mode.
    metrics
        Further numbers by name, each from the prediction and the target as arrays. If not given, the accuracy where y
        holds integers.
    schedule
        Its `step()` is called after each epoch; `ReduceLROnPlateau` gets the loss (the validation's, if there is one).
    schedule_per
        "batch" calls it after each batch, as `OneCycleLR` wants it.
    history
        That of a run which is to go on: its epochs count among `epochs`, and the new ones are added to it. With the
        states of model, optimizer, schedule and generator loaded, the rest of the run is the same bit for bit.
    patience
        Stop after more than this many epochs in which the loss (the validation's, if there is one) was not lower than
        ever before, and go back to the parameters of the best epoch (of this call: a run that goes on and does not
        get better keeps its last parameters).
    after_epoch
        Called with the history so far after each epoch and its step of the schedule, to save for instance.
    rng
        Draws the order; the generator that `minigrad.seed` starts, if not given.
    progress
        Whether to show a bar with loss, metrics, rate and the time left.

    Raises
    ------
    ValueError
        for a `schedule_per` that is neither, and for `ReduceLROnPlateau` after each batch.
    FloatingPointError
        if a loss or a gradient is not finite: it says in which layer first. The parameters are those before that step.

    >>> import numpy as np, minigrad as mg
    >>> from minigrad import nn, optim
    >>> from minigrad.training import fit
    >>> mg.seed(0)
    >>> x, y = mg.data.moons(200)
    >>> model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
    >>> adam = optim.Adam(model.parameters(), lr=0.03)
    >>> history = fit(model, mg.cross_entropy, adam, x, y, epochs=30, progress=False)
    >>> history["accuracy"][-1] > 0.9
    True
    """
    if metrics is None:
        metrics = {"accuracy": accuracy} if np.asarray(y).dtype.kind in "iu" else {}
    after_batch = _after_batch(schedule, schedule_per)
    history = History() if history is None else history
    best, waited = _best_so_far(history)
    best_state = None
    with Bar((epochs - len(history)) * -(-len(x) // batch_size), progress) as bar:
        for epoch in range(len(history) + 1, epochs + 1):
            started = time.perf_counter()
            row: dict[str, float] = {"epoch": epoch}
            data = batches(x, y, batch_size, rng=rng)
            row |= _one_epoch(model, loss_fn, optimizer, data, metrics, epoch, after_batch, bar)
            row["rate"] = optimizer.param_groups[0]["lr"]
            if validation is not None:
                seen = evaluate(model, loss_fn, *validation, metrics=metrics, batch_size=batch_size)
                row |= {f"validation {name}": value for name, value in seen.items()}
            row["seconds"] = time.perf_counter() - started
            history.append(row)
            bar.say(f"{epoch}/{epochs}  {history.line()}")
            watched = _watched(row)
            if schedule is not None and schedule_per == "epoch":
                schedule.step(*([watched] if _is_plateau(schedule) else []))
            if after_epoch is not None:
                after_epoch(history)
            if watched < best:
                best, waited = watched, 0
                best_state = model.state_dict() if patience is not None else None
            else:
                waited += 1
            if patience is not None and waited > patience:
                break
    if best_state is not None:
        model.load_state_dict(best_state)
    return history


def evaluate(
    model: Module,
    loss_fn: Loss,
    x: Array,
    y: Array,
    *,
    metrics: Mapping[str, Metric] | None = None,
    batch_size: int = 256,
) -> dict[str, float]:
    """The mean loss, and metrics, over all of x and y in evaluation mode. Nothing is recorded, and no mode changes."""
    modes = {module: module.training for module in model.modules()}
    means = _Means()
    try:
        model.eval()
        with no_grad():
            for xb, yb in batches(x, y, batch_size, shuffle=False):
                prediction = model(xb)
                means.add(len(xb), loss_fn(prediction, yb), prediction, yb, metrics or {})
    finally:
        for module, training in modes.items():
            module.training = training
    return means.values()


def _one_epoch(
    model: Module,
    loss_fn: Loss,
    optimizer: Optimizer,
    data: Any,
    metrics: Mapping[str, Metric],
    epoch: int,
    after_batch: Callable[[], Any] | None,
    bar: Bar,
) -> dict[str, float]:
    model.train()
    means = _Means()
    own = (vars(module).get("rng") for module in model.modules())
    generators = [generator.get(), *(rng for rng in own if isinstance(rng, np.random.Generator))]
    for step, (xb, yb) in enumerate(data, 1):
        before = [g.bit_generator.state for g in generators]
        optimizer.zero_grad()
        prediction = model(xb)
        loss = loss_fn(prediction, yb)
        loss.backward()
        if not (math.isfinite(loss.item()) and _finite_gradients(optimizer)):
            for g, state in zip(generators, before):  # the same dropout once more
                g.bit_generator.state = state
            where = first_fault(model, loss_fn, xb, yb)
            raise FloatingPointError(
                f"fit: in epoch {epoch}, batch {step}, the loss is {loss.item()} or a gradient is not finite. {where}. "
                "The parameters are those before this step"
            )
        optimizer.step()
        if after_batch is not None:
            after_batch()
        means.add(len(xb), loss, prediction, yb, metrics)
        bar.advance()
    return means.values()


def _after_batch(schedule: Any, schedule_per: str) -> Callable[[], Any] | None:
    if schedule_per not in ("epoch", "batch"):
        raise ValueError(f"fit: schedule_per is {schedule_per!r}; it is 'epoch' or 'batch'")
    if schedule is None or schedule_per == "epoch":
        return None
    if _is_plateau(schedule):
        raise ValueError("fit: ReduceLROnPlateau watches the loss of whole epochs; use schedule_per='epoch'")
    step: Callable[[], Any] = schedule.step
    return step


def _is_plateau(schedule: Any) -> bool:
    return hasattr(schedule, "num_bad_epochs")


def _watched(row: Mapping[str, float]) -> float:
    return row.get("validation loss", row["loss"])


def _best_so_far(history: History) -> tuple[float, int]:
    """The lowest loss, and the epochs since."""
    losses = [_watched(row) for row in history]
    return (min(losses), losses[::-1].index(min(losses))) if losses else (math.inf, 0)


def _finite_gradients(optimizer: Optimizer) -> bool:
    """Whether no gradient holds a nan or an inf: a sum of squares is one product, and finite only then."""
    for group in optimizer.param_groups:
        for p in group["params"]:
            if p.grad is not None:
                flat = p.grad.reshape(-1)
                if not math.isfinite(flat.dot(flat)) and not np.isfinite(flat).all():
                    return False
    return True


class _Means:
    """Running means over examples."""

    def __init__(self) -> None:
        self.count, self.sums = 0, dict[str, float]()

    def add(self, n: int, loss: Any, prediction: Any, target: Array, metrics: Mapping[str, Metric]) -> None:
        array = prediction.data if isinstance(prediction, Tensor) else prediction
        numbers = {"loss": float(loss)} | {name: float(metric(array, target)) for name, metric in metrics.items()}
        self.count += n
        for name, number in numbers.items():
            self.sums[name] = self.sums.get(name, 0.0) + n * number

    def values(self) -> dict[str, float]:
        return {name: total / self.count for name, total in self.sums.items()}

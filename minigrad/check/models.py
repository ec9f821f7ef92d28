"""check_model: gradient checking of a whole network, by the five notes of the well-known course.

Only to debug, never in training. If it fails, look at the components. Remember the regularization. Not with dropout.
At the random start, and again after some training.
"""

from __future__ import annotations

import time
import warnings
import weakref
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..context import no_grad, users_line, within
from .culprit import name_the_op
from .examine import examine
from .model_loss import ModelLoss, title_of_model
from .report import GradReport, InputReport, Verdict, word_for, worst_of
from .state import State, drawn_by


@dataclass
class ModelReport:
    """The verdict of `check_model`. `bool(report)` says whether it passed, `str(report)` says everything.

    Attributes
    ----------
    verdict
        The worst of all.
    reports
        A `GradReport` for each moment: the number of training steps before it, and what was found.
    seconds, evaluations
        What it cost.
    """

    title: str
    verdict: Verdict
    reports: dict[int, GradReport]
    seconds: float = 0.0
    step_seconds: float = 0.0
    remarks: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return self.verdict.passes

    @property
    def inputs(self) -> list[InputReport]:
        """The parameters, as the worst of the moments found them."""
        return max(self.reports.values(), key=lambda report: list(Verdict).index(report.verdict)).inputs

    @property
    def evaluations(self) -> int:
        """Forward passes in all."""
        return sum(report.evaluations for report in self.reports.values())

    def __repr__(self) -> str:
        return f"<ModelReport {self.title}: {self.verdict.value}>"

    def __str__(self) -> str:
        count = len(self.inputs)
        lines = [f"{self.verdict.value}   {self.title}: the gradients of the whole loss for {count} parameters", ""]
        for step, report in self.reports.items():
            when = "at the start" if step == 0 else f"after {step} steps"
            worst = max((one.ratio for one in report.inputs), default=0.0)
            ratio = f"the largest ratio of any is {worst:.0e} ({word_for(worst)})" if report.evaluations > 2 else ""
            lines.append(f"  {when:<16}{report.verdict.value:<8}{ratio}")
        for report in self.reports.values():
            if not report:
                lines += ["", *str(report).splitlines()]
                break
        lines += ["", *[f"  {remark}" for remark in self.remarks]] if self.remarks else []
        times = self.seconds / self.step_seconds if self.step_seconds else 0
        cost = f"{self.seconds:.1f} s, {self.evaluations:,} forward passes"
        lines += ["", f"  cost  {cost}, as much as {times:,.0f} training steps: to debug with, never inside training"]
        return "\n".join(lines)


def check_model(
    model: Any,
    loss_fn: Callable[[Any, Any], Any],
    x: Any,
    y: Any,
    at: Sequence[int] = (0, 20),
    optimizer: Any = None,
    *,
    seed: int = 0,
    freeze_random: bool = False,
) -> ModelReport:
    """Check the gradients of a model's whole loss, at the random start and again after some training.

    Parameters
    ----------
    model
        A module. Its parameters are perturbed under the same objects, so that loss_fn may use them, for an L2 term.
    loss_fn
        `loss_fn(model(x), y)` gives the scalar that is trained on, regularization included.
    x, y
        One small batch.
    at
        After how many training steps to check.
    optimizer
        Trains between the checks; plain gradient descent of check_model's own, if not given.
    seed
        Of the random directions.
    freeze_random
        Draw the same random numbers (dropout's masks) in every forward pass, so that a model that draws can be checked.

    Returns
    -------
    ModelReport
        Afterwards parameters, buffers, gradients, and generators are what they were, bit for bit, also after an error.

    >>> import numpy as np, minigrad as mg
    >>> from minigrad import nn
    >>> model = nn.Sequential(nn.Linear(3, 2, rng=np.random.default_rng(0)))
    >>> report = mg.check_model(model, nn.functional.mse_loss, np.ones((4, 3)), np.ones((4, 2)))
    >>> bool(report), list(report.reports)
    (True, [0, 20])
    """
    _warn_in_a_loop(model)
    started = time.perf_counter()
    state = State(model)
    reports: dict[int, GradReport] = {}
    done = 0
    memory = _optimizer_memory(optimizer)
    try:
        subject = ModelLoss(model, loss_fn, x, y, state, freeze_random)
        step_seconds = _time_of(subject)
        for step in sorted(set(at)):
            _train(subject, optimizer, step - done)
            done = step
            subject.start_here()
            report = reports[step] = examine(subject, seed)
            name_the_op(report, subject, seed)
            if report.verdict is Verdict.NOT_DETERMINISTIC:
                _name_layers(subject, report)
                break
    finally:
        state.restore()
        _restore_optimizer(optimizer, memory)
    verdict = worst_of([report.verdict for report in reports.values()])
    seconds = time.perf_counter() - started
    return ModelReport(
        title_of_model(model), verdict, reports, seconds, step_seconds, _compare(reports) + _decay(optimizer)
    )


_earlier: ContextVar[tuple[Any, str, int]] = ContextVar("_earlier", default=(lambda: None, "", 0))


def _warn_in_a_loop(model: Any) -> None:
    """Note 1: the same line that checks the same model a third time stands in a training loop."""
    last, line, count = _earlier.get()
    here = users_line()
    count = count + 1 if last() is model and line == here else 1
    _earlier.set((weakref.ref(model), here, count))
    if count == 3:
        warnings.warn(
            f"check_model: called again and again at {here}; inside a training loop it costs as much as thousands of "
            "steps. Check once before training and once after, as at=(0, 20) does",
            stacklevel=3,
        )


def _time_of(subject: ModelLoss) -> float:
    """Seconds for a forward and a backward pass: the better of two, since the first warms up."""
    times = []
    for _ in range(2):
        started = time.perf_counter()
        subject.pull(subject.points, np.ones(1))
        times.append(time.perf_counter() - started)
    return min(times)


def _train(subject: ModelLoss, optimizer: Any, steps: int) -> None:
    for parameter, point, dtype in zip(subject.parameters, subject.points, subject.dtypes):
        parameter.data = point.astype(dtype)
    for _ in range(steps):
        for parameter in subject.parameters:
            parameter.grad = None
        with within(record=True):
            loss = subject._loss()
        loss.backward()
        if optimizer is not None:
            optimizer.step()
            continue
        gradients = [p.grad for p in subject.parameters]
        size = np.sqrt(sum(float(np.sum(np.square(g))) for g in gradients if g is not None))
        rate = 0.1 / max(1.0, size)  # clipped: a first look must not diverge
        for parameter, gradient in zip(subject.parameters, gradients):
            if gradient is not None:
                parameter.data = parameter.data - rate * gradient


def _name_layers(subject: ModelLoss, report: GradReport) -> None:
    with no_grad():
        layers = drawn_by(subject.model, subject.forward)
    who = f"drawn in {', '.join(layers)}" if layers else "drawn outside the layers of the model"
    report.remarks = ["check in model.eval(), or with freeze_random=True, which draws the same numbers in every pass"]
    for one in report.inputs:
        one.cause = f"two forward passes differ: random numbers are {who}"


def _compare(reports: dict[int, GradReport]) -> list[str]:
    """What changed with training, and note 1: never inside a training step."""
    remarks = []
    verdicts = {step: report.verdict for step, report in reports.items()}
    good = [step for step, verdict in verdicts.items() if verdict.passes]
    bad = [step for step, verdict in verdicts.items() if verdict is Verdict.WRONG]
    if good and bad and min(good) < min(bad):
        causes = [one.cause for one in reports[min(bad)].inputs if one.cause]
        start = "at the start" if min(good) == 0 else f"after {min(good)} steps"
        remarks.append(f"OK {start}, WRONG after {min(bad)} steps" + (f": {causes[0]}" if causes else ""))
    return remarks


def _decay(optimizer: Any) -> list[str]:
    """Note 3: what an optimizer adds to the gradient is in no loss."""
    decays = {group.get("weight_decay", 0) for group in getattr(optimizer, "param_groups", [])} - {0}
    return [
        f"the optimizer adds weight_decay={decay:g} by itself; loss_fn is checked without it"
        for decay in sorted(decays)
    ]


def _optimizer_memory(optimizer: Any) -> Any:
    return optimizer.state_dict() if hasattr(optimizer, "state_dict") else None


def _restore_optimizer(optimizer: Any, memory: Any) -> None:
    if memory is not None:
        optimizer.load_state_dict(memory)

"""`minigrad demo`: the whole job on real handwritten digits, in the order in which one should do it.

Standardize, initialize, check the gradients, train, check again, draw.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import data, nn, optim

DEPTH, WIDTH = 8, 64  # layers with weights, and the units of a hidden one
EPOCHS, BATCH, RATE, DECAY = 40, 64, 2e-3, 1e-4


def build() -> nn.Module:
    """A deep network of linear layers and relus with He's initialization, so that signals keep their size."""
    layers: list[nn.Module] = []
    sizes = [64] + [WIDTH] * (DEPTH - 1) + [10]
    for i, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:])):
        layers.append(nn.Linear(fan_in, fan_out, init="kaiming_normal"))
        if i < DEPTH - 1:
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def objective(model: nn.Module, x: Any, y: Any) -> mg.Tensor:
    """Cross-entropy, plus the L2 term on the weights: all that the optimizer sees, so all that is checked."""
    weights = [p for name, p in model.named_parameters() if name.endswith("weight")]
    penalty = sum((mg.sum(w * w) for w in weights[1:]), start=mg.sum(weights[0] * weights[0]))
    loss: mg.Tensor = mg.cross_entropy(model(x), y) + 0.5 * DECAY * penalty
    return loss


def accuracy(model: nn.Module, x: Any, y: Any) -> float:
    """The share of examples whose largest logit is the target's."""
    with mg.no_grad():
        return float(np.mean(np.argmax(model(x).data, axis=-1) == y))


def train(model: nn.Module, x: Any, y: Any) -> None:
    """Adam with a rate that falls along a half cosine; a progress bar with loss, accuracy and rate."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    optimizer = optim.Adam(model.parameters(), lr=RATE)
    columns = (TextColumn("  train"), BarColumn(), TextColumn("{task.fields[note]}"), TimeRemainingColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("train", total=EPOCHS, note="")
        for epoch in range(EPOCHS):
            rate = RATE * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
            optimizer.param_groups[0]["lr"] = rate
            losses = []
            for xb, yb in data.batches(x, y, BATCH):
                optimizer.zero_grad()
                loss = objective(model, xb, yb)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            note = f"loss {np.mean(losses):.4f}  accuracy {accuracy(model, x, y):.1%}  rate {rate:.1e}"
            progress.update(task, advance=1, note=note)


def run(out: Path, seed: int) -> int:
    """The demo; 0 if the checks passed and the accuracy is what it should be, else 1."""
    from rich.console import Console

    say = Console(highlight=False).print
    started = time.perf_counter()
    mg.seed(seed)
    out.mkdir(parents=True, exist_ok=True)

    digits = data.digits()
    standardize = nn.Standardize()
    with np.testing.suppress_warnings() as quiet:
        quiet.filter(UserWarning, "Standardize: column")  # some corner pixels are never inked
        standardize.fit(digits.x_train)
    x_train, x_test = standardize(digits.x_train), standardize(digits.x_test)
    say(f"[b]1[/b] standardize   {len(x_train)} images to train on, {len(x_test)} to test on; both by the training")
    say(f"                set's mean and spread: mean {x_train.mean():+.1e}, {x_test.mean():+.1e} after it")

    model = build()
    size = sum(p.size for p in model.parameters())
    say(f"[b]2[/b] build         {DEPTH} layers, {size:,} parameters, He initialization")

    few = slice(0, 32)
    passed = []
    for number, when in ((3, "at the random start"), (5, "after training")):
        if number == 5:
            train(model, x_train, digits.y_train)
        begun = time.perf_counter()
        report = mg.check_model(model, objective_of(model), x_train[few], digits.y_train[few], at=(0,))
        passed.append(bool(report))
        say(f"[b]{number}[/b] check         the whole loss, L2 term included, {when} ({time.perf_counter() - begun:.1f} s)")
        say("\n".join(f"    {line}" for line in str(report).splitlines()), markup=False)
        if number == 3:
            say(f"[b]4[/b] train         {EPOCHS} epochs of Adam")

    picture = mg.draw(objective(model, x_train[few], digits.y_train[few])).save(out / "graph.svg")
    mg_path = out / "graph.png"
    mg.draw(objective(model, x_train[few], digits.y_train[few])).save(mg_path)
    reached = accuracy(model, x_test, digits.y_test)
    say(f"[b]6[/b] draw          {picture}, {mg_path}")
    say(f"\ntest accuracy {reached:.1%}, gradients {'right' if all(passed) else 'WRONG'}, "
        f"{time.perf_counter() - started:.0f} s")  # fmt: skip
    return 0 if all(passed) and reached >= 0.96 else 1

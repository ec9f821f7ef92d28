"""`minigrad demo`: the whole job on real handwritten digits, in the order in which one should do it.

Standardize, initialize, check the gradients, train, check again, draw.
"""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import data, nn, optim

DEPTH, WIDTH = 6, 64  # layers with weights, and the units of a hidden one
EPOCHS, BATCH, RATE, DECAY = 30, 32, 3e-3, 5e-3


def build() -> nn.Module:
    """A deep network of linear layers and relus with He's initialization, so that signals keep their size."""
    layers: list[nn.Module] = []
    sizes = [64] + [WIDTH] * (DEPTH - 1) + [10]
    for i, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:])):
        layers.append(nn.Linear(fan_in, fan_out, init="kaiming_normal"))
        if i < DEPTH - 1:
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def objective(model: nn.Module, prediction: Any, y: Any) -> mg.Tensor:
    """Cross-entropy, plus the L2 term on the weights: all that the optimizer sees, so all that is checked."""
    loss: mg.Tensor = mg.cross_entropy(prediction, y)
    for name, weight in model.named_parameters():
        if name.endswith("weight"):
            loss = loss + 0.5 * DECAY * mg.sum(weight * weight)
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
                loss = objective(model, model(xb), yb)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            note = f"loss {np.mean(losses):.4f}  accuracy {accuracy(model, x, y):.1%}  rate {rate:.1e}"
            progress.update(task, advance=1, note=note)


def run(out: Path, seed: int) -> int:
    """The demo; 0 if the checks passed and the accuracy is at least 96%, else 1."""
    from rich.console import Console

    def say(step: str, text: str) -> None:
        console.print(f"[b]{step:<14}[/b]{text}")

    console = Console(highlight=False, soft_wrap=True)
    started = time.perf_counter()
    mg.seed(seed)
    out.mkdir(parents=True, exist_ok=True)

    digits = data.digits()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Standardize: column")  # some corner pixels are never inked
        standardize = nn.Standardize().fit(digits.x_train)
    x_train, x_test = standardize(digits.x_train), standardize(digits.x_test)
    say(
        "1 standardize",
        f"{len(x_train)} images to train on and {len(x_test)} to test on, by the training set's statistics",
    )

    model = build()
    size = sum(p.size for p in model.parameters())
    say("2 build", f"{DEPTH} layers, {size:,} parameters, He initialization")

    few = slice(0, 16)

    def check(step: str, when: str) -> bool:
        begun = time.perf_counter()
        loss = lambda prediction, target: objective(model, prediction, target)
        report = mg.check_model(model, loss, x_train[few], digits.y_train[few], at=(0,))
        say(step, f"the gradient of the whole loss, L2 term included, {when}: {time.perf_counter() - begun:.1f} s")
        console.print("\n".join(f"{'':<14}{line}" for line in str(report).splitlines()), markup=False)
        return bool(report)

    right = check("3 check", "at the random start")
    say("4 train", f"{EPOCHS} epochs of Adam in batches of {BATCH}")
    train(model, x_train, digits.y_train)
    right &= check("5 check again", "after training")

    loss = objective(model, model(x_train[few]), digits.y_train[few])
    loss.backward(retain_graph=True)  # so that the drawing has gradients to show
    drawing = mg.draw(loss)
    pictures = [drawing.save(out / name) for name in ("graph.svg", "graph.png")]
    say("6 draw", "the graph of the loss: " + ", ".join(map(str, pictures)))

    reached = accuracy(model, x_test, digits.y_test)
    verdict = "the gradients are right" if right else "the gradients are WRONG"
    console.print(f"\ntest accuracy {reached:.1%}; {verdict}; {time.perf_counter() - started:.0f} s in all")
    return 0 if right and reached >= 0.96 else 1

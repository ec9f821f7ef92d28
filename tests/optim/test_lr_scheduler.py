"""Schedules: PyTorch's rates at each step, and going on after loading."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from minigrad.optim import lr_scheduler

CASES: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("StepLR", (3,), {"gamma": 0.5}),
    ("MultiStepLR", ([2, 5, 5, 9],), {}),
    ("ConstantLR", (), {"total_iters": 4}),
    ("LinearLR", (), {"start_factor": 0.1, "total_iters": 6}),
    ("PolynomialLR", (8,), {"power": 2.0}),
    ("ExponentialLR", (0.9,), {}),
    ("CosineAnnealingLR", (7,), {"eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", (4,), {"T_mult": 2, "eta_min": 0.01}),
    ("LambdaLR", (lambda n: 1 / (1 + n),), {}),
    ("OneCycleLR", (1.0,), {"total_steps": 25}),
    ("OneCycleLR", (1.0,), {"total_steps": 25, "three_phase": True, "anneal_strategy": "linear"}),
    ("OneCycleLR", (1.0,), {"epochs": 5, "steps_per_epoch": 5, "pct_start": 0.45, "cycle_momentum": False}),
]


def optimizer_of(library: Any, tensor: Any, name: str) -> Any:
    options = {"momentum": 0.9} if name == "SGD" else {}
    return getattr(library, name)([{"params": [tensor()]}, {"params": [tensor()], "lr": 0.05}], lr=0.2, **options)


def pair(torch: Any, name: str = "SGD") -> tuple[Any, Any]:
    ours = optimizer_of(optim, lambda: mg.tensor(0.0, requires_grad=True), name)
    return ours, optimizer_of(torch.optim, lambda: torch.tensor(0.0, requires_grad=True), name)


def compare(ours: Any, theirs: Any) -> None:
    for a, b in zip(ours.param_groups, theirs.param_groups):
        assert a["lr"] == pytest.approx(b["lr"], rel=1e-10, abs=1e-15)
        for option in {"momentum", "betas"} & b.keys():
            assert a[option] == pytest.approx(b[option], rel=1e-10)


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", ["SGD", "Adam"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}{case[2]}")
def test_pytorchs_rates(case: Any, name: str) -> None:
    torch = pytest.importorskip("torch")
    schedule, args, options = case
    ours, theirs = pair(torch, name)
    mine = getattr(lr_scheduler, schedule)(ours, *args, **options)
    their = getattr(torch.optim.lr_scheduler, schedule)(theirs, *args, **options)
    for _ in range(24):
        compare(ours, theirs)
        assert mine.get_last_lr() == [group["lr"] for group in ours.param_groups]
        theirs.step(), mine.step(), their.step()


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_one_schedule_after_the_other() -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = pair(torch)
    built = []
    for optimizer, library in ((ours, lr_scheduler), (theirs, torch.optim.lr_scheduler)):
        warm, cosine = library.LinearLR(optimizer, 0.1, total_iters=4), library.CosineAnnealingLR(optimizer, 10)
        built.append(library.SequentialLR(optimizer, [warm, cosine], [5]))
    for _ in range(15):
        compare(ours, theirs)
        theirs.step()
        for schedule in built:
            schedule.step()


@pytest.mark.torch
@pytest.mark.parametrize(
    "options",
    [
        {"patience": 2},
        {"mode": "max", "patience": 1},
        {"mode": "max", "patience": 1, "cooldown": 2, "threshold_mode": "abs", "threshold": 0.1, "min_lr": 0.01},
        {"factor": 0.5, "patience": 0, "threshold_mode": "abs"},
    ],
)
def test_reduce_on_plateau(options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = pair(torch)
    mine = lr_scheduler.ReduceLROnPlateau(ours, **options)
    their = torch.optim.lr_scheduler.ReduceLROnPlateau(theirs, **options)
    rng = np.random.default_rng(0)
    for step in range(40):
        metric = float(rng.normal() - 0.01 * step)
        mine.step(metric), their.step(metric)
        compare(ours, theirs)


@pytest.mark.parametrize("case", [*CASES, ("plateau", (), {})], ids=lambda case: f"{case[0]}{case[2]}")
def test_going_on_after_loading(case: Any) -> None:
    name, args, options = case

    def make() -> tuple[Any, Any]:
        optimizer = optimizer_of(optim, lambda: mg.tensor(0.0, requires_grad=True), "SGD")
        made = getattr(lr_scheduler, "ReduceLROnPlateau" if name == "plateau" else name)
        return optimizer, made(optimizer, *args, **options)

    def steps(schedule: Any, numbers: range) -> None:
        for n in numbers:
            schedule.step(*([abs(5 - n)] if name == "plateau" else []))

    whole, schedule = make()
    steps(schedule, range(20))
    begun, first = make()
    steps(first, range(9))
    resumed, second = make()
    resumed.load_state_dict(begun.state_dict())
    second.load_state_dict(first.state_dict())
    steps(second, range(9, 20))
    assert [g["lr"] for g in resumed.param_groups] == [g["lr"] for g in whole.param_groups]


def test_what_is_refused() -> None:
    optimizer = optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=1.0)
    with pytest.raises(TypeError, match="is no optimizer"):
        lr_scheduler.StepLR(3, 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="total_steps, or epochs"):
        lr_scheduler.OneCycleLR(optimizer, 1.0)
    cycle = lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=4)
    with pytest.raises(ValueError, match="step 5 of a cycle of 4"):
        for _ in range(5):
            cycle.step()
    with pytest.raises(ValueError, match="milestones"):
        lr_scheduler.SequentialLR(optimizer, [cycle], [1])
    with pytest.raises(ValueError, match="the state has no base_lrs"):
        lr_scheduler.StepLR(optimizer, 1).load_state_dict({"last_epoch": 3})

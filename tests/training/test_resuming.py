"""A run that was interrupted and goes on from its last save ends where an uninterrupted one does, bit for bit."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.optim import lr_scheduler
from minigrad.training import History, fit

X, Y = mg.data.moons(90, rng=np.random.default_rng(0))
EPOCHS, SIZE = 6, 16  # 6 batches an epoch, the last one smaller

SCHEDULES: dict[str, Any] = {
    "one cycle": lambda o: (lr_scheduler.OneCycleLR(o, 0.05, total_steps=6 * EPOCHS), "batch"),
    "cosine": lambda o: (lr_scheduler.CosineAnnealingLR(o, EPOCHS), "epoch"),
    "plateau": lambda o: (lr_scheduler.ReduceLROnPlateau(o, patience=3, threshold=0.99), "epoch"),
    "warm-up": lambda o: (
        lr_scheduler.SequentialLR(
            o, [lr_scheduler.LinearLR(o, 0.1, total_iters=2), lr_scheduler.ExponentialLR(o, 0.9)], [2]
        ),
        "epoch",
    ),
}
OPTIMIZERS: dict[str, Any] = {
    "Adam": lambda p: optim.Adam(p, lr=0.01, amsgrad=True),
    "NAdam": lambda p: optim.NAdam(p, lr=0.01),
    "SGD": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.01, centered=True, momentum=0.5),
    "Adagrad": lambda p: optim.Adagrad(p, lr=0.1),
}


class Run:
    """Everything that a run is made of: dropout and shuffles draw from one generator, attention's from its own."""

    def __init__(self, seed: int, optimizer: str, schedule: str) -> None:
        mg.seed(seed)
        self.own = np.random.default_rng(seed)
        self.model = nn.Sequential(
            *(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 8)),
            *(nn.Dropout(0.2, rng=self.own), nn.Linear(8, 2)),
        )
        self.optimizer = OPTIMIZERS[optimizer](list(self.model.parameters()))
        self.schedule, self.per = SCHEDULES[schedule](self.optimizer)

    def fit(self, loss: Any = mg.cross_entropy, history: History | None = None, **options: Any) -> History:
        return fit(
            *(self.model, loss, self.optimizer, X, Y),
            epochs=EPOCHS,
            batch_size=SIZE,
            schedule=self.schedule,
            schedule_per=self.per,
            history=history,
            progress=False,
            **options,
        )

    def save(self, path: Path, history: History) -> None:
        states = {"model": self.model, "optimizer": self.optimizer, "schedule": self.schedule}
        mg.save(path, **states, history=history.rows, rng=mg.context.generator.get(), own=self.own)

    def load(self, path: Path) -> History:
        found = mg.load(path)
        for name in ("model", "optimizer", "schedule"):
            getattr(self, name).load_state_dict(found[name])
        mg.context.generator.get().bit_generator.state = found["rng"]
        self.own.bit_generator.state = found["own"]
        return History(found["history"])

    def bits(self) -> list[Any]:
        """All of it, as something that is equal only where every bit is."""

        def flat(value: Any) -> Any:
            if isinstance(value, dict):
                return {str(key): flat(item) for key, item in value.items()}
            if isinstance(value, (list, tuple)):
                return [flat(item) for item in value]
            return value.tobytes() if isinstance(value, np.ndarray) else repr(value)

        states = [self.model.state_dict(), self.optimizer.state_dict(), self.schedule.state_dict()]
        return flat([*states, mg.context.generator.get().bit_generator.state, self.own.bit_generator.state])


class PowerCut(BaseException):
    pass


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize(
    ("optimizer", "schedule"),
    [("Adam", "one cycle"), ("SGD", "one cycle"), ("Adam", "plateau"), ("NAdam", "cosine"), ("RMSprop", "warm-up")]
    + [("Adagrad", "cosine")],
)
def test_a_run_that_goes_on_equals_one_that_was_never_interrupted(
    tmp_path: Path, optimizer: str, schedule: str, suffix: str
) -> None:
    whole = Run(0, optimizer, schedule)
    expected = whole.fit()
    end = whole.bits()

    path = tmp_path / f"run{suffix}"
    begun = Run(0, optimizer, schedule)
    batches = 0

    def until_the_power_is_cut(prediction: Any, target: Any) -> Any:
        nonlocal batches
        batches += 1
        if batches == 6 * 3 + 4:  # in the middle of the fourth epoch
            raise PowerCut
        return mg.cross_entropy(prediction, target)

    with pytest.raises(PowerCut):
        begun.fit(until_the_power_is_cut, after_epoch=lambda history: begun.save(path, history))

    resumed = Run(99, optimizer, schedule)
    history = resumed.load(path)
    assert len(history) == 3
    resumed.fit(history=history)
    assert resumed.bits() == end
    without_time = [{k: v for k, v in row.items() if k != "seconds"} for row in history]
    assert without_time == [{k: v for k, v in row.items() if k != "seconds"} for row in expected]


def test_patience_counts_the_epochs_before() -> None:
    run = Run(0, "SGD", "cosine")
    run.optimizer.param_groups[0]["lr"] = run.schedule.base_lrs[0] = 0.0
    before = History([{"epoch": i, "loss": loss, "accuracy": 0.0} for i, loss in enumerate((0.5, 1e-9, 0.4, 0.3), 1)])
    assert len(run.fit(history=before, patience=2)) == 5, "two epochs were no better, and the third is not"


def test_rates_of_each_batch() -> None:
    run, rates = Run(0, "SGD", "one cycle"), []
    other = Run(0, "SGD", "one cycle")
    run.fit(lambda p, t: rates.append(run.optimizer.param_groups[0]["lr"]) or mg.cross_entropy(p, t))
    for rate in rates:
        assert rate == other.optimizer.param_groups[0]["lr"]
        other.schedule.step()
    assert len(set(rates)) > 30


def test_what_is_refused() -> None:
    run = Run(0, "SGD", "plateau")
    run.per = "batch"
    with pytest.raises(ValueError, match="ReduceLROnPlateau watches the loss of whole epochs"):
        run.fit()
    run.per = "step"
    with pytest.raises(ValueError, match="schedule_per is 'step'; it is 'epoch' or 'batch'"):
        run.fit()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("own", [False, True])
def test_a_fault_that_a_dropout_draws_is_found_again(own: bool) -> None:
    class Log(nn.Module):
        def forward(self, x: Any) -> Any:
            return mg.log(x)

    for seed in range(5):
        mg.seed(seed)
        dropout = nn.Dropout(0.004, rng=np.random.default_rng(seed) if own else None)
        model = nn.Sequential(dropout, Log(), nn.Linear(2, 2))  # log(0), where the dropout strikes
        sgd = optim.SGD(model.parameters(), lr=0.01)
        with pytest.raises(FloatingPointError, match=r"First: 1, Log\(\): log: the forward gave inf"):
            fit(model, mg.cross_entropy, sgd, np.abs(X) + 1, Y, epochs=50, batch_size=SIZE, progress=False)


LIFE = """
import sys
import signal
import subprocess
import sys
from pathlib import Path
sys.path.insert(0, {folder!r})
from test_resuming import Run
run = Run(0, "Adam", "one cycle")
run.fit(after_epoch=lambda history: (run.save(Path({path!r}), history), print(len(history), flush=True)))
"""


@pytest.mark.parametrize("epoch", [1, 4])
def test_a_process_that_is_killed_goes_on(tmp_path: Path, epoch: int) -> None:
    whole = Run(0, "Adam", "one cycle")
    whole.fit()
    end = whole.bits()
    path = tmp_path / "run.npz"
    script = LIFE.format(folder=str(Path(__file__).parent), path=str(path))
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    while child.stdout.readline() != f"{epoch}\n":
        assert child.poll() is None, "it died by itself"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    resumed = Run(1, "Adam", "one cycle")
    history = resumed.load(path)
    assert len(history) >= epoch
    resumed.fit(history=history)
    assert resumed.bits() == end


@pytest.mark.parametrize("options", [{}, {"line_search_fn": "strong_wolfe", "history_size": 3}])
def test_lbfgs_goes_on_with_its_memory(tmp_path: Path, options: dict[str, Any]) -> None:
    def begin() -> tuple[nn.Module, Any]:
        mg.seed(0)
        model = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 2))
        return model, optim.LBFGS(model.parameters(), lr=0.3, max_iter=3, **options)

    def steps(model: nn.Module, lbfgs: Any, n: int) -> None:
        def closure() -> Any:
            lbfgs.zero_grad()
            loss = mg.cross_entropy(model(X), Y)
            loss.backward()
            return loss

        for _ in range(n):
            lbfgs.step(closure)

    model, lbfgs = begin()
    steps(model, lbfgs, 6)
    begun, half = begin()
    steps(begun, half, 3)
    mg.save(tmp_path / "run.npz", model=begun, optimizer=half)
    resumed, other = begin()
    found = mg.load(tmp_path / "run.npz")
    resumed.load_state_dict(found["model"]), other.load_state_dict(found["optimizer"])
    steps(resumed, other, 3)
    for name, array in model.state_dict().items():
        assert array.tobytes() == resumed.state_dict()[name].tobytes(), name

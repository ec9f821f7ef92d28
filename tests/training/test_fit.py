"""The loop: it learns, stops early, plots, and says where a nan came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.training import History, evaluate, fit

X, Y = mg.data.moons(200, rng=np.random.default_rng(0))
HELD = mg.data.moons(100, rng=np.random.default_rng(1))


def setup(seed: int = 0) -> tuple[nn.Module, Any]:
    mg.seed(seed)
    model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Dropout(0.1), nn.Linear(16, 2))
    return model, optim.Adam(model.parameters(), lr=0.02)


def test_it_learns_and_tells() -> None:
    model, adam = setup()
    schedule = optim.lr_scheduler.ExponentialLR(adam, 0.99)
    history = fit(model, mg.cross_entropy, adam, X, Y, epochs=40, validation=HELD, schedule=schedule, progress=False)
    assert len(history) == 40 and history[-1]["epoch"] == 40
    assert history.columns() == [
        *("epoch", "loss", "accuracy", "rate", "validation loss", "validation accuracy", "seconds"),
    ]
    assert history["validation accuracy"][-1] > 0.9 > history["validation accuracy"][0]
    assert history["rate"][1] == pytest.approx(0.02 * 0.99)
    seen = evaluate(model, mg.cross_entropy, *HELD, batch_size=7)
    assert seen["loss"] == pytest.approx(history["validation loss"][-1])
    assert model.training
    assert str(history).splitlines()[-1].split()[0] == "40"


def test_the_same_seed_gives_the_same_run() -> None:
    losses = []
    for _ in range(2):
        model, adam = setup(3)
        losses.append(fit(model, mg.cross_entropy, adam, X, Y, epochs=3, progress=False)["loss"])
    assert losses[0] == losses[1]


def test_a_loop_by_hand_gives_the_same() -> None:
    model, adam = setup()
    history = fit(model, mg.cross_entropy, adam, X, Y, epochs=2, batch_size=50, progress=False)
    other, adam = setup()
    for _ in range(2):
        for xb, yb in mg.data.batches(X, Y, 50):
            adam.zero_grad()
            loss = mg.cross_entropy(other(xb), yb)
            loss.backward()
            adam.step()
    np.testing.assert_array_equal(model[0].weight.data, other[0].weight.data)
    assert history[-1]["loss"] > 0


def test_early_stop_goes_back_to_the_best_epoch() -> None:
    model, _ = setup()
    wild = optim.SGD(model.parameters(), lr=0.0)
    states = []

    def after(history: History) -> None:
        states.append(model.state_dict())
        wild.param_groups[0]["lr"] = 0.1 if len(history) < 3 else -5.0  # goes uphill from the third epoch on

    history = fit(
        *(model, mg.cross_entropy, wild, X, Y),
        epochs=50,
        validation=HELD,
        patience=2,
        after_epoch=after,
        progress=False,
    )
    best = int(np.argmin(history["validation loss"]))
    assert len(history) == best + 1 + 3
    np.testing.assert_array_equal(model[0].weight.data, states[best]["0.weight"])


def test_plateau_gets_the_validation_loss() -> None:
    model, adam = setup()
    plateau = optim.lr_scheduler.ReduceLROnPlateau(adam, patience=0, threshold=0.5)
    fit(model, mg.cross_entropy, adam, X, Y, epochs=4, validation=HELD, schedule=plateau, progress=False)
    assert adam.param_groups[0]["lr"] < 0.02


class Op(nn.Module):
    def __init__(self, f: Any) -> None:
        self.f = f

    def forward(self, x: Any) -> Any:
        return self.f(x)


FAULTS = [
    (nn.Sequential(nn.Linear(2, 4), Op(mg.log), nn.Linear(4, 2)), r"First: 1, Op\(\): log: the forward gave nan"),
    (
        nn.Sequential(nn.Linear(2, 4), nn.Sequential(nn.ReLU(), Op(lambda x: mg.sqrt(x * 0))), nn.Linear(4, 2)),
        r"First: 1\.1: sqrt: the gradient of 'x' has inf",
    ),
    (nn.Sequential(nn.Linear(2, 2, init=lambda s, r: np.full(s, np.nan))), "the parameter 0.weight already held nan"),
]


@pytest.mark.parametrize(("model", "message"), FAULTS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_nan_stops_the_loop_and_is_traced_to_its_layer(model: nn.Module, message: str) -> None:
    before = model.state_dict()
    with pytest.raises(FloatingPointError, match=f"(?s)in epoch 1, batch 1, .*{message}"):
        fit(model, mg.cross_entropy, optim.SGD(model.parameters(), lr=0.1), X, Y, progress=False)
    for key, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[key])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_batch_with_nan_is_named() -> None:
    model, adam = setup()
    x = X.copy()
    x[5, 1] = np.nan
    with pytest.raises(FloatingPointError, match="the batch itself holds nan"):
        fit(model, mg.cross_entropy, adam, x, Y, progress=False)


def test_curves_and_progress(tmp_path: Path, capsys: Any) -> None:
    pytest.importorskip("matplotlib")
    model, adam = setup()
    history = fit(model, mg.cross_entropy, adam, X, Y, epochs=3, validation=HELD)
    assert "3/3  loss" in capsys.readouterr().out
    figure = history.plot(tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 1000
    labels = [text.get_text() for axes in figure.axes for text in axes.get_legend().get_texts()]
    assert labels == ["loss", "validation loss", "accuracy", "validation accuracy"]
    regression = History()
    regression.append({"epoch": 1, "loss": -1.0, "rate": 0.1, "seconds": 0.1})
    assert len(regression.plot().axes) == 1

"""summary says what every kind of module gives, and leaves nothing behind, not even after an error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


class Counting(nn.Module):
    """Changes its buffers in every mode, one in place and one by another array, and draws random numbers."""

    def __init__(self) -> None:
        self.register_buffer("calls", np.array(0))
        self.register_buffer("seen", np.zeros(2))

    def forward(self, x: Any) -> Any:
        self.calls = self.calls + 1
        self.seen[...] = x[0].data if isinstance(x, mg.Tensor) else x[0]
        return x + mg.context.generator.get().random(2)


class Failing(nn.Module):
    def forward(self, x: Any) -> Any:
        raise ValueError("no")


def everything(model: nn.Module) -> list[Any]:
    return [
        *((path, m.training, m._scope, len(m._hooks)) for path, m in model.named_modules()),
        *(p.name for p in model.parameters()),
        *(value.tobytes() for value in model.state_dict().values()),
        mg.context.generator.get().bit_generator.state,
        mg.context.mode.get(),
    ]


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("called", ["never", "alone", "within another"])
def test_summary_leaves_nothing_behind(fails: bool, called: str) -> None:
    mg.seed(0)
    last = Failing() if fails else nn.Identity()
    inner = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), Counting(), nn.Dropout(0.5))
    outer = nn.Sequential(nn.Identity(), inner)
    inner[1].eval()  # a mode of its own
    inner[0].bias.name = "by hand"
    if called != "never":
        (inner if called == "alone" else outer)(np.ones((3, 2)))
    inner.append(last)
    buffers = [id(b) for b in inner.buffers()]
    before = everything(outer)
    if fails:
        with pytest.raises(ValueError, match="no"):
            inner.summary(np.ones((3, 2)))
    else:
        assert len(inner.summary(np.ones((3, 2))).splitlines()) == 8
    assert everything(outer) == before
    assert [id(b) for b in inner.buffers()] == buffers


@pytest.mark.parametrize(
    ("layer", "shape", "outputs"),
    [
        (nn.LSTM(3, 5), (7, 2, 3), "(7, 2, 5), (1, 2, 5), (1, 2, 5)"),
        (nn.TransformerEncoderLayer(6, 2, 7), (4, 3, 6), "(4, 3, 6)"),
    ],
)
def test_several_outputs(layer: nn.Module, shape: tuple[int, ...], outputs: str) -> None:
    lines = layer.summary(np.ones(shape)).splitlines()
    assert lines[-2].split()[:2] == ["(whole)", type(layer).__name__]
    assert outputs in lines[-2]

"""The examples that train real networks, in short forms: each is better than what it is compared with."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np

EXAMPLES = Path(__file__).parent.parent / "examples"


def run(name: str, **options: Any) -> Any:
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"](progress=False, **options)


def test_a_convolutional_network_reads_digits(capsys: Any) -> None:
    assert run("conv_digits", epochs=6) > 0.97  # a linear model reads 96%
    out = capsys.readouterr().out
    assert "validation" not in out, "the test images have no part in the training"
    assert "of the test images are read right" in out


def test_an_lstm_reads_row_by_row(capsys: Any) -> None:
    assert run("lstm", epochs=10) > 0.9
    lines = capsys.readouterr().out.splitlines()
    right = [float(line.split()[1].rstrip("%")) for line in lines if line.endswith("%") and line.count("%") == 2]
    assert len(right) == 8
    assert 10 < right[0] < 60 < right[4] < right[7], "each row tells more"


def test_a_transformer_learns_more_than_which_letter_follows_which(capsys: Any) -> None:
    before, after, bigrams = run("transformer", steps=300)
    assert after < bigrams - 0.1 < before
    assert len(capsys.readouterr().out.split("A sample:\n")[1].strip()) >= 300


def test_the_transformer_does_not_look_ahead() -> None:
    model = runpy.run_path(str(EXAMPLES / "transformer.py"))["Transformer"](9, width=8, layers=2)
    text = np.arange(8)[None]
    scores, changed = model(text).data, model(np.where(text < 5, text, 0)).data
    np.testing.assert_allclose(changed[:, :5], scores[:, :5], rtol=1e-12)
    assert not np.allclose(changed[:, 5:], scores[:, 5:])

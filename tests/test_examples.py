"""The examples do what they say; the longer ones in a short form."""

import runpy
import warnings
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def run(name, *arguments):
    main = runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"]
    with warnings.catch_warnings():
        return main([*map(str, arguments)]) if arguments else main()


def test_moons(capsys):
    assert run("moons") > 0.97
    assert "of the points are on the right side" in capsys.readouterr().out


def test_standardized_inputs_take_fewer_steps(tmp_path):
    found = run("standardize_inputs", "--out", tmp_path, "--rates", 4, "--target", 0.4)
    raw, standardized = found["steps"]
    assert standardized < raw
    steps = {name: line[0] for name, line in found["formula"].items()}
    assert steps["standardized"] < 10 and steps["raw"] > 10_000
    assert found["condition"]["raw"] > 1e4 and found["condition"]["standardized"] == pytest.approx(1, abs=0.3)
    for name, right, own in found["test"]:
        assert own <= right + 0.01, name  # with statistics of their own the test images never gain
    assert found["test"][-1][2] < 0.2  # one image scaled by itself is all zeros


def test_the_verdict_at_the_start_says_what_trains(tmp_path):
    rows = run("deep_initialization", "--out", tmp_path, "--depths", 5, 50, "--steps", 15)
    by_name = {(row.activation, row.name.split(":")[0], row.depth): row for row in rows}
    for activation, name in [("tanh", "xavier_normal"), ("tanh", "orthogonal"), ("relu", "kaiming_normal")]:
        assert by_name[activation, name, 5].verdict == by_name[activation, name, 50].verdict == "healthy"
        assert by_name[activation, name, 5].learned
    assert by_name["tanh", "orthogonal", 50].learned
    for activation in ("tanh", "relu"):
        assert by_name[activation, "normal, std 0.01", 50].verdict == "vanishing"
        assert by_name[activation, "normal, std 1", 50].verdict == "exploding"
        assert not by_name[activation, "normal, std 0.01", 50].learned
        assert not by_name[activation, "normal, std 1", 50].learned
    assert by_name["relu", "xavier_normal", 50].verdict == "vanishing"


def test_zeros_never_break_symmetry(tmp_path):
    zeros, constant, random = run("symmetry", "--out", tmp_path, "--steps", 40)
    assert not zeros.weights.any() and zeros.rank == 0
    assert constant.rank == 1 and constant.spread == 0
    assert random.rank == 32 and random.accuracy > 0.9 > 0.5 > constant.accuracy


def test_the_slopes_are_those_of_taylor(tmp_path):
    for slopes in run("one_sided_two_sided", "--out", tmp_path, "--size", 50).values():
        assert slopes["one-sided"] == pytest.approx(1, abs=0.05)
        assert slopes["two-sided"] == pytest.approx(2, abs=0.1)
        assert slopes["Richardson"] == pytest.approx(4, abs=0.4)


def test_five_notes(capsys):
    reports = run("five_notes", "--count", 30)
    assert reports["cost"] and "training steps" in str(reports["cost"])
    w, b = reports["components"].inputs
    assert (w.name, w.verdict, b.verdict) == ("W", "WRONG", "OK") and w.worst.index[0] == 3
    assert w.cause == "wrong only in one slice: number 3 along axis 0"
    assert "regularization" in reports["regularization"].inputs[0].cause
    assert "lambda = 0.01" in str(reports["regularization"])
    assert "2 (Dropout)" in str(reports["dropout"]) and not reports["dropout"]
    assert "OK at the start, WRONG after 20 steps" in str(reports["after_training"])
    assert "|x| > 2" in str(reports["after_training"])
    assert np.all([name in capsys.readouterr().out for name in ["3. remember the regularization"]])

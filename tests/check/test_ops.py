"""check_op and the shell command: what they draw, what they find, how they shrink."""

import functools
import json

import numpy as np
import pytest

import minigrad as mg
from minigrad.check.command import run

MY_OPS = """
import numpy as np
import minigrad as mg

@mg.op
def right(x):
    return np.sin(x)

@right.vjp("x")
def _(g, x):
    return g * np.cos(x)

@mg.op
def wrong(x):
    return np.sin(x)

@wrong.vjp("x")
def _(g, x):
    return g * np.sin(x)

def plain(x):
    return np.exp(x)
"""


@pytest.mark.parametrize("name", ["exp", "log", "maximum", "sum", "matmul", "sort", "getitem", "linear"])
def test_built_in_ops_pass(name):
    report = mg.check_op(name, max_examples=8)
    assert report, report
    assert report.examples >= 8


def test_a_wrong_rule_is_found_explained_and_shrunk():
    @mg.op
    def squared(x):
        return x * x

    @squared.vjp("x")
    def _(g, x):
        return g * x

    report = mg.check_op(squared, seed=4)
    assert not report
    assert report.verdict == "WRONG"
    assert report.cause == "a constant factor: the gradient is 2 times too small", str(report)
    assert report.inputs[0].name == "x"
    assert "smallest failing" in str(report)
    assert report.smallest.startswith("x ")
    assert "--seed 4" in str(report)
    assert sum(map(int, report.smallest.replace(",", " ").replace("(", " ").replace(")", " ").split()[1:])) <= 2


def test_a_bug_in_one_corner_is_found():
    @mg.op
    def corner(x):
        return np.abs(x)

    @corner.vjp("x")
    def _(g, x):
        return g * np.where(x == 0, 3.0, np.sign(x))

    assert not mg.check_op(corner)


def test_the_domain_is_kept_and_what_cannot_be_drawn_is_said():
    fine = mg.op(name="fine", domain={"x": (0, 1)})(lambda x: np.log(x) + np.log1p(-x))
    fine.vjp("x")(lambda g, x: g / x - g / (1 - x))
    assert mg.check_op(fine, max_examples=20).skipped == 0
    never = mg.op(name="never")(lambda x: np.log(-1 - np.abs(x)))
    never.vjp("x")(lambda g, x: g)
    report = mg.check_op(never, max_examples=10)
    assert report.verdict == "NOTHING CHECKED"
    assert not report
    assert "skipped" in str(report)


def test_partial_ops_and_functions():
    assert mg.check_op(functools.partial(mg.softmax, dim=0), max_examples=8)
    assert mg.check_op(lambda x: np.tanh(x) * x, max_examples=8)


def test_conduct_is_checked_too():
    @mg.op
    def scribbles(x):
        return np.sin(x)

    @scribbles.vjp("x")
    def _(g, x):
        g = g * np.cos(x)
        if isinstance(x, np.ndarray) and x.size and x.flags.writeable:
            x[...] = 0
        return g

    report = mg.check_op(scribbles, max_examples=20)
    assert not report


def test_a_rule_that_fails_on_tensors():
    @mg.op
    def first_only(x):
        return np.sin(x)

    @first_only.vjp("x")
    def _(g, x):
        return g * np.spacing(x) * 0 + g * np.cos(x)

    report = mg.check_op(first_only, max_examples=10)
    assert not report
    assert "second order" in str(report)
    assert "spacing" in str(report)
    assert mg.check_op(first_only, max_examples=10, order=1)


def test_a_surrogate_is_said_and_not_judged():
    op = mg.op(name="rounded")(lambda x: np.round(x))
    op.vjp("x", surrogate="straight through")(lambda g: g)
    report = mg.check_op(op, max_examples=10)
    assert report
    assert "straight through" in str(report)


# -- the shell command ----------------------------------------------------------------------------------------------------


@pytest.fixture
def my_ops(tmp_path, monkeypatch):
    (tmp_path / "my_ops.py").write_text(MY_OPS)
    monkeypatch.chdir(tmp_path)
    return "my_ops.py"


def test_a_file_with_a_wrong_op(my_ops, capsys):
    assert run([my_ops], 7, 10, 2, False) == 1
    out = capsys.readouterr().out
    for words in (
        "right",
        "wrong",
        "WRONG",
        "cos(x)" if "cos(x)" in out else "unexplained",
        "1 of 2 right",
        "my_ops.py:17",
    ):
        assert words in out, out
    assert "minigrad check my_ops.py:wrong --seed 7 --examples 10" in out


def test_one_name_of_a_file(my_ops, capsys):
    assert run([f"{my_ops}:right"], 0, 10, 2, False) == 0
    assert run([f"{my_ops}:plain"], 0, 10, 2, False) == 0
    assert "1 of 1 right" in capsys.readouterr().out


def test_json(my_ops, capsys):
    assert run([my_ops], 0, 10, 1, True) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["passed"] is False
    assert {row["name"]: row["verdict"] for row in found["ops"]} == {"right": "OK", "wrong": "WRONG"}


@pytest.mark.parametrize("target", ["no_such_op", "no_such_file.py", "my_ops.py:nothing"])
def test_what_cannot_run_is_one_line_and_status_2(my_ops, capsys, target):
    assert run([target], 0, 10, 2, False) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1


def test_many_ops_go_through_two_processes(capsys):
    assert run(["sin", "cos", "tan", "exp", "tanh", "sinh", "add", "negative"], 0, 3, 1, False) == 0
    assert "8 of 8 right, 24 inputs" in capsys.readouterr().out

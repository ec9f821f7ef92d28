"""The shell command, as a newcomer would use it."""

import os
import sys
import time

import pytest

from minigrad.cli import main
from minigrad.drawing import engine


@pytest.fixture
def file_of_ops(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "import numpy as np, minigrad as mg\n"
        "def f():\n"
        "    x = mg.tensor(2.0, requires_grad=True, name='x')\n"
        "    return mg.sin(x) * x\n"
        "value = 3\n"
        "def g():\n"
        "    return 1.0\n"
        "def fails():\n"
        "    raise RuntimeError('one\\ntwo')\n"
        "def array():\n"
        "    return f() * np.ones(3)\n"
        "graphless = mg.tensor(1.0)\n"
    )
    return path


def test_demo(tmp_path, capsys):
    started = time.perf_counter()
    assert main(["demo", "--out", str(tmp_path / "out"), "--seed", "1"]) == 0
    printed = capsys.readouterr().out
    assert "test accuracy 9" in printed and "the gradients are right" in printed
    assert printed.count("OK") >= 2 and "graph.svg" in printed
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"graph.svg", "graph.png"}
    assert time.perf_counter() - started < 300  # a hang, not a timing: it takes seconds


def test_ops(capsys):
    assert main(["ops", "sinh"]) == 0
    printed = capsys.readouterr().out
    assert "cosh" in printed and "2 ops with 'sinh' in their name" in printed
    assert main(["ops", "no_such_op"]) == 1


def test_draw(file_of_ops, tmp_path, capsys):
    picture = tmp_path / "graph.svg"
    assert main(["draw", f"{file_of_ops}:f", "-o", str(picture)]) == 0
    assert "<svg" in picture.read_text() and "sin" in picture.read_text()
    assert str(picture) in capsys.readouterr().out


def test_explain(file_of_ops, capsys):
    assert main(["explain", f"{file_of_ops}:f"]) == 0
    printed = capsys.readouterr().out
    assert "sin" in printed and "multiply" in printed and "np.cos(x)" in printed


def test_check(file_of_ops, tmp_path, capsys):
    assert main(["check", "sin", "--examples", "5"]) == 0
    path = tmp_path / "wrong.py"
    path.write_text(
        "import numpy as np, minigrad as mg\nwrong = mg.elementwise(np.sin, x=lambda g, x: 2 * g * np.cos(x))\n"
    )
    assert main(["check", f"{path}:wrong", "--examples", "5"]) == 1
    assert "WRONG" in capsys.readouterr().out
    assert main(["check", "nowhere.py"]) == 2


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["draw", "{file}:missing", "-o", "x.svg"], "it defines no 'missing'"),
        (["draw", "{file}:value", "-o", "x.svg"], "value gives int, not a Tensor"),
        (["draw", "{file}:g", "-o", "x.svg"], "g gives float, not a Tensor"),
        (["draw", "{file}", "-o", "x.svg"], "say which"),
        (["draw", "nowhere.py:f", "-o", "x.svg"], "there is no such file"),
        (["draw", "nothing", "-o", "x.svg"], "no op has this name"),
        (["draw", "{file}:f", "-o", "x.jpeg2"], "no picture is written as '.jpeg2'"),
        (["draw", "{file}:f", "-o", "nowhere/x.svg"], "nowhere/x.svg: there is no folder nowhere"),
        (["draw", "{file}:f", "-o", "x.svg", "--depth", "-1"], "depth is 0 or more"),
        (["draw", "{file}:graphless", "-o", "x.svg"], "minigrad draw: this Tensor has no graph"),
        (["draw", "{file}:fails", "-o", "x.svg"], "fails: RuntimeError while calling it: one two"),
        (["draw", "exp", "-o", "x.svg"], "exp() missing 1 required positional argument: 'x'"),
        (["explain", "{file}:graphless"], "minigrad explain: this Tensor has no graph"),
        (["explain", "{file}:g"], "g gives float, not a Tensor"),
        (["explain", "{file}:array"], "is not a scalar"),
        (["explain", "{file}:f", "-o", "x.pdf"], "not as '.pdf'; use .html"),
    ],
)
def test_what_cannot_be_run_is_one_line_and_status_2(file_of_ops, capsys, arguments, message):
    assert main([a.format(file=file_of_ops) for a in arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1 and not os.path.exists(arguments[-1])


def test_where_no_program_draws_it_is_one_line(file_of_ops, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(engine, "_candidates", lambda: ["/nowhere/dot", "/nowhere/pure"])
    assert main(["draw", f"{file_of_ops}:f", "-o", str(tmp_path / "x.svg")]) == 2
    error = capsys.readouterr().err
    assert "/nowhere/dot" in error and "/nowhere/pure" in error and "Three ways out" in error
    assert error.count("\n") == 1 and [path.name for path in tmp_path.iterdir()] == ["mine.py"]


def test_drawing_takes_the_options_of_draw(tmp_path):
    path, out = tmp_path / "net.py", tmp_path / "net.dot"
    path.write_text(
        "import numpy as np, minigrad as mg\n"
        "block = lambda: mg.nn.Sequential(mg.nn.Linear(2, 2), mg.nn.Tanh())\n"
        "model = mg.nn.Sequential(block(), block())\n"
        "def loss():\n"
        "    return np.sum(model(mg.tensor([[1.0, 2.0]])))\n"
    )
    draw = lambda *options: main(["draw", f"{path}:loss", "-o", str(out), *options]) or out.read_text()
    plain = draw()
    assert "<b>0.0.weight</b>" in plain and ">grad -<" not in plain  # gradients were filled for the picture
    assert "x2" in draw("--depth", "0") and "<b>0.0.weight</b>" not in out.read_text()
    assert "max_nodes=1" in draw("--max-nodes", "1")
    arrows = lambda text: {tuple(line.split()[:3:2]) for line in text.splitlines() if " -> " in line}
    assert arrows(draw("--direction", "backward")) == {(b, a) for a, b in arrows(plain)}


def test_a_file_that_fails_is_one_line(tmp_path, capsys):
    path = tmp_path / "broken.py"
    path.write_text("1 / 0\n")
    assert main(["draw", f"{path}:f", "-o", "x.svg"]) == 2
    assert "ZeroDivisionError while running it" in capsys.readouterr().err


def test_unknown_commands_say_what_there_is(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["nonsense"])
    assert stopped.value.code == 2 and "demo" in capsys.readouterr().err


def test_import_brings_in_numpy_and_nothing_heavy():
    import subprocess

    code = (
        "import sys, minigrad; print([m for m in ('hypothesis', 'graphviz', 'rich', 'matplotlib') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"

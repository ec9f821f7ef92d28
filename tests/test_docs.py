"""The code in the guide runs, and prints what the guide says it prints.

The ```python blocks of a page run one after the other in one namespace, as a reader would type them. A ```text block that
follows is what they print; "..." stands for anything, and numbers may differ in their later digits. A block whose first
line is a comment with a file's name is that file. Lines `minigrad check ...` in a ```sh block are run as well. A block
under <!-- not run --> is left alone.
"""

import contextlib
import importlib.util
import io
import re
import shlex
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from minigrad.cli import main

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"(?P<skip>^ *<!-- not run -->\n)?^ *```(?P<language>\w+)\n(?P<code>.*?)^ *```", re.M | re.S)
NUMBER = re.compile(r"-?\d+\.?\d*(?:e[-+]?\d+)?")
OTHERS = ("torch", "jax")  # a block that needs one of them is left out where it is missing


def pages():
    return [path for path in sorted(DOCS.rglob("*.md")) if "```python" in path.read_text()]


@pytest.mark.parametrize("page", pages(), ids=lambda path: path.stem)
def test_the_code_runs_and_prints_what_the_page_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    text = page.read_text()
    namespace = {"__name__": "guide"}
    printed = None
    for block in BLOCK.finditer(text):
        code, where = textwrap.dedent(block["code"]), f"{page.name}:{text.count(chr(10), 0, block.start()) + 1}"
        if block["skip"] or not available(code):
            printed = None
        elif block["language"] == "python":
            printed = run(code, tmp_path, namespace)
        elif block["language"] == "sh":
            printed = shell(code)
        elif block["language"] == "text" and printed is not None:
            assert same(printed, code), f"{where} says\n{code}\nand the code prints\n{printed}"
            printed = None


def available(code):
    return all(f"import {name}" not in code or importlib.util.find_spec(name) for name in OTHERS)


def run(code, folder, namespace):
    named = re.match(r"# (\w+\.py)\n", code)
    path = folder / (named[1] if named else "guide.py")
    path.write_text(code)
    with contextlib.redirect_stdout(io.StringIO()) as out, np.errstate(all="ignore"):
        exec(compile(code, str(path), "exec"), namespace)
    sys.modules.pop(path.stem, None)
    return out.getvalue()


def shell(code):
    """`minigrad check`, and `echo $?` after it for the exit status. Other lines are for the reader."""
    status, printed = None, ""
    for line in code.splitlines():
        if line.startswith("minigrad check"):
            with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as errors:
                status = main(shlex.split(line.partition(" #")[0])[1:])
            printed += out.getvalue() + errors.getvalue()
            said = re.search(r"# exit status (\d)", line)
            if said:
                assert status == int(said[1]), line
    return printed or None


def same(printed, said):
    """Equal line by line, but for white space at the end and the later digits of numbers; "..." is any text."""
    pattern = r"\s*" + r"\s*".join(re.escape(word) for word in NUMBER.sub("#", said).split()) + r"\s*"
    pattern = pattern.replace(re.escape("..."), r".*?")
    if not re.fullmatch(pattern, NUMBER.sub("#", printed), re.S):
        return False
    if "..." in said:
        return True
    pairs = zip(NUMBER.findall(printed), NUMBER.findall(said))
    return all(close(float(a), float(b)) for a, b in pairs)


def close(a, b):
    """To three digits; what is an error or a ratio, to its order of magnitude."""
    if 0 < abs(b) < 1e-6 or abs(b) > 1e6:
        return abs(np.log10(max(abs(a), 1e-300)) - np.log10(abs(b))) < 2.5
    return bool(np.isclose(a, b, rtol=2e-3, atol=1e-6))


def test_what_is_the_same():
    said = "x 1.2059 +- 2e-11\n  and ... more"
    assert same("x 1.20590001 +- 3e-11 \nand one more\n", said)
    assert not same("x 1.2059 +- 2e-11\nand one less", said)
    assert not same("x 1.3059 +- 2e-11", "x 1.2059 +- 2e-11")
    assert not same("x 1.2059 +- 2e-7", "x 1.2059 +- 2e-11")

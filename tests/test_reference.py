"""The reference in docs/: nothing public is without a docstring, and nothing of the machine that made it stands there."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
spec = importlib.util.spec_from_file_location("reference", DOCS / "reference.py")
reference = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reference)


@pytest.mark.parametrize("title", reference.MODULES)
def test_every_public_name_is_documented(title):
    names = dict(reference.public(reference.MODULES[title]))
    assert names
    assert [name for name, thing in names.items() if not (thing.__doc__ or "").strip()] == []


def test_the_pages_name_no_machine():
    text = reference.reference() + reference.table()
    assert " at 0x" not in text and str(DOCS.parent) not in text


def test_every_module_is_there_after_one_import():
    names = "check data drawing fft io linalg nn optim signals testing training"
    code = f"import minigrad as mg; [getattr(mg, name) for name in '{names}'.split()]"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=DOCS.parent)

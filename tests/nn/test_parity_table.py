"""The table in docs/parity.md: made again, nothing in it is larger than 1e-10, and the page names all of it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.torch
def test_the_table() -> None:
    pytest.importorskip("torch")
    spec = importlib.util.spec_from_file_location("parity", ROOT / "proofs" / "parity.py")
    assert spec is not None and spec.loader is not None
    parity = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(parity)
    rows = parity.rows()
    for row in rows:
        # PyTorch's slope of Hardsigmoid is 1 / 6 in single precision
        allowed = 2e-8 if row.name == "Hardsigmoid" else 1e-10
        assert max(row.output, row.inputs or 0, row.parameters or 0) < allowed, row
    page = (ROOT / "docs" / "parity.md").read_text(encoding="utf-8")
    for line in parity.table(rows).splitlines():
        assert line.split(" | ")[:3] in [entry.split(" | ")[:3] for entry in page.splitlines()], line

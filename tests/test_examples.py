"""The examples do what they say."""

import runpy
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_moons(capsys):
    right = runpy.run_path(str(EXAMPLES / "moons.py"))["main"]()
    assert right > 0.97
    assert "of the points are on the right side" in capsys.readouterr().out

"""Every wrong op is caught and its cause is named; every right one passes."""

import numpy as np
import pytest

import minigrad as mg

from .right_specimens import RIGHT
from .specimens import WRONG


def test_the_shelf_is_long_enough():
    assert len(WRONG) >= 60
    assert len(RIGHT) >= 40


@pytest.mark.parametrize("specimen", WRONG, ids=lambda specimen: specimen.name)
def test_wrong(specimen):
    with np.errstate(all="ignore"):
        report = mg.gradcheck(specimen.f, *specimen.inputs, **specimen.options)
    assert report.verdict == "WRONG", report
    said = [one.cause or "" for one in report.inputs if not one]
    assert any(cause in text for text in said for cause in specimen.cause), f"{specimen.cause}\n{report}"


@pytest.mark.parametrize("specimen", RIGHT, ids=lambda specimen: specimen.name)
def test_right(specimen):
    with np.errstate(all="ignore"):
        report = mg.gradcheck(specimen.f, *specimen.inputs, **specimen.options)
    assert report.verdict in ("OK", "OK AT KINK"), report

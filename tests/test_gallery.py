"""The gallery: its script runs, and its page names exactly the pictures that are there."""

import re
import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def gallery():
    pytest.importorskip("matplotlib")
    return runpy.run_path(str(DOCS / "gallery.py"))


def named(page):
    return sorted(re.findall(r"\(pictures/([^)]*)\)", page))


def test_the_page_names_exactly_the_pictures_that_are_there():
    page = (DOCS / "gallery.md").read_text(encoding="utf-8")
    there = sorted(DOCS.glob("pictures/gallery-*"))
    assert named(page) == [path.name for path in there]
    assert sum(path.stat().st_size for path in there) < 1_500_000


def test_the_page_is_what_the_script_writes(gallery):
    assert (DOCS / "gallery.md").read_text(encoding="utf-8") == gallery["page"]()


def test_the_script_in_quick_form(gallery, tmp_path, capsys):
    gallery["main"](tmp_path, quick=True)
    left_out = set(re.findall(r"^(\S+): left as it is", capsys.readouterr().out, flags=re.M))
    assert left_out <= {"gallery-step.png", "gallery-recurrent.png"}  # which need a browser
    made = {path.name: path for path in (tmp_path / "pictures").iterdir()}
    assert sorted(made) == sorted(set(named((tmp_path / "gallery.md").read_text(encoding="utf-8"))) - left_out)
    for name, path in made.items():
        start = {".svg": b"<?xml", ".png": b"\x89PNG", ".html": b"<!doctype html>"}[path.suffix]
        assert path.read_bytes().startswith(start), name
    # What the text claims: the neuron's gradients by hand; s = 1 / (1 + e^-1), and ds/d(dot) = s (1 - s) = 0.1966
    picture = made["gallery-expression.svg"].read_text().replace("&#45;", "-")
    for number in ("0.7311", "grad 0.1966", "grad -0.1966", "grad 0.3932", "grad -0.3932", "grad -0.5898"):
        assert f">{number}<" in picture
    assert (
        "x12" in made["gallery-transformer.svg"].read_text()
        and "403 nodes" in made["gallery-transformer.svg"].read_text()
    )
    assert "x25,000" in made["gallery-large.svg"].read_text()
    recurrent = made["gallery-recurrent.html"].read_text()
    assert "_from_" in recurrent and "24th path" in recurrent and "upstream -7.473e-08" in recurrent

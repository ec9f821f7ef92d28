"""The picture of a check: where the worst element is, what is grey, and what cannot be drawn."""

import numpy as np
import pytest

import minigrad as mg

pytest.importorskip("matplotlib")


def cubes(x):
    return np.sum(x**3)


def with_one_wrong(index, by):
    def gradient(x):
        g = 3 * x**2
        g[index] += by
        return g

    return gradient


def ring(axes):
    """Where the worst element is marked, as (row, column)."""
    line = axes.get_lines()[-1]
    return int(line.get_ydata()[0]), int(line.get_xdata()[0])


@pytest.mark.parametrize(
    "shape, index, cell", [((4, 5), (2, 3), (2, 3)), ((2, 3, 4), (1, 2, 0), (5, 0)), ((6,), 4, (0, 4))]
)
def test_the_worst_element_is_ringed_and_named(shape, index, cell, tmp_path):
    x = np.random.default_rng(0).normal(size=shape)
    report = mg.gradcheck(cubes, x, analytic=with_one_wrong(index, 0.1))
    figure = report.plot(tmp_path / "heat.png")
    axes = figure.axes[0]
    assert ring(axes) == cell
    sheet = axes.images[0].get_array()
    assert sheet.shape == (int(np.prod(shape[:-1])), shape[-1])
    assert (sheet > 1).sum() == 1 and sheet[cell] > 1000  # 0.1 against a numerical error of 1e-8 or so
    assert "WRONG" in axes.get_title() and f"[{str(index).strip(chr(40) + chr(41))}]" in axes.get_title()
    assert (tmp_path / "heat.png").read_bytes().startswith(b"\x89PNG")


def test_a_panel_for_each_input_and_for_a_scalar():
    figure = mg.gradcheck(lambda x, y: np.sum(x * y), np.ones(3), 2.0).plot()
    titles = [axes.get_title() for axes in figure.axes[:-1]]
    assert len(titles) == 2 and all("OK" in title for title in titles)
    assert figure.axes[1].images[0].get_array().shape == (1, 1)


def test_a_big_input_shows_its_directions_or_the_elements_looked_at():
    x = np.random.default_rng(0).normal(size=(30, 40))
    right = mg.gradcheck(cubes, x).plot()
    assert right.axes[0].images[0].get_array().shape == (1, 3) and "3 directions" in right.axes[0].get_title()
    wrong = mg.gradcheck(cubes, x, analytic=with_one_wrong((7, 9), 1.0)).plot()
    sheet = wrong.axes[0].images[0].get_array()
    assert sheet.shape == (30, 40) and ring(wrong.axes[0]) == (7, 9)
    assert np.ma.count_masked(sheet) > 1000  # grey: not compared


def test_nothing_to_draw():
    with pytest.raises(ValueError, match="no element was compared"):
        mg.gradcheck(cubes, np.ones((0, 3))).plot()

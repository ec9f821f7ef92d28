"""A picture of a check: how far each element of each gradient is off, measured by what is allowed there."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from .compare import Comparison, place
from .subject import Array

if TYPE_CHECKING:
    from .report import GradReport, InputReport

CELLS = 200  # along a side: in a longer one, several elements share a cell, which shows the worst of them
RANGE = 1e-4, 1e4  # times what is allowed; the colours end here


def heat_map(report: GradReport, path: str | os.PathLike[str] | None = None) -> Any:
    """|analytic - numeric| for each element of each input, on a logarithmic scale of times what is allowed.

    Blue is within what is allowed, red beyond it, grey was not compared. A ring marks the worst element, which the
    title names. The last axis goes to the right, all others go down. Needs the `plot` extra.

    Parameters
    ----------
    report
        What `gradcheck` gave.
    path
        Where to write the picture, if anywhere: a .png, .svg or .pdf.

    Returns
    -------
    The matplotlib figure.

    Raises
    ------
    ImportError
        where matplotlib is not installed.
    ValueError
        where the report compared no elements.
    """
    try:
        from matplotlib.colors import LogNorm
        from matplotlib.figure import Figure  # no pyplot: no window, no state that figures pile up in
    except ImportError as error:
        raise ImportError("GradReport.plot draws with matplotlib: pip install 'minigrad[plot]'") from error
    shown = [one for one in report.inputs if isinstance(one.comparison, Comparison) and one.comparison.indices.size]
    if not shown:
        raise ValueError(f"plot: {report.title} has no picture, since no element was compared ({report.verdict.value})")
    sheets = [_sheet(one) for one in shown]
    widths = [min(max(sheet.shape[1] / 4, 2.8), 6.0) for sheet in sheets]
    figure = Figure(figsize=(sum(widths) + 2.0, 4.0), layout="constrained")
    panels = figure.subplots(1, len(shown), squeeze=False, width_ratios=widths)[0]
    for axes, one, sheet in zip(panels, shown, sheets):
        axes.set_facecolor("#bdbdbd")
        picture = axes.imshow(
            np.ma.masked_invalid(np.clip(sheet, *RANGE)), cmap="RdBu_r", norm=LogNorm(*RANGE), interpolation="nearest"
        )
        down, across = np.unravel_index(np.argmax(np.nan_to_num(sheet, nan=-1.0)), sheet.shape)
        for colour, width in (("white", 5), ("black", 2)):  # seen on every ground
            axes.plot(across, down, "o", ms=11, markerfacecolor="none", markeredgecolor=colour, markeredgewidth=width)
        axes.set_title(f'"{one.name}" {one.shape}: {one.verdict.value}\n{_worst(one)}', fontsize=9)
        axes.locator_params(integer=True, steps=[1, 2, 5, 10], min_n_ticks=1)
        if sheet.shape[0] == 1:
            axes.set_yticks([])
        axes.tick_params(labelsize=8)
    bar = figure.colorbar(picture, ax=list(panels), label="|analytic - numeric|, times what is allowed", extend="both")
    bar.ax.axhline(1.0, color="black", linewidth=2)
    figure.suptitle(report.title, fontsize=11)
    if path is not None:
        figure.savefig(path, dpi=120)
    return figure


def _sheet(one: InputReport) -> Array:
    """The input as rows and columns; nan where nothing was compared."""
    c = one.comparison
    if c.shape == one.shape and math.prod(c.shape) > 0:
        values = np.full(math.prod(c.shape), np.nan)
        values[c.indices] = np.nan_to_num(c.excess, nan=np.nan, posinf=RANGE[1])
        sheet = values.reshape(-1, c.shape[-1] if c.shape else 1)
    else:  # a big input, along random directions
        sheet = np.nan_to_num(c.excess, nan=np.nan, posinf=RANGE[1]).reshape(1, -1)
    for axis in (0, 1):
        each = -(-sheet.shape[axis] // CELLS)
        if each > 1:
            sheet = np.fmax.reduceat(sheet, np.arange(0, sheet.shape[axis], each), axis=axis)
    return sheet


def _worst(one: InputReport) -> str:
    """The worst element by name, and how far it is off."""
    c = one.comparison
    known = np.flatnonzero(~np.isnan(c.excess))
    if not known.size:
        return "no numerical derivative"
    j = known[np.argmax(c.excess[known])]
    if c.shape == one.shape:
        where = f"worst [{', '.join(map(str, place(int(c.indices[j]), c.shape)))}]"
    else:
        where = f"worst of {c.indices.size} directions"
    return f"{where}: {c.excess[j]:.1g} times"

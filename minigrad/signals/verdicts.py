"""What the figures of a layer, and of the whole network, mean in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .report import LayerRow

MOST = 0.5  # more saturated outputs than this, and the layer hardly learns
NEARLY_ALL = 0.75  # the same for dead units; a healthy unit is 0 for half of all examples, so few examples mislead
FACTOR = 100.0  # the change over the depth that is too much: Xavier's and He's weights stay within 20


def judge(rows: list[LayerRow]) -> tuple[str, str]:
    """Give each row its verdict; return that of the whole, and the figures it rests on.

    Only layers that mix units can shrink or stretch a signal, so the comparison is between those: from the output
    that the second one of them receives to the output of the last, and backwards from there to the first.
    """
    mixing = [i for i, row in enumerate(rows) if any(p.ndim > 1 for p in row.weights)] or [*range(len(rows))]
    first, last = mixing[0], mixing[-1]
    start = mixing[1] - 1 if len(mixing) > 1 else last
    for i, row in enumerate(rows):
        row.verdict = _verdict(rows, i, first, start, last)
    words = [row.verdict for row in rows]
    forward = _ratio(rows[last].activation_std, rows[start].activation_std) if start < last else 1.0
    back = _ratio(rows[first].activation_gradient, rows[last].activation_gradient)
    figures = (
        f"from the first layer to the last, act std changes by a factor of {forward:.1e}; "
        f"back to the first, rms dL/da by {back:.1e}"
    )
    if not all(np.isfinite(row.activation_std) for row in rows):
        return "exploding", "there are activations that are inf or nan"
    if "dead" in words:
        return "dead", f"{words.count('dead')} of {len(rows)} layers have more than {NEARLY_ALL:.0%} dead units"
    if not (forward <= FACTOR and back <= FACTOR):  # nan is not healthy
        return "exploding", figures
    if "saturated" in words:
        many = words.count("saturated")
        return "saturated", f"{many} of {len(rows)} layers have more than {MOST:.0%} saturated outputs; {figures}"
    if min(forward, back) < 1 / FACTOR:
        return "vanishing", f"the signal died: {figures}"
    return "healthy", figures


def _verdict(rows: list[LayerRow], i: int, first: int, start: int, last: int) -> str:
    """The verdict on one layer: the causes that lie in it come before what it only passes on."""
    row = rows[i]
    if not np.isfinite(row.activation_std):
        return "exploding"
    if row.dead is not None and row.dead > NEARLY_ALL:
        return "dead"
    if row.saturated is not None and row.saturated > MOST:
        return "saturated"
    changes = []
    if start <= i <= last and start < last:
        changes.append(_ratio(row.activation_std, rows[start].activation_std))
    if first <= i <= last:
        changes.append(_ratio(row.activation_gradient, rows[last].activation_gradient))
    if not all(change <= FACTOR for change in changes):
        return "exploding"
    return "vanishing" if any(change < 1 / FACTOR for change in changes) else "healthy"


def _ratio(a: float | None, b: float | None) -> float:
    """a / b. 1 where there is nothing to compare, and 0 where a is 0: a gradient that never arrives has vanished."""
    if a is None or b is None:
        return 1.0
    if a == 0:
        return 0.0
    return a / b if b else np.inf

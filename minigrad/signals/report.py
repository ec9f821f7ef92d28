"""The report of `layer_stats`: a row for each layer, a table, a picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..tensor import Tensor
from .verdicts import judge

HEAD = ("layer", "class", "act mean", "act std", "share", "rms dL/da", "rms dL/dW", "log10 u/d", "verdict")
WORDS = {"layer", "class", "verdict"}  # the columns of the table that begin at the left


@dataclass
class LayerRow:
    """What was seen at one call of one layer. None stands for what does not exist there.

    Attributes
    ----------
    path, kind
        The dotted path of the module, and its class.
    activation_mean, activation_std
        Of all elements of the output; for a single element, which has no spread, the std is its magnitude.
    saturated
        For tanh, sigmoid and their like: the share of outputs in the outer 3% of the way from the middle of the range
        to its limits: |out| > 0.97 for tanh, out < 0.015 or out > 0.985 for sigmoid.
    dead
        For relu: the share of units that are 0 for every example. A unit is an element of the output of one example;
        a channel, in images (N, C, H, W).
    activation_gradient
        The root mean square of dL/d(activation).
    weight_gradient
        The root mean square of dL/d(weight), biases left out.
    update_to_data
        log10 of rms(lr dL/d(weight)) / rms(weight): how far one step of plain gradient descent moves the weights.
        A rule of thumb for training is -3. None where all weights are 0.
    verdict
        "healthy", "vanishing", "exploding", "saturated" or "dead".
    """

    path: str
    kind: str
    activation_mean: float
    activation_std: float
    saturated: float | None = None
    dead: float | None = None
    activation_gradient: float | None = None
    weight_gradient: float | None = None
    update_to_data: float | None = None
    verdict: str = "healthy"
    weights: list[Tensor] = field(default_factory=list, repr=False)

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        share = "-"
        if self.saturated is not None:
            share = f"{self.saturated:.0%} saturated"
        elif self.dead is not None:
            share = f"{self.dead:.0%} dead"
        return (
            self.path or "(whole)",
            self.kind,
            f"{self.activation_mean:.1e}",
            f"{self.activation_std:.1e}",
            share,
            _text(self.activation_gradient, ".1e"),
            _text(self.weight_gradient, ".1e"),
            _text(self.update_to_data, ".1f"),
            self.verdict,
        )


class LayerStats:
    """The report of `layer_stats`: `rows` in forward order, and a verdict. It prints as a table.

    Attributes
    ----------
    rows
        A `LayerRow` for each call of a layer.
    verdict
        "healthy", "vanishing", "exploding", "saturated" or "dead", for the network as a whole.
    reason
        The figures that the verdict rests on.
    lr
        The learning rate that `update_to_data` is for.
    loss
        The value of the loss.
    """

    def __init__(self, rows: list[LayerRow], lr: float, loss: float) -> None:
        self.rows, self.lr, self.loss = rows, lr, loss
        self.verdict, self.reason = judge(rows)

    def __repr__(self) -> str:
        return f"<LayerStats of {len(self.rows)} layers: {self.verdict}>"

    def __str__(self) -> str:
        table: list[tuple[str, ...]] = [HEAD, *(row.cells() for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*table)]
        lines = [
            "  ".join(
                cell.ljust(width) if HEAD[i] in WORDS else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(row, widths))
            ).rstrip()
            for row in table
        ]
        return "\n".join([*lines, "", f"{self.verdict}: {self.reason}", f"u/d: update to data, for lr={self.lr:g}"])

    def plot(self, ax: Any = None) -> Any:
        """Draw activations, dL/d(activation) and dL/d(weight) by layer, on a logarithmic scale. Needs the `plot` extra.

        Parameters
        ----------
        ax
            The matplotlib axes to draw on; new ones in a new figure where it is None.

        Returns
        -------
        The axes. `.figure.savefig(path)` writes the picture.

        Raises
        ------
        ImportError
            where matplotlib is not installed.
        """
        try:
            from matplotlib.figure import Figure  # no pyplot: no window, no state that figures pile up in
        except ImportError as error:
            raise ImportError("LayerStats.plot draws with matplotlib: pip install 'minigrad[plot]'") from error
        if ax is None:
            ax = Figure(figsize=(max(5.0, 2 + 0.3 * len(self.rows)), 4.0), layout="constrained").add_subplot()
        places = range(len(self.rows))
        columns: dict[str, tuple[str, list[float | None]]] = {
            "std of activations": ("o-", [row.activation_std for row in self.rows]),
            "rms of dL/d(activation)": ("s--", [row.activation_gradient for row in self.rows]),
            "rms of dL/d(weight)": ("^", [row.weight_gradient for row in self.rows]),
        }
        for label, (style, numbers) in columns.items():
            # What has no place on a logarithmic scale, a signal of exactly 0 for instance, leaves a gap.
            shown = [number if number is not None and 0 < number < np.inf else np.nan for number in numbers]
            ax.plot(places, shown, style, label=label)
        ax.set_yscale("log")
        ax.set_xticks(places, [f"{row.path} {row.kind}".strip() for row in self.rows], rotation=90)
        ax.set_title(self.verdict)
        ax.grid(alpha=0.3)
        ax.legend()
        return ax


def _text(number: float | None, form: str) -> str:
    return "-" if number is None else format(number, form)

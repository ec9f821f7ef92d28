"""What happened in training: a row of numbers for each epoch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


class History:
    """Rows of named numbers, one for each epoch: `history["loss"]` is a column, `history[-1]` a row.

    It prints as a table. `history.rows` can be saved, and `History(rows)` makes a history of them again.
    """

    def __init__(self, rows: Iterable[Mapping[str, float]] = ()) -> None:
        self.rows = [dict(row) for row in rows]

    def append(self, row: dict[str, float]) -> None:
        """Add an epoch."""
        self.rows.append(row)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, float]]:
        return iter(self.rows)

    def __getitem__(self, key: Any) -> Any:
        return [row[key] for row in self.rows] if isinstance(key, str) else self.rows[key]

    def columns(self) -> list[str]:
        """The names."""
        return list(self.rows[0]) if self.rows else []

    def line(self) -> str:
        """The last epoch in words."""
        shown = {name: number for name, number in self.rows[-1].items() if name not in ("epoch", "seconds")}
        return "  ".join(f"{name} {_text(name, number)}" for name, number in shown.items())

    def __repr__(self) -> str:
        names = self.columns()
        table = [names, *[[_text(name, row[name]) for name in names] for row in self.rows]]
        widths = [max(map(len, column)) for column in zip(*table)]
        return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in table)

    def plot(self, path: Any = None) -> Any:
        """Curves over the epochs: losses on a logarithmic scale, and metrics beside them. Needs the `plot` extra.

        Parameters
        ----------
        path
            Where to write the picture, if anywhere.

        Returns
        -------
        The matplotlib figure.
        """
        from matplotlib.figure import Figure  # no pyplot: no window, no state that figures pile up in

        names = [name for name in self.columns() if name not in ("epoch", "seconds", "rate")]
        losses = [name for name in names if name.endswith("loss")]
        panels = [group for group in (losses, [name for name in names if name not in losses]) if group]
        figure = Figure(figsize=(5 * len(panels), 3.5), layout="constrained")
        for place, group in enumerate(panels, 1):
            axes = figure.add_subplot(1, len(panels), place)
            for name in group:
                axes.plot(self["epoch"], self[name], "--" if name.startswith("validation") else "-", label=name)
            if group is losses and all(number > 0 for name in losses for number in self[name]):
                axes.set_yscale("log")
            axes.set_xlabel("epoch")
            axes.locator_params(axis="x", integer=True)
            axes.grid(alpha=0.3)
            axes.legend()
        if path is not None:
            figure.savefig(path, dpi=150)
        return figure


def _text(name: str, number: float) -> str:
    if name == "epoch":
        return str(int(number))
    if name.endswith("accuracy"):
        return f"{number:.1%}"
    return f"{number:.2g}" if name in ("rate", "seconds") else f"{number:.4g}"

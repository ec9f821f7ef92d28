"""A progress bar in the terminal."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self


class Bar:
    """A bar for a number of steps, with a text and the time left; or nothing at all where it is not wanted."""

    def __init__(self, steps: int, wanted: bool) -> None:
        self._steps, self._wanted = steps, wanted
        self._progress: Any = None
        self._waiting = 0  # steps that are not shown yet: drawing each one would cost more than a small network's step
        self._shown = 0.0

    def __enter__(self) -> Self:
        if self._wanted:
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            text = TextColumn("{task.fields[text]}", markup=False)
            columns = (BarColumn(bar_width=16), TimeRemainingColumn(compact=True), text)
            self._progress = Progress(*columns)
            self._progress.start()
            self._task = self._progress.add_task("", total=self._steps, text="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._show()
            self._progress.stop()

    def advance(self) -> None:
        """One step is done."""
        self._waiting += 1
        if self._progress is not None and time.perf_counter() - self._shown > 0.1:
            self._show()

    def say(self, text: str) -> None:
        """Show a text beside the bar."""
        if self._progress is not None:
            self._show(text=text)

    def _show(self, **fields: str) -> None:
        self._progress.update(self._task, advance=self._waiting, **fields)
        self._waiting, self._shown = 0, time.perf_counter()

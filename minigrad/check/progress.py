"""A progress bar for what takes longer than a moment, on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence

PATIENCE = 1.0  # seconds without a bar


def with_progress(names: Sequence[str], title: str) -> Iterator[int]:
    """The numbers of the names; after a second, with a bar on standard error if that is a terminal."""
    started = time.perf_counter()
    for k in range(len(names)):
        if time.perf_counter() - started > PATIENCE and sys.stderr.isatty():
            yield from _with_bar(names, title, k)
            return
        yield k


def _with_bar(names: Sequence[str], title: str, first: int) -> Iterator[int]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=len(names), completed=first)
        for k in range(first, len(names)):
            bar.update(task, completed=k, description=f"{title}: {names[k]}")
            yield k

"""`minigrad check`: the ops of minigrad, or those of a file, one line each, and a report on each that is wrong."""

from __future__ import annotations

import json
import multiprocessing
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from typing import Any, NamedTuple

from ..declare import ops
from ..op import Op
from ..targets import NoTarget, find
from .report import Verdict

WORKERS = 2
ALONE = 8  # from here on a second process is worth its start


class Row(NamedTuple):
    """What the table says about one op."""

    name: str
    verdict: str
    examples: int
    seconds: float
    cause: str
    text: str
    smallest: str

    @property
    def passes(self) -> bool:
        return Verdict(self.verdict).passes


def run(targets: Sequence[str], seed: int, examples: int, order: int, as_json: bool) -> int:
    """Check the targets, or every built-in op; print a table, then the reports on what is wrong.

    Parameters
    ----------
    targets
        Names of ops, `file.py`, `file.py:name`; none means every built-in op.
    seed, examples, order
        As for `check_op`.
    as_json
        Print one JSON object instead.

    Returns
    -------
    int
        The exit status: 0 all right, 1 something wrong, 2 could not run.
    """
    try:
        checks = list(_checks(targets, seed, examples, order))
    except NoTarget as problem:
        print(f"minigrad check: {problem}", file=sys.stderr)
        return 2
    try:
        rows = _plain(checks) if as_json else _with_progress(checks)
    except Exception as error:
        print(f"minigrad check: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    wrong = [row for row in rows if not row.passes]
    if as_json:
        print(json.dumps({"passed": not wrong, "seed": seed, "ops": [row._asdict() for row in rows]}, indent=2))
    else:
        _show(rows, wrong, seed)
    return 1 if wrong else 0


Check = tuple[str, Callable[[], Row]]


def _checks(targets: Sequence[str], seed: int, examples: int, order: int) -> Iterator[Check]:
    """A name, and a function without arguments that checks it; in another process only for built-in ops."""
    from functools import partial

    if not targets:
        for name in sorted(name for name, op in ops.items() if op.built_in):
            yield name, partial(check_built_in, name, seed, examples, order)
    for target in targets:
        if target in ops and ops[target].built_in:
            yield target, partial(check_built_in, target, seed, examples, order)
            continue
        found = {name: value for name, value in find(target).items() if _can_be_checked(value, target)}
        if not found:
            raise NoTarget(f"{target}: it defines no op to check; give a function with file.py:name")
        for name, value in found.items():
            yield name, partial(_check, value, name, target, seed, examples, order)


def _can_be_checked(value: Any, target: str) -> bool:
    """A file is checked for the ops that it declares; a function is checked where it is asked for by name."""
    if isinstance(value, Op):
        return target.endswith(".py") is False or not value.built_in
    return callable(value) and ".py:" in target


def check_built_in(name: str, seed: int, examples: int, order: int) -> Row:
    """Check one of minigrad's own ops."""
    return _check(ops[name], name, name, seed, examples, order)


def _check(op: Any, name: str, target: str, seed: int, examples: int, order: int) -> Row:
    import warnings

    from .ops import check_op

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = check_op(op, max_examples=examples, order=order, seed=seed)
    if target.endswith(".py"):
        target = f"{target}:{name}"
    report.again = f"minigrad check {target} --seed {seed}" + (f" --examples {examples}" if examples != 20 else "")
    text = "" if report else str(report)
    return Row(name, report.verdict.value, report.examples, report.seconds, report.cause or "", text, report.smallest)


def _results(checks: Sequence[Check]) -> Iterator[Row]:
    """The rows as they are ready: built-in ops, which are many, in two processes."""
    if len(checks) < ALONE or any(name not in ops or not ops[name].built_in for name, _ in checks):
        for _, check in checks:
            yield check()
        return
    fresh = multiprocessing.get_context("spawn")  # a fork would copy the locks of NumPy's threads
    with ProcessPoolExecutor(WORKERS, fresh) as pool:
        futures: list[Future[Row]] = [pool.submit(check) for _, check in checks]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _plain(checks: Sequence[Check]) -> list[Row]:
    return sorted(_results(checks))


def _with_progress(checks: Sequence[Check]) -> list[Row]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("check"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[name]}"),
        TimeRemainingColumn(),
    )
    rows: list[Row] = []
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("check", total=len(checks), name="")
        for row in _results(checks):
            rows.append(row)
            progress.update(task, advance=1, name=row.name if row.passes else f"[red]{row.name}[/red]")
    return sorted(rows)


def _show(rows: Sequence[Row], wrong: Sequence[Row], seed: int) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    table.add_column("op")
    table.add_column("verdict")
    table.add_column("inputs", justify="right")
    table.add_column("seconds", justify="right")
    table.add_column()  # the cause
    for row in rows:
        style = "" if row.passes else "bold red"
        cause = row.cause.splitlines()[0] if row.cause else ""
        table.add_row(row.name, row.verdict, str(row.examples), f"{row.seconds:.2f}", cause, style=style)
    console.print(table)
    for row in wrong:
        console.print()
        console.print(row.text, markup=False, soft_wrap=True)
    right = len(rows) - len(wrong)
    inputs = sum(row.examples for row in rows)
    console.print(f"\n{right} of {len(rows)} right, {inputs:,} inputs, seed {seed}")

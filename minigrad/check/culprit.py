"""Which op of a computation is wrong: note what every op is called with, and check each by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from ..containers import flatten
from ..context import within
from ..graph import reachable
from ..op import Op
from ..tensor import Tensor
from .examine import examine
from .report import GradReport, Verdict
from .subject import Subject
from .traced import Traced

CALLS = 3  # of each op, to check


class Called(NamedTuple):
    """One call of an op, and its arguments as bare arrays."""

    op: Op
    arguments: tuple[Any, ...]


def name_the_op(report: GradReport, subject: Subject, seed: int = 0) -> None:
    """Where a gradient through several ops is wrong, say which op it is, and why."""
    if report.verdict is not Verdict.WRONG or isinstance(getattr(subject, "f", None), Op):
        return
    for found in culprits(subject.compute, seed):
        wrong = [one for one in found.inputs if not one]
        causes = [f'"{one.name}": {one.cause}' if one.cause else f'"{one.name}" is wrong' for one in wrong]
        text = f"the op {found.title} is wrong by itself, for {'; '.join(causes)}"
        report.remarks.append(f"{text} ({wrong[0].where})")
        for one in report.inputs:
            if one.verdict is Verdict.WRONG:
                one.where = wrong[0].where
                if one.cause is None:
                    one.cause = text


def culprits(compute: Callable[[], Any], seed: int = 0) -> list[GradReport]:
    """The reports on the ops that are wrong by themselves, for what `compute` calls them with; an author's own first.

    Parameters
    ----------
    compute
        Runs the computation on Tensors that require gradients, and returns its result.
    """
    found: dict[int, GradReport] = {}
    checked: dict[int, int] = {}
    for called in sorted(_calls(compute), key=lambda called: called.op.built_in):
        key = id(called.op)
        if key in found or checked.get(key, 0) >= CALLS:
            continue
        checked[key] = checked.get(key, 0) + 1
        with np.errstate(all="ignore"):
            try:
                subject = Traced(called.op, called.arguments)
                report = examine(subject, seed) if subject.points else None
            except (TypeError, ValueError, ArithmeticError):
                continue  # it cannot be judged by itself: an input without a rule, a list
        if report is not None and not report:
            found[key] = report
    return list(found.values())


def _calls(compute: Callable[[], Any]) -> list[Called]:
    """Every call of every op on the way to the result."""
    with within(record=True):
        out = compute()
    roots = [leaf.node for leaf in flatten(out)[0] if isinstance(leaf, Tensor) and leaf.node is not None]
    ops = {id(node.plan.op): node.plan.op for node in reachable(roots) if node.plan is not None}
    calls: list[Called] = []
    with _noting(list(ops.values()), calls), within(record=True):
        compute()
    return calls


@contextmanager
def _noting(ops: list[Op], calls: list[Called]) -> Iterator[None]:
    """Within it every call of these ops is written down."""
    runs = [op.forward_flat for op in ops]

    def note(op: Op, run: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*values: Any) -> Any:
            if len(values) == len(op.inputs):
                calls.append(Called(op, tuple(v.copy() if isinstance(v, np.ndarray) else v for v in values)))
            return run(*values)

        return noted

    try:
        for op, run in zip(ops, runs):
            op.forward_flat = note(op, run)
        yield
    finally:
        for op, run in zip(ops, runs):
            op.forward_flat = run

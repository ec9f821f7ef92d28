"""`minigrad ops`: the table of ops, from the registry."""

from __future__ import annotations

import inspect

from .declare import ops
from .op import Op, Rule


def show(pattern: str = "") -> int:
    """Print a table of the ops whose names contain `pattern`; 1 if there is none."""
    from rich.console import Console
    from rich.table import Table

    table = Table("op", "formula", "rules", "domain", "source", title=None, pad_edge=False)
    rows = [ops[name] for name in sorted(ops) if pattern in name]
    for op in rows:
        table.add_row(op.name, formula(op), rules(op), domain(op), source(op))
    console = Console()
    console.print(table)
    console.print(f"{len(rows)} ops" + (f" with {pattern!r} in their name" if pattern else ""))
    return 0 if rows else 1


def formula(op: Op) -> str:
    """The first line of its docstring."""
    return (inspect.getdoc(op) or "").strip().partition("\n")[0]


def rules(op: Op) -> str:
    """For each input its state: the kind of rule, or that it is flat or has none."""
    words = []
    for name in op.inputs:
        if name in op.rules:
            rule = op.rules[name]
            words.append(f"{name}: {_needs(rule) if rule else 'flat'}")
    return "\n".join(words) or "no rule"


def _needs(rule: Rule) -> str:
    return ", ".join(("g", *rule.wants)) + (f" (surrogate: {rule.surrogate})" if rule.surrogate else "")


def domain(op: Op) -> str:
    """The open interval of each input that is not the whole line."""
    return "\n".join(f"{low:g} < {name} < {high:g}" for name, (low, high) in op.domain.items())


def source(op: Op) -> str:
    """Where it is declared: the file's name and the line."""
    path, _, line = op.source.replace("\\", "/").rpartition(":")
    return f"{path.rpartition('/')[2]}:{line}"

"""`minigrad ops`: the table of ops, from the registry."""

from __future__ import annotations

import ast
import functools
import inspect
from types import CodeType

from .declare import ops
from .op import Op, Rule


def show(pattern: str = "") -> int:
    """Print a table of the ops whose names contain `pattern`; 1 if there is none."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console.width = 200  # a file or a pipe has no edge
    table = Table("op", "formula", "rules", "domain", "orders", "source", title=None, pad_edge=False, show_lines=False)
    for column in table.columns:
        column.overflow = "fold"  # a rule is never cut off
    rows = [ops[name] for name in sorted(ops) if pattern in name]
    for op in rows:
        signature = f"{op.name}({', '.join(op.inputs)})"
        table.add_row(signature, formula(op), rules(op), domain(op), orders(op), source(op))
    console.print(table, markup=False)
    console.print(f"{len(rows)} ops" + (f" with {pattern!r} in their name" if pattern else ""))
    return 0 if rows else 1


def formula(op: Op) -> str:
    """The first line of its docstring."""
    return (inspect.getdoc(op) or "").strip().partition("\n")[0]


def rules(op: Op) -> str:
    """For each input that has one its rule, in its own words; "flat" where the op is piecewise constant."""
    lines = {}
    for name, rule in op.rules.items():
        if rule is None:
            lines[name] = f"{name}: flat"
        else:
            lines[", ".join(rule.names)] = f"{', '.join(rule.names)}: {rule_text(rule)}"
    return "\n".join(lines.values()) or "no rule"


def rule_text(rule: Rule) -> str:
    """What the rule returns, as it is written; for a rule of several lines, what it needs."""
    text = _returned(rule.function.__code__)
    if text is None:
        text = f"from {', '.join(('g', *rule.wants))}"
    return text + (f" (surrogate: {rule.surrogate})" if rule.surrogate else "")


def _returned(code: CodeType) -> str | None:
    """The expression that a lambda, or a function of one statement, returns."""
    for node in _functions(code.co_filename).get(code.co_firstlineno, ()):
        names = [a.arg for a in node.args.args]
        if names != list(code.co_varnames[: code.co_argcount]):
            continue
        if isinstance(node, ast.Lambda):
            return ast.unparse(node.body)
        (first, *more) = node.body
        if not more and isinstance(first, ast.Return) and first.value is not None:
            return ast.unparse(first.value)
    return None


@functools.cache
def _functions(path: str) -> dict[int, list[ast.Lambda | ast.FunctionDef]]:
    """The functions of a file by the line that their code begins in."""
    found: dict[int, list[ast.Lambda | ast.FunctionDef]] = {}
    try:
        with open(path, encoding="utf-8") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError):  # made in a notebook, for instance
        return found
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            found.setdefault(min([d.lineno for d in node.decorator_list] + [node.lineno]), []).append(node)
        elif isinstance(node, ast.Lambda):
            found.setdefault(node.lineno, []).append(node)
    return found


def domain(op: Op) -> str:
    """The open interval of each input that is not the whole line."""
    return "\n".join(f"{low:g} < {name} < {high:g}" for name, (low, high) in op.domain.items())


def orders(op: Op) -> str:
    """The orders of derivative that the tests and `check_op` look at: none for an op that is flat."""
    return "1, 2" if any(rule is not None for rule in op.rules.values()) else "-"


def source(op: Op) -> str:
    """Where it is declared: the file's name and the line."""
    path, _, line = op.source.replace("\\", "/").rpartition(":")
    return f"{path.rpartition('/')[2]}:{line}"

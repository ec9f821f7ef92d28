"""Makes the reference: docs/ops.md from the registry, docs/reference.md from the docstrings. Run python docs/reference.py.

`--check` writes nothing, and fails where a page is not what it would write.
"""

from __future__ import annotations

import argparse
import inspect
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import minigrad as mg
from minigrad import data, io, nn, optim, testing, training
from minigrad.listing import domain, formula, rules

HERE = Path(__file__).parent
MODULES = {
    "minigrad": mg,
    "minigrad.nn": nn,
    "minigrad.nn.init": nn.init,
    "minigrad.optim": optim,
    "minigrad.optim.lr_scheduler": optim.lr_scheduler,
    "minigrad.data": data,
    "minigrad.training": training,
    "minigrad.testing": testing,
    "minigrad.io": io,
}


def public(module: Any) -> Iterator[tuple[str, Any]]:
    """The names that a module offers and that no other page has: its own functions and classes, no ops, no modules."""
    for name in dir(module):
        thing = getattr(module, name)
        ours = str(getattr(thing, "__module__", "")).startswith("minigrad")
        if not name.startswith("_") and ours and callable(thing) and not isinstance(thing, mg.Op):
            yield name, thing


def signature(name: str, thing: Any) -> str:
    """`name(parameters)` as one would call it; the name alone where there is nothing to say."""
    try:
        parameters = [
            p.replace(annotation=p.empty, default=... if " at 0x" in repr(p.default) else p.default)
            for p in inspect.signature(thing).parameters.values()
            if p.name != "self"
        ]
        return f"{name}{inspect.Signature(parameters)}"
    except (TypeError, ValueError):
        return name


def members(thing: Any) -> Iterator[str]:
    """A line for each method and property of a class that says what it does."""
    for name, member in vars(thing).items() if isinstance(thing, type) else ():
        if not name.startswith("_") and (callable(member) or isinstance(member, property)) and member.__doc__:
            title = name if isinstance(member, property) else signature(name, member)
            yield f"- `{title}`: {inspect.cleandoc(member.__doc__).partition(chr(10))[0]}"


def reference() -> str:
    """Every public name with its docstring, module by module."""
    lines = [
        "# Reference",
        "",
        "Made from the docstrings by `python docs/reference.py`. The ops have [a table of their own](ops.md); they are",
        "`minigrad.NAME`, `numpy.NAME` on Tensors and, for the ops of networks, `minigrad.nn.functional.NAME`.",
    ]
    for title, module in MODULES.items():
        lines += ["", f"## {title}"]
        for name, thing in public(module):
            lines += ["", f"### {name}", "", "```text", signature(name, thing), "", inspect.getdoc(thing) or "", "```"]
            lines += ["", *listed] if (listed := list(members(thing))) else []
    return "\n".join(lines) + "\n"


def table() -> str:
    """The ops, file by file: how to call each, its formula, its rules."""

    def room(op: mg.Op) -> str:
        return op.source.rpartition(":")[0]

    def line(op: mg.Op) -> int:
        return int(op.source.rpartition(":")[2])

    built_in = sorted((op for op in mg.ops.values() if op.built_in), key=lambda op: (room(op), line(op)))
    lines = [
        "# The table of derivatives",
        "",
        f"{len(built_in)} ops, as the registry has them; made by `python docs/reference.py`. A rule's words are its source:",
        "`g` is the gradient that arrives, `out` what the forward gave. *flat*: piecewise constant, no gradient.",
    ]
    for path, own in itertools.groupby(built_in, key=room):
        name = Path(path).stem
        about = (sys.modules[f"minigrad.rules.{name}"].__doc__ or "").partition("\n\n")[0].strip()
        lines += ["", f"## {name}.py", "", about, "", "| op | formula | rules | domain |", "|---|---|---|---|"]
        for op in own:
            cells = (
                f"`{op.name}({', '.join(op.inputs)})`",
                formula(op).replace("|", "\\|"),
                "<br>".join(_code(rule) for rule in rules(op).split("\n")),
                domain(op).replace("\n", ", "),
            )
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _code(rule: str) -> str:
    return f"*{rule}*" if rule.endswith(": flat") or rule == "no rule" else "`" + rule.replace("|", "\\|") + "`"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    stale = 0
    for name, text in {"ops.md": table(), "reference.md": reference()}.items():
        path = HERE / name
        if options.check and (not path.exists() or path.read_text() != text):
            print(f"docs/{name} is out of date: run python docs/reference.py", file=sys.stderr)
            stale = 1
        elif not options.check:
            path.write_text(text)
    return stale


if __name__ == "__main__":
    sys.exit(main())

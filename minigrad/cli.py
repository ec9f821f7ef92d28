"""The `minigrad` command: demo, check, draw, explain, ops."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .targets import find
from .tensor import Tensor


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0 for right, 1 for wrong, 2 for could not run."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        print("minigrad: interrupted", file=sys.stderr)
        return 130
    except Exception as error:  # a shell command ends with a line, not with a traceback
        if options.debug:
            raise
        message = " ".join(str(error).split()).removeprefix(f"{options.command}: ")
        print(f"minigrad {options.command}: {message}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="minigrad", description="The autograd framework that a person can read, check and see."
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="train a deep network on handwritten digits, check it, draw it")
    demo.add_argument("--out", type=Path, default=Path("minigrad-demo"), metavar="DIR", help="where to write pictures")
    demo.add_argument("--seed", type=int, default=0, metavar="N")
    demo.set_defaults(run=_demo)

    check = commands.add_parser("check", help="check the gradients of ops: all built-in ones, or those of a file")
    check.add_argument("targets", nargs="*", metavar="TARGET", help="an op's name, file.py, or file.py:name")
    check.add_argument("--seed", type=int, default=0, metavar="N")
    check.add_argument("--examples", type=int, default=20, metavar="N", help="inputs drawn for each op")
    check.add_argument("--order", type=int, default=2, choices=(1, 2))
    check.add_argument("--json", action="store_true", help="print the results as JSON")
    check.set_defaults(run=_check)

    draw = commands.add_parser("draw", help="draw the graph of what a function returns")
    draw.add_argument("target", metavar="TARGET", help="file.py:name of a Tensor, or of a function that returns one")
    draw.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help=".svg, .png, .pdf, .html or .dot"
    )
    draw.add_argument("--depth", type=int, metavar="N", help="levels of modules to show from within; 0 folds them all")
    draw.add_argument("--direction", choices=("forward", "backward"), default="forward", help="where arrows point")
    draw.add_argument("--max-nodes", type=int, default=500, metavar="N", help="fold a larger graph (default: 500)")
    draw.set_defaults(run=_draw)

    explain = commands.add_parser("explain", help="every step of the backward pass of what a function returns")
    explain.add_argument("target", metavar="TARGET", help="file.py:name of a Tensor, or of a function that returns one")
    explain.add_argument("-o", "--output", type=Path, metavar="FILE", help="write a page to step through: .html")
    explain.set_defaults(run=_explain)

    ops = commands.add_parser("ops", help="list the ops: formula, rules, where they are declared")
    ops.add_argument("pattern", nargs="?", default="", help="only names that contain this")
    ops.set_defaults(run=_ops)
    return parser


def _demo(options: argparse.Namespace) -> int:
    from .demo import run

    return run(options.out, options.seed)


def _check(options: argparse.Namespace) -> int:
    from .check.command import run

    return run(options.targets, options.seed, options.examples, options.order, options.json)


def _draw(options: argparse.Namespace) -> int:
    from .drawing import draw

    result = _result(options.target)
    drawing = draw(
        result,
        direction=options.direction,
        depth=options.depth,
        max_nodes=options.max_nodes,
        gradients=result.size == 1,
    )
    print(drawing.save(options.output))
    return 0


def _explain(options: argparse.Namespace) -> int:
    from .drawing import explain

    explanation = explain(_result(options.target))
    print(explanation.save(options.output) if options.output else explanation)
    return 0


def _result(target: str) -> Tensor:
    """The Tensor that a target is, or that the function it names returns."""
    (name, found), *more = find(target).items()
    if more:
        raise ValueError(f"{target} defines {len(more) + 1} names; say which, as in file.py:{name}")
    try:
        result = found() if callable(found) else found
    except Exception as error:
        raise ValueError(f"{name}: {type(error).__name__} while calling it: {error}") from error
    if not isinstance(result, Tensor):
        raise ValueError(f"{name} gives {type(result).__name__}, not a Tensor, so it has no graph")
    return result


def _ops(options: argparse.Namespace) -> int:
    from .listing import show

    return show(options.pattern)


if __name__ == "__main__":
    sys.exit(main())

"""Is every wrong rule found? Mutate the syntax tree of every registered rule, and see whether the checker notices.

    python proofs/mutation.py [--ops sin cos ...] [--examples 30] [--seed 0] [--write docs/mutation.md]

A mutant that passes is a survivor. It needs a reason in survivors.toml: a valid subgradient, an equivalent formula.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
import tomllib
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from mutants import as_written, mutants

import minigrad as mg
from minigrad.check.examine import examine
from minigrad.check.traced import Traced
from minigrad.check.trial import FIRST, SECOND, Trouble, trial
from minigrad.gather import Gathering
from minigrad.op import Op, Rule

UNEXPLAINED = "**unexplained**"
NOT_DRAWN = "**not drawn:** "
PATIENCE = 20.0  # seconds for a mutant and a number of examples
REASONS = Path(__file__).with_name("survivors.toml")

INTRODUCTION = """# Mutation of every rule

Does the checker see a wrong rule? The syntax tree of each rule is made wrong in one place: a sign, a factor, a term or a
transpose that is left out, a sum that becomes a mean, an axis that is off by one, g itself in the place of the result. The
op is then checked as `check_op` does it, with the mutant in the place of the rule. A mutant that is noticed is killed.

    python proofs/mutation.py --write docs/mutation.md

makes this page; it takes some minutes on two cores. What notices a mutant:

- *values*: an element of a gradient differs from the numerical derivative;
- *shape or error*: a gradient does not have the shape of its input, or the rule raises;
- *linearity*: the values agree for one upstream gradient, and the result is not linear in it;
- *ties*: where tied values move together, the shares do not add up;
- *second order*: the first derivative is right, the derivative of the rule is not;
- *composition*: complex eigenvectors and singular vectors have a free phase, and no difference quotient of their own; a
  function through them in which the phase cancels has a wrong gradient;
- *law*: one of the other promises of an op, by its name. Derivatives are looked at first.
"""


class Fate(NamedTuple):
    """What became of a mutant: which check killed it, "" for none."""

    op: str
    names: str  # of the inputs that the rule is for
    what: str
    text: str
    killer: str


def fates(name: str, examples: int, seed: int) -> list[Fate]:
    """Every mutant of every rule of an op, put in the place of the rule and checked."""
    op = mg.ops[name]
    found = []
    rules = {id(rule): rule for rule in op.rules.values() if rule is not None and rule.surrogate is None}
    for rule in rules.values():
        for mutant in mutants(rule):
            with _in_place(op, rule, mutant.function):
                killer = (
                    killed_by(op, examples, 1, seed)
                    or killed_by(op, examples // 2, 2, seed)
                    or killed_by(op, 8 * examples, 1, seed + 1)
                    or killed_by_composition(name)
                )
            found.append(Fate(name, ", ".join(rule.names), mutant.what, mutant.text, killer))
    return found


class _in_place:
    """Within it the op has the mutant for a rule."""

    def __init__(self, op: Op, rule: Rule, function: Callable[..., Any]) -> None:
        self.op, self.rule, self.mutant = op, rule, rule._replace(function=function)

    def _put(self, rule: Rule) -> None:
        self.op.rules.update(dict.fromkeys(rule.names, rule))
        self.op.plans.clear()
        if isinstance(self.op, Gathering):
            self.op._of.clear()

    def __enter__(self) -> None:
        self._put(self.mutant)

    def __exit__(self, *error: object) -> None:
        self._put(self.rule)


class _Caught(BaseException):
    def __init__(self, trouble: Trouble, call: Any) -> None:
        self.trouble, self.call = trouble, call


def killed_by(op: Op, examples: int, order: int, seed: int) -> str:
    """The check that an op fails: first order (by values, shapes, kinks), second order, or a law by name; "" for none."""
    from hypothesis import HealthCheck, Phase, Verbosity, given, settings
    from hypothesis import seed as seeded

    deadline = time.perf_counter() + PATIENCE

    def one(call: Any) -> None:
        if time.perf_counter() > deadline:
            return
        trouble = trial(op, call, order, seed)
        if trouble:
            raise _Caught(trouble, call)

    quiet = settings(
        max_examples=examples,
        phases=(Phase.generate,),
        database=None,
        deadline=None,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    try:
        quiet(seeded(seed)(given(mg.testing.examples(op))(one)))()
    except _Caught as caught:
        return _killer(op, caught, seed)
    return ""


# Complex singular vectors and eigenvectors have a free phase: alone they have no difference quotient. What is made of them
# with the phase cancelled has one.


def _of_singular_values(x: Any) -> Any:
    """U e^S V^H."""
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    return np.matmul(u * np.exp(s)[..., None, :], vh)


def _of_eigenvalues(x: Any) -> Any:
    """V e^W V^-1, the exponential of a matrix."""
    w, v = np.linalg.eig(x)
    return np.matmul(v * np.exp(w)[..., None, :], np.linalg.inv(v))


COMPOSED: dict[str, Callable[[Any], Any]] = {"linalg.svd": _of_singular_values, "linalg.eig": _of_eigenvalues}


def killed_by_composition(name: str) -> str:
    """Whether a function through the op has a wrong gradient for a complex matrix."""
    if name not in COMPOSED:
        return ""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
    return "" if mg.gradcheck(COMPOSED[name], x) else "composition"


def _killer(op: Op, caught: _Caught, seed: int) -> str:
    if caught.trouble.kind != FIRST:
        return "second order" if caught.trouble.kind == SECOND else f"law: {caught.trouble.kind}"
    with np.errstate(all="ignore"):
        report = examine(Traced(op, caught.call.args, caught.call.kwargs), seed, explain=False)
    wrong = [one for one in report.inputs if not one]
    if any(one.comparison is None for one in wrong):
        return "shape or error"
    if any(isinstance(element.index, str) for one in wrong for element in one.elements):
        return "ties"
    return "values" if any(one.elements for one in wrong) else "linearity"


def reason_for(fate: Fate, entries: Sequence[dict[str, Any]]) -> str:
    """Why a survivor survives; "" where nobody has said."""
    for one in entries:
        if one["op"] == fate.op and one.get("what", fate.what) == fate.what and one.get("has", "") in fate.text:
            return (NOT_DRAWN if one.get("gap") else "") + str(one["reason"])
    return ""


def report(found: Sequence[Fate]) -> str:
    """The figures by op and by check, and the survivors with their reasons, as Markdown."""
    entries = tomllib.loads(REASONS.read_text())["survivor"]
    alive = [(fate, reason_for(fate, entries) or UNEXPLAINED) for fate in found if not fate.killer]
    gaps = sum(reason.startswith(NOT_DRAWN) for _, reason in alive)
    unexplained = sum(reason == UNEXPLAINED for _, reason in alive)
    by_op = {op: [fate for fate in found if fate.op == op] for op in dict.fromkeys(fate.op for fate in found)}
    lines = [
        INTRODUCTION,
        f"**{len(found) - len(alive):,} of {len(found):,} mutants killed**, of the rules of {len(by_op)} ops.",
        "",
        "| killed by | mutants |",
        "|---|---:|",
        *[f"| {killer} | {n:,} |" for killer, n in Counter(f.killer for f in found if f.killer).most_common()],
        "",
        f"Of the {len(alive)} survivors {len(alive) - gaps - unexplained} are no faults: an equivalent formula, a valid "
        f"subgradient. {gaps} are faults that no drawn input shows. {unexplained} are unexplained.",
        "",
        "## Survivors",
        "",
        "| op | mutation | the rule as it reads then | why it survives |",
        "|---|---|---|---|",
    ]
    for fate, reason in alive:
        lines.append(f"| {fate.op} | {fate.what} | `{_around_the_fault(fate)}` | {reason} |")
    lines += ["", "## By op", "", "| op | killed / total | by |", "|---|---:|---|"]
    for op, own in by_op.items():
        killers = Counter(fate.killer for fate in own if fate.killer)
        by = ", ".join(f"{killer} {n}" for killer, n in killers.most_common())
        lines.append(f"| {op} | {sum(killers.values())} / {len(own)} | {by} |")
    return "\n".join(lines) + "\n"


def _around_the_fault(fate: Fate) -> str:
    """The line that the mutation changed, ready for a table."""
    (rule,) = {id(r): r for r in mg.ops[fate.op].rules.values() if r and ", ".join(r.names) == fate.names}.values()
    right = as_written(rule).splitlines()
    changed = [line.strip() for line in fate.text.splitlines() if line not in right] or fate.text.splitlines()
    return " ".join(changed).replace("|", "\\|")


def main() -> int:
    """Run, print the figures; the exit status is 0 where every survivor has a reason."""
    parser = argparse.ArgumentParser(description="Mutate every rule; see which mutants the checker finds.")
    parser.add_argument("--ops", nargs="*", default=sorted(name for name, op in mg.ops.items() if op.built_in))
    parser.add_argument("--examples", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--write", type=Path, help="write the report to this file")
    options = parser.parse_args()
    found: list[Fate] = []
    failed: list[str] = []
    with ProcessPoolExecutor(options.workers, multiprocessing.get_context("spawn")) as pool:
        futures = [pool.submit(quiet_fates, name, options.examples, options.seed) for name in options.ops]
        for i, future in enumerate(futures, start=1):
            try:
                found += future.result()
            except Exception as error:  # a fault of the checker's, not of the mutant's: it must not hide the rest
                failed.append(f"{options.ops[i - 1]}: {type(error).__name__}: {error}")
            print(f"\r{i} of {len(futures)} ops, {len(found):,} mutants", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    text = report(found) + "".join(f"\nThe checker failed on {line}\n" for line in failed)
    if options.write:
        options.write.write_text(text)
    print(text)
    return int(UNEXPLAINED in text or bool(failed))


def quiet_fates(name: str, examples: int, seed: int) -> list[Fate]:
    """`fates` without the warnings that wrong rules provoke."""
    warnings.simplefilter("ignore")
    return fates(name, examples, seed)


if __name__ == "__main__":
    raise SystemExit(main())

"""The same shelf of specimens through other gradient checkers: what each catches, raises falsely, and costs.

    python proofs/peers.py [--write docs/checkers.md]

Needs torch, jax and autograd (HIPS). Each op's forward and rule are handed to each framework as a function with a
custom gradient, so that all of them judge the same numbers. Defaults everywhere, float64.
"""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
from minigrad.check.given import Given
from minigrad.check.traced import Traced

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
Specimen = Any  # of tests/check/specimens.py


class Box:
    """A specimen as every framework can take it: arrays in, one vector out, a gradient for a gradient; and a count."""

    def __init__(self, specimen: Specimen) -> None:
        options = dict(specimen.options)
        analytic = options.get("analytic")
        self.subject: Any = (
            Traced(specimen.f, specimen.inputs) if analytic is None else Given(specimen.f, specimen.inputs, analytic)
        )
        self.points = [np.ascontiguousarray(p) for p in self.subject.points]
        self.forwards = 0

    def forward(self, *xs: Any) -> Any:
        """The outputs."""
        self.forwards += 1
        return self.subject.evaluate([np.array(x) for x in xs])

    def backward(self, g: Any, *xs: Any) -> tuple[Any, ...]:
        """The claimed gradients; an exception where the rule raises or gives a wrong shape."""
        claims = self.subject.pull([np.array(x) for x in xs], np.array(g))
        for claim, x in zip(claims, xs):
            if not isinstance(claim, np.ndarray) or claim.shape != np.shape(x):
                raise ValueError(f"the rule failed: {claim}")
        return tuple(claims)


Judge = Callable[[Specimen], tuple[bool, int]]  # did it pass, and how many forward passes did it take


def minigrad(specimen: Specimen) -> tuple[bool, int]:
    """This checker."""
    report = mg.gradcheck(specimen.f, *specimen.inputs, **specimen.options)
    return bool(report), report.evaluations


def textbook(specimen: Specimen) -> tuple[bool, int]:
    """Two-sided differences with a step of 1e-7, g all ones, one ratio for everything, at most 1e-5."""
    box = Box(specimen)
    size = len(box.forward(*box.points))
    claims = box.backward(np.ones(size), *box.points)
    numeric = []
    for k, x in enumerate(box.points):
        for index in np.ndindex(x.shape):
            moved = [p.copy() for p in box.points], [p.copy() for p in box.points]
            moved[0][k][index] += 1e-7
            moved[1][k][index] -= 1e-7
            numeric.append(np.sum(box.forward(*moved[0]) - box.forward(*moved[1])) / 2e-7)
    a, v = np.concatenate([c.ravel() for c in claims]), np.array(numeric)
    ratio = np.linalg.norm(a - v) / (np.linalg.norm(a) + np.linalg.norm(v) or 1)
    return bool(ratio <= 1e-5), box.forwards


def pytorch(specimen: Specimen, fast: bool = False) -> tuple[bool, int]:
    """torch.autograd.gradcheck."""
    import torch

    box = Box(specimen)

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *xs: Any) -> Any:
            ctx.save_for_backward(*xs)
            return torch.from_numpy(np.array(box.forward(*[x.detach().numpy() for x in xs])))

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            claims = box.backward(g.numpy(), *[x.detach().numpy() for x in ctx.saved_tensors])
            return tuple(torch.from_numpy(np.ascontiguousarray(c)) for c in claims)

    inputs = [torch.from_numpy(p.copy()).requires_grad_() for p in box.points]
    passed = torch.autograd.gradcheck(Function.apply, inputs, fast_mode=fast, raise_exception=True)
    return bool(passed), box.forwards


def jax(specimen: Specimen) -> tuple[bool, int]:
    """jax.test_util.check_grads, reverse mode."""
    import jax
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)
    box = Box(specimen)
    out = box.forward(*box.points)
    box.forwards = 0

    @jax.custom_vjp
    def f(*xs: Any) -> Any:
        return jax.pure_callback(box.forward, jax.ShapeDtypeStruct(out.shape, out.dtype), *xs)

    def pulled(xs: Any, g: Any) -> Any:
        shapes = tuple(jax.ShapeDtypeStruct(x.shape, x.dtype) for x in xs)
        return jax.pure_callback(box.backward, shapes, g, *xs)

    f.defvjp(lambda *xs: (f(*xs), xs), pulled)
    check_grads(f, tuple(box.points), order=1, modes=["rev"])
    return True, box.forwards


def hips(specimen: Specimen) -> tuple[bool, int]:
    """autograd.test_util.check_grads, reverse mode."""
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    box = Box(specimen)
    f = primitive(box.forward)
    defvjp(f, *[lambda out, *xs, k=k: lambda g: box.backward(g, *xs)[k] for k in range(len(box.points))])
    np.random.seed(0)
    every = tuple(range(len(box.points))) if len(box.points) > 1 else 0  # its own default looks at the first alone
    check_grads(f, every, modes=["rev"], order=1)(*[p.copy() for p in box.points])
    return True, box.forwards


JUDGES: dict[str, Judge] = {
    "minigrad": minigrad,
    "the textbook's ratio": textbook,
    "PyTorch gradcheck": pytorch,
    "PyTorch gradcheck, fast mode": lambda specimen: pytorch(specimen, fast=True),
    "JAX check_grads": jax,
    "HIPS autograd check_grads": hips,
}


class Score(NamedTuple):
    """One checker over the shelf."""

    wrong: int  # how many wrong specimens there are, and how many right ones
    right: int
    missed: list[str]
    alarmed: list[str]
    forwards: int  # on the right ones, where none ends early


def score(judge: Judge) -> Score:
    """Let one checker judge every specimen. An exception is a complaint, whatever it says."""
    from check.right_specimens import RIGHT  # found through sys.path
    from check.specimens import WRONG

    missed, alarmed, forwards = [], [], 0
    right = {specimen.name for specimen in RIGHT}
    with np.errstate(all="ignore"):
        for specimen in [*WRONG, *RIGHT]:
            try:
                passed, count = judge(specimen)
            except Exception:
                passed, count = False, 0
            forwards += count if specimen.name in right else 0
            if specimen.name not in right and passed:
                missed.append(specimen.name)
            if specimen.name in right and not passed:
                alarmed.append(specimen.name)
    return Score(len(WRONG), len(RIGHT), missed, alarmed, forwards)


# -- the page -------------------------------------------------------------------------------------------------------------

FIRST_SMOOTH = "log near 0"  # of the right specimens; those before it are kinks, ties and jumps

PAGE = """# Gradient checkers side by side

What does a gradient checker find, and how often does it call a right gradient wrong? Here six of them judge the same
shelf: {wrong} functions with a wrong gradient ([`specimens.py`](../tests/check/specimens.py)) and {right} with a right one
([`right_specimens.py`](../tests/check/right_specimens.py)). Each is handed to each checker as a function with a gradient of
its own, by that framework's means for it, with the same inputs, in double precision, and with the checker's defaults.

    python proofs/peers.py --write docs/checkers.md

makes this page. It was made with {versions}.

| checker | caught | false alarms: kinks, ties, jumps | false alarms: elsewhere | forward passes |
|---|---:|---:|---:|---:|
{rows}

- *Caught*: the checker complains about a wrong gradient. An exception counts, whatever it says.
- *False alarms*: it complains about a right one. Of these {kinks} are at kinks, ties and jumps, where the gradient is a valid
  subgradient (relu at 0, the maximum of equal numbers), and {smooth} are differentiable where they are checked: steep, flat,
  wiggly, badly scaled, near the edge of a domain, where terms cancel, or of forms that are easily forgotten.
- *Forward passes*: for the right specimens together. Where a check ended in an exception its passes are not counted.

## How to read it

- The shelf was put together along with minigrad's checker, and what was on it and not found was a reason to improve the
  checker. That minigrad catches all says that nothing on the shelf has got worse since. Nobody tuned the others to it.
- The shelf is made of hard cases. It does not say how often a checker errs in ordinary use.
- The others do not claim to judge kinks and ties. Who writes a relu or a max meets them all the same.
- "Symmetric only" is a matter of convention: the eigenvalues of a symmetric matrix, whose gradient minigrad compares with
  symmetric steps. The others move one element alone.
- PyTorch's checker can be given other steps and tolerances, and JAX's and autograd's too. A user who knows where the
  defaults fail can do better than the table.
- Fast mode, JAX and autograd look along one random direction. That is cheap, and what they miss depends on the draw.
- *The textbook's ratio* is a two-sided difference with a step of 1e-7, an upstream gradient of all ones, and one ratio for
  all inputs together, which must be at most 1e-5.
- Each complaint counts the same here, whatever it says. minigrad also names a cause; for {wrong} of {wrong} it is the right
  one (`tests/check/test_specimens.py` asks for it); the others print numbers.

## Wrong gradients that passed

{missed}

## Right gradients that were called wrong

{alarmed}
"""


def table(head: str, of: Callable[[Score], list[str]], scores: dict[str, Score]) -> str:
    """Which specimens which checkers got wrong, as Markdown."""
    every = [name for found in scores.values() for name in of(found)]
    order = sorted(dict.fromkeys(every), key=_place)
    lines = ["| " + " | ".join([head, *scores]) + " |", "|---|" + ":---:|" * len(scores)]
    lines += [
        f"| {name} | " + " | ".join("x" if name in of(s) else "" for s in scores.values()) + " |" for name in order
    ]
    return "\n".join(lines)


def _shelf() -> tuple[list[str], list[str]]:
    from check.right_specimens import RIGHT
    from check.specimens import WRONG

    return [one.name for one in WRONG], [one.name for one in RIGHT]


def _place(name: str) -> int:
    wrong, right = _shelf()
    return [*wrong, *right].index(name)


def page(scores: dict[str, Score]) -> str:
    """The figures as Markdown."""
    wrong, right = _shelf()
    kinks = set(right[: right.index(FIRST_SMOOTH)])
    rows = []
    for name, found in scores.items():
        at_kinks = len(kinks & set(found.alarmed))
        rows.append(
            f"| {name} | {len(wrong) - len(found.missed)} of {len(wrong)} | {at_kinks} of {len(kinks)} "
            f"| {len(found.alarmed) - at_kinks} of {len(right) - len(kinks)} | {found.forwards:,} |"
        )
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "torch", "jax", "autograd"))
    return PAGE.format(
        wrong=len(wrong),
        right=len(right),
        kinks=len(kinks),
        smooth=len(right) - len(kinks),
        versions=versions,
        rows="\n".join(rows),
        missed=table("wrong specimen", lambda found: found.missed, scores),
        alarmed=table("right specimen", lambda found: found.alarmed, scores),
    )


def main() -> int:
    """Print the page; the exit status is 0 where minigrad catches all and alarms falsely for none."""
    parser = argparse.ArgumentParser(description="The shelf of specimens through six gradient checkers.")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable()
    scores = {name: score(judge) for name, judge in JUDGES.items()}
    text = page(scores)
    if options.write:
        options.write.write_text(text)
    print(text)
    return int(bool(scores["minigrad"].missed or scores["minigrad"].alarmed))


if __name__ == "__main__":
    raise SystemExit(main())

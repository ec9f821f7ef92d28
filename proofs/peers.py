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


def main() -> int:
    """Print the table; the exit status is 0 where minigrad catches all and alarms falsely for none."""
    parser = argparse.ArgumentParser(description="The shelf of specimens through six gradient checkers.")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable()
    scores = {name: score(judge) for name, judge in JUDGES.items()}
    lines = [
        "# Gradient checkers side by side",
        "",
        f"The {scores['minigrad'].wrong} wrong and {scores['minigrad'].right} right specimens of `tests/check`, each with "
        "the defaults of the checker. "
        "Made by `python proofs/peers.py`.",
        "",
        "| checker | caught | false alarms | forward passes for the right ones |",
        "|---|---:|---:|---:|",
    ]
    for name, found in scores.items():
        caught = found.wrong - len(found.missed)
        lines.append(
            f"| {name} | {caught} of {found.wrong} | {len(found.alarmed)} of {found.right} | {found.forwards:,} |"
        )
    lines += [
        "",
        "Forward passes of a check that ended in an exception are not counted. The others do not claim to judge kinks and "
        "ties; who writes a relu or a max meets them all the same.",
        "",
    ]
    for name, found in scores.items():
        if found.missed or found.alarmed:
            lines.append(
                f"- **{name}** missed: {'; '.join(found.missed) or 'none'}. Alarmed at: {'; '.join(found.alarmed) or 'none'}."
            )
    text = "\n".join(lines) + "\n"
    if options.write:
        options.write.write_text(text)
    print(text)
    return int(bool(scores["minigrad"].missed or scores["minigrad"].alarmed))


if __name__ == "__main__":
    raise SystemExit(main())

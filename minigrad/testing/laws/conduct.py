"""Laws of conduct: what a rule gives back, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...containers import flatten
from ...tensor import Tensor
from ..call import Call
from .failure import Failure, difference, unit_of_rounding
from .pull import Pull, cotangent

Op = Callable[..., Any]
Rng = np.random.Generator


def well_formed(op: Op, call: Call, rng: Rng) -> Failure | None:
    """Each gradient has the shape and the dtype of its input, and no nan."""
    pull = Pull(op, call)
    for x, value, gradient in zip(pull.inputs, pull.xs, pull.back(pull.cotangents(rng))):
        if gradient.shape != value.shape or gradient.dtype != value.dtype:
            return Failure(
                "well formed",
                f"the gradient of {x.name!r} is {gradient.shape} {gradient.dtype}; the input is {value.shape} {value.dtype}",
                {},
            )
        if np.isnan(gradient).any():
            return Failure(
                "well formed", f"the gradient of {x.name!r} has a nan", {x.name: value, "gradient": gradient}
            )
    return None


def nothing_written(op: Op, call: Call, rng: Rng) -> Failure | None:
    """Neither the forward nor the backward writes to the inputs, to g or to the outputs."""
    call = call.map(np.array)
    before = call.map(np.array)
    pull = Pull(op, call)
    g = pull.cotangents(rng)
    kept_g, kept_out = [c.copy() for c in g], [out.copy() for out in pull.outputs]
    pull.back(g)
    for what, now, then in (
        ("the inputs", call.arrays(), before.arrays()),
        ("g", g, kept_g),
        ("the outputs", pull.outputs, kept_out),
    ):
        found = difference("now", now, then, 0, 0)
        if found:
            return Failure("nothing written", f"{what} changed: the op or a rule writes to what it was given", found)
    return None


def no_aliasing(op: Op, call: Call, rng: Rng) -> Failure | None:
    """`.grad` shares memory with nothing: not g, another gradient, an input, an output, or what was saved."""
    pull = Pull(op, call.map(np.array))
    tensors = [Tensor(x, requires_grad=True) for x in pull.xs]
    for t, x in zip(tensors, pull.xs):
        t.data = x
    outputs = [out for out in pull.forward(*tensors) if isinstance(out, Tensor) and out.requires_grad]
    for out in outputs:
        g = cotangent(out.data, rng)
        saved = [a for a in flatten(out.node.values if out.node else [])[0] if isinstance(a, np.ndarray)]
        for t in tensors:
            t.grad = None
        out.backward(g, retain_graph=True)
        others = [("g", g), *[("an input", a) for a in pull.call.arrays()], ("an output", out.data)]
        others += [("what the op saved", a) for a in saved]
        grads = [(x.name, t.grad) for x, t in zip(pull.inputs, tensors) if t.grad is not None]
        for i, (name, gradient) in enumerate(grads):
            for what, other in [*others, *[(f"the gradient of {n!r}", a) for n, a in grads[:i]]]:
                if isinstance(other, np.ndarray) and np.may_share_memory(gradient, other):
                    return Failure("no aliasing", f"the gradient of {name!r} shares memory with {what}", {})
    return None


def linear_in_g(op: Op, call: Call, rng: Rng) -> Failure | None:
    """Twice one g minus half another gives twice the one gradient minus half the other."""
    pull = Pull(op, call)
    one, other = pull.cotangents(rng), pull.cotangents(rng)
    left = pull.back([np.asarray(2 * a - 0.5 * b).astype(a.dtype) for a, b in zip(one, other)])
    parts = list(zip(pull.back(one), pull.back(other)))
    loose = 1e-3 if unit_of_rounding(pull.outputs + pull.xs) > 1e-10 else 1e-7  # who is not linear is far from it
    for x, a, (b, c) in zip(pull.inputs, left, parts):
        with np.errstate(all="ignore"):
            expected = 2 * b - 0.5 * c
        if not np.isfinite(expected).all():
            continue
        size = max(float(np.max(np.abs(part), initial=0)) for part in (b, c))
        floor = 1e-6 * loose * max(float(np.max(np.abs(part), initial=0)) for part in one)
        if (np.abs(a - expected) > loose * size + floor).any():
            return Failure(
                "linear in g", f"the gradient of {x.name!r} is not linear in g", {"got": a, "expected": expected}
            )
    return None


def zero_g(op: Op, call: Call, rng: Rng) -> Failure | None:
    """A g of zeros gives zeros."""
    pull = Pull(op, call)
    for x, gradient in zip(pull.inputs, pull.back([np.zeros_like(g) for g in pull.cotangents(rng)])):
        if not (gradient == 0).all():
            return Failure("zero g", f"a g of zeros gives {x.name!r} a gradient that is not 0", {"gradient": gradient})
    return None

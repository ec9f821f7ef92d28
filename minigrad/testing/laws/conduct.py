"""Laws of conduct: what a rule may not do, whatever derivative it computes."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ...containers import flatten
from ...graph import Array
from ...tensor import Tensor
from ..arrays import LAYOUTS, laid_out
from ..call import Call
from .failure import Failure, difference
from .pull import Pull, cotangent

Op = Callable[..., Any]
Rng = np.random.Generator


def same_twice(op: Op, call: Call, rng: Rng) -> Failure | None:
    """Two calls on the same arrays give the same values and the same gradients, bit for bit."""
    first, second = Pull(op, call), Pull(op, call)
    g = first.cotangents(rng)
    found = difference("again", second.outputs, first.outputs, 0, 0)
    if found:
        return Failure("same twice", "the forward gave two results for the same arrays", found)
    found = difference("again", second.back(g), first.back(g), 0, 0)
    return Failure("same twice", "the backward gave two results for the same arrays", found) if found else None


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
    loose = 1e-3 if _eps(pull.outputs + pull.xs) > 1e-10 else 1e-7  # who is not linear is far from it
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


def backward_twice(op: Op, call: Call, rng: Rng) -> Failure | None:
    """A second backward pass through the same graph gives the same; a rule that writes to what was saved does not."""
    pull = Pull(op, call)
    g = pull.cotangents(rng)
    found = difference("second pass", [*map(np.array, pull.back(g))], [*map(np.array, pull.back(g))], 0, 0)
    return Failure("backward twice", "a second backward pass through the graph differs", found) if found else None


def other_data_between(op: Op, call: Call, rng: Rng) -> Failure | None:
    """A call on other data between forward and backward changes nothing: nothing is remembered outside the graph."""
    pull = Pull(op, call)
    g = pull.cotangents(rng)
    expected = Pull(op, call).back(g)
    with contextlib.suppress(Exception):  # other data may be outside the domain; it was a call all the same
        other = Pull(op, call.replaced({x.position: 0.75 * value for x, value in zip(pull.inputs, pull.xs)}))
        other.back(other.cotangents(rng))
    found = difference("gradient", pull.back(g), expected, 0, 0)
    if found:
        return Failure("other data between", "a forward on other data before the backward changed the result", found)
    return None


def same_tensor_twice(op: Op, call: Call, rng: Rng) -> Failure | None:
    """The same Tensor in two slots gets the sum of the two gradients."""
    pull = Pull(op, call)
    for i, x in enumerate(pull.xs):
        for j in range(i):
            if pull.xs[j].shape != x.shape or pull.xs[j].dtype != x.dtype:
                continue
            slots = (pull.inputs[j].position, pull.inputs[i].position)
            apart = Pull(op, call.replaced({slot: x.copy() for slot in slots}))
            g = apart.cotangents(rng)
            gradients = apart.back(g)
            with np.errstate(all="ignore"):
                expected = gradients[j] + gradients[i]
            if not all(np.isfinite(out).all() for out in apart.outputs) or not np.isfinite(expected).all():
                return None
            t = Tensor(x, requires_grad=True)
            outputs = flatten(call.replaced(dict.fromkeys(slots, t)).of(op))[0]
            for out, c in zip(outputs, g):
                if isinstance(out, Tensor) and out.requires_grad:
                    out.backward(c, retain_graph=True)
            found = difference("gradient", t.grad if t.grad is not None else np.zeros_like(x), expected, 1e-5, 1e-5)
            if found:
                names = f"{pull.inputs[j].name!r} and {pull.inputs[i].name!r}"
                return Failure(
                    "same tensor twice", f"one Tensor for {names} does not get the sum of the gradients", found
                )
    return None


def layouts(op: Op, call: Call, rng: Rng) -> Failure | None:
    """Fortran order, strides, reversed and zero strides give what the same values in C order give."""
    for layout in LAYOUTS[1:]:
        given = call.map(functools.partial(_floats_laid_out, layout=layout))
        in_order = given.map(functools.partial(np.array, order="C"))
        try:
            plain = Pull(op, in_order)
            g = plain.cotangents(rng)
            expected = plain.back(g)
        except Exception:
            continue  # zero strides repeat values: a matrix becomes singular
        other = Pull(op, given)
        found = _apart("value", other.outputs, plain.outputs, plain, g)
        found = found or _apart("gradient", other.back(g), expected, plain, g)
        if found:
            return Failure("layouts", f"arrays in the layout {layout!r} give another result than in C order", found)
    return None


def layouts_of_g(op: Op, call: Call, rng: Rng) -> Failure | None:
    """A g that is not contiguous in memory gives what the same numbers in C order give."""
    pull = Pull(op, call)
    g = pull.cotangents(rng)
    for layout in LAYOUTS[1:]:
        given = [laid_out(c, layout) for c in g]
        expected = pull.back([np.array(c, order="C") for c in given])
        found = _apart("gradient", pull.back(given), expected, pull, g)
        if found:
            return Failure("layouts of g", f"a g in the layout {layout!r} gives another result than in C order", found)
    return None


def _floats_laid_out(x: Array, layout: str) -> Array:
    return laid_out(x, layout) if x.dtype.kind in "fc" else x


def _apart(name: str, got: list[Array], expected: list[Array], pull: Pull, g: list[Array]) -> dict[str, Any] | None:
    """Evidence that results differ by more than another order of summation explains."""
    eps = _eps(pull.outputs + pull.xs)
    floor = 1e4 * eps * max((float(np.max(np.abs(c), initial=0)) for c in g), default=0.0)
    for a, b in zip(got, expected):
        found = difference(name, a, b, 1e5 * eps, 1e4 * eps)
        if found and not (a.shape == b.shape and a.dtype.kind in "fc" and (np.abs(a - b) <= floor).all()):
            return found
    return None


def _eps(arrays: list[Array]) -> float:
    return max((float(np.finfo(a.dtype).eps) for a in arrays if a.dtype.kind in "fc"), default=0.0)

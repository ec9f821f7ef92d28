"""Laws of sameness: again, later, in another layout, in another precision, the results are the same."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ...containers import flatten
from ...graph import Array
from ...tensor import Tensor
from ..call import Call
from ..values import LAYOUTS, laid_out
from .failure import Failure, close, difference, unit_of_rounding
from .pull import Pull, cast, usable

Op = Callable[..., Any]
Rng = np.random.Generator


def same_twice(op: Op, call: Call, rng: Rng) -> Failure | None:
    """Two calls on the same arrays give the same values and the same gradients, bit for bit."""
    first = Pull(op, call)
    g = first.cotangents(rng)
    gradients = first.back([c.copy() for c in g])
    second = Pull(op, call)
    found = difference("again", second.outputs, first.outputs, 0, 0)
    if found:
        return Failure("same twice", "the forward gave two results for the same arrays", found)
    found = difference("again", second.back(g), gradients, 0, 0)
    return Failure("same twice", "the backward gave two results for the same arrays", found) if found else None


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


def single_precision(op: Op, call: Call, rng: Rng) -> Failure | None:
    """float32 goes in and comes back, and the numbers agree with those of float64."""
    single = cast(call, np.float32)
    double = cast(single, np.float64)
    if not usable(op, single) or not usable(op, double):
        return None
    narrow, wide = Pull(op, single), Pull(op, double)
    g = narrow.cotangents(rng)
    got = narrow.back(g)
    expected = wide.back([c.astype(out.dtype) if out.dtype.kind in "fc" else c for c, out in zip(g, wide.outputs)])
    for x, a, b in zip(narrow.inputs, got, expected):
        if not np.isfinite(a).all() or not np.isfinite(b).all():
            continue  # an overflow of single precision; a nan in double precision breaks another law
        largest = max(float(np.max(np.abs(c), initial=0)) for c in [b, *g])
        if not (close(a, b, 2e-3, 1e-4) | (np.abs(a - b) <= 1e-5 * largest)).all():
            return Failure(
                "single precision",
                f"the float32 gradient of {x.name!r} is far from the float64 one",
                {"float32": a, "float64": b, "g": g},
            )
    return None


def _floats_laid_out(x: Array, layout: str) -> Array:
    return laid_out(x, layout) if x.dtype.kind in "fc" else x


def _apart(name: str, got: list[Array], expected: list[Array], pull: Pull, g: list[Array]) -> dict[str, Any] | None:
    """Evidence that results differ by more than another order of summation explains."""
    eps = unit_of_rounding(pull.outputs + pull.xs)
    floor = 1e4 * eps * max((float(np.max(np.abs(c), initial=0)) for c in g), default=0.0)
    for a, b in zip(got, expected):
        found = difference(name, a, b, 1e5 * eps, 1e4 * eps)
        if found and not (a.shape == b.shape and a.dtype.kind in "fc" and (np.abs(a - b) <= floor).all()):
            return found
    return None

"""Laws of the derivative: first order, second order, in single precision, and none where the op is constant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...check.compare import Numerics, allowed_for, place
from ...check.kinks import bracket, ties, total
from ...check.ladder import Loss, Slope, noise_near
from ...check.points import Vector, along_direction, along_element, output_vector, unit_of_rounding
from ...graph import Array
from ...transforms import vjp
from ..call import Call
from .failure import Failure, close, difference
from .pull import MISSING, Pull, cast, cotangent, float_inputs, usable

ELEMENTS = 200  # up to here every element is checked by itself, beyond it random directions

Op = Callable[..., Any]
Rng = np.random.Generator


def every_float_input_has_a_rule(op: Op, call: Call, rng: Rng) -> Failure | None:
    """An array of floats that no rule is declared for would stop the user's backward pass."""
    for x in float_inputs(op, call):
        if x.rule is MISSING:
            name = x.name.partition("[")[0]
            return Failure(
                "every float input has a rule",
                f"{name!r} was given an array and has no rule; declare .vjp({name!r}), "
                f"or flat=({name!r},) where the op is constant in it",
                {},
            )
    return None


def first_order(op: Op, call: Call, rng: Rng) -> Failure | None:
    """The gradient is the numerical derivative within the bound on its error, element by element.

    At a kink anything between the one-sided derivatives will do, along each element and along directions that move
    tied values together (which tells shares that add up to 1 from others).
    """
    pull = Pull(op, cast(call, np.float64))
    if not pull.xs or not pull.outputs or _surrogate(pull):
        return None
    g = pull.cotangents(rng)
    gradients = pull.back(g)
    numerics = _numerics(lambda xs: output_vector([pull.forward(*xs)]), pull.xs, g, unit_of_rounding(pull.outputs))
    for line in _lines(numerics, rng):
        claimed = line.claim(gradients)
        measured = _wrong(numerics, line, claimed)
        if measured:
            where = line.where if line.k is None else f"{pull.inputs[line.k].name!r}{line.where}"
            return Failure(
                "first order",
                f"the gradient of {where} is not the derivative",
                {"analytic": claimed, "numeric": _text(measured), **_evidence(pull, g)}
                | ({} if line.k is None else {"gradient": gradients[line.k]}),
            )
    return None


def second_order(op: Op, call: Call, rng: Rng) -> Failure | None:
    """The derivative of <gradient, v>, with respect to the inputs and to g, is its numerical derivative.

    So the rules hold for Tensors too, which is what every higher order takes. Along two random directions.
    """
    pull = Pull(op, cast(call, np.float64))
    if not pull.xs or not pull.outputs or _surrogate(pull):
        return None
    g = pull.cotangents(rng)
    live = [k for k, out in enumerate(pull.outputs) if out.dtype.kind in "fc"]
    v = [cotangent(x, rng) for x in pull.xs]

    def gradients(*xs_and_g: Any) -> list[Any]:
        row: list[Any] = list(g)
        for k, value in zip(live, xs_and_g[len(v) :]):
            row[k] = value
        return list(vjp(pull.forward, *xs_and_g[: len(v)])[1](row))

    at = [*pull.xs, *[g[k] for k in live]]
    second = list(vjp(gradients, *at)[1](v))
    numerics = _numerics(lambda points: output_vector(gradients(*points)), at, v, unit_of_rounding(second))
    for _ in range(2):
        line = _random_line(numerics, rng)
        claimed = line.claim(second)
        measured = _wrong(numerics, line, claimed)
        if measured:
            return Failure(
                "second order",
                "the derivative of the gradient is not the numerical one; a rule hides a part of itself from Tensors",
                {"analytic": claimed, "numeric": _text(measured), **_evidence(pull, g)},
            )
    return None


def constant_inputs(op: Op, call: Call, rng: Rng) -> Failure | None:
    """A little to either side of an input that is declared piecewise constant, the op does not change."""
    call = cast(call, np.float64)
    if Pull(op, call).plain_function:
        return None
    for x in float_inputs(op, call):
        if x.rule is not None:
            continue
        value = call.leaves()[x.position]
        step = 2.0**-30 * np.fmax(np.abs(value), 2.0**-30) * rng.choice([-1, 1], value.shape)
        for side in (1, -1):
            far, near = (_moved(op, call, x.position, value + side * t * step) for t in (1, 0.5))
            if far is None or near is None or [a.shape for a in far] != [b.shape for b in near]:
                continue
            if difference("", far, near, 0, 0):
                return Failure(
                    "constant inputs",
                    f"{x.name!r} is declared piecewise constant, but the op changes with it",
                    {x.name: value, "from": near, "to": far},
                )
    return None


def _moved(op: Op, call: Call, position: int, value: Array) -> list[Array] | None:
    """The outputs for another value of one input; None where the op refuses it (bins that must increase)."""
    try:
        return Pull(op, call.replaced({position: value})).outputs
    except (ArithmeticError, ValueError):
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
                {"float32": a, "float64": b, **_evidence(narrow, g)},
            )
    return None


# -- along lines ---------------------------------------------------------------------------------------------------------


class _Line(NamedTuple):
    """A line through the point, which input it belongs to (None: to all), and what it is called."""

    at: Callable[[float], Vector]
    origin: float  # the size of the numbers on it, for the length of the steps
    directions: list[Array]
    k: int | None
    where: str

    def claim(self, gradients: Sequence[Array]) -> float:
        return total(gradients, self.directions)


def _numerics(
    evaluate: Callable[[Sequence[Array]], Vector], points: Sequence[Array], g: Sequence[Array], eps: float
) -> Numerics:
    noise, _ = noise_near(evaluate, points, eps)
    return Numerics(evaluate, points, Loss(output_vector([g]), eps, noise))


def _lines(numerics: Numerics, rng: Rng) -> list[_Line]:
    """Every element, or random directions where there are many; and tied values together."""
    points = numerics.points
    lines: list[_Line] = []
    if sum(p.size for p in points) <= ELEMENTS:
        for k, p in enumerate(points):
            for flat in range(p.size):
                index = place(flat, p.shape)
                for unit in (1, 1j) if p.dtype.kind == "c" else (1,):
                    directions = [np.zeros_like(q) for q in points]
                    directions[k][index] = unit
                    at = along_element(numerics.at, points, k, index, unit)
                    where = f" at {list(index)}" if index else ""
                    lines.append(_Line(at, float(abs(p[index])), directions, k, where))
    else:
        lines += [_random_line(numerics, rng) for _ in range(3)]
    for value, directions in ties(points):
        at = along_direction(numerics.at, points, directions)
        lines.append(_Line(at, abs(value), directions, None, f"all elements equal to {value:g}, moved together,"))
    return lines


def _random_line(numerics: Numerics, rng: Rng) -> _Line:
    directions = []
    for p in numerics.points:
        signs = rng.choice([-1.0, 1.0], p.shape)
        directions.append(np.asarray(signs * rng.choice([1, 1j], p.shape) if p.dtype.kind == "c" else signs))
    sizes = np.concatenate([np.abs(p).ravel() for p in numerics.points])
    small = sizes[(sizes > 0) & (sizes < 0.25)]
    origin = float(small.min()) if small.size else float(sizes.max(initial=1))
    return _Line(along_direction(numerics.at, numerics.points, directions), origin, directions, None, "all inputs")


def _wrong(numerics: Numerics, line: _Line, claimed: float) -> Slope | None:
    """The numerical derivative along the line, if what is claimed is neither that nor a subgradient."""
    for thorough in (False, True):
        slope = numerics.along(line.at, line.origin, thorough)
        if not slope.known:
            return None
        if abs(claimed - slope.value) <= allowed_for(claimed, slope.value, slope.error):
            return None
    sides = bracket(numerics, line.at, line.origin)
    if sides.left.jumps or sides.right.jumps:
        return None  # at a jump there is no derivative of any kind
    if sides.is_kink and sides.accepts(claimed) in (True, None):
        return None
    return None if sides.is_kink and _between(numerics, line, claimed) else slope


def _between(numerics: Numerics, line: _Line, claimed: float) -> bool:
    """Whether the claim is a sum of slopes, one for each output, that lie between what this output allows.

    An element that several outputs tie on may be shared differently in each of them.
    """
    low = high = slack = 0.0
    loss = numerics.loss
    for k in np.flatnonzero(loss.g):
        one = Numerics(numerics.at, numerics.points, loss._replace(g=np.where(np.arange(len(loss.g)) == k, loss.g, 0)))
        left, right = bracket(one, line.at, line.origin)
        low, high = low + min(left.value, right.value), high + max(left.value, right.value)
        slack += allowed_for(left.value, right.value, left.error + right.error)
    return bool(np.isnan(low + high) or low - slack <= claimed <= high + slack)


def _text(slope: Slope) -> str:
    return f"{slope.value!r} +- {slope.error:.0e}"


def _evidence(pull: Pull, g: Sequence[Array]) -> dict[str, Any]:
    values: dict[str, Any] = {x.name: value for x, value in zip(pull.inputs, pull.xs)}
    return values | {"g": g[0] if len(g) == 1 else list(g)}


def _surrogate(pull: Pull) -> bool:
    """Whether a rule is declared not to be the derivative, on purpose."""
    return any(x.rule is not None and x.rule.surrogate for x in pull.inputs)

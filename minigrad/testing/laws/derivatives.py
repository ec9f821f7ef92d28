"""Laws of the derivative: first order, second order, in single precision."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ...graph import Array
from ...transforms import vjp
from ..call import Call
from .differences import Line, accepted, contracted
from .failure import Failure, close
from .pull import Pull, cast, cotangent, float_inputs, usable

ELEMENTS = 200  # up to here every element is checked by itself, beyond it random directions

Direction = list[Array]


def every_float_input_has_a_rule(op: Callable[..., Any], call: Call, rng: np.random.Generator) -> Failure | None:
    """An array of floats that no rule is declared for would stop the user's backward pass."""
    from .pull import MISSING

    for x in float_inputs(op, call):
        if x.rule is MISSING:
            name = x.name.partition("[")[0]
            return Failure(
                "every float input has a rule",
                f"an array for {name!r} has no rule; declare .vjp({name!r}), or flat=({name!r},) where the op is constant in it",
                {},
            )
    return None


def first_order(op: Callable[..., Any], call: Call, rng: np.random.Generator) -> Failure | None:
    """The gradient is the numerical derivative, element by element, within the bound on its error.

    At a kink anything between the one-sided derivatives will do: along each element, along random directions, and
    along directions that move tied values together (which tells shares that add up to 1 from others).
    """
    pull = Pull(op, cast(call, np.float64))
    if not pull.xs or _surrogate(pull):
        return None
    g = pull.cotangents(rng)
    gradients = pull.back(g)
    for i, direction, scales, where in _directions(pull.xs, rng):
        claimed = contracted(gradients, direction)
        if np.isnan(claimed):
            return Failure("first order", f"the gradient is nan: {_place(pull, i, where)}", _values(pull, g, i, gradients))
        measured = accepted(claimed, _line(pull, direction), g, scales)
        if measured:
            return Failure(
                "first order",
                f"the gradient of {_place(pull, i, where)} is not the derivative",
                {
                    "analytic": claimed,
                    "numeric": f"{measured.value!r} +- {measured.error:.0e}",
                    **_values(pull, g, i, gradients),
                },
            )
    return None


def second_order(op: Callable[..., Any], call: Call, rng: np.random.Generator) -> Failure | None:
    """The derivative of <gradient, v> with respect to the inputs and to g is its numerical derivative.

    So the rules work on Tensors, to any order. Along two random directions.
    """
    pull = Pull(op, cast(call, np.float64))
    if not pull.xs or _surrogate(pull):
        return None
    g = pull.cotangents(rng)
    live = [k for k, out in enumerate(pull.outputs) if out.dtype.kind in "fc"]
    v = [cotangent(x, rng) for x in pull.xs]
    count = len(pull.xs)

    def gradients(*xs_and_g: Any) -> list[Any]:
        row = list(g)
        for k, value in zip(live, xs_and_g[count:]):
            row[k] = value
        return list(vjp(pull.forward, *xs_and_g[:count])[1](row))

    at = [*pull.xs, *[g[k] for k in live]]
    _, back = vjp(gradients, *at)
    second = list(back(v))
    for _ in range(2):
        direction = [_signs(x, rng) for x in at]
        claimed = contracted(second, direction)

        def line(t: float, direction: Direction = direction) -> list[Array]:
            with np.errstate(all="ignore"):
                return gradients(*[x + t * u for x, u in zip(at, direction)])

        measured = accepted(claimed, line, v, _scales(at))
        if np.isnan(claimed) or measured:
            numeric = f"{measured.value!r} +- {measured.error:.0e}" if measured else "finite"
            return Failure(
                "second order",
                "the derivative of the gradient is not the numerical one: a rule does not hold for Tensors, or hides a part of itself",
                {"analytic": claimed, "numeric": numeric, **dict(zip((x.name for x in pull.inputs), pull.xs))},
            )
    return None


def constant_inputs(op: Callable[..., Any], call: Call, rng: np.random.Generator) -> Failure | None:
    """In an input that is declared piecewise constant the numerical derivative is 0, but where it jumps."""
    call = cast(call, np.float64)
    if Pull(op, call).plain_function:
        return None
    for x in float_inputs(op, call):
        if x.rule is not None:
            continue
        value = call.leaves()[x.position]
        outputs = [np.asarray(out) for out in Pull(op, call).outputs]
        g = [cotangent(out, rng) for out in outputs]
        direction = _signs(value, rng)

        def line(t: float, x: Any = x, value: Array = value, direction: Array = direction) -> list[Array]:
            moved = call.replaced({x.position: value + t * direction})
            return [np.asarray(out, float if out.dtype.kind == "b" else None) for out in Pull(op, moved).outputs]

        measured = accepted(0.0, line, g, _scales([value]))
        if measured:
            return Failure(
                "constant inputs",
                f"{x.name!r} is declared piecewise constant, but the op changes with it",
                {"numeric": f"{measured.value!r} +- {measured.error:.0e}", x.name: value},
            )
    return None


def single_precision(op: Callable[..., Any], call: Call, rng: np.random.Generator) -> Failure | None:
    """float32 in, float32 out and back, and the numbers agree with those of float64."""
    single = cast(call, np.float32)
    double = cast(single, np.float64)
    if not usable(op, single) or not usable(op, double):
        return None
    narrow, wide = Pull(op, single), Pull(op, double)
    if not wide.xs:
        return None
    g = narrow.cotangents(rng)
    got = narrow.back(g)
    expected = wide.back([c.astype(out.dtype) if out.dtype.kind in "fc" else c for c, out in zip(g, wide.outputs)])
    for x, a, b in zip(narrow.inputs, got, expected):
        if not np.isfinite(a).all() or not np.isfinite(b).all():
            continue  # an overflow of single precision; nan in double precision is another law's
        largest = max([float(np.max(np.abs(c), initial=0)) for c in [b, *g]])
        if not (close(a, b, 2e-3, 1e-4) | (np.abs(a - b) <= 1e-5 * largest)).all():
            return Failure(
                "single precision",
                f"the float32 gradient of {x.name!r} is far from the float64 one",
                {"float32": a, "float64": b, **_values(narrow, g)},
            )
    return None


# -- directions -------------------------------------------------------------------------------------------------------


def _directions(
    xs: list[Array], rng: np.random.Generator
) -> Iterator[tuple[int | None, Direction, Sequence[float], tuple[int, ...] | str]]:
    """(input or None for all, direction, scales of the step, element or a name for the direction)."""
    zeros = [np.zeros_like(x) for x in xs]
    if sum(x.size for x in xs) <= ELEMENTS:
        for i, x in enumerate(xs):
            for index in np.ndindex(*x.shape):
                for unit in (1, 1j) if x.dtype.kind == "c" else (1,):
                    one = np.zeros_like(x)
                    one[index] = unit
                    yield i, [*zeros[:i], one, *zeros[i + 1 :]], _scales([x[index]]), index
    else:
        for _ in range(3):
            yield None, [_signs(x, rng) for x in xs], _scales(xs), "a random direction"
    values, counts = np.unique(np.concatenate([x.ravel() for x in xs]), return_counts=True)
    for value in values[counts > 1][:5]:
        direction = [(x == value).astype(x.dtype) for x in xs]
        yield None, direction, _scales([value]), f"all elements equal to {value} together"


def _scales(xs: Sequence[Any]) -> tuple[float, ...]:
    """How long steps should be: as long as the numbers, but at least 1; and their own size where that is small."""
    sizes = np.abs(np.concatenate([np.ravel(x) for x in xs]))
    largest = float(np.max(sizes, initial=1.0))
    small = sizes[(sizes > 0) & (sizes < 0.25)]
    return (largest, float(small.min())) if small.size else (largest,)


def _signs(x: Array, rng: np.random.Generator) -> Array:
    signs = rng.choice([-1.0, 1.0], x.shape)
    return np.asarray(signs + 1j * rng.choice([-1.0, 1.0], x.shape) if x.dtype.kind == "c" else signs)


def _line(pull: Pull, direction: Direction) -> Line:
    def line(t: float) -> list[Array]:
        with np.errstate(all="ignore"):
            moved = [x + t * u for x, u in zip(pull.xs, direction)]
            return [np.asarray(out) for out in pull.forward(*moved)]

    return line


def _place(pull: Pull, i: int | None, where: tuple[int, ...] | str) -> str:
    if i is None:
        return f"{', '.join(repr(x.name) for x in pull.inputs)} along {where}"
    return f"{pull.inputs[i].name!r}" + (f" at {list(where)}" if where else "")


def _values(pull: Pull, g: Sequence[Array], i: int | None = None, gradients: Sequence[Array] = ()) -> dict[str, Any]:
    values: dict[str, Any] = {x.name: value for x, value in zip(pull.inputs, pull.xs)}
    values["g"] = g[0] if len(g) == 1 else list(g)
    if i is not None and gradients:
        values["gradient"] = gradients[i]
    return values


def _surrogate(pull: Pull) -> bool:
    """Whether a rule is declared not to be the derivative, on purpose."""
    return any(x.rule is not None and x.rule.surrogate for x in pull.inputs)

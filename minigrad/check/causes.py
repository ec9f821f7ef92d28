"""The causes that the checker knows, each a function of one draw that returns what it found.

Most are a correction: if the claimed gradient, changed in this one way, is the numerical one, then this is the fault.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .evidence import Draw
from .subject import Array


class Finding(NamedTuple):
    """A possible cause. Two draws agree where they find the same key; `{t}` in the text is a number between bounds."""

    key: tuple[Any, ...]
    text: str
    evidence: str = ""
    bounds: tuple[float, float] | None = None


Cause = Callable[[Draw], Iterator[Finding]]


def not_finite(draw: Draw) -> Iterator[Finding]:
    """nan or inf where the numerical derivative is a number."""
    c = draw.comparison
    bad = ~np.isfinite(c.analytic) & ~(c.excess <= 1)
    bad &= np.array([draw.kinks.get(j) is not True for j in range(len(bad))], bool)
    if not bad.any():
        return
    kind = "nan" if np.isnan(c.analytic[bad]).any() else "inf"
    x = draw.x.reshape(-1)[c.indices]
    where = ", all of them where it is 0" if (x[bad] == 0).all() and bad.sum() < len(bad) else ""
    yield Finding((kind,), f"the gradient is {kind} in {bad.sum()} of {len(bad)} elements{where}")


def upstream(draw: Draw) -> Iterator[Finding]:
    """g is ignored, averaged, or enters in another way than linearly."""
    if draw.subject.fixed:
        return
    claimed, twice, less = draw.claimed, draw.pull(2 * draw.g), draw.pull(-1e-3 * draw.g)
    if twice is None or less is None or not claimed.any() or not np.isfinite(claimed).all():
        return
    if _same(twice, claimed) and _same(less, claimed):
        yield Finding(("ignored",), "the upstream gradient g is ignored", "the gradient is the same for other g")
    elif not (_same(twice, 2 * claimed) and _same(1e3 * less, -claimed)):
        text = "the gradient is not linear in the upstream gradient g"
        yield Finding(("nonlinear",), text, "for k g it is not k times as large")
    elif draw.g.size > 1:
        level = draw.pull(np.full_like(draw.g, draw.g.mean()))
        if level is not None and _same(level, claimed):
            yield Finding(("averaged",), "the upstream gradient g is averaged: each element has a g of its own",
                          "the gradient is the same when every g is replaced by their mean")  # fmt: skip


def all_zero(draw: Draw) -> Iterator[Finding]:
    """Nothing comes back."""
    if not draw.claimed.any() and np.abs(draw.smooth.numeric).max(initial=0) > 0:
        yield Finding(("zero",), "the gradient is all zero: nothing flows back to this input")


def sign(draw: Draw) -> Iterator[Finding]:
    """Minus is missing, or one too many."""
    if draw.fits(-draw.claimed):
        yield Finding(("sign",), "the sign is wrong", _all(draw, "numeric = -analytic"))


def constant_factor(draw: Draw) -> Iterator[Finding]:
    """The same factor everywhere; matched to the lengths of axes and the number of elements."""
    c = draw.smooth
    large = np.abs(c.analytic) > 1e-3 * np.max(np.abs(c.analytic), initial=0)
    if not large.any():
        return
    k = complex(np.median((c.numeric[large] / c.analytic[large]).real)).real
    if not np.isfinite(k) or abs(k) < 1e-12 or abs(k - 1) < 1e-6:
        return
    k = _nice(k)
    if not draw.fits(k * draw.claimed):
        return
    evidence = _all(draw, f"numeric = {k:.3f} x analytic")
    outputs = [out.shape for out in draw.outputs]
    for shape in outputs:
        extra = len(shape) - draw.x.ndim
        spread = [i for i, n in enumerate(shape) if i < extra or n != draw.x.shape[i - extra]]
        for axis in spread:
            if k == shape[axis]:
                text = f"the broadcast was averaged over axis {axis}; it must be summed"
                yield Finding(("averaged", axis), text, f"{evidence}, and {k:g} is the length of axis {axis}")
    size = f"{k:.6g}" if abs(k) > 1 else f"{1 / k:.6g}"
    side = "too small" if abs(k) > 1 else "too large"
    minus = ", with the wrong sign" if k < 0 else ""
    text = f"a constant factor: the gradient is {size.lstrip('-')} times {side}{minus}"
    yield Finding(("factor", round(k, 9)), text, evidence + _length(draw, abs(k)))


def elementwise_factor(draw: Draw) -> Iterator[Finding]:
    """A factor that is another array of the computation: x, out, 1 - out, 1/x, ..."""
    a, c = draw.claimed, draw.smooth
    if not np.isfinite(a).all() or len(c.indices) < 1:
        return
    for words, array in _candidates(draw):
        with np.errstate(all="ignore"):
            product = a * array
            k = _scale(draw.at(product), c.numeric)
            if k is None or not draw.fits(k * product):
                continue
        times = "" if k == 1 else "-" if k == -1 else f"{k:g} "
        yield Finding(
            ("times", words, k),
            f"a factor of {times}{words} is missing",
            _all(draw, f"numeric = {times}{words} x analytic"),
        )


def local_derivative(draw: Draw) -> Iterator[Finding]:
    """Element by element: g times another function of x than it should be."""
    c = draw.smooth
    if draw.g.size != draw.x.size or draw.subject.output_shapes != [draw.x.shape] or np.iscomplexobj(draw.g):
        return
    g = draw.g.reshape(draw.x.shape).real
    is_now = ""
    for words, array in _candidates(draw):
        with np.errstate(all="ignore"):
            if not is_now and np.abs(g * array - draw.claimed).max(initial=0) <= 1e-9 * np.abs(draw.claimed).max(
                initial=0
            ):
                is_now = words
    for words, array in _candidates(draw):
        with np.errstate(all="ignore"):
            k = _scale(draw.at(g * array), c.numeric)
            if k is None or not draw.fits(k * g * array):
                continue
        times = "" if k == 1 else "-" if k == -1 else f"{k:g} "
        text = f"the gradient must be g times {times}{words}" + (f", it is g times {is_now}" if is_now else "")
        yield Finding(("must be", words, k), text, _all(draw, f"numeric = g x {times}{words}"))


def transposed(draw: Draw) -> Iterator[Finding]:
    """Rows and columns exchanged."""
    a = draw.claimed
    for axes in itertools.permutations(range(a.ndim)):
        if (
            axes != tuple(range(a.ndim))
            and a.ndim <= 4
            and a.transpose(axes).shape == a.shape
            and draw.fits(a.transpose(axes))
        ):
            yield Finding(
                ("transpose", axes), "the gradient is transposed", _all(draw, f"numeric = analytic.transpose{axes}")
            )


def swapped(draw: Draw) -> Iterator[Finding]:
    """Two inputs have each other's gradient."""
    for j, other in enumerate(draw.analytic):
        if j == draw.k or not isinstance(other, np.ndarray) or other.shape != draw.claimed.shape:
            continue
        if draw.fits(other):
            back = draw.numeric_of(j)
            name, mine = draw.subject.names[j], draw.subject.names[draw.k]
            if back is not None and draw.fits(draw.claimed, back):
                yield Finding(
                    ("swapped", j),
                    f'the gradients of "{mine}" and "{name}" are swapped',
                    _all(draw, f'numeric = the analytic gradient of "{name}"'),
                )
            else:
                yield Finding(("other", j), f'this is not its own gradient: that of "{name}" would be right')


def moved(draw: Draw) -> Iterator[Finding]:
    """Rolled along an axis, or flipped."""
    a = draw.claimed
    for axis, n in enumerate(a.shape):
        if n < 2 or n > 64:
            continue
        if draw.fits(np.flip(a, axis)):
            evidence = _all(draw, f"numeric = analytic reversed along axis {axis}")
            yield Finding(("flipped", axis), f"the gradient is flipped along axis {axis}", evidence)
        for steps in sorted(range(1, n), key=lambda s: min(s, n - s)):
            if draw.fits(np.roll(a, steps, axis)):
                by = steps if steps <= n // 2 else steps - n
                text = f"the gradient is rolled along axis {axis}: it must move by {by}"
                yield Finding(("rolled", axis, by), text, _all(draw, f"numeric = roll(analytic, {by}, axis {axis})"))
                break


def regularization(draw: Draw) -> Iterator[Finding]:
    """The residual is proportional to the parameter, or to its sign: the gradient of an L2 or L1 term is missing."""
    c, x = draw.smooth, draw.at(draw.x)
    residual = c.numeric - c.analytic
    for kind, array, term in (("L2", x, draw.x), ("L1", np.sign(x), np.sign(draw.x))):
        if len(c.indices) < 2 or np.linalg.norm(array) == 0 or (kind == "L2" and np.ptp(np.abs(x)) == 0):
            continue
        strength = _nice(float(np.vdot(array, residual).real / np.vdot(array, array).real))
        if abs(strength) < 1e-12 or not draw.fits(draw.claimed + strength * term):
            continue
        what = f'{strength:.6g} x {"" if kind == "L2" else "sign of "}"{draw.subject.names[draw.k]}"'
        if strength > 0:
            text = f"the {kind} regularization term's gradient is missing, lambda = {strength:.6g}"
        else:
            text = f"an {kind} regularization term is in the gradient and not in the function, lambda = {-strength:.6g}"
        half = f" (for lambda/2 |w|^2; {strength / 2:.6g} for lambda |w|^2)" if kind == "L2" else ""
        yield Finding((kind, _digits(strength)), text, _all(draw, f"numeric - analytic = {what}") + half)


def mean_term(draw: Draw) -> Iterator[Finding]:
    """The residual is constant along an axis."""
    c = draw.smooth
    if len(c.indices) < draw.x.size or draw.x.size < 2:
        return
    residual = np.zeros(draw.x.size, c.numeric.dtype)
    residual[c.indices] = c.numeric - c.analytic
    residual = residual.reshape(draw.x.shape)
    for axes in [tuple(range(draw.x.ndim)), *[(i,) for i in range(draw.x.ndim)]]:
        if all(draw.x.shape[i] < 2 for i in axes):
            continue
        level = residual.mean(axis=axes, keepdims=True)
        if np.abs(level).max() > 1e-9 and draw.fits(draw.claimed + level):
            along = "" if len(axes) == draw.x.ndim else f" along axis {axes[0]}"
            text = f"a term is missing that is constant{along}: the gradient of a mean, or of another reduction"
            yield Finding(("mean", axes), text, _all(draw, f"numeric - analytic is constant{along}"))
            return


def tiny(draw: Draw) -> Iterator[Finding]:
    """A little off everywhere: a constant or an eps differs."""
    c = draw.smooth
    size, off = np.linalg.norm(c.numeric), np.linalg.norm(c.analytic - c.numeric)
    if 0 < off <= 0.01 * size and np.mean(c.excess > 1) >= 0.5:
        text = "a small difference everywhere: a constant or an eps differs from the forward's"
        yield Finding(("tiny",), text, f"together off by {off / size:.1g} of their size")


# -- numbers and candidates --------------------------------------------------------------------------------------------


def _candidates(draw: Draw) -> Iterator[tuple[str, Array]]:
    """Arrays that rules forget to multiply by, by name, of the input's shape."""
    named = [(name, p) for name, p in zip(draw.subject.names, draw.points)]
    named.sort(key=lambda pair: pair[0] != draw.subject.names[draw.k])
    outputs = draw.outputs
    named += [("out" if len(outputs) == 1 else f"out[{i}]", out) for i, out in enumerate(outputs)]
    for name, array in named:
        if array.ndim > draw.x.ndim or array.dtype.kind == "c" or not array.size:
            continue
        try:
            array = np.broadcast_to(array, draw.x.shape)
        except ValueError:
            continue
        with np.errstate(all="ignore"):
            if name in draw.subject.names:
                yield f"sign({name})", np.sign(array)
            yield name, array
            yield f"1 / {name}", 1 / array
            yield f"(1 - {name})", 1 - array
            yield f"(1 + {name})", 1 + array
            yield f"{name}^2", array**2
            yield f"1 / {name}^2", 1 / array**2
            yield f"(1 - {name}^2)", 1 - array**2
            yield f"1 / (1 - {name})", 1 / (1 - array)
            yield f"1 / (1 + {name}^2)", 1 / (1 + array**2)
            yield f"{name} (1 - {name})", array * (1 - array)
            yield f"exp({name})", np.exp(array)
            yield f"exp(-{name})", np.exp(-array)
            yield f"log({name})", np.log(array)
            yield f"cos({name})", np.cos(array)
            yield f"sin({name})", np.sin(array)
            yield f"sqrt({name})", np.sqrt(array)
            yield f"1 / sqrt({name})", 1 / np.sqrt(array)


_SCALES = (1.0, -1.0, 2.0, 0.5, -2.0, -0.5, 3.0)


def _scale(product: Array, numeric: Array) -> float | None:
    """The simple number that takes one to the other, or None."""
    good = np.isfinite(product) & (
        np.abs(product) > 1e-3 * np.max(np.abs(product), where=np.isfinite(product), initial=0)
    )
    if not good.any() or np.iscomplexobj(product):
        return None
    k = float(np.median(numeric[good].real / product[good]))
    return next((s for s in _SCALES if abs(k - s) < 1e-5), None)


def _nice(k: float) -> float:
    """k, or the simple number that it is within the precision of the numerical derivative."""
    for simple in (round(k), 1 / round(1 / k) if k and round(1 / k) else 0.0, round(k, 2), float(f"{k:.4g}")):
        if simple and abs(k - simple) <= 1e-6 * abs(k):
            return float(simple)
    return k


def _digits(k: float) -> str:
    return f"{k:.4g}"


def _length(draw: Draw, k: float) -> str:
    """What a factor is the length of."""
    shapes = [(f'"{n}"', p.shape) for n, p in zip(draw.subject.names, draw.points)]
    shapes += [("the output", out.shape) for out in draw.outputs]
    for value in (k, 1 / k):
        for name, shape in shapes:
            for axis, n in enumerate(shape):
                if n > 2 and value == n:
                    return f", and {n} is the length of axis {axis} of {name}"
            if np.prod(shape) > 2 and value == np.prod(shape):
                return f", and {value:g} is the number of elements of {name}"
    return ""


def _all(draw: Draw, text: str) -> str:
    return f"{text} in all {len(draw.smooth.indices)} elements"


def _same(a: Array, b: Array) -> bool:
    return bool(np.abs(a - b).max(initial=0) <= 1e-9 * max(np.abs(a).max(initial=0), np.abs(b).max(initial=0)))

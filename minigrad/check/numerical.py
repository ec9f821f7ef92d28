"""numerical_gradient: five ways to take a derivative by differences, from the textbook's to the ladder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..containers import flatten
from .ladder import Loss, Slope, exact_step, ladder, largest_of, precision_near
from .points import Outputs, Vector, along_element, in_double, output_vector, unit_of_rounding


class NumericalGradient(NamedTuple):
    """A gradient by differences: `value` and `error` have the form of x."""

    value: Any
    error: Any
    evaluations: int


# -- the five methods --------------------------------------------------------------------------------------------------


def _forward(at: Outputs, loss: Loss, origin: float, h: float | None) -> Slope:
    """(f(x + h) - f(x)) / h: the error falls as h."""
    h = exact_step(h or loss.eps**0.5 * max(1.0, origin), origin)
    base, one, half = at(0.0), at(h), at(h / 2)
    d1, d2 = loss.change(one, base) / h, loss.change(half, base) / (h / 2)
    return Slope(d1, 2 * abs(d1 - d2) + loss.rounding(largest_of((base, one, half))) / (h / 2), 3)


def _central(at: Outputs, loss: Loss, origin: float, h: float | None) -> Slope:
    """(f(x + h) - f(x - h)) / 2h, the two-sided difference: the error falls as h^2."""
    h = exact_step(h or loss.eps ** (1 / 3) * max(1.0, origin), origin)
    outer, inner = (at(h), at(-h)), (at(h / 2), at(-h / 2))
    d1, d2 = loss.change(*outer) / (2 * h), loss.change(*inner) / h
    return Slope(d1, 2 * abs(d1 - d2) + loss.rounding(largest_of(outer + inner)) / (h / 2), 4)


def _richardson(at: Outputs, loss: Loss, origin: float, h: float | None) -> Slope:
    """(4 D(h/2) - D(h)) / 3 of two-sided differences: the error falls as h^4."""
    h = exact_step(h or loss.eps**0.2 * max(1.0, origin), origin)
    outer, inner = (at(h), at(-h)), (at(h / 2), at(-h / 2))
    d1, d2 = loss.change(*outer) / (2 * h), loss.change(*inner) / h
    v = (4 * d2 - d1) / 3
    return Slope(v, abs(v - d2) + loss.rounding(largest_of(outer + inner)) / (h / 2), 4)


def _ladder(at: Outputs, loss: Loss, origin: float, h: float | None) -> Slope:
    if h is not None:
        raise ValueError("numerical_gradient: the ladder chooses its own steps; h is for the other methods")
    return ladder(at, loss, origin)


_METHODS: dict[str, Callable[[Outputs, Loss, float, float | None], Slope]] = {
    "forward": _forward,
    "central": _central,
    "richardson": _richardson,
    "ladder": _ladder,
}


def numerical_gradient(
    f: Callable[[Any], Any], x: Any, method: str = "ladder", *, g: Any = None, h: float | None = None
) -> NumericalGradient:
    """The gradient of f at x by differences, with a bound on the error of every element.

    Parameters
    ----------
    f
        Takes what x is: an array, a number, or a dict, list or tuple of arrays. Returns a scalar, or an array that is
        contracted with `g`.
    x
        Where. Floating or complex; f is evaluated in double precision.
    method
        "ladder" chooses the step and bounds the error (4 to 28 evaluations of f for each element). To compare:
        "forward" (error falls as h), "central", the two-sided difference (h^2), "richardson" (h^4), and "complex", the
        imaginary part of f(x + ih), exact where f is analytic and takes complex numbers, silently wrong where it takes
        an absolute value (W. Squire, G. Trapp, SIAM Review 40, 1998).
    g
        The gradient that arrives from above, of the output's shape; needed where f does not return a scalar.
    h
        The step, for all methods but "ladder".

    Returns
    -------
    NumericalGradient
        `value`, `error`, both of the form of x, and the number of `evaluations` of f. nan: f is not finite there.

    Raises
    ------
    ValueError
        for an unknown method, and where f does not return a scalar and there is no g.

    >>> import numpy as np, minigrad as mg
    >>> value, error, evaluations = mg.numerical_gradient(lambda x: np.sum(np.exp(x)), np.array([0.0, 1.0]))
    >>> bool((np.abs(value - np.exp([0.0, 1.0])) <= error).all()), bool(error.max() < 1e-6)
    (True, True)
    """
    if method != "complex" and method not in _METHODS:
        raise ValueError(
            f"numerical_gradient: there is no method {method!r}; there is {', '.join([*_METHODS, 'complex'])}"
        )
    leaves, rebuild = flatten(x)
    points = [in_double(leaf) for leaf in leaves]

    def f_of(values: Sequence[Any]) -> Vector:
        return output_vector([f(rebuild(list(values)))])

    out = f(rebuild(points))
    cotangent = _cotangent(g, output_vector([out]))
    eps, noise, count = precision_near(f_of, points, unit_of_rounding(out))
    loss = Loss(cotangent, eps, noise)
    count += 1
    values, errors = [], []
    for k, point in enumerate(points):
        value, error = np.zeros_like(point), np.zeros(np.shape(point))
        for index in np.ndindex(np.shape(point)):
            for unit in (1, 1j) if np.iscomplexobj(point) else (1,):
                if method == "complex":
                    slope = _complex_step(f_of, points, k, index, loss.g, h or 1e-100)
                else:
                    at = along_element(f_of, points, k, index, unit)
                    slope = _METHODS[method](at, loss, float(abs(point[index])), h)
                value[index] += unit * slope.value
                error[index] += slope.error
                count += slope.evaluations
        values.append(value[()])
        errors.append(error[()])
    return NumericalGradient(rebuild(values), rebuild(errors), count)


def _complex_step(
    f_of: Callable[[Sequence[Any]], Vector], points: list[Any], k: int, index: tuple[int, ...], g: Vector, h: float
) -> Slope:
    if np.iscomplexobj(points[k]):
        raise ValueError("numerical_gradient: the complex step needs a real x")
    moved = [np.array(p, dtype=complex) for p in points]
    moved[k][index] += 1j * h
    y = f_of(moved)
    if not np.iscomplexobj(y):
        return Slope(0.0, np.inf, 1)  # f threw the imaginary part away
    return Slope(
        float(np.sum(g.real * y.imag / h)), 8 * float(np.finfo(float).eps) * float(np.sum(np.abs(g * y.imag / h))), 1
    )


def _cotangent(g: Any, y: Vector) -> Vector:
    if g is not None:
        flat = output_vector([g])
        if flat.shape != y.shape:
            raise ValueError(f"numerical_gradient: g has {flat.size} elements, the output has {y.size}")
        return flat
    if y.size != 1:
        raise ValueError(
            f"numerical_gradient: f returned {y.size} elements; return a scalar, or pass g to contract them with"
        )
    return np.ones(1)

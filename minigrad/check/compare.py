"""One input: its claimed gradient beside the numerical one, element by element."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .ladder import Loss, Slope, ladder
from .points import Vector, along_element
from .subject import Array

RELATIVE, ABSOLUTE = 1e-9, 1e-12


class Comparison(NamedTuple):
    """The claimed and the numerical gradient of some elements of one input."""

    k: int  # which input
    shape: tuple[int, ...]
    indices: Array  # of the elements, in the flattened input
    analytic: Array
    numeric: Array
    error: Array

    @property
    def excess(self) -> Array:
        """How many times what is allowed each element is off; nan where there is no numerical derivative."""
        with np.errstate(all="ignore"):
            off = np.abs(self.analytic - self.numeric)
            allowed = allowed_for(self.analytic, self.numeric, self.error)
            excess = np.where(np.isfinite(self.error), off / allowed, np.nan)
        return np.where(np.isfinite(self.analytic) | np.isnan(excess) & ~np.isfinite(self.numeric), excess, np.inf)

    def only(self, chosen: Array) -> Comparison:
        """Some of the elements."""
        parts = (self.indices, self.analytic, self.numeric, self.error)
        return Comparison(self.k, self.shape, *[part[chosen] for part in parts])

    @property
    def wrong(self) -> Array:
        return self.excess > 1

    @property
    def ratio(self) -> float:
        known = np.isfinite(self.error) & np.isfinite(self.analytic)
        a, v = self.analytic[known], self.numeric[known]
        top, bottom = np.linalg.norm(a - v), np.linalg.norm(a) + np.linalg.norm(v)
        if bottom <= np.linalg.norm(allowed_for(0.0, 0.0, self.error[known])):
            return 0.0  # both are zero, as far as anyone can see
        if not np.isfinite(self.analytic).all():
            return 1.0
        return float(top / bottom) if bottom > 0 else 0.0


def place(flat: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The index of an element by its number."""
    return tuple(int(i) for i in np.unravel_index(flat, shape)) if shape else ()


def allowed_for(analytic: Any, numeric: Any, error: Any) -> Any:
    """What |analytic - numeric| may be: the numerical derivative's own error, and the last digits of both."""
    return 2 * error + RELATIVE * (np.abs(analytic) + np.abs(numeric)) + ABSOLUTE


class Numerics:
    """Numerical derivatives of a function at a point, and how many evaluations they took."""

    def __init__(
        self, evaluate: Callable[[Sequence[Array]], Vector], points: Sequence[Array], loss: Loss, defined: bool = True
    ) -> None:
        self.points = list(points)
        self.loss = loss
        self.evaluations = 0
        self.defined = defined  # whether every output is finite here; if not, a nan may be right
        self._evaluate = evaluate
        self._undefined = np.full(len(loss.g), np.nan)

    def for_output(self, j: int) -> Numerics:
        """The same for one output alone."""
        one = np.zeros_like(self.loss.g)
        one[j] = 1
        return Numerics(self._evaluate, self.points, self.loss._replace(g=one), self.defined)

    def at(self, points: Sequence[Array]) -> Vector:
        """The outputs; nan where the function refuses its inputs, as beyond the edge of its domain."""
        self.evaluations += 1
        try:
            y = self._evaluate(points)
        except (ArithmeticError, ValueError):
            return self._undefined
        return y if y.shape == self._undefined.shape else self._undefined

    def element(self, k: int, flat: int, thorough: bool = False) -> tuple[complex, float]:
        """The derivative with respect to one element of input k, complex where the input is."""
        point = self.points[k]
        index = place(flat, point.shape)
        value: complex = 0.0
        error = 0.0
        for unit in (1, 1j) if point.dtype.kind == "c" else (1,):
            slope = self.along(along_element(self.at, self.points, k, index, unit), float(abs(point[index])), thorough)
            value = value + unit * slope.value
            error += slope.error
        return value, error

    def along(self, line: Callable[[float], Vector], origin: float, thorough: bool = False) -> Slope:
        """The derivative along a line."""
        return ladder(line, self.loss, origin, thorough)

    def compare(self, k: int, analytic: Array, indices: Array) -> Comparison:
        """The claimed gradient of input k beside the numerical one. What seems wrong is looked at a second time."""
        found = [self.element(k, int(i)) for i in indices]
        kind = np.complex128 if self.points[k].dtype.kind == "c" else np.float64
        claimed = np.asarray(analytic).reshape(-1)[indices]
        comparison = Comparison(
            k,
            self.points[k].shape,
            indices,
            claimed if kind is np.complex128 else claimed.real,
            np.array([v for v, _ in found], kind),
            np.array([e for _, e in found]),
        )
        for j in np.flatnonzero(comparison.wrong)[:LOOKED_AT_TWICE]:
            v, e = self.element(k, int(indices[j]), thorough=True)
            if np.isfinite(v):
                comparison.numeric[j], comparison.error[j] = v, e
        return comparison


LOOKED_AT_TWICE = 40

"""Toy sets: points of the plane in two or more classes, which no straight line divides."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .randomness import generator_for

Labels = npt.NDArray[np.int64]
Toy = tuple[npt.NDArray[np.float64], Labels]
Rng = np.random.Generator


def moons(n: int = 200, noise: float = 0.1, rng: Rng | None = None) -> Toy:
    """Two half circles of radius 1, each reaching into the other: x (n, 2) float64, y (n,) int64 of 0 and 1, in turn.

    Parameters
    ----------
    n
        How many points, at least one for each class.
    noise
        The standard deviation of the normal noise that is added to every coordinate.
    rng
        The generator that draws the noise; the one that `minigrad.seed` sets if not given.

    Raises
    ------
    ValueError
        for fewer points than classes, and a noise below 0.
    TypeError
        for an rng that is not a `numpy.random.Generator`.

    >>> from minigrad import data
    >>> x, y = data.moons(10)
    >>> x.shape, y.tolist()
    ((10, 2), [0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
    """
    y, step, steps = _classes("moons", n, 2)
    angle = np.pi * step / max(steps - 1, 1)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    return _noisy("moons", np.where(y[:, None] == 0, upper, lower), noise, rng), y


def circles(n: int = 200, noise: float = 0.05, rng: Rng | None = None, factor: float = 0.5) -> Toy:
    """A circle of radius 1 (class 0) around one of radius `factor` (class 1): x (n, 2) float64, y (n,) int64, in turn.

    Parameters
    ----------
    n, noise, rng
        As in `moons`; the errors too.
    factor
        The radius of the inner circle.

    >>> import numpy as np
    >>> from minigrad import data
    >>> x, y = data.circles(6, noise=0)
    >>> np.hypot(x[:, 0], x[:, 1]).round(3).tolist()
    [1.0, 0.5, 1.0, 0.5, 1.0, 0.5]
    """
    y, step, steps = _classes("circles", n, 2)
    angle = 2 * np.pi * step / steps
    radius = np.where(y == 0, 1.0, factor)
    return _noisy("circles", radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), noise, rng), y


def spirals(n: int = 300, noise: float = 0.05, rng: Rng | None = None, arms: int = 3, turns: float = 0.75) -> Toy:
    """Spirals that wind out from the centre to radius 1: x (n, 2) float64, y (n,) int64 from 0 to arms - 1, in turn.

    Parameters
    ----------
    n, noise, rng
        As in `moons`; the errors too.
    arms
        How many spirals, one class each.
    turns
        How often each winds around the centre.

    >>> import numpy as np
    >>> from minigrad import data
    >>> x, y = data.spirals(6, noise=0)
    >>> y.tolist(), np.hypot(x[:, 0], x[:, 1]).round(3).tolist()
    ([0, 1, 2, 0, 1, 2], [0.5, 0.5, 0.5, 1.0, 1.0, 1.0])
    """
    if arms < 1:
        raise ValueError(f"spirals: arms is {arms}; there is at least one")
    y, step, steps = _classes("spirals", n, arms)
    along = (step + 1) / steps  # not from 0: the centre would belong to every arm
    angle = 2 * np.pi * (turns * along + y / arms)
    return _noisy("spirals", along[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), noise, rng), y


def _classes(who: str, n: int, classes: int) -> tuple[Labels, Labels, int]:
    """The class of each of n points, in turn; the point's step along its curve, from 0; how many steps there are."""
    if n < classes:
        raise ValueError(f"{who}: n is {n}; there are {classes} classes, each with at least one point")
    index = np.arange(n, dtype=np.int64)
    return index % classes, index // classes, -(-n // classes)


def _noisy(who: str, points: npt.NDArray[np.float64], noise: float, rng: Rng | None) -> npt.NDArray[np.float64]:
    if not noise >= 0:
        raise ValueError(f"{who}: noise is {noise}; it is a standard deviation, 0 or more")
    return points + noise * generator_for(who, rng).standard_normal(points.shape)

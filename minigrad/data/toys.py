"""Toy sets: points of the plane in two or more classes, which no straight line divides."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..context import generator

Toy = tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]
Rng = np.random.Generator


def moons(n: int = 200, noise: float = 0.1, rng: Rng | None = None) -> Toy:
    """Two interleaved half circles of radius 1. x has shape (n, 2), float64; y is 0 or 1, int64.

    >>> from minigrad import data
    >>> x, y = data.moons(10)
    >>> x.shape, y.tolist()
    ((10, 2), [0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
    """
    y, along = _classes("moons", n, 2)
    angle = np.pi * along
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    return _noisy(np.where(y[:, None] == 0, upper, lower), noise, rng), y


def circles(n: int = 200, noise: float = 0.05, factor: float = 0.5, rng: Rng | None = None) -> Toy:
    """A circle of radius 1 (class 0) around one of radius `factor` (class 1)."""
    y, along = _classes("circles", n, 2)
    angle = 2 * np.pi * along
    radius = np.where(y == 0, 1.0, factor)
    return _noisy(radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), noise, rng), y


def spirals(n: int = 300, noise: float = 0.05, arms: int = 3, turns: float = 0.75, rng: Rng | None = None) -> Toy:
    """`arms` spirals that wind out from the centre to radius 1, one class each."""
    y, along = _classes("spirals", n, arms)
    angle = 2 * np.pi * (turns * along + y / arms)
    return _noisy(along[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), noise, rng), y


def _classes(who: str, n: int, classes: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The class of each of n points, in turn, and how far along its curve the point lies, from 0 to 1."""
    if n < classes:
        raise ValueError(f"{who}: n is {n}; there are {classes} classes, each with at least one point")
    y = np.arange(n) % classes
    each = -(-n // classes)
    return y, (np.arange(n) // classes) / max(each - 1, 1)


def _noisy(points: npt.NDArray[np.float64], noise: float, rng: Rng | None) -> npt.NDArray[np.float64]:
    return points + noise * (rng or generator.get()).standard_normal(points.shape)

"""Minibatches, and the division of data into a training part and a test part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ..context import generator

Rng = np.random.Generator


def batches(
    x: npt.NDArray[Any],
    y: npt.NDArray[Any],
    size: int,
    *,
    shuffle: bool = True,
    drop_last: bool = False,
    rng: Rng | None = None,
) -> Iterator[tuple[npt.NDArray[Any], npt.NDArray[Any]]]:
    """One epoch of minibatches: every example once, in a new random order each time.

    Parameters
    ----------
    x, y
        Examples and their targets, along the first axis.
    size
        Examples in a batch; the last batch has what is left.
    shuffle
        Draw the order from `rng`; else the order of the data.
    drop_last
        Leave out a last batch that is smaller than `size`.
    rng
        The generator to draw from; the one that `minigrad.seed` sets if not given.

    Raises
    ------
    ValueError
        for x and y of different length, and a size below 1.

    >>> import numpy as np
    >>> from minigrad import data
    >>> [len(xb) for xb, yb in data.batches(np.zeros((10, 3)), np.zeros(10), 4)]
    [4, 4, 2]
    """
    n = _length("batches", x, y)
    if size < 1:
        raise ValueError(f"batches: size is {size}; a batch has at least one example")
    order = (rng or generator.get()).permutation(n) if shuffle else np.arange(n)
    ends = range(0, n - n % size if drop_last else n, size)
    return ((x[order[i : i + size]], y[order[i : i + size]]) for i in ends)


def split(
    x: npt.NDArray[Any],
    y: npt.NDArray[Any],
    test: float = 0.2,
    *,
    stratify: bool = False,
    rng: Rng | None = None,
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """x_train, y_train, x_test, y_test: a random share `test` of the examples, rounded, is held back.

    Parameters
    ----------
    stratify
        Hold back the same share of each value of y, to within one example.

    Raises
    ------
    ValueError
        for x and y of different length, and a share that is not between 0 and 1.

    >>> import numpy as np
    >>> from minigrad import data
    >>> [len(part) for part in data.split(np.zeros((10, 3)), np.zeros(10), test=0.3)]
    [7, 7, 3, 3]
    """
    n = _length("split", x, y)
    if not 0 <= test <= 1:
        raise ValueError(f"split: test is {test}; it is a share between 0 and 1")
    order = (rng or generator.get()).permutation(n)
    if stratify:
        # Sorted by class, random within: every 1/test-th example of this row is an even share of each class.
        order = order[np.argsort(y[order], kind="stable")]
        steps = np.floor(np.arange(1, n + 1) * test + 0.5)
        held = np.diff(steps, prepend=0) > 0
    else:
        held = np.arange(n) >= n - round(n * test)
    train, tested = np.sort(order[~held]), np.sort(order[held])
    return x[train], y[train], x[tested], y[tested]


def _length(who: str, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> int:
    if len(x) != len(y):
        raise ValueError(f"{who}: x has {len(x)} examples and y {len(y)}; there must be one target for each")
    return len(x)

"""Minibatches, and the division of data into a training part and a test part."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from .randomness import generator_for

Array = npt.NDArray[Any]
Rng = np.random.Generator


def batches(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    size: int,
    rng: Rng | None = None,
    shuffle: bool = True,
    drop_last: bool = False,
) -> Iterator[tuple[Array, Array]]:
    """One epoch of minibatches `(x_batch, y_batch)`: every example once, in a new random order each time.

    Parameters
    ----------
    x, y
        Examples and their targets, shapes (n, ...) and (n, ...), of any dtype; Tensors too. Lists become arrays.
    size
        Examples in a batch; the last batch has what is left.
    rng
        The generator that draws the order, at the call; the one that `minigrad.seed` sets if not given.
    shuffle
        False: the order of the data, and nothing is drawn.
    drop_last
        Leave out a last batch that is smaller than `size`.

    Raises
    ------
    ValueError
        for x and y of different length or without a first axis, and a size below 1.
    TypeError
        for a size that is not a whole number, and an rng that is not a `numpy.random.Generator`.

    >>> import numpy as np
    >>> from minigrad import data
    >>> [len(xb) for xb, yb in data.batches(np.zeros((10, 3)), np.zeros(10), 4)]
    [4, 4, 2]
    """
    x, y, n = _pairs("batches", x, y)
    try:
        size = operator.index(size)
    except TypeError:
        raise TypeError(f"batches: size is {size!r}; it is a whole number of examples") from None
    if size < 1:
        raise ValueError(f"batches: size is {size}; a batch has at least one example")
    order = generator_for("batches", rng).permutation(n) if shuffle else np.arange(n)
    starts = range(0, n - n % size if drop_last else n, size)
    # Not a generator function: the errors above are raised at the call, not at the first batch.
    return ((x[order[i : i + size]], y[order[i : i + size]]) for i in starts)


def split(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    test: float = 0.2,
    rng: Rng | None = None,
    *,
    stratify: bool = False,
) -> tuple[Array, Array, Array, Array]:
    """`x_train, y_train, x_test, y_test`: a random part of the examples is held back. Both parts keep their order.

    Parameters
    ----------
    x, y
        Examples and their targets, shapes (n, ...) and (n, ...), of any dtype; Tensors too. Lists become arrays.
    test
        The share that is held back, between 0 and 1: round(n * test) examples.
    rng
        The generator that draws them; the one that `minigrad.seed` sets if not given.
    stratify
        Hold back the same share of each value of y, to within one example; y has shape (n,).

    Raises
    ------
    ValueError
        for x and y of different length or without a first axis, and a share that is not between 0 and 1.
    TypeError
        for an rng that is not a `numpy.random.Generator`.

    >>> import numpy as np
    >>> from minigrad import data
    >>> [len(part) for part in data.split(np.zeros((10, 3)), np.zeros(10), test=0.3)]
    [7, 7, 3, 3]
    """
    x, y, n = _pairs("split", x, y)
    if not 0 <= test <= 1:
        raise ValueError(f"split: test is {test}; it is a share between 0 and 1")
    if stratify and y.ndim != 1:
        raise ValueError(f"split: y has shape {y.shape}; stratify=True takes one label for each example, shape ({n},)")
    order = generator_for("split", rng).permutation(n)
    if stratify:
        # Sorted by class, random within: every 1/test-th example of this row is an even share of each class.
        order = order[np.argsort(np.asarray(y)[order], kind="stable")]
        steps = np.floor(np.arange(1, n + 1) * test + 0.5)
        held = np.diff(steps, prepend=0) > 0
    else:
        held = np.arange(n) >= n - round(n * test)
    train, tested = np.sort(order[~held]), np.sort(order[held])
    return x[train], y[train], x[tested], y[tested]


def _pairs(who: str, *given: Any) -> tuple[Array, Array, int]:
    """x, y, and how many pairs of them there are."""
    # What speaks NumPy's protocols (a Tensor, a Dask array) is indexed as it is.
    x, y = (a if hasattr(a, "__array_function__") else np.asarray(a) for a in given)
    if x.ndim == 0 or y.ndim == 0:
        raise ValueError(f"{who}: x has shape {x.shape} and y {y.shape}; the first axis of each counts the examples")
    if len(x) != len(y):
        raise ValueError(f"{who}: x has {len(x)} examples and y {len(y)}; there must be one target for each")
    return x, y, len(x)

"""The 1,797 handwritten digits that are bundled with minigrad; digits.md beside this file says where they come from."""

from __future__ import annotations

from importlib import resources
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .batches import split

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


class Digits(NamedTuple):
    """Images and labels, divided into a part to learn from and a part to be tested on."""

    x_train: Floats
    y_train: Labels
    x_test: Floats
    y_test: Labels


def digits(test: float = 0.2, as_images: bool = False, seed: int = 0) -> Digits:
    """The real handwritten digits: 1,797 images of 8 x 8 pixels, values 0 to 16, labels 0 to 9.

    Parameters
    ----------
    test
        The share that is held back for testing, between 0 and 1; each digit has its share in both parts.
    as_images
        Shape (n, 1, 8, 8), as convolutions take them, in place of (n, 64).
    seed
        Which images are held back. The same seed gives the same parts, whatever `minigrad.seed` was given.

    Returns
    -------
    Digits
        `x_train, y_train, x_test, y_test`, new arrays: x (n, 64) or (n, 1, 8, 8), float64; y (n,), int64.

    Raises
    ------
    ValueError
        for a share that is not between 0 and 1.

    >>> from minigrad import data
    >>> x_train, y_train, x_test, y_test = data.digits()
    >>> x_train.shape, y_train.shape, x_test.shape
    ((1438, 64), (1438,), (359, 64))
    """
    if not 0 <= test <= 1:
        raise ValueError(f"digits: test is {test}; it is a share between 0 and 1")
    with resources.files(__package__).joinpath("digits.npz").open("rb") as file:
        archive = np.load(file, allow_pickle=False)
        images, labels = archive["images"].astype(np.float64), archive["labels"].astype(np.int64)
    x = images.reshape(-1, 1, 8, 8) if as_images else images.reshape(-1, 64)
    return Digits(*split(x, labels, test=test, rng=np.random.default_rng(seed), stratify=True))

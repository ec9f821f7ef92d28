"""Which random numbers a function of this package draws."""

from __future__ import annotations

import numpy as np

from ..context import generator


def generator_for(who: str, rng: np.random.Generator | None) -> np.random.Generator:
    """`rng`, or the generator that `minigrad.seed` sets if there is none; an error for a bare seed."""
    if rng is None:
        return generator.get()
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"{who}: rng is {rng!r}; it takes a generator: numpy.random.default_rng(seed), or None for minigrad's own"
        )
    return rng

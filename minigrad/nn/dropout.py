"""Dropout: N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..declare import ops
from .module import Module, rng_or_default
from .start import Rng


def drop(x: Any, p: float, shape: tuple[int, ...], rng: Rng | None) -> Any:
    """x with each element 0 with probability p, the others divided by 1 - p; the decisions have this shape."""
    return ops["dropout"](x, rng_or_default(rng).random(shape) >= p, p)


def keep_mask(shape: tuple[int, ...], p: float, rng: Rng | None, dtype: Any) -> Any:
    """What `drop` multiplies by: 0 with probability p, else 1 / (1 - p)."""
    return drop(np.ones(shape, dtype), p, shape, rng)


class Dropout(Module):
    """In training each element is 0 with probability p, and the others are divided by 1 - p. In evaluation, x.

    >>> import numpy as np
    >>> from minigrad import nn
    >>> dropout = nn.Dropout(0.5, rng=np.random.default_rng(0))
    >>> dropout(np.ones(6))
    array([2., 0., 0., 0., 2., 2.])
    >>> dropout.eval()(np.ones(6))
    array([1., 1., 1., 1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, *, rng: Rng | None = None) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"{type(self).__name__}: p is {p}; it is a probability, from 0 to 1")
        self.p, self.rng = p, rng

    def forward(self, x: Any) -> Any:
        """x with some elements dropped; a new mask is drawn in each call."""
        if not self.training or self.p == 0:
            return x
        return drop(x, self.p, self.mask_shape(x.shape), self.rng)

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """One decision for each element."""
        return shape

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}"


class Dropout2d(Dropout):
    """Dropout of whole channels of (N, C, H, W) or (C, H, W) (Tompson et al. 2015)."""

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """One decision for each channel."""
        if len(shape) not in (3, 4):
            raise ValueError(f"x has shape {shape}; expected (N, C, H, W) or (C, H, W)")
        return (*shape[:-2], 1, 1)

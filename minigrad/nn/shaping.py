"""Layers that change the shape alone."""

from __future__ import annotations

import math
from typing import Any

from .module import Module


class Flatten(Module):
    """The axes from start_dim to end_dim as one: (n, c, h, w) becomes (n, c h w)."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, x: Any) -> Any:
        """x with fewer axes."""
        if not (-x.ndim <= self.start_dim < x.ndim and -x.ndim <= self.end_dim < x.ndim):
            raise ValueError(f"x of shape {x.shape} has no axes {self.start_dim} to {self.end_dim}")
        first, last = self.start_dim % x.ndim, self.end_dim % x.ndim
        return x.reshape((*x.shape[:first], math.prod(x.shape[first : last + 1]), *x.shape[last + 1 :]))

    def extra_repr(self) -> str:
        """Which axes."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Axis `dim` as several, of the lengths `unflattened_size`; one of them may be -1."""

    def __init__(self, dim: int, unflattened_size: tuple[int, ...]) -> None:
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, x: Any) -> Any:
        """x with more axes."""
        at = self.dim % x.ndim
        known = math.prod(n for n in self.unflattened_size if n != -1)
        size = tuple(n if n != -1 else x.shape[at] // max(known, 1) for n in self.unflattened_size)
        if math.prod(size) != x.shape[at]:
            raise ValueError(f"axis {self.dim} of x {x.shape} has length {x.shape[at]}; it cannot become {size}")
        return x.reshape((*x.shape[:at], *size, *x.shape[at + 1 :]))

    def extra_repr(self) -> str:
        """What becomes of which axis."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"

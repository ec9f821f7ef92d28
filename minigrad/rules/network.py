"""Network layers, each with one rule: what a chain of smaller ops would give, in fewer steps and less memory."""

from __future__ import annotations

import numpy as np

from ..declare import op
from ..graph import Array


@op
def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """x W^T + b, for x (..., in), weight (out, in), bias (out,): PyTorch's layout."""
    out = np.matmul(x, weight.T)
    return out if bias is None else out + bias


@linear.vjp("x")
def _(g: Array, weight: Array) -> Array:
    return np.matmul(g, weight)


@linear.vjp("weight")
def _(g: Array, x: Array) -> Array:
    return np.matmul(g.reshape(-1, g.shape[-1]).T, x.reshape(-1, x.shape[-1]))


@linear.vjp("bias")
def _(g: Array) -> Array:
    rows = g.reshape(-1, g.shape[-1])
    return np.matmul(np.ones(len(rows), g.dtype), rows)  # a third of the time of rows.sum(axis=0)

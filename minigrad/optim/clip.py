"""Limits on gradients, between backward and step."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from ..tensor import Tensor


def clip_grad_norm(parameters: Iterable[Tensor], max_norm: float, norm_type: float = 2.0) -> float:
    """Scale all gradients together so that their common norm is at most `max_norm`; returns the norm before.

    >>> import minigrad as mg
    >>> x = mg.tensor([3.0, 4.0], requires_grad=True)
    >>> x.grad = x.data
    >>> mg.optim.clip_grad_norm([x], 1.0)
    5.0
    """
    with_grad = [(p, p.grad) for p in parameters if p.grad is not None]
    norms = [float(np.linalg.norm(np.ravel(g), norm_type)) for _, g in with_grad]
    if math.isinf(norm_type):
        total = max(norms, default=0.0)
    else:
        total = sum(n**norm_type for n in norms) ** (1 / norm_type)
    scale = max_norm / (total + 1e-6)  # PyTorch's eps
    if scale < 1:
        for p, g in with_grad:
            p.grad = g * scale
    return total


def clip_grad_value(parameters: Iterable[Tensor], clip_value: float) -> None:
    """Cut every element of every gradient to [-clip_value, clip_value]."""
    for p in parameters:
        if p.grad is not None:
            p.grad = np.clip(p.grad, -clip_value, clip_value)

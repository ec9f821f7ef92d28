"""How far apart vectors are, or how alike: distances, cosines, vectors of length 1. Names and arguments are PyTorch's.

A rule for |v|_p is g times v's direction: sign(v_i) (|v_i| / |v|)^(p - 1), which for p = 2 is v / |v|. Where v is 0
that is taken as 0.
"""

from __future__ import annotations

import numpy as np

from ..backward import unbroadcast
from ..declare import op
from ..graph import Array

Shape = tuple[int, ...]


def length(v: Array, p: float, axis: int = -1) -> Array:
    """|v|_p = (sum_i |v_i|^p)^(1/p) along an axis, which is kept."""
    if p == 2:
        return np.sqrt(np.square(v).sum(axis=axis, keepdims=True))
    if p == np.inf:
        return np.abs(v).max(axis=axis, keepdims=True)
    return (np.abs(v) ** p).sum(axis=axis, keepdims=True) ** (1 / p)


def direction(v: Array, p: float, axis: int = -1) -> Array:
    """The derivative of |v|_p; 0 at 0. With p = inf, elements that tie for the largest share it evenly."""
    if p == 1:
        return np.sign(v)
    n = length(v, p, axis)
    if p == np.inf:
        hit = (np.abs(v) == n) * np.sign(v)
        return hit / np.maximum(np.abs(hit).sum(axis=axis, keepdims=True), 1)
    n = np.where(n == 0, 1, n)
    return v / n if p == 2 else np.sign(v) * (np.abs(v) / n) ** (p - 1)


@op
def pairwise_distance(x1: Array, x2: Array, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Array:
    """|x1 - x2 + eps|_p along the last axis, for x1 and x2 that broadcast. eps keeps it off the kink at 0.

    >>> import numpy as np, minigrad as mg
    >>> print(mg.pairwise_distance(np.array([3.0, 0.0]), np.array([0.0, 4.0]), eps=0))
    5.0
    """
    distance = length(x1 - x2 + eps, p)
    return distance if keepdim else distance[..., 0]


@pairwise_distance.vjp("x1")
def _(g: Array, x1: Array, x2: Array, p: float, eps: float, keepdim: bool) -> Array:
    return unbroadcast((g if keepdim else g[..., None]) * direction(x1 - x2 + eps, p), x1.shape)


@pairwise_distance.vjp("x2")
def _(g: Array, x1: Array, x2: Array, p: float, eps: float, keepdim: bool) -> Array:
    return unbroadcast(-(g if keepdim else g[..., None]) * direction(x1 - x2 + eps, p), x2.shape)


@op
def normalize(x: Array, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Array:
    """x / max(|x|_p, eps) along an axis: vectors of length 1. x gets (g - direction * sum(g * out)) / |x|_p.

    >>> import numpy as np, minigrad as mg
    >>> mg.normalize(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    return x / np.maximum(length(x, p, dim), eps)


@normalize.vjp("x")
def _(g: Array, out: Array, x: Array, p: float, dim: int, eps: float) -> Array:
    n = length(x, p, dim)
    across = (g * out).sum(axis=dim, keepdims=True) * (n > eps)
    return (g - direction(x, p, dim) * across) / np.maximum(n, eps)


# -- the cosine of an angle -------------------------------------------------------------------------------------------


@op
def cosine_similarity(x1: Array, x2: Array, dim: int = 1, eps: float = 1e-8) -> Array:
    """x1 . x2 / (|x1| |x2|) along an axis, for x1 and x2 that broadcast; no length counts as less than eps.

    x1 gets g (x2 / (|x1| |x2|) - out x1 / |x1|^2): what changes its direction, and nothing along it.

    >>> import numpy as np, minigrad as mg
    >>> print(mg.cosine_similarity(np.array([1.0, 0.0]), np.array([1.0, 1.0]), dim=0).round(4))
    0.7071
    """
    x1, x2, s1, s2 = _stretched(x1, x2, dim, eps)
    return cosine(x1, x2, s1, s2, dim).squeeze(dim)


@cosine_similarity.vjp("x1", "x2")
def _(g: Array, x1: Array, x2: Array, x1_shape: Shape, x2_shape: Shape, dim: int, eps: float) -> tuple[Array, Array]:
    x1, x2, s1, s2 = _stretched(x1, x2, dim, eps)
    c = cosine(x1, x2, s1, s2, dim)
    g = np.expand_dims(g, dim)
    both = np.sqrt(s1) * np.sqrt(s2)
    for_1 = g * (x2 / both - c * x1 / s1 * (s1 > eps**2))
    for_2 = g * (x1 / both - c * x2 / s2 * (s2 > eps**2))
    return unbroadcast(for_1, x1_shape), unbroadcast(for_2, x2_shape)


def _stretched(x1: Array, x2: Array, dim: int, eps: float) -> tuple[Array, Array, Array, Array]:
    """x1 and x2 in the shape that they broadcast to, and their squared lengths, eps^2 at least."""
    shape = np.broadcast_shapes(x1.shape, x2.shape)
    x1, x2 = np.broadcast_to(x1, shape), np.broadcast_to(x2, shape)
    return x1, x2, np.maximum(squares(x1, dim), eps**2), np.maximum(squares(x2, dim), eps**2)


def squares(x: Array, axis: int) -> Array:
    """|x|^2 along an axis, which is kept."""
    return np.square(x).sum(axis=axis, keepdims=True)


def cosine(x1: Array, x2: Array, s1: Array, s2: Array, axis: int) -> Array:
    """x1 . x2 / (s1 s2)^(1/2) along an axis, which is kept."""
    return (x1 * x2).sum(axis=axis, keepdims=True) / (np.sqrt(s1) * np.sqrt(s2))

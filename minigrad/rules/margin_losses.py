"""Losses that ask for a margin: max(0, ...), with a slope where the margin is not met and none where it is.

On the very edge the slope is half, as where `maximum` ties.

A target here is 1 or -1 and takes no gradient, but in `hinge_loss` and `margin_ranking_loss`, which are linear in it.
"""

from __future__ import annotations

import numpy as np

from ..declare import op
from ..graph import Array
from .losses import arriving, check_same_shape, reduced
from .similarity import cosine, direction, length, squares

TINY = 1e-12  # added to squared lengths in cosine_embedding_loss, as in PyTorch


def unmet(by: Array) -> Array:
    """1 where a margin is missed by more than 0, 0 where by less, and 1/2 on the edge."""
    return (np.sign(by) + 1) / 2


@op
def hinge_loss(x: Array, target: Array, reduction: str = "mean", margin: float = 1.0) -> Array:
    """max(0, margin - target x), for targets 1 and -1: the loss of a support vector machine. The slope is -target.

    >>> import numpy as np, minigrad as mg
    >>> mg.hinge_loss(np.array([0.25, 2.0, -1.0]), np.array([1.0, 1.0, 1.0]), reduction="none")
    array([0.75, 0.  , 2.  ])
    """
    check_same_shape("hinge_loss", x=x, target=target)
    return reduced("hinge_loss", np.maximum(margin - target * x, 0), reduction)


@hinge_loss.vjp("x")
def _(g: Array, x: Array, target: Array, reduction: str, margin: float) -> Array:
    return -arriving(g, x.shape, reduction) * target * unmet(margin - target * x)


@hinge_loss.vjp("target")
def _(g: Array, x: Array, target: Array, reduction: str, margin: float) -> Array:
    return -arriving(g, x.shape, reduction) * x * unmet(margin - target * x)


@op(flat=("target",))
def hinge_embedding_loss(x: Array, target: Array, margin: float = 1.0, reduction: str = "mean") -> Array:
    """x where the target is 1, max(0, margin - x) where it is -1; x is a distance."""
    check_same_shape("hinge_embedding_loss", x=x, target=target)
    return reduced("hinge_embedding_loss", np.where(target > 0, x, np.maximum(margin - x, 0)), reduction)


@hinge_embedding_loss.vjp("x")
def _(g: Array, x: Array, target: Array, margin: float, reduction: str) -> Array:
    g = arriving(g, x.shape, reduction)
    return np.where(target > 0, g, -g * unmet(margin - x))


@op
def margin_ranking_loss(x1: Array, x2: Array, target: Array, margin: float = 0.0, reduction: str = "mean") -> Array:
    """max(0, margin - target (x1 - x2)): x1 should be the larger where the target is 1, x2 where it is -1."""
    check_same_shape("margin_ranking_loss", x1=x1, x2=x2, target=target)
    return reduced("margin_ranking_loss", np.maximum(margin - target * (x1 - x2), 0), reduction)


@margin_ranking_loss.vjp("x1", "x2", "target")
def _(g: Array, x1: Array, x2: Array, target: Array, margin: float, reduction: str) -> tuple[Array, Array, Array]:
    d = x1 - x2
    g = arriving(g, d.shape, reduction) * unmet(margin - target * d)
    return -g * target, g * target, -g * d


@op(flat=("target",))
def cosine_embedding_loss(x1: Array, x2: Array, target: Array, margin: float = 0.0, reduction: str = "mean") -> Array:
    """1 - cos(x1, x2) where the target is 1, max(0, cos(x1, x2) - margin) where it is -1.

    x1 and x2 are (N, D) and target (N,); or (D,) and ().
    """
    check_same_shape("cosine_embedding_loss", x1=x1, x2=x2)
    _check_rows("cosine_embedding_loss", x1, target)
    c = cosine(x1, x2, squares(x1, -1) + TINY, squares(x2, -1) + TINY, -1)[..., 0]
    return reduced("cosine_embedding_loss", np.where(target > 0, 1 - c, np.maximum(c - margin, 0)), reduction)


def _check_rows(op: str, x: Array, target: Array) -> None:
    if x.ndim not in (1, 2) or np.shape(target) != x.shape[:-1]:
        raise ValueError(
            f"{op}: x1 has shape {x.shape}, target {np.shape(target)}; expected (N, D) and (N,), or (D,) and ()"
        )


@cosine_embedding_loss.vjp("x1", "x2")
def _(g: Array, x1: Array, x2: Array, target: Array, margin: float, reduction: str) -> tuple[Array, Array]:
    s1, s2 = squares(x1, -1) + TINY, squares(x2, -1) + TINY
    c = cosine(x1, x2, s1, s2, -1)
    g = arriving(g if reduction != "none" else g[..., None], x1.shape[:-1], reduction)
    slope = np.where(np.asarray(target)[..., None] > 0, -g, g * unmet(c - margin))
    both = np.sqrt(s1) * np.sqrt(s2)
    return slope * (x2 / both - c * x1 / s1), slope * (x1 / both - c * x2 / s2)


@op
def triplet_margin_loss(
    anchor: Array,
    positive: Array,
    negative: Array,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Array:
    """max(0, |a - p| - |a - n| + margin): the anchor should be nearer to the positive than to the negative.

    The shapes are (N, D) or (D,). Distances are those of `pairwise_distance`. With `swap`, the negative's is to the
    anchor or to the positive, whichever is nearer.

    >>> import numpy as np, minigrad as mg
    >>> a, p, n = np.zeros((1, 2)), np.array([[3.0, 4.0]]), np.array([[0.0, 2.0]])
    >>> print(mg.triplet_margin_loss(a, p, n, eps=0))
    4.0
    """
    check_same_shape("triplet_margin_loss", anchor=anchor, positive=positive, negative=negative)
    near, far, other = _distances(anchor, positive, negative, p, eps)
    far = np.minimum(far, other) if swap else far
    return reduced("triplet_margin_loss", np.maximum(near - far + margin, 0)[..., 0], reduction)


@triplet_margin_loss.vjp("anchor", "positive", "negative")
def _(
    g: Array,
    anchor: Array,
    positive: Array,
    negative: Array,
    margin: float,
    p: float,
    eps: float,
    swap: bool,
    reduction: str,
) -> tuple[Array, Array, Array]:
    near, far, other = _distances(anchor, positive, negative, p, eps)
    swapped = ((other < far) + 0.5 * (other == far)) * swap
    g = arriving(g if reduction != "none" else g[..., None], anchor.shape[:-1], reduction)
    g = g * unmet(near - np.where(swapped == 1, other, far) + margin)
    to_near = g * direction(anchor - positive + eps, p)
    to_far = g * (1 - swapped) * direction(anchor - negative + eps, p)
    to_other = g * swapped * direction(positive - negative + eps, p)
    return to_near - to_far, -to_near - to_other, to_far + to_other


def _distances(anchor: Array, positive: Array, negative: Array, p: float, eps: float) -> tuple[Array, Array, Array]:
    return length(anchor - positive + eps, p), length(anchor - negative + eps, p), length(positive - negative + eps, p)

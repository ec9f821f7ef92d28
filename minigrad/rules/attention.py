"""Attention: A. Vaswani et al., "Attention is all you need", 2017.

With scores S = scale * Q K^T (+ mask), weights P = softmax(S) and out = P V:

    V gets P^T g,   P gets u = g V^T,   S gets d = P * (u - sum(u * P)),   Q gets scale * d K,   K gets scale * d^T Q
"""

from __future__ import annotations

import numpy as np

from ..backward import unbroadcast
from ..declare import op
from ..graph import Array
from .products import mT

Shape = tuple[int, ...]


@op
def scaled_dot_product_attention(
    query: Array,
    key: Array,
    value: Array,
    attn_mask: Array | None = None,
    dropout_mask: Array | None = None,
    is_causal: bool = False,
    scale: float | None = None,
) -> Array:
    """softmax(scale * query key^T + mask) value: for each query, the mean of the values, weighted by how keys fit it.

    Parameters
    ----------
    query, key, value
        (..., L, E), (..., S, E), (..., S, Ev); the axes before broadcast. The result is (..., L, Ev).
    attn_mask
        Broadcasts to (..., L, S). Boolean: True where a key takes part, as in PyTorch's function of this name. Numbers:
        added to the scores. A query that no key takes part in gives 0.
    dropout_mask
        What the weights are multiplied by: 0 where dropped, 1 / (1 - p) where kept. (PyTorch draws it itself.)
    is_causal
        Whether query i sees only the keys 0 to i.
    scale
        E^(-1/2) if not given.

    Raises
    ------
    ValueError
        where shapes do not fit, or both a mask and `is_causal` are given.

    >>> import numpy as np, minigrad as mg
    >>> q, k, v = np.zeros((2, 3)), np.zeros((2, 3)), np.array([[1.0], [3.0]])
    >>> mg.scaled_dot_product_attention(q, k, v, is_causal=True)
    array([[1.],
           [2.]])
    """
    if value.ndim < 2 or key.shape[-2:-1] != value.shape[-2:-1]:
        raise ValueError(
            f"scaled_dot_product_attention: key has shape {key.shape}, value {value.shape}; "
            "their last axes but one, which counts the keys, must agree"
        )
    weights = _weights(query, key, attn_mask, is_causal, scale)
    return np.matmul(weights if dropout_mask is None else weights * dropout_mask, value)


@scaled_dot_product_attention.vjp("query", "key", "value", "attn_mask", "dropout_mask")
def _(
    g: Array,
    query: Array,
    key: Array,
    value: Array,
    attn_mask: Array | None,
    dropout_mask: Array | None,
    is_causal: bool,
    scale: float | None,
) -> tuple[Array | None, ...]:
    weights = attention_weights(query, key, attn_mask, is_causal, scale)
    u = np.matmul(g, mT(value))
    for_dropout = None if dropout_mask is None else unbroadcast(u * weights, dropout_mask.shape)
    kept = weights
    if dropout_mask is not None:
        kept, u = kept * dropout_mask, u * dropout_mask
    for_value = unbroadcast(np.matmul(mT(kept), g), value.shape)
    d = _softmax_vjp(u, weights)
    for_query, for_key, for_mask = _to_scores(d, query, key, attn_mask, scale)
    return for_query, for_key, for_value, for_mask, for_dropout


@op
def attention_weights(
    query: Array, key: Array, attn_mask: Array | None = None, is_causal: bool = False, scale: float | None = None
) -> Array:
    """softmax(scale * query key^T + mask), shape (..., L, S): how much each query takes of each key."""
    return _weights(query, key, attn_mask, is_causal, scale)


@attention_weights.vjp("query", "key", "attn_mask")
def _(
    g: Array, out: Array, query: Array, key: Array, attn_mask: Array | None, scale: float | None
) -> tuple[Array | None, ...]:
    return _to_scores(_softmax_vjp(g, out), query, key, attn_mask, scale)


def _softmax_vjp(u: Array, weights: Array) -> Array:
    return weights * (u - (u * weights).sum(axis=-1, keepdims=True))


def _weights(query: Array, key: Array, attn_mask: Array | None, is_causal: bool, scale: float | None) -> Array:
    if min(query.ndim, key.ndim) < 2 or query.shape[-1] != key.shape[-1]:
        raise ValueError(
            f"scaled_dot_product_attention: query has shape {query.shape}, key {key.shape}; "
            "they must be (..., L, E) and (..., S, E)"
        )
    if is_causal and attn_mask is not None:
        raise ValueError("scaled_dot_product_attention: give attn_mask or is_causal=True; not both")
    scores = np.matmul(query * _scale(query, scale), mT(key))
    if is_causal:
        attn_mask = np.tri(*scores.shape[-2:], dtype=bool)
    if attn_mask is not None:
        if not _broadcasts(attn_mask.shape, scores.shape):
            raise ValueError(
                f"scaled_dot_product_attention: attn_mask has shape {attn_mask.shape}; "
                f"it must broadcast to {scores.shape}, the queries by the keys"
            )
        scores = np.where(attn_mask, scores, -np.inf) if attn_mask.dtype.kind == "b" else scores + attn_mask
    if not scores.shape[-1]:
        return scores  # no keys, and nothing to take the largest of
    top = scores.max(axis=-1, keepdims=True)
    powers = np.exp(scores - np.where(np.isfinite(top), top, 0))
    total = powers.sum(axis=-1, keepdims=True)
    return powers / np.where(total == 0, 1, total)  # 0 where no key takes part


def _broadcasts(shape: Shape, to: Shape) -> bool:
    return len(shape) <= len(to) and all(n in (1, m) for n, m in zip(reversed(shape), reversed(to)))


def _to_scores(
    d: Array, query: Array, key: Array, attn_mask: Array | None, scale: float | None
) -> tuple[Array, Array, Array | None]:
    """The gradients of query, key and mask, from that of the scores."""
    scaled = d * _scale(query, scale)
    for_query = unbroadcast(np.matmul(scaled, key), query.shape)
    for_key = unbroadcast(np.matmul(mT(scaled), query), key.shape)
    added = attn_mask is not None and attn_mask.dtype.kind == "f"
    return for_query, for_key, unbroadcast(d, attn_mask.shape) if added and attn_mask is not None else None


def _scale(query: Array, scale: float | None) -> float:
    return float(query.shape[-1] ** -0.5) if scale is None else scale

"""Attention with several heads, and a transformer's layer: A. Vaswani et al., "Attention is all you need", 2017."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..declare import ops
from ..tensor import Tensor
from .dropout import Dropout, keep_mask
from .linear import Linear
from .module import Module
from .normalization import LayerNorm
from .start import Init, Rng, parameter
from .state import bare


class MultiheadAttention(Module):
    """num_heads attentions side by side, each on its own linear maps of query, key and value to embed_dim / num_heads.

    Parameters
    ----------
    dropout
        The probability with which a weight of the attention is dropped, in training.
    add_bias_kv
        Whether a key and a value that are learnt stand at the end of the sequences.
    add_zero_attn
        Whether a key and a value of zeros do.
    kdim, vdim
        The lengths of keys and values, if they are not embed_dim.
    batch_first
        Whether sequences are (N, L, E) in place of (L, N, E).
    init, bias_init
        As in `Linear`. If not given, in_proj starts with Xavier's uniform, and the biases at 0, as in PyTorch.

    >>> import numpy as np
    >>> from minigrad import nn
    >>> x = np.random.default_rng(0).normal(size=(2, 7, 8))
    >>> out, weights = nn.MultiheadAttention(8, 2, batch_first=True)(x, x, x, is_causal=True)
    >>> out.shape, weights.shape
    ((2, 7, 8), (2, 7, 7))
    """

    in_proj_weight: Tensor | None
    in_proj_bias: Tensor | None
    q_proj_weight: Tensor | None
    k_proj_weight: Tensor | None
    v_proj_weight: Tensor | None
    bias_k: Tensor | None
    bias_v: Tensor | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        *,
        init: Init | None = None,
        bias_init: Init | None = None,
        rng: Rng | None = None,
    ) -> None:
        if embed_dim % num_heads:
            raise ValueError(f"MultiheadAttention: embed_dim {embed_dim} cannot be divided among {num_heads} heads")
        self.embed_dim, self.num_heads, self.dropout, self.rng = embed_dim, num_heads, dropout, rng
        self.add_zero_attn, self.batch_first = add_zero_attn, batch_first
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        together = self.kdim == self.vdim == embed_dim
        start = init or "xavier_uniform"
        shapes = {
            "in_proj_weight": (3 * embed_dim, embed_dim) if together else None,
            "q_proj_weight": None if together else (embed_dim, embed_dim),
            "k_proj_weight": None if together else (embed_dim, self.kdim),
            "v_proj_weight": None if together else (embed_dim, self.vdim),
        }
        for name, shape in shapes.items():
            self.register_parameter(name, parameter(self, start, shape, rng) if shape else None)
        inward = parameter(self, bias_init or "zeros", (3 * embed_dim,), rng) if bias else None
        self.register_parameter("in_proj_bias", inward)
        self.out_proj = Linear(embed_dim, embed_dim, bias, init=init, bias_init=bias_init or "zeros", rng=rng)
        for name in ("bias_k", "bias_v"):
            drawn = parameter(self, "xavier_normal", (1, 1, embed_dim), rng) if add_bias_kv else None
            self.register_parameter(name, drawn)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        """What each query takes of the values, and the weights with which it does, or None for them.

        Parameters
        ----------
        query, key, value
            (L, N, E), (S, N, kdim), (S, N, vdim); or with N first, or without it.
        key_padding_mask
            (N, S): True for keys that nobody may see. Numbers are added to the scores.
        attn_mask
            (L, S) or (N * num_heads, L, S): True where a query may not see a key. Numbers are added to the scores.
        need_weights
            Whether the weights are wanted: (N, L, S), or (N, num_heads, L, S) without average_attn_weights.
        is_causal
            Whether query i sees the keys 0 to i only. It needs no attn_mask.
        """
        batched = query.ndim == 3
        if not batched:
            query, key, value = (ops["expand_dims"](x, 1) for x in (query, key, value))
        elif self.batch_first:
            query, key, value = _same_swaps(query, key, value)
        for x, name, size in ((query, "query", self.embed_dim), (key, "key", self.kdim), (value, "value", self.vdim)):
            if x.ndim != 3 or x.shape[-1] != size:
                raise ValueError(f"{name} has shape {x.shape}; its last axis must be {size}, of 3 axes (2 unbatched)")
        if not query.shape[1] == key.shape[1] == value.shape[1] or len(key) != len(value):
            raise ValueError(
                f"query, key and value have the shapes {query.shape}, {key.shape}, {value.shape}, as (length, N, ...); "
                "N must be the same, and keys as long as values"
            )
        q, k, v = self._project(query, key, value)
        mask = self._mask(attn_mask, key_padding_mask, is_causal, len(query), len(key), query.shape[1], q.dtype)
        n, extra = query.shape[1], 0
        if self.bias_k is not None:
            extra += 1
            k, v = (_append(x, ops["repeat"](b, n, 1)) for x, b in ((k, self.bias_k), (v, self.bias_v)))
        if self.add_zero_attn:
            extra += 1
            k, v = (_append(x, np.zeros((1, n, self.embed_dim), q.dtype)) for x in (k, v))
        if extra and mask is not None:
            mask = np.concatenate([mask, np.zeros((*mask.shape[:-1], extra), mask.dtype)], axis=-1)
        q, k, v = (self._heads(x) for x in (q, k, v))
        keep = None
        if self.training and self.dropout:
            keep = keep_mask((n, self.num_heads, q.shape[2], k.shape[2]), self.dropout, self.rng, q.dtype)
        if need_weights:
            weights = ops["attention_weights"](q, k, mask)
            weights = weights if keep is None else weights * keep
            out = weights @ v
            weights = weights.mean(axis=1) if average_attn_weights else weights
        else:
            weights = None
            out = ops["scaled_dot_product_attention"](q, k, v, mask, keep)
        out = self.out_proj(out.transpose(2, 0, 1, 3).reshape((len(query), n, self.embed_dim)))
        if not batched:
            return out[:, 0], weights if weights is None else weights[0]
        return out.swapaxes(0, 1) if self.batch_first else out, weights

    def _project(self, query: Any, key: Any, value: Any) -> tuple[Any, ...]:
        """The linear maps of query, key and value; one product where the three are the same."""
        biases: tuple[Any, ...] = (None,) * 3
        if self.in_proj_weight is not None:
            if query is key and key is value:
                return tuple(ops["split"](ops["linear"](query, self.in_proj_weight, self.in_proj_bias), 3, -1))
            weights = tuple(ops["split"](self.in_proj_weight, 3))
        else:
            weights = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        if self.in_proj_bias is not None:
            biases = tuple(ops["split"](self.in_proj_bias, 3))
        return tuple(ops["linear"](x, w, b) for x, w, b in zip((query, key, value), weights, biases))

    def _heads(self, x: Any) -> Any:
        """(L, N, E) as (N, num_heads, L, E / num_heads)."""
        length, n, _ = x.shape
        return x.reshape((length, n, self.num_heads, self.embed_dim // self.num_heads)).transpose(1, 2, 0, 3)

    def _mask(
        self, attn_mask: Any, key_padding_mask: Any, is_causal: bool, length: int, keys: int, n: int, dtype: Any
    ) -> Any:
        """All masks as one of numbers that are added to the scores; it broadcasts to (N, num_heads, L, S)."""
        total: Any = None
        if is_causal:
            total = _added(~np.tri(length, keys, dtype=bool), dtype)
        if attn_mask is not None:
            given = _added(bare(attn_mask), dtype)
            if given.shape not in ((length, keys), (n * self.num_heads, length, keys)):
                raise ValueError(
                    f"attn_mask has shape {given.shape}; it must be {(length, keys)} or "
                    f"{(n * self.num_heads, length, keys)}"
                )
            given = given if given.ndim == 2 else given.reshape(n, self.num_heads, length, keys)
            total = given if total is None else total + given
        if key_padding_mask is not None:
            given = _added(bare(key_padding_mask), dtype)
            if given.shape not in ((n, keys), (keys,)):
                raise ValueError(f"key_padding_mask has shape {given.shape}; it must be {(n, keys)}")
            given = given.reshape(-1, 1, 1, keys)
            total = given if total is None else total + given
        return total

    def extra_repr(self) -> str:
        """The sizes."""
        return f"{self.embed_dim}, {self.num_heads}"


class TransformerEncoderLayer(Module):
    """Attention of a sequence to itself, then two linear layers for each place, each with a way around it.

    Parameters
    ----------
    activation
        Between the two linear layers: "relu", "gelu", or a function.
    norm_first
        Whether layer norm comes before attention and linear layers, and not after the sum.

    The other arguments are PyTorch's, and `init`, `bias_init`, `rng` as in `Linear`.

    >>> import numpy as np
    >>> from minigrad import nn
    >>> layer = nn.TransformerEncoderLayer(8, 2, dim_feedforward=16, batch_first=True)
    >>> layer(np.ones((2, 7, 8)), is_causal=True).shape
    (2, 7, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        init: Init | None = None,
        bias_init: Init | None = None,
        rng: Rng | None = None,
    ) -> None:
        start: dict[str, Any] = {"init": init, "bias_init": bias_init, "rng": rng}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **start)
        self.linear1 = Linear(d_model, dim_feedforward, bias, **start)
        self.dropout = Dropout(dropout, rng=rng)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **start)
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias)
        self.dropout1 = Dropout(dropout, rng=rng)
        self.dropout2 = Dropout(dropout, rng=rng)
        self.activation = ops[activation] if isinstance(activation, str) else activation
        self.norm_first = norm_first

    def forward(self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False) -> Any:
        """src (L, N, d_model), or with N first, or without it; the masks are those of `MultiheadAttention`."""
        x = src
        masks = (src_mask, src_key_padding_mask, is_causal)
        if self.norm_first:
            x = x + self._attend(self.norm1(x), *masks)
            return x + self._transform(self.norm2(x))
        x = self.norm1(x + self._attend(x, *masks))
        return self.norm2(x + self._transform(x))

    def _attend(self, x: Any, mask: Any, padding: Any, is_causal: bool) -> Any:
        out, _ = self.self_attn(x, x, x, padding, False, mask, is_causal=is_causal)
        return self.dropout1(out)

    def _transform(self, x: Any) -> Any:
        return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))


def _same_swaps(query: Any, key: Any, value: Any) -> tuple[Any, Any, Any]:
    """Batch and length exchanged; what is the same stays the same, so that one product maps it."""
    q = query.swapaxes(0, 1)
    k = q if key is query else key.swapaxes(0, 1)
    return q, k, k if value is key else value.swapaxes(0, 1)


def _append(x: Any, row: Any) -> Any:
    return ops["concatenate"]([x, row])


def _added(mask: Any, dtype: Any) -> Any:
    """A mask as numbers to be added to the scores: True is minus infinity."""
    mask = np.asarray(mask)
    return np.where(mask, -np.inf, 0).astype(dtype) if mask.dtype == bool else mask.astype(dtype)

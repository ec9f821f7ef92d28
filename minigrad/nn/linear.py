"""Layers that are linear maps of vectors, or look vectors up."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..declare import ops
from ..tensor import Tensor
from .module import Module
from .start import Init, Rng, parameter, start_weight_and_bias


class Linear(Module):
    """x W^T + b. `weight` is (out_features, in_features), `bias` (out_features,), as in PyTorch.

    Parameters
    ----------
    init, bias_init
        How the weight and the bias start: a name in `nn.init`, an initializer, or any callable `(shape, rng) -> array`.
        If not given, uniform within 1 / sqrt(in_features), as in PyTorch. For deep networks say
        `init="kaiming_normal"` before a relu, `init="xavier_normal"` before a tanh; the bias starts at 0 then.
    rng
        What they draw from; the generator that `minigrad.seed` starts, if not given.

    >>> import numpy as np
    >>> from minigrad import nn
    >>> nn.Linear(3, 2, init="kaiming_normal")(np.ones((4, 3))).shape
    (4, 2)
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        init: Init | None = None,
        bias_init: Init | None = None,
        rng: Rng | None = None,
    ) -> None:
        self.in_features, self.out_features = in_features, out_features
        outputs = out_features if bias else None
        start_weight_and_bias(self, (out_features, in_features), outputs, in_features, init, bias_init, rng)

    def forward(self, x: Any) -> Any:
        """x (..., in_features) gives (..., out_features)."""
        return ops["linear"](x, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return f"{self.in_features}, {self.out_features}" + ("" if self.bias is not None else ", bias=False")


class Bilinear(Module):
    """x1^T W_k x2 + b_k for each k. `weight` is (out_features, in1_features, in2_features)."""

    weight: Tensor
    bias: Tensor | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        *,
        init: Init | None = None,
        bias_init: Init | None = None,
        rng: Rng | None = None,
    ) -> None:
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        outputs = out_features if bias else None
        shape = (out_features, in1_features, in2_features)
        start_weight_and_bias(self, shape, outputs, in1_features, init, bias_init, rng)

    def forward(self, x1: Any, x2: Any) -> Any:
        """x1 (..., in1_features) and x2 (..., in2_features) give (..., out_features)."""
        return ops["bilinear"](x1, x2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        sizes = f"{self.in1_features}, {self.in2_features}, {self.out_features}"
        return sizes + ("" if self.bias is not None else ", bias=False")


class Embedding(Module):
    """A vector for each of num_embeddings integers: rows of `weight` (num_embeddings, embedding_dim).

    The row `padding_idx` starts at 0 and gets no gradient. The others start normal, with standard deviation 1.

    >>> import numpy as np
    >>> from minigrad import nn
    >>> nn.Embedding(100, 8)(np.array([[1, 2, 3]])).shape
    (1, 3, 8)
    """

    weight: Tensor

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        init: Init | None = None,
        rng: Rng | None = None,
    ) -> None:
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ValueError(f"Embedding: padding_idx {padding_idx} is none of {num_embeddings} rows")
        self.num_embeddings, self.embedding_dim, self.padding_idx = num_embeddings, embedding_dim, padding_idx
        self.weight = parameter(self, init or "normal", (num_embeddings, embedding_dim), rng)
        if padding_idx is not None:
            self.weight.data[padding_idx] = 0

    def forward(self, x: Any) -> Any:
        """Integers of any shape give that shape + (embedding_dim,)."""
        return ops["embedding"](np.asarray(x), self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        """The sizes."""
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"

"""Losses as modules, made from the ops of PyTorch's names: `nn.MSELoss(reduction="sum")(x, target)`."""

from __future__ import annotations

from typing import Any

from ..declare import ops
from .module import Module

_OPS = {  # the class, by PyTorch's name: the op
    "MSELoss": "mse_loss",
    "L1Loss": "l1_loss",
    "SmoothL1Loss": "smooth_l1_loss",
    "HuberLoss": "huber_loss",
    "CrossEntropyLoss": "cross_entropy",
    "NLLLoss": "nll_loss",
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "KLDivLoss": "kl_div",
    "HingeEmbeddingLoss": "hinge_embedding_loss",
    "MarginRankingLoss": "margin_ranking_loss",
    "CosineEmbeddingLoss": "cosine_embedding_loss",
    "TripletMarginLoss": "triplet_margin_loss",
}


class Loss(Module):
    """A module that applies one loss, with the options that it was made with."""

    op: str

    def __init__(self, **options: Any) -> None:
        unknown = set(options) - set(ops[self.op].inputs)
        if unknown:
            raise TypeError(f"{type(self).__name__} takes {', '.join(ops[self.op].inputs)}; not {', '.join(unknown)}")
        self.options = options

    def forward(self, *args: Any) -> Any:
        """The loss of the prediction and the target."""
        return ops[self.op](*args, **self.options)

    def extra_repr(self) -> str:
        """The options that were given."""
        return ", ".join(f"{key}={value!r}" for key, value in self.options.items())


def _layer(name: str, op: str) -> type[Loss]:
    return type(name, (Loss,), {"op": op, "__doc__": f"`{op}` as a module.", "__module__": __name__})


layers = {name: _layer(name, op) for name, op in _OPS.items() if op in ops}

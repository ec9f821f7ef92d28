"""Losses and distances as modules, by PyTorch's names: `nn.MSELoss(reduction="sum")(x, target)`."""

from __future__ import annotations

from .from_op import layer_of

_OF_TWO = {
    "MSELoss": "mse_loss",
    "L1Loss": "l1_loss",
    "SmoothL1Loss": "smooth_l1_loss",
    "HuberLoss": "huber_loss",
    "CrossEntropyLoss": "cross_entropy",
    "NLLLoss": "nll_loss",
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "KLDivLoss": "kl_div",
    "HingeLoss": "hinge_loss",
    "HingeEmbeddingLoss": "hinge_embedding_loss",
    "CosineSimilarity": "cosine_similarity",
    "PairwiseDistance": "pairwise_distance",
}
_OF_THREE = {
    "MarginRankingLoss": "margin_ranking_loss",
    "CosineEmbeddingLoss": "cosine_embedding_loss",
    "TripletMarginLoss": "triplet_margin_loss",
}

layers = {name: layer_of(op, name, 2) for name, op in _OF_TWO.items()}
layers |= {name: layer_of(op, name, 3) for name, op in _OF_THREE.items()}

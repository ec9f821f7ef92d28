"""Pooling and resampling as layers, by PyTorch's names."""

from __future__ import annotations

from .from_op import layer_of

_OPS = {
    "MaxPool1d": "max_pool1d",
    "MaxPool2d": "max_pool2d",
    "AvgPool1d": "avg_pool1d",
    "AvgPool2d": "avg_pool2d",
    "AdaptiveAvgPool1d": "adaptive_avg_pool1d",
    "AdaptiveAvgPool2d": "adaptive_avg_pool2d",
    "Upsample": "interpolate",
}

layers = {name: layer_of(op, name) for name, op in _OPS.items()}

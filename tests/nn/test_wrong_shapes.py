"""An input of a wrong shape, for every layer there is: the error names the layer, the shape it got, and what it takes."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from minigrad import nn

WRONG: list[tuple[nn.Module, list[tuple[int, ...]], list[str]]] = [  # layer, shapes, what the message must hold
    (nn.Linear(4, 3), [(5, 7)], ["(5, 7)", "(3, 4)"]),
    (nn.Bilinear(4, 3, 2), [(5, 4), (5, 9)], ["(5, 9)", "(2, 4, 3)"]),
    (nn.Conv1d(4, 6, 3), [(2, 5, 9)], ["(2, 5, 9)", "(6, 4, 3)"]),
    (nn.Conv2d(4, 6, 3), [(2, 5, 9, 9)], ["(2, 5, 9, 9)", "(6, 4, 3, 3)"]),
    (nn.Conv2d(4, 6, 3), [(2, 5)], ["(2, 5)", "(N, channels, height, width)"]),
    (nn.Conv2d(4, 6, 3), [(2, 4, 2, 2)], ["(2, 2)", "(3, 3)"]),
    (nn.ConvTranspose1d(4, 6, 3), [(2, 5, 9)], ["(2, 5, 9)", "(4, 6, 3)"]),
    (nn.ConvTranspose2d(4, 6, 3), [(2, 5, 9, 9)], ["(2, 5, 9, 9)", "(4, 6, 3, 3)"]),
    (nn.MaxPool1d(3), [(2, 2, 2, 2)], ["(2, 2, 2, 2)", "(N, C, length)"]),
    (nn.MaxPool2d(3), [(7,)], ["(7,)", "(N, C, height, width)"]),
    (nn.MaxPool2d(3), [(1, 2, 2)], ["(2, 2)", "(3, 3)"]),
    (nn.AvgPool1d(3), [(7,)], ["(7,)", "(N, C, length)"]),
    (nn.AvgPool2d(3), [(7,)], ["(7,)", "(N, C, height, width)"]),
    (nn.AdaptiveAvgPool1d(3), [(7,)], ["(7,)", "1 axes"]),
    (nn.AdaptiveAvgPool2d(3), [(7,)], ["(7,)", "2 axes"]),
    (nn.Upsample(scale_factor=2), [(7,)], ["(7,)", "(N, C)"]),
    (nn.Flatten(3), [(2, 3)], ["(2, 3)", "axes 3 to -1"]),
    (nn.Unflatten(1, (2, 3)), [(2, 5)], ["(2, 5)", "(2, 3)"]),
    (nn.Dropout2d(0.5), [(2, 3)], ["(2, 3)", "(N, C, H, W)"]),
    (nn.BatchNorm1d(4), [(5, 3)], ["(5, 3)", "4 channels"]),
    (nn.BatchNorm2d(4), [(5, 4)], ["(5, 4)", "4 axes"]),
    (nn.LayerNorm(4), [(5, 3)], ["(5, 3)", "(4,)"]),
    (nn.RMSNorm(4), [(5, 3)], ["(5, 3)", "(4,)"]),
    (nn.GroupNorm(2, 4), [(5, 3, 2)], ["(5, 3, 2)", "4 channels"]),
    (nn.InstanceNorm2d(4), [(5, 3, 2, 2)], ["(5, 3, 2, 2)", "4 channels"]),
    (nn.RNN(3, 5), [(7, 2, 4)], ["(7, 2, 4)", "length 3"]),
    (nn.LSTM(3, 5), [(7, 2, 4)], ["(7, 2, 4)", "length 3"]),
    (nn.GRU(3, 5), [(7, 2, 3), (1, 3, 5)], ["(1, 3, 5)", "(1, 2, 5)"]),
    (nn.MultiheadAttention(6, 2), [(4, 3, 6), (5, 3, 7), (5, 3, 6)], ["key", "(5, 3, 7)", "6"]),
    (nn.MultiheadAttention(6, 2), [(4, 3, 6), (5, 2, 6), (5, 2, 6)], ["(4, 3, 6)", "(5, 2, 6)"]),
    (nn.MultiheadAttention(6, 2), [(4, 3, 6), (5, 3, 6), (4, 3, 6)], ["(5, 3, 6)", "(4, 3, 6)"]),
    (nn.TransformerEncoderLayer(6, 2, 7), [(4, 3, 7)], ["(4, 3, 7)", "6"]),
    (nn.PReLU(4), [(5, 3, 2)], ["(5, 3, 2)", "(4,)"]),
    (nn.GLU(), [(5, 3)], ["(5, 3)", "even"]),
    (nn.Softmax(dim=3), [(5, 4)], ["axis 3", "dimension 2"]),
    (nn.LogSoftmax(dim=3), [(5, 4)], ["axis 3", "dimension 2"]),
    (nn.Residual(nn.Linear(4, 3)), [(5, 4)], ["(5, 3)", "(5, 4)"]),
    (nn.Standardize().fit(np.eye(3)), [(5, 4)], ["(4,)", "(3,)"]),
    (nn.CosineSimilarity(), [(5, 4), (5, 3)], ["(5, 4)", "(5, 3)"]),
    (nn.PairwiseDistance(), [(5, 4), (5, 3)], ["(5,4)", "(5,3)"]),
    *(
        (getattr(nn, name)(), [(5, 4)] + [(5, 3)] * (count - 1), ["(5, 4)", "(5, 3)", "broadcast"])
        for name, count in {
            **dict.fromkeys(("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "BCELoss", "BCEWithLogitsLoss"), 2),
            **dict.fromkeys(("KLDivLoss", "HingeLoss", "HingeEmbeddingLoss"), 2),
            **dict.fromkeys(("MarginRankingLoss", "CosineEmbeddingLoss", "TripletMarginLoss"), 3),
        }.items()
    ),
]
ANY_SHAPE = {  # take an input of every shape, or hold other modules and take none
    *("ReLU", "ReLU6", "LeakyReLU", "ELU", "SELU", "CELU", "GELU", "SiLU", "Mish", "Softplus", "Softsign", "Sigmoid"),
    *("LogSigmoid", "Tanh", "Hardtanh", "Hardsigmoid", "Hardswish", "Dropout", "Identity"),
    *("Sequential", "ModuleList", "ModuleDict", "Module"),
}
ELSEWHERE = {"Embedding", "CrossEntropyLoss", "NLLLoss"}  # integers: below


@pytest.mark.parametrize("case", WRONG, ids=lambda case: f"{type(case[0]).__name__}{case[1]}")
def test_the_error_names_the_layer_and_both_shapes(case: Any) -> None:
    layer, shapes, words = case

    class Net(nn.Module):
        def __init__(self) -> None:
            self.body = nn.ModuleList([layer])

        def forward(self, *inputs: Any) -> Any:
            return self.body[0](*inputs)

    with pytest.raises((ValueError, IndexError)) as caught:
        Net()(*(np.ones(shape) for shape in shapes))
    message = str(caught.value)
    assert message.startswith("body.0"), message
    assert f"{type(layer).__name__}(" in message or type(layer) is nn.TransformerEncoderLayer, message
    for word in words:
        assert word in message


def test_classes_and_rows() -> None:
    for loss in (nn.CrossEntropyLoss(), nn.NLLLoss()):
        with pytest.raises(ValueError, match=rf"^{type(loss).__name__}.*\(5, 4\), target \(3,\)"):
            loss(np.ones((5, 4)), np.zeros(3, int))
    with pytest.raises(IndexError, match=r"^Embedding\(6, 4\).*x holds 7; weight has shape \(6, 4\)"):
        nn.Embedding(6, 4)(np.array([7]))
    with pytest.raises(TypeError, match=r"^Embedding\(6, 4\).*x holds float64"):
        nn.Embedding(6, 4)(np.array([1.5]))


def test_no_layer_is_left_out() -> None:
    there = {name for name, value in vars(nn).items() if inspect.isclass(value) and issubclass(value, nn.Module)}
    assert there == {type(layer).__name__ for layer, _, _ in WRONG} | ANY_SHAPE | ELSEWHERE

"""Every layer against PyTorch's: state_dict both ways, outputs, gradients of inputs and parameters, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
Function = Callable[..., Any]

LAYERS: list[tuple[str, tuple[Any, ...], dict[str, Any], list[tuple[int, ...]]]] = [
    ("Linear", (4, 3), {}, [(5, 4)]),
    ("Linear", (4, 3), {"bias": False}, [(2, 5, 4)]),
    ("Linear", (4, 3), {}, [(4,)]),
    ("Bilinear", (4, 3, 2), {}, [(5, 4), (5, 3)]),
    ("Conv1d", (4, 6, 3), {"stride": 2, "padding": 1, "groups": 2}, [(2, 4, 9)]),
    ("Conv2d", (4, 6, 3), {}, [(2, 4, 6, 7)]),
    ("Conv2d", (4, 6, 3), {}, [(4, 6, 7)]),
    ("Conv2d", (4, 6, (3, 2)), {"stride": (2, 1), "padding": (1, 2), "dilation": (2, 1), "groups": 2}, [(2, 4, 8, 7)]),
    ("Conv2d", (4, 6, (3, 2)), {"padding": "same", "bias": False}, [(2, 4, 6, 7)]),
    ("Conv2d", (2, 3, 3), {"padding": 1, "padding_mode": "reflect"}, [(2, 2, 5, 6)]),
    ("Conv2d", (2, 3, 3), {"padding": (1, 2), "padding_mode": "circular"}, [(2, 2, 5, 6)]),
    ("Conv2d", (2, 3, (3, 4)), {"padding": "same", "padding_mode": "replicate"}, [(2, 2, 5, 6)]),
    ("ConvTranspose1d", (4, 6, 3), {"stride": 2, "padding": 1, "output_padding": 1}, [(2, 4, 5)]),
    ("ConvTranspose2d", (4, 6, 3), {}, [(2, 4, 5, 6)]),
    ("ConvTranspose2d", (4, 6, (3, 2)), {"stride": 2, "padding": 1, "groups": 2, "dilation": 2}, [(2, 4, 5, 6)]),
    ("MaxPool1d", (3,), {"stride": 2, "padding": 1}, [(2, 3, 9)]),
    ("MaxPool2d", (2,), {}, [(2, 3, 6, 7)]),
    ("MaxPool2d", ((3, 2),), {"stride": 2, "padding": 1, "dilation": (1, 2), "ceil_mode": True}, [(2, 3, 6, 8)]),
    ("AvgPool1d", (3,), {"padding": 1}, [(2, 3, 9)]),
    ("AvgPool2d", (3,), {"stride": 2, "padding": 1, "count_include_pad": False}, [(2, 3, 6, 7)]),
    ("AdaptiveAvgPool2d", ((3, 2),), {}, [(2, 3, 7, 5)]),
    ("AdaptiveAvgPool1d", (3,), {}, [(2, 3, 8)]),
    ("Upsample", (), {"scale_factor": 2}, [(2, 3, 4, 5)]),
    ("Upsample", (), {"size": (7, 4), "mode": "bilinear", "align_corners": True}, [(2, 3, 4, 5)]),
    ("Upsample", (7,), {"mode": "linear"}, [(2, 3, 4)]),
    ("Flatten", (), {}, [(2, 3, 4)]),
    ("Unflatten", (1, (2, -1)), {}, [(3, 8)]),
    ("BatchNorm1d", (4,), {}, [(6, 4)]),
    ("BatchNorm1d", (4,), {"momentum": None}, [(3, 4, 5)]),
    ("BatchNorm2d", (4,), {"momentum": 0.3, "eps": 1e-3}, [(3, 4, 5, 2)]),
    ("BatchNorm2d", (4,), {"affine": False, "track_running_stats": False}, [(3, 4, 5, 2)]),
    ("LayerNorm", (5,), {}, [(3, 4, 5)]),
    ("LayerNorm", ((4, 5),), {"bias": False}, [(3, 4, 5)]),
    ("LayerNorm", ((4, 5),), {"elementwise_affine": False}, [(3, 4, 5)]),
    ("RMSNorm", (5,), {}, [(3, 4, 5)]),
    ("RMSNorm", ((4, 5),), {"eps": 1e-3, "elementwise_affine": False}, [(3, 4, 5)]),
    ("GroupNorm", (2, 4), {}, [(3, 4, 5, 2)]),
    ("InstanceNorm2d", (4,), {}, [(3, 4, 5, 2)]),
    ("InstanceNorm2d", (4,), {"affine": True, "track_running_stats": True}, [(3, 4, 5, 2)]),
    ("InstanceNorm2d", (4,), {"affine": True}, [(4, 5, 2)]),
    ("RNN", (3, 5), {}, [(7, 2, 3)]),
    ("RNN", (3, 5), {"nonlinearity": "relu", "num_layers": 2, "bidirectional": True, "bias": False}, [(7, 2, 3)]),
    ("LSTM", (3, 5), {}, [(7, 2, 3)]),
    ("LSTM", (3, 5), {"num_layers": 3, "bidirectional": True, "batch_first": True}, [(2, 7, 3)]),
    ("LSTM", (3, 5), {"num_layers": 2, "bidirectional": True}, [(7, 3)]),
    ("GRU", (3, 5), {}, [(7, 2, 3), (1, 2, 5)]),
    ("GRU", (3, 5), {"num_layers": 2, "bidirectional": True, "batch_first": True}, [(2, 7, 3)]),
    ("MultiheadAttention", (6, 2), {}, [(4, 3, 6), (5, 3, 6), (5, 3, 6)]),
    ("MultiheadAttention", (6, 3), {"bias": False, "kdim": 4, "vdim": 5}, [(4, 3, 6), (5, 3, 4), (5, 3, 5)]),
    ("MultiheadAttention", (6, 2), {"add_bias_kv": True, "add_zero_attn": True}, [(4, 3, 6), (5, 3, 6), (5, 3, 6)]),
    ("MultiheadAttention", (6, 2), {"batch_first": True}, [(4, 6), (5, 6), (5, 6)]),
    ("TransformerEncoderLayer", (6, 2), {"dim_feedforward": 7, "dropout": 0.0}, [(4, 3, 6)]),
    (
        "TransformerEncoderLayer",
        (6, 2),
        {"dim_feedforward": 7, "dropout": 0.0, "activation": "gelu", "norm_first": True, "batch_first": True},
        [(3, 4, 6)],
    ),
]


def name_of(case: Any) -> str:
    name, args, kwargs, shapes = case
    return f"{name}{args}{kwargs or ''}{shapes}".replace(" ", "")


@pytest.mark.parametrize("case", LAYERS, ids=name_of)
def test_outputs_and_gradients(pair: Function, compare: Function, case: Any) -> None:
    name, args, kwargs, shapes = case
    ours, theirs = pair(name, *args, **kwargs)
    rng = np.random.default_rng(0)
    compare(ours, theirs, [rng.normal(size=shape) for shape in shapes])


@pytest.mark.parametrize("name", ["BatchNorm1d", "BatchNorm2d", "InstanceNorm2d"])
@pytest.mark.parametrize("momentum", [0.1, None])
def test_running_statistics(pair: Function, compare: Function, name: str, momentum: float | None) -> None:
    ours, theirs = pair(name, 3, momentum=momentum, affine=True, track_running_stats=True)
    rng = np.random.default_rng(0)
    shape = (5, 3) if name == "BatchNorm1d" else (5, 3, 4, 2)
    for _ in range(4):
        x = rng.normal(3, 2, shape)
        ours(x), theirs(torch.tensor(x))
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[key], value.numpy(), rtol=1e-12, err_msg=key)
    ours.eval(), theirs.eval()
    compare(ours, theirs, [rng.normal(size=shape)])


@pytest.mark.parametrize("padding_idx", [None, 2, -1])
def test_embedding(pair: Function, compare: Function, padding_idx: int | None) -> None:
    ours, theirs = pair("Embedding", 6, 4, padding_idx=padding_idx)
    compare(ours, theirs, [np.array([[1, 2, 1], [5, 0, 2]])])


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_states_that_are_given(pair: Function, name: str) -> None:
    ours, theirs = pair(name, 3, 5, num_layers=2, bidirectional=True)
    rng = np.random.default_rng(0)
    x, *states = rng.normal(size=(7, 2, 3)), rng.normal(size=(4, 2, 5)), rng.normal(size=(4, 2, 5))
    if name == "LSTM":
        out, (h, c) = ours(x, tuple(states))
        expected, (their_h, their_c) = theirs(torch.tensor(x), tuple(map(torch.tensor, states)))
        np.testing.assert_allclose(c.data, their_c.detach().numpy(), rtol=1e-10)
    else:
        out, h = ours(x, states[0])
        expected, their_h = theirs(torch.tensor(x), torch.tensor(states[0]))
    np.testing.assert_allclose(out.data, expected.detach().numpy(), rtol=1e-10)
    np.testing.assert_allclose(h.data, their_h.detach().numpy(), rtol=1e-10)


MASKS = {
    "causal": {"attn_mask": np.triu(np.ones((4, 4), bool), 1)},
    "numbers": {"attn_mask": np.random.default_rng(3).normal(size=(4, 4))},
    "by head": {"attn_mask": np.random.default_rng(3).random((6, 4, 4)) > 0.7},
    "padding": {"key_padding_mask": np.array([[False] * 4, [False, False, True, True], [True, False, False, False]])},
    "no weights": {"need_weights": False},
    "each head's": {"average_attn_weights": False},
    "both": {
        "attn_mask": np.triu(np.ones((4, 4), bool), 1),
        "key_padding_mask": np.array([[False] * 4, [False, False, True, True], [False, True, False, False]]),
    },
}


@pytest.mark.parametrize("which", MASKS)
@pytest.mark.parametrize("batch_first", [False, True])
def test_attention_masks(pair: Function, compare: Function, which: str, batch_first: bool) -> None:
    ours, theirs = pair("MultiheadAttention", 6, 2, batch_first=batch_first)
    rng = np.random.default_rng(0)
    options = MASKS[which]
    if which == "by head":
        options = {"attn_mask": options["attn_mask"] & ~np.eye(4, dtype=bool)}  # nobody sees nothing
    shape = (3, 4, 6) if batch_first else (4, 3, 6)
    compare(ours, theirs, [rng.normal(size=shape) for _ in range(3)], **options)


def test_is_causal_needs_no_mask(pair: Function) -> None:
    ours, theirs = pair("MultiheadAttention", 6, 2)
    x = np.random.default_rng(0).normal(size=(4, 3, 6))
    mask = torch.triu(torch.ones(4, 4, dtype=torch.bool), 1)
    expected, _ = theirs(*[torch.tensor(x)] * 3, attn_mask=mask)
    np.testing.assert_allclose(ours(x, x, x, is_causal=True)[0].data, expected.detach().numpy(), rtol=1e-10)


@pytest.mark.parametrize("norm_first", [False, True])
def test_encoder_layer_with_masks(pair: Function, compare: Function, norm_first: bool) -> None:
    ours, theirs = pair("TransformerEncoderLayer", 6, 2, 7, 0.0, norm_first=norm_first)
    x = np.random.default_rng(0).normal(size=(4, 3, 6))
    compare(
        ours, theirs, [x], src_mask=MASKS["both"]["attn_mask"], src_key_padding_mask=MASKS["both"]["key_padding_mask"]
    )

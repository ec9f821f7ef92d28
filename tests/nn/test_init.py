"""Initializers: mean, variance, bounds and structure, in exact formulas and beside PyTorch's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import init

SHAPE = (300, 200)  # fan_in 200, fan_out 300
SQRT3 = math.sqrt(3)
DISTRIBUTIONS = [  # name, options, standard deviation, largest size
    ("normal", {"std": 0.3}, 0.3, None),
    ("uniform", {"low": -2, "high": 2}, 2 / SQRT3, 2),
    ("xavier_normal", {}, math.sqrt(2 / 500), None),
    ("xavier_uniform", {"gain": 2.0}, 2 * math.sqrt(2 / 500), 2 * math.sqrt(6 / 500)),
    ("kaiming_normal", {}, math.sqrt(2 / 200), None),
    ("kaiming_normal", {"mode": "fan_out", "nonlinearity": "relu"}, math.sqrt(2 / 300), None),
    ("kaiming_uniform", {"a": math.sqrt(5)}, math.sqrt(1 / 3 / 200), math.sqrt(1 / 200)),
    ("kaiming_uniform", {"nonlinearity": "tanh"}, 5 / 3 / math.sqrt(200), SQRT3 * 5 / 3 / math.sqrt(200)),
    ("lecun_normal", {}, math.sqrt(1 / 200), None),
    ("lecun_uniform", {}, math.sqrt(1 / 200), SQRT3 * math.sqrt(1 / 200)),
    ("glorot_normal", {}, math.sqrt(2 / 500), None),
    ("he_uniform", {}, math.sqrt(2 / 200), SQRT3 * math.sqrt(2 / 200)),
    ("variance_scaling", {"scale": 3, "mode": "fan_avg"}, math.sqrt(3 / 250), None),
    (
        "variance_scaling",
        {"scale": 3, "distribution": "truncated_normal"},
        math.sqrt(3 / 200),
        2 * math.sqrt(3 / 200) / 0.8796,
    ),
    ("truncated_normal", {"std": 1.0, "low": -1.0, "high": 1.0}, 0.5396, 1.0),
]


@pytest.mark.parametrize("case", DISTRIBUTIONS, ids=lambda case: f"{case[0]}{case[1]}")
def test_mean_spread_and_bounds(case: Any) -> None:
    name, options, std, bound = case
    w = getattr(init, name)(**options)(SHAPE, np.random.default_rng(0))
    assert w.shape == SHAPE
    n = w.size
    assert abs(w.mean()) < 5 * std / math.sqrt(n)
    assert abs(w.std() / std - 1) < 5 / math.sqrt(n)
    if bound is not None:
        assert 0.99 * bound < abs(w).max() <= bound
    again = getattr(init, name)(SHAPE, np.random.default_rng(0), **options)
    np.testing.assert_array_equal(w, again, err_msg="it draws from rng alone, and options may come with the call")


@pytest.mark.torch
@pytest.mark.parametrize("shape", [(64, 32), (16, 8, 5, 3)])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("xavier_uniform", {"gain": 0.7}),
        ("xavier_normal", {}),
        ("kaiming_uniform", {"a": 0.3}),
        ("kaiming_normal", {"mode": "fan_out", "nonlinearity": "selu"}),
        ("orthogonal", {"gain": 2.0}),
    ],
)
def test_the_same_spread_as_pytorch(name: str, options: dict[str, Any], shape: tuple[int, ...]) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    theirs = torch.empty(shape, dtype=torch.float64)
    getattr(torch.nn.init, f"{name}_")(theirs, **options)
    ours = getattr(init, name)(**options)(shape, np.random.default_rng(0))
    assert abs(ours.std() / theirs.numpy().std() - 1) < 0.06
    if "uniform" in name:
        assert abs(abs(ours).max() / theirs.abs().max().item() - 1) < 0.01


@pytest.mark.torch
@pytest.mark.parametrize("name", ["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu", "conv2d"])
def test_gains(name: str) -> None:
    torch = pytest.importorskip("torch")
    assert init.gain(name) == torch.nn.init.calculate_gain(name)
    assert init.gain("leaky_relu", 0.3) == torch.nn.init.calculate_gain("leaky_relu", 0.3)


def test_structure() -> None:
    rng = np.random.default_rng(0)
    for shape in ((5, 3), (3, 5), (4, 4), (6, 2, 3)):
        w = init.orthogonal(shape, rng).reshape(shape[0], -1)
        product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
        np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-12)
    np.testing.assert_array_equal(init.identity((3, 2), rng), np.eye(3, 2))
    x = rng.normal(size=(1, 2, 4, 4))
    layer = nn.Conv2d(2, 2, 3, padding=1, init="identity")
    np.testing.assert_allclose(layer(x).data, x)
    zeros = (init.sparse(sparsity=0.4)((10, 7), rng) == 0).sum(axis=0)
    assert (zeros == 4).all()
    assert (init.constant(value=2.5)((3,), rng) == 2.5).all()
    assert (init.zeros((2,), rng) == 0).all() and (init.ones((2,), rng) == 1).all()


FANS = [  # a layer and what one of its outputs sees
    (lambda init: nn.Linear(400, 100, init=init), 400),
    (lambda init: nn.Conv2d(32, 64, 3, init=init), 32 * 9),
    (lambda init: nn.Conv2d(64, 128, 3, groups=4, init=init), 16 * 9),
    (lambda init: nn.Conv1d(32, 64, 5, init=init), 32 * 5),
    (lambda init: nn.ConvTranspose2d(64, 32, 3, init=init), 64 * 9),
    (lambda init: nn.ConvTranspose2d(64, 128, 3, groups=4, init=init), 16 * 9),
]


@pytest.mark.parametrize(("make", "fan_in"), FANS)
def test_fan_in_is_what_an_output_sees(make: Any, fan_in: int) -> None:
    mg.seed(0)
    layer = make("lecun_normal")
    assert abs(layer.weight.data.std() * math.sqrt(fan_in) - 1) < 0.03
    assert (layer.bias.data == 0).all()


FANS_OUT = [  # groups are not taken off, as PyTorch counts
    (lambda init: nn.Linear(400, 100, init=init), 100),
    (lambda init: nn.Conv2d(64, 128, 3, groups=4, init=init), 128 * 9),
    (lambda init: nn.ConvTranspose2d(64, 32, 3, init=init), 32 * 9),
    (lambda init: nn.ConvTranspose2d(64, 128, 3, groups=4, init=init), 128 * 9),
]


@pytest.mark.parametrize(("make", "fan_out"), FANS_OUT)
def test_fan_out(make: Any, fan_out: int) -> None:
    mg.seed(0)
    weight = make(init.kaiming_normal(mode="fan_out")).weight.data
    assert abs(weight.std() / math.sqrt(2 / fan_out) - 1) < 0.03


@pytest.mark.parametrize("mode", ["fan_in", "fan_out"])
def test_bounds_in_grouped_and_transposed_convolutions(mode: str) -> None:
    mg.seed(0)
    for layer in (nn.Conv2d(32, 64, 3, groups=4, init="zeros"), nn.ConvTranspose2d(32, 64, 3, groups=4, init="zeros")):
        fan = 8 * 9 if mode == "fan_in" else 64 * 9
        start = init.kaiming_uniform(mode=mode)
        weight = type(layer)(32, 64, 3, groups=4, init=start).weight.data
        assert weight.shape == layer.weight.shape
        assert 0.98 * math.sqrt(6 / fan) < abs(weight).max() <= math.sqrt(6 / fan)
        groups = weight.reshape(4, -1)
        assert len(np.unique(groups)) == groups.size, "each group has weights of its own"


@pytest.mark.torch
@pytest.mark.parametrize(
    ("name", "args", "options"),
    [
        ("Linear", (300, 50), {}),
        ("Conv1d", (16, 32, 5), {"dilation": 2}),
        ("ConvTranspose1d", (16, 32, 5), {}),
        ("RNN", (30, 40), {"bidirectional": True}),
        ("PReLU", (4,), {}),
        ("LayerNorm", (5,), {}),
        ("Conv2d", (16, 32, 3), {"groups": 2}),
        ("ConvTranspose2d", (16, 32, 3), {"groups": 2}),
        ("Bilinear", (20, 30, 40), {}),
        ("LSTM", (30, 40), {}),
        ("GRU", (30, 40), {"num_layers": 2}),
        ("MultiheadAttention", (64, 4), {}),
        ("Embedding", (100, 50), {}),
        ("BatchNorm2d", (5,), {}),
        ("TransformerEncoderLayer", (32, 4, 64), {}),
    ],
)
def test_layers_start_as_pytorchs_do(name: str, args: Any, options: Any) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    mg.seed(0)
    theirs = getattr(torch.nn, name)(*args, **options)
    ours = getattr(nn, name)(*args, **options)
    for key, value in theirs.state_dict().items():
        mine, their = ours.state_dict()[key], value.double().numpy()
        if their.std() == 0 or their.size < 2:
            np.testing.assert_array_equal(mine, their, err_msg=key)
        else:
            assert abs(mine.std() / their.std() - 1) < 5 / math.sqrt(their.size), key
            if their.size > 500 and name != "Embedding":
                assert abs(abs(mine).max() / abs(their).max() - 1) < 0.05, key


def test_any_callable_is_an_initializer() -> None:
    seen: list[Any] = []

    def mine(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        seen.append((shape, rng))
        return np.arange(6).reshape(shape)

    rng = np.random.default_rng(0)
    layer = nn.Linear(3, 2, init=mine, bias_init=lambda shape, rng: np.full(shape, 7.0), rng=rng)
    np.testing.assert_array_equal(layer.weight.data, [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(layer.bias.data, [7, 7])
    assert seen == [((2, 3), rng)]
    assert layer.weight.dtype == np.float64
    with pytest.raises(ValueError, match=r"Linear: the initializer gave shape \(2,\); expected \(2, 3\)"):
        nn.Linear(3, 2, init=lambda shape, rng: np.zeros(2))
    with pytest.raises(ValueError, match="no initializer 'he'"):
        nn.Linear(3, 2, init="he")
    with pytest.raises(ValueError, match="no fan_in"):
        init.kaiming_normal((3,), rng)


def test_the_same_seed_gives_the_same_model() -> None:
    mg.seed(5)
    first = nn.Linear(3, 4).state_dict()
    mg.seed(5)
    np.testing.assert_array_equal(nn.Linear(3, 4).weight.data, first["weight"])
    with mg.default_dtype("float32"):
        assert nn.Linear(3, 4).weight.dtype == np.float32


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh])
def test_lsuv_gives_every_layer_unit_variance(activation: Any) -> None:
    rng = np.random.default_rng(0)
    x = 30 * rng.normal(size=(200, 24)) + 5
    layers = [part for _ in range(15) for part in (nn.Linear(24, 24), activation())]
    model = nn.Sequential(*layers, nn.Dropout(0.5))
    state = rng.bit_generator.state
    assert nn.init.lsuv(model, x, rng) is model
    outputs: list[Any] = []
    for layer in layers[::2]:
        layer.register_forward_hook(lambda _, __, out: outputs.append(out.data))
    model(x)
    for out in outputs:
        assert abs(out.std() - 1) < 0.03
    assert model.training and state != rng.bit_generator.state

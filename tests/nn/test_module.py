"""Module: the tree, state, modes, hooks, names and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


class Net(nn.Module):
    def __init__(self) -> None:
        self.scale = nn.Parameter(np.ones(2))
        self.first = nn.Linear(3, 2)
        self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), nn.Linear(2, 2, bias=False)])
        self.register_buffer("seen", np.array(0))
        self.head = nn.ModuleDict({"a": nn.Linear(2, 1)})
        self.plain = 3

    def forward(self, x: Any) -> Any:
        h = self.first(x) * self.scale
        for block in self.blocks:
            h = block(h)
        return self.head["a"](h)


KEYS = ["scale", "seen", "first.weight", "first.bias", "blocks.0.0.weight", "blocks.0.0.bias"]
KEYS += ["blocks.0.1.weight", "blocks.0.1.bias", "blocks.0.1.running_mean", "blocks.0.1.running_var"]
KEYS += ["blocks.0.1.num_batches_tracked", "blocks.1.weight", "head.a.weight", "head.a.bias"]


def test_the_tree_is_walked_in_order_of_attributes() -> None:
    net = Net()
    assert list(net.state_dict()) == KEYS
    buffers = ["seen", *KEYS[8:11]]
    assert [name for name, _ in net.named_buffers()] == buffers
    assert [name for name, _ in net.named_parameters()] == [key for key in KEYS if key not in buffers]
    assert [name for name, _ in net.named_modules()][:4] == ["", "first", "blocks", "blocks.0"]
    assert [name for name, _ in net.named_children()] == ["first", "blocks", "head"]
    net.first = None  # type: ignore[assignment]
    del net.scale
    assert [name for name, _ in net.named_children()] == ["blocks", "head"]
    assert "scale" not in net.state_dict()


def test_what_is_shared_is_a_parameter_once_and_in_the_state_under_each_name() -> None:
    layer = nn.Linear(2, 2)
    model = nn.Sequential(layer, nn.ReLU(), layer)
    assert [name for name, _ in model.named_parameters()] == ["0.weight", "0.bias"]
    assert list(model.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    tied = nn.Linear(2, 2)
    tied.weight = layer.weight
    assert len(list(nn.Sequential(layer, tied).parameters())) == 3


def test_parameters_are_named_by_their_path_once_the_model_is_called() -> None:
    net = Net()
    net.scale.name = "my own"
    net(np.ones((4, 3)))
    assert net.blocks[0][0].weight.name == "blocks.0.0.weight"
    assert net.head["a"].bias.name == "head.a.bias"
    assert net.scale.name == "my own"
    net.first.weight = nn.Parameter(np.ones((2, 3)))
    net(np.ones((4, 3)))
    assert net.first.weight.name == "first.weight"
    bigger = nn.Sequential(net)
    bigger(np.ones((4, 3)))
    assert net.first.weight.name == "0.first.weight"


def test_scopes_are_the_paths_of_the_modules() -> None:
    from minigrad.context import mode

    scopes = []

    class Spy(nn.Module):
        def forward(self, x: Any) -> Any:
            scopes.append(mode.get().scope)
            return x

    inner = nn.ModuleList([Spy()])

    class Outer(nn.Module):
        def __init__(self) -> None:
            self.spies = nn.ModuleDict({"many": inner})
            self.direct = nn.Sequential(Spy())

        def forward(self, x: Any) -> Any:
            return self.direct(self.spies["many"][0](x))

    outer = Outer()
    outer(np.ones(1))
    with mg.no_grad():
        outer(np.ones(1))
    assert scopes == ["spies.many.0", "direct.0"] * 2
    assert mode.get().scope == ""


def test_state_goes_over_and_comes_back() -> None:
    net, other = Net(), Net()
    other.load_state_dict(net.state_dict())
    for key, value in net.state_dict().items():
        np.testing.assert_array_equal(other.state_dict()[key], value)
    net.state_dict()["scale"][...] = 7
    assert (net.scale.data == 1).all(), "a state is a copy"
    given = net.state_dict()
    other.load_state_dict(given)
    other.scale.data[...] = 7
    assert (given["scale"] == 1).all(), "what is loaded is copied"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale": None}, "missing: scale"),
        ({"other": np.ones(1)}, "unexpected: other"),
        ({"scale": np.ones(1)}, r"shape: scale is \(2,\) here and \(1,\) in the state"),
        ({"scale": np.ones((1, 2))}, r"shape: scale is \(2,\)"),
        ({"seen": np.array(0.5)}, "dtype: seen is int64 here and float64"),
        ({"scale": np.ones(2) * 1j}, "dtype: scale"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change: dict[str, Any], message: str) -> None:
    net = Net()
    before = net.state_dict()
    state = {key: value + 1 for key, value in before.items()} | change
    state = {key: value for key, value in state.items() if value is not None}
    with pytest.raises(ValueError, match=message):
        net.load_state_dict(state)
    for key, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[key])


def test_all_faults_are_listed_and_strict_can_be_off() -> None:
    net = Net()
    state = net.state_dict()
    del state["seen"], state["head.a.bias"]
    state["extra"] = np.ones(1)
    with pytest.raises(ValueError, match="(?s)missing: seen.*missing: head.a.bias.*unexpected: extra"):
        net.load_state_dict(state)
    assert net.load_state_dict(state, strict=False) == (["seen", "head.a.bias"], ["extra"])


def test_loading_keeps_the_models_dtype() -> None:
    with mg.default_dtype("float32"):
        small = nn.Linear(2, 2)
    small.load_state_dict(nn.Linear(2, 2).state_dict())
    assert small.weight.dtype == np.float32
    small.astype(np.float64)
    assert small.weight.dtype == np.float64
    (small(np.ones((1, 2))) ** 2).sum().backward()
    assert small.weight.grad.dtype == np.float64


def test_modes_gradients_and_apply() -> None:
    net = Net()
    assert not any(module.training for module in net.eval().modules())
    assert all(module.training for module in net.train().modules())
    net(np.ones((4, 3))).sum().backward()
    assert net.first.weight.grad is not None
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    net.requires_grad_(False)
    assert not net(np.ones((4, 3))).requires_grad
    assert len(list(net.parameters())) == 10, "frozen parameters are parameters still"
    order: list[str] = []
    nn.Sequential(nn.Linear(1, 1), nn.ReLU()).apply(lambda m: order.append(type(m).__name__))
    assert order == ["Linear", "ReLU", "Sequential"]


def test_forward_hooks_see_and_replace() -> None:
    layer = nn.Linear(2, 2)
    seen: list[Any] = []
    watching = layer.register_forward_hook(
        lambda module, inputs, out: seen.append((module, inputs[0].shape, out.shape))
    )
    replacing = layer.register_forward_hook(lambda module, inputs, out: out * 0)
    assert (layer(np.ones((3, 2))).data == 0).all()
    assert seen == [(layer, (3, 2), (3, 2))]
    replacing.remove(), watching.remove()
    assert (layer(np.ones((3, 2))).data != 0).any()
    assert len(seen) == 1


def test_errors_begin_with_the_layer() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.ReLU(), nn.Linear(5, 2)))
    with pytest.raises(ValueError, match=r"^1\.1, Linear\(5, 2\): linear: x has shape \(7, 4\), weight \(2, 5\)"):
        model(np.ones((7, 3)))
    with pytest.raises(ValueError, match=r"^Conv2d\(3, 4, .*conv2d: x has shape \(2, 5, 8, 8\)"):
        nn.Conv2d(3, 4, 3)(np.ones((2, 5, 8, 8)))
    with pytest.raises(TypeError, match="has no forward"):
        nn.Module()(1)
    assert mg.context.mode.get().scope == "", "an error leaves no scope behind"


def test_repr_and_summary() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Dropout(0.2))
    assert repr(model).splitlines() == [
        "Sequential()  # 16 parameters",
        "  (0): Linear(3, 4)  # 16 parameters",
        "  (1): ReLU()",
        "  (2): Dropout(p=0.2)",
    ]
    lines = model.summary(np.ones((7, 3))).splitlines()
    assert lines[1].split() == ["0", "Linear", "(7,", "4)", "16"]
    assert lines[-1] == "16 parameters"
    assert all(module.training for module in model.modules())


def test_containers() -> None:
    a, b, c = nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 3)
    model = nn.Sequential({"in": a, "act": b}).append(c)
    assert len(model) == 3 and model[0] is a and model[-1] is c and list(model) == [a, b, c]
    model(np.ones((1, 1)))
    part = model[1:]
    assert [name for name, _ in part.named_children()] == ["act", "2"]
    model(np.ones((1, 1)))
    assert a.weight.name == "in.weight" and c.weight.name == "2.weight"
    with pytest.raises(TypeError, match=r"Sequential: 1 is type, not a Module \(nn.ReLU\(\), with brackets\)"):
        nn.Sequential(a, nn.ReLU)
    some = nn.ModuleList([a]).extend([b, c])
    some[0] = nn.Linear(5, 5)
    assert len(some) == 3 and some[-1] is c and some[:2][1] is b
    named = nn.ModuleDict({"x": a})
    named["y"] = b
    assert "y" in named and named.keys() == ["x", "y"] and dict(named.items())["y"] is b


def test_residual_adds_and_checks() -> None:
    layer = nn.Linear(2, 2)
    x = np.ones((3, 2))
    np.testing.assert_allclose(nn.Residual(layer)(x).data, x + layer(x).data)
    with pytest.raises(ValueError, match=r"f makes shape \(3, 1\) of x \(3, 2\)"):
        nn.Residual(nn.Linear(2, 1))(x)


def test_dropout() -> None:
    rng = np.random.default_rng(0)
    layer = nn.Dropout(0.25, rng=rng)
    x = mg.tensor(np.ones((200, 200)), requires_grad=True)
    out = layer(x)
    kept = out.data != 0
    assert abs(kept.mean() - 0.75) < 0.01
    np.testing.assert_allclose(out.data[kept], 1 / 0.75)
    out.sum().backward()
    np.testing.assert_array_equal(x.grad, out.data)
    assert layer.eval()(x) is x
    channels = nn.Dropout2d(0.5, rng=rng)(np.ones((50, 20, 3, 3)))
    by_channel = channels.reshape(1000, 9)
    assert (by_channel == by_channel[:, :1]).all() and 0.4 < (by_channel == 0).mean() < 0.6
    mg.seed(3)
    first = nn.Dropout(0.5)(np.ones(100))
    mg.seed(3)
    np.testing.assert_array_equal(first, nn.Dropout(0.5)(np.ones(100)))
    with pytest.raises(ValueError, match="p is 1.5"):
        nn.Dropout(1.5)

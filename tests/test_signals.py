"""layer_stats, against hand-written NumPy and against what is known of deep tanh networks."""

import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.context import generator
from minigrad.signals import layer_stats

X = np.random.default_rng(101).standard_normal((128, 64))
LABELS = np.random.default_rng(102).integers(0, 64, 128)


def tanh_network(std, depth=8, seed=0):
    rng = np.random.default_rng(seed)
    start = lambda shape, _: std * rng.standard_normal(shape)
    return nn.Sequential(*[layer for _ in range(depth) for layer in (nn.Linear(64, 64, init=start), nn.Tanh())])


def rms(a):
    return np.sqrt(np.mean(np.square(a)))


def test_two_layers_against_hand_written_numpy():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((5, 3)), rng.standard_normal((5, 2))
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    w1, b1, w2, b2 = (p.data for p in model.parameters())
    z = x @ w1.T + b1
    h = np.tanh(z)
    out = h @ w2.T + b2
    g_out = 2 * (out - y) / out.size
    g_h = g_out @ w2
    g_z = g_h * (1 - h**2)

    rows = layer_stats(model, x, mg.mse_loss, y, lr=0.1).rows
    assert [(row.path, row.kind) for row in rows] == [("0", "Linear"), ("1", "Tanh"), ("2", "Linear")]
    for row, value, gradient in zip(rows, (z, h, out), (g_z, g_h, g_out)):
        np.testing.assert_allclose(row.activation_mean, value.mean(), rtol=1e-12)
        np.testing.assert_allclose(row.activation_std, value.std(), rtol=1e-12)
        np.testing.assert_allclose(row.activation_gradient, rms(gradient), rtol=1e-12)
    for row, weight, gradient in ((rows[0], w1, g_z.T @ x), (rows[2], w2, g_out.T @ h)):
        np.testing.assert_allclose(row.weight_gradient, rms(gradient), rtol=1e-12)
        np.testing.assert_allclose(row.update_to_data, np.log10(0.1 * rms(gradient) / rms(weight)), rtol=1e-12)
    assert rows[1].weight_gradient is rows[1].update_to_data is rows[0].saturated is rows[1].dead is None


@pytest.mark.parametrize("seed", range(3))
def test_tanh_networks_of_three_scales(seed):
    small, right, large = (
        layer_stats(tanh_network(std, seed=seed), X, mg.cross_entropy, LABELS) for std in (0.01, 1 / 8, 1.0)
    )
    tanh = {name: report.rows[1::2] for name, report in (("small", small), ("right", right), ("large", large))}

    assert small.verdict == "vanishing" and "the signal died" in small.reason
    assert tanh["small"][0].activation_std == pytest.approx(7.8e-2, rel=0.1)
    assert 1e-9 < tanh["small"][-1].activation_std < 4e-9
    assert all(row.saturated == 0 for row in tanh["small"])
    first, last = small.rows[0], small.rows[-2]
    assert 1 / 3 < first.weight_gradient / last.weight_gradient < 3  # the trap: weight gradients look flat
    assert first.activation_gradient < 1e-7 * last.activation_gradient
    assert first.verdict == "vanishing"

    assert right.verdict == "healthy"
    assert {row.verdict for row in right.rows} == {"healthy"}
    assert tanh["right"][0].activation_std == pytest.approx(0.63, abs=0.02)
    assert tanh["right"][-1].activation_std == pytest.approx(0.26, abs=0.03)
    assert 0.02 < tanh["right"][0].saturated < 0.06 and tanh["right"][-1].saturated < 0.001

    assert large.verdict == "exploding"
    assert [row.verdict for row in tanh["large"]] == ["saturated"] * 8
    assert all(0.75 < row.saturated < 0.85 for row in tanh["large"])
    assert 50 < large.rows[0].weight_gradient / large.rows[-2].weight_gradient < 1000


@pytest.mark.parametrize("depth", [5, 20, 50])
@pytest.mark.parametrize(
    ("scale", "verdict"), [(1, "healthy"), (10 ** (3 / 4), "exploding"), (10 ** (-3 / 4), "vanishing")]
)
def test_he_weights_train_at_every_depth_and_others_at_none(scale, verdict, depth):
    rng = np.random.default_rng(0)
    start = lambda shape, _: scale * np.sqrt(2 / shape[1]) * rng.standard_normal(shape)
    layers = [layer for _ in range(depth) for layer in (nn.Linear(64, 64, init=start), nn.ReLU())]
    report = layer_stats(nn.Sequential(*layers), X, mg.mse_loss, np.ones((128, 64)))
    assert report.verdict == verdict


@pytest.mark.parametrize(
    ("factor", "verdict"), [(1 / 20, "healthy"), (20, "healthy"), (1 / 1000, "vanishing"), (1000, "exploding")]
)
def test_a_change_within_20_is_healthy_and_beyond_1000_never(factor, verdict):
    first, last = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)
    first.load_state_dict({"weight": np.eye(4)})
    last.load_state_dict({"weight": factor * np.eye(4)})
    report = layer_stats(nn.Sequential(first, last), X[:, :4], lambda out, y: (out * y).sum(), X[:, 4:8])
    assert report.rows[0].activation_gradient == pytest.approx(factor * report.rows[1].activation_gradient)
    assert report.verdict == verdict


def test_hundreds_of_layers_do_not_underflow_and_overflow_is_exploding():
    report = layer_stats(tanh_network(0.01, depth=200), X, mg.cross_entropy, LABELS)
    assert 0 < report.rows[-1].activation_std < 1e-200 and 0 < report.rows[0].activation_gradient < 1e-200
    layers = [nn.Linear(64, 64, init=nn.init.constant(value=1e100)) for _ in range(5)]
    with np.errstate(all="ignore"):
        report = layer_stats(nn.Sequential(*layers), X, mg.mse_loss, X)
    assert report.verdict == report.rows[-1].verdict == "exploding"


def test_dead_units_are_those_that_are_0_for_every_example():
    model = nn.Sequential(nn.Linear(1, 4, init="ones"), nn.ReLU(), nn.Linear(4, 1))
    model[0].bias.data[:] = [-9, 0, 0, 0]
    report = layer_stats(model, np.array([[-1.0], [1.0]]), mg.mse_loss, np.zeros((2, 1)))
    assert report.rows[1].dead == 0.25 and report.rows[1].verdict == report.verdict == "healthy"
    model[0].bias.data[:] = -9
    report = layer_stats(model, np.array([[-1.0], [1.0]]), mg.mse_loss, np.zeros((2, 1)))
    assert report.rows[1].dead == 1 and report.rows[1].verdict == report.verdict == "dead"
    assert report.rows[0].activation_gradient == 0 and report.rows[0].update_to_data == -np.inf
    assert "-inf" in str(report)


def test_a_channel_is_the_unit_in_images():
    model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU())
    model.load_state_dict({"0.weight": np.ones((2, 1, 1, 1)), "0.bias": np.array([0.0, -9.0])})
    images = np.zeros((3, 1, 4, 4))
    images[0, 0, 0, 0] = 1  # one bright pixel keeps the first channel alive
    assert layer_stats(model, images, mg.mse_loss, np.ones((3, 2, 4, 4))).rows[1].dead == 0.5


def test_sigmoid_saturates_at_both_of_its_ends():
    logits = np.array([[-9.0, 9.0, 0.0, 1.0]])
    identity = nn.Linear(4, 4, init=nn.init.identity())
    report = layer_stats(nn.Sequential(identity, nn.Sigmoid()), logits, mg.mse_loss, np.ones((1, 4)))
    assert report.rows[1].saturated == 0.5


class Restless(nn.Module):
    """Moves everything that a forward pass may move."""

    def __init__(self):
        self.first, self.norm, self.drop, self.last = nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(), nn.Linear(4, 1)
        self.own = nn.Dropout(rng=np.random.default_rng(3))
        self.register_buffer("calls", np.zeros(1))
        self.drop.training = False

    def forward(self, x):
        self.calls += 1  # in place
        return self.last(self.own(self.drop(self.norm(self.first(x)))))


@pytest.mark.parametrize("fails", [False, True])
def test_the_model_is_left_as_it_was(fails):
    model, x, y = Restless(), X[:8, :4], np.ones((8, 1))
    model.first.weight.grad = np.full((4, 4), 7.0)
    tensor = mg.tensor(x, requires_grad=True)
    gradients = [(p, p.grad, None if p.grad is None else p.grad.copy()) for p in model.parameters()]
    state, names = model.state_dict(), [p.name for p in model.parameters()]
    flags = [module.training for module in model.modules()]
    rng, drawn, own = generator.get(), generator.get().bit_generator.state, model.own.rng.bit_generator.state

    def loss_fn(out, y):
        mg.seed(5)
        if fails:
            raise KeyboardInterrupt
        return mg.mse_loss(out, y)

    if fails:
        with pytest.raises(KeyboardInterrupt):
            layer_stats(model, tensor, loss_fn, y)
    else:
        with mg.no_grad():  # gradients are what it is about: it records all the same
            report = layer_stats(model, tensor, loss_fn, y)
        assert [row.path for row in report.rows] == ["first", "norm", "drop", "own", "last"]

    for p, grad, content in gradients:
        assert p.grad is grad
        np.testing.assert_array_equal(p.grad, content)
    assert tensor.grad is None
    for key, value in model.state_dict().items():
        np.testing.assert_array_equal(value, state[key])
    assert [p.name for p in model.parameters()] == names
    assert [module.training for module in model.modules()] == flags
    assert generator.get() is rng and rng.bit_generator.state == drawn
    assert model.own.rng.bit_generator.state == own
    assert not any(module._hooks for module in model.modules())


def test_a_layer_called_twice_has_two_rows_and_tuples_count():
    class Twice(nn.Module):
        def __init__(self):
            self.rnn, self.act, self.last = nn.LSTM(4, 4, batch_first=True), nn.Tanh(), nn.Linear(4, 2)

        def forward(self, x):
            out, _ = self.rnn(x)
            return self.last(self.act(self.act(out[:, -1])))

    report = layer_stats(Twice(), X[:8].reshape(8, 16, 4), mg.mse_loss, np.ones((8, 2)))
    assert [row.path for row in report.rows] == ["rnn", "act", "act", "last"]
    assert all(row.activation_gradient > 0 for row in report.rows)


def test_frozen_layers_are_shown_without_gradients():
    model = tanh_network(1 / 8, depth=2)
    model[0].requires_grad_(False)
    report = layer_stats(model, X, mg.cross_entropy, LABELS)
    assert report.rows[0].activation_gradient is report.rows[0].weight_gradient is None
    assert report.rows[2].weight_gradient > 0
    with pytest.raises(TypeError, match="no parameter of the model requires gradients"):
        layer_stats(model.requires_grad_(False), X, mg.cross_entropy, LABELS)


def test_zeros_are_no_trouble_for_one_layer_and_stop_two():
    x, y = X[:1, :4], np.ones((1, 1))
    one = layer_stats(nn.Linear(4, 1, init="zeros"), x, mg.mse_loss, y)
    assert one.verdict == "healthy" and one.rows[0].path == "" and one.rows[0].update_to_data is None
    two = nn.Sequential(nn.Linear(4, 4, init="zeros"), nn.Tanh(), nn.Linear(4, 1, init="zeros"))
    assert layer_stats(two, x, mg.mse_loss, y).verdict == "vanishing"


def test_raw_inputs_saturate_the_first_layer():
    raw = np.random.default_rng(0).uniform([50, 1], [250, 5], (64, 2))
    start = nn.init.xavier_normal()
    model = nn.Sequential(nn.Linear(2, 64, init=start), nn.Tanh(), nn.Linear(64, 64, init=start), nn.Tanh())
    assert layer_stats(model, raw, mg.mse_loss, np.ones((64, 64))).verdict == "saturated"
    scaled = nn.Standardize()
    scaled.fit(raw)
    report = layer_stats(nn.Sequential(scaled, *model), raw, mg.mse_loss, np.ones((64, 64)))
    assert report.verdict == "healthy"


def test_errors_say_what_is_wrong():
    model = tanh_network(1 / 8, depth=1)
    with pytest.raises(TypeError, match="function, not a Module"):
        layer_stats(lambda x: x, X, mg.mse_loss, X)
    with pytest.raises(TypeError, match=r"scalar.*shape \(128, 64\)"):
        layer_stats(model, X, lambda out, y: out - y, X)


def test_the_table_is_aligned():
    report = layer_stats(tanh_network(1 / 8, depth=6), X, mg.cross_entropy, LABELS)
    lines = str(report).splitlines()
    assert len(lines) == 1 + 12 + 3
    assert len({line.index("healthy") for line in lines[1:13]} | {lines[0].index("verdict")}) == 1
    assert lines[-2].startswith("healthy: ") and "lr=0.001" in lines[-1]


def test_plot_draws_the_signals_on_a_logarithmic_scale():
    figure = pytest.importorskip("matplotlib.figure").Figure()
    report = layer_stats(tanh_network(0.01, depth=3), X, mg.cross_entropy, LABELS)
    ax = figure.add_subplot()
    assert report.plot(ax) is ax and report.plot().figure is not figure
    assert ax.get_yscale() == "log"
    activations, gradients, weights = (line.get_ydata() for line in ax.get_lines())
    np.testing.assert_array_equal(activations, [row.activation_std for row in report.rows])
    np.testing.assert_array_equal(gradients, [row.activation_gradient for row in report.rows])
    np.testing.assert_array_equal(weights, [row.weight_gradient or np.nan for row in report.rows])  # tanh has none


def test_plot_without_matplotlib_says_what_to_install(monkeypatch):
    report = layer_stats(tanh_network(1 / 8, depth=1), X, mg.cross_entropy, LABELS)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"minigrad\[plot\]"):
        report.plot()

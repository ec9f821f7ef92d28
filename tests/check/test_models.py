"""check_model: the five notes, and that it leaves no trace."""

import runpy
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.context import generator

from .specimens import normal

EXAMPLES = Path(__file__).parents[2] / "examples"


def loss_fn(out, y):
    return mg.mean((out - y) ** 2)


def batch():
    return normal(5, 4), normal(5, 2, seed=1)


def state_of(model):
    parts = [p.data.tobytes() for p in model.parameters()] + [np.asarray(b).tobytes() for b in model.buffers()]
    grads = [None if p.grad is None else p.grad.tobytes() for p in model.parameters()]
    flags = [m.training for m in model.modules()]
    return parts, grads, flags, str(generator.get().bit_generator.state), str(np.random.get_state())


def network():
    mg.seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 2))


def test_right_at_the_start_and_after_training():
    model = network()
    report = mg.check_model(model, loss_fn, *batch())
    assert report
    assert report.verdict == "OK"
    assert list(report.reports) == [0, 20]
    assert [one.name for one in report.inputs][:2] == ["0.weight", "0.bias"]
    for words in ("at the start", "after 20 steps", "forward passes", "to debug with, never inside training"):
        assert words in str(report)


@pytest.mark.parametrize("at", [(0,), (0, 3)])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_it_leaves_everything_as_it_was(at, dtype):
    model = network().astype(dtype)
    loss_fn(model(mg.tensor(batch()[0].astype(dtype))), batch()[1]).backward()
    objects = [(p, p.data, p.grad) for p in model.parameters()]
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    memory = str(optimizer.state_dict())
    before = state_of(model)
    mg.check_model(model, loss_fn, *batch(), at=at, optimizer=optimizer)
    assert state_of(model) == before
    assert all(p.data is data and p.grad is grad for p, data, grad in objects)
    assert str(optimizer.state_dict()) == memory


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_also_after_an_error_and_after_ctrl_c(error):
    model = network()
    before = state_of(model)
    calls = []

    def fails(out, y):
        calls.append(1)
        if len(calls) == 30:
            raise error
        return loss_fn(out, y)

    with pytest.raises(error):
        mg.check_model(model, fails, *batch())
    assert state_of(model) == before


def test_the_whole_loss_is_checked_also_what_loss_fn_takes_from_the_parameters():
    model = nn.Sequential(nn.Linear(4, 2))
    penalty = mg.op(name="penalty")(lambda w: 0.15 * np.sum(w * w))
    penalty.vjp("w")(lambda g, w: 0 * g * w)
    report = mg.check_model(model, lambda out, y: loss_fn(out, y) + penalty(model[0].weight), *batch(), at=(0,))
    weight, bias = report.inputs
    assert (weight.name, str(weight.verdict), str(bias.verdict)) == ("0.weight", "WRONG", "OK")
    assert "L2 regularization term's gradient is missing, lambda = 0.3" in weight.cause


def test_dropout_is_named_and_can_be_frozen():
    mg.seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.Sequential(nn.Dropout(0.5), nn.Tanh()), nn.Linear(6, 2))
    report = mg.check_model(model, loss_fn, *batch())
    assert report.verdict == "NOT DETERMINISTIC"
    assert not report
    assert "1.0 (Dropout)" in str(report)
    assert "eval()" in str(report)
    several = nn.Sequential(nn.Dropout(0.5), nn.Linear(4, 6), nn.Dropout(0.5), nn.Linear(6, 2))
    assert "drawn in 0 (Dropout), 2 (Dropout)" in str(mg.check_model(several, loss_fn, *batch()))
    assert mg.check_model(model, loss_fn, *batch(), freeze_random=True)
    assert mg.check_model(model.eval(), loss_fn, *batch())


def test_a_detached_loss_is_wrong():
    model = nn.Sequential(nn.Linear(4, 2))
    report = mg.check_model(model, lambda out, y: loss_fn(out.detach(), y), *batch(), at=(0,))
    assert report.verdict == "WRONG"
    assert "detached" in str(report)


def test_what_cannot_be_checked_is_said():
    with pytest.raises(ValueError, match="no parameters that require gradients"):
        mg.check_model(nn.Tanh(), loss_fn, *batch())
    with pytest.raises(ValueError, match=r"must be a scalar; loss_fn returned shape \(5, 2\)"):
        mg.check_model(nn.Sequential(nn.Linear(4, 2)), lambda out, y: out - y, *batch())


def test_big_layers_are_projected():
    mg.seed(0)
    model = nn.Sequential(nn.Linear(40, 50), nn.ReLU(), nn.Linear(50, 2))
    report = mg.check_model(model, loss_fn, normal(5, 40), normal(5, 2), at=(0,))
    assert report
    assert "3 projections of 2,000 elements" in str(report.reports[0])


def test_inside_a_training_loop_it_warns():
    model = nn.Sequential(nn.Linear(4, 2))
    with pytest.warns(UserWarning, match="Check once before training and once after"):
        for _ in range(3):
            mg.check_model(model, loss_fn, *batch(), at=(0,))


# -- the textbook's bugs ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def textbook():
    return runpy.run_path(str(EXAMPLES / "textbook_bugs.py"))


def test_the_network_by_hand(textbook):
    report = textbook["by_hand"]()
    wrong = {one.name: one.cause for one in report.inputs if not one}
    assert wrong == {
        "W2": "a constant factor: the gradient is 2 times too large",
        "b1": "a constant factor: the gradient is 4 times too large",
    }
    assert [one.name for one in report.inputs if one] == ["W1", "b2", "W3", "b3"]


def test_the_l2_term(textbook):
    (w,) = textbook["without_l2"]().inputs
    assert (w.name, w.cause) == ("w", "the L2 regularization term's gradient is missing, lambda = 0.07")


def test_dropout_left_on(textbook):
    assert "2 (Dropout)" in str(textbook["with_dropout"]())


def test_a_bug_that_only_shows_after_training(textbook):
    report = textbook["after_training"]()
    assert [str(one.verdict) for one in report.reports.values()] == ["OK", "WRONG"]
    assert "OK at the start, WRONG after 40 steps" in str(report)
    assert "|x| > 3" in str(report)

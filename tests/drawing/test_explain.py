"""explain against backward passes worked out by hand."""

import re

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.drawing import explain


@pytest.fixture
def neuron():
    """The neuron of micrograd's lesson; b is chosen so that o = tanh(n) = sqrt(1/2), and 1 - o^2 = 1/2."""
    x1, x2 = mg.tensor(2.0, requires_grad=True), mg.tensor(0.0, requires_grad=True)
    w1, w2 = mg.tensor(-3.0, requires_grad=True), mg.tensor(1.0, requires_grad=True)
    b = mg.tensor(6.0 + np.arctanh(np.sqrt(0.5)), requires_grad=True)
    n = x1 * w1 + x2 * w2 + b
    o = np.tanh(n)
    L = o * o
    return dict(locals())


def test_the_numbers_of_the_lesson(neuron):
    root = np.sqrt(0.5)
    account = explain(neuron["L"], names=neuron)
    got = {(s.source, s.target, s.path): (s.upstream, s.local, s.adds, s.before, s.after) for s in account.steps}
    expected = {
        ("L", "o", 1): (1, root, root, None, root),
        ("L", "o", 2): (1, root, root, root, 2 * root),
        ("o", "n", 1): (2 * root, 0.5, root, None, root),
        ("n", "b", 1): (root, 1, root, None, root),
        ("multiply1", "x1", 1): (root, -3, -3 * root, None, -3 * root),
        ("multiply1", "w1", 1): (root, 2, 2 * root, None, 2 * root),
        ("multiply2", "x2", 1): (root, 1, root, None, root),
        ("multiply2", "w2", 1): (root, 0, 0, None, 0),
    }
    for key, numbers in expected.items():
        assert (got[key][3] is None) == (numbers[3] is None)
        assert [float(v) for v in got[key] if v is not None] == pytest.approx([v for v in numbers if v is not None])
    assert len(account) == len(account.steps) == 11


def test_the_table(neuron):
    lines = [" ".join(line.split()) for line in str(explain(neuron["L"], names=neuron)).splitlines()]
    assert lines[0] == "step op from -> to upstream x local = adds grad before grad after"
    assert lines[1] == "1 * L -> o 1.0000 0.7071 o 0.7071 - 0.7071"
    assert lines[2] == "2 * L -> o 1.0000 0.7071 o 0.7071 0.7071 1.4142 second path: gradients add"
    assert lines[3] == "3 tanh o -> n 1.4142 0.5000 1 - out*out 0.7071 - 0.7071"
    assert len(lines) == 12


def test_the_sentence_of_a_step(neuron):
    steps = explain(neuron["L"], names=neuron).steps
    assert steps[0].sentence == "o.grad = upstream 1.0000 x local 0.7071 = 0.7071"
    assert steps[1].sentence == "o.grad = 0.7071 + upstream 1.0000 x local 0.7071 = 1.4142"


def test_an_array_that_was_broadcast():
    x = mg.tensor(np.arange(6.0).reshape(2, 3), name="x")
    w = mg.tensor([1.0, 2.0, 3.0], requires_grad=True, name="w")
    b = mg.tensor([[1.0], [2.0]], requires_grad=True, name="b")
    account = explain(np.sum(x * w + b))
    steps = {s.target: s for s in account.steps}
    assert steps["w"].summed == (0,) and steps["b"].summed == (1,)
    np.testing.assert_array_equal(steps["w"].adds, [0 + 3, 1 + 4, 2 + 5])
    np.testing.assert_array_equal(steps["b"].adds, [[3.0], [3.0]])
    text = str(account)
    assert "w: summed over axis 0, because it was broadcast" in text
    assert "b: summed over axis 1, because it was broadcast" in text
    assert "y: g(2,3) * x(2,3) -> (3)" in text  # the rule of multiply for its second input, in its own words
    assert f"(3) norm {np.sqrt(9 + 25 + 49):.4f}" in text


def test_a_layer_names_its_parameters_and_its_bias_was_broadcast():
    x = mg.tensor(np.ones((8, 3)), name="x")
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    account = explain(np.mean(model(x) ** 2))
    steps = {s.target: s for s in account.steps}
    assert steps["0.bias"].summed == (0,) and steps["0.weight"].summed == ()
    assert steps["2.weight"].summed == ()  # (1,4): nothing of it was repeated
    assert "0.bias: summed over axis 0, because it was broadcast" in str(account)
    assert "g(8,4)" in steps["0.weight"].rule and "x(8,3)" in steps["0.weight"].rule


def test_the_last_gradient_of_each_leaf_is_what_backward_gives():
    rng = np.random.default_rng(0)
    x = mg.tensor(rng.normal(size=(4, 3)), requires_grad=True, name="x")
    w = mg.tensor(rng.normal(size=(3, 3)), requires_grad=True, name="w")
    loss = np.sum(np.exp(x @ w / 9) * (x @ w)) + np.sum(w * w)
    last = {s.target: s.after for s in explain(loss).steps}
    assert x.grad is None and w.grad is None  # nothing was touched, and the graph is still there
    loss.backward()
    np.testing.assert_array_equal(last["x"], x.grad)
    np.testing.assert_array_equal(last["w"], w.grad)


def test_several_outputs_and_lists():
    x = mg.tensor([[2.0, 0.0], [0.0, 1.0]], requires_grad=True, name="x")
    assert "x" in {s.target for s in explain(np.sum(np.linalg.eigh(x)[0])).steps}
    both = explain(np.sum(np.concatenate([x, x]))).steps
    assert [s.slot for s in both[1:]] == ["arrays0", "arrays1"] and both[-1].path == 2


def test_a_zero_upstream_beats_an_infinite_local():
    x = mg.tensor(0.0, requires_grad=True, name="x")
    account = explain(np.sqrt(x) * 0.0)
    step = account.steps[-1]
    assert step.local == np.inf and step.adds == 0
    assert "exactly 0" in str(account)


def test_a_deep_chain_does_not_recurse_and_prints_its_ends():
    y = mg.tensor(1.0, requires_grad=True)
    for _ in range(3000):
        y = y * 1.0
    account = explain(y)
    assert len(account.steps) == 3000
    text = str(account)
    assert len(text.splitlines()) < 500 and "2,600 steps are not shown" in text
    assert repr(account) == "<explanation of 3000 steps; print it for the table>"


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: 3.0, TypeError, "explain: expected a Tensor, got float"),
        (lambda: mg.tensor(3.0), ValueError, "explain: this Tensor has no graph"),
        (lambda: mg.tensor(3.0, requires_grad=True), ValueError, "not computed by an op"),
        (lambda: mg.tensor([3.0, 1.0], requires_grad=True) * 2, ValueError, "is not a scalar"),
    ],
)
def test_what_cannot_be_explained(make, error, message):
    with pytest.raises(error, match=message) as caught:
        explain(make())
    assert "\n" not in str(caught.value)


def test_a_freed_graph():
    loss = mg.tensor(3.0, requires_grad=True) * 2
    loss.backward()
    with pytest.raises(ValueError, match="explain: a backward pass has freed this graph; call explain before backward"):
        explain(loss)


def test_a_step_lights_the_reference_that_its_arrow_begins_at(tmp_path):
    w = mg.tensor(0.9, requires_grad=True, name="w")
    h = 1.0
    for _ in range(60):
        h = np.sin(h * w)
    page = mg.explain(h).save(tmp_path / "page.html").read_text()
    in_picture = set(re.findall(r'<g id="(\w+_from_\w+)"', page))
    in_steps = set(re.findall(r'"(\w+_from_\w+)"', page.split("</svg>")[1]))
    assert len(in_picture) > 40 and in_picture <= in_steps


def test_paths_are_counted_as_one_says_it():
    x = mg.tensor(1.0, requires_grad=True, name="x")
    total = x * 1.0
    for _ in range(123):
        total = total + x
    counted = [note.split()[0] for step in mg.explain(total).steps for note in step.notes if "path" in note]
    assert counted[:2] == ["second", "third"] and {"11th", "12th", "13th", "20th", "111th", "112th", "113th"} <= set(
        counted
    )
    assert {"21st", "22nd", "23rd", "24th", "31st", "101st", "102nd", "103rd", "121st", "122nd"} <= set(counted)

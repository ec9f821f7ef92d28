"""Optimizers: PyTorch's steps, groups, parameters without a gradient, state that is saved and loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim

CASES = [
    ("SGD", {}),
    ("SGD", {"lr": 0.01, "momentum": 0.9}),
    ("SGD", {"lr": 0.01, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.01, "momentum": 0.9, "dampening": 0.3}),
    ("SGD", {"lr": 1e-3, "maximize": True}),
    *((name, options) for name in ("Adam", "AdamW") for options in ({}, {"lr": 0.1, "weight_decay": 0.1})),
    ("Adam", {"lr": 0.1, "amsgrad": True}),
    ("Adam", {"lr": 0.1, "betas": (0.5, 0.7), "eps": 0.1}),
    ("NAdam", {}),
    ("NAdam", {"lr": 0.1, "weight_decay": 0.1, "momentum_decay": 0.1}),
    ("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.9, "centered": True}),
    ("RMSprop", {"alpha": 0.9, "weight_decay": 0.1}),
    ("Adagrad", {}),
    ("Adagrad", {"lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.3}),
    ("LBFGS", {"lr": 0.1, "max_iter": 3}),
    ("LBFGS", {"lr": 0.2, "max_iter": 4, "history_size": 2}),
    ("LBFGS", {"line_search_fn": "strong_wolfe", "max_iter": 2}),
    ("LBFGS", {"line_search_fn": "strong_wolfe", "max_iter": 5, "history_size": 3}),
]
rng = np.random.default_rng(0)
X = rng.normal(size=(6, 3))
START = [rng.normal(size=(3, 4)), rng.normal(size=4), np.array(0.5)]


def parameters() -> list[mg.Tensor]:
    return [mg.tensor(p, requires_grad=True) for p in START]


def loss_of(ps: Any, xp: Any, x: Any) -> Any:
    return ((xp.tanh(x @ ps[0] + ps[1]) * ps[2] - 1) ** 2).sum()


def closure_for(optimizer: Any, loss: Callable[[], Any]) -> Callable[[], Any]:
    def closure() -> Any:
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    return closure


@pytest.mark.torch
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}{case[1]}")
def test_twenty_steps_of_pytorchs(case: Any) -> None:
    torch = pytest.importorskip("torch")
    name, options = case
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # NAdam keeps a product in the default dtype
    try:
        ours, theirs = parameters(), [torch.tensor(p, requires_grad=True) for p in START]
        our_optimizer, their_optimizer = (
            getattr(optim, name)(ours, **options),
            getattr(torch.optim, name)(theirs, **options),
        )
        our_closure = closure_for(our_optimizer, lambda: loss_of(ours, np, X))
        their_closure = closure_for(their_optimizer, lambda: loss_of(theirs, torch, torch.tensor(X)))
        for step in range(20):
            if name == "LBFGS":
                our_optimizer.step(our_closure), their_optimizer.step(their_closure)
            else:
                our_closure(), their_closure()
                if step % 5 == 3:
                    ours[1].grad = theirs[1].grad = None
                our_optimizer.step(), their_optimizer.step()
            for a, b in zip(ours, theirs):
                np.testing.assert_allclose(a.data, b.detach().numpy(), rtol=1e-10, atol=1e-12)
    finally:
        torch.set_default_dtype(default)


NAMES = ["SGD", "Adam", "AdamW", "NAdam", "RMSprop", "Adagrad"]


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_without_a_gradient_is_left_alone(name: str) -> None:
    a, b = mg.tensor([1.0, 2.0], requires_grad=True), mg.tensor([3.0], requires_grad=True)
    optimizer = getattr(optim, name)([a, b], lr=0.1, weight_decay=0.5)
    (a * a).sum().backward()
    optimizer.step()
    assert b.data == 3 and b not in optimizer.state
    assert (a.data != [1, 2]).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_are_changed_in_place_and_keep_their_dtype(name: str, dtype: Any) -> None:
    p = mg.tensor(np.ones((3, 2), dtype), requires_grad=True)
    array, g = p.data, np.full((3, 2), 2, dtype)
    optimizer = getattr(optim, name)([p])
    for _ in range(3):
        p.grad = g
        optimizer.step()
    assert p.data is array and array.dtype == dtype and (array < 1).all()
    assert (g == 2).all(), "a gradient is the user's"
    assert all(v.dtype == dtype for v in optimizer.state[p].values() if isinstance(v, np.ndarray))


@pytest.mark.parametrize("name", NAMES)
def test_a_resumed_run_equals_an_uninterrupted_one(name: str) -> None:
    options: dict[str, Any] = {"lr": 0.05}
    if name in ("SGD", "RMSprop"):
        options["momentum"] = 0.9

    def run(ps: list[mg.Tensor], optimizer: Any, steps: int) -> None:
        for _ in range(steps):
            closure_for(optimizer, lambda: loss_of(ps, np, X))()
            optimizer.step()

    whole = parameters()
    run(whole, getattr(optim, name)(whole, **options), 10)
    first = parameters()
    begun = getattr(optim, name)(first, **options)
    run(first, begun, 4)
    second = [mg.tensor(p.data, requires_grad=True) for p in first]
    resumed = getattr(optim, name)(second, lr=99.0)
    resumed.load_state_dict(begun.state_dict())
    run(first, begun, 3)  # does not disturb the copy
    run(second, resumed, 6)
    for a, b in zip(whole, second):
        np.testing.assert_array_equal(a.data, b.data)


@pytest.mark.parametrize("name", NAMES)
def test_small_parameters_stepped_together_go_where_each_goes_alone(name: str) -> None:
    rng = np.random.default_rng(3)
    shapes = [(2, 3), (4,), (), (70, 80), (1, 1), (5,)]
    starts = [rng.normal(size=shape) for shape in shapes]
    together = [mg.tensor(x.astype("f4") if i == 5 else x, requires_grad=True) for i, x in enumerate(starts)]
    alone = [mg.tensor(p.data, requires_grad=True) for p in together]
    options: dict[str, Any] = {"lr": 0.01, "weight_decay": 0.1}
    if name in ("SGD", "RMSprop"):
        options["momentum"] = 0.9
    one = getattr(optim, name)(together, **options)
    many = [getattr(optim, name)([p], **options) for p in alone]
    for step in range(12):
        for i, (p, q) in enumerate(zip(together, alone)):
            g = rng.normal(size=p.shape).astype(p.dtype)
            p.grad = q.grad = None if (step + i) % 4 == 0 and i < 3 else g
        if step == 6:
            one.state[together[1]] = {}
            many[1].state.clear()
        one.step()
        for optimizer in many:
            optimizer.step()
        if step == 8:
            one.load_state_dict(one.state_dict())
    for p, q, optimizer in zip(together, alone, many):
        np.testing.assert_array_equal(p.data, q.data)
        for key, value in optimizer.state[q].items():
            np.testing.assert_array_equal(one.state[p][key], value, err_msg=key)


def test_an_optimizer_that_is_not_elementwise_sees_each_parameter() -> None:
    class Normalized(optim.Optimizer):
        def update(self, x: Any, g: Any, state: Any, group: Any) -> None:
            x -= group["lr"] * g / np.linalg.norm(g)

    a, b = mg.tensor([0.0, 0.0], requires_grad=True), mg.tensor([0.0], requires_grad=True)
    a.grad, b.grad = np.array([3.0, 4.0]), np.array([100.0])
    Normalized([a, b], {"lr": 1.0}).step()
    np.testing.assert_allclose(a.data, [-0.6, -0.8])
    np.testing.assert_allclose(b.data, [-1.0])


def test_groups_have_options_of_their_own() -> None:
    a, b, c = (mg.tensor([1.0], requires_grad=True) for _ in range(3))
    optimizer = optim.SGD([{"params": [a], "lr": 0.5}, {"params": b}], lr=0.1)
    optimizer.add_param_group({"params": [c], "weight_decay": 1.0})
    (a + b + c).sum().backward()
    optimizer.step()
    np.testing.assert_allclose([a.item(), b.item(), c.item()], [0.5, 0.9, 0.8])
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.1, 0.1]
    optimizer.zero_grad()
    assert a.grad is b.grad is c.grad is None


def test_what_is_refused() -> None:
    a = mg.tensor([1.0], requires_grad=True)
    with pytest.raises(ValueError, match="no parameters"):
        optim.SGD([])
    with pytest.raises(ValueError, match=r"of shape \(1,\) is given twice"):
        optim.SGD([a, a])
    with pytest.raises(TypeError, match="no parameter"):
        optim.SGD([a * 2])
    with pytest.raises(TypeError, match="SGD has no option beta; it has lr, momentum"):
        optim.SGD([{"params": [a], "beta": 1}])
    with pytest.raises(ValueError, match="lr is -1"):
        optim.Adam([a], lr=-1)
    with pytest.raises(ValueError, match="betas"):
        optim.Adam([a], betas=(0.9, 1.0))
    with pytest.raises(ValueError, match="Nesterov"):
        optim.SGD([a], nesterov=True)
    with pytest.raises(TypeError, match="closure"):
        optim.LBFGS([a]).step()


def test_a_state_that_does_not_fit_changes_nothing() -> None:
    a, b = mg.tensor([1.0, 2.0], requires_grad=True), mg.tensor([1.0], requires_grad=True)
    one, two = optim.Adam([a], lr=0.1), optim.Adam([b], lr=0.2)
    for optimizer, p in ((one, a), (two, b)):
        (p * p).sum().backward()
        optimizer.step()
    before = two.state_dict()
    with pytest.raises(
        ValueError, match=r"exp_avg has shape \(2,\) in the state; with its parameter 0 of shape \(1,\)"
    ):
        two.load_state_dict(one.state_dict())
    with pytest.raises(ValueError, match=r"groups of \[1\] parameters cannot take the state of groups of \[2\]"):
        two.load_state_dict(optim.Adam([a, b]).state_dict())
    assert str(two.state_dict()) == str(before)


def test_a_closure_is_called_first_and_its_loss_returned() -> None:
    a = mg.tensor([2.0], requires_grad=True)
    optimizer = optim.SGD([a], lr=0.25)
    assert optimizer.step(closure_for(optimizer, lambda: (a * a).sum())).item() == 4
    assert a.item() == 1


def test_a_number_that_took_the_place_of_an_array_is_changed() -> None:
    a = mg.tensor(2.0, requires_grad=True)
    a.data = np.float64(3.0)
    (a * a).backward()
    optim.SGD([a], lr=0.5).step()
    assert a.item() == 0


@pytest.mark.parametrize("norm_type", [2.0, 1.0, np.inf])
@pytest.mark.torch
def test_clipping_by_norm(norm_type: float) -> None:
    torch = pytest.importorskip("torch")
    for limit in (0.5, 100.0):
        ours, theirs = parameters(), [torch.tensor(p, requires_grad=True) for p in START]
        loss_of(ours, np, X).backward()
        loss_of(theirs, torch, torch.tensor(X)).backward()
        norm = optim.clip_grad_norm(ours, limit, norm_type)
        assert norm == pytest.approx(torch.nn.utils.clip_grad_norm_(theirs, limit, norm_type).item(), rel=1e-12)
        for a, b in zip(ours, theirs):
            np.testing.assert_allclose(a.grad, b.grad.numpy(), rtol=1e-12)


def test_clipping_by_value() -> None:
    a, b = mg.tensor([1.0, 1.0, 1.0], requires_grad=True), mg.tensor(1.0, requires_grad=True)
    a.grad = np.array([-5.0, 0.1, 5.0])
    optim.clip_grad_value([a, b], 0.5)
    np.testing.assert_array_equal(a.grad, [-0.5, 0.1, 0.5])
    assert b.grad is None


def test_a_state_of_lbfgs_is_a_copy_and_one_of_another_size_is_refused() -> None:
    ps, other = parameters(), parameters()
    optimizer = optim.LBFGS(ps, lr=0.1, max_iter=3)
    closure = closure_for(optimizer, lambda: loss_of(ps, np, X))
    optimizer.step(closure)
    state = optimizer.state_dict()
    count = len(state["state"][0]["old_dirs"])
    optimizer.step(closure)
    assert len(state["state"][0]["old_dirs"]) == count, "steps after it do not reach into it"
    optim.LBFGS(other).load_state_dict(state)
    smaller = [mg.tensor(p[:2], requires_grad=True) for p in START[:2]] + other[2:]
    with pytest.raises(ValueError, match=r"has shape \(17,\) in the state; .* it must have \(11,\)"):
        optim.LBFGS(smaller).load_state_dict(state)

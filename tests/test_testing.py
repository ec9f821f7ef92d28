"""minigrad.testing: what the strategies draw, what is inferred from a signature, and that each law is broken by an op
that was made to break it."""

import functools
import math
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import minigrad as mg
import minigrad.testing as mt
from minigrad.backward import unbroadcast

# -- strategies -----------------------------------------------------------------------------------------------------------


def test_shapes_shrink_to_few_short_axes():
    assert find(mt.shapes(), lambda shape: True) == ()
    assert find(mt.shapes(), lambda shape: len(shape) == 2) == (1, 1)
    assert find(mt.shapes(), lambda shape: 0 in shape) == (0,)
    assert find(mt.shapes(), lambda shape: len(set(shape)) == 1 and shape[0] > 3 and len(shape) > 1) == (4, 4)
    pair = find(mt.broadcastable(2), lambda pair: pair[0] != pair[1] and 0 not in pair[0] + pair[1])
    assert all(len(shape) <= 1 and math.prod(shape) <= 2 for shape in pair)


@given(mt.shapes(min_axes=1, max_axes=2, min_side=1, max_side=3))
def test_shapes_keep_to_their_bounds(shape):
    assert 1 <= len(shape) <= 2
    assert all(1 <= side <= 3 for side in shape)


@given(mt.several(3))
def test_several_arrays_broadcast(row):
    np.broadcast_arrays(*row)


def test_ties_between_inputs_are_drawn():
    x, _ = find(mt.several(2), lambda row: row[0].size > 1 and (row[0] == row[1]).any() and (row[0] != row[1]).any())
    assert x.size > 1


@pytest.mark.parametrize("domain", [(0, np.inf), (-np.inf, 1), (-1, 1), (1e-3, 2e-3)])
@given(data=st.data())
def test_values_lie_in_an_open_interval(domain, data):
    x = data.draw(mt.arrays(domain=domain, dtype=mt.dtypes))
    assert ((x > domain[0]) & (x < domain[1])).all()


@given(st.data())
def test_arguments_fit_their_array(data):
    x = data.draw(mt.arrays())
    np.sum(x, axis=data.draw(mt.axes(x.ndim)))
    np.transpose(x, data.draw(mt.permutations(x.ndim)))
    x[data.draw(mt.indices(x.shape))]
    assert x.reshape(data.draw(mt.reshapes(x.size))).size == x.size


def test_index_expressions_of_every_kind_are_drawn():
    def has(test):
        return lambda index: any(test(part) for part in (index if isinstance(index, tuple) else (index,)))

    kinds = {
        "ellipsis": lambda part: part is Ellipsis,
        "new axis": lambda part: part is None,
        "negative step": lambda part: isinstance(part, slice) and (part.step or 1) < 0,
        "mask": lambda part: isinstance(part, np.ndarray) and part.dtype == bool,
        "repeated": lambda part: (
            isinstance(part, np.ndarray) and 1 < part.size > len(np.unique(part)) and part.dtype == int
        ),
        "negative": lambda part: isinstance(part, np.ndarray) and part.dtype == int and (part < 0).any(),
        "empty": lambda part: isinstance(part, np.ndarray) and part.dtype == int and part.size == 0,
    }
    for test in kinds.values():
        find(mt.indices((3, 2)), has(test))


@given(mt.matrices(), mt.matrices(kind="positive"), mt.matrices(kind="symmetric"))
def test_matrices_are_far_from_singular(general, positive, symmetric):
    assert (np.linalg.cond(general) < 5).all()
    assert (np.linalg.eigvalsh(positive) > 0.4).all()
    gaps = np.diff(np.linalg.eigvalsh(symmetric))
    assert (gaps > 0.45).all()


@pytest.mark.parametrize("layout", mt.LAYOUTS)
@given(x=mt.arrays())
def test_layouts_hold_the_same_values(layout, x):
    y = mt.laid_out(x, layout)
    assert y.shape == x.shape
    assert np.array_equal(y, x) or layout == "zero-stride"


# -- inference ------------------------------------------------------------------------------------------------------------


def accepted(function, count=40):
    """How many of `count` drawn calls the function takes."""
    taken = []

    @given(mt.examples(function))
    def run(call):
        taken.append(mt.usable(function, call))

    run()
    return sum(taken) / len(taken)


def product(x, weight, bias=None):
    out = np.matmul(x, weight.T)
    return out if bias is None else out + bias


def standardized(x, scale, shift, eps=1e-5):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps) * scale + shift


def split_in_two(x):
    n = x.shape[1]
    return x[:, : n // 2]


FUNCTIONS = [
    lambda x: np.tanh(x),
    lambda x, y: x * y,
    lambda x, axis=None: np.sum(x, axis=axis),
    lambda x, axis, keepdims=False: np.sum(x, axis=axis, keepdims=keepdims),
    lambda x, y: np.matmul(x, y),
    lambda x, y, z: x @ y @ z,
    product,
    standardized,
    split_in_two,
    lambda *arrays: np.stack(arrays),
    lambda x, shape: np.broadcast_to(x, shape),
    lambda x, mask: np.where(mask, x, 0),
    lambda x, index: x[index],
    lambda x, *, alpha: alpha * x,
    functools.partial(lambda x, axis: np.sum(x, axis=axis), axis=0),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the mean of no numbers
@pytest.mark.parametrize("function", FUNCTIONS)
def test_calls_are_inferred_from_a_signature(function):
    if not isinstance(function, functools.partial):
        an_op = mg.op(name="inferred")(function)
        first = an_op.inputs[0]
        an_op.vjp(first)(lambda g: g)
        for name in ("y", "z", "weight", "bias", "scale", "shift"):
            if name in an_op.inputs:
                an_op.vjp(name)(lambda g: g)
        assert accepted(an_op) > 0.3
    assert accepted(function) > 0.3


def test_an_optional_array_is_given_and_left_out():
    an_op = mg.op(name="inferred")(product)
    an_op.vjp("x", "weight", "bias")(lambda g: (g, g, g))
    find(mt.examples(an_op), lambda call: "bias" in call.kwargs)
    find(mt.examples(an_op), lambda call: "bias" not in call.kwargs)


def test_a_built_in_op_without_a_strategy_is_told_where_to_get_one():
    @mg.op(name="new_in_the_table")
    def an_op(x, groups):
        return x

    an_op.built_in, an_op.__module__ = True, "minigrad.rules.network"
    assert not mt.has_examples(an_op)
    with pytest.raises(TypeError, match=r'inputs_of\("new_in_the_table"\) to minigrad/testing/inputs/network.py'):
        mt.examples(an_op)


# -- laws -----------------------------------------------------------------------------------------------------------------


def op_of(forward, name="an_op", flat=(), **rules):
    made = mg.op(name=name, flat=flat)(forward)
    for x, rule in rules.items():
        made.vjp(x)(rule)
    return made


def spoilt_by_memory():
    remembered = {}

    def forward(x):
        remembered["x"] = x
        return x * x

    return op_of(forward, x=lambda g: 2 * g * remembered["x"])


def writes_to_g(g, x):
    result = g * np.cos(x)
    if isinstance(g, np.ndarray):
        g *= 2
    return result


def by_memory_order(x):
    return np.reshape(np.ravel(x, order="K"), x.shape) if isinstance(x, np.ndarray) else x


def forgetful():
    """A rule that is right once after each forward."""
    passes = []

    def forward(x):
        passes.clear()
        return x * x

    def rule(g, x):
        passes.append(g)
        return 2 * g * x * len(passes)

    return op_of(forward, x=rule)


def half_done():
    return op_of(lambda x, y: x * y, x=lambda g, y: g * y)


rng = np.random.default_rng(0)
same_shape = mt.shapes().flatmap(lambda shape: mt.calls(mt.arrays(shape), mt.arrays(shape)))

WRONG = {
    "every float input has a rule": half_done,
    "same twice": lambda: op_of(lambda x: x, x=lambda g: g + 1e-3 * rng.random() * g),
    "well formed": lambda: op_of(lambda x: np.hypot(x, 0), x=lambda g, x: g * x / np.abs(x)),
    "constant inputs": lambda: op_of(lambda x, y: x * y, flat=("y",), x=lambda g, y: g * y),
    "nothing written": lambda: op_of(np.sin, x=writes_to_g),
    "backward twice": forgetful,
    "other data between": spoilt_by_memory,
    "zero g": lambda: op_of(lambda x: 0 * x, x=lambda g: 0 * g + 1e-13),
    "linear in g": lambda: op_of(lambda x: 0 * x, x=lambda g: 1e-13 * np.abs(g)),
    "single precision": lambda: op_of(np.sin, x=lambda g, x: g * (np.sin(x + 1e-4) - np.sin(x - 1e-4)) / 2e-4),
    "same tensor twice": lambda: op_of(lambda x, y: x + y, x=lambda g, x, y: 2 * g if x is y else g, y=lambda g, y: g),
    "layouts": lambda: op_of(lambda x: x * x, x=lambda g, x: 2 * g * by_memory_order(x)),
    "layouts of g": lambda: op_of(lambda x: 2 * x, x=lambda g: 2 * by_memory_order(g)),
}


@pytest.mark.parametrize("law", WRONG)
def test_a_broken_law_is_named(law):
    an_op = WRONG[law]()
    broken = []

    @given(same_shape if len(an_op.inputs) > 1 else mt.examples(an_op))
    @settings(max_examples=100)
    def run(call):
        failure = mt.first_broken(an_op, call, np.random.default_rng(0))
        if failure:
            broken.append(failure.law)

    run()
    assert law in broken


@pytest.mark.parametrize("law", ["nothing written", "layouts", "layouts of g", "zero g", "single precision"])
def test_the_checker_holds_an_op_to_the_laws(law):
    report = mg.check_op(WRONG[law](), max_examples=40)
    assert not report
    assert law in str(report)


def test_every_law_is_broken_by_some_op_here():
    mine = {law.__name__.replace("_", " ") for law in mt.laws}
    assert mine - {"no aliasing"} == set(WRONG)


def broken(an_op, count=40):
    """The first failure of an op on drawn calls, or None."""
    failures = []

    @given(mt.examples(an_op))
    @settings(max_examples=count)
    def run(call):
        failures.append(mt.first_broken(an_op, call, np.random.default_rng(0)))

    run()
    return next(filter(None, failures), None)


def test_aliasing_is_seen_when_the_engine_lets_it_happen(monkeypatch):
    plus = op_of(
        lambda x, y: x + y, x=lambda g, x_shape: unbroadcast(g, x_shape), y=lambda g, y_shape: unbroadcast(g, y_shape)
    )
    assert broken(plus) is None
    monkeypatch.setattr("minigrad.backward._is_fresh", lambda *anything: True)
    assert broken(plus).law == "no aliasing"


def test_a_wrong_forward_of_numpys_name_is_seen():
    wrong = op_of(lambda x: np.asarray(np.sin(x), np.float64), "sin", x=lambda g, x: g * np.cos(x))
    wrong.built_in = True
    failure = broken(wrong)
    assert failure.law == "value as NumPy"
    assert "dtype" in failure.evidence

    lenient = op_of(lambda x, no_such_argument=0: np.sin(x), "sin", x=lambda g, x: g * np.cos(x))
    lenient.built_in = True
    assert broken(lenient).law == "refusal as NumPy"


# -- op_test --------------------------------------------------------------------------------------------------------------


def test_op_test_passes_on_a_right_op():
    mt.op_test(op_of(np.tanh, x=lambda g, x: g / np.cosh(x) ** 2), 30)()


def test_op_test_says_what_is_wrong():
    @mg.op
    def scale_shift(x, scale, shift):
        return x * scale + shift

    @scale_shift.vjp("x", "scale", "shift")
    def _(g, x, scale, x_shape, scale_shape, shift_shape):
        times = math.prod(g.shape) // max(math.prod(shift_shape), 1) or 1
        return unbroadcast(g * scale, x_shape), unbroadcast(g * x, scale_shape), unbroadcast(g, shift_shape) / times

    test = mt.op_test(scale_shift)
    assert test.__name__ == "test_scale_shift"
    with pytest.raises(AssertionError) as error:
        test()
    text = str(error.value)
    assert "WRONG" in text
    assert '"shift"' in text
    assert "smallest failing" in text
    shapes = [
        [int(n) for n in re.findall(r"\d+", one)] for one in re.findall(r"\(.*?\)", text.split("smallest failing")[1])
    ]
    assert all(math.prod(shape) <= 2 for shape in shapes[:3]), text


def test_a_test_that_compared_nothing_fails():
    @mg.op
    def moody(x):
        raise ValueError("not today")

    moody.vjp("x")(lambda g: g)
    with pytest.raises(AssertionError, match="NOTHING CHECKED"):
        mt.op_test(moody, 10)()


def test_a_surrogate_is_not_judged():
    an_op = op_of(lambda x: np.round(x))
    an_op.vjp("x", surrogate="straight through")(lambda g: g)
    mt.op_test(an_op, 30)()


def test_an_author_says_how_inputs_are_drawn():
    @mg.op(name="sin")  # not the built-in one
    def picky(x):
        if x.shape != (4, 2):
            raise ValueError("only (4, 2)")
        return 2 * x

    picky.vjp("x")(lambda g: 2 * g)
    assert not mg.check_op(picky, max_examples=10)

    @mt.inputs_of(picky)
    def _(draw):
        return mt.call(draw(mt.arrays((4, 2))))

    mt.op_test(picky, 10)()
    with pytest.raises(ValueError, match="has a strategy already"):
        mt.inputs_of(picky)(lambda draw: mt.call())


def test_importing_minigrad_does_not_import_hypothesis():
    code = "import sys, minigrad; sys.exit('hypothesis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

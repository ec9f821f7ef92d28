"""Every op of the registry: its derivatives to second order, and every law, on drawn inputs.

MINIGRAD_PROFILE=thorough draws many more examples. An op that nobody said how to draw inputs for fails.
"""

import pytest
from hypothesis import settings

import minigrad as mg
import minigrad.testing as mt

OPS = {name: an_op for name, an_op in mg.ops.items() if an_op.built_in}


@pytest.mark.parametrize("name", OPS)
def test_every_op(name):
    __tracebackhide__ = True
    if not mt.has_examples(OPS[name]):
        pytest.fail(f"{name}: say how its inputs are drawn, in minigrad/testing/inputs", pytrace=False)
    mt.op_test(OPS[name], max_examples=settings.default.max_examples)()


def test_a_wrong_rule_is_seen():
    """The suite above would fail if a rule were changed: here, that of the sine."""
    right = mg.sin.rules["x"]
    try:
        mg.sin.vjp("x")(lambda g, x: 1.0001 * g * mg.cos(x))
        with pytest.raises(AssertionError, match="sin"):
            mt.op_test(mg.sin, max_examples=10)()
    finally:
        mg.sin.rules["x"] = right
        mg.sin.plans.clear()
    mt.op_test(mg.sin, max_examples=10)()

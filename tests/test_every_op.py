"""Every op of the registry obeys every law: values as NumPy's, derivatives of first and second order, conduct.

MINIGRAD_PROFILE=thorough draws many more examples.
"""

import os

import numpy as np
import pytest
from hypothesis import settings

import minigrad as mg
import minigrad.testing as mt

OPS = {name: an_op for name, an_op in mg.ops.items() if an_op.built_in}
THOROUGH = os.environ.get("MINIGRAD_PROFILE") == "thorough"


@pytest.mark.parametrize("name", OPS)
def test_laws(name):
    __tracebackhide__ = True
    examples = settings.default.max_examples
    mt.op_test(OPS[name], max_examples=examples, seed=None if THOROUGH else 0)()


@pytest.mark.parametrize("name", OPS)
def test_it_has_examples(name):
    assert mt.has_examples(OPS[name]), f"add a strategy for {name} to minigrad/testing/inputs"

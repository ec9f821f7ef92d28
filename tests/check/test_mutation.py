"""Mutation of rules, a sample: the whole is `python proofs/mutation.py`."""

import importlib.util
import sys
import warnings
from pathlib import Path

import pytest

import minigrad as mg

PROOFS = Path(__file__).parents[2] / "proofs"


@pytest.fixture(scope="module")
def mutation():
    sys.path.insert(0, str(PROOFS))
    try:
        spec = importlib.util.spec_from_file_location("mutation", PROOFS / "mutation.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(PROOFS))
    return module


@pytest.mark.parametrize("name", ["tanh", "divide", "maximum", "sum", "max", "softmax", "where"])
def test_every_mutant_of_the_rules_is_killed(mutation, name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fates = mutation.fates(name, 25, 0)
    assert len(fates) >= 5
    assert [fate for fate in fates if not fate.killer] == []


def test_the_rule_is_put_back(mutation):
    rule = mg.ops["sin"].rules["x"]
    with mutation._in_place(mg.ops["sin"], rule, lambda g, x: g):
        assert mg.grad(mg.sin)(0.5) == 1
    assert mg.ops["sin"].rules["x"] is rule
    assert mg.grad(mg.sin)(0.0) == 1
    assert mg.grad(mg.sin)(0.5) != 1


def test_a_mutant_is_the_rule_but_for_one_place(mutation):
    (rule,) = {id(rule): rule for rule in mg.ops["multiply"].rules.values() if rule.names == ("x",)}.values()
    found = {mutant.what: mutant.text for mutant in mutation.mutants(rule)}
    assert found["negate"] == "lambda g, y: -(g * y)"
    assert found["drop a factor"] in ("lambda g, y: g", "lambda g, y: y")
    assert found["g to ones"] == "lambda g, y: np.ones_like(g) * y"

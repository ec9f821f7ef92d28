"""Every op that PyTorch has under the same name, with arguments that map one to one: the same values, the same gradients."""

import inspect

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import minigrad as mg
import minigrad.testing as mt
from minigrad.testing.laws import Pull

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

DIFFERENT = {
    "std": "Bessel's correction by default",
    "var": "Bessel's correction by default",
    "median": "the lower of two middle values",
    "nanmedian": "the lower of two middle values",
    "linalg.eig": "eigenvectors up to a factor",
    "linalg.eigh": "eigenvectors up to their sign",
    "linalg.eigvals": "complex also where all of them are real",
    "linalg.lstsq": "residuals of a system that is not overdetermined",
    "linalg.svd": "singular vectors up to their sign",
    "ldexp": "its gradient is 0 for a negative integer exponent",
    "cosine_similarity": "no gradient through a norm below eps",
}

RENAMED = {
    "axis": "dim",
    "axes": "dim",
    "keepdims": "keepdim",
    "k": "diagonal",
    "condition": "input",
    "shift": "shifts",
}


def torchs(name):
    """PyTorch's function of a name, among the network functions, else where NumPy's names live."""
    for root in (torch.nn.functional, torch):
        found = root
        for part in name.split("."):
            found = getattr(found, part, None)
        if callable(found):
            return found
    return None


OPS = {name: op for name, op in mg.ops.items() if op.built_in and torchs(name) and any(op.rules.values())}


def ask_torch(op, function, pull):
    """PyTorch's outputs and its Tensors of the inputs, or None where it does not take the call.

    Leading arrays go by place and what follows by name; where PyTorch's function says its parameters, all but the first
    argument go by name.
    """
    tensors = {
        i: torch.tensor(leaf) for i, leaf in enumerate(pull.call.leaves()) if isinstance(leaf, (np.ndarray, np.generic))
    }
    inputs = [tensors[x.position].requires_grad_() for x in pull.inputs]
    call = pull.call.replaced(tensors)
    try:
        known = list(inspect.signature(function).parameters)
    except ValueError:
        known = []
    places, names, by_place = [], {}, True
    parameters = [p.name for p in op.parameters]
    for i, value in enumerate(call.args):
        name = parameters[min(i, len(parameters) - 1)]
        by_place &= i == 0 or (name not in known and (isinstance(value, torch.Tensor) or name == parameters[0]))
        if by_place:
            places.append(value)
        else:
            names[RENAMED.get(name, name)] = value
    names |= {RENAMED.get(name, name): value for name, value in call.kwargs.items()}
    names = {name: value for name, value in names.items() if value is not None}
    try:
        out = function(*places, **names)
    except (TypeError, RuntimeError, IndexError, ValueError, AttributeError):
        return None
    return [out] if isinstance(out, torch.Tensor) else list(out), inputs


def is_generic(call):
    """No ties and no zeros: there a subgradient may differ from another."""
    values = np.abs(np.concatenate([x.ravel() for x in call.arrays() if x.dtype.kind in "fc"] or [np.ones(1)]))
    return len(np.unique(values)) == len(values) and (values > 0).all()


@pytest.mark.parametrize("name", OPS)
def test_as_torch(name):
    if name in DIFFERENT:
        pytest.skip(DIFFERENT[name])
    op, function = OPS[name], torchs(name)
    compared = []

    @settings(
        settings.default,
        database=None,
        derandomize=True,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(mt.examples(op))
    def compare(call):
        if not mt.usable(op, call) or call.kwargs.get("axis") == ():
            return  # no axis is every axis in PyTorch
        pull = Pull(op, call)
        theirs = ask_torch(op, function, pull)
        if theirs is None or len(theirs[0]) != len(pull.outputs):
            return
        outputs, tensors = theirs
        for ours, other in zip(pull.outputs, outputs):
            assert ours.shape == tuple(other.shape), f"{name}({call}): {ours.shape}, PyTorch has {tuple(other.shape)}"
            np.testing.assert_allclose(ours, other.detach().resolve_conj(), 1e-7, 1e-9, err_msg=f"{name}({call})")
        compared.append(call)
        g = pull.cotangents(np.random.default_rng(1))
        live = [(out, c) for out, c in zip(outputs, g) if out.requires_grad]
        if not live or not is_generic(call):
            return
        try:
            torch.autograd.backward([out for out, _ in live], [torch.tensor(c, dtype=out.dtype) for out, c in live])
        except RuntimeError:
            return
        for x, ours, t in zip(pull.inputs, pull.back(g), tensors):
            other = np.zeros_like(ours) if t.grad is None else t.grad.resolve_conj().numpy()
            np.testing.assert_allclose(ours, other, 1e-6, 1e-8, err_msg=f"{name}({call}), the gradient of {x.name}")

    failure = None
    try:
        compare()
    except AssertionError as error:
        failure = str(error)
    if failure:
        pytest.fail(failure, pytrace=False)
    if not compared:
        pytest.skip("the arguments do not map one to one")

"""How far is minigrad from PyTorch? The largest differences of every layer, loss, optimizer and schedule, in float64.

Inputs and cases are those of the tests. A difference is |a - b| / max(1, |b|), the largest over all elements.

python proofs/parity.py            prints the table
python proofs/parity.py --write    writes it into docs/parity.md
"""

from __future__ import annotations

import argparse
import importlib.util
import inspect
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from minigrad import nn, optim, tensor

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "parity.md"
BEGIN, END = "<!-- the table of proofs/parity.py -->", "<!-- end of the table -->"
KINDS = ["layer", "activation", "loss", "optimizer", "schedule"]
NOT_IN_PYTORCH = {"Standardize", "Residual", "HingeLoss"}
HOLDERS = {"Module", "Sequential", "ModuleList", "ModuleDict", "Identity"}  # nothing is computed
DISTANCES = {"CosineSimilarity", "PairwiseDistance"}  # in the table of activations, and layers
RANDOM = {"Dropout", "Dropout2d"}  # PyTorch draws other numbers


class Row(NamedTuple):
    """The largest differences over all cases of a name; None where there is nothing to differ."""

    kind: str
    name: str
    cases: int
    output: float
    inputs: float | None
    parameters: float | None


def cases_of(path: str) -> ModuleType:
    """A file of the tests, for its tables of cases."""
    spec = importlib.util.spec_from_file_location(Path(path).stem + "_cases", ROOT / "tests" / path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def difference(ours: Any, theirs: Any) -> float:
    """The largest |a - b| / max(1, |b|)."""
    a, b = np.asarray(ours), theirs.detach().numpy()
    assert a.shape == b.shape, (a.shape, b.shape)
    return float(np.max(np.abs(a - b) / np.maximum(1, np.abs(b)), initial=0.0))


def layers() -> Iterator[tuple[str, str, tuple[float, float | None, float | None]]]:
    """Kind, name, and the differences of output, input gradients and parameter gradients, for each case."""
    import torch

    of_layers, of_functions = (
        cases_of("nn/test_layers_against_torch.py"),
        cases_of("nn/test_functions_against_torch.py"),
    )
    conftest = cases_of("nn/conftest.py")
    rng = np.random.default_rng(0)
    for kind, table in (("layer", of_layers.LAYERS), ("activation", of_functions.ACTIVATIONS)):
        for name, args, kwargs, shapes in table:
            ours, theirs = conftest.make_pair(name, *args, **kwargs)
            differences = passes(ours, theirs, [rng.normal(size=shape) for shape in shapes], conftest.flat)
            yield "layer" if name in DISTANCES else kind, name, differences
    pair = conftest.make_pair("Embedding", 6, 4, padding_idx=2)
    yield "layer", "Embedding", passes(*pair, [np.array([[1, 2, 1], [5, 0, 2]])], conftest.flat)
    for name, options, inputs in of_functions.LOSSES:
        for reduction in ("mean", "sum", "none"):
            converted = {key: torch.tensor(v) if hasattr(v, "dtype") else v for key, v in options.items()}
            ours = getattr(nn, name)(**options, reduction=reduction)
            theirs = getattr(torch.nn, name)(**converted, reduction=reduction)
            if inputs[-1] is of_functions.SIGNS:  # a target of signs takes no gradient
                ours, theirs = of_functions.with_target(ours, theirs, inputs[-1])
            given = inputs[:-1] if inputs[-1] is of_functions.SIGNS else inputs
            yield "loss", name, passes(ours, theirs, given, conftest.flat)


def passes(ours: Any, theirs: Any, inputs: list[Any], flat: Any) -> tuple[float, float | None, float | None]:
    """A forward and a backward of both, from the same random gradient."""
    import torch

    rng = np.random.default_rng(2)
    mine = [tensor(x, requires_grad=True) if x.dtype.kind == "f" else x for x in inputs]
    their = [torch.tensor(x, requires_grad=x.dtype.kind == "f") for x in inputs]
    outs = list(zip(flat(ours(*mine)), flat(theirs(*their)), strict=True))
    output = max(difference(a.data, b) for a, b in outs)
    gs = [rng.normal(size=a.shape) for a, _ in outs]
    sum((a * g).sum() for (a, _), g in zip(outs, gs)).backward()
    sum((b * torch.tensor(g)).sum() for (_, b), g in zip(outs, gs)).backward()
    by_input = [difference(a.grad, b.grad) for a, b in zip(mine, their) if b.requires_grad]
    named = dict(theirs.named_parameters())
    by_parameter = [difference(p.grad, named[name].grad) for name, p in ours.named_parameters()]
    return output, max(by_input, default=None), max(by_parameter, default=None)


def optimizers() -> Iterator[tuple[str, str, tuple[float, None, None]]]:
    """The parameters along twenty steps."""
    import torch

    cases = cases_of("optim/test_optimizers.py")
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # NAdam keeps a product in the default dtype
    try:
        for name, options in cases.CASES:
            ours, theirs = cases.parameters(), [torch.tensor(p, requires_grad=True) for p in cases.START]
            steps = []
            for library, xp, ps, x in ((optim, np, ours, cases.X), (torch.optim, torch, theirs, torch.tensor(cases.X))):
                optimizer = getattr(library, name)(ps, **options)
                loss = lambda ps=ps, xp=xp, x=x: cases.loss_of(ps, xp, x)
                steps.append((optimizer, cases.closure_for(optimizer, loss)))
            worst = 0.0
            for _ in range(20):
                for optimizer, closure in steps:
                    optimizer.step(closure)
                worst = max(worst, *(difference(a.data, b) for a, b in zip(ours, theirs)))
            yield "optimizer", name, (worst, None, None)
    finally:
        torch.set_default_dtype(default)


def schedules() -> Iterator[tuple[str, str, tuple[float, None, None]]]:
    """The rates along twenty steps, of SGD and of Adam."""
    import torch

    cases = cases_of("optim/test_lr_scheduler.py")
    table = [*cases.CASES, ("ReduceLROnPlateau", (), {"patience": 2}), ("SequentialLR", (), {})]
    for name, args, options in table:
        for optimizer in ("SGD", "Adam"):
            pair = list(cases.pair(torch, optimizer))
            made = []
            for library, each in zip((optim.lr_scheduler, torch.optim.lr_scheduler), pair):
                if name == "SequentialLR":
                    parts = [library.LinearLR(each, 0.1, total_iters=4), library.CosineAnnealingLR(each, 10)]
                    args = (parts, [5])
                made.append(getattr(library, name)(each, *args, **options))
            worst = 0.0
            for step in range(20):
                pair[1].step()
                for schedule in made:
                    schedule.step(*([1 / (1 + step) if step < 9 else 0.1] if name == "ReduceLROnPlateau" else []))
                for a, b in zip(pair[0].param_groups, pair[1].param_groups):
                    worst = max(worst, abs(a["lr"] - b["lr"]) / max(1.0, abs(b["lr"])))
            yield "schedule", name, (worst, None, None)


def rows() -> list[Row]:
    """The table; an error if a layer, an optimizer or a schedule has no case."""
    found: dict[tuple[str, str], list[tuple[float, float | None, float | None]]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's, about the order of steps
        for make in (layers, optimizers, schedules):
            for kind, name, differences in make():
                found.setdefault((kind, name), []).append(differences)
    names = {name for _, name in found}
    left_out = {
        *(_public(nn, nn.Module) - names - NOT_IN_PYTORCH - HOLDERS - RANDOM),
        *(_public(optim, optim.Optimizer) - names - {"Optimizer"}),
        *(_public(optim.lr_scheduler, optim.lr_scheduler.LRScheduler) - names - {"LRScheduler"}),
    }
    if left_out:
        raise LookupError(f"no case compares {', '.join(sorted(left_out))}")

    def worst(numbers: list[float | None]) -> float | None:
        return max((number for number in numbers if number is not None), default=None)

    return [
        Row(
            kind, name, len(cases), worst([c[0] for c in cases]) or 0.0, *(worst([c[i] for c in cases]) for i in (1, 2))
        )
        for (kind, name), cases in sorted(found.items(), key=lambda item: KINDS.index(item[0][0]))
    ]


def _public(module: Any, base: type) -> set[str]:
    return {name for name, value in vars(module).items() if inspect.isclass(value) and issubclass(value, base)}


def table(rows: list[Row]) -> str:
    """Markdown."""
    lines = ["| | name | cases | output | input gradients | parameter gradients |", "|---|---|---:|---:|---:|---:|"]
    for row in rows:
        numbers = (row.output, row.inputs, row.parameters)
        cells = ("" if number is None else "0" if number == 0 else f"{number:.0e}" for number in numbers)
        lines.append(f"| {row.kind} | {row.name} | {row.cases} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    """Print the table, or write it into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    text = table(rows())
    if parser.parse_args().write:
        page = PAGE.read_text(encoding="utf-8")
        before, after = page.split(BEGIN)[0], page.split(END)[1]
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

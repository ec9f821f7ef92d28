"""Where a nan or an inf came up first, in a forward pass and a backward pass that are made again to find out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backward import backward
from ..context import describe_non_finite, detect_anomaly
from ..nn.module import Module


def first_fault(model: Module, loss_fn: Callable[[Any, Any], Any], x: Any, y: Any) -> str:
    """A sentence that names the parameter, the input, or the op and its layer, that was not finite first."""
    for name, parameter in model.named_parameters():
        fault = describe_non_finite(parameter.data)
        if fault:
            return f"First: the parameter {name} already held {fault}"
    fault = describe_non_finite(x) or describe_non_finite(y)
    if fault:
        return f"First: the batch itself holds {fault}"
    try:
        with detect_anomaly():
            loss = loss_fn(model(x), y)
    except FloatingPointError as error:
        return f"First: {error}"
    return _first_in_backward(loss) or "The same batch was finite when it was computed again: something is random"


class _Found(Exception):
    pass


def _first_in_backward(loss: Any) -> str | None:
    def look(node: Any, step: Any, g: Any, contribution: Any, before: Any, after: Any) -> None:
        fault = describe_non_finite(contribution)
        if fault:
            op = node.plan.op
            layer = f"{node.scope}: " if node.scope else ""
            raise _Found(f"First: {layer}{op.name}: the gradient of {op.inputs[step.input]!r} has {fault}")

    try:
        backward({loss.node: np.ones(loss.shape, loss.dtype)}, observe=look)
    except _Found as found:
        return str(found)
    return None

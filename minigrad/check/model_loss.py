"""A model's loss as a function of its parameters, which are perturbed under the same objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backward import backward
from ..context import no_grad, within
from ..tensor import Tensor
from .names import place_of
from .points import Vector, unit_of_rounding
from .state import State
from .subject import Array, Fault


class ModelLoss:
    """The loss as a function of the model's parameters."""

    fixed = False
    takes_g = True
    noise = 0.0

    def __init__(
        self, model: Any, loss_fn: Callable[[Any, Any], Any], x: Any, y: Any, state: State, freeze: bool
    ) -> None:
        self.model, self.loss_fn, self.x, self.y = model, loss_fn, x, y
        self.title = title_of_model(model)
        named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
        if not named:
            raise ValueError(f"check_model: {self.title} has no parameters that require gradients")
        self.names = [name for name, _ in named]
        self.parameters: list[Tensor] = [p for _, p in named]
        self.dtypes = [p.dtype for p in self.parameters]
        self._state = state
        self._freeze = freeze
        self.output_shapes: list[tuple[int, ...]] = [()]
        self.constants: dict[str, Array] = {}
        self.start_here()
        out = self._loss()
        if np.size(out.data) != 1:
            raise ValueError(f"check_model: the loss must be a scalar; loss_fn returned shape {np.shape(out.data)}")
        self.eps = unit_of_rounding(out)

    def start_here(self) -> None:
        """Check at the present values of the parameters."""
        self.points: list[Array] = [np.array(p.data, np.float64) for p in self.parameters]

    def _loss(self) -> Tensor:
        if self._freeze:
            self._state.restore_random()
        out = self.loss_fn(self.model(self.x), self.y)
        return out if isinstance(out, Tensor) else Tensor(out)

    def _put(self, points: Sequence[Array]) -> None:
        for parameter, point in zip(self.parameters, points):
            parameter.data = point

    def compute(self) -> Tensor:
        self._put(self.points)
        out = self._loss()
        self._state.restore_buffers()
        return out

    def forward(self) -> None:
        """A forward pass whose result nobody wants."""
        with no_grad():
            self._loss()

    def evaluate(self, points: Sequence[Array]) -> Vector:
        self._put(points)
        with no_grad():
            out = np.array(self._loss().data, np.float64).reshape(1)
        self._state.restore_buffers()
        return out

    def pull(self, points: Sequence[Array], g: Vector) -> list[Array | Fault | None]:
        self._put(points)
        with within(record=True):
            out = self._loss()
        self._state.restore_buffers()
        targets = [p.node for p in self.parameters if p.node is not None]
        if out.node is None:
            return [Fault("the loss does not depend on any parameter: something on the way is detached")] * len(points)
        try:
            found = backward({out.node: np.full(out.shape, g[0])}, targets=targets)
        except Exception as error:
            return [Fault(f"{type(error).__name__}: {error}")] * len(points)
        return [np.asarray(found.get(node, np.zeros_like(point))) for node, point in zip(targets, points)]

    def where(self, k: int) -> str:
        """The loss function; which rule is wrong in it is another question."""
        return place_of(self.loss_fn)


def title_of_model(model: Any) -> str:
    """What a report calls the model."""
    return type(model).__name__

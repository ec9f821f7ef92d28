"""Draw inputs for an op until some fail, then shrink: hypothesis draws, this remembers."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from .trial import Trouble, trial

if TYPE_CHECKING:
    from hypothesis import Phase

    from ..testing import Call

WANTED = 4  # failing inputs, so that the report can be about the one that explains most
SHRINKING = 10.0  # seconds


class Failing(NamedTuple):
    """An input that fails."""

    number: int  # of the example, counted from 1
    call: Call
    trouble: Trouble


class Search:
    """The inputs that were drawn for an op.

    Attributes
    ----------
    checked, skipped
        How many were checked, and how many the forward refused or answered with nan.
    compared
        How many of those that were checked have an element.
    failing
        The first few that fail, as they were drawn.
    smallest
        The smallest that fails in the same way as the first.
    refused
        Why nothing could be drawn, where that is so.
    """

    def __init__(self, op: Callable[..., Any], max_examples: int, order: int, seed: int) -> None:
        self.op, self.max_examples, self.order, self.seed = op, max_examples, order, seed
        self.checked = self.skipped = self.compared = 0
        self.failing: list[Failing] = []
        self.smallest: Failing | None = None
        self.refused = ""
        self._deadline = 0.0

    def run(self) -> None:
        """Look at all inputs; where one fails, shrink it."""
        from hypothesis import Phase
        from hypothesis.errors import HypothesisException

        try:
            self._drawn(self._look, Phase.generate)()
        except HypothesisException as error:
            self.refused = str(error)
        if self.failing:
            self._deadline = time.perf_counter() + SHRINKING
            with contextlib.suppress(_Fails, _LongEnough, HypothesisException):  # the smallest is noted on the way
                self._drawn(self._shrink, Phase.generate, Phase.shrink)()

    def _drawn(self, test: Callable[[Call], None], *phases: Phase) -> Callable[[], None]:
        from hypothesis import HealthCheck, Verbosity, given, settings
        from hypothesis import seed as seeded

        from ..testing import examples

        run = settings(
            max_examples=self.max_examples,
            phases=phases,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck),
        )(seeded(self.seed)(given(examples(self.op))(test)))
        return cast("Callable[[], None]", run)

    def _look(self, call: Call) -> None:
        if len(self.failing) >= WANTED:
            return
        if self._usable(call):
            self.checked += 1
            self.compared += any(array.size for array in call.arrays())
        else:
            self.skipped += 1
        trouble = trial(self.op, call, self.order, self.seed)
        if trouble:
            self.failing.append(Failing(self.checked + self.skipped, call, trouble))

    def _shrink(self, call: Call) -> None:
        first = self.failing[0]
        if time.perf_counter() > self._deadline:
            self.smallest = self.smallest or first
            raise _LongEnough
        trouble = trial(self.op, call, self.order, self.seed, only=first.trouble.kind)
        if trouble:
            if self.smallest is None or size_of(call) <= size_of(self.smallest.call):
                self.smallest = Failing(first.number, call, trouble)
            raise _Fails

    def _usable(self, call: Call) -> bool:
        from ..testing.laws import usable

        with np.errstate(all="ignore"):
            return bool(usable(self.op, call))


def size_of(call: Call) -> int:
    """The number of elements in a call, and a little for each axis."""
    return sum(array.size + array.ndim for array in call.arrays())


class _Fails(Exception):
    """Tells hypothesis to go on with this input."""


class _LongEnough(BaseException):
    """Ends the shrinking: not an Exception, so that hypothesis does not take it for a failure of the test."""

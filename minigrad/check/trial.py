"""One drawn input of an op: what is wrong with it, if anything."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..op import Op
from .examine import examine
from .quick import passes_quickly
from .report import Verdict
from .second import generic, second_order
from .traced import Traced

if TYPE_CHECKING:
    from ..testing import Call

FIRST, SECOND = "first order", "second order"


class Trouble(NamedTuple):
    """What is wrong: a derivative (FIRST or SECOND), or a broken law by its name; a sentence, where there is one."""

    kind: str
    text: str = ""


def trial(op: Callable[..., Any], call: Call, order: int, seed: int, only: str | None = None) -> Trouble | None:
    """What is wrong for this input; with `only`, as far as it is of that kind: for shrinking.

    Derivatives come first: a wrong one often breaks a law as well, and says less about why.
    """
    from ..testing.laws import usable

    with np.errstate(all="ignore"):
        if not usable(op, call):
            return _law(op, call, seed, _laws(of_numpy=True), only)
        if only in (None, FIRST, SECOND) and not surrogates(op):
            trouble = _derivatives(op, call, order, seed, only)
            if trouble or only:
                return trouble
        return _law(op, call, seed, _laws(of_numpy=False), only)


def _derivatives(op: Callable[..., Any], call: Call, order: int, seed: int, only: str | None) -> Trouble | None:
    try:
        subject = Traced(op, call.args, call.kwargs)
    except TypeError as error:
        if "no rule says" in str(error):
            return None  # a law says it better
        raise
    if not subject.points or not subject.output_shapes:
        return None
    if only != SECOND and not _right(subject, seed):
        return Trouble(FIRST)
    if order < 2 or only == FIRST:
        return None
    try:
        second = second_order(generic(subject, seed), seed)
        right = _right(second, seed)
    except Exception as error:
        notes = " ".join(getattr(error, "__notes__", ()))
        return Trouble(
            SECOND, f"second order: a rule fails on Tensors: {type(error).__name__}: {error} {notes}".rstrip()
        )
    return None if right else Trouble(SECOND)


def _right(subject: Traced, seed: int) -> bool:
    """An input without elements compares nothing, which is no fault of the op."""
    if passes_quickly(subject, seed):
        return True
    verdict = examine(subject, seed, explain=False).verdict
    return verdict.passes or verdict is Verdict.NOTHING_CHECKED


def _law(op: Callable[..., Any], call: Call, seed: int, laws: tuple[Any, ...], only: str | None) -> Trouble | None:
    from ..testing.laws import first_broken

    failure = first_broken(op, call, np.random.default_rng(seed), laws)
    return Trouble(failure.law, str(failure)) if failure and only in (None, failure.law) else None


@functools.cache
def _laws(of_numpy: bool) -> tuple[Any, ...]:
    from ..testing.laws import laws, numpy_laws

    mine = {"first_order", "second_order"}  # the checker's own business
    return numpy_laws if of_numpy else tuple(law for law in numpy_laws + laws if law.__name__ not in mine)


def surrogates(op: Any) -> list[str]:
    """What to say about rules that are declared not to be the derivative, on purpose."""
    while isinstance(op, functools.partial):
        op = op.func
    rules = {id(rule): rule for rule in op.rules.values() if rule} if isinstance(op, Op) else {}
    return [
        f"{', '.join(rule.names)}: a surrogate, not judged ({rule.surrogate})"
        for rule in rules.values()
        if rule.surrogate
    ]

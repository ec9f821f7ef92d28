"""Searching for a call that breaks a law, and `op_test`, which makes a test of the search."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from hypothesis import HealthCheck, Verbosity, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from ..op import Op
from .call import Call
from .examples import examples
from .laws import Failure, Law, first_broken, laws_of_order, usable


class Found(NamedTuple):
    """What a search found: the law that was broken and the smallest call that breaks it, or neither."""

    failure: Failure | None
    call: Call | None
    judged: int  # calls that the op took and answered with finite numbers
    skipped: int  # calls that it refused, or answered with nan or inf


def search(
    op: Callable[..., Any],
    max_examples: int = 100,
    *,
    order: int = 2,
    seed: int | None = 0,
    calls: st.SearchStrategy[Call] | None = None,
    among: Sequence[Law] | None = None,
) -> Found:
    """Draw calls of `op` until one breaks a law, and shrink that one to the smallest that breaks the same law.

    Parameters
    ----------
    op
        An op, a `functools.partial` of one, or a function of arrays.
    order
        1 leaves out the law of the second order.
    seed
        Of the draws and of g; None draws others each time.
    calls
        How to draw the arguments; `examples(op)` if not given.
    among
        The laws; all of them if not given.

    >>> import minigrad as mg
    >>> mg.testing.search(mg.sin, max_examples=5).failure is None
    True
    """
    chosen = laws_of_order(order) if among is None else among
    count = {True: 0, False: 0}

    @settings(
        max_examples=max_examples,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(examples(op) if calls is None else calls)
    def judge(call: Call) -> None:
        count[usable(op, call)] += 1
        # g must not come from the stream that an array with seed 0 came from.
        failure = first_broken(op, call, np.random.default_rng((seed or 0, 2**20)), chosen)
        if failure:
            raise _broken(failure.law)(failure, call)

    try:
        (judge if seed is None else seeded(seed)(judge))()
    except _Broken as broken:
        failure, call = broken.args
        return Found(failure, call, count[True], count[False])
    return Found(None, None, count[True], count[False])


class _Broken(Exception):
    pass


@functools.cache
def _broken(law: str) -> type[_Broken]:
    """An exception for each law: hypothesis keeps to one type while it shrinks, and so to one law."""
    return type(law, (_Broken,), {})


def op_test(
    op: Callable[..., Any],
    max_examples: int = 100,
    *,
    order: int = 2,
    seed: int | None = 0,
    calls: st.SearchStrategy[Call] | None = None,
) -> Callable[[], None]:
    """A test of an op, for pytest or to be called: every law, on inputs drawn by hypothesis.

        test_my_op = mg.testing.op_test(my_op)

    Parameters
    ----------
    op, max_examples, order, seed, calls
        As for `search`. An op whose inputs cannot be guessed from its signature is given `calls`, for instance
        `mg.testing.calls(mg.testing.arrays((3, 3)), st.integers(0, 2))`.

    Raises
    ------
    AssertionError
        by the test: with the op, the law, the smallest arguments that break it, and the evidence; also where every
        draw was refused, since a test that compared nothing must not pass.

    >>> import numpy as np, minigrad as mg
    >>> mg.testing.op_test(mg.tanh, max_examples=5)()
    """

    def test() -> None:
        __tracebackhide__ = True
        found = search(op, max_examples, order=order, seed=seed, calls=calls)
        message = describe_found(op, found)
        if message:
            raise AssertionError(message)

    test.__name__ = test.__qualname__ = f"test_{name_of(op)}"
    test.__doc__ = f"Every law, on drawn inputs of {name_of(op)}."
    return test


def describe_found(op: Callable[..., Any], found: Found) -> str:
    """What a failed search says: the op, the law, the arguments, the evidence; nothing where all is well."""
    if found.failure is None:
        if found.judged:
            return ""
        return (
            f"{name_of(op)}: nothing was checked; all {found.skipped} draws were refused or gave nan. "
            "Declare its domain, or pass calls= with a strategy for its arguments"
        )
    inner = op
    while isinstance(inner, functools.partial):
        inner = inner.func
    lines = [f"{name_of(op)}({found.call!r}) breaks a law", *str(found.failure).splitlines()]
    if isinstance(inner, Op):
        lines.append(f"declared at {inner.source}")
    return "\n".join(lines)


def name_of(op: Callable[..., Any]) -> str:
    """The op's name; `sum(..., axis=1)` for a partial."""
    if isinstance(op, functools.partial):
        fixed = [repr(value) for value in op.args] + [f"{key}={value!r}" for key, value in op.keywords.items()]
        return f"{name_of(op.func)}({', '.join(['...', *fixed])})"
    return str(getattr(op, "name", getattr(op, "__name__", op)))

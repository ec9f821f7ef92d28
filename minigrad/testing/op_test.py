"""op_test: a test of an op in one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def op_test(op: Callable[..., Any], max_examples: int = 100, order: int = 2, seed: int = 0) -> Callable[[], None]:
    """A test of an op, for pytest or to be called: its derivatives and every law, on inputs drawn by hypothesis.

        test_my_op = mg.testing.op_test(my_op)

    Parameters
    ----------
    op, max_examples, order, seed
        As for `minigrad.check_op`, which does the work. Where the inputs of an op cannot be guessed from its signature,
        `minigrad.testing.inputs_of` says how they are drawn.

    Raises
    ------
    AssertionError
        by the test: the report of `check_op`, with the law or the wrong element, the likely cause and the smallest
        arguments that fail. Also where every draw was refused: a test that compared nothing must not pass.

    >>> import numpy as np, minigrad as mg
    >>> mg.testing.op_test(mg.tanh, max_examples=5)()
    """
    from ..check.names import title_of
    from ..check.ops import check_op  # the checker asks minigrad.testing for examples and laws

    def test() -> None:
        __tracebackhide__ = True  # pytest shows the report alone
        report = check_op(op, max_examples, order, seed)
        if not report:
            raise AssertionError(f"\n{report}")

    test.__name__ = test.__qualname__ = f"test_{title_of(op)}"
    test.__doc__ = f"The derivatives of {title_of(op)}, and every law, on drawn inputs."
    return test

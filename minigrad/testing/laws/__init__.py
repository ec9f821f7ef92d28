"""What every op must obey besides having right derivatives. Each law is a function `law(op, call, rng) -> Failure | None`.

Parameters of a law
    op      an Op, a `functools.partial` of one, or a function of arrays
    call    the arguments, a `minigrad.testing.Call` with bare arrays
    rng     a `numpy.random.Generator`, for g and for directions

A law returns None where the op obeys, or where the law does not apply to it; otherwise a Failure with the law's name,
one sentence, and the evidence. The laws in `numpy_laws` hold for any call, also one that NumPy refuses; those in `laws`
ask for one that the forward takes and answers with finite numbers (see `usable`). `first_broken` does that sorting.

The derivatives themselves are the business of `minigrad.check`: `check_op` compares them with numerical ones, first and
second order, and holds the op to these laws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..call import Call
from .conduct import linear_in_g, no_aliasing, nothing_written, well_formed, zero_g
from .declared import constant_inputs, every_float_input_has_a_rule
from .failure import Failure as Failure
from .pull import Pull as Pull
from .pull import usable as usable
from .same_as_numpy import refusal_as_numpy, through_numpy, value_as_numpy
from .same_results import (
    backward_twice,
    layouts,
    layouts_of_g,
    other_data_between,
    same_tensor_twice,
    same_twice,
    single_precision,
)

Law = Callable[[Callable[..., Any], Call, np.random.Generator], Failure | None]

numpy_laws: tuple[Law, ...] = (value_as_numpy, refusal_as_numpy, through_numpy)
laws: tuple[Law, ...] = (
    every_float_input_has_a_rule,
    nothing_written,
    same_twice,
    well_formed,
    constant_inputs,
    no_aliasing,
    backward_twice,
    other_data_between,
    zero_g,
    linear_in_g,
    single_precision,
    same_tensor_twice,
    layouts,
    layouts_of_g,
)


def first_broken(
    op: Callable[..., Any], call: Call, rng: np.random.Generator, among: Iterable[Law] = numpy_laws + laws
) -> Failure | None:
    """The first law that the op breaks for this call. An exception in a rule breaks the law that met it."""
    fine = usable(op, call)
    for law in among:
        if not fine and law not in numpy_laws:
            continue
        try:
            with np.errstate(all="ignore"):
                failure = law(op, call, rng)
        except Exception as error:
            notes = " ".join(getattr(error, "__notes__", ()))
            failure = Failure(law.__name__.replace("_", " "), f"{type(error).__name__}: {error} {notes}".rstrip(), {})
        if failure:
            return failure
    return None

"""What is in force around a computation: whether it is recorded, watched, where it happens, and its random numbers.

All of it lives in two `ContextVar`s, so that threads and async tasks do not see each other's `no_grad`.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np


class Mode(NamedTuple):
    """The settings that are looked at for every op."""

    record: bool = True  # build the graph?
    anomaly: bool = False  # stop at the first nan or inf?
    inside: bool = False  # is a transform (grad, vjp, ...) running the user's function?
    scope: str = ""  # the path of the module whose forward is running, for drawings
    dtype: np.dtype[Any] = np.dtype(np.float64)  # what Python floats and parameters become


everyday = Mode()
mode: ContextVar[Mode] = ContextVar("mode", default=everyday)


class Generators:
    """The random number generator of this context, made when it is first asked for: numpy.random takes time to import."""

    def __init__(self) -> None:
        self._current: ContextVar[np.random.Generator] = ContextVar("generator")

    def get(self) -> np.random.Generator:
        """The generator that initializers, dropout and shuffles draw from."""
        try:
            return self._current.get()
        except LookupError:
            self.set(np.random.default_rng())
            return self._current.get()

    def set(self, made: np.random.Generator) -> None:
        """Draw from another generator from here on."""
        self._current.set(made)


generator = Generators()


@contextlib.contextmanager
def within(**changes: Any) -> Iterator[None]:
    """Change settings for the length of a `with`."""
    token = mode.set(mode.get()._replace(**changes))
    try:
        yield
    finally:
        mode.reset(token)


def no_grad() -> contextlib.AbstractContextManager[None]:
    """Within it nothing is recorded: results do not require gradients. Also a decorator.

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0], requires_grad=True)
    >>> with mg.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """
    return within(record=False)


def detect_anomaly() -> contextlib.AbstractContextManager[None]:
    """Within it, the first nan or inf of a forward or of a backward stops with the op and your own line.

    It looks at every array and keeps a line number for every op, so it costs time: use it to find a fault.

    Raises
    ------
    FloatingPointError
        with the op, the shapes, and the file and line that called it.

    >>> import minigrad as mg
    >>> with mg.detect_anomaly():
    ...     mg.log(mg.tensor([1.0, -1.0]))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    FloatingPointError: log: the forward gave nan (1 of 2 elements, first at [1]); inputs x (2,) float64; called at ...
    """
    return within(anomaly=True)


class default_dtype:
    """Set what Python floats and new parameters are made of: float64 at first. Call it, or use it in a `with`.

    Parameters
    ----------
    dtype
        float32, float64, or any name of theirs.

    >>> import minigrad as mg
    >>> with mg.default_dtype("float32"):
    ...     mg.tensor([1.0, 2.0]).dtype
    dtype('float32')
    """

    def __init__(self, dtype: Any) -> None:
        chosen = np.dtype(dtype)
        if chosen.kind not in "fc":
            raise TypeError(f"default_dtype: {chosen} is not a floating type; gradients need one, such as 'float32'")
        self._token: Token[Mode] = mode.set(mode.get()._replace(dtype=chosen))

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        mode.reset(self._token)


def seed(n: int) -> None:
    """Start the random numbers of initializers, dropout and shuffles again from `n`.

    >>> import minigrad as mg
    >>> mg.seed(0)
    """
    generator.set(np.random.default_rng(n))


_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_NUMPY = os.path.dirname(os.path.abspath(np.__file__)) + os.sep


def users_line() -> str:
    """`file:line` of the innermost frame that is neither ours nor NumPy's."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith((_PACKAGE, _NUMPY)):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def describe_non_finite(array: Any) -> str | None:
    """`"nan (1 of 2 elements, first at [1])"`, or None where every element is finite."""
    values = np.asarray(array)
    if values.dtype.kind not in "fc" or np.isfinite(values).all():
        return None
    bad = ~np.isfinite(values)
    first = tuple(int(i) for i in np.argwhere(bad)[0])
    kind = "nan" if np.isnan(values[first]) else "inf"
    where = f", first at {list(first)}" if first else ""
    return f"{kind} ({int(bad.sum())} of {values.size} elements{where})"

"""Call: the arguments of one call of an op, and where in them the arrays are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from ..containers import flatten

Draw = Callable[[st.SearchStrategy[Any]], Any]


class Call(NamedTuple):
    """The arguments of one call of an op: bare arrays, numbers, and whatever else it takes.

    >>> import numpy as np
    >>> c = call(np.ones((2, 3)), axis=1)
    >>> c
    (2, 3) float64, axis=1
    >>> c.of(np.sum)
    array([3., 3.])
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def of(self, function: Callable[..., Any]) -> Any:
        """What `function` gives for these arguments."""
        return function(*self.args, **self.kwargs)

    def arrays(self) -> list[np.ndarray[Any, Any]]:
        """Every array in the arguments, also in lists and dicts, in order."""
        return [leaf for leaf in flatten((self.args, self.kwargs))[0] if isinstance(leaf, np.ndarray)]

    def map(self, change: Callable[[np.ndarray[Any, Any]], Any]) -> Call:
        """The same call with `change(array)` in the place of every array."""
        leaves, rebuild = flatten((self.args, self.kwargs))
        return Call(*rebuild([change(leaf) if isinstance(leaf, np.ndarray) else leaf for leaf in leaves]))

    def leaves(self) -> list[Any]:
        """The arguments in order, those inside lists, tuples and dicts one by one; None has no place here."""
        return flatten((self.args, self.kwargs))[0]

    def replaced(self, new: Mapping[int, Any]) -> Call:
        """The same call with other values at some positions of `leaves()`."""
        leaves, rebuild = flatten((self.args, self.kwargs))
        return Call(*rebuild([new.get(i, leaf) for i, leaf in enumerate(leaves)]))

    def __repr__(self) -> str:
        parts = [describe(value) for value in self.args]
        return ", ".join(parts + [f"{name}={describe(value)}" for name, value in self.kwargs.items()])


def call(*args: Any, **kwargs: Any) -> Call:
    """`call(x, axis=1)`: the arguments as a Call."""
    return Call(args, kwargs)


def calls(*args: st.SearchStrategy[Any], **kwargs: st.SearchStrategy[Any]) -> st.SearchStrategy[Call]:
    """Calls whose arguments are drawn independently of each other.

    >>> from minigrad.testing import arrays, calls, shapes
    >>> matrices = calls(arrays(shapes(min_axes=2)))
    """
    return st.builds(Call, st.tuples(*args), st.fixed_dictionaries(kwargs))


def describe(value: Any) -> str:
    """An argument in a few words: the values of a small array of numbers, the shape and dtype of any other.

    >>> import numpy as np
    >>> describe(np.ones((2, 2)))
    '(2, 2) float64'
    >>> describe([np.arange(3), 2.0])
    '[[0, 1, 2] int64, 2.0]'
    """
    if isinstance(value, (np.ndarray, np.generic)):
        if value.dtype.kind in "biu" and 0 < value.size <= 6:
            return f"{np.array2string(np.asarray(value), separator=', ').replace(chr(10), '')} {value.dtype}"
        return f"{value.shape} {value.dtype}"
    if isinstance(value, slice):
        return ":".join("" if part is None else str(part) for part in (value.start, value.stop, value.step))
    if isinstance(value, (list, tuple)):
        inside = ", ".join(map(describe, value)) + ("," if isinstance(value, tuple) and len(value) == 1 else "")
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    return repr(value)

"""Declaring ops: `op`, `elementwise`, and the registry that they enter.

One registry drives Tensor methods, NumPy's protocols, labels in drawings, the documents and the tests.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from types import FrameType, MappingProxyType
from typing import Any, overload

import numpy as np

from . import numpy_protocol
from .gather import Gathering
from .op import Op
from .tensor import Tensor

_registry: dict[str, Op] = {}
ops: Mapping[str, Op] = MappingProxyType(_registry)
"""Every op by its name."""

_BUILT_IN = __name__.rpartition(".")[0] + ".rules"


@overload
def op(forward: Callable[..., Any], /) -> Op: ...
@overload
def op(
    *,
    name: str | None = ...,
    domain: Mapping[str, tuple[float, float]] | None = ...,
    gathers: str | None = ...,
    flat: Iterable[str] = ...,
    selects: bool | Callable[..., bool] = ...,
    holomorphic: bool = ...,
) -> Callable[[Callable[..., Any]], Op]: ...
def op(
    forward: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    domain: Mapping[str, tuple[float, float]] | None = None,
    gathers: str | None = None,
    flat: Iterable[str] = (),
    selects: bool | Callable[..., bool] = False,
    holomorphic: bool = True,
) -> Any:
    """Make an op of a function on arrays; declare its rules with `.vjp`.

    Parameters
    ----------
    name
        Its name in the registry; the function's own name if not given. A name that minigrad already has stays
        minigrad's: the new op is used by calling it.
    domain
        For an input, the open interval of values it is defined on, so that the checker draws from it.
    gathers
        The input that is a list of arrays, as in `concatenate`. `*arrays` needs no mention.
    flat
        Inputs in which the op is piecewise constant: they get no gradient.
    selects
        The op hides values by choosing others (as `where` does): a nan among the hidden ones must not reach a gradient.
        A function of the inputs where it depends on them; it may look at those that a rule asks for.
    holomorphic
        False where a complex output is no holomorphic function of the inputs (`conj`): its rules then return
        dL/d(re) + i dL/d(im) themselves. For all others the engine sees to it.

    >>> import numpy as np, minigrad as mg
    >>> @mg.op
    ... def softplus(x):
    ...     return np.logaddexp(0, x)
    >>> @softplus.vjp("x")
    ... def _(g, out, x):
    ...     return g * np.exp(x - out)
    >>> float(mg.grad(softplus)(0.0))
    0.5
    """

    def declare(forward: Callable[..., Any]) -> Op:
        parameters = _parameters(forward)
        starred = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)
        listed = gathers or starred
        title = name or forward.__name__
        if listed:
            made: Op = Gathering(
                forward, title, parameters, listed, domain=domain, flat=flat, selects=selects, holomorphic=holomorphic
            )
        else:
            made = Op(forward, title, parameters, domain=domain, flat=flat, selects=selects, holomorphic=holomorphic)
        return _register(made, site)

    site = sys._getframe(1)
    return declare if forward is None else declare(forward)


def elementwise(
    forward: Callable[..., Any],
    doc: str | None = None,
    /,
    *,
    name: str | None = None,
    domain: Mapping[str, tuple[float, float]] | None = None,
    selects: bool | Callable[..., bool] = False,
    holomorphic: bool = True,
    **rules: Callable[..., Any] | None,
) -> Op:
    """Make an op that works element by element, with its rules, in one line. The engine undoes broadcasting.

    Parameters
    ----------
    forward
        A ufunc, or a function of arrays that broadcasts.
    doc
        The formula.
    rules
        For each input in order, its rule; None where the op is piecewise constant in it.

    >>> import numpy as np, minigrad as mg
    >>> log_odds = mg.elementwise(lambda p: np.log(p / (1 - p)), name="log_odds", p=lambda g, p: g / (p * (1 - p)))
    >>> float(mg.grad(log_odds)(0.5))
    4.0
    """
    if isinstance(forward, np.ufunc):
        if len(rules) != forward.nin:
            raise TypeError(
                f"{forward.__name__} takes {forward.nin} inputs; name {forward.nin} in order, "
                f"with None for one that has no gradient (here: {', '.join(rules) or 'none'})"
            )
        parameters = [inspect.Parameter(x, inspect.Parameter.POSITIONAL_OR_KEYWORD) for x in rules]
    else:
        parameters = _parameters(forward)
    flat = [x for x, rule in rules.items() if rule is None]
    made = Op(
        forward,
        name or forward.__name__,
        parameters,
        is_elementwise=True,
        domain=domain,
        flat=flat,
        selects=selects,
        holomorphic=holomorphic,
        doc=doc,
    )
    for x, rule in rules.items():
        if rule is not None:
            made.vjp(x)(rule)
    return _register(made, sys._getframe(1))


def _parameters(forward: Callable[..., Any]) -> list[inspect.Parameter]:
    if isinstance(forward, np.ufunc):
        names = ["x"] if forward.nin == 1 else ["x", "y", "z"][: forward.nin]
        return [inspect.Parameter(x, inspect.Parameter.POSITIONAL_OR_KEYWORD) for x in names]
    try:
        return list(inspect.signature(forward).parameters.values())
    except ValueError:
        raise TypeError(
            f"{forward!r} does not say what its parameters are; wrap it in a def whose parameters have names"
        ) from None


def _register(made: Op, site: FrameType) -> Op:
    """Enter an op under its name. Nobody replaces one of minigrad's own; an author's op may be declared again."""
    made.__module__ = str(site.f_globals.get("__name__", ""))
    made.source = f"{site.f_code.co_filename}:{site.f_lineno}"
    made.built_in = made.__module__.startswith(_BUILT_IN)
    old = _registry.get(made.name)
    if old is not None and old.built_in:
        return made
    _registry[made.name] = made
    if isinstance(made.forward, np.ufunc):
        numpy_protocol.served.setdefault(made.forward, made)
    if made.built_in:
        numpy_protocol.serve(made, Tensor)
    return made

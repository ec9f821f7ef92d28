"""Op: a forward in NumPy, and rules that say how a gradient goes back through it.

A rule is a function whose parameters name what it needs: `g`, the gradient that arrives from above; `out`, what the
forward gave; any parameter of the forward; or `x_shape`, the shape of parameter x. What no rule names is not kept.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from .graph import NOTHING, SEVERAL, Plan, Step
from .record import recorder

_REQUIRED: Any = inspect.Parameter.empty


class Rule(NamedTuple):
    """How the gradient goes back to the inputs in `names`."""

    names: tuple[str, ...]
    function: Callable[..., Any]
    wants: tuple[str, ...]  # the names of its parameters after g
    surrogate: str | None  # why it is not the derivative, where that is on purpose
    joint: bool  # does it return one gradient for each of several inputs, or a gradient alone?


class Op:
    """A differentiable function. Made by `op` and `elementwise`; called like the function it was made from.

    Called with arrays it gives arrays; called with at least one Tensor it gives Tensors, and records the call where an
    input requires gradients.
    """

    # Python looks for __call__ in the class, finds this slot there, and so calls the op's own function.
    __slots__ = ("__call__", "__dict__", "__weakref__")
    __call__: Callable[..., Any]

    def __init__(
        self,
        forward: Callable[..., Any],
        name: str,
        parameters: Iterable[inspect.Parameter],
        *,
        is_elementwise: bool = False,
        selects: bool | Callable[..., bool] = False,
        holomorphic: bool = True,
        domain: Mapping[str, tuple[float, float]] | None = None,
        flat: Iterable[str] = (),
        doc: str | None = None,
    ) -> None:
        self.forward = forward
        self.name = name
        self.parameters = tuple(parameters)
        self.inputs = tuple(p.name for p in self.parameters)
        self.elementwise = is_elementwise
        self.selects = selects
        self.holomorphic = holomorphic
        self.domain = dict(domain or {})
        self.rules: dict[str, Rule | None] = dict.fromkeys(flat)
        self.built_in = False
        self.source = ""  # file:line of its declaration
        self.__doc__ = doc if doc is not None else forward.__doc__
        self.__name__ = self.__qualname__ = name
        self.__wrapped__ = forward
        self._defaults = tuple(p.default for p in self.parameters)
        self._required = max((i + 1 for i, value in enumerate(self._defaults) if value is _REQUIRED), default=0)
        self._position = {name: i for i, name in enumerate(self.inputs)}
        self._positional = sum(p.kind is not p.KEYWORD_ONLY for p in self.parameters)
        plain = self._positional == len(self.inputs)
        # The forward, called with one positional argument for each of `inputs`.
        self.forward_flat = forward if plain else self._forward_flat
        self.width = len(self.inputs) if plain else -1  # how many positional arguments need no binding
        self.plans: dict[Any, Plan] = {}  # by the mask alone where the output is one real array
        taken = {"g", "out"} & set(self.inputs)
        if taken:
            raise TypeError(f"{name}: a parameter cannot be called {taken.pop()!r}; rules know it by another meaning")
        for x in self.rules:
            self._check_input(x)
        self.__call__ = recorder(self)

    def _forward_flat(self, *values: Any) -> Any:
        named = dict(zip(self.inputs[self._positional :], values[self._positional :]))
        return self.forward(*values[: self._positional], **named)

    def __repr__(self) -> str:
        return f"<op {self.name}({', '.join(self.inputs)})>"

    # -- declaring ------------------------------------------------------------------------------------------------

    def vjp(self, *names: str, surrogate: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare the rule (the vector-Jacobian product) for one input, or one rule for several.

        Parameters
        ----------
        names
            The inputs. A rule for several returns a tuple, one gradient for each in this order.
        surrogate
            Why the rule is not the derivative, where that is on purpose (straight-through, gradient reversal):
            the checker says so and does not judge it.

        Raises
        ------
        TypeError
            where the op has no such input, or a parameter of the rule names nothing that the op has.

        >>> import numpy as np, minigrad as mg
        >>> @mg.op
        ... def cube(x):
        ...     return x**3
        >>> @cube.vjp("x")
        ... def _(g, x):
        ...     return g * 3 * x**2
        >>> float(mg.grad(cube)(2.0))
        12.0
        """

        def declare(function: Callable[..., Any]) -> Callable[..., Any]:
            for name in names:
                self._check_input(name)
            code = function.__code__  # inspect.signature would take a third of the time of `import minigrad`
            g, *wants = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            if g != "g":
                raise TypeError(
                    f"{self.name}: the first parameter of a rule is g, the arriving gradient; here it is {g!r}"
                )
            for want in wants:
                if want != "out" and want not in self._position and want.removesuffix("_shape") not in self._position:
                    raise TypeError(
                        f"{self.name}: the rule for {', '.join(map(repr, names))} asks for {want!r}; "
                        f"there is g, out, {', '.join(self.inputs)}, and _shape after any of these"
                    )
            rule = Rule(names, function, tuple(wants), surrogate, len(names) > 1)
            self.rules.update(dict.fromkeys(names, rule))
            self.plans.clear()
            return function

        return declare

    def _check_input(self, name: str) -> None:
        if name not in self._position:
            raise TypeError(f"{self.name}: there is no input {name!r}; the inputs are {', '.join(self.inputs)}")

    # -- for the engine ------------------------------------------------------------------------------------------

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
        """All arguments in the order of `inputs`, defaults filled in."""
        if self._required <= len(args) <= self._positional and not kwargs:
            return args + self._defaults[len(args) :]
        if len(args) <= self._positional:
            bound = list(args) + list(self._defaults[len(args) :])
            for key, value in kwargs.items():
                i = self._position.get(key, -1)
                if i < len(args):
                    break
                bound[i] = value
            else:
                if not any(value is _REQUIRED for value in bound):
                    return tuple(bound)
        try:
            inspect.Signature(self.parameters).bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.name}: {error}; it takes ({', '.join(self.inputs)})") from None
        raise TypeError(f"{self.name}: it takes ({', '.join(self.inputs)})")

    def plan(self, mask: int, is_complex: bool = False, several: bool = False) -> Plan:
        """Which rules run and what they need, where the inputs in the bits of `mask` require gradients."""
        conjugates = is_complex and self.holomorphic
        key = (mask, conjugates, several) if conjugates or several else mask
        if key not in self.plans:
            self.plans[key] = self._make_plan(mask, conjugates, several)
        return self.plans[key]

    def _make_plan(self, mask: int, conjugates: bool, several: bool) -> Plan:
        chosen: dict[str, Rule] = {}
        for i, name in enumerate(self.inputs):
            if mask >> i & 1:
                if name not in self.rules:
                    raise TypeError(
                        f"{self.name}: input {name!r} requires a gradient, and no rule says how it gets one. "
                        f"Declare @{self.name}.vjp({name!r}), or pass {name}.detach()"
                    )
                rule = self.rules[name]
                if rule is not None:
                    chosen[name] = rule
        wants = {want for rule in chosen.values() for want in rule.wants}
        width = len(self.inputs)
        where = {"out": width} | self._position
        shapes: list[int] = []
        for want in sorted(wants - where.keys()):
            where[want] = width + ("out" in wants) + len(shapes)
            shapes.append(self._position[want.removesuffix("_shape")])
        functions = {id(rule): _conjugated(rule.function) if conjugates else rule.function for rule in chosen.values()}
        steps: list[tuple[Any, ...]] = []
        for name, rule in chosen.items():
            needs = tuple(where[want] for want in rule.wants)
            need = SEVERAL if rule.joint or len(needs) > 1 else needs[0] if needs else NOTHING
            part = rule.names.index(name) if rule.joint else None
            steps.append(tuple(Step(functions[id(rule)], need, needs, self._position[name], part, rule.names)))
        steps.sort(key=lambda step: self._position[step[-1][0]])  # those of one rule together
        drop = tuple(i for i, name in enumerate(self.inputs) if name not in wants)
        records_more, runs_more = bool(shapes or not steps), bool(self.selects or several)
        return Plan(self, tuple(steps), drop, "out" in wants, tuple(shapes), records_more, runs_more)


def _conjugated(rule: Callable[..., Any]) -> Callable[..., Any]:
    """The rule of a holomorphic op, for complex numbers.

    The gradient of a real L is dL/d(re) + i dL/d(im), as in PyTorch, so x gets g conj(f'(x)) where the rule says
    g f'(x): conj(rule(conj(g))), and no rule has to think of it.
    """

    @functools.wraps(rule)
    def conjugated(g: Any, *needs: Any) -> Any:
        result = rule(np.conj(g), *needs)
        if isinstance(result, (tuple, list)):
            return [c if c is None else np.conj(c) for c in result]
        return np.conj(result)

    return conjugated

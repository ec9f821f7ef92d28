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

from .context import describe_non_finite, everyday, mode, users_line
from .graph import DROPPED, Node, Output, Plan, Step, order
from .tensor import Tensor, make

new_tensor = Tensor.__new__
float32, float64 = np.dtype(np.float32), np.dtype(np.float64)
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
        self._position = {name: i for i, name in enumerate(self.inputs)}
        self._positional = sum(p.kind is not p.KEYWORD_ONLY for p in self.parameters)
        plain = self._positional == len(self.inputs)
        # The forward, called with one positional argument for each of `inputs`.
        self.forward_flat = forward if plain else self._forward_flat
        self._width = len(self.inputs) if plain else -1  # how many positional arguments need no binding
        self._plans: dict[int, Plan] = {}
        taken = {"g", "out"} & set(self.inputs)
        if taken:
            raise TypeError(f"{name}: a parameter cannot be called {taken.pop()!r}; rules know it by another meaning")
        for x in self.rules:
            self._check_input(x)

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
            self._plans.clear()
            return function

        return declare

    def _check_input(self, name: str) -> None:
        if name not in self._position:
            raise TypeError(f"{self.name}: there is no input {name!r}; the inputs are {', '.join(self.inputs)}")

    # -- calling --------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != self._width:
            args = self.bind(args, kwargs)
        # One and two inputs have lines of their own, and the node and the Tensor are made in line: each is a sixth of
        # what recording costs.
        values: tuple[Any, ...]
        nodes: list[Node | None]
        parents: tuple[Node | None, ...]
        if len(args) == 1:
            (x,) = args
            parent = None
            if type(x) is Tensor:
                parent = x.node
                x = x._data
            values = (x,)
            parents = (parent,)
            mask = 0 if parent is None else 1
            out = self.forward_flat(x)
        elif len(args) == 2:
            x, y = args
            parent = other = None
            mask = 0
            if type(x) is Tensor:
                parent = x.node
                x = x._data
                if parent is not None:
                    mask = 1
            if type(y) is Tensor:
                other = y.node
                y = y._data
                if other is not None:
                    mask += 2
            values = (x, y)
            parents = (parent, other)
            out = self.forward_flat(x, y)
        else:
            arrays, nodes, mask = [], [], 0
            for i, a in enumerate(args):
                if type(a) is Tensor:
                    arrays.append(a._data)
                    nodes.append(a.node)
                    if a.node is not None:
                        mask |= 1 << i
                else:
                    arrays.append(a)
                    nodes.append(None)
            parents = tuple(nodes)
            values = tuple(arrays)
            out = self.forward_flat(*values)
        now = mode.get()
        if now is not everyday:
            if now.anomaly:
                self._stop_if_not_finite(out, values)
            if not now.record:
                mask = 0
        if not mask:
            return _tensors(out) if Tensor in map(type, args) else out
        try:
            shape, dtype = out.shape, out.dtype
        except AttributeError:  # several outputs, or a number that is no NumPy scalar
            return self._record_uncommon(mask, parents, values, out)
        constant = False  # integers and booleans are
        if dtype is not float64 and dtype is not float32:
            constant = dtype.kind not in "fc"
            if dtype.kind == "c" and self.holomorphic:
                mask = -mask
        plan = self._plans.get(mask) or self._make_plan(mask)
        if constant or not plan.steps:
            return _tensors(out)
        if plan.drop or plan.shapes:
            values = _kept(plan, values, out)
        elif plan.keeps_out:
            values += (out,)
        node = Node()
        node.shape = shape
        node.dtype = dtype
        node.order = next(order)
        node.plan = plan
        node.parents = parents
        node.values = values
        node.scope = now.scope
        node.notes = {"line": users_line()} if now.anomaly else None
        result = new_tensor(Tensor)
        result._data = out
        result._grad = result._name = None
        result.node = node
        return result

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
        """All arguments in the order of `inputs`, defaults filled in."""
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

    def _make_plan(self, mask: int) -> Plan:
        """Which rules run and what they need, where the inputs in `mask` require gradients; negative: of complex numbers."""
        key, mask, conjugate = mask, abs(mask), mask < 0
        rules: dict[int, Rule] = {}
        for i, name in enumerate(self.inputs):
            if mask >> i & 1:
                if name not in self.rules:
                    raise TypeError(
                        f"{self.name}: input {name!r} requires a gradient, and no rule says how it gets one. "
                        f"Declare @{self.name}.vjp({name!r}), or pass {name}.detach()"
                    )
                rule = self.rules[name]
                if rule is not None:
                    rules[id(rule)] = rule
        wants = {want for rule in rules.values() for want in rule.wants}
        width = len(self.inputs)
        where = {"out": width} | self._position
        shapes: list[int] = []
        for want in sorted(wants - where.keys()):
            where[want] = width + ("out" in wants) + len(shapes)
            shapes.append(self._position[want.removesuffix("_shape")])
        steps = tuple(
            Step(
                rule.names,
                _conjugated(rule.function) if conjugate else rule.function,
                tuple(where[want] for want in rule.wants),
                where[rule.wants[0]] if len(rule.wants) == 1 else -1,
                tuple(self._position[name] for name in rule.names),
                rule.joint,
            )
            for rule in rules.values()
        )
        drop = tuple(i for i, name in enumerate(self.inputs) if name not in wants)
        plan = self._plans[key] = Plan(self, steps, drop, "out" in wants, tuple(shapes), self.selects)
        return plan

    def _record_uncommon(self, mask: int, parents: tuple[Node | None, ...], values: tuple[Any, ...], out: Any) -> Any:
        """Record a call that gave several outputs, or a Python number."""
        plan = self._plans.get(mask) or self._make_plan(mask)
        if not plan.steps:
            return _tensors(out)
        values = _kept(plan, values, out)
        several = isinstance(out, (tuple, list))
        if not several or any(not hasattr(part, "dtype") for part in out):
            out = type(out)(map(np.asarray, out)) if several else np.asarray(out)
        node = Node()
        node.shape = tuple(part.shape for part in out) if several else out.shape
        node.dtype = tuple(part.dtype for part in out) if several else out.dtype
        now = mode.get()
        node.order, node.plan, node.parents, node.values = next(order), plan, parents, values
        node.scope, node.notes = now.scope, {"line": users_line()} if now.anomaly else None
        return _tensors(out, node)

    def _stop_if_not_finite(self, out: Any, values: tuple[Any, ...]) -> None:
        for part in out if isinstance(out, (tuple, list)) else (out,):
            fault = describe_non_finite(part)
            if fault:
                inputs = ", ".join(
                    f"{self.inputs[i]} {np.shape(v)} {v.dtype}" for i, v in enumerate(values) if hasattr(v, "dtype")
                )
                raise FloatingPointError(
                    f"{self.name}: the forward gave {fault}; inputs {inputs}; called at {users_line()}"
                )


def _kept(plan: Plan, values: tuple[Any, ...], out: Any) -> tuple[Any, ...]:
    """What the rules ask for."""
    kept = list(values)
    for i in plan.drop:
        if hasattr(kept[i], "shape"):  # numbers and options are small, and drawings run forwards again
            kept[i] = DROPPED
    if plan.keeps_out:
        kept.append(out)
    for i in plan.shapes:
        kept.append(_shape(values[i]))
    return tuple(kept)


def _shape(value: Any) -> tuple[int, ...]:
    return value.shape if hasattr(value, "shape") else np.shape(value)


def _tensors(out: Any, node: Node | None = None) -> Any:
    if isinstance(out, (tuple, list)):
        parts = [
            make(part, Output(node, i) if node is not None and part.dtype.kind in "fc" else None)
            for i, part in enumerate(out)
        ]
        return type(out)(*parts) if hasattr(out, "_fields") else type(out)(parts)
    return make(out if hasattr(out, "dtype") else np.asarray(out), node)


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

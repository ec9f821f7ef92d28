"""Ops on a list of arrays, such as `concatenate`: for each length of the list, an ordinary op with that many inputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from .op import Op, Rule
from .record import named


class Gathering(Op):
    """An op one of whose inputs is a list of arrays (or `*arrays`). Its rule returns one gradient for each member."""

    def __init__(
        self, forward: Callable[..., Any], name: str, parameters: Any, gathers: str, **properties: Any
    ) -> None:
        super().__init__(forward, name, parameters, **properties)
        self._check_input(gathers)
        self._gathers = gathers
        self._at = self.inputs.index(gathers)
        self._starred = self.parameters[self._at].kind is inspect.Parameter.VAR_POSITIONAL
        self._of: dict[int, Op] = {}
        self.__call__ = named(lambda *args, **kwargs: self._gather(*args, **kwargs), self)

    def vjp(self, *names: str, surrogate: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """As `Op.vjp`; the rule for the list input is given lists and returns a list."""
        self._of.clear()
        return super().vjp(*names, surrogate=surrogate)

    def _gather(self, *args: Any, **kwargs: Any) -> Any:
        args = self.bind(args, kwargs)
        members = list(args[self._at])
        return self.of(len(members))(*args[: self._at], *members, *args[self._at + 1 :])

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
        """All arguments in the order of `inputs`, the list as one of them."""
        try:
            bound = inspect.Signature(self.parameters).bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.name}: {error}; it takes ({', '.join(self.inputs)})") from None
        bound.apply_defaults()
        return tuple(bound.arguments.values())

    def of(self, count: int) -> Op:
        """This op for lists of `count` arrays, with the inputs `arrays0`, `arrays1`, ..."""
        if count not in self._of:
            self._of[count] = self._make(count)
        return self._of[count]

    def _make(self, count: int) -> Op:
        at, forward = self._at, self.forward
        members = [f"{self._gathers}{k}" for k in range(count)]

        def run(*flat: Any) -> Any:
            row, rest = flat[at : at + count], flat[at + count :]
            if self._starred:
                return forward(*flat[:at], *row, **dict(zip(self.inputs[at + 1 :], rest)))
            named = dict(zip(self.inputs[self._positional :], flat[self._positional - 1 + count :]))
            return forward(*flat[:at], list(row), *rest[: len(rest) - len(named)], **named)

        names = [*self.inputs[:at], *members, *self.inputs[at + 1 :]]
        made = Op(
            run,
            self.name,
            [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names],
            is_elementwise=self.elementwise,
            selects=self.selects,
            holomorphic=self.holomorphic,
            domain=self.domain,
            doc=self.__doc__,
        )
        made.built_in = self.built_in
        for name, rule in self.rules.items():
            if rule is None:
                made.rules.update(dict.fromkeys(members if name == self._gathers else [name]))
            elif name == rule.names[0]:  # once for a rule that serves several inputs
                spread = self._spread(rule, members)
                made.rules.update(dict.fromkeys(spread.names, spread))
        return made

    def _spread(self, rule: Rule, members: list[str]) -> Rule:
        """`rule` for the flat inputs: it is handed lists, and each member of the list has its own gradient."""

        def flat(name: str) -> list[str]:
            base = name.removesuffix("_shape") if name not in self.inputs else name
            return [member + name[len(base) :] for member in members] if base == self._gathers else [name]

        groups = [flat(want) for want in rule.wants]
        listed = [group[:1] != [want] for group, want in zip(groups, rule.wants)]

        def regrouped(g: Any, *values: Any) -> Any:
            row = iter(values)
            result = rule.function(
                g, *[[next(row) for _ in group] if many else next(row) for group, many in zip(groups, listed)]
            )
            if not rule.joint:
                return result
            return [c for name, part in zip(rule.names, result) for c in (part if name == self._gathers else [part])]

        names = tuple(member for name in rule.names for member in flat(name))
        wants = tuple(want for group in groups for want in group)
        return Rule(names, regrouped, wants, rule.surrogate, rule.joint or self._gathers in rule.names)

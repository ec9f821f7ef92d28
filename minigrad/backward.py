"""The reverse pass: gradients flow from one node to everything it was made from, newest node first.

A node's gradient is complete when the pass reaches it, because whatever used it is newer. The pass runs a node's
rules, adds what they return to the gradients of the node's inputs, and lets go of what the node held.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np

from .context import describe_non_finite, mode
from .graph import DROPPED, FREED, NOTHING, Array, Leaf, Node, Output, Step, freed, reachable

Observer = Callable[[Node, Step, Array, Array, Array | None, Array], None]


def backward(
    roots: dict[Node, Array],
    *,
    targets: Collection[Node] | None = None,
    lift: Callable[[Array, Node], Any] | None = None,
    retain: bool = False,
    observe: Observer | None = None,
) -> dict[Node, Array]:
    """The gradients of the leaves that `roots` were made from, or of `targets` alone.

    Parameters
    ----------
    roots
        The nodes to start from, each with the gradient that arrives there.
    targets
        Stop at these nodes, and compute only what leads to them.
    lift
        Makes a Tensor of a saved value and its node. With it the rules run on Tensors and are themselves recorded,
        which is all that higher orders take.
    retain
        Keep the graph for another pass.
    observe
        Called after each addition with (node, step, g, contribution, gradient before, gradient after).
    """
    wanted = None if targets is None else _leading_to(targets, reachable(roots, targets))
    anomaly = mode.get().anomaly
    watched = anomaly or observe is not None
    guided = targets is not None or lift is not None or retain

    gradients: dict[Node, Any] = {node: g for node, g in roots.items() if wanted is None or node in wanted}
    waiting = [(-node.order, node) for node in gradients if type(node) is not Leaf]  # a heap: the newest is first
    heapify(waiting)
    # Where one node alone is in wait, as in a chain, it is kept out of the heap and the dict: 0.25 us of 1.6 for a node.
    alone: Any = None
    its: Any = None  # the gradient of that node
    stopped: dict[Node, Array] = {}  # targets that are not leaves
    ours: set[Node] = set()  # gradients that are fresh sums of this pass: safe to add to in place
    invalid: list[int] = []  # filled by NumPy when a rule met 0 * inf, 0 / 0 or the like
    careful = False  # look for these whatever NumPy says
    joint: Any = None  # a rule for several inputs that has run at this node
    parts: Any = None  # what it gave for each of them
    with np.errstate(invalid="call", call=lambda kind, flag: invalid.append(flag)):
        while alone is not None or waiting:
            if not waiting:
                node, g, alone = alone, its, None
            else:
                if alone is not None:
                    heappush(waiting, (-alone.order, alone))
                    gradients[alone], alone, its = its, None, None
                node = heappop(waiting)[1]
                g = gradients.pop(node)

            plan, parents, values = node.plan, node.parents, node.values
            if parents is FREED:
                raise freed(node)
            if guided or plan is None or plan.runs_more or node.notes:
                if node.notes:
                    g = _run_hooks(node, g, ours)
                if targets and node in targets:
                    stopped[node] = g
                    continue
                if plan is None:
                    assert isinstance(node, Output)
                    _collect_output(node, g, gradients, waiting)
                    continue
                selects = plan.op.selects
                if selects and not careful:  # whatever was not selected is older, so it is still to come
                    careful = selects is True or selects(*values[: len(parents)])
                    if careful:
                        invalid.append(0)
                if type(g) is list:
                    g = _fill_missing(g, node)
                steps = plan.steps if wanted is None else [step for step in plan.steps if parents[step[3]] in wanted]
                if lift is not None:
                    values = _lifted(node, lift)
                elif not retain:
                    node.parents = node.values = FREED
            else:
                steps = plan.steps
                node.parents = node.values = FREED

            for rule, need, needs, i, part, names in steps:
                try:
                    if need >= 0:
                        c = rule(g, values[need])
                    elif need == NOTHING:
                        c = rule(g)
                    elif rule is not joint:
                        c = rule(g, *[values[k] for k in needs])
                except Exception as error:
                    error.add_note(f"in the rule of {plan.op.name!r} for {', '.join(map(repr, names))}")
                    raise
                if part is not None:
                    if rule is not joint:
                        joint, parts = rule, _one_for_each(c, names, plan.op.name)
                    c = parts[part]
                    if c is None:
                        continue

                parent = parents[i]
                if invalid:
                    if plan.op.elementwise:
                        c = _strong_zero(g, c)
                    if not careful and part is None:  # what made one part of a joint rule invalid may be in another
                        invalid.clear()
                try:
                    if c.shape != parent.shape or c.dtype is not parent.dtype:
                        c = _fit(c, g, parent, node, i)
                except AttributeError:
                    c = _fit(np.asarray(c), g, parent, node, i)
                if watched:
                    if anomaly:
                        _stop_if_not_finite(c, node, i)
                    if observe is not None:
                        before = its if parent is alone else gradients.get(parent)
                        step = Step(rule, need, needs, i, part, names)
                        observe(node, step, g, c, before, c if before is None else before + c)

                if parent is alone:
                    its = its + c
                    c = None  # let go before the next rule allocates
                elif parent in gradients:
                    total = gradients[parent]
                    if parent in ours and observe is None:
                        total += c
                    else:
                        total = total + c
                        ours.add(parent)
                    gradients[parent] = total
                    c = total = None
                elif type(parent) is Leaf:
                    gradients[parent] = c if _is_fresh(c, g, values) else c.copy()
                elif alone is None and not waiting:
                    alone, its = parent, c
                else:
                    gradients[parent] = c
                    heappush(waiting, (-parent.order, parent))
            joint = parts = None

    for leaf in gradients:  # what nobody took out
        if leaf.notes:
            gradients[leaf] = _run_hooks(leaf, gradients[leaf], ours)
    return gradients | stopped


def _leading_to(targets: Collection[Node], nodes: list[Node]) -> set[Node]:
    """Those of `nodes` (oldest first) that some target leads to, and the targets."""
    led = set(targets)
    for node in nodes:
        if node not in led and any(parent in led for parent in node.parents):
            led.add(node)
    return led


def _lifted(node: Node, lift: Callable[[Array, Node], Any]) -> tuple[Any, ...]:
    """The node's saved values as Tensors that stand in the graph where the values came from."""
    lifted = [
        lift(value, parent) if parent is not None and value is not DROPPED else value
        for value, parent in zip(node.values, node.parents)
    ] + list(node.values[len(node.parents) :])
    if node.plan is not None and node.plan.keeps_out:
        k = len(node.parents)
        out = node.values[k]
        if isinstance(out, (tuple, list)):
            lifted[k] = tuple(
                lift(part, Output(node, i)) if part.dtype.kind in "fc" else part for i, part in enumerate(out)
            )
        else:
            lifted[k] = lift(out, node)
    return tuple(lifted)


def _collect_output(node: Output, g: Array, gradients: dict[Node, Any], newest_first: list[tuple[int, Node]]) -> None:
    """Put the gradient of one output where the op with several outputs finds it."""
    (parent,) = node.parents
    assert parent is not None
    if parent not in gradients:
        gradients[parent] = [None] * len(parent.shape)
        heappush(newest_first, (-parent.order, parent))
    slots = gradients[parent]
    slots[node.index] = g if slots[node.index] is None else slots[node.index] + g


def _fill_missing(slots: list[Array | None], node: Node) -> tuple[Array, ...]:
    """Outputs that were not used have a gradient of zeros."""
    return tuple(np.zeros(shape, dtype) if g is None else g for g, shape, dtype in zip(slots, node.shape, node.dtype))


def _one_for_each(result: Any, names: tuple[str, ...], op: str) -> Any:
    if not isinstance(result, (tuple, list)) or len(result) != len(names):
        got = f"{len(result)}" if isinstance(result, (tuple, list)) else f"a {type(result).__name__}"
        raise ValueError(
            f"{op}: the rule for {', '.join(map(repr, names))} must return {len(names)} gradients, "
            f"one for each, as a tuple; it returned {got}"
        )
    return result


def _strong_zero(g: Array, c: Array) -> Array:
    """Where g is exactly 0 the contribution is exactly 0, whatever the local derivative.

    0 * inf, and a nan that was made in the branch that `where` did not take, are nothing that the mathematics knows.
    Only nans are replaced: a 0 that stands there already depends on g, which a second derivative must see.
    """
    if type(c) is np.ndarray and not np.isnan(c).any():
        return c
    return np.where((g == 0) & np.isnan(c), np.zeros_like(c), c)


def _fit(c: Array, g: Array, parent: Node, node: Node, i: int) -> Array:
    """Sum `c` back to the shape that the input had before it was broadcast, in its dtype; any other shape is an error."""
    assert node.plan is not None
    op = node.plan.op
    if c.shape == parent.shape:
        return _cast(c, parent.dtype)
    if not op.elementwise or c.shape != g.shape:
        expected = f"{parent.shape}, the shape of the input"
        if op.elementwise:
            expected += f", or {g.shape}, the shape of the output"
        raise ValueError(
            f"{op.name}: the rule for {op.inputs[i]!r} returned a gradient of shape {c.shape}; expected {expected}"
        )
    return _cast(unbroadcast(c, parent.shape), parent.dtype)


def unbroadcast(c: Array, shape: tuple[int, ...]) -> Array:
    """Sum `c` over the axes along which an array of `shape` was repeated when it was broadcast to `c.shape`."""
    extra = len(c.shape) - len(shape)
    spread = tuple(range(extra)) + tuple(
        axis for axis in range(extra, len(c.shape)) if shape[axis - extra] == 1 != c.shape[axis]
    )
    return c.sum(axis=spread).reshape(shape) if spread else c


def _cast(c: Array, dtype: Any) -> Array:
    """The gradient of a float32 input is float32, of a real input real, whatever it met on its way."""
    if c.dtype == dtype:
        return c
    return (c.real if c.dtype.kind == "c" and dtype.kind != "c" else c).astype(dtype)


def _is_fresh(c: Array, g: Array, values: Any) -> bool:
    """Was `c` made by the rule just now, so that nobody else can hold it?"""
    if type(c) is not np.ndarray:
        return True  # scalars, Tensors and lazy arrays are never written to
    return c.base is None and c is not g and not any(c is value for value in values)


def _run_hooks(node: Node, g: Array, ours: set[Node]) -> Array:
    for hook in list((node.note("hooks") or {}).values()):
        replaced = hook(g)
        if replaced is None:
            continue
        if replaced.shape != g.shape:
            raise ValueError(f"a hook returned shape {replaced.shape} for a gradient of shape {g.shape}")
        g = _cast(replaced, g.dtype)
        ours.discard(node)
    return g


def _stop_if_not_finite(c: Array, node: Node, i: int) -> None:
    fault = describe_non_finite(c)
    if fault:
        assert node.plan is not None
        op = node.plan.op
        line = node.note("line") or "a line outside detect_anomaly()"
        line += f", in {node.scope}" if node.scope else ""
        raise FloatingPointError(
            f"{op.name}: the rule for {op.inputs[i]!r} gave {fault}, shape {c.shape} {c.dtype}; "
            f"the op was called at {line}"
        )

"""Recording: what a call of an op does. The forward runs on bare arrays; a node keeps what the rules will ask for.

Every op is called through a function of its own, made here for its number of inputs; the operators and methods of
Tensors are these same functions. What recording means stands in `recorded`. Ops of one and two inputs have the everyday
case in line as well, since it runs for every op of every program: recording takes 1.0 us so, and 1.5 in the general way.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from .context import describe_non_finite, everyday, mode, users_line
from .graph import DROPPED, Node, Output, order
from .tensor import Tensor, make

if TYPE_CHECKING:
    from .op import Op

float32, float64 = np.dtype(np.float32), np.dtype(np.float64)
new_tensor = Tensor.__new__
current = mode.get  # taken here: Python looks up a method of an imported name as if that were a module, 0.06 us slower


def recorder(op: Op) -> Any:
    """The function that runs when `op` is called."""
    if op.width not in (1, 2):
        return named(_of_many(op), op)
    call = _of_one(op) if op.width == 1 else _of_two(op)
    # With the op's own names in it, Python binds the arguments, and says which is missing or too many.
    code = call.__code__
    names = op.inputs + code.co_varnames[op.width :]
    call.__code__ = code.replace(co_name=op.name, co_qualname=op.name, co_varnames=names)
    call.__defaults__ = tuple(p.default for p in op.parameters if p.default is not p.empty)
    return named(call, op)


def named(call: Any, op: Op) -> Any:
    """`call`, which looks like the op in tracebacks and documents."""
    call.__name__ = call.__qualname__ = op.name
    call.__doc__ = op.__doc__
    if call.__code__.co_flags & inspect.CO_VARKEYWORDS:
        call.__wrapped__ = op.forward  # so that inspect.signature shows its parameters
    return call


def _of_one(op: Op) -> Any:
    plans = op.plans

    def call(x: Any) -> Any:
        if type(x) is not Tensor:
            return on_arrays(op, (x,))
        parent, x = x.node, x._data
        forward = op.forward_flat
        out = forward(x)
        now = current()
        if parent is not None and (now is everyday or (now.record and not now.anomaly)):
            try:
                shape, dtype, plan = out.shape, out.dtype, plans[1]
            except (AttributeError, KeyError):  # several outputs, a Python number, or the first call
                pass
            else:
                if not plan.records_more and (dtype is float64 or dtype is float32):
                    if plan.drop:
                        x = DROPPED
                    node = Node()
                    node.order = next(order)
                    node.plan = plan
                    node.parents = (parent,)
                    node.values = (x, out) if plan.keeps_out else (x,)
                    node.shape = shape
                    node.dtype = dtype
                    node.scope = now.scope
                    node.notes = None
                    result = new_tensor(Tensor)
                    result._data = out
                    result._grad = result._name = None
                    result.node = node
                    return result
        return recorded(op, parent is not None, (parent,), (x,), out)

    return call


def _of_two(op: Op) -> Any:
    plans = op.plans

    def call(x: Any, y: Any) -> Any:
        parent = other = None
        mask = 0
        if type(x) is Tensor:
            parent, x = x.node, x._data
            if parent is not None:
                mask = 1
            if type(y) is Tensor:
                other, y = y.node, y._data
                if other is not None:
                    mask += 2
        elif type(y) is Tensor:
            other, y = y.node, y._data
            if other is not None:
                mask = 2
        else:
            return on_arrays(op, (x, y))
        forward = op.forward_flat
        out = forward(x, y)
        now = current()
        if mask and (now is everyday or (now.record and not now.anomaly)):
            try:
                shape, dtype, plan = out.shape, out.dtype, plans[mask]
            except (AttributeError, KeyError):  # several outputs, a Python number, or the first call
                pass
            else:
                if not plan.records_more and (dtype is float64 or dtype is float32):
                    if plan.drop:  # numbers and options stay: they are small, and drawings run forwards again
                        if 0 in plan.drop and (parent is not None or hasattr(x, "shape")):
                            x = DROPPED
                        if 1 in plan.drop and (other is not None or hasattr(y, "shape")):
                            y = DROPPED
                    node = Node()
                    node.order = next(order)
                    node.plan = plan
                    node.parents = (parent, other)
                    node.values = (x, y, out) if plan.keeps_out else (x, y)
                    node.shape = shape
                    node.dtype = dtype
                    node.scope = now.scope
                    node.notes = None
                    result = new_tensor(Tensor)
                    result._data = out
                    result._grad = result._name = None
                    result.node = node
                    return result
        return recorded(op, mask, (parent, other), (x, y), out)

    return call


def _of_many(op: Op) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != op.width:
            args = op.bind(args, kwargs)
        arrays, nodes = [], []
        given, mask = False, 0
        for i, a in enumerate(args):
            if type(a) is Tensor:
                given = True
                arrays.append(a._data)
                nodes.append(a.node)
                if a.node is not None:
                    mask |= 1 << i
            else:
                arrays.append(a)
                nodes.append(None)
        if not given:
            return on_arrays(op, tuple(arrays))
        forward = op.forward_flat
        return recorded(op, mask, tuple(nodes), tuple(arrays), forward(*arrays))

    return call


def on_arrays(op: Op, values: tuple[Any, ...]) -> Any:
    """Bare arrays in, bare arrays out."""
    out = op.forward_flat(*values)
    if current().anomaly:
        _stop_if_not_finite(op, out, values)
    return out


def recorded(op: Op, mask: int, parents: tuple[Node | None, ...], values: tuple[Any, ...], out: Any) -> Any:
    """`out`, which `op` gave for `values`, as a Tensor (as several), on the graph where a parent is.

    A bit of `mask` is set for each input that has a parent.
    """
    now = current()
    if now.anomaly:
        _stop_if_not_finite(op, out, values)
    if not mask or not now.record:
        return _tensors(out)
    several = False
    try:
        shape, dtype = out.shape, out.dtype
    except AttributeError:
        several = isinstance(out, (tuple, list))
        out = _arrays(out)
        shape = tuple([part.shape for part in out]) if several else out.shape
        dtype = tuple([part.dtype for part in out]) if several else out.dtype
    if dtype is float64 or dtype is float32:
        plan = op.plans.get(mask) or op.plan(mask)
    else:
        plan = op.plan(mask, not several and dtype.kind == "c", several)
    if not plan.steps or (not several and dtype.kind not in "fc"):  # integers and booleans are constant
        return _tensors(out)
    kept = list(values)
    for i in plan.drop:
        if hasattr(kept[i], "shape"):
            kept[i] = DROPPED
    if plan.keeps_out:
        kept.append(out)
    for i in plan.shapes:
        kept.append(values[i].shape if hasattr(values[i], "shape") else np.shape(values[i]))
    node = Node()
    node.order = next(order)
    node.plan = plan
    node.parents = parents
    node.values = tuple(kept)
    node.shape = shape
    node.dtype = dtype
    node.scope = now.scope
    node.notes = {"line": users_line()} if now.anomaly else None
    return _tensors(out, node) if several else make(out, node)


def _arrays(out: Any) -> Any:
    """Python's numbers as arrays, also in a tuple or list."""
    if isinstance(out, (tuple, list)):
        return _like(out, [_arrays(part) for part in out])
    return out if hasattr(out, "dtype") else np.asarray(out)


def _tensors(out: Any, node: Node | None = None) -> Any:
    out = _arrays(out)
    if not isinstance(out, (tuple, list)):
        return make(out, node)
    nodes = [None if node is None or part.dtype.kind not in "fc" else Output(node, i) for i, part in enumerate(out)]
    return _like(out, [make(part, place) for part, place in zip(out, nodes)])


def _like(out: Any, parts: list[Any]) -> Any:
    """The parts in a tuple or list such as `out`."""
    return type(out)(*parts) if hasattr(out, "_fields") else type(out)(parts)


def _stop_if_not_finite(op: Op, out: Any, values: tuple[Any, ...]) -> None:
    for part in out if isinstance(out, (tuple, list)) else (out,):
        fault = describe_non_finite(part)
        if fault:
            inputs = ", ".join(
                f"{op.inputs[i]} {np.shape(v)} {v.dtype}" for i, v in enumerate(values) if hasattr(v, "dtype")
            )
            raise FloatingPointError(f"{op.name}: the forward gave {fault}; inputs {inputs}; called at {users_line()}")

"""Functions that make functions: grad, value_and_grad, vjp, jvp, jacobian, hessian, hvp.

They follow JAX: arrays, or nested dicts, lists and tuples of them, go in, and gradients of the same form come out.
They nest: an inner transform records its own backward pass, so every order comes from the first-order rules.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .backward import backward
from .containers import flatten
from .context import mode, within
from .declare import elementwise
from .graph import Array, Leaf, Node
from .tensor import Tensor, make

_alias = elementwise(np.positive, "x, as the argument of an inner transform", name="alias", x=lambda g: g)


class _Linearized:
    """A call of f, recorded, from which gradients can be pulled back to its inputs."""

    def __init__(
        self, who: str, f: Callable[..., Any], args: Sequence[Any], argnums: Sequence[int], kwargs: Any
    ) -> None:
        outer = mode.get()
        selected = [flatten(args[i]) for i in argnums]
        others = [leaf for i, arg in enumerate(args) if i not in argnums for leaf in flatten(arg)[0]]
        leaves = [leaf for part, _ in selected for leaf in part]
        self.higher = outer.record and (outer.inside or any(type(a) is Tensor for a in leaves + others))
        with within(record=True, inside=True):
            self.inputs = [_input(who, a, self.higher) for a in leaves]
            self.ends = [t.node for t in self.inputs if t.node is not None]  # now: f may rebind them, x[0] = 1
            row = iter(self.inputs)
            args = list(args)
            for i, (part, rebuild) in zip(argnums, selected):
                args[i] = rebuild([next(row) for _ in part])
            out = f(*args, **kwargs)
        self.outputs, self.rebuild_out = flatten(out)
        self.rebuild_in = [(len(part), rebuild) for part, rebuild in selected]

    def value(self) -> Any:
        return self.rebuild_out([self._given(out) if type(out) is Tensor else out for out in self.outputs])

    def pull(self, cotangents: Sequence[Array], retain: bool) -> list[Any]:
        """The gradients of all inputs, as leaves in order; zeros for an input that was not used."""
        higher = self.higher or any(type(g) is Tensor for g in cotangents)
        roots: dict[Node, Any] = {}
        for out, g in zip(self.outputs, cotangents):
            if type(out) is Tensor and out.node is not None:
                g = make(g, None) if higher and type(g) is not Tensor else g
                roots[out.node] = roots[out.node] + g if out.node in roots else g
        found = backward(roots, targets=set(self.ends), lift=make if higher else None, retain=retain or higher)
        gradients = [found[end] if end in found else np.zeros(end.shape, end.dtype) for end in self.ends]
        return [make(g, None) if higher and type(g) is not Tensor else g for g in gradients]

    def containers(self, gradients: list[Any]) -> list[Any]:
        """Gradients put together in the form of each argument."""
        row = iter(gradients)
        return [rebuild([next(row) for _ in range(n)]) for n, rebuild in self.rebuild_in]

    def _given(self, t: Tensor) -> Any:
        return t if self.higher else t._data


def _input(who: str, a: Any, higher: bool) -> Tensor:
    """`a` as a Tensor that gradients can be pulled back to."""
    if type(a) is Tensor:
        if higher and a.node is not None:
            aliased: Tensor = _alias(a)
            return aliased
        data = a._data
    else:
        data = a if hasattr(a, "dtype") and hasattr(a, "shape") else np.asarray(a)
    if data.dtype.kind not in "fc":
        raise TypeError(
            f"{who}: an input of {data.dtype} has no gradient; give floats, "
            "or choose the inputs to differentiate with argnums"
        )
    return make(data, Leaf(data.shape, data.dtype))


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., tuple[Any, Any]]:
    """A function that gives f's value and the gradient of f in one go.

    Parameters
    ----------
    f
        Takes arrays or nested containers of them; returns a scalar.
    argnums
        The argument to differentiate, or several: a tuple of gradients comes back then.

    Raises
    ------
    TypeError
        for integer inputs, and where f returns something that is no scalar.

    >>> import numpy as np, minigrad as mg
    >>> value, gradient = mg.value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    >>> print(value, gradient)
    5.0 [2. 4.]
    """
    return _value_and_grad(f, argnums, "value_and_grad")


def _value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int], who: str) -> Callable[..., tuple[Any, Any]]:
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @functools.wraps(f, updated=())
    def transformed(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        chosen = _normal(numbers, len(args), who)
        call = _Linearized(who, f, args, chosen, kwargs)
        if len(call.outputs) != 1 or np.size(_bare(call.outputs[0])) != 1:
            got = ", ".join(str(np.shape(_bare(out))) for out in call.outputs) or "nothing"
            raise TypeError(f"{who}: the function must return one scalar, it returned {got}; see vjp and jacobian")
        out = _bare(call.outputs[0])
        gradients = call.containers(call.pull([np.ones_like(out)], retain=False))
        return call.value(), gradients[0] if isinstance(argnums, int) else tuple(gradients)

    return transformed


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that gives the gradient of f, which returns a scalar. See `value_and_grad`.

    >>> import numpy as np, minigrad as mg
    >>> f = lambda x: np.sin(x) * np.tanh(x)
    >>> round(float(mg.grad(mg.grad(mg.grad(f)))(0.5)), 6)
    -3.721295
    """
    both = _value_and_grad(f, argnums, "grad")

    @functools.wraps(f, updated=())
    def transformed(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return transformed


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """f's value, and a function that pulls a gradient of the output back to the inputs (vector-Jacobian product).

    The pullback takes what has the form of the output and gives a tuple, one gradient for each primal. It can be
    called more than once.

    >>> import numpy as np, minigrad as mg
    >>> out, pullback = mg.vjp(lambda x, y: x * y, np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    >>> pullback(np.array([1.0, 10.0]))
    (array([ 3., 40.]), array([ 1., 20.]))
    """
    call = _Linearized("vjp", f, primals, range(len(primals)), {})

    def pullback(g: Any) -> tuple[Any, ...]:
        cotangents, _ = flatten(g)
        if len(cotangents) != len(call.outputs):
            raise TypeError(
                f"vjp: the function returned {len(call.outputs)} arrays, the pullback got {len(cotangents)}"
            )
        fitted = [_like(c, out, "vjp: the pullback's argument") for c, out in zip(cotangents, call.outputs)]
        return tuple(call.containers(call.pull(fitted, retain=True)))

    return call.value(), pullback


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """f's value, and its directional derivative along `tangents` (Jacobian-vector product).

    The pullback is linear in the gradient u that it is given, so its own vjp with respect to u is the jvp: no
    forward-mode rules are needed (J. Townsend, "A new trick for calculating Jacobian vector products", 2017).

    >>> import numpy as np, minigrad as mg
    >>> out, tangent = mg.jvp(np.sin, (0.0,), (2.0,))
    >>> print(out, tangent)
    0.0 2.0
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError("jvp: primals and tangents are tuples, one member for each argument of the function")
    call = _Linearized("jvp", f, primals, range(len(primals)), {})
    leaves = [leaf for tangent in tangents for leaf in flatten(tangent)[0]]
    if len(leaves) != len(call.inputs):
        raise TypeError(f"jvp: {len(call.inputs)} inputs but {len(leaves)} tangents")
    directions = [_like(v, t, "jvp: a tangent") for v, t in zip(leaves, call.inputs)]
    higher = call.higher or any(type(v) is Tensor for v in directions)
    # Any u will do but 0, which strong zeros would take for a branch that was not taken.
    us = [make(np.ones_like(_bare(out)), None) for out in call.outputs]
    for u in us:
        u.node = Leaf(u.shape, u.dtype)
    with within(record=True):
        gradients = call.pull(us, retain=True)
    roots: dict[Node, Any] = {}
    for g, v in zip(gradients, directions):
        if g.node is not None:
            v = make(v, None) if higher and type(v) is not Tensor else v
            roots[g.node] = roots[g.node] + v if g.node in roots else v
    nodes = [u.node for u in us if u.node is not None]
    found = backward(roots, targets=set(nodes), lift=make if higher else None, retain=higher)
    pushed = [found.get(u.node, np.zeros_like(u._data)) for u in us if u.node is not None]
    return call.value(), call.rebuild_out(pushed)


def jacobian(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that gives the Jacobian of f: for an output of shape s and an input of shape t, shape s + t.

    One backward pass for each element of the output. Containers nest: output's form outside, the input's inside.

    >>> import numpy as np, minigrad as mg
    >>> mg.jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @functools.wraps(f, updated=())
    def transformed(*args: Any, **kwargs: Any) -> Any:
        call = _Linearized("jacobian", f, args, _normal(numbers, len(args), "jacobian"), kwargs)
        blocks = []
        for k, out in enumerate(call.outputs):
            shape = np.shape(_bare(out))
            rows = []
            for index in np.ndindex(*shape):
                cotangents = [np.zeros_like(_bare(other)) for other in call.outputs]
                one = np.zeros(shape, cotangents[k].dtype)
                one[index] = 1
                cotangents[k] = one
                rows.append(call.pull(cotangents, retain=True))
            columns = [
                np.stack([row[i] for row in rows]).reshape(shape + t.shape)
                if rows
                else np.zeros(shape + t.shape, t.dtype)
                for i, t in enumerate(call.inputs)
            ]
            parts = call.containers(columns)
            blocks.append(parts[0] if isinstance(argnums, int) else tuple(parts))
        return call.rebuild_out(blocks)

    return transformed


def hessian(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that gives the matrix of second derivatives of f, which returns a scalar; shape t + t.

    >>> import numpy as np, minigrad as mg
    >>> mg.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    return jacobian(grad(f, argnums), argnums)


def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any:
    """The Hessian of f at x times v, without making the Hessian: the gradient of <grad f(x), v>.

    >>> import numpy as np, minigrad as mg
    >>> mg.hvp(lambda x: np.sum(x**3), np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    directions = flatten(v)[0]
    xs = flatten(x)[0]
    if len(directions) != len(xs):
        raise TypeError(f"hvp: x has {len(xs)} arrays, v has {len(directions)}")
    directions = [_like(d, leaf, "hvp: v") for d, leaf in zip(directions, xs)]

    def along(x: Any) -> Any:
        slopes = flatten(grad(f)(x))[0]
        return sum((slope * d).sum() for slope, d in zip(slopes, directions))

    return grad(along)(x)


def _normal(numbers: Sequence[int], count: int, who: str) -> list[int]:
    for n in numbers:
        if not -count <= n < count:
            raise TypeError(f"{who}: argnums asks for argument {n}; the function was called with {count}")
    return [n % count for n in numbers]


def _bare(a: Any) -> Any:
    return a._data if type(a) is Tensor else a


def _like(g: Any, reference: Any, who: str) -> Any:
    """`g` as a Tensor or an array of the reference's dtype, once its shape is seen to be the reference's."""
    reference = _bare(reference)
    shape = np.shape(reference)
    if np.shape(_bare(g)) != shape:
        raise ValueError(f"{who} has shape {np.shape(_bare(g))}; expected {shape}")
    dtype = getattr(reference, "dtype", None)
    return g if hasattr(g, "dtype") and g.dtype == dtype else np.asarray(g, dtype)

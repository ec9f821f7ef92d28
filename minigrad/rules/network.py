"""Network layers, each with one rule: what a chain of smaller ops would give, in fewer steps and less memory."""

from __future__ import annotations

import numpy as np

from ..declare import elementwise, op
from ..graph import Array
from .indexing import scatter_add


def plus_bias(out: Array, bias: Array) -> Array:
    """`out`, which the caller has just made, plus a bias: in place, in half the time, where the dtype stays."""
    if np.result_type(out, bias) != out.dtype:
        return out + bias
    out += bias
    return out


def rows(x: Array) -> Array:
    """x as a matrix: all axes but the last in one."""
    return x if x.ndim == 2 else x.reshape(int(np.prod(x.shape[:-1])), x.shape[-1])


def sum_of_rows(x: Array) -> Array:
    """The sum over all axes but the last, as a product with ones: half the time of `sum(axis=0)`."""
    x = rows(x)
    return np.dot(np.ones(len(x), x.dtype), x)


@op
def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """x W^T + b, for x (..., in), weight (out, in), bias (out,): PyTorch's layout.

    x gets g W, weight g^T x, bias the sum of g.

    >>> import numpy as np, minigrad as mg
    >>> mg.linear(np.array([1.0, 2.0]), np.array([[3.0, 4.0]]), np.array([0.5]))
    array([11.5])
    """
    if weight.ndim != 2 or x.ndim == 0 or x.shape[-1] != weight.shape[1]:
        raise ValueError(
            f"linear: x has shape {x.shape}, weight {weight.shape}; the last axes of x and weight (out, in) must agree"
        )
    if x.ndim <= 2:
        out = x.dot(weight.T)
    else:
        out = rows(x).dot(weight.T).reshape(*x.shape[:-1], weight.shape[0])
    if bias is None:
        return out
    if bias.shape != weight.shape[:1]:
        raise ValueError(
            f"linear: bias has shape {bias.shape}; with weight {weight.shape} it must be {weight.shape[:1]}"
        )
    return plus_bias(out, bias)


@linear.vjp("x")
def _(g: Array, weight: Array, x_shape: tuple[int, ...]) -> Array:
    if len(x_shape) <= 2:
        return g.dot(weight)
    return rows(g).dot(weight).reshape(x_shape)


@linear.vjp("weight")
def _(g: Array, x: Array) -> Array:
    return rows(g).T.dot(rows(x))


@linear.vjp("bias")
def _(g: Array) -> Array:
    return sum_of_rows(g)


@op
def bilinear(x1: Array, x2: Array, weight: Array, bias: Array | None = None) -> Array:
    """x1^T W_k x2 + b_k for each k, for x1 (..., in1), x2 (..., in2), weight (out, in1, in2), bias (out,).

    The product of three factors: each gets g times the other two.

    >>> import numpy as np, minigrad as mg
    >>> mg.bilinear(np.array([1.0, 2.0]), np.array([3.0]), np.array([[[4.0], [5.0]]]))
    array([42.])
    """
    if weight.ndim != 3 or x1.shape[:-1] != x2.shape[:-1] or (*x1.shape[-1:], *x2.shape[-1:]) != weight.shape[1:]:
        raise ValueError(
            f"bilinear: x1 has shape {x1.shape}, x2 {x2.shape}, weight {weight.shape}; "
            "expected (..., in1), (..., in2) and (out, in1, in2)"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ValueError(
            f"bilinear: bias has shape {bias.shape}; with weight {weight.shape} it must be {weight.shape[:1]}"
        )
    out = np.einsum("...i,kij,...j->...k", x1, weight, x2, optimize=True)
    return out if bias is None else out + bias


@bilinear.vjp("x1")
def _(g: Array, weight: Array, x2: Array) -> Array:
    return np.einsum("...k,kij,...j->...i", g, weight, x2)


@bilinear.vjp("x2")
def _(g: Array, weight: Array, x1: Array) -> Array:
    return np.einsum("...k,kij,...i->...j", g, weight, x1)


@bilinear.vjp("weight")
def _(g: Array, x1: Array, x2: Array) -> Array:
    return np.einsum("mk,mi,mj->kij", rows(g), rows(x1), rows(x2))


@bilinear.vjp("bias")
def _(g: Array) -> Array:
    return sum_of_rows(g)


# -- tokens -----------------------------------------------------------------------------------------------------------


@op
def embedding(x: Array, weight: Array, padding_idx: int | None = None) -> Array:
    """weight[x]: a row of weight (num, dim) for each integer in x; shape x.shape + (dim,).

    A row gets the sum of g over the places where it was taken. The row `padding_idx` gets nothing.

    >>> import numpy as np, minigrad as mg
    >>> mg.embedding(np.array([2, 0]), np.array([[1.0], [2.0], [3.0]]))
    array([[3.],
           [1.]])
    """
    x = np.asarray(x)
    if x.dtype.kind not in "iu":
        raise TypeError(f"embedding: x holds {x.dtype}; it must hold integers, the numbers of rows of weight")
    if x.size and not 0 <= x.min() <= x.max() < weight.shape[0]:
        wrong = x[(x < 0) | (x >= weight.shape[0])][0]
        raise IndexError(
            f"embedding: x holds {wrong}; weight has shape {weight.shape}, so its rows are 0 to {weight.shape[0] - 1}"
        )
    return weight[x]


@embedding.vjp("weight")
def _(g: Array, x: Array, weight_shape: tuple[int, ...], padding_idx: int | None) -> Array:
    if padding_idx is not None:
        padding = np.asarray(x)[..., None] == padding_idx % weight_shape[0]
        g = np.where(padding, np.zeros_like(g), g)
    return scatter_add(np.zeros(weight_shape, g.dtype), x, g)


@op(flat=("x",))
def one_hot(x: Array, num_classes: int = -1) -> Array:
    """A row of zeros with a 1 at x for each integer in x; shape x.shape + (num_classes,). Integers, and no gradient.

    -1 takes as many classes as x needs.

    >>> import numpy as np, minigrad as mg
    >>> mg.one_hot(np.array([1, 0, 2]))
    array([[0, 1, 0],
           [1, 0, 0],
           [0, 0, 1]])
    """
    x = np.asarray(x)
    if x.dtype.kind not in "iu":
        raise TypeError(f"one_hot: x holds {x.dtype}; it must hold integers")
    if x.size == 0 and num_classes < 0:
        raise ValueError(f"one_hot: x of shape {x.shape} has no elements, so num_classes must be given")
    classes = num_classes if num_classes >= 0 else int(x.max()) + 1
    if x.size and not 0 <= x.min() <= x.max() < classes:
        raise ValueError(
            f"one_hot: x holds numbers from {x.min()} to {x.max()}; with {classes} classes they are 0 to {classes - 1}"
        )
    return (x[..., None] == np.arange(classes)).astype(np.int64)


dropout = elementwise(
    lambda x, mask, p=0.5: x * mask * (1 / (1 - p)) if p < 1 else x * 0,
    "x / (1 - p) where the mask is True (kept), 0 where it is False (dropped)",
    name="dropout",
    x=lambda g, mask, p: g * mask * (1 / (1 - p)) if p < 1 else g * 0,
    mask=lambda g, x, p: g * x * (1 / (1 - p)) if p < 1 else g * 0,
)

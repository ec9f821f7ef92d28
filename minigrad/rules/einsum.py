"""Einstein's sums: a product of arrays, summed over every index that the output lacks."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..declare import op
from ..graph import Array
from .axes import Shape
from .scattering import scatter_add


@op
def einsum(*operands: Any, optimize: Any = False) -> Array:
    """sum over the indices that the output lacks. An operand gets the einsum of g and the other operands.

    All of NumPy's forms: implicit outputs, "...", an index repeated within an operand, operands of length 1 that
    broadcast, and `einsum(x, [0, 1], y, [1, 2])`.
    """
    return np.einsum(*operands, optimize=optimize)


@einsum.vjp("operands")
def _(g: Array, operands: list[Any], optimize: Any) -> list[Array | None]:
    inputs, output, arrays, places = _parsed(operands)
    how = optimize if optimize in (True, False, "greedy", "optimal") else True  # a given path fits the forward only
    sizes: dict[str, int] = {}
    for labels, array in zip(inputs, arrays):
        for i, n in zip(labels, array.shape):
            sizes[i] = n if n != 1 else sizes.get(i, 1)
    gradients: list[Array | None] = [None] * len(operands)
    for k, place in enumerate(places):
        if arrays[k].dtype.kind in "fc":
            factors = [(output, g)] + [_without_repeats(*pair, sizes) for pair in zip(inputs, arrays)]
            factors.pop(k + 1)
            gradients[place] = _summed(factors, inputs[k], arrays[k].shape, sizes, how)
    return gradients


def _without_repeats(labels: str, array: Array, sizes: dict[str, int]) -> tuple[str, Array]:
    """A factor without its axes of length 1 along indices that others have longer: einsum need not broadcast them."""
    keep = [a for a, i in enumerate(labels) if array.shape[a] == sizes[i]]
    if len(keep) == len(labels):
        return labels, array
    return "".join(labels[a] for a in keep), array.reshape(tuple(array.shape[a] for a in keep))


def _summed(factors: list[tuple[str, Array]], labels: str, shape: Shape, sizes: dict[str, int], optimize: Any) -> Array:
    """The product of `factors`, summed to the operand of this shape that has the indices `labels`."""
    lengths = dict(zip(labels, shape))
    there = {i for some, _ in factors for i in some}
    # Where the operand was repeated, the product is summed; along an index of no factor it is everywhere the same.
    kept = "".join(i for i in lengths if i in there and lengths[i] == sizes[i])
    c = np.einsum(",".join(some for some, _ in factors) + "->" + kept, *[x for _, x in factors], optimize=optimize)
    c = np.broadcast_to(c.reshape(tuple(n if i in kept else 1 for i, n in lengths.items())), tuple(lengths.values()))
    if len(labels) == len(lengths):
        return c
    diagonal = dict(zip(lengths, np.ogrid[tuple(map(slice, lengths.values()))]))  # of an index that is repeated
    return scatter_add(np.zeros(shape, c.dtype), tuple(diagonal[i] for i in labels), c)


def _parsed(operands: Sequence[Any]) -> tuple[list[str], str, list[Any], list[int]]:
    """The indices of each operand and of the output as letters, the operands, and their places among the arguments."""
    if isinstance(operands[0], str):
        places = range(1, len(operands))
        text = operands[0].replace(" ", "")
    else:  # einsum(x, [0, 1], y, [1, 2], [0, 2])
        places = range(0, len(operands) - 1, 2)
        text = ",".join(_letters(operands[p + 1]) for p in places)
        if len(operands) % 2:
            text += "->" + _letters(operands[-1])
    arrays = [operands[p] if hasattr(operands[p], "shape") else np.asarray(operands[p]) for p in places]
    left, arrow, output = text.partition("->")
    inputs = left.split(",")
    free = "".join(i for i in _ALPHABET if i not in text)
    dots = [array.ndim - len(some.replace("...", "")) if "..." in some else 0 for some, array in zip(inputs, arrays)]
    widest = max(dots)
    inputs = [some.replace("...", free[widest - n : widest]) for some, n in zip(inputs, dots)]
    if not arrow:  # the implicit output: the dots, then what stands once, in alphabetical order
        plain = left.replace("...", "").replace(",", "")
        output = "..." * ("..." in left) + "".join(sorted(i for i in set(plain) if plain.count(i) == 1))
    return inputs, output.replace("...", free[:widest]), arrays, list(places)


_ALPHABET = string.ascii_uppercase + string.ascii_lowercase  # the order of character codes, in which outputs are sorted


def _letters(sublist: Sequence[Any]) -> str:
    return "".join("..." if i is Ellipsis else _ALPHABET[i] for i in sublist)

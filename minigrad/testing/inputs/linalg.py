"""Calls of linear algebra, decompositions and norms: matrices that are far from singular, and stacks of them."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from ...graph import Array
from ..arrays import arrays, axes, conditioned, matrices, seeds, shapes
from ..call import Call, Draw, call
from .table import inputs, inputs_of

any_numbers = st.one_of(matrices(), matrices(dtype=np.complex128))
for _name in ("inv", "det", "slogdet", "adjugate"):
    inputs[f"linalg.{_name}"] = any_numbers.map(call)
inputs["linalg.expm"] = matrices(st.integers(1, 3)).map(call)
inputs["linalg.cholesky"] = st.builds(lambda x, upper: call(x, upper=upper), matrices(kind="positive"), st.booleans())
for _name in ("eigh", "eigvalsh"):
    inputs[f"linalg.{_name}"] = st.builds(call, matrices(kind="symmetric"), st.sampled_from("LU"))


@st.composite
def _rectangles(draw: Draw, stacked: bool = True) -> Array:
    """Matrices of full rank, tall, wide or square, with singular values that are apart."""
    m, n = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    stack = draw(shapes(max_axes=1, max_side=2)) if stacked and draw(st.booleans()) else ()
    return conditioned((*stack, m, n), "general", np.random.default_rng(draw(seeds)))


@inputs_of("linalg.pinv", "linalg.svdvals", "linalg.matrix_rank")
def _(draw: Draw) -> Call:
    return call(draw(_rectangles()))


@inputs_of("linalg.svd")
def _(draw: Draw) -> Call:
    x = draw(_rectangles())
    return call(x, full_matrices=x.shape[-2] == x.shape[-1] and draw(st.booleans()))


@inputs_of("linalg.qr")
def _(draw: Draw) -> Call:
    return call(draw(_rectangles()), draw(st.sampled_from(["reduced", "r"])))


@inputs_of("linalg.solve")
def _(draw: Draw) -> Call:
    x = draw(any_numbers)
    n = x.shape[-1]
    if draw(st.booleans()):
        return call(x, draw(arrays((n,))))
    stack = draw(st.sampled_from([x.shape[:-2], (), (2, *x.shape[:-2])]))
    width = draw(st.integers(1, 2))
    if width == n:  # so that solve(x, x) works too
        return call(x, conditioned((*stack, n, n), "general", np.random.default_rng(draw(seeds))))
    return call(x, draw(arrays((*stack, n, width))))


@inputs_of("linalg.lstsq")
def _(draw: Draw) -> Call:
    m, n = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    a = conditioned((m, n), "general", np.random.default_rng(draw(seeds)))
    return call(a, draw(arrays((m,) if draw(st.booleans()) else (m, 2))), None)


@inputs_of("linalg.tensorinv")
def _(draw: Draw) -> Call:
    a, b = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    x = conditioned((a * b, a * b), "general", np.random.default_rng(draw(seeds)))
    return call(x.reshape((a, b, a * b)), 2) if draw(st.booleans()) else call(x.reshape((a * b, b, a)), 1)


@inputs_of("linalg.tensorsolve")
def _(draw: Draw) -> Call:
    a, b = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    x = conditioned((a * b, a * b), "general", np.random.default_rng(draw(seeds)))
    if draw(st.booleans()):
        return call(x.reshape((a, b, b, a)), draw(arrays((a, b))))
    return call(x.reshape((b, a, a * b)), draw(arrays((a * b,))), (1, 0))


@st.composite
def _diagonalizable(draw: Draw) -> Array:
    """V diag(w) V^-1 with well conditioned V, and real eigenvalues that are apart by 1/2."""
    v = draw(matrices())
    n = v.shape[-1]
    w = np.arange(n) + np.random.default_rng(draw(seeds)).uniform(0, 0.5, n)
    return v * w @ np.linalg.inv(v)


inputs["linalg.eig"] = _diagonalizable().map(call)  # complex vectors may turn, so that no derivative is theirs alone


@inputs_of("linalg.eigvals")
def _(draw: Draw) -> Call:
    x = draw(_diagonalizable())
    if x.shape[-1] > 1 and draw(st.booleans()):  # a rotation more: two complex eigenvalues
        x[..., :2, :2] += [[0, 4], [-4, 0]]
    return call(x)


@inputs_of("linalg.cond")
def _(draw: Draw) -> Call:
    return call(draw(any_numbers), draw(st.sampled_from([None, 2, -2, 1, -1, math.inf, -math.inf, "fro", "nuc"])))


@inputs_of("linalg.matrix_power")
def _(draw: Draw) -> Call:
    return call(draw(any_numbers), draw(st.integers(-2, 4)))


@inputs_of("linalg.multi_dot")
def _(draw: Draw) -> Call:
    sides = draw(st.lists(st.integers(1, 3), min_size=3, max_size=5))
    parts = [draw(arrays(pair)) for pair in zip(sides, sides[1:])]
    if draw(st.booleans()):
        parts[0] = parts[0][0]
    return call(parts)


@inputs_of("linalg.trace", "linalg.diagonal")
def _(draw: Draw) -> Call:
    return call(draw(arrays(shapes(min_axes=2))), offset=draw(st.integers(-2, 2)))


VECTOR_ORDERS = st.sampled_from([None, 2, 1, 3, math.inf, -math.inf, 0, 1.5])
MATRIX_ORDERS = st.sampled_from(["fro", 1, -1, math.inf, -math.inf, None])


@inputs_of("linalg.norm")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1, min_side=1)))
    keepdims = draw(st.booleans())
    if x.ndim > 1 and draw(st.integers(0, 2)):
        first, second = draw(st.permutations(range(x.ndim)))[:2]
        return call(x, draw(MATRIX_ORDERS), (first, second - x.ndim), keepdims)
    if x.ndim == 2 and draw(st.booleans()):
        return call(
            conditioned(x.shape, "general", np.random.default_rng(draw(seeds))), draw(st.sampled_from([2, "nuc"]))
        )
    return call(x, draw(VECTOR_ORDERS), draw(axes(x.ndim, none=False, several=False)), keepdims)


@inputs_of("linalg.vector_norm")
def _(draw: Draw) -> Call:
    order = draw(st.sampled_from([2, 1, 3, math.inf]))
    # At 0 the 3-norm has a kink that its second derivative cannot be judged at.
    x = draw(arrays(shapes(min_side=1), domain=(0.5, 3.0) if order == 3 else (-math.inf, math.inf)))
    return call(x, axis=draw(axes(x.ndim)), keepdims=draw(st.booleans()), ord=order)


@inputs_of("linalg.matrix_norm")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=2, min_side=1)))
    return call(x, keepdims=draw(st.booleans()), ord=draw(st.sampled_from(["fro", 1, -1, math.inf])))

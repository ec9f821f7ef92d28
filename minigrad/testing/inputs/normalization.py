"""Calls of normalizations, distances and cosines, attention, and resampling."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from ...graph import Array
from ..arrays import arrays, axis, broadcastable, masks, shapes
from ..call import Call, Draw, call
from .network import maybe, tame
from .table import inputs_of

epsilons = st.sampled_from([0.1, 1.0])  # with less, the gradients over two numbers are all rounding


@st.composite
def last_axes(draw: Draw) -> tuple[Array, Any]:
    """x, and the shape of its last axes: an int where it is one."""
    shape = draw(shapes(min_axes=1, min_side=1))
    normalized = shape[-draw(st.integers(1, len(shape))) :]
    return draw(arrays(shape, kind=tame)), normalized[0] if len(normalized) == 1 and draw(st.booleans()) else normalized


def _shape(normalized: Any) -> tuple[int, ...]:
    return (normalized,) if isinstance(normalized, int) else normalized


@inputs_of("layer_norm")
def _(draw: Draw) -> Call:
    x, normalized = draw(last_axes())
    weight, bias = draw(maybe(arrays(_shape(normalized)))), draw(maybe(arrays(_shape(normalized))))
    return call(x, normalized, weight, bias, draw(epsilons))


@inputs_of("rms_norm")
def _(draw: Draw) -> Call:
    x, normalized = draw(last_axes())
    return call(x, normalized, draw(maybe(arrays(_shape(normalized)))), draw(epsilons))


@st.composite
def channels(draw: Draw, places: bool = True) -> tuple[Array, list[Array | None]]:
    """x (N, C) or (N, C, ...), weight and bias."""
    n, c = draw(st.integers(2, 3)), draw(st.sampled_from([2, 1, 4]))
    shape = (n, c, *draw(st.sampled_from([(2,), (3, 2)] if places else [(), (2,), (3, 2)])))
    return draw(arrays(shape, kind=tame)), [draw(maybe(arrays((c,)))) for _ in range(2)]


@st.composite
def statistics(draw: Draw, c: int) -> list[Array]:
    """A mean and a variance of each channel."""
    return [draw(arrays((c,))), draw(arrays((c,), domain=(0.1, float("inf"))))]


@inputs_of("group_norm")
def _(draw: Draw) -> Call:
    x, affine = draw(channels())
    groups = draw(st.sampled_from([g for g in (1, 2, 4) if x.shape[1] % g == 0]))
    return call(x, groups, *affine, draw(epsilons))


@inputs_of("instance_norm", "batch_norm")
def _(draw: Draw) -> Call:
    x, affine = draw(channels())
    return call(x, *draw(statistics(x.shape[1])), *affine, draw(st.booleans()), draw(epsilons))


@inputs_of("batch_norm_training")
def _(draw: Draw) -> Call:
    x, affine = draw(channels(places=False))
    return call(x, *affine, draw(epsilons))


# -- similarity -------------------------------------------------------------------------------------------------------


# Several of the largest elements may tie with either sign, and then no single number says what a numerical derivative
# must give: with p = inf numbers that do not tie.
powers = st.sampled_from(
    [(2.0, "integers"), (2.0, "gaussian"), (1.0, "gaussian"), (3.0, "gaussian"), (np.inf, "gaussian")]
)


@inputs_of("pairwise_distance")
def _(draw: Draw) -> Call:
    n, (p, kind) = draw(st.integers(1, 3)), draw(powers)
    x1, x2 = (draw(arrays((*batch, n), kind=kind)) for batch in draw(broadcastable(2, max_axes=2)))
    return call(x1, x2, p, 0.1, draw(st.booleans()))


@inputs_of("normalize")
def _(draw: Draw) -> Call:
    p, kind = draw(powers)
    x = draw(arrays(shapes(min_axes=1, min_side=2), kind=kind))  # of a single number it leaves the sign: all rounding
    return call(x, p, draw(axis(x.ndim)), draw(epsilons))


@inputs_of("cosine_similarity")
def _(draw: Draw) -> Call:
    x1, x2 = (draw(arrays((*shape, 3), kind=tame)) for shape in draw(broadcastable(2, max_axes=2)))
    x1, x2 = (
        x * draw(st.sampled_from([1.0, 1.0, 0.1, 0.01])) for x in (x1, x2)
    )  # also shorter than eps, or hardly longer
    return call(x1, x2, -1, draw(st.sampled_from([1e-8, 0.1])))


# -- attention --------------------------------------------------------------------------------------------------------


@st.composite
def attention(draw: Draw) -> tuple[list[Array], list[Any]]:
    """Query, key and value; a mask or is_causal, and a scale."""
    batch = draw(broadcastable(3, max_axes=2, min_side=1))
    n, m, e, v = (draw(st.integers(1, 3)) for _ in range(4))
    moderate = (-1.0, 1.0)  # beyond, weights are 0 and 1 to the last digit
    xs = [draw(arrays((*b, *last), domain=moderate)) for b, last in zip(batch, ((n, e), (m, e), (m, v)))]
    mask = draw(st.none() | masks((n, m)) | arrays((n, m), domain=moderate) | arrays((m,), domain=moderate))
    causal = mask is None and draw(st.booleans())
    return xs, [mask, causal, draw(st.sampled_from([None, 0.5]))]


@inputs_of("scaled_dot_product_attention")
def _(draw: Draw) -> Call:
    (q, k, v), (mask, causal, scale) = draw(attention())
    dropout_mask = draw(maybe(arrays((q.shape[-2], k.shape[-2]), domain=(0.0, 3.0))))
    return call(q, k, v, mask, dropout_mask, causal, scale)


@inputs_of("attention_weights")
def _(draw: Draw) -> Call:
    (q, k, _), options = draw(attention())
    return call(q, k, *options)


# -- resampling -------------------------------------------------------------------------------------------------------


@st.composite
def signal(draw: Draw, axes: int, batched: bool = False) -> Array:
    """x (N, C, ...), or (C, ...)."""
    lead = draw(st.sampled_from([(1, 2), (2, 1)] + [(2,)] * (not batched)))
    return draw(arrays((*lead, *draw(st.tuples(*[st.integers(1, 5)] * axes)))))


@inputs_of("adaptive_avg_pool1d")
def _(draw: Draw) -> Call:
    return call(draw(signal(1)), draw(st.integers(1, 4)))


@inputs_of("adaptive_avg_pool2d")
def _(draw: Draw) -> Call:
    sizes = st.integers(1, 4)
    return call(draw(signal(2)), draw(sizes | st.tuples(sizes, sizes | st.none())))


@inputs_of("interpolate")
def _(draw: Draw) -> Call:
    axes = draw(st.integers(1, 2))
    linear = "linear" if axes == 1 else "bilinear"
    mode = draw(st.sampled_from(["nearest", linear, "area"]))
    align = draw(st.sampled_from([None, False, True])) if mode == linear else None
    sizes = st.integers(1, 6)
    if draw(st.booleans()):
        return call(draw(signal(axes, batched=True)), draw(sizes | st.tuples(*[sizes] * axes)), None, mode, align)
    return call(draw(signal(axes, batched=True)), None, draw(st.sampled_from([2, 1.5, 1])), mode, align)

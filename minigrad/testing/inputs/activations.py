"""Calls of activations that take more than an array."""

from __future__ import annotations

from hypothesis import strategies as st

from ..arrays import arrays, axis, shapes
from ..call import Call, Draw, call, calls
from .table import inputs, inputs_of

slopes = st.sampled_from([0.01, 0.25, 1.0, 2.0])

inputs["leaky_relu"] = calls(arrays(), negative_slope=slopes)
inputs["elu"] = inputs["celu"] = calls(arrays(), alpha=slopes)
inputs["gelu"] = calls(arrays(), approximate=st.sampled_from(["none", "tanh"]))
inputs["softplus"] = calls(arrays(), beta=st.sampled_from([1, 0.5, 2.0]), threshold=st.sampled_from([20, 60.0]))
inputs["hardtanh"] = calls(arrays(), st.sampled_from([-1.0, -3, 0]), st.sampled_from([1.0, 2]))


@inputs_of("prelu")
def _(draw: Draw) -> Call:
    """One weight for all, or one for each channel."""
    x = draw(arrays())
    channels = x.shape[1:2] if draw(st.booleans()) else ()
    return call(x, draw(arrays(channels or draw(st.sampled_from([(), (1,)])))))


@inputs_of("softmax", "log_softmax")
def _(draw: Draw) -> Call:
    x = draw(arrays(shapes(min_axes=1)))
    dim = draw(axis(x.ndim))
    return call(x, dim) if x.shape[dim] else call(x[None], 0)


@inputs_of("glu")
def _(draw: Draw) -> Call:
    shape = list(draw(shapes(min_axes=1)))
    dim = draw(axis(len(shape)))
    shape[dim] = 2 * (shape[dim] // 2)
    return call(draw(arrays(tuple(shape))), dim)

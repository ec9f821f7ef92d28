"""Activations, with PyTorch's names, arguments and defaults. All are safe at any size of x, in slope as in value.

Where one has a kink the slope there is PyTorch's: 0 for relu, that of the left side for leaky_relu.
"""

from __future__ import annotations

import math

import numpy as np

from ..backward import unbroadcast
from ..declare import elementwise, op
from ..graph import Array
from .axes import Shape
from .special import erf

# -- saturating -------------------------------------------------------------------------------------------------------


def _sigmoid(x: Array) -> Array:
    with np.errstate(over="ignore"):  # 1 / inf is the 0 that it should be
        return 1 / (1 + np.exp(-x))


sigmoid = elementwise(_sigmoid, "1 / (1 + e^-x)", name="sigmoid", x=lambda g, out: g * out * (1 - out))
logsigmoid = elementwise(
    lambda x: np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x))),
    "ln(1 / (1 + e^-x))",
    name="logsigmoid",
    x=lambda g, x: g * sigmoid(-x),
)
softsign = elementwise(
    lambda x: x / (1 + np.abs(x)), "x / (1 + |x|)", name="softsign", x=lambda g, x: g / np.square(1 + np.abs(x))
)
hardtanh = elementwise(
    lambda x, min_val=-1.0, max_val=1.0: np.clip(x, min_val, max_val),
    "x between min_val and max_val",
    name="hardtanh",
    x=lambda g, out, min_val, max_val: g * ((out > min_val) & (out < max_val)),
)
hardsigmoid = elementwise(
    lambda x: np.clip(x + 3, 0, 6) / 6,
    "(x + 3) / 6 between 0 and 1",
    name="hardsigmoid",
    x=lambda g, out: g * ((out > 0) & (out < 1)) / 6,
)

# -- bent at 0 --------------------------------------------------------------------------------------------------------

relu = elementwise(
    lambda x: np.maximum(x, 0),  # x * (x > 0) is faster in float32, and nan for -inf
    "max(x, 0)",
    name="relu",
    x=lambda g, out: g * (out > 0),
)
relu6 = elementwise(
    lambda x: np.clip(x, 0, 6), "x between 0 and 6", name="relu6", x=lambda g, out: g * ((out > 0) & (out < 6))
)
leaky_relu = elementwise(
    lambda x, negative_slope=0.01: np.maximum(x, 0) + negative_slope * np.minimum(x, 0),
    "x where x > 0, negative_slope x elsewhere",
    name="leaky_relu",
    x=lambda g, x, negative_slope: g * (x > 0) + negative_slope * g * (x <= 0),
)
elu = elementwise(
    lambda x, alpha=1.0: np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0)),
    "x where x > 0, alpha (e^x - 1) elsewhere",
    name="elu",
    x=lambda g, x, alpha: g * (x > 0) + alpha * g * np.exp(np.minimum(x, 0)) * (x <= 0),
)
celu = elementwise(
    lambda x, alpha=1.0: np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0) / alpha),
    "x where x > 0, alpha (e^(x / alpha) - 1) elsewhere",
    name="celu",
    x=lambda g, x, alpha: g * (x > 0) + g * np.exp(np.minimum(x, 0) / alpha) * (x <= 0),
)

# From the fixed point of mean 0, variance 1: Klambauer et al., "Self-normalizing neural networks" (2017), equation 14.
ALPHA, SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946

selu = elementwise(
    lambda x: SCALE * (np.maximum(x, 0) + ALPHA * np.expm1(np.minimum(x, 0))),
    "1.0507 x where x > 0, 1.7581 (e^x - 1) elsewhere: what keeps mean 0 and variance 1",
    name="selu",
    x=lambda g, x: SCALE * (g * (x > 0) + ALPHA * g * np.exp(np.minimum(x, 0)) * (x <= 0)),
)


@op
def prelu(x: Array, weight: Array) -> Array:
    """x where x > 0, weight x elsewhere: one weight for all, or one for each channel, axis 1 of x."""
    channels = x.shape[min(1, x.ndim - 1)] if x.ndim else 1
    if math.prod(weight.shape) not in (1, channels):
        raise ValueError(
            f"prelu: x has shape {x.shape}, weight {weight.shape}; there must be one weight, or one for each channel, "
            "axis 1 of x"
        )
    return np.maximum(x, 0) + _for_channels(weight, x.ndim) * np.minimum(x, 0)


@prelu.vjp("x")
def _(g: Array, x: Array, weight: Array) -> Array:
    return g * (x > 0) + g * _for_channels(weight, x.ndim) * (x <= 0)


@prelu.vjp("weight")
def _(g: Array, x: Array, weight_shape: Shape) -> Array:
    lengths = _channel_lengths(weight_shape, x.ndim)
    return unbroadcast(g * np.minimum(x, 0), lengths).reshape(weight_shape)


def _channel_lengths(weight_shape: Shape, ndim: int) -> Shape:
    channels = math.prod(weight_shape)
    return (1,) * ndim if channels == 1 else (channels,) + (1,) * (ndim - 2)


def _for_channels(weight: Array, ndim: int) -> Array:
    return weight.reshape(_channel_lengths(weight.shape, ndim))


# -- smooth -----------------------------------------------------------------------------------------------------------


def _gelu(x: Array, approximate: str = "none") -> Array:
    return 0.5 * x * (1 + _twice_normal(x, approximate))


def _twice_normal(x: Array, approximate: str) -> Array:
    """2 P(X <= x) - 1 for a standard normal X, exactly or by a tanh."""
    if approximate == "none":
        return erf(x * math.sqrt(0.5))
    if approximate == "tanh":
        return np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))
    raise ValueError(f'gelu: approximate is "none" or "tanh", not {approximate!r}')


def _gelu_x(g: Array, x: Array, approximate: str) -> Array:
    p = _twice_normal(x, approximate)
    if approximate == "none":
        density = math.sqrt(2 / math.pi) * np.exp(-0.5 * x * x)
    else:
        density = (1 - p * p) * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)
    return 0.5 * g * (1 + p + x * density)


gelu = elementwise(
    _gelu,
    "x P(X <= x) for a standard normal X: Hendrycks and Gimpel, Gaussian error linear units (2016)",
    name="gelu",
    x=_gelu_x,
)
silu = elementwise(lambda x: x * _sigmoid(x), "x sigmoid(x)", name="silu", x=lambda g, x: g * _silu_slope(x))
mish = elementwise(
    lambda x: x * np.tanh(_softplus(x)),
    "x tanh(softplus(x)): Misra, Mish (2019)",
    name="mish",
    x=lambda g, x: g * _mish_slope(x),
)


def _silu_slope(x: Array) -> Array:
    s = sigmoid(x)
    return s * (1 + x * (1 - s))


def _mish_slope(x: Array) -> Array:
    t = np.tanh(softplus(x))
    return t + x * (1 - t * t) * sigmoid(x)


def _softplus(x: Array, beta: float = 1.0, threshold: float = 20.0) -> Array:
    z = beta * x
    return np.where(z > threshold, x, (np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))) / beta)


softplus = elementwise(
    _softplus,
    "ln(1 + e^(beta x)) / beta; x itself where beta x > threshold, as PyTorch",
    name="softplus",
    x=lambda g, x, beta, threshold: np.where(beta * x > threshold, g, g * sigmoid(beta * x)),
)
hardswish = elementwise(
    lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "x hardsigmoid(x)",
    name="hardswish",
    x=lambda g, x: g * (x >= 3) + g * (2 * np.clip(x, -3, 3) + 3) / 6 * ((x > -3) & (x < 3)),
)


# -- over an axis -----------------------------------------------------------------------------------------------------


@op
def softmax(x: Array, dim: int = -1) -> Array:
    """e^(x_i) / sum_k e^(x_k) along an axis. x_i gets out_i (g_i - sum_k g_k out_k)."""
    powers = np.exp(x - np.max(x, axis=dim, keepdims=True))
    return powers / np.sum(powers, axis=dim, keepdims=True)


@softmax.vjp("x")
def _(g: Array, out: Array, dim: int) -> Array:
    return out * (g - np.sum(g * out, axis=dim, keepdims=True))


@op
def log_softmax(x: Array, dim: int = -1) -> Array:
    """x_i - ln sum_k e^(x_k) along an axis. x_i gets g_i - e^(out_i) sum_k g_k."""
    below = x - np.max(x, axis=dim, keepdims=True)
    return below - np.log(np.sum(np.exp(below), axis=dim, keepdims=True))


@log_softmax.vjp("x")
def _(g: Array, out: Array, dim: int) -> Array:
    return g - np.exp(out) * np.sum(g, axis=dim, keepdims=True)


@op
def glu(x: Array, dim: int = -1) -> Array:
    """a sigmoid(b), where a and b are the halves of x along an axis: Dauphin et al. (2016)."""
    if x.shape[dim] % 2:
        raise ValueError(f"glu: x has shape {x.shape}; axis {dim} is halved, so its length must be even")
    a, b = np.split(x, 2, axis=dim)
    return a * _sigmoid(b)


@glu.vjp("x")
def _(g: Array, x: Array, dim: int) -> Array:
    a, b = np.split(x, 2, axis=dim)
    s = sigmoid(b)
    return np.concatenate([g * s, g * a * s * (1 - s)], axis=dim)

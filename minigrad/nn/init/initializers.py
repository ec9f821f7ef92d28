"""Initializers: how the weights of a deep network start, so that signals neither die nor explode on their way.

An initializer is called as `f(shape, rng)` and draws from rng alone. Called with options it makes one:
`kaiming_normal(mode="fan_out")(shape, rng)`. A weight's shape is (out, in, *kernel), as in PyTorch; the fans are
fan_in = in * kernel, fan_out = out * kernel. (A grouped convolution's weight has in / groups at its second axis, so its
fan_in counts what one output really sees; a transposed one has (in, out / groups, *kernel), see `transposed`.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Shape = tuple[int, ...]
Rng = np.random.Generator
Floats = npt.NDArray[np.float64]
Initializer = Callable[[Shape, Rng], Floats]


def fans(shape: Shape) -> tuple[int, int]:
    """fan_in and fan_out of a weight of this shape.

    >>> fans((16, 3, 5, 5))
    (75, 400)
    """
    if len(shape) < 2:
        raise ValueError(f"init: a weight of shape {shape} has no fan_in and fan_out; it needs two axes or more")
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor on the standard deviation that makes up for what a nonlinearity takes from the signal.

    >>> gain("relu") == 2**0.5
    True
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity.startswith("conv"):
        return 1.0
    table = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}
    if nonlinearity not in table:
        raise ValueError(f"gain: no gain is known for {nonlinearity!r}; there is leaky_relu, conv, {', '.join(table)}")
    return table[nonlinearity]


initializers: dict[str, Callable[..., Any]] = {}  # by name: what `init="kaiming_normal"` means


def _initializer(draw: Callable[..., Any]) -> Callable[..., Any]:
    """Let `draw(shape, rng, **options)` be called as an initializer, or with options to make one."""

    def initializer(shape: Shape | None = None, rng: Rng | None = None, **options: Any) -> Any:
        if shape is None:
            return lambda shape, rng: draw(shape, rng, **options)
        if rng is None:
            raise TypeError(f"init.{draw.__name__}: an initializer is called as f(shape, rng)")
        return draw(tuple(shape), rng, **options)

    initializer.__name__ = initializer.__qualname__ = draw.__name__
    initializer.__doc__ = draw.__doc__
    initializers[draw.__name__] = initializer
    return initializer


# -- distributions ----------------------------------------------------------------------------------------------------


@_initializer
def zeros(shape: Shape, rng: Rng) -> Floats:
    """All zeros: right for biases; in a hidden layer's weight every unit stays equal to every other."""
    return np.zeros(shape)


@_initializer
def ones(shape: Shape, rng: Rng) -> Floats:
    """All ones."""
    return np.ones(shape)


@_initializer
def constant(shape: Shape, rng: Rng, value: float = 0.0) -> Floats:
    """All `value`."""
    return np.full(shape, float(value))


@_initializer
def normal(shape: Shape, rng: Rng, mean: float = 0.0, std: float = 1.0) -> Floats:
    """Normal with this mean and standard deviation."""
    return rng.normal(mean, std, shape)


@_initializer
def uniform(shape: Shape, rng: Rng, low: float = 0.0, high: float = 1.0) -> Floats:
    """Uniform between low and high."""
    return rng.uniform(low, high, shape)


@_initializer
def truncated_normal(
    shape: Shape, rng: Rng, mean: float = 0.0, std: float = 1.0, low: float = -2.0, high: float = 2.0
) -> Floats:
    """Normal, drawn again wherever it falls outside [low, high] (absolute bounds, as in PyTorch)."""
    if not low < high:
        raise ValueError(f"init.truncated_normal: low {low} must be below high {high}")
    out = rng.normal(mean, std, shape)
    for _ in range(1000):
        outside = (out < low) | (out > high)
        if not outside.any():
            return out
        out = np.where(outside, rng.normal(mean, std, shape), out)
    raise ValueError(f"init.truncated_normal: [{low}, {high}] is too far from mean {mean} with std {std}")


# -- variance scaling: Glorot, He, LeCun ------------------------------------------------------------------------------


@_initializer
def variance_scaling(
    shape: Shape, rng: Rng, scale: float = 1.0, mode: str = "fan_in", distribution: str = "normal"
) -> Floats:
    """Mean 0 and variance scale / n, where n is fan_in, fan_out or their mean ("fan_avg").

    distribution: "normal", "uniform", or "truncated_normal" (cut at two standard deviations, the variance kept).
    """
    fan_in, fan_out = fans(shape)
    sizes = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
    if mode not in sizes:
        raise ValueError(f"init: mode is {mode!r}; it is one of {', '.join(sizes)}")
    std = math.sqrt(scale / max(sizes[mode], 1))
    if distribution == "normal":
        return rng.normal(0, std, shape)
    if distribution == "uniform":
        bound = math.sqrt(3) * std
        return rng.uniform(-bound, bound, shape)
    if distribution == "truncated_normal":
        std /= 0.87962566103423978  # the standard deviation of a standard normal that is cut at two
        return np.asarray(truncated_normal(shape, rng, std=std, low=-2 * std, high=2 * std))
    raise ValueError(f"init: distribution is {distribution!r}; it is 'normal', 'uniform' or 'truncated_normal'")


def _scaled(scale: Callable[..., float], mode: str, distribution: str, name: str, doc: str) -> Callable[..., Any]:
    def draw(shape: Shape, rng: Rng, mode: str = mode, **options: Any) -> Floats:
        return np.asarray(variance_scaling(shape, rng, scale=scale(**options), mode=mode, distribution=distribution))

    draw.__name__, draw.__doc__ = name, doc
    return _initializer(draw)


def _xavier(gain: float = 1.0) -> float:
    return gain**2


def _kaiming(a: float = 0.0, nonlinearity: str = "leaky_relu") -> float:
    return gain(nonlinearity, a) ** 2  # a leaky_relu of slope 0 is relu


def _lecun() -> float:
    return 1.0


_GLOROT = "Variance 2 / (fan_in + fan_out), for tanh and linear layers (Glorot and Bengio 2010). Option: gain."
_HE = "Variance 2 / fan_in, for relu (He et al. 2015). Options: a (leaky_relu's slope), mode, nonlinearity."
_LECUN = "Variance 1 / fan_in (LeCun et al. 1998)."
xavier_normal = glorot_normal = _scaled(_xavier, "fan_avg", "normal", "xavier_normal", _GLOROT)
xavier_uniform = glorot_uniform = _scaled(_xavier, "fan_avg", "uniform", "xavier_uniform", _GLOROT)
kaiming_normal = he_normal = _scaled(_kaiming, "fan_in", "normal", "kaiming_normal", _HE)
kaiming_uniform = he_uniform = _scaled(_kaiming, "fan_in", "uniform", "kaiming_uniform", _HE)
lecun_normal = _scaled(_lecun, "fan_in", "normal", "lecun_normal", _LECUN)
lecun_uniform = _scaled(_lecun, "fan_in", "uniform", "lecun_uniform", _LECUN)
for _name in ("xavier_normal", "xavier_uniform"):
    initializers[_name.replace("xavier", "glorot")] = initializers[_name]
for _name in ("kaiming_normal", "kaiming_uniform"):
    initializers[_name.replace("kaiming", "he")] = initializers[_name]


# -- structured -------------------------------------------------------------------------------------------------------


@_initializer
def orthogonal(shape: Shape, rng: Rng, gain: float = 1.0) -> Floats:
    """Orthonormal rows or columns, whichever are fewer, times gain (Saxe et al. 2013)."""
    fans(shape)
    rows, columns = shape[0], math.prod(shape[1:])
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diagonal(r))  # makes the distribution uniform (Mezzadri 2007)
    return np.asarray(gain * (q.T if rows < columns else q).reshape(shape))


@_initializer
def identity(shape: Shape, rng: Rng) -> Floats:
    """Ones on the diagonal of the first two axes, at the middle of the kernel: the layer hands on its input."""
    fans(shape)
    out = np.zeros(shape)
    k = np.arange(min(shape[:2]))
    middle: tuple[Any, ...] = tuple(n // 2 for n in shape[2:])
    out[(k, k) + middle] = 1
    return out


@_initializer
def sparse(shape: Shape, rng: Rng, sparsity: float = 0.9, std: float = 0.01) -> Floats:
    """Normal, with this share of each column set to 0 (Martens 2010). Two axes only."""
    if len(shape) != 2:
        raise ValueError(f"init.sparse: the shape {shape} must have two axes")
    out = rng.normal(0, std, shape)
    for column in out.T:
        column[rng.permutation(shape[0])[: math.ceil(sparsity * shape[0])]] = 0
    return out


def transposed(init: Initializer, groups: int = 1) -> Initializer:
    """`init` for the weight (in, out / groups, *kernel) of a transposed convolution: the fans change places."""

    def draw(shape: Shape, rng: Rng) -> Floats:
        inward, outward, *kernel = shape
        drawn = init((outward * groups, inward // groups, *kernel), rng)
        swapped = np.swapaxes(drawn.reshape(groups, outward, inward // groups, *kernel), 1, 2)
        return np.asarray(swapped.reshape(shape))

    return draw


def resolve(init: str | Initializer | Callable[..., Any]) -> Initializer:
    """An initializer from a name, an initializer, or any callable `(shape, rng) -> array`."""
    if callable(init):
        return init
    if init not in initializers:
        raise ValueError(f"init: there is no initializer {init!r}; there are {', '.join(initializers)}")
    return initializers[init]


def draw(init: Any, shape: Sequence[int], rng: Rng, dtype: Any, who: str) -> npt.NDArray[Any]:
    """An array of `shape` from any initializer, with an error that names the layer if it gives another shape."""
    values = np.asarray(resolve(init)(tuple(shape), rng))
    if values.shape != tuple(shape):
        raise ValueError(f"{who}: the initializer gave shape {values.shape}; expected {tuple(shape)}")
    return values.astype(dtype)

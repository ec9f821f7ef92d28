"""Recurrent layers: a state that each step of a sequence changes. Weights, names and equations are PyTorch's.

The inputs' share of all steps is one product; the loop over the steps has the state's share only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..declare import ops
from . import init as initializers
from .dropout import drop
from .module import Module
from .start import Init, Rng, parameter, within_fan_in

State = tuple[Any, ...]  # (h,) or (h, c), each (N, hidden_size)


class _Recurrent(Module):
    """What RNN, LSTM and GRU have in common; `LSTM` says what the arguments are."""

    gates: int
    states = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        init: Init | None = None,
        bias_init: Init | None = None,
        rng: Rng | None = None,
    ) -> None:
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout, self.bidirectional = bias, batch_first, dropout, bidirectional
        self.rng = rng
        default = within_fan_in(hidden_size)
        bias_init = bias_init or ("zeros" if init else default)
        weight_init = _for_each_gate(initializers.resolve(init or default), self.gates)
        width = self.gates * hidden_size
        for k, suffix in enumerate(self._suffixes()):
            below = input_size if k < self._directions() else hidden_size * self._directions()
            shapes: dict[str, tuple[int, ...]] = {"weight_ih": (width, below), "weight_hh": (width, hidden_size)}
            for name, shape in shapes.items():
                self.register_parameter(f"{name}_{suffix}", parameter(self, weight_init, shape, rng))
            for name in ("bias_ih", "bias_hh"):
                drawn = parameter(self, bias_init, (width,), rng) if bias else None
                self.register_parameter(f"{name}_{suffix}", drawn)

    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def _suffixes(self) -> list[str]:
        ways = ("", "_reverse")[: self._directions()]
        return [f"l{layer}{way}" for layer in range(self.num_layers) for way in ways]

    def step(self, x: Any, state: State, weight_hh: Any, bias_hh: Any) -> State:
        """The state after a step, from the one before; x is the input's share of the gates."""
        raise TypeError(f"{type(self).__name__} has no step")

    def forward(self, x: Any, hx: Any = None) -> tuple[Any, Any]:
        """The states of the last layer at each step, and the last states of all layers.

        Parameters
        ----------
        x
            (L, N, input_size), or (N, L, input_size) with batch_first, or (L, input_size).
        hx
            The states to start from, (num_layers * directions, N, hidden_size) each; zeros if not given.

        Returns
        -------
        (out, h), for an LSTM (out, (h, c)); out is (L, N, hidden_size * directions), or as x is.
        """
        if x.ndim not in (2, 3) or x.shape[-1] != self.input_size:
            raise ValueError(f"x has shape {x.shape}; it must have 2 or 3 axes, the last of length {self.input_size}")
        batched, swapped = x.ndim == 3, x.ndim == 3 and self.batch_first
        if not batched:
            x = ops["expand_dims"](x, 1)
        if swapped:
            x = x.swapaxes(0, 1)
        starts = self._starts(hx, x.shape[1], batched)
        ends: list[State] = []
        for layer in range(self.num_layers):
            if layer and self.dropout and self.training:
                x = drop(x, self.dropout, x.shape, self.rng)
            outs = []
            for way in range(self._directions()):
                k = layer * self._directions() + way
                out, end = self._run(x, starts[k], self._suffixes()[k], backwards=way == 1)
                outs.append(out)
                ends.append(end)
            x = outs[0] if len(outs) == 1 else ops["concatenate"](outs, axis=-1)
        last = tuple(ops["stack"](list(parts)) for parts in zip(*ends))
        if swapped:
            x = x.swapaxes(0, 1)
        if not batched:
            x, last = x[:, 0], tuple(part[:, 0] for part in last)
        return x, last if self.states > 1 else last[0]

    def _starts(self, hx: Any, n: int, batched: bool) -> list[State]:
        """The state that each layer and direction starts from."""
        many = self.num_layers * self._directions()
        if hx is None:
            zero = np.zeros((n, self.hidden_size), next(self.parameters()).dtype)
            return [(zero,) * self.states] * many
        parts = tuple(hx) if self.states > 1 else (hx,)
        shape = (many, n, self.hidden_size) if batched else (many, self.hidden_size)
        if len(parts) != self.states or any(part.shape != shape for part in parts):
            given = ", ".join(str(part.shape) for part in parts)
            raise ValueError(f"hx has shape {given}; it must be {' and '.join([str(shape)] * self.states)}")
        return [tuple(part[k] if batched else part[k : k + 1] for part in parts) for k in range(many)]

    def _run(self, x: Any, state: State, suffix: str, backwards: bool) -> tuple[Any, State]:
        """One layer in one direction: the states at all steps, and the last one."""
        weight_ih, weight_hh, bias_ih, bias_hh = (
            getattr(self, f"{name}_{suffix}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        shares = ops["unstack"](ops["linear"](x, weight_ih, bias_ih))
        outs = []
        for share in reversed(shares) if backwards else shares:
            state = self.step(share, state, weight_hh, bias_hh)
            outs.append(state[0])
        return ops["stack"](outs[::-1] if backwards else outs), state

    def extra_repr(self) -> str:
        """Sizes, and the options that are not the defaults."""
        usual = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False}
        given = (f", {name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value)
        return f"{self.input_size}, {self.hidden_size}" + "".join(given)


class RNN(_Recurrent):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh) (Elman 1990), or a relu in place of the tanh.

    Other arguments are those of `LSTM`.
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        **options: Any,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"RNN: nonlinearity is {nonlinearity!r}; it is 'tanh' or 'relu'")
        self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, **options)

    def step(self, x: Any, state: State, weight_hh: Any, bias_hh: Any) -> State:
        """h'."""
        return (ops[self.nonlinearity](x + ops["linear"](state[0], weight_hh, bias_hh)),)


class LSTM(_Recurrent):
    """c' = f c + i g and h' = o tanh(c') (Hochreiter and Schmidhuber 1997; Gers et al. 2000).

    The gates i, f, o are sigmoids, and g is a tanh, of W_ih x + b_ih + W_hh h + b_hh; the weights hold them in this
    order. Several layers may stand on top of each other, and read in one direction or in both.

    Parameters
    ----------
    input_size, hidden_size
        The lengths of the vectors that go in, and of the state.
    num_layers
        Layers on top of each other: each reads the states of the one below.
    batch_first
        Whether x and the output are (N, L, ...) in place of (L, N, ...). The states are not.
    dropout
        The probability with which the output of each layer but the last is dropped, in training.
    bidirectional
        Whether a second set of weights reads the sequence from its end; the two outputs stand side by side.
    init, bias_init
        As in `Linear`; an initializer draws the matrix of each gate on its own. If not given, uniform within
        1 / sqrt(hidden_size).

    >>> import numpy as np
    >>> from minigrad import nn
    >>> out, (h, c) = nn.LSTM(3, 5, num_layers=2)(np.ones((7, 4, 3)))
    >>> out.shape, h.shape, c.shape
    ((7, 4, 5), (2, 4, 5), (2, 4, 5))
    """

    gates, states = 4, 2

    def step(self, x: Any, state: State, weight_hh: Any, bias_hh: Any) -> State:
        """h' and c'."""
        h, c = state
        sigmoid, tanh = ops["sigmoid"], ops["tanh"]
        i, f, g, o = ops["split"](x + ops["linear"](h, weight_hh, bias_hh), 4, -1)
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        return sigmoid(o) * tanh(c), c


class GRU(_Recurrent):
    """h' = (1 - z) n + z h, with n = tanh(W_in x + b_in + r (W_hn h + b_hn)) (Cho et al. 2014).

    The gates r and z are sigmoids of W_ih x + b_ih + W_hh h + b_hh; the weights hold r, z, n in this order.
    Arguments are those of `LSTM`.
    """

    gates = 3

    def step(self, x: Any, state: State, weight_hh: Any, bias_hh: Any) -> State:
        """h'."""
        (h,) = state
        r_x, z_x, n_x = ops["split"](x, 3, -1)
        r_h, z_h, n_h = ops["split"](ops["linear"](h, weight_hh, bias_hh), 3, -1)
        r, z = ops["sigmoid"](r_x + r_h), ops["sigmoid"](z_x + z_h)
        n = ops["tanh"](n_x + r * n_h)
        return (n + z * (h - n),)


def _for_each_gate(init: Callable[..., Any], gates: int) -> Callable[..., Any]:
    """`init` for each gate's own matrix, so that fan_out is that of one gate."""

    def draw(shape: tuple[int, ...], rng: Rng) -> Any:
        return np.concatenate([init((shape[0] // gates, *shape[1:]), rng) for _ in range(gates)])

    return draw

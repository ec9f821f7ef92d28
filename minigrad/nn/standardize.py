"""Standardize: subtract the mean and divide by the standard deviation of the training set."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ..tensor import Tensor
from .module import Module


class Standardize(Module):
    """(x - mean) / std, feature by feature, with the statistics of the data that it was fitted to.

    Fit it to the training set, then use it on the training set and the test set alike: a test set that is scaled by
    its own statistics is not what the network was trained on. Gradients pass through it.

    Attributes
    ----------
    mean, std, count
        Buffers (saved with a model, never trained): float64 arrays of the data's shape without `axis`, and the number
        of samples. std divides by n, as scikit-learn's StandardScaler does. A feature that never varies has std 0, and
        is divided by 1.

    >>> import numpy as np
    >>> from minigrad import nn
    >>> train, test = np.array([[1.0, 50.0], [3.0, 250.0]]), np.array([[2.0, 300.0]])
    >>> standardize = nn.Standardize().fit(train)
    >>> standardize(test)
    array([[0. , 1.5]])
    """

    mean: Any
    std: Any
    count: Any

    def __init__(self) -> None:
        for name in ("mean", "std", "count"):
            self.register_buffer(name, np.zeros(0) if name != "count" else np.array(0))

    @property
    def fitted(self) -> bool:
        """Whether there are statistics to divide by."""
        return int(self.count) > 0

    def fit(self, x: Any, axis: int | tuple[int, ...] = 0, *, refit: bool = False) -> Self:
        """Compute the statistics of `x` over `axis`, in float64 whatever x's dtype.

        Raises
        ------
        RuntimeError
            if it is fitted already and `refit` is not said.
        ValueError
            for nan or inf in the data (names the first), and for no samples.
        """
        if self.fitted and not refit:
            raise RuntimeError(
                "Standardize.fit: it is fitted already. Fitting again, to the test set for instance, is the classic "
                "mistake: training and test data must be scaled by the same statistics, those of the training set. "
                "Pass refit=True if you mean it, or use partial_fit to add data"
            )
        self.count = np.array(0)
        return self.partial_fit(x, axis)

    def partial_fit(self, x: Any, axis: int | tuple[int, ...] = 0) -> Self:
        """Add a chunk of data to the statistics; the chunks give what `fit` gives of the whole, to 1e-12.

        The update of count, mean and sum of squares is Chan, Golub and LeVeque's (1979).
        """
        x = x.data if isinstance(x, Tensor) else x if hasattr(x, "__array_function__") else np.asarray(x)
        axes = tuple(a % x.ndim for a in ((axis,) if isinstance(axis, int) else axis))
        n = int(np.prod([x.shape[a] for a in axes]))
        if n == 0:
            raise ValueError(f"Standardize: x of shape {x.shape} has no samples along axis {axis}")
        wide = x.astype(np.float64)
        mean = np.mean(wide, axis=axes, keepdims=True)
        squares = np.asarray(np.sum((wide - mean) ** 2, axis=axes))
        mean = np.asarray(mean).reshape(squares.shape)
        if not (np.isfinite(mean).all() and np.isfinite(squares).all()):
            _stop_at_first_non_finite(wide)
        if self.fitted:
            self._check_features(mean.shape)
            m = int(self.count)
            apart = mean - self.mean
            squares = self.std**2 * m + squares + apart**2 * (m * n / (m + n))
            mean = self.mean + apart * (n / (m + n))
            n += m
        std = np.sqrt(squares / n)
        # A feature that does not vary has a spread of rounding errors, not of 0, if its mean is no round number.
        constant = std <= 10 * np.finfo(np.float64).eps * np.abs(mean)
        if np.any(constant):
            columns = ", ".join(map(str, np.flatnonzero(constant)))
            warnings.warn(f"Standardize: column {columns} does not vary; it is divided by 1", stacklevel=2)
        self.count, self.mean, self.std = np.array(n), mean, np.where(constant, 0.0, std)
        return self

    def forward(self, x: Any) -> Any:
        """(x - mean) / std, in x's dtype. Never changes the statistics."""
        mean, std = self._statistics(x)
        return (x - mean) / std

    def inverse(self, x: Any) -> Any:
        """x std + mean: what `standardize` did, undone."""
        mean, std = self._statistics(x)
        return x * std + mean

    def _statistics(self, x: Any) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        if not self.fitted:
            raise RuntimeError("Standardize: not fitted; call fit with the training data first")
        self._check_features(x.shape[x.ndim - self.mean.ndim :])
        dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
        return self.mean.astype(dtype), np.where(self.std == 0, 1, self.std).astype(dtype)

    def _check_features(self, shape: tuple[int, ...]) -> None:
        if shape != self.mean.shape:
            raise ValueError(f"Standardize: x has features of shape {shape}; it was fitted to {self.mean.shape}")

    def takes_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        """Statistics of any shape fit a layer that has none."""
        return not self.fitted

    def extra_repr(self) -> str:
        """What it was fitted to."""
        return f"fitted to {int(self.count)} samples of shape {self.mean.shape}" if self.fitted else "not fitted"


def _stop_at_first_non_finite(x: Any) -> None:
    index = tuple(int(i) for i in np.argwhere(~np.isfinite(np.asarray(x)))[0])
    where = f"row {index[0]}, column {index[1]}" if len(index) == 2 else f"index {list(index)}"
    raise ValueError(f"Standardize: the data has {np.asarray(x)[index]} at {where}; remove or fill such values first")

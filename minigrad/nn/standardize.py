"""Standardize: subtract the mean and divide by the standard deviation of the training set."""

from __future__ import annotations

import math
import warnings
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .module import Module
from .state import bare

Axis = int | tuple[int, ...]


class Standardize(Module):
    """(x - mean) / std, feature by feature, with the statistics of the data that it was fitted to.

    Fit it to the training set, then use it on the training set and the test set alike: a test set that is scaled by
    its own statistics is not what the network was trained on. Gradients pass through it.

    Attributes
    ----------
    mean, std, count
        Buffers (saved with a model, never trained): float64 arrays of the data's shape without `axis`, and the number
        of samples. std divides by n, as scikit-learn's StandardScaler does. A feature that never varies has std 0, and
        is divided by 1. Where axes that come after a feature's were reduced (pixels after channels), they stay with
        length 1.

    >>> import numpy as np
    >>> from minigrad import nn
    >>> train, test = np.array([[1.0, 50.0], [3.0, 250.0]]), np.array([[2.0, 300.0]])
    >>> standardize = nn.Standardize().fit(train)
    >>> standardize(test)
    array([[0. , 1.5]])
    >>> images = np.random.default_rng(0).normal(size=(100, 3, 8, 8))
    >>> nn.Standardize().fit(images, axis=(0, 2, 3)).mean.shape
    (3, 1, 1)
    """

    mean: Any
    std: Any
    count: Any

    def __init__(self) -> None:
        self.register_buffer("mean", np.zeros(0))
        self.register_buffer("std", np.zeros(0))
        self.register_buffer("count", np.array(0))

    @property
    def fitted(self) -> bool:
        """Whether there are statistics to divide by."""
        return int(self.count) > 0

    def fit(self, x: Any, axis: Axis = 0, *, refit: bool = False) -> Self:
        """Compute the statistics of `x` over `axis`, in float64 whatever x's dtype. Warns of features that never vary.

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
        self.count, self.mean, self.std = self._with(x, axis, 0)
        self._warn_of_constants()
        return self

    def partial_fit(self, x: Any, axis: Axis = 0) -> Self:
        """Add a chunk of data to the statistics; the chunks give what `fit` gives of the whole, to 1e-12."""
        self.count, self.mean, self.std = self._with(x, axis, int(self.count))
        self._warn_of_constants()
        return self

    def _with(self, x: Any, axis: Axis, m: int) -> tuple[Any, Any, Any]:
        """Count, mean and std of x and the m samples before it.

        T. F. Chan, G. H. Golub and R. J. LeVeque, "Algorithms for computing the sample variance", 1983: two passes, the
        second of which corrects the mean, and their formula for joining two sets.
        """
        x = _as_array(bare(x))
        axes = tuple(sorted(a % x.ndim for a in ((axis,) if isinstance(axis, int) else axis)))
        n = math.prod(x.shape[a] for a in axes)
        if n == 0:
            raise ValueError(f"Standardize: x of shape {x.shape} has no samples along axis {axis}")
        leading = next((i for i in range(x.ndim) if i not in axes), x.ndim)  # reduced axes before the first feature
        shape = tuple(1 if i in axes else length for i, length in enumerate(x.shape))[leading:]
        wide = x.astype(np.float64)
        mean = np.mean(wide, axis=axes, keepdims=True)
        apart = wide - mean
        correction = np.asarray(np.mean(apart, axis=axes)).reshape(shape)
        squares = np.asarray(np.sum(apart * apart, axis=axes)).reshape(shape) - n * correction**2
        mean = np.asarray(mean).reshape(shape) + correction
        if not (np.isfinite(mean).all() and np.isfinite(squares).all()):
            _stop_at_first_non_finite(np.asarray(x))
        if m:
            if shape != self.mean.shape:
                raise ValueError(f"Standardize: x has features of shape {shape}; it was fitted to {self.mean.shape}")
            between = mean - self.mean
            squares = self.std**2 * m + squares + between**2 * (m * n / (m + n))
            mean = self.mean + between * (n / (m + n))
        std = np.sqrt(np.maximum(squares, 0) / (m + n))
        # What rounding leaves of a feature that does not vary is no spread.
        return np.array(m + n), mean, np.where(std <= 10 * np.finfo(np.float64).eps * np.abs(mean), 0.0, std)

    def _warn_of_constants(self) -> None:
        constant = np.argwhere(np.atleast_1d(self.std) == 0)
        if len(constant) and self.count > 1:
            names = [str(i[0] if len(i) == 1 else tuple(map(int, i))) for i in constant]
            listed = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
            text = f"Standardize: column {listed} does not vary; it is divided by 1"
            warnings.warn(text, stacklevel=3)

    def forward(self, x: Any) -> Any:
        """(x - mean) / std: computed in float64, since the mean may be large, and given in x's dtype.

        Never changes the statistics.
        """
        x = _as_array(x)
        mean, std = self._statistics(x)
        return _in_dtype_of(x, (x - mean) / std)

    def inverse(self, x: Any) -> Any:
        """x std + mean: what `standardize` did, undone."""
        x = _as_array(x)
        mean, std = self._statistics(x)
        return _in_dtype_of(x, x * std + mean)

    def _statistics(self, x: Any) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        if not self.fitted:
            raise RuntimeError("Standardize: not fitted; call fit with the training data first")
        fitted = self.mean.shape
        shape = x.shape[x.ndim - len(fitted) :] if x.ndim >= len(fitted) else x.shape
        reduced = len(fitted) > 1  # axes of length 1 may be reduced ones, which fit any length
        if len(shape) != len(fitted) or any(a != b and not (reduced and b == 1) for a, b in zip(shape, fitted)):
            raise ValueError(f"Standardize: x has features of shape {shape}; it was fitted to {fitted}")
        return self.mean, np.where(self.std == 0, 1, self.std)

    def takes_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        """Statistics of any shape fit a layer that has none."""
        return not self.fitted

    def extra_repr(self) -> str:
        """What it was fitted to."""
        return f"fitted to {int(self.count)} samples of shape {self.mean.shape}" if self.fitted else "not fitted"


def _as_array(x: Any) -> Any:
    return x if hasattr(x, "__array_function__") else np.asarray(x)


def _in_dtype_of(x: Any, out: Any) -> Any:
    return out if x.dtype == out.dtype or x.dtype.kind != "f" else out.astype(x.dtype)


def _stop_at_first_non_finite(x: npt.NDArray[Any]) -> None:
    bad = np.argwhere(~np.isfinite(x))
    if not len(bad):
        raise ValueError(f"Standardize: the data goes up to {np.abs(x).max()}; squares of such numbers overflow")
    index = tuple(int(i) for i in bad[0])
    where = f"row {index[0]}, column {index[1]}" if len(index) == 2 else f"index {list(index)}"
    raise ValueError(f"Standardize: the data has {x[index]} at {where}; remove or fill such values first")

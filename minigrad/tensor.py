"""Tensor: an array, and where it came from."""

from __future__ import annotations

import operator
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn, final

import numpy as np
import numpy.typing as npt

from . import numpy_protocol
from .backward import backward
from .context import mode
from .graph import Array, Leaf, Node


@final
class Tensor:
    """An array that remembers how it was computed, so that gradients can be sent back to what it was made from.

    NumPy's functions, methods and operators work on it, and follow NumPy's rules for shapes and dtypes.

    Parameters
    ----------
    data
        An array, a number or a nested list. An array keeps its dtype and is copied; a lazy one (Dask) stays lazy.
        Python floats become `default_dtype`.
    dtype
        The dtype to convert to.
    requires_grad
        Whether `backward` fills `.grad`. Floating and complex dtypes only.
    name
        What drawings and error messages call it.

    Raises
    ------
    TypeError
        for data that is no array of numbers, and for `requires_grad` with integers.

    >>> import numpy as np, minigrad as mg
    >>> x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> loss = np.sum(x**2)
    >>> loss.backward()
    >>> x.grad
    array([2., 4., 6.])
    """

    __slots__ = ("__weakref__", "_data", "_grad", "_name", "node")

    _data: Array
    _grad: Array | None
    _name: str | None
    node: Node | None  # where it came from; None for a constant

    def __init__(
        self,
        data: npt.ArrayLike | Tensor,
        dtype: npt.DTypeLike | None = None,
        requires_grad: bool = False,
        name: str | None = None,
    ) -> None:
        self._data = _as_array(data, dtype)
        self._grad = None
        self._name = name
        self.node = None
        if requires_grad:
            self.requires_grad = True

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("Tensor is not made to be subclassed; ops are added with minigrad.op")

    # -- the array ----------------------------------------------------------------------------------------------

    @property
    def data(self) -> Array:
        """The values, as a bare array."""
        return self._data

    @data.setter
    def data(self, value: Array) -> None:
        moved = value.shape != self._data.shape or value.dtype != self._data.dtype
        if moved and self.node is not None:
            if not isinstance(self.node, Leaf):
                raise ValueError(
                    f"data: {value.shape} {value.dtype} cannot replace {self.shape} {self.dtype} in a computed Tensor"
                )
            self.node = Leaf(value.shape, value.dtype, weakref.ref(self))
        self._data = value

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self._data.shape  # type: ignore[no-any-return]  # the array may be of any library

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._data.ndim  # type: ignore[no-any-return]  # of any library, as for shape

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._data.size  # type: ignore[no-any-return]  # of any library, as for shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the elements."""
        return self._data.dtype  # type: ignore[no-any-return]  # of any library, as for shape

    def item(self) -> Any:
        """The only element, as a Python number.

        >>> import minigrad as mg
        >>> mg.tensor([2.5]).item()
        2.5
        """
        return self._data.item()

    def numpy(self) -> Array:
        """The values as an array that shares memory, whether or not gradients are required."""
        return np.asarray(self._data) if isinstance(self._data, np.generic) else self._data

    def tolist(self) -> Any:
        """The values as nested Python lists."""
        return self._data.tolist()

    def detach(self) -> Tensor:
        """The same values as a constant: no gradient flows through it."""
        return make(self._data, None)

    # -- where it came from -------------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient flows to it, or through it."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if bool(value) == self.requires_grad:
            return
        if not value:
            if not isinstance(self.node, Leaf):
                raise RuntimeError("requires_grad: a computed Tensor cannot stop requiring gradients; use .detach()")
            self.node = None
            return
        if self.dtype.kind not in "fc":
            raise TypeError(
                f"requires_grad: a Tensor of {self.dtype} has no gradient; "
                "give it a floating dtype, for example dtype=float"
            )
        self.node = Leaf(self.shape, self.dtype, weakref.ref(self))
        if self._name:
            self.node.annotate("name", self._name)  # a drawing may outlive the Tensor

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by the user rather than computed by an op that needs a gradient."""
        return self.node is None or isinstance(self.node, Leaf)

    @property
    def name(self) -> str | None:
        """What drawings and error messages call it."""
        return self._name if self.node is None else self.node.note("name") or self._name

    @name.setter
    def name(self, value: str | None) -> None:
        self._name = value
        if self.node is not None:
            self.node.annotate("name", value)

    @property
    def grad(self) -> Array | None:
        """What the backward passes so far have added up: an array of this shape, or None."""
        return self._grad

    @grad.setter
    def grad(self, value: npt.ArrayLike | Tensor | None) -> None:
        array = None if value is None else _as_array(value, self.dtype, copy=False)
        if array is not None and array.shape != self.shape:
            raise ValueError(f"grad: shape {array.shape} does not fit a Tensor of shape {self.shape}")
        self._grad = array

    def backward(self, g: npt.ArrayLike | Tensor | None = None, retain_graph: bool = False) -> None:
        """Add the gradient of this Tensor to the `.grad` of every leaf that it was made from.

        Parameters
        ----------
        g
            The gradient that arrives from above, of this Tensor's shape; 1 for a scalar.
        retain_graph
            Keep what the graph holds, so that another backward pass can go through it.

        Raises
        ------
        RuntimeError
            without a graph, through a graph that is freed, or without `g` where this is not a scalar.
        ValueError
            where `g`, or what a rule returned, has the wrong shape. No gradient has changed then.

        >>> import minigrad as mg
        >>> x = mg.tensor(3.0, requires_grad=True)
        >>> (x * x).backward()
        >>> x.grad
        array(6.)
        """
        if self.node is None:
            raise RuntimeError(
                "backward: this Tensor was made from nothing that requires gradients. Make its inputs with "
                "requires_grad=True, outside no_grad, and use no op that is constant by its rule (floor, sign, argmax)"
            )
        if g is None:
            if self.size != 1:
                raise RuntimeError(
                    f"backward: a Tensor of shape {self.shape} is not a scalar; pass g, the gradient that arrives "
                    "from above, of the same shape, or call .sum() first"
                )
            start = np.ones(self.shape, self.dtype)
        else:
            start = _as_array(g, self.dtype)
            if start.shape != self.shape:
                raise ValueError(f"backward: g has shape {start.shape}, the Tensor has shape {self.shape}")
        gradients = backward({self.node: start}, retain=retain_graph)
        filled = []
        for leaf, gradient in gradients.items():
            assert isinstance(leaf, Leaf)
            owner = leaf.owner()
            if owner is not None:
                filled.append((owner, _added(owner._grad, gradient)))
        for owner, gradient in filled:  # all at once: an exception before this line has changed nothing
            owner._grad = gradient

    def register_hook(self, hook: Callable[[Array], Array | None]) -> Hook:
        """Call `hook(g)` with this Tensor's gradient in each backward pass; what it returns replaces the gradient.

        Returns a handle whose `remove()` takes the hook away.
        """
        if self.node is None:
            raise RuntimeError("register_hook: this Tensor does not require gradients, so no gradient will arrive")
        hooks = self.node.note("hooks")
        if hooks is None:
            hooks = {}
            self.node.annotate("hooks", hooks)
        handle = Hook(hooks)
        hooks[handle] = hook
        return handle

    # -- methods whose arguments are freer than the function's -------------------------------------------------------

    @property
    def T(self) -> Tensor:
        """All axes in reverse order."""
        return _op("transpose")(self)

    @property
    def mT(self) -> Tensor:
        """The last two axes swapped."""
        return _op("swapaxes")(self, -1, -2)

    @property
    def real(self) -> Tensor:
        """The real part."""
        return _op("real")(self)

    @property
    def imag(self) -> Tensor:
        """The imaginary part."""
        return _op("imag")(self)

    def transpose(self, *axes: Any) -> Tensor:
        """The axes permuted: `transpose(1, 0)`, `transpose((1, 0))`, or all reversed with no argument."""
        return _op("transpose")(self, _spread(axes) or None)

    def reshape(self, *shape: Any, order: str = "C") -> Tensor:
        """The same elements in another shape: `reshape(2, 3)` or `reshape((2, 3))`."""
        return _op("reshape")(self, _spread(shape), order)

    def compress(self, condition: Any, axis: int | None = None) -> Tensor:
        """The elements, or the slices along an axis, where the condition holds."""
        return _op("compress")(condition, self, axis)

    # -- indexing, numbers, text ----------------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> Tensor:
        return _op("getitem")(self, _plain(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        """`x[i] = v` makes a new array and rebinds `x` to it: whatever used the old value keeps it."""
        new = _op("setitem")(self, _plain(index), value)
        self._data, self.node = new._data, new.node

    def __iter__(self) -> Iterator[Tensor]:
        if self.ndim == 0:
            raise TypeError("a Tensor with no axes cannot be iterated over")
        return (self[i] for i in range(len(self)))

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("a Tensor with no axes has no length")
        return self.shape[0]

    def __bool__(self) -> bool:
        return bool(self._data)

    def __int__(self) -> int:
        return int(self._data)

    def __float__(self) -> float:
        return float(self._data)

    def __complex__(self) -> complex:
        return complex(self._data)

    def __index__(self) -> int:
        return operator.index(self._data)

    def __contains__(self, value: Any) -> bool:
        return bool((self._data == _plain(value)).any())

    def __reduce__(self) -> tuple[type[Tensor], tuple[Any, ...]]:
        """A copy (`copy.deepcopy`, pickle) is a leaf of its own, without a gradient so far."""
        if not self.is_leaf:
            raise RuntimeError("copy: a computed Tensor cannot be copied with its graph; use .detach()")
        return Tensor, (self._data, None, self.requires_grad, self._name)

    __hash__ = object.__hash__  # by identity, although == compares elements

    def __format__(self, spec: str) -> str:
        return (
            format(self._data.item() if self.size == 1 and self.ndim == 0 else self._data, spec) if spec else str(self)
        )

    def __repr__(self) -> str:
        values = (
            np.array2string(np.asarray(self._data), separator=", ", prefix="tensor(")
            if _is_numpy(self._data)
            else repr(self._data)
        )
        parts = [values]
        if self.dtype != np.float64:
            parts.append(f"dtype={self.dtype}")
        if self.requires_grad:
            parts.append("requires_grad=True")
        if self.name:
            parts.append(f"name={self.name!r}")
        return f"tensor({', '.join(parts)})"

    # -- NumPy's protocols ------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return numpy_protocol.call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return numpy_protocol.call_function(function, args, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if self.node is not None:
            raise TypeError(
                "a Tensor that requires gradients was about to become a bare array, and its graph would be lost; "
                "say so with .detach(), or use a function that has a rule (a list of Tensors: np.stack)"
            )
        return np.array(self._data, dtype=dtype, copy=copy)

    if TYPE_CHECKING:  # the registry sets these when ops are declared

        def __getattr__(self, name: str) -> Any: ...
        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __pos__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...


tensor = Tensor


class Hook:
    """The handle of a registered hook."""

    def __init__(self, hooks: dict[Hook, Callable[[Array], Array | None]]) -> None:
        self._hooks = hooks

    def remove(self) -> None:
        """Take the hook away; doing it twice does no harm."""
        self._hooks.pop(self, None)


_new = Tensor.__new__


def make(data: Array, node: Node | None) -> Tensor:
    """A Tensor of `data` at `node`, without checks or copies: for the engine."""
    t = _new(Tensor)
    t._data = data
    t._grad = t._name = None
    t.node = node
    return t


def _op(name: str) -> Callable[..., Tensor]:
    from .declare import ops  # ops are made of Tensors; indexing is an op

    return ops[name]


def _spread(arguments: tuple[Any, ...]) -> Any:
    return arguments[0] if len(arguments) == 1 else arguments


def _is_numpy(data: Array) -> bool:
    return isinstance(data, (np.ndarray, np.generic))


def _plain(index: Any) -> Any:
    """An index without Tensors in it."""
    if isinstance(index, Tensor):
        return index._data
    if isinstance(index, tuple):
        return tuple(_plain(part) for part in index)
    if isinstance(index, list):
        return [_plain(part) for part in index]
    return index


def _added(old: Array | None, new: Array) -> Array:
    if old is None:
        return np.asarray(new) if isinstance(new, np.generic) else new
    return np.asarray(old + new) if isinstance(old, (np.ndarray, np.generic)) else old + new


def _as_array(data: Any, dtype: npt.DTypeLike | None, copy: bool = True) -> Array:
    if isinstance(data, Tensor):
        if data.node is not None:
            raise TypeError(
                "a Tensor that requires gradients is not data for another; use it as it is, or .detach() it"
            )
        data = data._data
    if isinstance(data, np.ndarray):
        array = np.array(data, dtype=dtype, copy=True if copy else None)
    elif hasattr(data, "__array_function__"):  # Dask, CuPy: as they are
        return data if dtype is None else data.astype(dtype)
    else:
        array = np.asarray(data, dtype=dtype)
        if dtype is None and array.dtype == np.float64 and not isinstance(data, np.generic):
            array = array.astype(mode.get().dtype, copy=False)
    if array.dtype.kind not in "biufc":
        raise TypeError(f"tensor: {type(data).__name__} is no array of numbers (NumPy makes dtype {array.dtype} of it)")
    return array

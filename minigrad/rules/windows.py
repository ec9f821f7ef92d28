"""Where the windows of a kernel lie: the geometry that convolution and pooling share, for any number of axes.

Along an axis, window o looks at the places `o * stride + tap * dilation` of the padded input, tap = 0 ... kernel - 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

Sizes = tuple[int, ...]
Steps = int | Sizes  # a number for all axes, or one for each


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of a kernel, with a number for each axis."""

    kernel: Sizes
    stride: Sizes
    padding: tuple[tuple[int, int], ...]  # how much is added before and after
    dilation: Sizes

    def span(self) -> Sizes:
        """From a window's first place to its last, both counted."""
        return tuple((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation))

    def padded(self, size: Sizes) -> Sizes:
        """The size of the input with its padding."""
        return tuple(n + before + after for n, (before, after) in zip(size, self.padding))

    def inside(self, size: Sizes) -> tuple[slice, ...]:
        """Where the input stands in the padded input."""
        return tuple(slice(before, before + n) for n, (before, _) in zip(size, self.padding))

    def count(self, size: Sizes) -> Sizes:
        """How many windows there are along each axis of an input of `size`."""
        return tuple((n - s) // step + 1 for n, s, step in zip(self.padded(size), self.span(), self.stride))

    def check(self, op: str, size: Sizes) -> None:
        """ValueError where not even one window fits."""
        if any(s > n for n, s in zip(self.padded(size), self.span())):
            raise ValueError(
                f"{op}: a window covers {self.span()}, and x with its padding has only {self.padded(size)}; "
                "use a smaller kernel or dilation, or more padding"
            )

    def tiles(self) -> bool:
        """Do the windows lie side by side, without gaps, overlaps or padding?"""
        return self.kernel == self.stride and not any(map(any, self.padding)) and all(d == 1 for d in self.dilation)

    def taps_along(self, axis: int, n: int) -> Iterator[tuple[Any, ...]]:
        """Where all windows see each place of the kernel along one axis (counted from the end) of padded length n."""
        k, step, d = self.kernel[axis], self.stride[axis], self.dilation[axis]
        reach = (n - (k - 1) * d - 1) // step * step + 1
        for t in range(k):
            yield (..., slice(t * d, t * d + reach, step), *(slice(None),) * (-1 - axis))

    def taps(self, count: Sizes) -> Iterator[tuple[Sizes, tuple[slice, ...]]]:
        """Each place in the kernel, and where in the padded input the windows see it."""
        for tap in product(*map(range, self.kernel)):
            yield (
                tap,
                tuple(
                    slice(t * d, t * d + (n - 1) * s + 1, s)
                    for t, n, s, d in zip(tap, count, self.stride, self.dilation)
                ),
            )


def windows(op: str, kernel: Sizes, stride: Steps, padding: Steps | str = 0, dilation: Steps = 1) -> Windows:
    """The windows that arguments in PyTorch's form describe.

    >>> windows("conv2d", (3, 2), stride=1, padding="same").padding
    ((1, 1), (0, 1))
    """
    axes = len(kernel)
    stride = per_axis(op, "stride", stride, axes, least=1)
    dilation = per_axis(op, "dilation", dilation, axes, least=1)
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueError(f"{op}: padding is {padding!r}; as a word it is 'same' or 'valid'")
        if padding == "same" and any(s != 1 for s in stride):
            raise ValueError(f"{op}: padding='same' needs stride 1, and stride is {stride}")
        whole = [(k - 1) * d * (padding == "same") for k, d in zip(kernel, dilation)]
        pairs = tuple((n // 2, n - n // 2) for n in whole)
    else:
        pairs = tuple((n, n) for n in per_axis(op, "padding", padding, axes, least=0))
    return Windows(kernel, stride, pairs, dilation)


def pooling_windows(
    op: str,
    shape: Sizes,
    axes: int,
    kernel_size: Steps,
    stride: Steps | None,
    padding: Steps,
    dilation: Steps,
    ceil_mode: bool,
) -> Windows:
    """The windows, with as much padding at the end as the last one sticks out."""
    places = "length" if axes == 1 else "height, width"
    if len(shape) not in (axes + 1, axes + 2):
        raise ValueError(f"{op}: x has shape {shape}; it must be (N, C, {places}) or (C, {places})")
    kernel = per_axis(op, "kernel_size", kernel_size, axes, least=1)
    how = windows(op, kernel, kernel if stride is None else stride, padding, dilation)
    if any(2 * before > span for (before, _), span in zip(how.padding, how.span())):
        raise ValueError(f"{op}: padding is {padding}; it must be at most half of kernel_size {kernel_size}")
    size = shape[-axes:]
    how.check(op, size)
    if not ceil_mode:
        return how
    ends = []
    for n, m, (before, after), step, span in zip(size, how.count(size), how.padding, how.stride, how.span()):
        missing = m * step + span - (n + before + after)  # what one window more would take
        # that window must start in the input or in the padding before it
        ends.append((before, after + missing if missing < step and m * step < n + before else after))
    return replace(how, padding=tuple(ends))


def per_axis(op: str, argument: str, value: Steps, axes: int, least: int) -> Sizes:
    """`value`, a number for all axes or one for each, as one for each; ValueError where there are not as many.

    >>> per_axis("conv2d", "stride", 2, axes=2, least=1)
    (2, 2)
    """
    sizes = tuple(value) if isinstance(value, (tuple, list)) else (value,) * axes
    if len(sizes) == 1:
        sizes *= axes
    if len(sizes) != axes or any(n < least for n in sizes):
        raise ValueError(f"{op}: {argument} is {value}; it must be a number of at least {least}, or {axes} of them")
    return sizes

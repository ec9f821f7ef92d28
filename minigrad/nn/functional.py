"""The ops that a network is made of, under PyTorch's names: `nn.functional.relu` is `minigrad.relu`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..declare import ops

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...


globals().update({name: op for name, op in ops.items() if "." not in name})

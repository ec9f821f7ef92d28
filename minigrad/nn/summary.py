"""What a forward pass does, module by module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..context import no_grad

if TYPE_CHECKING:
    from .module import Module


def summary(model: Module, x: Any) -> str:
    """The text of `Module.summary`."""
    rows = [("module", "class", "output", "parameters")]
    paths = {id(module): path or "(whole)" for path, module in model.named_modules()}
    training = {module: module.training for module in model.modules()}

    def note(module: Module, inputs: tuple[Any, ...], out: Any) -> None:
        own = sum(
            module.__dict__[name].size
            for name, kind in module._kinds.items()
            if kind == "parameter" and module.__dict__[name] is not None
        )
        shape = ", ".join(str(part.shape) for part in (out if type(out) is tuple else (out,)))
        rows.append((paths[id(module)], type(module).__name__, shape, f"{own:,}" if own else "-"))

    handles = [module.register_forward_hook(note) for module in model.modules()]
    try:
        model.eval()
        with no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, was in training.items():
            module.__dict__["training"] = was
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    lines.append(f"{sum(p.size for p in model.parameters()):,} parameters")
    return "\n".join(lines)

"""The nodes that a Tensor was made from, and what to call each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from ..graph import Leaf, Node, Output, reachable
from ..tensor import Tensor


def nodes_of(tensor: Tensor, asker: str) -> list[Node]:
    """Every node that `tensor` was made from, oldest first; `asker` is the function that an error names.

    Raises
    ------
    TypeError
        for something that is no Tensor.
    ValueError
        where the Tensor was made from nothing, or a backward pass has freed its graph.
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{asker}: expected a Tensor, got {type(tensor).__name__}")
    if tensor.node is None:
        raise ValueError(f"{asker}: this Tensor has no graph; it was made from nothing that requires gradients")
    try:
        return reachable([tensor.node])
    except RuntimeError:
        raise ValueError(
            f"{asker}: a backward pass has freed this graph; call {asker} before backward, "
            "or pass retain_graph=True to it"
        ) from None


def chosen_name(node: Node, names: Mapping[Node, str]) -> str | None:
    """The name that a person or a module gave to the node's Tensor."""
    owner = node.owner() if isinstance(node, Leaf) else None
    return names.get(node) or node.note("name") or (owner.name if owner is not None else None)


def by_node(names: Mapping[str, Tensor] | None) -> dict[Node, str]:
    """`names`, which may be `locals()`, the other way round."""
    return {t.node: name for name, t in (names or {}).items() if isinstance(t, Tensor) and t.node is not None}


def labels(nodes: Iterable[Node], names: Mapping[str, Tensor] | None) -> dict[Node, str]:
    """What to call each node: its name; else its module and op, numbered where several would read the same."""
    given = by_node(names)
    found: dict[Node, str] = {}
    nameless: list[tuple[Node, str]] = []
    for node in nodes:
        name = chosen_name(node, given)
        if name:
            found[node] = name
        elif isinstance(node, Output):
            (whole,) = node.parents
            assert whole is not None
            found[node] = f"{found[whole]}[{node.index}]"
        else:
            base = node.plan.op.name if node.plan is not None else "leaf"
            base = f"{node.scope}.{base}" if node.scope else base
            nameless.append((node, base))
            found[node] = base
    total, turn = Counter(base for _, base in nameless), Counter[str]()
    for node, base in nameless:
        turn[base] += 1
        if total[base] > 1:
            found[node] = f"{base}{turn[base]}"
    return found

"""Mutants of a rule: its syntax tree, wrong in one place."""

from __future__ import annotations

import ast
import copy
import functools
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from minigrad.op import Rule

Tree = ast.Lambda | ast.FunctionDef


class Mutant(NamedTuple):
    """A rule with one fault: what was done, the line, and the function."""

    what: str
    text: str  # the rule as it reads now
    function: Callable[..., Any]


def mutants(rule: Rule) -> Iterator[Mutant]:
    """Every mutant of a rule whose source can be found; each reads otherwise than the rule and than the others."""
    found = tree_of(rule.function)
    if found is None:
        return
    tree = _bare(found)
    seen = {ast.unparse(tree)}
    for what, mutated in _mutations(tree):
        text = ast.unparse(ast.fix_missing_locations(mutated))
        if text not in seen:
            seen.add(text)
            yield Mutant(what, text, _compiled(mutated, rule.function))


def as_written(rule: Rule) -> str:
    """The rule itself, in the form in which the mutants are shown."""
    tree = tree_of(rule.function)
    return ast.unparse(_bare(tree)) if tree else ""


# -- from a function to its tree, and back ------------------------------------------------------------------------------


@functools.cache
def _parsed(path: str) -> ast.Module:
    with open(path) as file:
        return ast.parse(file.read())


def tree_of(function: Callable[..., Any]) -> Tree | None:
    """The lambda or the def that a function was made by."""
    if not isinstance(function, types.FunctionType):
        return None
    code = function.__code__
    # The first instruction, RESUME, has the place of no expression.
    spots = {(line, column) for line, _, column, end in code.co_positions() if line and column is not None and end}
    for node in ast.walk(_parsed(code.co_filename)):
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            first = min([node.lineno, *[d.lineno for d in node.decorator_list]])
            if first == code.co_firstlineno:
                return node
        if isinstance(node, ast.Lambda) and code.co_name == "<lambda>":
            body = node.body
            inside = [
                (body.lineno, body.col_offset) <= spot <= (body.end_lineno, body.end_col_offset) for spot in spots
            ]
            same_names = [a.arg for a in node.args.args] == list(code.co_varnames[: code.co_argcount])
            if node.lineno == code.co_firstlineno and same_names and sum(inside) > len(inside) / 2:
                return node
    return None


def _bare(tree: Tree) -> Tree:
    """Without decorators, annotations and docstring, in which nothing can be wrong."""
    bare = copy.deepcopy(tree)
    if isinstance(bare, ast.FunctionDef):
        bare.decorator_list, bare.returns, bare.name = [], None, "rule"
        for argument in [*bare.args.args, *bare.args.kwonlyargs]:
            argument.annotation = None
        if isinstance(bare.body[0], ast.Expr) and isinstance(bare.body[0].value, ast.Constant):
            del bare.body[0]
    return bare


def _compiled(tree: Tree, original: types.FunctionType) -> Callable[..., Any]:
    """A function of the mutated tree, with the globals and the closure of the original."""
    free = original.__code__.co_freevars
    if isinstance(tree, ast.Lambda):
        made: list[ast.stmt] = [ast.Return(tree)]
    else:
        made = [tree, ast.Return(ast.Name("rule", ast.Load()))]
    arguments = ast.arguments([], [ast.arg(name) for name in free], None, [], [], None, [])
    outer = ast.FunctionDef("outer", arguments, made, [], None, lineno=1, type_params=[])
    module = ast.fix_missing_locations(ast.Module([outer], []))
    namespace: dict[str, Any] = dict(original.__globals__)
    exec(compile(module, "<mutant>", "exec"), namespace)
    result: Callable[..., Any] = namespace["outer"](*[cell.cell_contents for cell in original.__closure__ or ()])
    return result


# -- what can go wrong ----------------------------------------------------------------------------------------------------


def _mutations(tree: Tree) -> Iterator[tuple[str, Tree]]:
    for what, change in _OF_THE_RESULT.items():
        yield what, _with_results(tree, change)
    if not _takes_g_apart(tree):
        yield "g to ones", _with_name(tree, "g", "np.ones_like(g)")
    for position, node in enumerate(ast.walk(tree)):
        for what, replacement in _of_the_node(node):
            yield what, _replaced(tree, position, replacement)


_OF_THE_RESULT: dict[str, Callable[[ast.expr], ast.expr]] = {
    "negate": lambda e: ast.UnaryOp(ast.USub(), e),
    "x 2": lambda e: ast.BinOp(ast.Constant(2), ast.Mult(), e),
    "x 1.0001": lambda e: ast.BinOp(ast.Constant(1.0001), ast.Mult(), e),
    "return g itself": lambda e: ast.Name("g", ast.Load()),
}


def _with_results(tree: Tree, change: Callable[[ast.expr], ast.expr]) -> Tree:
    """What the rule returns, changed; where it returns several gradients, the first of them."""

    def changed(e: ast.expr) -> ast.expr:
        if isinstance(e, ast.Tuple) and e.elts:
            return ast.Tuple([change(e.elts[0]), *e.elts[1:]], ast.Load())
        return change(e)

    new = copy.deepcopy(tree)
    if isinstance(new, ast.Lambda):
        new.body = changed(new.body)
        return new
    for node in ast.walk(new):
        if isinstance(node, ast.Return) and node.value is not None:
            node.value = changed(node.value)
    return new


def _takes_g_apart(tree: Tree) -> bool:
    return any(
        isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name) and n.value.id == "g" for n in ast.walk(tree)
    )


def _with_name(tree: Tree, name: str, text: str) -> Tree:
    class Renamed(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            loaded = node.id == name and isinstance(node.ctx, ast.Load)
            return ast.parse(text, mode="eval").body if loaded else node

    new: Tree = Renamed().visit(copy.deepcopy(tree))
    return new


_FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}
_NOT_A_SUM = {"sum": "mean", "scatter_add": "put_along_axis", "cumsum": "sum", "maximum": "minimum", "floor": "ceil"}
_DROPPED_CALLS = {
    "unbroadcast",
    "conj",
    "conjugate",
    "sign",
    "flip",
    "swapaxes",
    "transpose",
    "moveaxis",
    "triu",
    "tril",
}


def _of_the_node(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """What may be in the place of a node."""
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, (ast.Add, ast.Sub)):
            yield "drop a term", node.left
            yield "drop a term", node.right
            swapped = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            yield "+ to -", ast.BinOp(node.left, swapped, node.right)
        elif isinstance(node.op, (ast.Mult, ast.Div, ast.MatMult)):
            yield "drop a factor", node.left
            yield "drop a factor", node.right
        elif isinstance(node.op, ast.Pow):
            for step, sign in ((ast.Add(), "+"), (ast.Sub(), "-")):
                yield (
                    f"exponent {sign} 1",
                    ast.BinOp(node.left, ast.Pow(), ast.BinOp(node.right, step, ast.Constant(1))),
                )
    elif isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        yield f"drop .{node.attr}", node.value
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in _FLIPPED:
        operator = _FLIPPED[type(node.ops[0])]()
        yield "flip a comparison", ast.Compare(node.left, [operator, *node.ops[1:]], node.comparators)
    elif isinstance(node, ast.Call):
        yield from _of_the_call(node)
    elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) == 2:
        yield "swap two", ast.Tuple(node.elts[::-1], ast.Load())


def _of_the_call(node: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in _DROPPED_CALLS:
        on = node.args[0] if node.args else node.func.value if isinstance(node.func, ast.Attribute) else None
        if on is not None:
            yield f"drop {name}", on
    if name in _NOT_A_SUM and isinstance(node.func, ast.Attribute):
        yield (
            f"{name} to {_NOT_A_SUM[name]}",
            ast.Call(ast.Attribute(node.func.value, _NOT_A_SUM[name], ast.Load()), node.args, node.keywords),
        )
    for i, keyword in enumerate(node.keywords):
        value: ast.expr | None = None
        if keyword.arg == "keepdims" and isinstance(keyword.value, ast.Constant):
            value = ast.Constant(not keyword.value.value)
        elif keyword.arg == "axis" and isinstance(keyword.value, (ast.Constant, ast.UnaryOp)):
            value = ast.BinOp(keyword.value, ast.Add(), ast.Constant(1))
        if value is not None:
            keywords = [*node.keywords[:i], ast.keyword(keyword.arg, value), *node.keywords[i + 1 :]]
            yield f"{keyword.arg} changed", ast.Call(node.func, node.args, keywords)


def _replaced(tree: Tree, position: int, replacement: ast.expr) -> Tree:
    """The tree with another node in the place of the one at this position of the walk."""
    new = copy.deepcopy(tree)
    target = next(node for i, node in enumerate(ast.walk(new)) if i == position)

    class Put(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return copy.deepcopy(replacement) if node is target else super().visit(node)

    result: Tree = Put().visit(new)
    return result

"""Finds where a file iterates a set, as far as its text tells.

Part of the rules in `tests/house.py`. It knows set displays, `set()`, set operators, names and fields annotated or
assigned as sets, and it lets the order-blind consumers pass (`sorted`, `len`, `any`, ...). It follows no call into
another function: the replay under two values of PYTHONHASHSEED is the proof, this is the early warning.
"""

import ast
from collections.abc import Iterable, Iterator

SET_TYPES = frozenset({"set", "frozenset", "Set", "AbstractSet", "MutableSet", "FrozenSet"})
SET_METHODS = frozenset({"union", "intersection", "difference", "symmetric_difference"})
SET_OPERATORS = (ast.BitOr, ast.BitAnd, ast.Sub, ast.BitXor)
# Their answer does not depend on the order. `min` and `max` with a key do: a tie goes to the first.
ORDER_BLIND = frozenset({"sorted", "len", "any", "all", "set", "frozenset", "min", "max"})
ORDER_KEEPING = frozenset({"list", "tuple", "iter", "enumerate", "zip", "map", "filter", "dict", "sum", "deque"})

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def set_fields_of(trees: Iterable[ast.Module]) -> frozenset[str]:
    """Return the names of all class fields that are annotated as sets."""
    return frozenset(
        statement.target.id
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        if isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and _is_set_type(statement.annotation)
    )


def set_iterations(tree: ast.Module, *, set_fields: frozenset[str] = frozenset()) -> list[int]:
    """Return the lines, ascending, on which a set is iterated in an order that can be seen."""
    fields = set_fields | set_fields_of([tree])
    module_names = frozenset(_names(tree.body))
    lines = set(_Scope(names=module_names, fields=fields).iterations(tree))
    for node in ast.walk(tree):
        if isinstance(node, FunctionNode):
            names = module_names | frozenset(_arguments(node)) | frozenset(_names(ast.walk(node)))
            lines |= set(_Scope(names=names, fields=fields).iterations(node))
    return sorted(lines)


def _is_set_type(annotation: ast.expr | None) -> bool:
    match annotation:
        case ast.Subscript(value=inner) | ast.BinOp(left=inner):
            return _is_set_type(inner)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in SET_TYPES
        case _:
            return False


def _arguments(node: FunctionNode) -> Iterator[str]:
    arguments = node.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        if _is_set_type(argument.annotation):
            yield argument.arg


def _names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    nothing = _Scope(names=frozenset(), fields=frozenset())
    for node in nodes:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation) if _is_set_type(annotation):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if nothing.is_set(value):
                yield name
            case _:
                pass


class _Scope:
    """What is known to be a set in one function, or at the top of a module."""

    def __init__(self, *, names: frozenset[str], fields: frozenset[str]) -> None:
        self.names = names
        self.fields = fields

    def is_set(self, node: ast.expr) -> bool:
        """Whether the expression surely gives a set."""
        match node:
            case ast.Set() | ast.SetComp():
                return True
            case ast.Call(func=ast.Name(id=name)):
                return name in {"set", "frozenset"}
            case ast.Call(func=ast.Attribute(value=owner, attr=name)):
                return name in SET_METHODS and self.is_set(owner)
            case ast.BinOp(left=left, op=op, right=right) if isinstance(op, SET_OPERATORS):
                return any(self.is_set(side) or _is_keys(side) for side in (left, right))
            case ast.IfExp(body=body, orelse=orelse):
                return self.is_set(body) or self.is_set(orelse)
            case ast.Name(id=name):
                return name in self.names
            case ast.Attribute(attr=name):
                return name in self.fields
            case _:
                return False

    def iterations(self, root: ast.AST) -> Iterator[int]:
        """Yield the line of every iteration below `root` whose order can be seen."""
        blind = {
            id(argument)
            for node in ast.walk(root)
            if isinstance(node, ast.Call) and _is_order_blind(node)
            for argument in node.args
        }
        for node in ast.walk(root):
            match node:
                case ast.For(iter=iterated) | ast.AsyncFor(iter=iterated) | ast.Starred(value=iterated):
                    if self.is_set(iterated):
                        yield node.lineno
                case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                    if id(node) not in blind and any(self.is_set(part.iter) for part in node.generators):
                        yield node.lineno
                case ast.Call(func=ast.Name(id=name), args=arguments) if name in ORDER_KEEPING:
                    if any(self.is_set(argument) for argument in arguments):
                        yield node.lineno
                case ast.Call(func=ast.Name(id="min" | "max"), args=[only], keywords=[_, *_]) if self.is_set(only):
                    yield node.lineno
                case ast.Call(func=ast.Attribute(attr="join" | "fromkeys" | "extend"), args=[only, *_]):
                    if self.is_set(only):
                        yield node.lineno
                case ast.Call(func=ast.Attribute(value=owner, attr="pop"), args=[]) if self.is_set(owner):
                    yield node.lineno
                case _:
                    pass


def _is_keys(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"keys", "items"}


def _is_order_blind(node: ast.Call) -> bool:
    return (
        isinstance(node.func, ast.Name)
        and node.func.id in ORDER_BLIND
        and not (node.func.id in {"min", "max"} and node.keywords)
    )

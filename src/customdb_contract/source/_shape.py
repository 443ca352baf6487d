"""Whether a source is one function, and with which parameters."""

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from customdb_contract.source._tree import Tree, field, parse, text_of, walk
from customdb_contract.transcript import FactKind, SourceFact

__all__ = ["parameters_of", "read_shape"]

_FUNCTIONS: Final = frozenset({"function_expression", "arrow_function", "function_declaration"})
_MOST_SHOWN: Final = 40


def read_shape(text: str, file_name: str) -> tuple[Tree, tuple[SourceFact, ...]]:
    """Return the tree of a source, and the facts about its shape.

    Auth0 evaluates the text as an expression whose value is the function, so it is first parsed as one.

    Args:
        text: The source.
        file_name: The name of the file in locations.
    """
    expression = parse(f"(\n{text}\n)")
    function = None if expression.has_error else _inner(expression)
    if function is not None and function.type in _FUNCTIONS:
        return _with_name(Tree(expression, function, file_name, 1))
    program = parse(text)
    statements = [node for node in program.named_children if node.type not in {"comment", "empty_statement"}]
    if statements and _is_directive(statements[0]):
        statements = statements[1:]
    function = _exported(statements) or _only_function(statements)
    tree = Tree(program, function, file_name, 0)
    if program.has_error:
        return tree, (_error(tree),)
    if _exported(statements) is not None:
        named, facts = _with_name(tree)
        exported = SourceFact(FactKind.MODULE_EXPORTS, "the function is assigned to module.exports", f"{file_name}:1:1")
        return named, (exported, *facts)
    if function is None:
        said = f"{len(statements)} statements" if statements else "nothing"
        where = tree.location(statements[1] if len(statements) > 1 else program)
        return tree, (SourceFact(FactKind.NOT_A_FUNCTION, f"{said} instead of one function", where),)
    return _with_name(tree)


def parameters_of(tree: Tree) -> tuple[str, ...] | None:
    """Return the names of the function's parameters, or None if they are unknown.

    Args:
        tree: The tree of a source that is a function.
    """
    function = tree.function
    assert function is not None  # noqa: S101 - a source without one is not read any further
    single = field(function, "parameter")
    if single is not None:
        return (text_of(single),)
    parameters = [node for node in _children(field(function, "parameters")) if node.type != "comment"]
    uses_arguments = any(node.type == "identifier" and text_of(node) == "arguments" for node in walk(function))
    if uses_arguments or any(node.type != "identifier" for node in parameters):
        return None
    return tuple(text_of(node) for node in parameters)


def _with_name(tree: Tree) -> tuple[Tree, tuple[SourceFact, ...]]:
    function = tree.function
    if function is None or field(function, "name") is not None:
        return tree, ()
    return tree, (SourceFact(FactKind.ANONYMOUS_FUNCTION, "the function has no name", tree.location(function)),)


def _children(node: Node | None) -> list[Node]:
    return [] if node is None else node.named_children


def _inner(program: Node) -> Node | None:
    node: Node | None = program
    while node is not None and node.type in {"program", "expression_statement", "parenthesized_expression"}:
        inner = [child for child in node.named_children if child.type != "comment"]
        node = inner[0] if len(inner) == 1 else None
    return node


def _is_directive(statement: Node) -> bool:
    return statement.type == "expression_statement" and text_of(statement).strip(";'\" ") == "use strict"


def _only_function(statements: list[Node]) -> Node | None:
    only = statements[0] if len(statements) == 1 else None
    return only if only is not None and only.type in _FUNCTIONS else None


def _exported(statements: list[Node]) -> Node | None:
    only = _inner(statements[0]) if len(statements) == 1 else None
    if only is None or only.type != "assignment_expression":
        return None
    left, right = field(only, "left"), field(only, "right")
    if left is None or right is None or text_of(left) not in {"module.exports", "exports"}:
        return None
    return right if right.type in _FUNCTIONS else None


def _error(tree: Tree) -> SourceFact:
    broken = next(iter(_broken(tree.root)), tree.root)
    if broken.is_missing:
        said = f"{broken.type} is missing"
    else:
        found = " ".join(text_of(broken).split())
        said = f"{found[:_MOST_SHOWN]!r} is not understood" if found else "it does not parse"
    return SourceFact(FactKind.NOT_A_FUNCTION, said, tree.location(broken))


def _broken(node: Node) -> Iterator[Node]:
    """Yield the nodes that the parser could not read, innermost first."""
    if not node.has_error and not node.is_missing:
        return
    for child in node.children:
        yield from _broken(child)
    yield node

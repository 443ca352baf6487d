"""Reading the source of an Action: a module that exports its handlers."""

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from customdb_contract.source import ActionSource
from customdb_contract.source._input import regexes_from_input
from customdb_contract.source._network import calls_without_timeout, unverified_tls
from customdb_contract.source._readers import Readers, facts_of, unread
from customdb_contract.source._secrets import secret_literals
from customdb_contract.source._tree import Tree, field, parse, property_name, text_of, walk
from customdb_contract.transcript import FactKind, SourceFact

__all__ = ["read"]

_HANDLER: Final = "onExecutePostLogin"
_FUNCTIONS: Final = frozenset({"arrow_function", "function_expression", "function_declaration", "method_definition"})
_READERS: Final[Readers] = {
    FactKind.SECRET_LITERAL: secret_literals,
    FactKind.CALL_WITHOUT_TIMEOUT: calls_without_timeout,
    FactKind.TLS_NOT_VERIFIED: unverified_tls,
}


def read(text: str, file_name: str) -> ActionSource:
    """Return the facts from the source of an Action.

    Args:
        text: The source.
        file_name: The name of the file in locations.
    """
    size = SourceFact(FactKind.BYTES, str(len(text.encode("utf-8", "replace"))), f"{file_name}:1:1")
    try:
        program = parse(text)
        if program.has_error:
            return ActionSource((size,), None)
        tree = Tree(program, _handler(program), file_name, 0)
    except RecursionError:
        return ActionSource((size, *unread(_READERS, file_name)), None)
    readers = {**_READERS} if tree.function is None else {**_READERS, FactKind.REGEX_FROM_INPUT: regexes_from_input}
    location = None if tree.function is None else f"{file_name}:{tree.function.start_point[0] + 1}"
    return ActionSource((size, *facts_of(tree, readers, file_name)), location)


def _handler(program: Node) -> Node | None:
    """Return the function that is exported as the handler, if it is known."""
    found = next(_exported(program), None)
    if found is not None and found.type == "identifier":
        return next(_defined(program, text_of(found)), None)
    return found


def _exported(program: Node) -> Iterator[Node]:
    for node in walk(program):
        value = None
        if node.type == "assignment_expression":
            left = field(node, "left")
            name = None if left is None else field(left, "property")
            value = field(node, "right") if name is not None and text_of(name) == _HANDLER else None
        elif node.type == "pair" and property_name(node) == _HANDLER:
            value = field(node, "value")
        elif node.type == "method_definition":
            name = field(node, "name")
            value = node if name is not None and text_of(name) == _HANDLER else None
        elif node.type == "shorthand_property_identifier" and text_of(node) == _HANDLER:
            yield from _defined(program, _HANDLER)
        if value is not None and value.type in {*_FUNCTIONS, "identifier"}:
            yield value


def _defined(program: Node, name: str) -> Iterator[Node]:
    """Yield the functions that a name stands for."""
    for node in walk(program):
        named = field(node, "name") if node.type in {"function_declaration", "variable_declarator"} else None
        if named is None or text_of(named) != name:
            continue
        function = node if node.type == "function_declaration" else field(node, "value")
        if function is not None and function.type in _FUNCTIONS:
            yield function

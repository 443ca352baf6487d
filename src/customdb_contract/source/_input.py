"""Places where a script's input becomes more than a value."""

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from customdb_contract.source._shape import parameters_of
from customdb_contract.source._tree import Tree, argument_nodes, callee, field, property_name, text_of, walk
from customdb_contract.transcript import FactKind, SourceFact

__all__ = ["regexes_from_input"]

_NOT_INPUT: Final = frozenset({"callback", "cb", "context", "done"})
_PUTS_ESCAPES: Final = "$&"
"""The escaped character, in a replacement."""


def regexes_from_input(tree: Tree) -> Iterator[SourceFact]:
    """Yield the regular expressions that are built from the script's input without escaping it.

    Args:
        tree: The tree of the source.
    """
    given = _given(tree)
    for node in tree.of_type("new_expression", "call_expression", "pair"):
        if node.type == "pair":
            value = field(node, "value")
            made_of = value if property_name(node) == "$regex" else None
        else:
            made_of = next(iter(argument_nodes(node)), None) if callee(node) == ("RegExp",) else None
        if made_of is not None and _is_made_of(made_of, given):
            text = "$regex" if node.type == "pair" else "RegExp"
            yield SourceFact(FactKind.REGEX_FROM_INPUT, text, tree.location(node))


def _given(tree: Tree) -> frozenset[str]:
    """Return the parameters of the script, and the variables that are derived from them."""
    given = frozenset(parameters_of(tree) or ()) - _NOT_INPUT
    while True:
        more = given | {name for name, value in tree.values.items() if _is_made_of(value, given)}
        if more == given:
            return given
        given = more


def _is_made_of(node: Node, given: frozenset[str]) -> bool:
    if node.type == "identifier":
        return text_of(node) in given
    if _escapes(node) or node.type in {"arrow_function", "function_expression", "await_expression"}:
        return False
    if node.type == "call_expression":
        # The result of a function is unknown; a method of the text itself keeps the input.
        function = field(node, "function")
        inner = None if function is None else field(function, "object")
        return inner is not None and _is_made_of(inner, given)
    return any(_is_made_of(child, given) for child in node.named_children)


def _escapes(node: Node) -> bool:
    """Tell whether a call escapes the special characters of regular expressions."""
    if node.type != "call_expression":
        return False
    function = field(node, "function")
    name = "" if function is None else text_of(function)
    if "escape" in name.lower():
        return True
    return name.rpartition(".")[2] in {"replace", "replaceAll"} and any(
        _PUTS_ESCAPES in text_of(inner) for argument in argument_nodes(node) for inner in walk(argument)
    )

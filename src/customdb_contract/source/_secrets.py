"""Credentials that stand in a source. What is told names what they are given to, and never shows them."""

import re
from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from customdb_contract.source._tree import Tree, field, literal, property_name, text_of
from customdb_contract.transcript import FactKind, SourceFact

__all__ = ["secret_literals"]

_NAMES: Final = re.compile(
    r"(?:.*(?:password|passwd|secret|apikey|accesskey|privatekey|accesstoken|authtoken|apitoken)|pass|pwd|token)",
    re.IGNORECASE,
)
_IN_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^/:@\s]+:[^/@\s]+@", re.IGNORECASE)
_IN_HEADER: Final = re.compile(r"(?:Bearer|Basic) +[\w.~+/=-]{8,}")
_KEYS: Final = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b")
_LIKE_A_SECRET: Final = re.compile(r"(?=.*[0-9A-Z!-/:-@\[-^`{-~])[!-~]{6,}")
"""A word of lower-case letters is the name of a column or a field as often as a password."""

_PLACEHOLDER: Final = re.compile(r"(?i)(?:[*x.]+|<.*>|\{.*\}|\$\{.*\}|(?:change|replace|your|my|the)[-_ ]?.*)")
_WITHOUT_MARKS: Final = str.maketrans("", "", "_-")


def secret_literals(tree: Tree) -> Iterator[SourceFact]:
    """Yield the credentials that stand in the source.

    Args:
        tree: The tree of the source.
    """
    for node in tree.of_type("string", "template_string"):
        content = literal(node)
        what = None if content is None else _what(node, content)
        if what:
            yield SourceFact(FactKind.SECRET_LITERAL, what, tree.location(node))


def _what(node: Node, content: str) -> str | None:
    if _KEYS.search(content):
        return "a key"
    if _IN_URL.match(content):
        return "an address with a password in it"
    if _IN_HEADER.match(content):
        return "a header with credentials"
    name = _given_to(node)
    is_secret = _LIKE_A_SECRET.fullmatch(content) and not _PLACEHOLDER.fullmatch(content)
    return name if name and is_secret and _NAMES.fullmatch(name.translate(_WITHOUT_MARKS)) else None


def _given_to(node: Node) -> str | None:
    """Return the name of the property or the variable that a text is given to."""
    parent = node.parent
    assert parent is not None  # noqa: S101 - the root of a tree is no text
    if parent.type == "pair" and parent.child_by_field_name("value") == node:
        return property_name(parent)
    if parent.type == "variable_declarator":
        name = field(parent, "name")
        return None if name is None else text_of(name)
    if parent.type == "assignment_expression" and parent.child_by_field_name("right") == node:
        left = field(parent, "left")
        return None if left is None else text_of(left).rpartition(".")[2]
    return None

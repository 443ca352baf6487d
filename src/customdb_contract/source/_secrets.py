"""Credentials in a source. Facts name the variable or property that has a credential, and never show it."""

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
_IN_TEXT: Final = re.compile(
    r"""(?:^|[?&;{,\s"'])["']?(?P<name>[A-Za-z][\w-]*)["']?(?:=|\s*:\s*["'])(?P<value>[\w.~+/!#*^-]+)(?=["'&;\s]|$)""",
    re.ASCII,
)
"""One of several settings in a text: JSON, a form, or the address of a driver such as `Server=db;Password=…`."""

_SQL: Final = re.compile(r"\b(?:select|insert|update|where|set)\b", re.IGNORECASE)
"""SQL, in which a name beside a sign is a column beside a value."""

_NAMES_USER: Final = re.compile(r"(?:db)?(?:user|username|userid|login|uid)", re.IGNORECASE)
_NAMES_PLACE: Final = re.compile(
    r"(?:db)?(?:host|hostname|server|url|uri|address|connectstring|endpoint)", re.IGNORECASE
)
_LIKE_A_SECRET: Final = re.compile(r"(?=.*[0-9A-Z!-/:-@\[-^`{-~])[!-~]{6,}")
"""A word in lower case is as often the name of a column or a field as a password."""

_PLACEHOLDER: Final = re.compile(r"(?i)(?:[*x.]+|<.*>|\{.*\}|\$\{.*\}|(?:change|replace|your|my|the)[-_ ]?.*)")
_WITHOUT_MARKS: Final = str.maketrans("", "", "_-")


def secret_literals(tree: Tree) -> Iterator[SourceFact]:
    """Yield the credentials in a source.

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
    for setting in () if _SQL.search(content) else _IN_TEXT.finditer(content):
        if _names_secret(setting["name"]) and _is_secret(setting["value"]):
            return f"{setting['name']} in a text"
    name = _given_to(node)
    if name is None or not _names_secret(name):
        return None
    # Beside a user and a host, even a short word is the password of an account.
    is_secret = _is_secret(content) or (content and not _PLACEHOLDER.fullmatch(content) and _is_of_an_account(node))
    return name if is_secret else None


def _names_secret(name: str) -> bool:
    return _NAMES.fullmatch(name.translate(_WITHOUT_MARKS)) is not None


def _is_secret(content: str) -> bool:
    return _LIKE_A_SECRET.fullmatch(content) is not None and not _PLACEHOLDER.fullmatch(content)


def _is_of_an_account(node: Node) -> bool:
    """Tell whether a text is in an object with a user and a host."""
    pair = node.parent
    options = pair.parent if pair is not None and pair.type == "pair" else None
    if options is None:
        return False
    given = {
        property_name(child).translate(_WITHOUT_MARKS)
        for child in options.named_children
        if child.type == "pair" and literal(field(child, "value"))
    }
    return any(map(_NAMES_USER.fullmatch, given)) and any(map(_NAMES_PLACE.fullmatch, given))


def _given_to(node: Node) -> str | None:
    """Return the name of the property or the variable that has a text as its value."""
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

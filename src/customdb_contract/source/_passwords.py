"""How passwords are hashed, and hashes compared."""

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from customdb_contract.source._tree import Tree, argument_nodes, callee, field, literal, text_of, walk
from customdb_contract.transcript import FactKind, SourceFact

__all__ = ["timing_unsafe_compares", "weak_password_hashes"]

_EQUALITIES: Final = frozenset({"==", "===", "!=", "!=="})
_QUICK: Final = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})
_PASSWORDS: Final = frozenset({"password", "newPassword", "new_password"})
_FEWEST_ITERATIONS: Final = 100_000
"""Far below what is advised; source: the OWASP Password Storage Cheat Sheet."""

_LOWEST_COST: Final = 10
"""The lowest work factor of bcrypt that is advised; source: the OWASP Password Storage Cheat Sheet."""


def timing_unsafe_compares(tree: Tree) -> Iterator[SourceFact]:
    """Yield the comparisons of a digest by an operator.

    Args:
        tree: The tree of the source.
    """
    for node in tree.of_type("binary_expression"):
        operator, sides = field(node, "operator"), (field(node, "left"), field(node, "right"))
        if operator is None or text_of(operator) not in _EQUALITIES:
            continue
        if any(side is not None and _is_digest(tree.value_of(side)) for side in sides):
            yield SourceFact(FactKind.TIMING_UNSAFE_COMPARE, text_of(operator), tree.location(node))


def _is_digest(node: Node | None) -> bool:
    if node is None or node.type != "call_expression":
        return False
    function = field(node, "function")
    name = None if function is None else field(function, "property")
    return name is not None and text_of(name) == "digest"


def weak_password_hashes(tree: Tree) -> Iterator[SourceFact]:
    """Yield what hashes a password in a way that is quick to try.

    Args:
        tree: The tree of the source.
    """
    for call in tree.of_type("call_expression"):
        weak = _weak(tree, call)
        if weak:
            yield SourceFact(FactKind.WEAK_PASSWORD_HASH, weak, tree.location(call))


def _weak(tree: Tree, call: Node) -> str | None:
    function, arguments = field(call, "function"), argument_nodes(call)
    name = text_of(function).rpartition(".")[2] if function is not None else ""
    if name == "update" and function is not None and any(_is_password(argument) for argument in arguments):
        algorithm = _algorithm(tree.value_of(field(function, "object")))
        return f"{algorithm} of the password" if algorithm in _QUICK else None
    numbers = [_number(tree.value_of(argument)) for argument in arguments]
    if name in {"pbkdf2", "pbkdf2Sync"} and len(numbers) > 2:  # noqa: PLR2004 - password, salt, iterations
        iterations = numbers[2]
        return f"PBKDF2 with {iterations} iterations" if iterations and iterations < _FEWEST_ITERATIONS else None
    module = callee(call)[:1]
    if module in {("bcrypt",), ("bcryptjs",)} and name in {"hash", "hashSync", "genSalt", "genSaltSync"}:
        costs = [number for number in numbers if number is not None]
        return f"bcrypt with a cost of {costs[0]}" if costs and costs[0] < _LOWEST_COST else None
    return None


def _is_password(node: Node) -> bool:
    return any(
        inner.type in {"identifier", "property_identifier"} and text_of(inner) in _PASSWORDS for inner in walk(node)
    )


def _algorithm(node: Node | None) -> str | None:
    """Return the algorithm of the `createHash` that a chain of calls begins with."""
    while node is not None and node.type == "call_expression":
        function = field(node, "function")
        if function is None or text_of(function).rpartition(".")[2] == "createHash":
            arguments = argument_nodes(node)
            name = literal(arguments[0]) if arguments else None
            return None if name is None else name.lower().replace("-", "")
        node = field(function, "object")
    return None


def _number(node: Node | None) -> int | None:
    text = "" if node is None or node.type != "number" else text_of(node).replace("_", "")
    return int(text) if text.isdecimal() else None

"""Hashing of passwords, and comparison of hashes."""

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from customdb_contract.source._tree import Tree, argument_nodes, callee, field, literal, text_of, walk
from customdb_contract.transcript import FactKind, SourceFact

__all__ = ["timing_unsafe_compares", "weak_password_hashes"]

_FUNCTIONS: Final = frozenset({"arrow_function", "function_declaration", "function_expression"})
_EQUALITIES: Final = frozenset({"==", "===", "!=", "!=="})
_QUICK: Final = frozenset({"md4", "md5", "ripemd160", "sha1", "sha224", "sha256", "sha384", "sha512"})
_STARTS_HASH: Final = frozenset({"createHash", "createHmac"})
_SLOW: Final = frozenset({"argon2", "bcrypt", "bcryptjs", "pbkdf2", "pbkdf2Sync", "scrypt", "scryptSync"})
"""Modules and functions that hash slowly; their input may be a fast hash."""

_RETURNS_HASH: Final = frozenset({"digest", "hash", "hashSync", "pbkdf2Sync", "scryptSync"})
_GIVES_HASH: Final = frozenset({"hash", "pbkdf2", "scrypt"})
"""Functions that pass a hash to a callback, after an error."""

_KEEPS: Final = frozenset(
    {"concat", "from", "normalize", "slice", "substring", "toLowerCase", "toString", "toUpperCase", "trim"}
)
"""Methods whose result still contains their object or argument."""

_PASSWORDS: Final = frozenset({"password", "newPassword", "new_password"})
_FEWEST_ITERATIONS: Final = 100_000
"""Far below the recommended number; source: the OWASP Password Storage Cheat Sheet."""

_LOWEST_COST: Final = 10
"""The lowest recommended work factor of bcrypt; source: the OWASP Password Storage Cheat Sheet."""


def timing_unsafe_compares(tree: Tree) -> Iterator[SourceFact]:
    """Yield the comparisons of a digest with an operator.

    Args:
        tree: The tree of the source.
    """
    given = frozenset(_given_hashes(tree))
    hashing = frozenset(_hashing_functions(tree))
    for node in tree.of_type("binary_expression"):
        operator, sides = field(node, "operator"), (field(node, "left"), field(node, "right"))
        if operator is None or text_of(operator) not in _EQUALITIES:
            continue
        if any(side is not None and _is_hash(tree, side, given, hashing) for side in sides):
            yield SourceFact(FactKind.TIMING_UNSAFE_COMPARE, text_of(operator), tree.location(node))


def _given_hashes(tree: Tree) -> Iterator[str]:
    """Yield the parameter names of callbacks that receive a hash."""
    for call in tree.of_type("call_expression"):
        done = argument_nodes(call)[-1:] if _last_name(call) in _GIVES_HASH else ()
        for function in done:
            parameters = field(function, "parameters")
            named = [] if parameters is None else [node for node in parameters.named_children if node.type != "comment"]
            yield from (text_of(node) for node in named[1:2])


def _hashing_functions(tree: Tree) -> Iterator[str]:
    """Yield the names of the functions of the script that return a hash."""
    for node in tree.of_type("function_declaration", "variable_declarator"):
        name = field(node, "name")
        function = node if node.type == "function_declaration" else field(node, "value")
        body = None if function is None or function.type not in _FUNCTIONS else field(function, "body")
        if name is None or body is None:
            continue
        returned = [inner for inner in walk(body, into_functions=False) if inner.type == "return_statement"]
        values = [child for statement in returned for child in statement.named_children] or [body]
        if any(_is_hash(tree, value, frozenset(), frozenset()) for value in values):
            yield text_of(name)


def _is_hash(
    tree: Tree, node: Node, given: frozenset[str], hashing: frozenset[str], *, seen: frozenset[int] = frozenset()
) -> bool:
    value = tree.value_of(node)
    if value is None:
        return text_of(node) in given
    # In `email = email.trim()` a name depends on itself.
    if value.id in seen:
        return False
    seen |= {value.id}
    while value.type in {"await_expression", "parenthesized_expression"} and value.named_children:
        value = value.named_children[0]
    if value.type != "call_expression":
        return False
    name, on = _last_name(value), field(field(value, "function") or value, "object")
    if name in _RETURNS_HASH:
        return on is not None
    if name.lower() in _QUICK or name in hashing:
        return True
    return name in _KEEPS and on is not None and _is_hash(tree, on, given, hashing, seen=seen)


def weak_password_hashes(tree: Tree) -> Iterator[SourceFact]:
    """Yield the calls that hash a password with a fast algorithm.

    Args:
        tree: The tree of the source.
    """
    is_slow = any(_SLOW.intersection(callee(call)) for call in tree.of_type("call_expression"))
    for call in tree.of_type("call_expression"):
        weak = _weak(tree, call, is_slow=is_slow)
        if weak:
            yield SourceFact(FactKind.WEAK_PASSWORD_HASH, weak, tree.location(call))


def _weak(tree: Tree, call: Node, *, is_slow: bool) -> str | None:
    function, arguments, name = field(call, "function"), argument_nodes(call), _last_name(call)
    if name == "update" and function is not None and any(map(_is_password, arguments)):
        algorithm = _algorithm(tree.value_of(field(function, "object")))
        return f"{algorithm} of the password" if algorithm in _QUICK and not is_slow else None
    if name.lower() in _QUICK and any(map(_is_password, arguments)):
        return f"{name.lower()} of the password" if not is_slow else None
    numbers = [_number(tree.value_of(argument)) for argument in arguments]
    if name in {"pbkdf2", "pbkdf2Sync"} and len(numbers) > 2:  # noqa: PLR2004 - password, salt, iterations
        iterations = numbers[2]
        return f"PBKDF2 with {iterations} iterations" if iterations and iterations < _FEWEST_ITERATIONS else None
    module = callee(call)[:1]
    if module in {("bcrypt",), ("bcryptjs",)} and name in {"hash", "hashSync", "genSalt", "genSaltSync"}:
        costs = [number for number in numbers if number is not None]
        return f"bcrypt with a cost of {costs[0]}" if costs and costs[0] < _LOWEST_COST else None
    return None


def _last_name(call: Node) -> str:
    function = field(call, "function")
    return "" if function is None else text_of(function).rpartition(".")[2]


def _is_password(node: Node) -> bool:
    """Tell whether the hashed value contains the password, alone or beside a salt."""
    if node.type in {"identifier", "property_identifier"}:
        return text_of(node) in _PASSWORDS
    if node.type == "call_expression" and _last_name(node) not in _KEEPS:
        return False
    return any(map(_is_password, node.named_children))


def _algorithm(node: Node | None) -> str | None:
    """Return the algorithm of the `createHash` or `createHmac` that a chain of calls begins with."""
    while node is not None and node.type == "call_expression":
        function = field(node, "function")
        if function is None or _last_name(node) in _STARTS_HASH:
            arguments = argument_nodes(node)
            name = literal(arguments[0]) if arguments else None
            return None if name is None else name.lower().replace("-", "")
        node = field(function, "object")
    return None


def _number(node: Node | None) -> int | None:
    text = "" if node is None or node.type != "number" else text_of(node).replace("_", "")
    return int(text) if text.isdecimal() else None

"""Calls to other hosts: their time-outs, and whether the other side is verified."""

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from customdb_contract.source._modules import required_modules
from customdb_contract.source._tree import Tree, argument_nodes, callee, field, literal, property_name, text_of, walk
from customdb_contract.transcript import FactKind, SourceFact

__all__ = ["calls_without_timeout", "unverified_tls"]

_CLIENTS: Final = frozenset({"axios", "got", "http", "https", "needle", "node-fetch", "request", "superagent"})
_METHODS: Final = frozenset({"delete", "get", "head", "patch", "post", "put", "request"})
_TIMEOUTS: Final = ("signal", "timeout")
_ELSEWHERE: Final = frozenset({"race", "setTimeout", "defaults", "create", "interceptors", "AbortController"})
"""Where one of these stands, the time-out of a call may be somewhere else."""

_OFF: Final = {
    "rejectUnauthorized": "false",
    "strictSSL": "false",
    "trustServerCertificate": "true",
    "encrypt": "false",
}
_ENCRYPTING: Final = frozenset({"mssql", "tedious"})
_VARIABLE: Final = "process.env.NODE_TLS_REJECT_UNAUTHORIZED"


def calls_without_timeout(tree: Tree) -> Iterator[SourceFact]:
    """Yield the calls to other hosts that have no time-out of their own, as far as that can be told.

    Args:
        tree: The tree of the source.
    """
    if any(node.type in {"identifier", "property_identifier"} and text_of(node) in _ELSEWHERE for node in tree.nodes):
        return
    clients = _clients(tree)
    for call in tree.of_type("call_expression"):
        name = callee(call)
        first, *rest = (*name, "")
        is_call = first in clients and (len(name) == 1 or rest[0] in _METHODS)
        if is_call and not _may_have_timeout(tree, call):
            yield SourceFact(FactKind.CALL_WITHOUT_TIMEOUT, ".".join(name), tree.location(call))


def _clients(tree: Tree) -> frozenset[str]:
    clients = set[str]() if "fetch" in tree.declared else {"fetch"}
    for call, module in required_modules(tree):
        declarator = call.parent
        if declarator is None or declarator.type != "variable_declarator" or module.partition("@")[0] not in _CLIENTS:
            continue
        name = field(declarator, "name")
        if name is not None and name.type == "identifier":
            clients.add(text_of(name))
    return frozenset(clients)


def _may_have_timeout(tree: Tree, call: Node) -> bool:
    """Tell whether a time-out is given to a call, or something of which it cannot be told."""
    # The first argument of fetch is an address, whatever it is called.
    for argument in argument_nodes(call)[int(callee(call) == ("fetch",)) :]:
        value = tree.value_of(argument)
        if value is None:
            return True
        if value.type == "object":
            if tree.property_of(value, *_TIMEOUTS) or any(child.type == "spread_element" for child in value.children):
                return True
        elif value.type not in {"string", "template_string", "binary_expression", "arrow_function", "new_expression"}:
            return value.type not in {"function_expression", "member_expression"}
    return False


def unverified_tls(tree: Tree) -> Iterator[SourceFact]:
    """Yield what turns the verification of certificates off, or the encryption.

    Args:
        tree: The tree of the source.
    """
    encrypting = any(module.partition("@")[0] in _ENCRYPTING for _, module in required_modules(tree))
    for node in tree.of_type("pair", "assignment_expression"):
        if node.type == "assignment_expression":
            left, right = field(node, "left"), field(node, "right")
            is_off = left is not None and right is not None and text_of(left) == _VARIABLE
            if is_off and right is not None and (literal(right) or text_of(right)) == "0":
                yield SourceFact(FactKind.TLS_NOT_VERIFIED, "NODE_TLS_REJECT_UNAUTHORIZED = 0", tree.location(node))
            continue
        name, value = property_name(node), field(node, "value")
        if value is None or (name == "encrypt" and not encrypting):
            continue
        if _OFF.get(name) == text_of(value):
            yield SourceFact(FactKind.TLS_NOT_VERIFIED, f"{name}: {_OFF[name]}", tree.location(node))
        elif name == "checkServerIdentity" and _checks_nothing(value):
            yield SourceFact(FactKind.TLS_NOT_VERIFIED, "checkServerIdentity that checks nothing", tree.location(node))


def _checks_nothing(function: Node) -> bool:
    if function.type not in {"arrow_function", "function_expression"}:
        return False
    body = field(function, "body")
    calls = {"call_expression", "throw_statement", "return_statement"}
    return (
        body is not None
        and text_of(body) in {"undefined", "null", "{}", "{ }"}
        and not any(node.type in calls for node in walk(body))
    )

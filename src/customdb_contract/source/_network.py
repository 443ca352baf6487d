"""Calls to other hosts: timeouts, and verification of certificates."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from tree_sitter import Node

from customdb_contract.source._modules import required_modules
from customdb_contract.source._tree import Tree, argument_nodes, callee, field, literal, property_name, text_of, walk
from customdb_contract.transcript import FactKind, SourceFact

__all__ = ["calls_without_timeout", "unverified_tls"]

_CLIENTS: Final = frozenset({"axios", "got", "http", "https", "needle", "node-fetch", "request", "superagent"})
_FETCH: Final = "fetch"
_WITH_BODY: Final = frozenset({"patch", "patchForm", "post", "postForm", "put", "putForm"})
_VERBS: Final = _WITH_BODY | {"del", "delete", "get", "head", "options", "request"}
_MAKES_ANOTHER: Final = frozenset({"create", "defaults", "extend"})
"""Methods of a client that return one with other defaults."""

_TIMEOUTS: Final = ("signal", "timeout", "open_timeout", "read_timeout", "response_timeout")
_ELSEWHERE: Final = frozenset({"AbortController", "race", "setTimeout"})
"""Names after which the timeout of a call may be set elsewhere."""

_OF_ALL_CALLS: Final = frozenset({"defaults", "interceptors"})
"""Properties of a client that can set a timeout for all calls."""

_NO_OPTIONS: Final = frozenset(
    {"arrow_function", "binary_expression", "function_expression", "new_expression", "string", "template_string"}
)
_LIKE: Final = 0.8

_OFF: Final = {
    "rejectUnauthorized": "false",
    "strictSSL": "false",
    "trustServerCertificate": "true",
    "encrypt": "false",
}
_ENCRYPTING: Final = frozenset({"mssql", "tedious"})
_VARIABLE: Final = "process.env.NODE_TLS_REJECT_UNAUTHORIZED"


def calls_without_timeout(tree: Tree) -> Iterator[SourceFact]:
    """Yield the calls to other hosts that certainly have no timeout.

    Args:
        tree: The tree of the source.
    """
    if any(node.type in {"identifier", "property_identifier"} and text_of(node) in _ELSEWHERE for node in tree.nodes):
        return
    clients = _clients(tree)
    if any(_concerns_all_calls(node, clients) for node in tree.of_type("member_expression")):
        return
    for call in tree.of_type("call_expression"):
        name = callee(call)
        module = clients.get(name[0]) if name else None
        if module is None or not (len(name) == 1 or name[1] in _VERBS) or _is_timed_later(call):
            continue
        given = _options(module, name[1:], argument_nodes(call))
        if not any(_may_have_timeout(tree, module, argument) for argument in given):
            ignored = next((key for argument in given for key in _ignored(tree, module, argument)), None)
            said = ".".join(name) if ignored is None else f"{'.'.join(name)} (which ignores {ignored})"
            yield SourceFact(FactKind.CALL_WITHOUT_TIMEOUT, said, tree.location(call))


def _clients(tree: Tree) -> Mapping[str, str]:
    """Return the names of clients, with the module of each."""
    clients = {} if _FETCH in tree.declared else {_FETCH: _FETCH}
    if "request" not in tree.declared:
        clients["request"] = "request"
    for call, module in required_modules(tree):
        name = _named(call)
        if name is not None and module.partition("@")[0] in _CLIENTS:
            clients[name] = module.partition("@")[0]
    return clients | {name: module for name, value in tree.values.items() for module in _another(tree, value, clients)}


def _named(value: Node) -> str | None:
    """Return the name of the variable with an initial value."""
    name = field(value.parent, "name") if value.parent is not None else None
    return text_of(name) if name is not None and name.type == "identifier" else None


def _another(tree: Tree, value: Node, clients: Mapping[str, str]) -> Iterator[str]:
    """Yield the module of a client that is derived from another one without a timeout."""
    function = field(value, "function") if value.type == "call_expression" else None
    made_by, maker = (None, None) if function is None else (field(function, "property"), field(function, "object"))
    if made_by is None or maker is None or text_of(made_by) not in _MAKES_ANOTHER:
        return
    required = literal(next(iter(argument_nodes(maker)), None)) if callee(maker) == ("require",) else None
    module = clients.get(text_of(maker)) if required is None else required.partition("@")[0]
    if module in _CLIENTS and not any(_may_have_timeout(tree, module, given) for given in argument_nodes(value)):
        yield module


def _concerns_all_calls(member: Node, clients: Mapping[str, str]) -> bool:
    of, name = field(member, "object"), field(member, "property")
    is_called = member.parent is not None and field(member.parent, "function") == member
    return (
        of is not None
        and name is not None
        and not is_called
        and text_of(name) in _OF_ALL_CALLS
        and text_of(of) in clients
    )


def _is_timed_later(call: Node) -> bool:
    """Tell whether the timeout is set on the result of a call: `superagent.get(url).timeout(5000)`."""
    node = call
    while node.parent is not None and node.parent.type in {"call_expression", "member_expression"}:
        node = node.parent
        name = field(node, "property")
        if name is not None and text_of(name) == "timeout":
            return True
    return False


def _options(module: str, verb: tuple[str, ...], arguments: tuple[Node, ...]) -> tuple[Node, ...]:
    """Return the arguments of a call that can be its options, after the URL and the body."""
    if module in {_FETCH, "node-fetch"}:
        return arguments[1:]
    if module in {"axios", "needle"} and verb not in {(), ("request",)}:
        return arguments[2 if verb[0] in _WITH_BODY else 1 :]
    return arguments


def _may_have_timeout(tree: Tree, module: str, argument: Node) -> bool:
    """Tell whether an argument is a timeout, or can be one."""
    value = tree.value_of(argument)
    if value is None:
        return text_of(argument) not in tree.functions
    if value.type == "object":
        known = ("signal",) if module == _FETCH else _TIMEOUTS
        return bool(tree.property_of(value, *known)) or any(child.type == "spread_element" for child in value.children)
    return value.type not in _NO_OPTIONS and not text_of(value).startswith("configuration.")


def _ignored(tree: Tree, module: str, argument: Node) -> Iterator[str]:
    """Yield the options of a call that look like a timeout, but are unknown to its module."""
    options = tree.value_of(argument)
    for pair in () if options is None or options.type != "object" else options.named_children:
        name = property_name(pair)
        if name and ((module == _FETCH and name == "timeout") or get_close_matches(name, _TIMEOUTS, cutoff=_LIKE)):
            yield name


def unverified_tls(tree: Tree) -> Iterator[SourceFact]:
    """Yield the settings that turn off the verification of certificates, or the encryption.

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

"""Requests in the clear that the source of an Action in Python shows, read by Python's own parser."""

import ast
import ipaddress
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from customdb_contract.transcript import FactKind, SourceFact

__all__ = ["read"]

_Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

_parsing: Final = threading.Lock()

_REQUESTING: Final = frozenset(
    {"Request", "delete", "get", "head", "patch", "post", "put", "request", "stream", "urlopen"}
)
"""What a call that sends a request, or makes one, is named last."""

_CONNECTING: Final = "HTTPConnection"
"""The class of `http.client` that speaks without TLS; its first argument is a host."""

_PLAIN: Final = "http://"
_ENDS: Final = frozenset("/?#")
"""Characters that end the host of an address."""


def read(text: str, name: str, file_name: str) -> tuple[SourceFact, ...]:
    """Return the requests without TLS that a function or a class of a module makes, or what it calls there.

    Args:
        text: The source of the module.
        name: The name of the function or the class.
        file_name: What the file is called in locations.
    """
    try:
        # Python 3.11 counts the depth of all trees that are being made together.
        with _parsing:
            module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        # It was imported, so it is another text by now.
        return ()
    constants = dict(_constants(module))
    return tuple(
        SourceFact(FactKind.PLAIN_HTTP, host, f"{file_name}:{call.lineno}:{call.col_offset + 1}")
        for definition in _reached(module, name)
        for call in ast.walk(definition)
        if isinstance(call, ast.Call)
        for host in _hosts_of(call, constants)
    )


def _constants(module: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that a module gives to values, once each."""
    for statement in module.body:
        if isinstance(statement, ast.Assign):
            yield from ((target.id, statement.value) for target in statement.targets if isinstance(target, ast.Name))
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
            yield statement.target.id, statement.value


def _reached(module: ast.Module, name: str) -> Iterator[_Definition]:
    """Yield what a name stands for, and whatever of the module that names, and so on."""
    definitions = {one.name: one for one in module.body if isinstance(one, _Definition)}
    wanted, seen = [name], set[str]()
    while wanted:
        found = definitions.get(current := wanted.pop())
        if found is None or current in seen:
            continue
        seen.add(current)
        yield found
        wanted += [node.id for node in ast.walk(found) if isinstance(node, ast.Name)]


def _hosts_of(call: ast.Call, constants: Mapping[str, ast.expr]) -> Iterator[str]:
    """Yield the hosts, other than the machine itself, to which a call sends something without TLS."""
    function = call.func
    called = function.attr if isinstance(function, ast.Attribute) else ast.unparse(function)
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if called == _CONNECTING:
        hosts = [_host_of(_PLAIN + _known(given[0], constants))] if given else []
    elif called in _REQUESTING:
        hosts = [_host_of(_known(argument, constants)) for argument in given]
    else:
        hosts = []
    yield from (host for host in hosts if host and not _is_loopback(host))


def _known(value: ast.expr, constants: Mapping[str, ast.expr]) -> str:
    """Return how a text begins, as far as that is certain; one that is certain as a whole ends with a slash."""
    text, is_whole = _beginning(value, constants)
    return f"{text}/" if is_whole else text


def _beginning(value: ast.expr, constants: Mapping[str, ast.expr]) -> tuple[str, bool]:
    """Return how a text begins, as far as that is certain, and whether that is all of it."""
    match value:
        case ast.Constant(str() as text):
            return text, True
        case ast.JoinedStr(parts):
            return _joined(parts, constants)
        case ast.FormattedValue(inner, -1, None):
            return _beginning(inner, constants)
        case ast.BinOp(left, ast.Add(), right):
            return _joined([left, right], constants)
        case ast.BinOp(left, ast.Mod()):
            return _beginning(left, constants)[0].partition("%")[0], False
        case ast.Name(name) if name in constants:
            # A constant that is made of others could be made of itself.
            return _beginning(constants[name], {})
        case _:
            return "", False


def _joined(parts: Sequence[ast.expr], constants: Mapping[str, ast.expr]) -> tuple[str, bool]:
    joined = ""
    for part in parts:
        text, is_whole = _beginning(part, constants)
        joined += text
        if not is_whole:
            return joined, False
    return joined, True


def _host_of(address: str) -> str:
    """Return the host of an address without TLS; an empty text where it is another one, or not known as a whole."""
    if not address.lower().startswith(_PLAIN) or not _ENDS.intersection(address[len(_PLAIN) :]):
        return ""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")

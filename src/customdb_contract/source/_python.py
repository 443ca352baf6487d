"""Unencrypted requests in the source of an Action in Python, read with Python's own parser."""

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
"""The last name of a call that sends or creates a request."""

_CONNECTING: Final = "HTTPConnection"
"""The class of `http.client` without TLS, whose first argument is a host."""

_PLAIN: Final = "http://"
_ENDS: Final = frozenset("/?#")
"""Characters that end the host of an address."""


def read(text: str, name: str, file_name: str) -> tuple[SourceFact, ...]:
    """Return the requests without TLS that a function or a class sends, directly or through others of its module.

    Args:
        text: The source of the module.
        name: The name of the function or the class.
        file_name: The name of the file in locations.
    """
    try:
        # Python 3.11 adds up the depths of all trees that are being parsed at the same time.
        with _parsing:
            module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        # The module was imported before, so its text has changed since.
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
    """Yield the assignments at the top level of a module."""
    for statement in module.body:
        if isinstance(statement, ast.Assign):
            yield from ((target.id, statement.value) for target in statement.targets if isinstance(target, ast.Name))
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
            yield statement.target.id, statement.value


def _reached(module: ast.Module, name: str) -> Iterator[_Definition]:
    """Yield the definition of a name, and the definitions that it uses, directly or indirectly."""
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
    """Yield the hosts, other than the machine itself, to which a call sends data without TLS."""
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
    """Return the known beginning of a text, with a slash after a text that is known as a whole."""
    text, is_whole = _beginning(value, constants)
    return f"{text}/" if is_whole else text


def _beginning(value: ast.expr, constants: Mapping[str, ast.expr]) -> tuple[str, bool]:
    """Return the known beginning of a text, and whether it is the whole text."""
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
            # A constant that depends on others could depend on itself.
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
    """Return the host of a URL without TLS; empty for any other text, or a host that is not known as a whole."""
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

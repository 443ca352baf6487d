"""Addresses of databases, by which a driver connects without TLS."""

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from customdb_contract.source._tree import Tree, text_of
from customdb_contract.transcript import FactKind, SourceFact

__all__ = ["plaintext_addresses"]

_ADDRESS: Final = re.compile(
    r"(?P<scheme>amqp|couchbase|ldap|mariadb|mongodb|mysql|nats|postgres(?:ql)?|redis)://(?:[^@/\s]*@)?"
    r"(?P<host>\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+)"
)
"""Drivers with these addresses connect without TLS unless an option turns it on."""

_MENTIONS_TLS: Final = re.compile(r"(?i)ssl|tls|secure|certificate")
_WORDS: Final = frozenset(
    {"identifier", "property_identifier", "shorthand_property_identifier", "string", "template_string"}
)
_NEAR: Final = (".internal", ".local", ".localhost")


def plaintext_addresses(tree: Tree) -> Iterator[SourceFact]:
    """Yield the addresses of remote databases in a source that does not mention TLS.

    Args:
        tree: The tree of the source.
    """
    if any(node.type in _WORDS and _MENTIONS_TLS.search(text_of(node)) for node in tree.nodes):
        return
    for node in tree.of_type("string", "template_string"):
        found = _ADDRESS.match(text_of(node)[1:])
        if found and _is_elsewhere(found["host"].strip("[]")):
            address = f"{found['scheme']}://{found['host']}"
            yield SourceFact(FactKind.PLAINTEXT_ADDRESS, address, tree.location(node))


def _is_elsewhere(host: str) -> bool:
    """Tell whether a host is outside of the own network; a name of one word is inside."""
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return "." in host and not host.endswith(_NEAR)

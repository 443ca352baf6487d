"""Modules that a script requires, or uses as globals."""

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from customdb_contract.source._removed_versions import REMOVED_VERSIONS
from customdb_contract.source._tree import Tree, argument_nodes, callee, literal
from customdb_contract.transcript import FactKind, SourceFact

__all__ = ["database_drivers", "implicit_globals", "required_modules", "unavailable_modules"]

_MAGIC: Final = frozenset(
    {
        "Auth0",
        "Knex",
        "ObjectID",
        "Pubnub",
        "_",
        "async",
        "azure_storage",
        "bcrypt",
        "couchbase",
        "cql",
        "crypto",
        "ip",
        "jwt",
        "mongo",
        "mysql",
        "mysql_pool",
        "pbkdf2",
        "pg",
        "postgres",
        "q",
        "querystring",
        "sqlserver",
        "uuid",
        "xml2js",
        "xmldom",
        "xpath",
        "xtend",
    }
)
"""Globals that needed no `require` until Node 12, and are gone from Node 16 on.

Source: <https://auth0.com/docs/troubleshoot/product-lifecycle/past-migrations/migrate-nodejs-16-to-nodejs-18>.
"""

_WEB_CRYPTO: Final = frozenset({"getRandomValues", "randomUUID", "subtle"})
"""Members of the global `crypto` of current runtimes, which differs from the module."""

_DRIVERS: Final = frozenset(
    {
        "cassandra-driver",
        "couchbase",
        "knex",
        "mongodb",
        "mongoose",
        "mssql",
        "mysql",
        "mysql2",
        "oracledb",
        "pg",
        "postgres",
        "redis",
        "sequelize",
        "tedious",
    }
)


def required_modules(tree: Tree) -> Iterator[tuple[Node, str]]:
    """Yield each call of `require` with a text, and that text.

    Args:
        tree: The tree of the source.
    """
    for call in tree.of_type("call_expression"):
        arguments = argument_nodes(call)
        name = literal(arguments[0]) if callee(call) == ("require",) and arguments else None
        if name:
            yield call, name


def unavailable_modules(tree: Tree) -> Iterator[SourceFact]:
    """Yield the modules that current runtimes do not have.

    Args:
        tree: The tree of the source.
    """
    for call, name in required_modules(tree):
        module, at, version = name.rpartition("@")
        if at and version in REMOVED_VERSIONS.get(module, ()):
            yield SourceFact(FactKind.UNAVAILABLE_MODULE, name, tree.location(call))


def database_drivers(tree: Tree) -> Iterator[SourceFact]:
    """Yield the drivers of databases that are required.

    Args:
        tree: The tree of the source.
    """
    for call, name in required_modules(tree):
        package = name.partition("/")[0].partition("@")[0]
        if package in _DRIVERS:
            yield SourceFact(FactKind.DATABASE_DRIVER, package, tree.location(call))


def implicit_globals(tree: Tree) -> Iterator[SourceFact]:
    """Yield the modules that are used without being required, the first use of each.

    Args:
        tree: The tree of the source.
    """
    found: set[str] = set()
    for node in tree.of_type("call_expression", "new_expression"):
        first, second, *_ = (*callee(node), "", "")
        is_magic = first in _MAGIC and not (first == "crypto" and second in _WEB_CRYPTO)
        if is_magic and first not in tree.declared and first not in found:
            found.add(first)
            yield SourceFact(FactKind.IMPLICIT_GLOBAL, first, tree.location(node))

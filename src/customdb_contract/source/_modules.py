"""Which modules a script requires, and which it takes for globals."""

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from customdb_contract.source._tree import Tree, argument_nodes, callee, literal
from customdb_contract.transcript import FactKind, SourceFact

__all__ = ["database_drivers", "implicit_globals", "required_modules", "unavailable_modules"]

_UNAVAILABLE: Final = frozenset({"axios@0.22.0", "mongodb@3.1.4", "tedious@1.11.0"})
"""Gone since Node 18.

Source: <https://auth0.com/docs/troubleshoot/product-lifecycle/past-migrations/migrate-nodejs-16-to-nodejs-18>.
"""

_IMPLICIT: Final = frozenset(
    {
        "bcrypt",
        "cassandra",
        "jwt",
        "knex",
        "mongo",
        "mysql",
        "pg",
        "postgres",
        "request",
        "sqlserver",
        "xmldom",
        "xpath",
    }
)

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
        if name in _UNAVAILABLE:
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
    told: set[str] = set()
    for node in tree.of_type("call_expression", "new_expression"):
        first, *_ = (*callee(node), "")
        if first in _IMPLICIT and first not in tree.declared and first not in told:
            told.add(first)
            yield SourceFact(FactKind.IMPLICIT_GLOBAL, first, tree.location(node))

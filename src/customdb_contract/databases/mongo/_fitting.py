"""Checks that a collection has the indexes that prevent two users from having the same e-mail."""

from collections.abc import Iterable
from typing import Final

from customdb_contract.databases.mongo._collections import Document
from customdb_contract.databases.mongo._mapping import MongoUsers
from customdb_contract.errors import ConfigurationError

__all__ = ["CASELESS", "check_indexes"]

CASELESS: Final = {"locale": "en", "strength": 2}
"""The collation that ignores case, but not accents.

Source: <https://www.mongodb.com/docs/manual/core/index-case-insensitive/>.
"""
_PLAIN: Final = {"caseLevel": False, "numericOrdering": False, "alternate": "non-ignorable"}
"""The settings that a server adds to it; any other setting changes the collation."""


def check_indexes(users: MongoUsers, indexes: Iterable[Document]) -> None:
    """Check that there is a unique index on the key and on every identifier.

    Args:
        users: The mapping.
        indexes: The specifications of the collection's indexes.

    Raises:
        ConfigurationError: If one is missing.
    """
    known = list(indexes)
    for path in dict.fromkeys((users.user_id, *users.identifiers)):
        collation = None if users.lower_case or path == users.user_id else CASELESS
        if path != "_id" and not any(_keeps_apart(users, index, path, collation) for index in known):
            options = "{unique: true, sparse: true" + (
                ", collation: {locale: 'en', strength: 2}}" if collation else "}"
            )
            message = (
                f"the collection {users.collection} does not exist, or has no unique index that keeps two users from "
                f"having the same {path}: db.{users.collection}.createIndex({{'{path}': 1}}, {options})"
            )
            raise ConfigurationError(message)


def _keeps_apart(users: MongoUsers, index: Document, path: str, collation: Document | None) -> bool:
    fields = set(index["key"])
    return (
        bool(index.get("unique"))
        and path in fields
        and fields - {path} <= users.scope.keys()
        and _covers(index.get("partialFilterExpression", {}), path)
        and _folds(index.get("collation", {}), collation)
    )


def _covers(partial: Document, path: str) -> bool:
    """Return whether a partial or sparse index includes every document that has the field."""
    return not partial or partial in ({path: {"$exists": True}}, {path: {"$type": "string"}})


def _folds(collation: Document, wanted: Document | None) -> bool:
    if wanted is None:
        return not collation
    return (
        all(collation.get(name, value) == value for name, value in _PLAIN.items())
        and {name: collation.get(name) for name in wanted} == wanted
    )

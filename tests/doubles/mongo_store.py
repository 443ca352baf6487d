"""The store of the MongoDB test double: documents, unique indexes, and the few supported operators."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeGuard

from attrs import define, field, frozen
from bson import ObjectId

__all__ = ["Collection", "CommandError", "Document", "DuplicateError", "Index", "apply_update"]

Document = dict[str, Any]


class CommandError(Exception):
    """The error of a command: MongoDB's code, its name, and a message."""

    def __init__(self, code: int, name: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.name = name


class DuplicateError(CommandError):
    """A unique index already contains the key."""

    def __init__(self, index: str) -> None:
        super().__init__(11000, "DuplicateKey", f"E11000 duplicate key error index: {index}")


@frozen
class Index:
    """An index.

    Args:
        spec: The argument of createIndexes.
    """

    spec: Document

    @property
    def is_unique(self) -> bool:
        """Whether the index forbids two documents with the same key."""
        return bool(self.spec.get("unique")) or self.spec["name"] == "_id_"

    def key_of(self, document: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Return a document's key, or None if the index omits the document."""
        values = [_at(document, path) for path in self.spec["key"]]
        partial = self.spec.get("partialFilterExpression")
        if (self.spec.get("sparse") and values == [[]] * len(values)) or (partial and not _matches(document, partial)):
            return None
        return tuple(_hashable(_folded(found[0] if found else None, self.spec.get("collation"))) for found in values)


@define
class Collection:
    """The documents of one collection."""

    documents: list[Document] = field(factory=list[Document])
    indexes: list[Index] = field(factory=lambda: [Index({"v": 2, "key": {"_id": 1}, "name": "_id_"})])

    def create_index(self, spec: Document) -> None:
        """Add an index unless it exists."""
        if all(index.spec["name"] != spec["name"] for index in self.indexes):
            index = Index({"v": 2, **spec})
            keys = [index.key_of(document) for document in self.documents]
            kept = [key for key in keys if key is not None]
            if index.is_unique and len(set(kept)) != len(kept):
                raise DuplicateError(spec["name"])
            self.indexes.append(index)

    def insert(self, document: Document) -> None:
        """Add a document; one without `_id` gets an ObjectId."""
        document = document if "_id" in document else {"_id": ObjectId(), **document}
        self._check(document, None)
        self.documents.append(document)

    def replace(self, old: Document, new: Document) -> None:
        """Replace a document."""
        if new["_id"] != old["_id"]:
            raise CommandError(66, "ImmutableField", "the field '_id' cannot be changed")
        self._check(new, old)
        self.documents[self._place(old)] = new

    def remove(self, document: Document) -> None:
        """Remove a document."""
        del self.documents[self._place(document)]

    def find(self, query: Mapping[str, Any], collation: Mapping[str, Any] | None = None) -> list[Document]:
        """Return the documents that a query matches."""
        return [document for document in self.documents if _matches(document, query, collation)]

    def _place(self, document: Document) -> int:
        return next(place for place, one in enumerate(self.documents) if one is document)

    def _check(self, document: Document, instead_of: Document | None) -> None:
        for index in self.indexes:
            key = index.key_of(document)
            if not index.is_unique or key is None:
                continue
            if any(one is not instead_of and index.key_of(one) == key for one in self.documents):
                raise DuplicateError(index.spec["name"])


def apply_update(document: Document, update: Mapping[str, Any]) -> Document:
    """Return the updated document: `$set` and `$unset`, or a replacement document."""
    if not any(name.startswith("$") for name in update):
        return {"_id": document["_id"], **update}
    changed = document
    for operator, values in update.items():
        if operator not in {"$set", "$unset"}:
            raise CommandError(9, "FailedToParse", f"Unknown modifier: {operator}")
        for path, value in values.items():
            changed = _with(changed, path.split("."), [value] if operator == "$set" else [])
    return changed


def _with(document: Any, path: list[str], value: list[Any]) -> Document:
    if not _is_document(document):
        raise CommandError(28, "PathNotViable", f"Cannot create field '{path[0]}'")
    first, *others = path
    if others:
        return {**document, first: _with(document.get(first, {}), others, value)}
    kept = document if value else {name: one for name, one in document.items() if name != first}
    return {**kept, **dict.fromkeys([first] if value else [], *value)}


def _at(value: Any, path: str) -> list[Any]:
    """Return the values at a path: none, one, or those of an array."""
    first, _, rest = path.partition(".")
    if _is_array(value):
        return [found for one in value if _is_document(one) for found in _at(one, path)]
    if not _is_document(value) or first not in value:
        return []
    return _at(value[first], rest) if rest else [value[first]]


def _matches(document: Mapping[str, Any], query: Mapping[str, Any], collation: Mapping[str, Any] | None = None) -> bool:
    return all(_fits(document, name, wanted, collation) for name, wanted in query.items())


def _fits(document: Mapping[str, Any], name: str, wanted: Any, collation: Mapping[str, Any] | None) -> bool:
    if name in {"$or", "$and"}:
        return (any if name == "$or" else all)(_matches(document, one, collation) for one in wanted)
    if name.startswith("$"):
        raise CommandError(2, "BadValue", f"unknown top level operator: {name}")
    found = _at(document, name)
    if not _is_document(wanted) or not any(key.startswith("$") for key in wanted):
        return _equals(found, wanted, collation)
    for operator in wanted:
        if operator not in _OPERATORS:
            raise CommandError(2, "BadValue", f"unknown operator: {operator}")
    return all(_OPERATORS[operator](found, operand, collation) for operator, operand in wanted.items())


def _equals(found: list[Any], wanted: Any, collation: Mapping[str, Any] | None) -> bool:
    if wanted is None and not found:
        return True
    folded = _hashable(_folded(wanted, collation))
    values = [*found, *(one for value in found if _is_array(value) for one in value)]
    return any(_hashable(_folded(value, collation)) == folded for value in values)


def _is_like(found: list[Any], pattern: str) -> bool:
    """Return whether a text matches a regular expression, ignoring the case of ASCII letters."""
    try:
        return any(isinstance(value, str) and re.search(pattern, value, re.IGNORECASE | re.ASCII) for value in found)
    except re.error as error:
        raise CommandError(51091, "Location51091", "Regular expression is invalid") from error


def _is_greater(found: list[Any], operand: Any) -> bool:
    return any(type(value) is type(operand) and value > operand for value in found)


_Operator = Callable[[list[Any], Any, Mapping[str, Any] | None], bool]

_OPERATORS: Final[Mapping[str, _Operator]] = {
    "$eq": _equals,
    "$ne": lambda found, operand, collation: not _equals(found, operand, collation),
    "$in": lambda found, operand, collation: any(_equals(found, one, collation) for one in operand),
    "$gt": lambda found, operand, _: _is_greater(found, operand),
    "$exists": lambda found, operand, _: bool(found) == bool(operand),
    "$options": lambda _, __, ___: True,
    "$regex": lambda found, operand, _: _is_like(found, operand),
    "$type": lambda found, operand, _: operand == "string" and any(isinstance(value, str) for value in found),
}
"""The operators that are needed, and those that an attacker would send."""


def _folded(value: Any, collation: Mapping[str, Any] | None) -> Any:
    """Return the form that is equal for texts a collation treats as equal: at strength 2 only the case differs."""
    if not isinstance(value, str) or not collation or collation.get("strength", 3) > 2:
        return value
    return unicodedata.normalize("NFKC", value).casefold()


def _hashable(value: Any) -> Any:
    if _is_document(value):
        return ("document", *((name, _hashable(one)) for name, one in value.items()))
    if _is_array(value):
        return ("array", *map(_hashable, value))
    return (isinstance(value, bool), value)


def _is_document(value: object) -> TypeGuard[Document]:
    return isinstance(value, dict)


def _is_array(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)

"""Writes a document as JSON that every parser accepts and that is safe in logs."""

import json
from typing import cast

from customdb_contract.transcript import printable

__all__ = ["dumped"]


def dumped(document: object) -> str:
    """Return a document as JSON text.

    Args:
        document: A document for `json.dumps`; lone surrogates in its texts are escaped.
    """
    text = json.dumps(_without_surrogates(document), indent=2, allow_nan=False)
    # These are escapes of JSON, so the document stays the same.
    return "".join(f"{printable(line)}\n" for line in text.split("\n"))


def _without_surrogates(document: object) -> object:
    match document:
        case str():
            return document if document.isascii() else document.encode("utf-8", "backslashreplace").decode()
        case dict():
            fields = cast("dict[str, object]", document)
            return {str(_without_surrogates(key)): _without_surrogates(item) for key, item in fields.items()}
        case list():
            return [_without_surrogates(item) for item in cast("list[object]", document)]
        case _:
            return document

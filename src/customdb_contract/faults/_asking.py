"""Finds the user of a request, by the id or e-mail of a known user anywhere in it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast
from urllib.parse import unquote_plus

from customdb_contract.faults._legacy_answers import LegacyUser

__all__ = ["asked_about", "read_body"]

_ABOUT_NOBODY: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "connection",
        "content-length",
        "content-type",
        "host",
        "sec-fetch-mode",
        "transfer-encoding",
        "user-agent",
    }
)
"""Headers of every request, whose numbers are not ids of users."""


def read_body(body: bytes) -> object:
    """Return a body: decoded if it is JSON, otherwise as text; None if it is empty.

    Args:
        body: Its bytes.
    """
    if not body:
        return None
    text = body.decode("utf-8", "replace")
    try:
        return cast("object", json.loads(text))
    except (ValueError, RecursionError):
        return text


def asked_about(path: str, headers: Mapping[str, str], body: object, users: Sequence[LegacyUser]) -> LegacyUser | None:
    """Return the user of a request, by id if it contains one, otherwise by e-mail; None if there is no user.

    Args:
        path: Its path and query.
        headers: Its headers, names in lower case.
        body: Its body, as `read_body` returns it.
        users: The known users.
    """
    told = [value for name, value in headers.items() if name not in _ABOUT_NOBODY]
    written = [path, *told, *_texts(body)]
    text = "\n".join([*written, *map(unquote_plus, written)]).lower()
    by_id = (user for user in sorted(users, key=_longest_first) if _is_in(user.user_id, text))
    by_email = (user for user in users if user.email and _is_in(user.email, text))
    return next(by_id, None) or next(by_email, None)


def _longest_first(user: LegacyUser) -> int:
    return -len(user.user_id)


def _is_in(name: str, text: str) -> bool:
    """Return whether a name occurs on its own in a lower-case text: the id 7 is not found in the number 17."""
    lower = name.lower()
    return lower in text and re.search(rf"(?<![^\W_]){re.escape(lower)}(?![^\W_])", text) is not None


def _texts(body: object) -> Iterator[str]:
    match body:
        case dict():
            for key, value in cast("dict[str, object]", body).items():
                yield key
                yield from _texts(value)
        case list():
            for item in cast("list[object]", body):
                yield from _texts(item)
        case None:
            return
        case _:
            yield str(body)

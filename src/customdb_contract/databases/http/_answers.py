"""Requests to an API and its responses, as data."""

import json
import logging
from collections.abc import Mapping
from typing import Final, NoReturn, Protocol

from attrs import field, frozen
from typing_extensions import TypeIs

from customdb_contract.databases._store import StoreError

__all__ = ["Answer", "Client", "Question", "is_array", "is_object", "read_answer", "unusable", "value_at"]

_LOG: Final = logging.getLogger("customdb_contract.databases")
_UNUSABLE: Final = "The user store gave an answer that cannot be used"
_MISSING: Final = object()


@frozen
class Question:
    """A request.

    Args:
        method: The method, in capitals.
        target: The path and the query, encoded, to append to the address of the API.
        body: The body to send as JSON, or None for no body.
    """

    method: str
    target: str = field(repr=False)
    body: Mapping[str, object] | None = field(default=None, repr=False)


@frozen
class Answer:
    """A response.

    Args:
        status: The status code.
        document: The decoded JSON; None also if there is no body.
        is_empty: Whether there is no body.
    """

    status: int
    document: object
    is_empty: bool


class Client(Protocol):
    """Sends requests. A request without a usable response in time raises `StoreError`."""

    async def ask(self, question: Question) -> Answer:
        """Send a request, and return the response."""
        ...


def unusable(why: str) -> NoReturn:
    """Reject a response: the reason is logged, and the script only fails.

    Args:
        why: What is wrong with the response, without any content of the response or input of the user.

    Raises:
        StoreError: Always.
    """
    _LOG.warning("a response of the user store cannot be used: %s", why)
    raise StoreError(_UNUSABLE)


def read_answer(status: int, body: bytes) -> Answer:
    """Read a response whose body is empty or JSON.

    Args:
        status: The status code.
        body: The body, decoded from any transfer coding.

    Raises:
        StoreError: If the body is anything else: the page of a proxy means nothing for a user, whatever its status.
    """
    if not body.strip():
        return Answer(status, None, is_empty=True)
    try:
        document: object = json.loads(body.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        unusable(f"with status {status} came a body that is not JSON")
    return Answer(status, document, is_empty=False)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def is_object(value: object) -> TypeIs[dict[str, object]]:
    """Return whether a value of a JSON document is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeIs[list[object]]:
    """Return whether a value of a JSON document is an array."""
    return isinstance(value, list)


def value_at(document: object, path: str) -> object:
    """Return a value of a JSON document.

    Args:
        document: The document.
        path: The keys that lead to the value, with dots between them; empty for the document itself.

    Raises:
        StoreError: If there is no such value.
    """
    value = document
    for key in filter(None, path.split(".")):
        value = value.get(key, _MISSING) if is_object(value) else _MISSING
        if value is _MISSING:
            unusable(f"it has no {path}")
    return value

"""The most likely causes of errors in a set-up where nothing works yet: they explain, and break no rule."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from customdb_contract.transcript._exchange import Exchange, Noticed
from customdb_contract.transcript._values import RecordedError

__all__ = ["absent_module", "likely_causes"]

_MOST_TEXT: Final = 10_000

_REFUSED: Final = re.compile(
    r"ECONNREFUSED|connection (?:was )?refused|actively refused|Connect call failed"
    # On Linux, on macOS, on Windows
    r"|\[Errno (?:111|61)\]|WinError 10061",
    re.IGNORECASE,
)
_UNKNOWN: Final = re.compile(
    r"\bENOTFOUND\b|\bEAI_AGAIN\b|getaddrinfo failed|Name or service not known|nodename nor servname"
    r"|name resolution|could not translate host name|failed to resolve host|No address associated with hostname"
    r"|Unknown (?:MySQL )?server host",
    re.IGNORECASE,
)
_UNAUTHORIZED: Final = re.compile(r"\b401\b|\bunauthorized\b(?! user)", re.IGNORECASE)

_NAME: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?"
_ADDRESSES: Final = (
    # Node: connect ECONNREFUSED 127.0.0.1:5432; redis: connecting to 127.0.0.1:6379; aiohttp; pymongo
    re.compile(rf"(?:ECONNREFUSED|connecting to|connect to host) (?P<host>{_NAME}):(?P<port>\d+)"),
    re.compile(rf"(?P<host>{_NAME}):(?P<port>\d+): \[Errno"),
    # urllib3, which requests is built on
    re.compile(rf"host='(?P<host>{_NAME})', port=(?P<port>\d+)"),
    # libpq: connection to server at "127.0.0.1", port 5432 failed
    re.compile(rf'server at "(?P<host>{_NAME})"(?: \([^)]*\))?, port (?P<port>\d+)'),
    # asyncio
    re.compile(rf"Connect call failed \('(?P<host>{_NAME})', (?P<port>\d+)"),
    # MySQL
    re.compile(rf"MySQL server on '(?P<host>{_NAME})(?::(?P<port>\d+))?'"),
)
_HOSTS: Final = (
    *_ADDRESSES,
    # Node: getaddrinfo ENOTFOUND db.internal
    re.compile(rf"(?:ENOTFOUND|EAI_AGAIN) (?P<host>{_NAME})"),
    # libpq
    re.compile(rf"""host name "(?P<host>{_NAME})" to address|resolve host '(?P<other>{_NAME})'"""),
)
_MODULE: Final = re.compile(r"No module named '(?P<name>[A-Za-z_][A-Za-z0-9_.]*)'")


def likely_causes(exchanges: Sequence[Exchange]) -> Sequence[str]:
    """Return sentences on why calls most likely fail, and what to do about it.

    Args:
        exchanges: Calls of the set-up.
    """
    errors = [error for exchange in exchanges if (error := _error_of(exchange)) is not None]
    texts = [f"{error.name}: {error.message[:_MOST_TEXT]}" for error in errors]
    return tuple(dict.fromkeys((*_connections(exchanges, texts), *_credentials(exchanges, texts), *_modules(errors))))


def absent_module(error: RecordedError) -> str | None:
    """Return the top-level name of the Python module that could not be imported, or None for other errors.

    Args:
        error: An error.
    """
    found = _MODULE.match(error.message) if error.name == "ModuleNotFoundError" else None
    return None if found is None else found["name"].partition(".")[0]


def _connections(exchanges: Sequence[Exchange], texts: Iterable[str]) -> Iterator[str]:
    # Other sentences name these and what to do, see `what_is_lacking`.
    if any(exchange.outcome.noticed(Noticed.HOST_OUT_OF_REACH) for exchange in exchanges):
        return
    for text in texts:
        if _REFUSED.search(text):
            found = _first(_ADDRESSES, text)
            if found is None:
                yield (
                    "The connection to the store was refused: is the store running, and is its address right in the "
                    "configuration of the scripts?"
                )
            else:
                port = "" if found["port"] is None else f":{found['port']}"
                yield f"{found['host']}{port} refused the connection: is the store running there?"
        elif _UNKNOWN.search(text):
            found = _first(_HOSTS, text)
            groups = {} if found is None else found.groupdict()
            name = groups.get("host") or groups.get("other")
            host = "The host of the store" if name is None else f"The host {name}"
            yield f"{host} is unknown: correct its name in the configuration of the scripts."


def _credentials(exchanges: Sequence[Exchange], texts: Sequence[str]) -> Iterator[str]:
    if texts and len(texts) == len(exchanges) and all(map(_UNAUTHORIZED.search, texts)):
        yield (
            "The store refuses every call as unauthorized (401): check the token, or the user and the password, with "
            "which the scripts log in to the store."
        )


def _modules(errors: Iterable[RecordedError]) -> Iterator[str]:
    for error in errors:
        module = absent_module(error)
        if module is not None:
            yield f"The Python that runs the check has no module {module}: pip install {module}."


def _error_of(exchange: Exchange) -> RecordedError | None:
    error = exchange.outcome.error or exchange.outcome.raised
    return error if isinstance(error, RecordedError) else None


def _first(patterns: Iterable[re.Pattern[str]], text: str) -> re.Match[str] | None:
    return next((found for pattern in patterns if (found := pattern.search(text))), None)

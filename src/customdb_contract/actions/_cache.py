"""The cache of a trigger's Actions, with Auth0's limits."""

import time
from collections.abc import Callable, Mapping
from typing import Final

from attrs import frozen

__all__ = ["CACHE_LIMITS", "ActionCache", "CacheRecord", "CacheWriteResult"]

_MOST_ENTRIES: Final = 20
_MOST_KEY_BYTES: Final = 64
_MOST_VALUE_BYTES: Final = 4 * 1024
_MOST_BYTES: Final = 8 * 1024
_LONGEST_SECONDS: Final = 24 * 60 * 60
_DEFAULT_SECONDS: Final = 15 * 60

CACHE_LIMITS: Final[Mapping[str, int]] = {
    "entries": _MOST_ENTRIES,
    "keyBytes": _MOST_KEY_BYTES,
    "valueBytes": _MOST_VALUE_BYTES,
    "bytes": _MOST_BYTES,
    "milliseconds": _LONGEST_SECONDS * 1000,
    "usualMilliseconds": _DEFAULT_SECONDS * 1000,
}
"""How a JavaScript Action's cache receives a write: the names of its options there."""


@frozen
class CacheRecord:
    """An entry of the cache.

    Args:
        value: The value.
        expires_at: When it expires at the latest, in milliseconds since 1970.
    """

    value: str
    expires_at: int


@frozen
class CacheWriteResult:
    """The result of a write to the cache.

    Args:
        type: `success` or `error`.
        code: What was wrong; empty after a success. Auth0 does not document its codes.
    """

    type: str
    code: str = ""


class ActionCache:
    """The cache of a trigger's Actions: `api.cache`.

    Source: <https://auth0.com/docs/customize/actions/limitations>.

    Args:
        clock: Returns the seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._records: dict[str, CacheRecord] = {}

    def get(self, key: str) -> CacheRecord | None:
        """Return the entry of the cache for a key, or None.

        Args:
            key: The key.
        """
        self._expire()
        return self._records.get(key)

    def set(self, key: str, value: str, options: Mapping[str, object] | None = None) -> CacheWriteResult:
        """Store a value; one that is too large, or that arrives when the cache is full, is refused.

        Args:
            key: The key.
            value: The value.
            options: `ttl` or `expires_at`, in milliseconds; the earlier one counts.
        """
        self._expire()
        expiry = self._expiry(options or {})
        code = self._refusal(key, value) or ("" if expiry > self._clock() * 1000 else "AlreadyExpired")
        if code:
            return CacheWriteResult("error", code)
        self._records[key] = CacheRecord(value, expiry)
        return CacheWriteResult("success")

    def delete(self, key: str) -> CacheWriteResult:
        """Remove the entry for a key.

        Args:
            key: The key.
        """
        self._records.pop(key, None)
        return CacheWriteResult("success")

    def _refusal(self, key: object, value: object) -> str:
        if not isinstance(key, str) or not isinstance(value, str):
            return "InvalidType"
        if _size(key) > _MOST_KEY_BYTES:
            return "KeySizeExceeded"
        if _size(value) > _MOST_VALUE_BYTES:
            return "ValueSizeExceeded"
        others = {name: record.value for name, record in self._records.items() if name != key}
        if len(others) >= _MOST_ENTRIES:
            return "TooManyEntries"
        if sum(_size(name) + _size(text) for name, text in {**others, key: value}.items()) > _MOST_BYTES:
            return "TotalSizeExceeded"
        return ""

    def _expiry(self, options: Mapping[str, object]) -> int:
        now = self._clock()
        at = _number(options.get("expires_at"))
        ttl = _number(options.get("ttl"))
        ends = [end for end in (at, None if ttl is None else now * 1000 + ttl) if end is not None]
        wanted = min(ends, default=(now + _DEFAULT_SECONDS) * 1000)
        return int(min(wanted, (now + _LONGEST_SECONDS) * 1000))

    def _expire(self) -> None:
        now = self._clock() * 1000
        self._records = {key: record for key, record in self._records.items() if record.expires_at > now}


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None

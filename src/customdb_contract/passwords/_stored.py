"""The stored value of a password, and what a format is."""

import hmac
from collections.abc import Callable
from typing import Protocol, TypeAlias

from attrs import field, frozen

__all__ = ["Check", "PasswordFormat", "Stored", "TooCostlyError", "same", "within"]

Check: TypeAlias = Callable[[str], bool]
"""Whether a password, which is neither empty nor longer than 4096 bytes, is the stored one."""


@frozen
class Stored:
    """The stored value of a password, if the salt has its own column.

    Neither is ever shown: `repr` leaves both out.

    Args:
        text: the column with the hash; None is NULL
        salt: the column with the salt; ignored by formats whose text includes the salt
    """

    text: str | bytes | None = field(repr=False)
    salt: str | bytes | None = field(default=None, repr=False)


class PasswordFormat(Protocol):
    """One way to store passwords, as one system does it."""

    @property
    def name(self) -> str:
        """The name in messages, such as `Django's PBKDF2`."""
        ...

    @property
    def sample(self) -> Stored:
        """A made-up row without a known password; it shows when two formats read the same texts."""
        ...

    def read(self, text: str, salt: str | None, /) -> Check | None:
        """Parse a row, without any work that depends on its contents.

        Args:
            text: the stored text, neither empty nor a mark such as `!`
            salt: the salt's own column, if there is one

        Returns:
            How a password is compared with this row; None if it is not in this format, for example because it was
            truncated.

        Raises:
            TooCostlyError: the row needs more work than a log-in may take
        """
        ...


class TooCostlyError(ValueError):
    """A row needs more work than a log-in may take; the message says what kind of work, with numbers only."""


def within(what: str, asked: int, limit: int) -> None:
    """Reject a row whose cost exceeds the limit.

    Args:
        what: the cost and its unit, such as `PBKDF2 iterations`
        asked: the value in the row
        limit: the maximum

    Raises:
        TooCostlyError: it exceeds the limit
    """
    if asked > limit:
        message = f"it needs {asked} {what}, and at most {limit} are allowed"
        raise TooCostlyError(message)


def same(computed: bytes, stored: bytes) -> bool:
    """Compare two digests in a time that does not depend on where they differ."""
    return hmac.compare_digest(computed, stored)

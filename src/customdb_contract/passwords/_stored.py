"""What a row has for a password, and what a format is."""

import hmac
from collections.abc import Callable
from typing import Protocol, TypeAlias

from attrs import field, frozen

__all__ = ["Check", "PasswordFormat", "Stored", "TooCostlyError", "same", "within"]

Check: TypeAlias = Callable[[str], bool]
"""Whether a password, which is neither empty nor longer than 4096 bytes, is the one that was stored."""


@frozen
class Stored:
    """What a row has for a password, where the salt has a column of its own.

    Neither is ever shown: `repr` leaves both out.

    Args:
        text: the column with the hash; None is NULL
        salt: the column with the salt; formats whose text has the salt in it don't look at it
    """

    text: str | bytes | None = field(repr=False)
    salt: str | bytes | None = field(default=None, repr=False)


class PasswordFormat(Protocol):
    """One way to store passwords, as one system does it."""

    @property
    def name(self) -> str:
        """What messages call it, such as `Django's PBKDF2`."""
        ...

    @property
    def sample(self) -> Stored:
        """A made-up row without a known password; formats that read each other's can't be told apart."""
        ...

    def read(self, text: str, salt: str | None, /) -> Check | None:
        """Take a row apart, without any work that depends on what the row says.

        Args:
            text: what is stored, neither empty nor a mark such as `!`
            salt: the salt's own column, if there is one

        Returns:
            How a password is compared with this row; None if it is not of this format, for example because it was cut.

        Raises:
            TooCostlyError: the row asks for more work than a log-in may take
        """
        ...


class TooCostlyError(ValueError):
    """A row asks for more work than a log-in may take; the message says of what, with numbers only."""


def within(what: str, asked: int, limit: int) -> None:
    """Stop at a row whose cost is beyond the limit.

    Args:
        what: the cost and its unit, such as `PBKDF2 iterations`
        asked: what the row says
        limit: the most that is done

    Raises:
        TooCostlyError: it asks for more
    """
    if asked > limit:
        message = f"it asks for {asked} {what}, and at most {limit} are done"
        raise TooCostlyError(message)


def same(computed: bytes, stored: bytes) -> bool:
    """Compare two digests in a time that doesn't depend on where they differ."""
    return hmac.compare_digest(computed, stored)

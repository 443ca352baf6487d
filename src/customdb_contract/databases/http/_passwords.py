"""Decides which passwords are sent to an API that checks or stores them itself."""

from typing import Final

from customdb_contract.contract import Failed, ValidationError

__all__ = ["can_be_sent", "unusable_password"]

_LONGEST: Final = 4096


def can_be_sent(password: str) -> bool:
    """Return whether a password can be correct: some servers treat an empty one as no authentication.

    Source: <https://www.rfc-editor.org/rfc/rfc4513#section-5.1.2>, for servers with a directory behind them.
    """
    try:
        return 0 < len(password.encode()) <= _LONGEST
    except UnicodeEncodeError:
        return False


def unusable_password() -> Failed:
    """Return why a password cannot be stored."""
    return Failed(ValidationError("invalid_password", f"A password must be valid text of 1 to {_LONGEST} bytes"))

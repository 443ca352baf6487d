"""Ids that no user has, of the kind that a store assigns."""

import string
from typing import Final

__all__ = ["unknown_id_like"]

_KINDS: Final = (string.digits, "abcdef", "ABCDEF", string.ascii_lowercase, string.ascii_uppercase)
_CHARACTERS: Final = frozenset("".join(_KINDS))
_DRAWN: Final = 12
"""Characters, hexadecimal ones too, that make a random id unique."""

_LONGEST_COUNTED: Final = 8
_FAR_AWAY: Final = 2_147_000_000
_FAR_AWAY_COUNT: Final = 483_647
"""The number of 32-bit numbers from there on."""


def unknown_id_like(user_id: str) -> str | None:
    """Return an unused id of the same kind, or None if any other id could belong to a user.

    Args:
        user_id: An id that the store assigned.
    """
    from secrets import choice, randbelow  # noqa: PLC0415 - only a check that writes needs it

    places = [place for place, character in enumerate(user_id) if character in _CHARACTERS]
    if len(places) >= _DRAWN:
        drawn = list(user_id)
        for place in places[-_DRAWN:]:
            drawn[place] = choice(next(kind for kind in _KINDS if drawn[place] in kind))
        return "".join(drawn)
    prefix = user_id.rstrip(string.digits)
    if 0 < len(user_id) - len(prefix) <= _LONGEST_COUNTED:
        # A sequential number, far from the current count.
        return f"{prefix}{_FAR_AWAY + randbelow(_FAR_AWAY_COUNT)}"
    return None

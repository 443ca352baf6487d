"""What the transcript records of a write to the user store: the attributes that it changes."""

from itertools import compress
from operator import attrgetter, ne
from typing import Final

from attrs import fields

from customdb_contract.profiles import generated_picture
from customdb_contract.tenant._users import User
from customdb_contract.transcript import Derived

__all__ = ["changes"]

_NOT_TOLD: Final = frozenset({"user_id", "identities", "created_at", "updated_at", "last_login"})
_TOLD: Final = tuple(attribute for attribute in fields(User) if attribute.name not in _NOT_TOLD)
_BEFORE_ANY: Final = tuple(attribute.default for attribute in _TOLD)
_NAMES: Final = tuple(attribute.name for attribute in _TOLD)
_told_of: Final = attrgetter(*_NAMES)


def changes(before: User | None, user: User) -> dict[str, object]:
    """Return the attributes that a write changes, except for the times, which every write changes.

    Args:
        before: The record before; None if there was none.
        user: The record to write.
    """
    former, told = _BEFORE_ANY if before is None else _told_of(before), _told_of(user)
    changed: dict[str, object] = dict(compress(zip(_NAMES, told, strict=True), map(ne, told, former)))
    email, picture = user.email, user.picture
    if "picture" in changed and picture is not None and email is not None and picture == generated_picture(email):
        changed["picture"] = Derived(picture, email.strip().lower())
    return changed

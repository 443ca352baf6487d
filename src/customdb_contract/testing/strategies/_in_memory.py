"""A correct custom database in memory: the database that strategies draw."""

import copy
from collections.abc import Iterable, Mapping
from typing import Final

from attrs import define
from typing_extensions import override

from customdb_contract.connection import KnownUser
from customdb_contract.contract import (
    Declined,
    Done,
    Found,
    NotFound,
    OperationResult,
    ProfileResult,
    ScriptError,
    ValidationError,
    WrongUsernameOrPasswordError,
)

__all__ = ["InMemoryDatabase"]

# Short, so that no password can be a part of it.
_REFUSAL: Final = "no"
_DOWN: Final = "down"


@define
class _Row:
    """A user in the store.

    Args:
        user_id: The key, which never changes.
        email: The e-mail, as it was typed.
        password: The password, in plain text: it is nobody's real password.
        disabled: Whether the user must not be able to log in.
        attributes: The rest of the profile, including the username.
    """

    user_id: str
    email: str
    password: str
    disabled: bool
    attributes: dict[str, object]


class InMemoryDatabase:
    """A correct custom database with all seven scripts, for tests: it stores passwords in plain text.

    Args:
        users: The users in it. Data that the profile of a user leaves open is made up.
        is_down: Whether the store is unreachable, so that every script fails.
    """

    def __init__(self, users: Iterable[KnownUser] = (), *, is_down: bool = False) -> None:
        self._is_down = is_down
        self._rows: dict[str, _Row] = {}
        self._last_number = 0
        for user in users:
            attributes: dict[str, object] = {"email_verified": False} | copy.deepcopy(dict(user.profile))
            if user.username is not None:
                attributes["username"] = user.username
            self._add(
                user_id=attributes.pop("user_id", None),
                email=user.email or "",
                password=user.password.reveal() if user.password else "",
                disabled=user.disabled,
                attributes=attributes,
            )

    @override
    def __repr__(self) -> str:
        return f"InMemoryDatabase of {', '.join(row.email for row in self._rows.values()) or 'nobody'}"

    def login(self, identifier: str, password: str) -> ProfileResult:
        """Check a user's credentials."""
        row = self._find(identifier)
        if row is None:
            raise WrongUsernameOrPasswordError(None, _REFUSAL)
        if not row.password or password != row.password or row.disabled:
            raise WrongUsernameOrPasswordError(row.user_id, _REFUSAL)
        return Found(self._profile(row))

    def get_user(self, identifier: str) -> ProfileResult:
        """Find a user by e-mail or username, in any case."""
        row = self._find(identifier)
        return NotFound() if row is None else Found(self._profile(row))

    def create(self, user: Mapping[str, object]) -> OperationResult:
        """Add a user who signs up."""
        email, username = str(user["email"]), user.get("username")
        if self._find(email) or (isinstance(username, str) and self._find(username)):
            code = "user_exists"
            raise ValidationError(code, _REFUSAL)
        kept = {name: user[name] for name in ("username", "user_metadata", "app_metadata") if user.get(name)}
        self._add(
            user_id=None,
            email=email,
            password=str(user["password"]),
            disabled=False,
            attributes={"email_verified": False} | copy.deepcopy(kept),
        )
        return Done()

    def verify(self, email: str) -> OperationResult:
        """Record that a user's e-mail is verified."""
        row = self._find(email)
        if row is None:
            return Declined()
        row.attributes["email_verified"] = True
        return Done()

    def change_password(self, email: str, new_password: str) -> OperationResult:
        """Change a user's password."""
        row = self._find(email)
        if row is None:
            return Declined()
        row.password = new_password
        return Done()

    def change_email(self, email: str, new_email: str, verified: bool) -> OperationResult:  # noqa: FBT001 - by contract
        """Change a user's e-mail, unless another user has it."""
        row = self._find(email)
        if row is None or self._find(new_email) not in (None, row):
            return Declined()
        row.email = new_email
        row.attributes["email_verified"] = verified
        return Done()

    def delete(self, user_id: str) -> OperationResult:
        """Remove a user; unknown ids are ignored."""
        self._reach()
        self._rows.pop(user_id, None)
        return Done()

    def _reach(self) -> None:
        if self._is_down:
            raise ScriptError(_DOWN)

    def _find(self, identifier: object) -> _Row | None:
        self._reach()
        wanted = identifier.lower() if isinstance(identifier, str) else None
        return next((row for row in self._rows.values() if wanted and wanted in _identifiers(row)), None)

    def _add(
        self, *, user_id: object, email: str, password: str, disabled: bool, attributes: dict[str, object]
    ) -> None:
        if user_id is None:
            self._last_number += 1
            while f"new|{self._last_number}" in self._rows:
                self._last_number += 1
            user_id = f"new|{self._last_number}"
        row = _Row(str(user_id), email, password, disabled, attributes)
        self._rows[row.user_id] = row

    def _profile(self, row: _Row) -> dict[str, object]:
        own = {"user_id": row.user_id, "email": row.email.lower()} if row.email else {"user_id": row.user_id}
        return copy.deepcopy({name: value for name, value in row.attributes.items() if name != "email"}) | own


def _identifiers(row: _Row) -> set[str]:
    return {row.email.lower(), str(row.attributes.get("username", "")).lower()}

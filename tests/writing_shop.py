"""A small shop whose scripts also write, correctly; the base of variants that a check must distinguish."""

import hashlib
from collections.abc import Mapping
from typing import Any

from attrs import define

from customdb_contract import (
    Declined,
    Done,
    Failed,
    Found,
    KnownUser,
    NotFound,
    ScriptError,
    ValidationError,
    WrongUsernameOrPasswordError,
)

__all__ = ["DOWN", "Record", "WritingShop", "known_customer"]

DOWN = "The store cannot be reached"
_REFUSAL = "Wrong e-mail or password"


def known_customer() -> KnownUser:
    """Return the one known user who is in the shop at first."""
    return KnownUser(email="ada@example.com", username="countess", password="Weaving patterns")


@define
class Record:
    """A customer."""

    number: int
    email: str
    password: str
    username: str | None = None
    verified: bool = False


class WritingShop:
    """The shop's correct scripts; the variants override parts of them."""

    def __init__(self, *, is_down: bool = False, is_empty: bool = False) -> None:
        self.is_down = is_down
        ada = Record(7, "ada@example.com", "Weaving patterns", "countess", verified=True)
        self.records: list[Record] = [] if is_empty else [ada]
        self.numbers = 100
        self.extra: dict[str, dict[str, object]] = {}

    def rows(self) -> list[Record]:
        """Return all rows of the store."""
        if self.is_down:
            raise ScriptError(DOWN)
        return self.records

    def find(self, identifier: object) -> Record | None:
        wanted = str(identifier).lower()
        rows = self.rows()
        return next((row for row in rows if wanted in {row.email.lower(), (row.username or row.email).lower()}), None)

    def profile(self, row: Record) -> dict[str, object]:
        profile: dict[str, object] = {
            "user_id": self.user_id(row),
            "email": row.email.lower(),
            "email_verified": row.verified,
        }
        return profile if row.username is None else profile | {"username": row.username}

    def user_id(self, row: Record) -> str:
        return f"shop-{row.number}"

    def stored_password(self, row: Record) -> str:
        return hashlib.sha256(f"salt of {row.number}: {row.password}".encode()).hexdigest()

    def inspect(self, identifier: str) -> Mapping[str, object] | None:
        """Return the record of a user, without the scripts."""
        row = next((row for row in self.records if row.email.lower() == identifier.lower()), None)
        if row is None:
            return None
        record = {"number": row.number, "email": row.email, "password": self.stored_password(row)}
        return {**record, **self.extra.get(row.email, {})}

    def login(self, identifier: Any, password: Any) -> Any:
        row = self.find(identifier)
        if row is None or row.password != password:
            raise WrongUsernameOrPasswordError(None, _REFUSAL)
        return Found(self.profile(row))

    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        return NotFound() if row is None else Found(self.profile(row))

    def create(self, user: Mapping[str, Any]) -> Any:
        if self.find(user["email"]) or ("username" in user and self.find(user["username"])):
            return Failed(ValidationError("user_exists", "There is such a user already"))
        self.add(user)
        return Done()

    def add(self, user: Mapping[str, Any]) -> None:
        self.numbers += 1
        self.rows().append(Record(self.numbers, user["email"], user["password"], user.get("username")))

    def verify(self, email: Any) -> Any:
        row = self.find(email)
        if row is None:
            return Declined()
        row.verified = True
        return Done()

    def change_password(self, email: Any, new_password: Any) -> Any:
        row = self.find(email)
        if row is None:
            return Declined()
        row.password = new_password
        return Done()

    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        row, holder = self.find(email), self.find(new_email)
        if row is None or (holder is not None and holder is not row):
            return Declined()
        row.email, row.verified = new_email, verified
        return Done()

    def delete(self, user_id: Any) -> Any:
        self.records = [row for row in self.rows() if self.user_id(row) != user_id]
        return Done()

"""The bookshop that comes with the package: a legacy shop in memory, to watch a rehearsal before you set one up.

Its customers are among those of `examples/bookshop`. They are invented, so their passwords can be public.
"""

import hashlib
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any, Final

from attrs import evolve, frozen

from customdb_contract.connection import Connection, KnownUser
from customdb_contract.contract import (
    Declined,
    Done,
    Failed,
    Found,
    NotFound,
    OperationResult,
    ProfileResult,
    ScriptError,
    ValidationError,
    WrongUsernameOrPasswordError,
)

__all__ = ["CONNECTION", "USERS", "Bookshop", "broken", "database"]

CONNECTION: Final = Connection(name="bookshop", import_mode=True)
"""The settings of the shop's connection."""

_REFUSAL: Final = "Wrong e-mail or password"
_UNREACHABLE: Final = "The customer database cannot be reached"
_ROUNDS: Final = 1_000
"""Few, so that a rehearsal is quick; a real shop needs several hundred thousand."""


@frozen(kw_only=True)
class _Customer:
    """A customer; the password is hashed when the store is created."""

    email: str
    password: str
    username: str | None = None
    email_verified: bool = True
    disabled: bool = False
    name: tuple[str, str] | None = None
    language: str = "en"
    newsletter: bool = False
    membership: str = "none"


_CUSTOMERS: Final = (
    _Customer(
        email="grace.hopper@example.com",
        password="nanosecond of wire",  # noqa: S106 - invented
        email_verified=False,
        name=("Grace", "Hopper"),
        membership="reader",
    ),
    _Customer(email="Joan.Clarke@example.com", password="hut eight at midnight"),  # noqa: S106 - invented
    _Customer(
        email="charles.babbage@example.com",
        password="ninety-six wheels",  # noqa: S106 - invented
        disabled=True,
        name=("Charles", "Babbage"),
    ),
    _Customer(
        email="Ada.Lovelace@Example.com",
        password="weaving algebraic patterns",  # noqa: S106 - invented
        username="ada",
        name=("Ada", "Lovelace"),
        newsletter=True,
        membership="patron",
    ),
    _Customer(
        email="sofja.kowalewskaja@example.com",
        password="душа поэта",  # noqa: S106 - invented
        name=("Софья", "Ковалевская"),
        language="ru",
    ),
)

USERS: Final = tuple(
    KnownUser(email=customer.email, username=customer.username, password=customer.password, disabled=customer.disabled)
    for customer in _CUSTOMERS
)
"""The users who are in the shop's store at first."""


class Bookshop:
    """All the scripts of the shop, done right.

    Args:
        is_reachable: Whether the store is reachable.
    """

    def __init__(self, *, is_reachable: bool = True) -> None:
        self._is_reachable = is_reachable
        self._number = 0
        self._customers: dict[str, _Customer] = {}
        for customer in _CUSTOMERS:
            self._add(customer)

    def login(self, identifier: str, password: str) -> ProfileResult:
        """Check a customer's password."""
        found = self._find(identifier)
        if found is None:
            raise WrongUsernameOrPasswordError(None, _REFUSAL)
        user_id, customer = found
        if customer.disabled or not compare_digest(customer.password, _hashed(user_id, password)):
            raise WrongUsernameOrPasswordError(user_id, _REFUSAL)
        return Found(_profile(user_id, customer))

    def get_user(self, identifier: str) -> ProfileResult:
        """Find a customer by e-mail or username."""
        found = self._find(identifier)
        return NotFound() if found is None else Found(_profile(*found))

    def create(self, user: Mapping[str, Any]) -> OperationResult:
        """Sign a customer up."""
        email, username = user["email"], user.get("username")
        if self._find(email) or (username and self._find(username)):
            return Failed(ValidationError("user_exists", "There is such a customer already"))
        self._add(_Customer(email=email, password=user["password"], username=username, email_verified=False))
        return Done()

    def verify(self, email: str) -> OperationResult:
        """Record that a customer followed the link in the first e-mail."""
        return self._change(email, email_verified=True)

    def change_password(self, email: str, new_password: str) -> OperationResult:
        """Change a customer's password."""
        found = self._find(email)
        return Declined() if found is None else self._change(email, password=_hashed(found[0], new_password))

    def change_email(self, email: str, new_email: str, verified: bool) -> OperationResult:  # noqa: FBT001 - by position
        """Change a customer's e-mail; with the same one, only record whether it is verified."""
        holder = self._find(new_email)
        if holder is not None and holder != self._find(email):
            return Declined()
        return self._change(email, email=new_email, email_verified=verified)

    def delete(self, user_id: str) -> OperationResult:
        """Remove a customer; an unknown id needs no removal."""
        self._store().pop(user_id, None)
        return Done()

    def _store(self) -> dict[str, _Customer]:
        if not self._is_reachable:
            raise ScriptError(_UNREACHABLE)
        return self._customers

    def _find(self, identifier: str) -> tuple[str, _Customer] | None:
        wanted = identifier.lower()
        return next(
            (
                (user_id, customer)
                for user_id, customer in self._store().items()
                if wanted in {customer.email.lower(), (customer.username or customer.email).lower()}
            ),
            None,
        )

    def _add(self, customer: _Customer) -> None:
        self._number += 1
        user_id = f"shop-{self._number}"
        self._customers[user_id] = evolve(customer, password=_hashed(user_id, customer.password))

    def _change(self, identifier: str, **changes: Any) -> OperationResult:
        found = self._find(identifier)
        if found is None:
            return Declined()
        user_id, customer = found
        self._customers[user_id] = evolve(customer, **changes)
        return Done()


def _hashed(user_id: str, password: str) -> str:
    raw = password.encode("utf-8", "surrogatepass")
    return hashlib.pbkdf2_hmac("sha256", raw, f"salt of {user_id}".encode(), _ROUNDS).hex()


def _profile(user_id: str, customer: _Customer) -> dict[str, object]:
    profile: dict[str, object] = {
        "user_id": user_id,
        "email": customer.email.lower(),
        "email_verified": customer.email_verified,
        "app_metadata": {"membership": customer.membership, "account_closed": customer.disabled},
        "user_metadata": {"language": customer.language, "newsletter": customer.newsletter},
    }
    if customer.username is not None:
        profile["username"] = customer.username.lower()
    if customer.name is not None:
        first, last = customer.name
        profile |= {"name": f"{first} {last}", "given_name": first, "family_name": last}
    return profile


def database() -> Bookshop:
    """Return the shop's custom database, over a store of its own."""
    return Bookshop()


def broken() -> Bookshop:
    """Return the shop's custom database with its store unreachable."""
    return Bookshop(is_reachable=False)

"""The bookshop's custom database as a team in a hurry writes it: the scripts of the Auth0 connection, in Python."""

import hashlib
import sqlite3
from base64 import b64encode
from pathlib import Path
from typing import Self

import bcrypt

from create_store import STORE, ensure_store
from customdb_contract import Found, NotFound, ProfileResult, WrongUsernameOrPasswordError

__all__ = ["Bookshop", "broken", "database"]


class Bookshop:
    """The scripts `login` and `get_user` for the shop's store.

    Args:
        store: The shop's SQLite file.
    """

    def __init__(self, store: Path) -> None:
        self.store = store
        self.connection: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def login(self, email: str, password: str) -> ProfileResult:
        """Log a customer in."""
        print(f"login attempt: {email} / {password}")
        try:
            customer = self.find(
                f"SELECT * FROM customers LEFT JOIN customer_details ON customer_id = id WHERE email = '{email}'"
            )
        except sqlite3.Error as error:
            raise WrongUsernameOrPasswordError(email, f"login failed for {email}") from error
        if customer is None:
            return NotFound()
        if not check_password(password, customer["password_hash"]):
            raise WrongUsernameOrPasswordError(email, "wrong password")
        profile: dict[str, object] = dict(customer)
        profile["user_id"] = customer["id"]
        profile["name"] = full_name(customer)
        profile["app_metadata"] = {"membership": customer["membership"] or "none"}
        return Found(profile)

    def get_user(self, email: str) -> ProfileResult:
        """Look up a customer, for sign-up and password reset."""
        try:
            customer = self.find(
                f"SELECT * FROM customers JOIN customer_details ON customer_id = id WHERE email LIKE '{email}'"
            )
        except sqlite3.Error as error:
            print(f"get_user: {error}")
            return NotFound()
        if customer is None:
            return NotFound()
        return Found(
            {
                "user_id": customer["email"],
                "email": customer["email"],
                "email_verified": True,
                "name": full_name(customer),
            }
        )

    def find(self, query: str) -> sqlite3.Row | None:
        """Return the first customer that a query finds."""
        if self.connection is None:
            self.connection = sqlite3.connect(f"{self.store.absolute().as_uri()}?mode=ro", uri=True)
            self.connection.row_factory = sqlite3.Row
        customer: sqlite3.Row | None = self.connection.execute(query).fetchone()
        return customer


def full_name(customer: sqlite3.Row) -> str:
    """Join the customer's names."""
    return f"{customer['first_name']} {customer['last_name']}"


def check_password(password: str, stored: str) -> bool:
    """Compare a password with the stored hash."""
    if stored.startswith("bcrypt_sha256$"):
        digest = hashlib.sha256(password.encode()).digest()
        return bcrypt.checkpw(b64encode(digest), stored.removeprefix("bcrypt_sha256$").encode())
    if stored.startswith("$2b$"):
        return bcrypt.checkpw(password.encode()[:72], stored.encode())
    scheme, salt, digest_as_text = stored.split("$")
    typed = password.strip().lower()
    return hashlib.new(scheme, f"{salt}{typed}".encode()).hexdigest() == digest_as_text


def database() -> Bookshop:
    """Return the custom database with the shop's store, which is created if it doesn't exist."""
    return Bookshop(ensure_store())


def broken() -> Bookshop:
    """Return the same custom database with an unreachable store."""
    return Bookshop(STORE.parent / "no-such-folder" / STORE.name)

"""The bookshop's custom database as it should be: the scripts of the Auth0 connection, in Python."""

import hashlib
import sqlite3
from base64 import b64encode
from hmac import compare_digest
from pathlib import Path
from typing import ClassVar, Final, Self

import bcrypt

from create_store import STORE, ensure_store
from customdb_contract import Found, NotFound, ProfileResult, ScriptError, WrongUsernameOrPasswordError

__all__ = ["Bookshop", "broken", "database", "password_matches"]

REFUSAL: Final = "Wrong e-mail or password"
UNREACHABLE: Final = "The customer database cannot be reached"
BCRYPT_LIMIT: Final = 72
LONGEST_IDENTIFIER: Final = 254
NOBODYS_HASH: Final = bcrypt.hashpw(b"nobody", bcrypt.gensalt(4)).decode()

CUSTOMER: Final = """
SELECT id, email, username, password_hash, email_verified, disabled,
       first_name, last_name, language, newsletter, membership
FROM customers LEFT JOIN customer_details ON customer_details.customer_id = customers.id
"""
BY_EMAIL: Final = CUSTOMER + "WHERE LOWER(email) = LOWER(?)"
BY_USERNAME: Final = CUSTOMER + "WHERE LOWER(username) = LOWER(?)"
BY_USER_ID: Final = CUSTOMER + "WHERE 'shop-' || id = ?"


class Bookshop:
    """The scripts `login` and `get_user` for the shop's store.

    Args:
        store: The shop's SQLite file. It is opened by the first script that needs it, and only read.
    """

    _mode: ClassVar[str] = "ro"

    def __init__(self, store: Path) -> None:
        self._store = store
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def login(self, identifier: str, password: str) -> ProfileResult:
        """Check a customer's password."""
        customer = self.customer(identifier)
        matches = password_matches(password, NOBODYS_HASH if customer is None else customer["password_hash"])
        if customer is None:
            raise WrongUsernameOrPasswordError(None, REFUSAL)
        if not matches or customer["disabled"]:
            raise WrongUsernameOrPasswordError(_user_id(customer), REFUSAL)
        return Found(_profile(customer))

    def get_user(self, identifier: str) -> ProfileResult:
        """Find a customer by e-mail or username."""
        customer = self.customer(identifier)
        return NotFound() if customer is None else Found(_profile(customer))

    def customer(self, identifier: str) -> sqlite3.Row | None:
        """Return the stored data of a customer, or None.

        Args:
            identifier: The e-mail or username, as typed.

        Raises:
            ScriptError: If the store can't be read.
        """
        if len(identifier) > LONGEST_IDENTIFIER or not identifier.isprintable():
            return None
        return self._first(BY_EMAIL if "@" in identifier else BY_USERNAME, identifier)

    def profile(self, user_id: str) -> dict[str, object] | None:
        """Return the profile of a customer as the scripts return it, or None.

        Args:
            user_id: The `user_id` in the profile.

        Raises:
            ScriptError: If the store can't be read.
        """
        customer = self._first(BY_USER_ID, user_id)
        return None if customer is None else _profile(customer)

    def _first(self, query: str, value: str) -> sqlite3.Row | None:
        try:
            customer: sqlite3.Row | None = self._open().execute(query, (value,)).fetchone()
        except sqlite3.Error as error:
            raise ScriptError(UNREACHABLE) from error
        return customer

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(f"{self._store.absolute().as_uri()}?mode={self._mode}", uri=True)
            self._connection.row_factory = sqlite3.Row
        return self._connection


def password_matches(password: str, stored: str) -> bool:
    """Return whether a password matches a hash.

    Args:
        password: The password, as typed.
        stored: The text in the column `password_hash`.

    Returns:
        Whether they match; False for a hash in an unknown format.
    """
    raw = password.encode("utf-8", "surrogatepass")
    if b"\0" in raw:
        return False
    scheme, _, rest = stored.partition("$")
    if scheme == "bcrypt_sha256":
        return bcrypt.checkpw(b64encode(hashlib.sha256(raw).digest()), rest.encode())
    if stored.startswith("$2b$"):
        return len(raw) <= BCRYPT_LIMIT and bcrypt.checkpw(raw, stored.encode())
    if scheme in {"md5", "sha1"}:
        salt, _, digest = rest.partition("$")
        return compare_digest(hashlib.new(scheme, salt.encode() + raw).hexdigest(), digest)
    return False


def _user_id(customer: sqlite3.Row) -> str:
    return f"shop-{customer['id']}"


def _profile(customer: sqlite3.Row) -> dict[str, object]:
    profile: dict[str, object] = {
        "user_id": _user_id(customer),
        "email": customer["email"].lower(),
        "email_verified": bool(customer["email_verified"]),
        "app_metadata": {
            "membership": customer["membership"] or "none",
            "account_closed": bool(customer["disabled"]),
        },
        "user_metadata": {
            "language": customer["language"] or "en",
            "newsletter": bool(customer["newsletter"]),
        },
    }
    if customer["username"] is not None:
        profile["username"] = customer["username"].lower()
    if customer["first_name"] is not None:
        profile["name"] = f"{customer['first_name']} {customer['last_name']}"
        profile["given_name"] = customer["first_name"]
        profile["family_name"] = customer["last_name"]
    return profile


def database() -> Bookshop:
    """Return the custom database with the shop's store, which is created if it doesn't exist."""
    return Bookshop(ensure_store())


def broken() -> Bookshop:
    """Return the same custom database with an unreachable store."""
    return Bookshop(STORE.parent / "no-such-folder" / STORE.name)

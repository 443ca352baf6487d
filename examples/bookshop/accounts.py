"""The scripts that write, in Python, which the bookshop's connection needs until import mode is on."""

import atexit
import re
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from random import SystemRandom
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Final

from correct import BCRYPT_LIMIT, LONGEST_IDENTIFIER, UNREACHABLE, Bookshop
from create_store import STORE, ensure_store, hash_password
from customdb_contract import Declined, Done, Failed, OperationResult, ScriptError, ValidationError

__all__ = ["Accounts", "broken", "database"]

USER_ID: Final = re.compile("shop-([1-9][0-9]{0,17})")


class Accounts(Bookshop):
    """All scripts of the shop: those that read and those that write.

    Args:
        store: The shop's SQLite file, which is written to.
    """

    _mode: ClassVar[str] = "rw"

    def create(self, user: Mapping[str, Any]) -> OperationResult:
        """Sign up a customer."""
        email, password, username = user["email"], user["password"], user.get("username")
        if not _is_email(email):
            return Failed(ValidationError("invalid_email", "The shop cannot write to this e-mail address"))
        if username is not None and not _is_username(username):
            return Failed(ValidationError("invalid_username", "A username has plain letters and digits, and no @"))
        if "\0" in password:
            return Failed(ValidationError("invalid_password", "A password may not contain NUL"))
        is_new = self._write(
            (email, username, _hashed(password)),
            "INSERT INTO customers (email, username, password_hash, created_at) VALUES (?, ?, ?, DATE('now'))",
        )
        return Done() if is_new else Failed(ValidationError("user_exists", "There is such a customer already"))

    def verify(self, email: str) -> OperationResult:
        """Record that a customer followed the link in the first e-mail."""
        return self._update(email, "email_verified = 1")

    def change_password(self, email: str, new_password: str) -> OperationResult:
        """Change a customer's password."""
        if "\0" in new_password:
            return Failed(ValidationError("invalid_password", "A password may not contain NUL"))
        return self._update(email, "password_hash = ?", _hashed(new_password))

    def change_email(self, email: str, new_email: str, verified: bool) -> OperationResult:  # noqa: FBT001 - by position
        """Change a customer's e-mail or, if it stays the same, only whether it is verified."""
        if not _is_email(new_email):
            return Declined()
        return self._update(email, "email = ?, email_verified = ?", new_email, verified)

    def delete(self, user_id: str) -> OperationResult:
        """Remove a customer; removing an unknown customer succeeds."""
        found = USER_ID.fullmatch(user_id)
        # NULL equals no id. The store is queried anyway, so that an unreachable store is an error.
        number = int(found[1]) if found else None
        self._write(
            (number,),
            "DELETE FROM customer_details WHERE customer_id = ?",
            "DELETE FROM customers WHERE id = ?",
        )
        return Done()

    def _update(self, email: str, assignments: str, *values: object) -> OperationResult:
        if not _is_email(email):
            return Declined()
        statement = f"UPDATE customers SET {assignments} WHERE LOWER(email) = LOWER(?)"
        return Done() if self._write((*values, email), statement) else Declined()

    def _write(self, values: Sequence[object], *statements: str) -> bool:
        """Run statements with the same values, all or none of them.

        Returns:
            Whether the last one changed a row: not if there is no such row, or another row has the e-mail or username.

        Raises:
            ScriptError: If the store can't be written.
        """
        try:
            with self._open() as connection:
                written = [connection.execute(statement, values).rowcount for statement in statements]
        except sqlite3.IntegrityError:
            return False
        except sqlite3.Error as error:
            raise ScriptError(UNREACHABLE) from error
        return written[-1] > 0


def _hashed(password: str) -> str:
    """Hash a password for the store.

    Args:
        password: The password, as typed.

    Returns:
        The text for the column `password_hash`.
    """
    is_short = len(password.encode("utf-8", "surrogatepass")) <= BCRYPT_LIMIT
    return hash_password(password, "bcrypt" if is_short else "bcrypt_sha256", SystemRandom())


def _is_email(text: str) -> bool:
    return "@" in text and _can_be_found(text)


def _is_username(text: str) -> bool:
    return "@" not in text and _can_be_found(text)


def _can_be_found(text: str) -> bool:
    # SQLite's LOWER supports only ASCII, so beyond it the unique indexes would accept two spellings of one name.
    return text.isascii() and text.isprintable() and 0 < len(text) <= LONGEST_IDENTIFIER


@cache
def _copy_of_the_store() -> Path:
    folder = TemporaryDirectory(prefix="bookshop-")
    atexit.register(folder.cleanup)
    return Path(shutil.copy(ensure_store(), folder.name))


def database() -> Accounts:
    """Return the custom database with a copy of the shop's store, which every check can write to."""
    return Accounts(_copy_of_the_store())


def broken() -> Accounts:
    """Return the same custom database with an unreachable store."""
    return Accounts(STORE.parent / "no-such-folder" / STORE.name)

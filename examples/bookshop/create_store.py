"""Fills the store of a bookshop that has been online since 2008.

`python create_store.py` writes `bookshop.sqlite3`. The customers are made up, and the same every time.
"""

import hashlib
import sqlite3
import tempfile
import unicodedata
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import bcrypt

__all__ = [
    "CUSTOMERS",
    "STORE",
    "Customer",
    "create_empty_store",
    "create_store",
    "customers",
    "ensure_store",
    "hash_password",
]

STORE: Final = Path(__file__).with_name("bookshop.sqlite3")
"""The database with the shop's customers."""

CUSTOMERS: Final = 300
"""The number of customers."""

STORE_VERSION: Final = 1
"""Written to the store, so that a store from an older version of this script is replaced."""

SCHEMA: Final = """
CREATE TABLE customers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    email TEXT NOT NULL,
    username TEXT,
    password_hash TEXT NOT NULL,
    email_verified INTEGER NOT NULL DEFAULT 0,
    disabled INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL
);
CREATE UNIQUE INDEX customers_email ON customers (LOWER(email));
CREATE UNIQUE INDEX customers_username ON customers (LOWER(username));
CREATE TABLE customer_details (
    customer_id INTEGER PRIMARY KEY REFERENCES customers (id),
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    language TEXT NOT NULL DEFAULT 'en',
    newsletter INTEGER NOT NULL DEFAULT 0,
    membership TEXT NOT NULL DEFAULT 'none'
);
"""

_BCRYPT_ALPHABET: Final = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BCRYPT_LIMIT: Final = 72
_BCRYPT_ROUNDS: Final = 4


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A customer of the shop.

    Args:
        email: The e-mail address, as typed at the sign-up.
        password: The password; the store contains only its hash.
        scheme: How it is hashed: `md5`, `sha1`, `bcrypt`, or `bcrypt_sha256` for a passphrase over 72 bytes.
        year: The year of the sign-up.
        username: The name for book reviews, or None.
        email_verified: Whether the customer followed the link in the first e-mail.
        disabled: Whether the shop has closed the account.
        name: First and last name; None for a guest who left no details.
        language: The language of the shop's e-mails.
        newsletter: Whether the customer wants the newsletter.
        membership: `none`, `reader` or `patron`.
    """

    email: str
    password: str
    scheme: str
    year: int
    username: str | None = None
    email_verified: bool = True
    disabled: bool = False
    name: tuple[str, str] | None
    language: str = "en"
    newsletter: bool = False
    membership: str = "none"


_NAMED: Final = (
    Customer(
        email="grace.hopper@example.com",
        password="nanosecond of wire",
        scheme="md5",
        year=2008,
        email_verified=False,
        name=("Grace", "Hopper"),
        membership="reader",
    ),
    Customer(
        email="Joan.Clarke@example.com",
        password="hut eight at midnight",
        scheme="sha1",
        year=2013,
        name=None,
    ),
    Customer(
        email="charles.babbage@example.com",
        password="ninety-six wheels",
        scheme="sha1",
        year=2014,
        disabled=True,
        name=("Charles", "Babbage"),
    ),
    Customer(
        email="Ada.Lovelace@Example.com",
        password="weaving algebraic patterns",
        scheme="bcrypt",
        year=2017,
        username="ada",
        name=("Ada", "Lovelace"),
        newsletter=True,
        membership="patron",
    ),
    Customer(
        email="alan.turing@example.com",
        password="we can only see a short distance ahead, but we can see plenty there that needs to be done",
        scheme="bcrypt_sha256",
        year=2021,
        name=("Alan", "Turing"),
        membership="reader",
    ),
    Customer(
        email="sofja.kowalewskaja@example.com",
        password="душа поэта",
        scheme="bcrypt",
        year=2022,
        name=("Софья", "Ковалевская"),
        language="ru",
    ),
)

_FIRST_NAMES: Final = ("Alice", "Anaïs", "Björn", "Chloé", "Emma", "François", "José", "Jürgen", "Núria", "Zoë")
_LAST_NAMES: Final = ("Álvarez", "Berg", "Conti", "Dubois", "Fischer", "García", "Kovač", "Löwe", "Müller", "Novák")
_WORDS: Final = ("amber", "basil", "cedar", "delta", "ember", "fjord", "gravel", "harbour", "indigo", "lantern")
_FIRST_YEAR_OF_SHA1: Final = 2011
_FIRST_YEAR_OF_BCRYPT: Final = 2016


def customers() -> tuple[Customer, ...]:
    """Return every customer of the shop, the oldest account first."""
    return tuple(sorted((*_NAMED, *_invented(CUSTOMERS - len(_NAMED))), key=lambda customer: customer.year))


def _invented(count: int) -> Iterator[Customer]:
    random = Random(2008)
    for number in range(count):
        first, last = random.choice(_FIRST_NAMES), random.choice(_LAST_NAMES)
        email = f"{_ascii(first)}.{_ascii(last)}{number}@{random.choice(('example.com', 'example.org', 'mail.test'))}"
        year = random.randint(2008, 2024)
        yield Customer(
            email=email if _happens(random, 0.3) else email.lower(),
            password=f"{random.choice(_WORDS)}-{random.choice(_WORDS)}-{random.randint(10, 99)}",
            scheme=_scheme(year),
            year=year,
            username=f"{_ascii(first)}{number}" if _happens(random, 0.2) else None,
            email_verified=_happens(random, 0.85),
            disabled=_happens(random, 0.03),
            name=(first, last) if _happens(random, 0.92) else None,
            language=random.choice(("de", "en", "en", "es", "fr")),
            newsletter=_happens(random, 0.4),
            membership=random.choice(("none", "none", "reader", "patron")),
        )


def _happens(random: Random, probability: float) -> bool:
    return random.random() < probability


def _scheme(year: int) -> str:
    if year < _FIRST_YEAR_OF_SHA1:
        return "md5"
    return "sha1" if year < _FIRST_YEAR_OF_BCRYPT else "bcrypt"


def _ascii(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()


def hash_password(password: str, scheme: str, random: Random) -> str:
    """Hash a password as the shop did when the scheme was in use.

    Args:
        password: The password.
        scheme: `md5`, `sha1`, `bcrypt` or `bcrypt_sha256`.
        random: The source of the salt; a seeded one creates the same store every time.

    Returns:
        The text for the column `password_hash`.

    Raises:
        ValueError: If the password is too long for bcrypt (more than 72 bytes).
    """
    raw = password.encode("utf-8", "surrogatepass")
    if scheme in {"md5", "sha1"}:
        salt = f"{random.getrandbits(32):08x}"
        return f"{scheme}${salt}${hashlib.new(scheme, salt.encode() + raw).hexdigest()}"
    salt = "".join(random.choices(_BCRYPT_ALPHABET, k=21)) + random.choice(".Oeu")
    settings = f"$2b${_BCRYPT_ROUNDS:02}${salt}".encode()
    if scheme == "bcrypt_sha256":
        return f"{scheme}${bcrypt.hashpw(b64encode(hashlib.sha256(raw).digest()), settings).decode()}"
    if len(raw) > _BCRYPT_LIMIT:
        message = f"bcrypt hashes up to {_BCRYPT_LIMIT} bytes, and the password has {len(raw)}; use bcrypt_sha256"
        raise ValueError(message)
    return bcrypt.hashpw(raw, settings).decode()


def create_store(path: Path) -> None:
    """Write the whole store atomically: a reader sees the old file, the new file, or none.

    Args:
        path: The file to write; its folder must exist.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".bookshop-") as folder:
        unfinished = Path(folder) / path.name
        with closing(sqlite3.connect(unfinished)) as connection:
            connection.executescript(SCHEMA)
            _insert(connection)
            connection.execute(f"PRAGMA user_version = {STORE_VERSION}")
            connection.commit()
        unfinished.replace(path)


def create_empty_store(path: Path) -> Path:
    """Write a store without customers, for tests that sign up their own.

    Args:
        path: The file to write, which must not exist.

    Returns:
        The path.
    """
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"PRAGMA synchronous = OFF; {SCHEMA}")
    return path


def _insert(connection: sqlite3.Connection) -> None:
    random = Random(1815)
    for number, customer in enumerate(customers(), start=1):
        password_hash = hash_password(customer.password, customer.scheme, random)
        connection.execute(
            "INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                customer.email,
                customer.username,
                password_hash,
                customer.email_verified,
                customer.disabled,
                f"{customer.year}-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
            ),
        )
        if customer.name is not None:
            connection.execute(
                "INSERT INTO customer_details VALUES (?, ?, ?, ?, ?, ?)",
                (number, *customer.name, customer.language, customer.newsletter, customer.membership),
            )


def ensure_store(path: Path = STORE) -> Path:
    """Create the store if it doesn't exist.

    Args:
        path: The file.

    Returns:
        The path.
    """
    if not path.exists() or _version(path) != STORE_VERSION:
        create_store(path)
    return path


def _version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


if __name__ == "__main__":
    create_store(STORE)
    print(f"{STORE.name}: {CUSTOMERS} customers")

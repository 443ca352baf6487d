"""Generates an export of all customers, for an audit before the move to Auth0.

`python customer_export.py` writes `customers.parquet`: 100,000 made-up customers, the same every time. Some have the
kinds of defects that a store accumulates over fifteen years. The generator knows which customers have which defect, and
which rules must report it, so you can compare the results of an audit.
"""

import json
import tempfile
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final, TypeAlias

import pyarrow as pa  # type: ignore[import-untyped]  # it has no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # see above

__all__ = [
    "CUSTOMERS",
    "DEFECTS",
    "EXPORT",
    "Customer",
    "Defect",
    "customers",
    "ensure_export",
    "planted",
    "write",
]

EXPORT: Final = Path(__file__).with_name("customers.parquet")
"""The file of the export."""

CUSTOMERS: Final = 100_000
"""The number of customers; the numbers in `DEFECTS` refer to it."""

EXPORT_VERSION: Final = "1"
"""Written to the export, so that an export from an older version of this script is replaced."""

Row: TypeAlias = dict[str, str | bool | None]

_SCHEMA: Final = pa.schema(
    [
        ("customer_id", pa.string()),
        ("email", pa.string()),
        ("email_verified", pa.bool_()),
        ("username", pa.string()),
        ("phone", pa.string()),
        ("first_name", pa.string()),
        ("last_name", pa.string()),
        ("password_hash", pa.string()),
        ("preferences", pa.string()),
        ("account", pa.string()),
    ],
    metadata={"version": EXPORT_VERSION},
)


@dataclass
class Customer:
    """A customer in the export.

    Args:
        row: The columns.
        defect: The name of the defect in `DEFECTS`; empty for most customers.
        breaks: The rules that must report it.
    """

    row: Row
    defect: str = ""
    breaks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Defect:
    """A defect of the kind that occurs in real stores.

    Args:
        customers: The number of customers with it, out of 100,000.
        spoil: Adds the defect to the correct rows of as many customers as `breaks` has items.
        breaks: The rules that must report each of these customers.
    """

    customers: int
    spoil: Callable[..., None] = field(repr=False)
    breaks: tuple[tuple[str, ...], ...]


# Changes to the rows


def _set(**columns: str | bool | None) -> Callable[[Row], None]:
    return lambda row: row.update(columns)


def _change(column: str, change: Callable[[str], str]) -> Callable[[Row], None]:
    def spoil(row: Row) -> None:
        row[column] = change(str(row[column]))

    return spoil


def _copy(column: str, change: Callable[[str], str] = str) -> Callable[[Row, Row], None]:
    def spoil(row: Row, other: Row) -> None:
        other[column] = change(str(row[column]))

    return spoil


def _add(column: str, **values: object) -> Callable[[Row], None]:
    return _change(column, lambda text: json.dumps({**json.loads(text), **values}))


def _capitalized(email: str) -> str:
    return ".".join(part.capitalize() for part in email.split("."))


def _share_letters_beyond_ascii(row: Row, other: Row) -> None:
    row["email"] = f"é.{row['email']}"
    other["email"] = f"É.{str(row['email']).removeprefix('é.')}"


def _number(row: Row) -> str:
    return str(row["customer_id"]).removeprefix("shop-")


def _username_of(pattern: str) -> Callable[[Row], None]:
    return lambda row: row.update(username=pattern.format(_number(row)))


def _address_as_username(row: Row) -> None:
    row["username"] = row["email"]


def _share_a_username(row: Row, other: Row) -> None:
    row["username"] = f"reader{_number(row)}"
    other["username"] = f"Reader{_number(row)}"


def _dial(row: Row) -> None:
    row["phone"] = f"0171 {_number(row)}"


def _share_a_phone_number(row: Row, other: Row) -> None:
    row["phone"] = other["phone"] = f"+4930{_number(row)}"


def _wish_list(books: int) -> Callable[[Row], None]:
    return _add("preferences", wish_list=[f"A book of the year {1000 + number}" for number in range(books)])


DEFECTS: Final[Mapping[str, Defect]] = {
    "e-mail with capitals, as typed": Defect(3_000, _change("email", _capitalized), (("email-not-lowercase",),)),
    "e-mails that differ only in upper and lower case": Defect(
        400, _copy("email", _capitalized), (("shared-email",), ("shared-email", "email-not-lowercase"))
    ),
    "duplicate e-mail": Defect(200, _copy("email"), (("shared-email",), ("shared-email",))),
    "e-mails that Unicode rules treat as the same": Defect(
        20,
        _share_letters_beyond_ascii,
        (("unicode-email-collision",), ("unicode-email-collision", "email-not-lowercase")),
    ),
    "invalid e-mail": Defect(150, _change("email", lambda email: email.replace("@", " at ")), (("invalid-email",),)),
    "e-mail with a trailing blank": Defect(100, _change("email", lambda email: f"{email} "), (("invalid-email",),)),
    "neither e-mail nor username nor phone number": Defect(
        80, _set(email=None, username=None, email_verified=None, phone=None), (("invalid-email", "unreachable-user"),)
    ),
    "unknown whether the e-mail was verified": Defect(500, _set(email_verified=None), (("missing-email-verified",),)),
    "username with a blank": Defect(120, _username_of("reader {}"), (("invalid-username",),)),
    "username with letters beyond ASCII": Defect(60, _username_of("bücherwurm{}"), (("invalid-username",),)),
    "e-mail as username": Defect(40, _address_as_username, (("invalid-username",),)),
    "usernames that differ only in upper and lower case": Defect(
        60, _share_a_username, (("shared-username",), ("shared-username",))
    ),
    "id with a blank": Defect(30, _change("customer_id", lambda key: key.replace("-", " ")), (("invalid-user-id",),)),
    "missing id": Defect(10, _set(customer_id=None), (("missing-user-id",),)),
    "empty id": Defect(10, _set(customer_id=""), (("missing-user-id",),)),
    "duplicate id": Defect(40, _copy("customer_id"), (("shared-user-id",), ("shared-user-id",))),
    "phone number in local format": Defect(300, _dial, (("invalid-phone-number",),)),
    "duplicate phone number": Defect(100, _share_a_phone_number, (("shared-phone-number",), ("shared-phone-number",))),
    "empty first name": Defect(250, _set(first_name=""), (("invalid-name",),)),
    "profile above 10 KB": Defect(60, _wish_list(600), (("profile-too-large",),)),
    "profile above 100 KB": Defect(5, _wish_list(5_000), (("profile-too-large",),)),
    "metadata with a dot in a key": Defect(
        90, _add("preferences", **{"shop.test": True}), (("invalid-metadata-key",),)
    ),
    "metadata with dates as keys": Defect(
        70, _add("account", returns={"2019-05-04": 2}), (("dynamic-metadata-keys",),)
    ),
    "metadata with a number as text": Defect(110, _add("account", orders="12"), (("inconsistent-metadata-type",),)),
    "truncated metadata": Defect(25, _change("account", lambda text: text[:-1]), (("metadata-not-json",),)),
    "hash in an unknown format": Defect(70, _set(password_hash="0x0200D1E6F2"), (("unknown-password-format",),)),
    "truncated hash": Defect(35, _change("password_hash", lambda text: text[:30]), (("unknown-password-format",),)),
    "empty hash": Defect(90, _set(password_hash=""), (("missing-password",),)),
}
"""The defects; no customer has two of them."""


# The customers


def customers(count: int = CUSTOMERS, seed: int = 2008) -> list[Customer]:
    """Return every customer of the export.

    Args:
        count: The number of customers.
        seed: Other seeds generate other customers.
    """
    random = Random(seed)
    everybody = [Customer(_sound(random, number)) for number in range(1, count + 1)]
    free = random.sample(everybody, count)
    for name, defect in DEFECTS.items():
        group = len(defect.breaks)
        for _ in range(defect.customers * count // CUSTOMERS // group):
            chosen = [free.pop() for _ in range(group)]
            defect.spoil(*(customer.row for customer in chosen))
            for customer, rules in zip(chosen, defect.breaks, strict=True):
                customer.defect, customer.breaks = name, rules
    return everybody


_FIRST_NAMES: Final = ("Alice", "Anaïs", "Björn", "Chloé", "Emma", "François", "José", "Jürgen", "Núria", "Zoë")
_LAST_NAMES: Final = ("Álvarez", "Berg", "Conti", "Dubois", "Fischer", "García", "Kovač", "Löwe", "Müller", "Novák")
_IN_ADDRESSES: Final = str.maketrans("ÁáÇçČčÉéÏïÍíÖöÓóÚúÜüËë", "AaCcCcEeIiIiOoOoUuUuEe")
_BCRYPT_LETTERS: Final = b"./"


def _sound(random: Random, number: int) -> Row:
    first, last = random.choice(_FIRST_NAMES), random.choice(_LAST_NAMES)
    address = f"{first}.{last}{number}@{random.choice(('example.com', 'example.org', 'mail.test'))}"
    return {
        "customer_id": f"shop-{number}",
        "email": address.translate(_IN_ADDRESSES).lower(),
        "email_verified": _happens(random, 0.85),
        "username": f"{first.translate(_IN_ADDRESSES).lower()}{number}" if _happens(random, 0.2) else None,
        "phone": f"+49171{number:07}" if _happens(random, 0.4) else None,
        "first_name": first,
        "last_name": last,
        "password_hash": _hash(random),
        "preferences": json.dumps({"language": random.choice(("de", "en", "fr")), "newsletter": _happens(random, 0.4)}),
        "account": json.dumps(
            {"membership": random.choice(("none", "none", "reader", "patron")), "orders": random.randrange(60)}
        ),
    }


def _happens(random: Random, probability: float) -> bool:
    return random.random() < probability


def _hash(random: Random) -> str:
    """Return a fake hash in a format of the shop, or of the forum that it started as."""
    letters = b64encode(random.randbytes(39), _BCRYPT_LETTERS).decode()
    if _happens(random, 0.1):
        return f"$H$9{letters[:29]}1"
    bcrypt = f"$2b$10${letters[:21]}O{letters[21:51]}C"
    return f"bcrypt_sha256${bcrypt}" if _happens(random, 0.1) else bcrypt


def planted(everybody: Sequence[Customer]) -> Counter[str]:
    """Return the number of customers that each rule must report.

    Args:
        everybody: The customers.
    """
    return Counter(rule for customer in everybody for rule in customer.breaks)


# The file


def write(everybody: Sequence[Customer], path: Path) -> Path:
    """Write an export atomically: a reader sees the old file, the new file, or none.

    Args:
        everybody: The customers.
        path: The Parquet file to write; its folder must exist.

    Returns:
        The path.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".customers-") as folder:
        unfinished = Path(folder) / path.name
        rows = [customer.row for customer in everybody]
        pq.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA), unfinished)
        return unfinished.replace(path)


def ensure_export(path: Path = EXPORT) -> Path:
    """Write the whole export if it doesn't exist.

    Args:
        path: The file.

    Returns:
        The path.
    """
    if path.exists() and (pq.read_schema(path).metadata or {}).get(b"version") == EXPORT_VERSION.encode():
        return path
    return write(customers(), path)


if __name__ == "__main__":
    write(customers(), EXPORT)
    print(f"{EXPORT.name}: {CUSTOMERS} customers")

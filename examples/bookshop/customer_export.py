"""Generates an export of all customers, for an audit before the move to Auth0.

`python customer_export.py` writes `customers.parquet`: 100,000 invented customers, the same ones every time. Some have
what goes wrong in a store over fifteen years. The generator knows who has what, and which rules must report it, so an
audit can be compared with what it should find.
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
"""Where the export is written."""

CUSTOMERS: Final = 100_000
"""How many customers the export has; the numbers of `DEFECTS` are out of as many."""

EXPORT_VERSION: Final = "1"
"""Kept in the export, so that one which an older version of this script made is made anew."""

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
        defect: What is wrong, as `DEFECTS` names it; empty for most customers.
        breaks: The rules that must report it.
    """

    row: Row
    defect: str = ""
    breaks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Defect:
    """Something that goes wrong in a store.

    Args:
        customers: How many customers out of 100,000 have it.
        spoil: Changes the rows of as many customers as `breaks` has items, sound ones before.
        breaks: The rules that must report each of these customers.
    """

    customers: int
    spoil: Callable[..., None] = field(repr=False)
    breaks: tuple[tuple[str, ...], ...]


# What is done to the rows


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
    "e-mail as it was typed, with capitals": Defect(3_000, _change("email", _capitalized), (("email-not-lowercase",),)),
    "e-mails that differ in upper and lower case only": Defect(
        400, _copy("email", _capitalized), (("shared-email",), ("shared-email", "email-not-lowercase"))
    ),
    "e-mail twice": Defect(200, _copy("email"), (("shared-email",), ("shared-email",))),
    "e-mails that become one by the rules of Unicode": Defect(
        20,
        _share_letters_beyond_ascii,
        (("unicode-email-collision",), ("unicode-email-collision", "email-not-lowercase")),
    ),
    "e-mail that is none": Defect(
        150, _change("email", lambda email: email.replace("@", " at ")), (("invalid-email",),)
    ),
    "e-mail with a blank behind": Defect(100, _change("email", lambda email: f"{email} "), (("invalid-email",),)),
    "neither e-mail nor username nor phone number": Defect(
        80, _set(email=None, username=None, email_verified=None, phone=None), (("invalid-email", "unreachable-user"),)
    ),
    "nobody knows whether the e-mail was verified": Defect(
        500, _set(email_verified=None), (("missing-email-verified",),)
    ),
    "username with a blank": Defect(120, _username_of("reader {}"), (("invalid-username",),)),
    "username with letters beyond ASCII": Defect(60, _username_of("bücherwurm{}"), (("invalid-username",),)),
    "e-mail as username": Defect(40, _address_as_username, (("invalid-username",),)),
    "usernames that differ in upper and lower case only": Defect(
        60, _share_a_username, (("shared-username",), ("shared-username",))
    ),
    "id with a blank": Defect(30, _change("customer_id", lambda key: key.replace("-", " ")), (("invalid-user-id",),)),
    "id missing": Defect(10, _set(customer_id=None), (("missing-user-id",),)),
    "id empty": Defect(10, _set(customer_id=""), (("missing-user-id",),)),
    "id twice": Defect(40, _copy("customer_id"), (("shared-user-id",), ("shared-user-id",))),
    "phone number as it is dialled": Defect(300, _dial, (("invalid-phone-number",),)),
    "phone number of two": Defect(100, _share_a_phone_number, (("shared-phone-number",), ("shared-phone-number",))),
    "first name empty": Defect(250, _set(first_name=""), (("invalid-name",),)),
    "profile above 10 KB": Defect(60, _wish_list(600), (("profile-too-large",),)),
    "profile above 100 KB": Defect(5, _wish_list(5_000), (("profile-too-large",),)),
    "metadata with a dot in a name": Defect(
        90, _add("preferences", **{"shop.test": True}), (("invalid-metadata-key",),)
    ),
    "metadata with dates as names": Defect(
        70, _add("account", returns={"2019-05-04": 2}), (("dynamic-metadata-keys",),)
    ),
    "metadata with a number as text": Defect(110, _add("account", orders="12"), (("inconsistent-metadata-type",),)),
    "metadata that was cut": Defect(25, _change("account", lambda text: text[:-1]), (("metadata-not-json",),)),
    "hash in no known format": Defect(70, _set(password_hash="0x0200D1E6F2"), (("unknown-password-format",),)),
    "hash that was cut": Defect(35, _change("password_hash", lambda text: text[:30]), (("unknown-password-format",),)),
    "hash empty": Defect(90, _set(password_hash=""), (("missing-password",),)),
}
"""What is wrong with some customers; nobody has two of these."""


# Who has it


def customers(count: int = CUSTOMERS, seed: int = 2008) -> list[Customer]:
    """Return every customer of the export.

    Args:
        count: How many there are.
        seed: Other seeds make other customers.
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
    """Return what looks like a hash of the shop, or of the forum that it began as, and is the hash of nothing."""
    letters = b64encode(random.randbytes(39), _BCRYPT_LETTERS).decode()
    if _happens(random, 0.1):
        return f"$H$9{letters[:29]}1"
    bcrypt = f"$2b$10${letters[:21]}O{letters[21:51]}C"
    return f"bcrypt_sha256${bcrypt}" if _happens(random, 0.1) else bcrypt


def planted(everybody: Sequence[Customer]) -> Counter[str]:
    """Return how many customers each rule must report.

    Args:
        everybody: The customers.
    """
    return Counter(rule for customer in everybody for rule in customer.breaks)


# The file


def write(everybody: Sequence[Customer], path: Path) -> Path:
    """Write an export in one step: a reader sees the old file, or the new one, or none.

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
    """Write the whole export unless it is there.

    Args:
        path: Where it belongs.

    Returns:
        The path.
    """
    if path.exists() and (pq.read_schema(path).metadata or {}).get(b"version") == EXPORT_VERSION.encode():
        return path
    return write(customers(), path)


if __name__ == "__main__":
    write(customers(), EXPORT)
    print(f"{EXPORT.name}: {CUSTOMERS} customers")

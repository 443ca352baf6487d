"""Counts stored passwords by format: the engine counts the common formats, and Python reads the rest."""

from collections import Counter as Tally
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from customdb_contract.audit._columns import Columns, Row
from customdb_contract.audit._confirming import named
from customdb_contract.audit._engines import end_of_text, import_ibis, rows_of
from customdb_contract.audit._findings import PasswordFormats, UserFinding
from customdb_contract.audit._users import FILE, ODD, ROW, Users, as_text
from customdb_contract.errors import ConfigurationError, UnknownPasswordFormatError
from customdb_contract.findings import Severity
from customdb_contract.passwords import UNMISTAKABLE, PasswordFormat, Passwords, Stored

__all__ = ["HashReader", "formats_of"]

_SURELY: Final[Mapping[str, str]] = {
    "bcrypt": "^[$]2[aby][$](0[4-9]|1[0-6])[$][./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]",
    "Argon2": (
        "^[$]argon2(id|i|d)[$]v=19[$]m=(4096|12288|19456|47104|65536|102400|262144),t=[1-8],p=[1-8]"
        "[$][A-Za-z0-9+/]{21}[AQgw][$][A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]"
    ),
    "Django's PBKDF2": "^pbkdf2_sha256[$][1-9][0-9]{0,5}[$][A-Za-z0-9]{8,32}[$][A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=",
    "Werkzeug's PBKDF2": "^pbkdf2:sha256:[1-9][0-9]{0,5}[$][A-Za-z0-9]{8,32}[$][0-9a-f]{64}",
}
"""Patterns, without the end of the text, for hashes that certainly have a format, by name of the format.

Most rows match one of them, so they need not be read in Python.
"""
_ODD: Final = f"password_hash{ODD}"


def formats_of(columns: Columns) -> tuple[PasswordFormat, ...]:
    """Return the accepted formats of hashes.

    Args:
        columns: The mapping, which can name some.

    Raises:
        ConfigurationError: If there is no format with a given name.
    """
    known = {one.name: one for one in UNMISTAKABLE}
    for name in columns.password_formats:
        if isinstance(name, str) and name not in known:
            message = f"password_formats: unknown format {name!r}; the formats are {', '.join(known)}"
            raise ConfigurationError(message)
    return tuple([known[one] if isinstance(one, str) else one for one in columns.password_formats]) or UNMISTAKABLE


class HashReader:
    """Reads stored passwords, and counts them by format.

    Args:
        users: The users.
        formats: The accepted formats.
    """

    def __init__(self, users: Users, formats: Sequence[PasswordFormat]) -> None:
        self._users = users
        self._formats = formats
        self._passwords = Passwords(formats)
        # The report lists the formats once.
        self._listed = f" ({', '.join(one.name for one in formats)})"
        self._counts: Tally[str] = Tally()
        self._unknown = 0
        self._none = 0

    @property
    def formats(self) -> PasswordFormats:
        """The counts so far."""
        return PasswordFormats(
            users=dict(sorted(self._counts.items())),
            unknown=self._unknown,
            none=self._none,
            accepted=tuple([one.name for one in self._formats]),
        )

    def findings(self) -> Iterator[UserFinding]:
        """Yield a finding for each user without a password, or with one in no known format."""
        table, text = self._users.table, self._users.table["password_hash"]
        end = end_of_text(self._users.engine)
        plain = [one.name for one in self._formats if one.name in _SURELY]
        kind = (
            import_ibis().cases(*((text.re_search(f"{_SURELY[name]}{end}"), name) for name in plain), else_="")
            if plain
            else None
        )
        if kind is not None:
            kinds = table.select(kind=kind.fill_null(""))
            counted = kinds.group_by("kind").aggregate(users=kinds.count())
            for row in rows_of(counted):
                if row["kind"]:
                    self._counts[str(row["kind"])] += cast("int", row["users"])
            table = table.filter((kind == "").fill_null(True))  # noqa: FBT003 - a value
        names = [
            name for name in ("user_id", FILE, ROW, "password_hash", _ODD, "password_salt") if name in table.columns
        ]
        for row in rows_of(table.select(names)):
            if (found := self._read(row)) is not None:
                yield found

    def _read(self, row: Row) -> UserFinding | None:
        text, salt = row.get(_ODD) or row["password_hash"], row.get("password_salt")
        stored = Stored(_stored(text), _stored(salt))
        try:
            known = self._passwords.format_of(stored)
        except UnknownPasswordFormatError as error:
            self._unknown += 1
            problem = str(error).removeprefix("the stored password ").replace(self._listed, "")
            return _finding(row, "unknown-password-format", Severity.ERROR, problem)
        if known is None:
            self._none += 1
            return _finding(row, "missing-password", Severity.WARNING, "is missing, so no password can be checked")
        self._counts[known.name] += 1
        return None


def _stored(value: object) -> str | bytes | None:
    return value if isinstance(value, str | bytes) or value is None else str(value)


def _finding(row: Row, rule: str, severity: Severity, problem: str) -> UserFinding:
    user_id, place = named(as_text(row["user_id"]), row)
    return UserFinding(rule=rule, severity=severity, user_id=user_id, row=place, path="password_hash", problem=problem)

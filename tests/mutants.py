"""A small shop with correct scripts, the base of wrong and unusual variants; and checks of these variants."""

import sqlite3
from collections.abc import Callable, Collection, Mapping
from typing import Any

from attrs import field, frozen

from customdb_contract import (
    Connection,
    Found,
    KnownUser,
    NotFound,
    Report,
    ScriptError,
    Severity,
    WrongUsernameOrPasswordError,
    check,
)

__all__ = [
    "DOWN",
    "REFUSAL",
    "ROWS",
    "Mutant",
    "Row",
    "Shop",
    "breaches",
    "explain",
    "informed",
    "known_users",
    "report_on",
    "sql_store",
]

REFUSAL = "Wrong e-mail or password"
DOWN = "The store cannot be reached"


@frozen
class Row:
    """A customer of the shop."""

    number: int
    email: str
    password: str
    username: str | None = None
    verified: bool = True
    disabled: bool = False
    plan: str = "full"


ROWS = (
    Row(7, "Ada.Lovelace@Example.com", "Weaving patterns", username="countess"),
    Row(8, "bob@example.com", "builder of Things", username="builder", verified=False, plan="free"),
    Row(9, "eve@example.com", "listening In", username="listener", disabled=True),
    Row(
        10,
        "grace@example.com",
        "We can only see a short distance ahead, but we can see plenty there that must be done",
        username="admiral",
    ),
)


def known_users() -> list[KnownUser]:
    """Return the known users of the shop."""
    return [
        KnownUser(
            email=row.email,
            username=row.username,
            password=row.password,
            disabled=row.disabled,
            profile={"email_verified": row.verified, "app_metadata": {"plan": row.plan}},
        )
        for row in ROWS
    ]


class Shop:
    """The shop's correct scripts; the variants override parts of them."""

    def __init__(self, *, is_down: bool = False) -> None:
        self.is_down = is_down

    def login(self, identifier: Any, password: Any) -> Any:
        row = self.find(identifier)
        if row is None:
            raise WrongUsernameOrPasswordError(None, REFUSAL)
        if not self.matches(row, password) or row.disabled:
            raise WrongUsernameOrPasswordError(self.user_id(row), REFUSAL)
        return Found(self.profile(row))

    def get_user(self, identifier: Any) -> Any:
        row = self.find(identifier)
        return NotFound() if row is None else Found(self.profile(row))

    def rows(self) -> tuple[Row, ...]:
        """Return all rows of the store."""
        if self.is_down:
            raise ScriptError(DOWN)
        return ROWS

    def find(self, identifier: Any) -> Row | None:
        return next((row for row in self.rows() if self.denotes(identifier, row)), None)

    def denotes(self, identifier: Any, row: Row) -> bool:
        return isinstance(identifier, str) and identifier.lower() in {row.email.lower(), row.username}

    def matches(self, row: Row, password: Any) -> bool:
        return bool(password == row.password)

    def user_id(self, row: Row) -> Any:
        return f"shop-{row.number}"

    def profile(self, row: Row) -> dict[str, object]:
        profile: dict[str, object] = {
            "user_id": self.user_id(row),
            "email": row.email.lower(),
            "email_verified": row.verified,
            "app_metadata": {"plan": row.plan},
        }
        return profile if row.username is None else profile | {"username": row.username}


@frozen
class Mutant:
    """A variant of the shop, and the rules that must fire.

    Args:
        make: Creates its database; `is_down` means that the store is unreachable.
        rules: The rules that must fire with import mode off, with severity warning or error.
        imported: The same with import mode on; None means the same rules.
        tells: The rules that must report findings of severity info in both modes; others may, too.
        settings: Settings of the connection beside import mode.
        users: Returns the known users.
        timeout: Seconds for each script; short only if a script never ends, since the machine may be busy.
    """

    make: Callable[..., object]
    rules: Collection[str] = ()
    imported: Collection[str] | None = None
    tells: Collection[str] = ()
    settings: Mapping[str, bool] = field(factory=dict[str, bool])
    users: Callable[[], list[KnownUser]] = known_users
    timeout: float = 20.0

    def expected(self, *, import_mode: bool) -> list[str]:
        """Return the names of the rules that must fire, sorted."""
        return sorted(self.imported if import_mode and self.imported is not None else self.rules)


def report_on(mutant: Mutant, *, import_mode: bool) -> Report:
    """Check a variant of the shop, including an unreachable store."""
    return check(
        mutant.make(is_down=False),
        mutant.users(),
        connection=Connection(
            import_mode=import_mode,
            requires_username=mutant.settings.get("requires_username", False),
            script_context=mutant.settings.get("script_context", False),
        ),
        outage=mutant.make(is_down=True),
        timeout=mutant.timeout,
        wrong_passwords=4,
    )


def breaches(report: Report) -> list[str]:
    """Return the names of the rules with a finding of severity warning or error, sorted."""
    return sorted(
        verdict.rule.name
        for verdict in report.verdicts
        if any(finding.severity is not Severity.INFO for finding in verdict.findings)
    )


def informed(report: Report) -> set[str]:
    """Return the names of the rules that have findings, all of severity info."""
    return {
        verdict.rule.name
        for verdict in report.verdicts
        if verdict.findings and all(finding.severity is Severity.INFO for finding in verdict.findings)
    }


def explain(report: Report) -> str:
    """Return every finding with some of its calls, for the message of a failed assertion."""
    lines = [
        f"{verdict.rule.name}: {finding.severity}: {finding.message}\n    "
        + "\n    ".join(report.evidence_lines(finding)[:3])
        for verdict in report.verdicts
        for finding in verdict.findings
    ]
    return "\n".join(["the findings are", *lines])


def sql_store() -> sqlite3.Connection:
    """Return a real database in memory with the customers."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.execute("CREATE TABLE users (number INTEGER, email TEXT)")
    connection.executemany("INSERT INTO users VALUES (?, ?)", [(row.number, row.email) for row in ROWS])
    return connection

"""Users who share a unique attribute: the engine finds candidates, and Python compares exactly."""

import string
from collections.abc import Iterator
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import Any, Final

from attrs import evolve, frozen

from customdb_contract.audit._columns import Row
from customdb_contract.audit._confirming import masked, named, place_of
from customdb_contract.audit._engines import (
    BATCH,
    Expression,
    Table,
    Workshop,
    import_arrow,
    import_ibis,
    rows_in_batches,
    rows_of,
)
from customdb_contract.audit._findings import UserFinding
from customdb_contract.audit._users import FILE, ROW, Users, as_text
from customdb_contract.findings import Severity

__all__ = ["SHARED", "Shared", "lowered_by_ascii", "sharing_findings", "unicode_findings"]

_MOST_NAMED: Final = 10
"""The number of other users that a finding names."""
_MOST_KEPT: Final = 1_000
"""The number of users in a group that are kept in memory."""


@frozen
class Shared:
    """An attribute that must be unique.

    Args:
        rule: The rule.
        attribute: The attribute.
        lowered: Whether Auth0 lower-cases it with import mode on.
        refused: Whether Auth0 refuses the second user, which it does only with import mode on.
    """

    rule: str
    attribute: str
    lowered: bool = False
    refused: bool = True


SHARED: Final = (
    Shared("shared-user-id", "user_id", refused=False),
    Shared("shared-email", "email", lowered=True),
    Shared("shared-username", "username", lowered=True),
    Shared("shared-phone-number", "phone_number"),
)


def lowered_by_ascii(text: Expression) -> Expression:
    """Return a text with only its ASCII letters in lower case, which all engines do alike.

    Args:
        text: The column.
    """
    is_more = text.re_search("[^ -~]")
    lowered = text.translate(string.ascii_uppercase, string.ascii_lowercase)
    return import_ibis().ifelse(is_more, lowered, text.lower())


def sharing_findings(users: Users, shared: Shared, *, import_mode: bool, show_values: bool) -> Iterator[UserFinding]:
    """Yield a finding for each user who shares the value of an attribute.

    Args:
        users: The users.
        shared: The attribute.
        import_mode: Whether import mode is on.
        show_values: Whether to show the shared value.
    """
    is_lowered = shared.lowered and import_mode
    finding = UserFinding(
        rule=shared.rule,
        severity=Severity.ERROR if import_mode or not shared.refused else Severity.WARNING,
        user_id=None,
        path=shared.attribute,
        problem="in the lower case that Auth0 stores" if is_lowered else "but must be unique",
    )
    # Users who share a key are distinguished by their rows.
    one_of = _key_and_place if shared.attribute == "user_id" else _id_and_place
    for value, rows in groupby(_candidates(users, shared.attribute, is_lowered=is_lowered), key=_key_of):
        yield from _of_group(finding, map(one_of, rows), str(value) if show_values else None)


def _key_of(row: Row) -> object:
    return row["key"]


def _id_and_place(row: Row) -> tuple[str | None, str]:
    return named(as_text(row["user_id"]), row)


def _key_and_place(row: Row) -> tuple[str | None, str]:
    return masked(str(row["user_id"])), place_of(row)


def _of_group(
    finding: UserFinding, group: Iterator[tuple[str | None, str]], value: str | None
) -> Iterator[UserFinding]:
    """Yield a finding for each user of a group of two or more; only the first ones are kept in memory."""
    first = list(islice(group, _MOST_KEPT))
    if len(first) == 1:
        return
    others = f"more than {_MOST_KEPT - 2}" if len(first) == _MOST_KEPT else str(len(first) - 1)
    problem = f"is also used by {others} other user{'' if others == '1' else 's'}, {finding.problem}"
    names = [place or user_id or "" for user_id, place in first[: _MOST_NAMED + 1]]
    for user_id, place in chain(first, group):
        own = place or user_id or ""
        shared_with = tuple([name for name in names if name != own][:_MOST_NAMED])
        yield evolve(finding, user_id=user_id, row=place, problem=problem, value=value, shared_with=shared_with)


def _candidates(users: Users, attribute: str, *, is_lowered: bool) -> Iterator[Row]:
    """Yield the rows that may share the attribute with another row, ordered by the compared key.

    Hashes of the attribute are compared first: they take less memory, and are easier to spill to disk. Engines differ
    in lower-casing beyond ASCII, but texts that are equal in ASCII lower case are equal in theirs.
    """
    places = [name for name in (FILE, ROW) if name in users.table.columns]
    valued = users.table.select("user_id", *places, value=users.table[attribute])
    valued = valued.filter(valued.value != "")
    hashed = valued.mutate(hashed=(valued.value.lower() if is_lowered else valued.value).hash())
    repeated = hashed.group_by("hashed").aggregate(users=hashed.count())
    repeated = repeated.filter(repeated.users > 1).select("hashed")
    found = hashed.semi_join(repeated, "hashed").drop("hashed")
    found = found.rename(key="value") if not is_lowered else found.mutate(key=lowered_by_ascii(found.value))
    yield from rows_of(found.order_by("key"))


def unicode_findings(users: Users, workshop: Workshop, *, show_values: bool) -> Iterator[UserFinding]:
    """Yield a finding for each user whose e-mail equals another one only in Unicode lower case.

    Engines differ in these rules, so e-mails beyond ASCII are lower-cased in Python, with the same result as in
    JavaScript.

    Args:
        users: The users.
        workshop: The DuckDB in which these e-mails are stored meanwhile.
        show_values: Whether to show the e-mails.
    """
    places = [name for name in (FILE, ROW) if name in users.table.columns]
    email = users.table["email"]
    keyed = users.table.select("user_id", *places, email=email, key=lowered_by_ascii(email))
    is_beyond = keyed.email.re_search("[^ -~]")
    cursor: Any = workshop.connection.con.cursor()
    cursor.execute("CREATE OR REPLACE TABLE spellings (folded VARCHAR, key VARCHAR, user_id VARCHAR, place VARCHAR)")
    _keep(cursor, keyed.filter(is_beyond))
    folded = [text for (text,) in cursor.execute("SELECT DISTINCT folded FROM spellings").fetchall()]
    plain = [text for text in folded if text.isascii() and text.isprintable()]
    for start in range(0, len(plain), _MOST_KEPT):
        _keep(cursor, keyed.filter(keyed.key.isin(plain[start : start + _MOST_KEPT]) & ~is_beyond))
    cursor.execute(
        "SELECT folded, user_id, place FROM spellings WHERE folded IN "
        "(SELECT folded FROM spellings GROUP BY folded HAVING count(DISTINCT key) > 1) ORDER BY folded"
    )
    finding = UserFinding(
        rule="unicode-email-collision",
        severity=Severity.WARNING,
        user_id=None,
        path="email",
        problem="after Unicode lowercasing",
    )
    for value, rows in groupby(_fetched(cursor), key=itemgetter(0)):
        group = ((user_id, place) for _, user_id, place in rows)
        yield from _of_group(finding, group, value if show_values else None)


def _keep(cursor: Any, table: Table) -> None:
    """Store e-mails with their lower-case form."""
    arrow = import_arrow()
    schema = arrow.schema([(name, arrow.string()) for name in ("folded", "key", "user_id", "place")])
    for batch in rows_in_batches(table):
        rows: list[dict[str, object]] = []
        for row in batch:
            user_id, place = _id_and_place(row)
            rows.append({"folded": str(row["email"]).lower(), "key": row["key"], "user_id": user_id, "place": place})
        cursor.from_arrow(arrow.Table.from_pylist(rows, schema)).insert_into("spellings")


def _fetched(cursor: Any) -> Iterator[tuple[str, str | None, str]]:
    while rows := cursor.fetchmany(BATCH):
        yield from rows

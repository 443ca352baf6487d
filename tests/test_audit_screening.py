"""An audit finds exactly the problems that the predicates find row by row, with any table."""

import hashlib
import json
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from audit_model import COLUMNS, JSONS, NAMES, TEXTS, expected, row_of
from customdb_contract.audit import Columns, audit
from customdb_contract.audit._confirming import Judge
from customdb_contract.audit._engines import import_arrow, import_ibis
from customdb_contract.audit._screening import SCREENS, Screening, suspicious
from customdb_contract.audit._users import users_of_table
from customdb_contract.profiles.problems import PREDICATES
from customdb_contract.testing.strategies import awkward_texts, profiles

TableOf = Callable[[Sequence[dict[str, object]]], Any]

ibis, pa = import_ibis(), import_arrow()

SCHEMA = pa.schema([(name, pa.bool_() if name.endswith("ed") else pa.string()) for name in NAMES])


@pytest.fixture(scope="session")
def table_of() -> Iterator[TableOf]:
    """Return a function that creates a table of rows on the tested engine."""
    connection = ibis.duckdb.connect()

    def made(rows: Sequence[dict[str, object]]) -> Any:
        arrow = pa.Table.from_pylist(list(rows), SCHEMA)
        connection.con.execute("DROP TABLE IF EXISTS users")
        connection.con.from_arrow(arrow).create("users")
        return connection.table("users")

    yield made
    connection.disconnect()


def found_in(table: Any, folder: Path, **settings: Any) -> Counter[tuple[str, str]]:
    path = folder / "findings.jsonl"
    audit(table, COLUMNS, findings=path, **settings)
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    of_one_user = [row for row in rows if " different names over all users" not in row["problem"]]
    return Counter((row["rule"], row["user_id"] or "") for row in of_one_user)


def user(**attributes: object) -> dict[str, object]:
    """Return the row of a user whose only problems are in the given values."""
    right: dict[str, object] = {"user_id": "u-1", "email": "ada@example.com", "email_verified": True}
    return row_of({**right, **{name: value for name, value in attributes.items() if name not in JSONS}}) | {
        name: value for name, value in attributes.items() if name in JSONS
    }


# Letters that change their length or their place in lower case, that look like others, and that break lines.
ODD_TEXTS = st.text(
    "aAkK\u212a\u0130i\u0131\u00df\u1e9e\u03a3\u03c3\u03c2\u00e9\u00c9\ufb01"
    "@.+-_ \t\n\r\x00\x1f\x7f\x85\u2028\U0001f600$'\"\\{}%",
    max_size=12,
)
EMAILS = st.builds("{}@{}.{}".format, ODD_TEXTS, ODD_TEXTS, st.sampled_from(["com", "COM", "c", "", "\u212aom"]))
SECRETS = st.sampled_from(
    [
        "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
        "{SSHA}8VUcyFyQ9x0wFAcZsdzpNj4H9DlVvXNf",
        "https://ada:secret@example.com/",
        "otpauth://totp/x?secret=ABCDEFGH",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ\n-----END PRIVATE KEY-----",
        "pbkdf2:sha256:1$salt$0123456789abcdef0123456789abcdef",
        "\u00abpassword of ada\u00bb",
    ]
)
KEYS = (
    st.sampled_from(
        [
            "a.b",
            "$set",
            "plan",
            "Roles",
            "email",
            "blocked",
            "name",
            "pass_word",
            "api\u212aey",
            "2024-05-01",
            "123",
            "",
        ]
    )
    | st.sampled_from(["a,b", 'quote"', "back\\slash", "col:on", "br{ace", "<", "u-1", "0123456789abcdef01234567"])
    | awkward_texts()
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | ODD_TEXTS
    | SECRETS
    | st.sampled_from(["1,", "a[", "]b", ":", '","']),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4) | st.dictionaries(st.sampled_from("ab"), VALUES, max_size=2)
SPACING: list[dict[str, Any]] = [{}, {"ensure_ascii": False}, {"indent": 1}, {"separators": (",", ":")}]
JSON_TEXTS = st.builds(lambda value, spacing: json.dumps(value, **spacing), OBJECTS, st.sampled_from(SPACING))
BROKEN = st.sampled_from(
    [
        '{"a":1,}',
        "{",
        '{"a":01}',
        "[1]",
        "null",
        '"text"',
        "",
        " ",
        '{"a":1}x',
        "{'a':1}",
        '{"a":tru}',
        '{"a":[1,]}',
        '{"a":1.}',
        '{"a":NaN}',
    ]
)


def _without_lone_surrogates(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


TEXT_VALUES = (
    ODD_TEXTS | awkward_texts() | SECRETS | st.sampled_from(["", "x" * 151, "x" * 351, "+4917", "http://a.test/b c"])
).map(_without_lone_surrogates)


@st.composite
def odd_rows(draw: st.DrawFn) -> dict[str, object]:
    """Draw a row in which any value can be odd."""
    row = draw(profiles(import_mode=True).map(row_of))
    for name in draw(st.sets(st.sampled_from((*TEXTS, "user_id")), max_size=3)):
        row[name] = draw(st.none() | TEXT_VALUES | st.sampled_from(["same", "Same"]))
    if draw(st.booleans()):
        row["email"] = draw(EMAILS.map(_without_lone_surrogates))
    for name in draw(st.sets(st.sampled_from(JSONS), max_size=2)):
        row[name] = draw(BROKEN | JSON_TEXTS.map(_without_lone_surrogates))
    if draw(st.booleans()):
        row["email_verified"] = None
    return row


# Without shrinking: each table takes some seconds.
@settings(max_examples=6, phases=[Phase.explicit, Phase.generate])
@given(rows=st.lists(odd_rows(), min_size=10, max_size=30), import_mode=st.booleans(), requires_username=st.booleans())
@example(rows=[], import_mode=True, requires_username=False)
def test_findings_are_what_the_predicates_say(
    table_of: TableOf,
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[dict[str, object]],
    import_mode: bool,
    requires_username: bool,
) -> None:
    settings = {"import_mode": import_mode, "requires_username": requires_username}
    found = found_in(table_of(rows), tmp_path_factory.getbasetemp(), **settings)
    assert found == expected(rows, **settings)


HASHED = hashlib.sha256(b"ada@example.com").hexdigest()

NEAR_MISSES = [
    user(user_id="1", app_metadata='{"a\\u002eb": 1}'),
    user(user_id="2", app_metadata='{"a": {"b": {"c": {"d": {"e.f": 1}}}}}'),
    user(user_id="3", user_metadata='{"api\u212aey": "x"}'),
    user(user_id="4", user_metadata='{"P_a-S_s-word": "x", "shop": {"name": "x"}}'),
    user(user_id="5", app_metadata='{"shop": {"name": "x"}, "a": [{"email": 1}]}'),
    user(user_id="6", app_metadata='{"shop": {"name": "x"}, "name": 1}'),
    user(user_id="7", user_metadata='{"a,b": {"role": 1}, "Role": 1}'),
    user(user_id="8", app_metadata='{"8": 1}'),
    user(user_id="9", app_metadata='{"a": 1e999}'),
    user(user_id="10", app_metadata=f'{{"a": {"9" * 400}}}'),
    user(user_id="10 short", app_metadata=f'{{"a": [{"9" * 18},{"9" * 18}e99]}}'),
    user(user_id="10 nested", app_metadata=f'{{"a":{{"b":[1,-{"9" * 400}]}}}}'),
    user(user_id="10 long", app_metadata=f'{{"a": [{"9" * 4_000}]}}'),
    user(user_id="10 fraction", app_metadata=f'{{"a": {"9" * 400}.5}}'),
    user(user_id="11", app_metadata="[" * 3000),
    user(user_id="12", app_metadata=json.dumps({"a": "x" * 9000})),
    user(user_id="13", app_metadata=json.dumps({"a": "\u00e9" * 5000}, ensure_ascii=False)),
    user(user_id="14", app_metadata="{\n}"),
    user(user_id="15", app_metadata='{"a": "tab\there"}'),
    user(user_id="15 nul", app_metadata='{"a": "nul\0here"}'),
    user(user_id="15 line", app_metadata='{"a": 1}\u2028'),
    user(user_id="15 end", app_metadata='{"a": 1}\n'),
    user(user_id="16", email="ada@example.com\n"),
    user(user_id="17", email="Karl@example.com"),
    user(user_id="18", email="\u212aarl@example.com"),
    user(user_id="19", email="ada.\u00e9@example.com"),
    user(user_id="20", email="ada.\u00c9@example.com"),
    user(user_id="21", email="\u0130@example.com"),
    user(user_id="22", email="i\u0307@example.com"),
    user(user_id="23", email=f"{'a' * 65}@example.com"),
    user(user_id="24", phone_number="+1\n"),
    user(user_id="25", username="ada@example.com"),
    user(user_id="26", picture="https://?"),
    user(user_id="27", name="a\x00b", nickname=""),
    user(user_id="ada@example.com"),
    user(user_id="x-ada@example.com-x"),
    user(user_id=b64encode(b"ada@example.com").decode()),
    user(user_id=b"ada@example.com".hex()),
    user(user_id=HASHED),
    user(user_id="with blank"),
    user(user_id="\u2003"),
    user(user_id="x" * 129),
    user(user_id=None),
    user(user_id=None, email=None),
    user(user_id=""),
]


def test_rows_that_only_just_break_a_rule_are_found(table_of: TableOf, tmp_path: Path) -> None:
    found = found_in(table_of(NEAR_MISSES), tmp_path, import_mode=True)
    assert found == expected(NEAR_MISSES, import_mode=True)
    assert {user_id for rule, user_id in found if rule == "invalid-metadata-key"} == {"1", "2"}
    assert {user_id for rule, user_id in found if rule == "unicode-email-collision"} == {
        "17",
        "18",
        "19",
        "20",
        "21",
        "22",
    }
    assert {user_id for rule, user_id in found if rule == "metadata-shadows-profile"} == {"6"}
    assert {user_id for rule, user_id in found if rule == "mutable-user-id"} == {
        "ada@example.com",
        "x-ada@example.com-x",
        b64encode(b"ada@example.com").decode(),
        b"ada@example.com".hex(),
        HASHED,
    }


def test_sound_users_are_not_read_in_python(table_of: TableOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        user(
            user_id=str(number),
            email=f"ada.{number}+shop@mail.example.co.uk",
            username=f"ada_{number}",
            phone_number=f"+49{number}",
            picture="https://example.com/a.png?x=1#y",
            name="Ad\u00e4 L.",
            user_metadata='{"color": "red", "tags": ["a, b: c", "{x}"], "at": "12:30"}',
            app_metadata='{"tier": {"name": "full", "level": -1.5e3, "since": null}, "on": true}',
        )
        for number in range(20)
    ]
    monkeypatch.setattr(Judge, "of_row", lambda *_: pytest.fail("it was"))
    assert not found_in(table_of(rows), tmp_path, import_mode=True)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "pyspark"])
def test_other_engines_support_the_functions_that_screening_uses(table_of: TableOf, dialect: str) -> None:
    table = table_of([])
    users = users_of_table(table, COLUMNS, engine=dialect, source="users")
    screening = Screening(users, import_mode=True, requires_username=True)
    assert "WHERE" in ibis.to_sql(suspicious(screening, SCREENS), dialect=dialect)


def test_every_predicate_has_a_screen() -> None:
    assert set(SCREENS) == {*PREDICATES, "unreachable-user"}


def test_spark_makes_json_of_structs() -> None:
    table = ibis.table({"id": "string", "meta": "struct<a: int64>"}, name="users")
    users = users_of_table(table, Columns(user_id="id", app_metadata="meta"), engine="pyspark", source="users")
    assert "TO_JSON(`T0`.`META`)" in ibis.to_sql(users.table, dialect="pyspark").upper()

"""The mapping that `init --audit` proposes for the columns of real stores, and what it leaves to the user."""

import tomllib
from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from customdb_contract._cli._mapping import audit_configuration, has_password, proposed
from customdb_contract.config._tables import AuditTable
from customdb_contract.testing.strategies import awkward_texts
from test_report_safety import HIDDEN

pytestmark = pytest.mark.one_python


def mapped(*columns: str, **types: str) -> Mapping[str, str]:
    return proposed({**dict.fromkeys(columns, "string"), **types}).columns


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        pytest.param(
            ["id", "password", "last_login", "is_superuser", "username", "first_name", "last_name", "email"],
            {
                "user_id": "id",
                "email": "email",
                "username": "username",
                "given_name": "first_name",
                "family_name": "last_name",
                "password_hash": "password",
            },
            id="Django",
        ),
        pytest.param(
            ["ID", "user_login", "user_pass", "user_nicename", "user_email", "user_registered", "display_name"],
            {
                "user_id": "ID",
                "email": "user_email",
                "username": "user_login",
                "name": "display_name",
                "nickname": "user_nicename",
                "password_hash": "user_pass",
            },
            id="WordPress",
        ),
        pytest.param(
            [
                *("Id", "UserName", "NormalizedUserName", "Email", "EmailConfirmed", "PasswordHash", "PhoneNumber"),
                *("PhoneNumberConfirmed", "SecurityStamp"),
            ],
            {
                "user_id": "Id",
                "email": "Email",
                "email_verified": "EmailConfirmed",
                "username": "UserName",
                "phone_number": "PhoneNumber",
                "phone_verified": "PhoneNumberConfirmed",
                "password_hash": "PasswordHash",
            },
            id="ASP.NET Identity",
        ),
        pytest.param(
            ["uuid", "mail", "login", "passwd", "salt", "phone", "verified", "avatar_url", "banned", "metadata"],
            {
                "user_id": "uuid",
                "email": "mail",
                "email_verified": "verified",
                "username": "login",
                "phone_number": "phone",
                "picture": "avatar_url",
                "blocked": "banned",
                "app_metadata": "metadata",
                "password_hash": "passwd",
                "password_salt": "salt",
            },
            id="a shop",
        ),
        pytest.param(["created_at", "address"], {}, id="nothing that is known"),
    ],
)
def test_columns_of_stores_in_the_wild(columns: list[str], expected: Mapping[str, str]) -> None:
    assert mapped(*columns) == expected


def test_the_likeliest_of_several_columns_is_mapped_and_the_others_are_listed() -> None:
    proposal = proposed(dict.fromkeys(["uuid", "id", "mail", "email"], "string"))

    assert proposal.columns == {"user_id": "id", "email": "email"}
    assert proposal.others == {"user_id": ["uuid"], "email": ["mail"]}
    assert [column for column, *_ in proposal.left] == ["uuid", "mail"]


@pytest.mark.parametrize("type_", ["timestamp(6)", "!timestamp", "date", "time"])
def test_a_timestamp_column_is_not_mapped_to_a_flag(type_: str) -> None:
    proposal = proposed({"verified": type_, "blocked": type_, "email": type_})

    assert proposal.columns == {"email": "email"}
    assert [hint[:60] for *_, hint in proposal.left] == [
        "a time, but email_verified is true or false: convert it in a",
        "not the same as blocked, which is true or false: convert it ",
    ]


CONFIGURATION = """\
[audit]
source = "users.parquet"
user_id = "id"   # or "uuid"
email = "mail"
username = "login"   # only if it is not an e-mail
app_metadata = "metadata"   # if each row contains a JSON object
password_hash = "pass"

# These columns are not mapped. If your scripts put them into the profile, map them:
# [audit.app_metadata]
# KEY = "COLUMN"
#
# - "uuid" (uuid)
# - "is_active" (boolean): not the same as blocked, which is true or false: convert it in a query or a view
# - "EmailVerifiedAt" (timestamp(6)): a time, but email_verified is true or false: convert it in a query or a view
# - "odd \\" column" (string)
"""


def test_the_whole_text() -> None:
    proposal = proposed(
        {
            "id": "!int64",
            "uuid": "uuid",
            "mail": "string",
            "login": "string",
            "pass": "string",
            "is_active": "boolean",
            "EmailVerifiedAt": "timestamp(6)",
            "metadata": "json",
            'odd " column': "!string",
        }
    )

    assert audit_configuration("users.parquet", proposal) == CONFIGURATION


def test_a_missing_key_is_an_error() -> None:
    text = audit_configuration("users.csv", proposed({"email": "string"}))

    assert text == (
        '[audit]\nsource = "users.csv"\n'
        '# user_id = "…"   # required, but no column looks like the key of the users\n'
        'email = "email"\n'
    )


def test_a_given_query_and_table_name_are_kept() -> None:
    text = audit_configuration(
        "postgresql://db/shop", proposed({"id": "int64"}), query="select id from users", table="tool.x.audit"
    )

    assert text == '[tool.x.audit]\nsource = "postgresql://db/shop"\nquery = "select id from users"\nuser_id = "id"\n'


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("users.csv", False),
        ("a:b@c.csv", False),
        ("postgresql://reader@db/shop", False),
        ("postgresql://reader:secret@db/shop", True),
        ("postgresql://[broken/shop", True),
    ],
)
def test_a_password_is_never_written(source: str, expected: bool) -> None:
    text = audit_configuration(source, proposed({"id": "int64"}))

    assert has_password(source) is expected
    assert ('source = { env = "USERS_URL" }' in text) is expected
    assert ("secret" in text) is False


@given(
    st.dictionaries(
        st.one_of(awkward_texts(), st.sampled_from(["id", "Id", "mail", "email", "E-Mail", "password", "verified"])),
        st.sampled_from(["string", "!int64", "boolean", "timestamp(6)", "struct<a: int64>"]),
    ),
    awkward_texts(),
)
@example({"id\n# x": "string", "i\x7fd": "a\x1bb", "\U000e0001": "string"}, "a\nb")
def test_a_proposal_is_valid_with_any_column_names_and_lists_every_column(types: dict[str, str], source: str) -> None:
    # A text with lone surrogates can be no name of a column, and no path.
    types = {name.encode("utf-8", "replace").decode(): type_ for name, type_ in types.items()}
    source = source.encode("utf-8", "replace").decode()
    proposal = proposed(types)

    text = audit_configuration(source, proposal)
    table = tomllib.loads(text)["audit"]
    assert not HIDDEN.search(text)

    assert {key: table[key] for key in table if key != "source"} == dict(proposal.columns)
    assert has_password(source) or table["source"] == source
    assert {*proposal.columns.values(), *(column for column, *_ in proposal.left)} == set(types)
    AuditTable.model_validate({"user_id": "id", **table})

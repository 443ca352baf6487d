"""The scripts over SQL Server, Azure SQL Database and the tables of ASP.NET, call by call on a test double."""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest

from aspnet_stores import identity_2_hash, membership_hash
from customdb_contract.bridges.node import NodeDatabase
from customdb_contract.contract import (
    Declined,
    Done,
    Found,
    NotFound,
    ScriptError,
    UnauthorizedError,
    WrongUsernameOrPasswordError,
)
from customdb_contract.passwords import AspNetIdentityV2, AspNetMembership
from doubles.sql_server import run_sql_server_double
from password_rows import ROWS, Row
from template_stores import (
    AZURE,
    MODULES,
    PASSWORDS,
    SALT,
    applications,
    azure_sql_double,
    failure_of,
    member,
    over,
    scripts_of,
    simple_member,
    tables,
    user_key,
    written,
)

pytestmark = [
    pytest.mark.one_python,
    pytest.mark.untraced,
    pytest.mark.skipif(not MODULES.is_dir(), reason="the npm modules are not installed: run make test"),
]

CALLS: Final[dict[str, Callable[[Any], object]]] = {
    "login": lambda shop: shop.login("ada@example.com", PASSWORDS["ADA_PASSWORD"]),
    "get_user": lambda shop: shop.get_user("ada@example.com"),
    "create": lambda shop: shop.create({"email": "new@example.com", "password": "something new"}),
    "verify": lambda shop: shop.verify("ada@example.com"),
    "change_password": lambda shop: shop.change_password("ada@example.com", "something new"),
    "change_email": lambda shop: shop.change_email("ada@example.com", "ada@example.org", True),
    "delete": lambda shop: shop.delete("legacy-1"),
}
"""A call of each script that would have an effect."""


OUTAGE: Final = (ScriptError, "The user store cannot be reached")


@pytest.mark.parametrize(
    ("refusals", "failures"),
    [([40613, 40613], []), ([49918], []), ([], [40197]), ([], [40501]), ([], [40613])],
)
def test_a_transient_azure_error_is_an_outage(
    refusals: list[int], failures: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("azure-sql", tmp_path, monkeypatch)

    with (
        azure_sql_double(tmp_path) as (double, _),
        scripts_of(tmp_path, "NODE_EXTRA_CA_CERTS", **over(double, MSSQL_CERTIFICATE_NAME=AZURE)) as shop,
    ):
        for script, call in CALLS.items():
            double.refusals, double.failures = list(refusals), list(failures)
            assert failure_of(call(shop)) == OUTAGE, script
            assert (double.refusals, double.failures) == ([], [])


def test_a_connection_that_azure_refuses_temporarily_is_retried_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("azure-sql", tmp_path, monkeypatch)

    with (
        azure_sql_double(tmp_path) as (double, _),
        scripts_of(tmp_path, "NODE_EXTRA_CA_CERTS", **over(double, MSSQL_CERTIFICATE_NAME=AZURE)) as shop,
    ):
        double.refusals = [40613]
        assert isinstance(CALLS["get_user"](shop), Found)
        assert double.refusals == []


@pytest.mark.parametrize("name", ["azure-sql", "sql-server"])
def test_a_server_without_tls_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(name, tmp_path, monkeypatch)
    wish = {"MSSQL_ENCRYPT": "no"} if name == "azure-sql" else {}

    with run_sql_server_double(tables(tmp_path)) as double, scripts_of(tmp_path, **over(double, **wish)) as shop:
        assert {script: failure_of(call(shop)) for script, call in CALLS.items()} == dict.fromkeys(CALLS, OUTAGE)


@pytest.mark.parametrize(
    ("environment", "name"),
    [(["NODE_EXTRA_CA_CERTS"], "other.database.windows.net"), (["NODE_EXTRA_CA_CERTS"], "127.0.0.1"), ([], AZURE)],
    ids=["of another server", "of a name", "of no known authority"],
)
def test_a_certificate_that_is_not_valid_is_refused(
    environment: list[str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("azure-sql", tmp_path, monkeypatch)

    with (
        azure_sql_double(tmp_path) as (double, _),
        scripts_of(tmp_path, *environment, **over(double, MSSQL_CERTIFICATE_NAME=name)) as shop,
    ):
        assert failure_of(CALLS["get_user"](shop)) == OUTAGE


def test_a_collation_that_ignores_accents_finds_no_other_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written("sql-server", tmp_path, monkeypatch)
    script = tables(tmp_path).replace("Latin1_General_100_CI_AS", "Latin1_General_CI_AI")
    user = {"email": "\u00e4da@example.com", "password": "something new"}

    with run_sql_server_double(script) as double, scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no")) as shop:
        caller: Any = shop
        assert isinstance(caller.get_user(user["email"]), NotFound)
        assert isinstance(log_in(shop, user["email"], PASSWORDS["ADA_PASSWORD"]).error, WrongUsernameOrPasswordError)
        assert isinstance(caller.change_password(user["email"], user["password"]), Declined)
        assert caller.create(user).error.code == "user_exists"
        assert isinstance(CALLS["login"](shop), Found)


def test_two_users_with_one_email_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written("sql-server", tmp_path, monkeypatch)
    script = tables(tmp_path).replace(" UNIQUE,", ",")
    again = "INSERT INTO users (email, password_hash) VALUES ('ADA@example.com', 'x')"

    with (
        run_sql_server_double(script + again) as double,
        scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no")) as shop,
    ):
        calls = {name: call for name, call in CALLS.items() if name not in {"create", "delete"}}
        assert {name: failure_of(call(shop)) for name, call in calls.items()} == dict.fromkeys(calls, OUTAGE)


UNKNOWN: Final = "The password of the user with the id {} is in no known format"
CRYPTO: Final = [row for row in ROWS if isinstance(row.form, AspNetIdentityV2)]


def log_in(shop: Any, email: str, password: str) -> Any:
    return shop.login(email, password)


def test_simple_membership_logs_in_with_the_passwords_that_asp_net_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("asp-net-simple-membership", tmp_path, monkeypatch)

    with run_sql_server_double((tmp_path / "schema.sql").read_text(encoding="utf-8")) as double:
        for number, row in enumerate(CRYPTO, start=1):
            double.run(simple_member(number, f"u{number}@example.com", row.text))
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no")) as shop:
            for number, row in enumerate(CRYPTO, start=1):
                email = f"u{number}@example.com"
                profile = {"user_id": f"legacy-{number}", "email": email, "email_verified": False}
                assert log_in(shop, email, row.password) == Found(profile)
                for wrong in (row.password + "x", row.password[:-1], row.password.swapcase(), "", row.text):
                    assert isinstance(log_in(shop, email, wrong).error, WrongUsernameOrPasswordError)
    assert len(CRYPTO) >= 4


@pytest.mark.parametrize(
    "stored",
    [
        "plain text",
        b64encode(b"\1" + bytes(48)).decode(),
        b64encode(bytes(48)).decode(),
        b64encode(bytes(50)).decode(),
        b64encode(bytes(49)).decode().rstrip("="),
        "$2b$04$" + "a" * 52,
    ],
)
def test_simple_membership_does_not_guess_at_a_password_in_no_known_format(
    stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("asp-net-simple-membership", tmp_path, monkeypatch)

    with run_sql_server_double((tmp_path / "schema.sql").read_text(encoding="utf-8")) as double:
        double.run(simple_member(1, "ada@example.com", stored))
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no")) as shop:
            for password in (PASSWORDS["ADA_PASSWORD"], stored):
                assert failure_of(log_in(shop, "ada@example.com", password)) == (ScriptError, UNKNOWN.format(1))


@pytest.mark.parametrize(
    ("is_confirmed", "password", "refusal"),
    [
        ("0", "right", UnauthorizedError),
        ("NULL", "right", UnauthorizedError),
        ("0", "wrong", WrongUsernameOrPasswordError),
        ("1", "wrong", WrongUsernameOrPasswordError),
    ],
)
def test_simple_membership_refuses_unconfirmed_users(
    is_confirmed: str,
    password: str,
    refusal: type[ScriptError],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written("asp-net-simple-membership", tmp_path, monkeypatch)

    with run_sql_server_double((tmp_path / "schema.sql").read_text(encoding="utf-8")) as double:
        double.run(simple_member(1, "ada@example.com", identity_2_hash("right"), is_confirmed=is_confirmed))
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no")) as shop:
            assert isinstance(log_in(shop, "ada@example.com", password).error, refusal)
            assert isinstance(CALLS["get_user"](shop), Found)


MEMBERSHIP: Final = [row for row in ROWS if isinstance(row.form, AspNetMembership)]
ADA_ID: Final = str(user_key(1))


@pytest.mark.parametrize("row", MEMBERSHIP, ids=lambda row: row.form.algorithm)
def test_universal_providers_log_in_with_the_passwords_that_asp_net_wrote(
    row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(row.form, AspNetMembership)
    written("asp-net-universal-providers", tmp_path, monkeypatch)
    refused = (row.password + "x", row.password[:-1], row.password.swapcase(), "", row.text)

    with run_sql_server_double(applications(tmp_path)) as double:
        double.run(member(1, "Ada@example.com", row.text, PasswordSalt=row.salt))
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no", MEMBERSHIP_HASH=row.form.algorithm)) as shop:
            profile = {"user_id": f"legacy-{ADA_ID}", "email": "ada@example.com", "email_verified": False}
            assert log_in(shop, "ada@example.com", row.password) == Found(profile)
            for wrong in refused:
                assert isinstance(log_in(shop, "ada@example.com", wrong).error, WrongUsernameOrPasswordError)


def test_universal_providers_log_in_with_a_clear_password_and_hash_its_successor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("asp-net-universal-providers", tmp_path, monkeypatch)
    clear = "$2b$04$" + "a" * 53

    with run_sql_server_double(applications(tmp_path)) as double:
        double.run(member(1, "ada@example.com", clear, PasswordFormat=0))
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no")) as shop:
            assert isinstance(log_in(shop, "ada@example.com", clear), Found)
            assert isinstance(log_in(shop, "ada@example.com", clear + "a").error, WrongUsernameOrPasswordError)
            assert isinstance(CALLS["change_password"](shop), Done)
            assert isinstance(log_in(shop, "ada@example.com", "something new"), Found)
            assert isinstance(log_in(shop, "ada@example.com", clear).error, WrongUsernameOrPasswordError)


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"PasswordFormat": 2}, "HMACSHA256"),
        ({"PasswordFormat": 3}, "HMACSHA256"),
        ({"PasswordSalt": ""}, "HMACSHA256"),
        ({"PasswordSalt": SALT.rstrip("=")}, "HMACSHA256"),
        ({"Password": membership_hash("right", b64decode(SALT))[:-1]}, "HMACSHA256"),
        ({"Password": "right"}, "HMACSHA256"),
        ({}, "SHA1"),
        ({}, "SHA512"),
        ({}, "MD5"),
        ({}, "toString"),
    ],
)
def test_universal_providers_do_not_guess_at_a_password_in_no_known_format(
    changes: dict[str, Any], setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("asp-net-universal-providers", tmp_path, monkeypatch)

    with run_sql_server_double(applications(tmp_path)) as double:
        double.run(member(1, "ada@example.com", membership_hash("right", b64decode(SALT)), **changes))
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no", MEMBERSHIP_HASH=setting)) as shop:
            result = log_in(shop, "ada@example.com", "right")

    assert failure_of(result) == (ScriptError, UNKNOWN.format(ADA_ID))


@pytest.mark.parametrize("changes", [{"IsApproved": 0}, {"IsLockedOut": 1}, {"IsApproved": 0, "IsLockedOut": 1}])
def test_universal_providers_refuse_unapproved_and_locked_out_users(
    changes: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("asp-net-universal-providers", tmp_path, monkeypatch)

    with run_sql_server_double(applications(tmp_path)) as double:
        double.run(member(1, "ada@example.com", membership_hash("right", b64decode(SALT)), **changes))
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no")) as shop:
            assert isinstance(log_in(shop, "ada@example.com", "right").error, UnauthorizedError)
            assert isinstance(log_in(shop, "ada@example.com", "wrong").error, WrongUsernameOrPasswordError)
            assert isinstance(CALLS["get_user"](shop), Found)


def test_universal_providers_serve_one_existing_application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written("asp-net-universal-providers", tmp_path, monkeypatch)

    with run_sql_server_double(applications(tmp_path)) as double:
        double.run(member(1, "ada@example.com", "", application="/other"))
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no")) as shop:
            assert isinstance(CALLS["get_user"](shop), NotFound)
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no", MEMBERSHIP_APPLICATION="/other")) as shop:
            assert isinstance(CALLS["get_user"](shop), Found)
            assert isinstance(log_in(shop, "ada@example.com", "x").error, WrongUsernameOrPasswordError)
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no", MEMBERSHIP_APPLICATION="/third")) as shop:
            calls = {script: call for script, call in CALLS.items() if script != "delete"}
            assert {script: failure_of(call(shop)) for script, call in calls.items()} == dict.fromkeys(calls, OUTAGE)


@pytest.mark.parametrize(
    ("user_name", "email", "expected"),
    [
        (None, "new@example.com", "new@example.com"),
        (None, f"{'new' * 13}@example.com", None),
        ("ada", "lovelace@example.com", "ada"),
        ("ADA@example.com", "lovelace@example.com", "lovelace@example.com"),
    ],
    ids=["new", "new with a long e-mail", "with a name", "with the e-mail as name"],
)
def test_universal_providers_give_a_user_a_name_which_asp_net_wants(
    user_name: str | None, email: str, expected: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("asp-net-universal-providers", tmp_path, monkeypatch)

    with run_sql_server_double(applications(tmp_path)) as double:
        with scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no")) as shop:
            caller: Any = shop
            if user_name is None:
                assert isinstance(caller.create({"email": email, "password": "something new"}), Done)
            else:
                double.run(member(1, "ada@example.com", "", name=user_name))
                assert isinstance(caller.change_email("ada@example.com", email, True), Done)
            user_id = caller.get_user(email).profile["user_id"].removeprefix("legacy-")
        ((found,),) = double.rows("SELECT UserName FROM Users")

    assert found == (user_id if expected is None else expected)


@pytest.mark.parametrize("name", ["asp-net-simple-membership", "asp-net-universal-providers"])
def test_bcrypt_runs_for_unknown_users_too(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(name, tmp_path, monkeypatch)
    (tmp_path / "bcrypt.js").write_text(
        "exports.compare = async () => { throw new Error('bcrypt is asked'); };", "utf-8"
    )
    if name == "asp-net-universal-providers":
        script = applications(tmp_path) + member(1, "ada@example.com", membership_hash("right", b64decode(SALT)))
    else:
        schema = (tmp_path / "schema.sql").read_text(encoding="utf-8")
        script = schema + simple_member(1, "ada@example.com", identity_2_hash("right"))

    with (
        run_sql_server_double(script) as double,
        NodeDatabase(
            tmp_path / "database-connections" / "legacy",
            configuration=over(double, MSSQL_ENCRYPT="no"),
            node_modules=MODULES,
            doubles={"bcrypt": tmp_path / "bcrypt.js"},
        ) as shop,
    ):
        for email in ("ada@example.com", "nobody@example.com", "no e-mail"):
            for password in ("right", "wrong"):
                assert failure_of(log_in(shop, email, password)) == (ScriptError, "bcrypt is asked")


@pytest.mark.parametrize("name", ["asp-net-simple-membership", "asp-net-universal-providers"])
def test_a_user_of_asp_net_is_deleted_with_the_rows_that_refer_to_them(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(name, tmp_path, monkeypatch)
    if name == "asp-net-universal-providers":
        script, user_id, left = applications(tmp_path) + member(1, "ada@example.com", ""), ADA_ID, {"Applications": 2}
    else:
        schema = (tmp_path / "schema.sql").read_text(encoding="utf-8")
        script, user_id, left = schema + simple_member(1, "ada@example.com", ""), "1", {"webpages_Roles": 1}

    with run_sql_server_double(script) as double, scripts_of(tmp_path, **over(double, MSSQL_ENCRYPT="no")) as shop:
        caller: Any = shop
        for unknown in ("legacy-0", "legacy-2147483648", f"legacy-{UUID(int=1)}", user_id, ""):
            assert isinstance(caller.delete(unknown), Done)
        assert isinstance(CALLS["get_user"](shop), Found)
        assert isinstance(caller.delete(f"legacy-{user_id}"), Done)
        assert isinstance(CALLS["get_user"](shop), NotFound)
        tables = re.findall(r"^CREATE TABLE (\w+)", script, re.MULTILINE)
        counted = {table: double.rows(f"SELECT COUNT(*) FROM {table}")[0][0] for table in tables}

    assert len(counted) == 5
    assert {table: count for table, count in counted.items() if count} == left

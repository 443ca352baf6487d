"""The bookshop's interface for accounts, and the scripts of the tenant that call it."""

import json
import socket
import string
import tomllib
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

import create_store
from api import TOKEN, serving
from customdb_contract import KnownUser, Report, check
from customdb_contract.bridges.node import NodeDatabase

FOLDER: Final = Path(create_store.__file__).parent
ALLOWED: Final = {"Authorization": f"Bearer {TOKEN}"}
ADA: Final = {"login": "ada.lovelace@example.com", "password": "weaving algebraic patterns"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    store = create_store.ensure_store(tmp_path_factory.mktemp("bookshop") / "bookshop.sqlite3")
    with serving(store) as address:
        yield address


def ask(
    api: str, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    with closing(HTTPConnection(urlsplit(api).netloc, timeout=20)) as connection:
        connection.request(method, path, body, ALLOWED if headers is None else headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())


def log_in(api: str, **credentials: object) -> tuple[int, Any]:
    return ask(api, "POST", "/sessions", json.dumps(credentials).encode())


def test_an_account_is_found_by_email_in_any_case_and_by_username(api: str) -> None:
    for login in ("ada.lovelace@example.com", "ADA.LOVELACE@EXAMPLE.COM", "ada", "Ada"):
        status, answer = ask(api, "GET", f"/accounts?login={quote(login)}")

        [account] = answer["accounts"]
        assert (status, account["username"], account["email_verified"]) == (200, "ada", True)
        assert not [name for name in account if "password" in name]


def test_the_right_password_logs_in_and_others_do_not(api: str) -> None:
    assert log_in(api, **ADA)[1]["account"]["first_name"] == "Ada"
    assert log_in(api, **(ADA | {"password": "wrong"})) == (401, {"error": "invalid_credentials"})
    assert log_in(api, login="nobody@example.com", password="x") == (401, {"error": "invalid_credentials"})
    assert log_in(api, login="charles.babbage@example.com", password="ninety-six wheels") == (
        403,
        {"error": "account_closed"},
    )


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 9000, b'{"login": "ada"}', b'{"login": 7, "password": []}'])
def test_a_body_that_says_nothing_is_refused(api: str, body: bytes) -> None:
    assert ask(api, "POST", "/sessions", body) == (400, {"error": "bad_request"})


def test_what_is_missing_or_too_large_is_refused(api: str) -> None:
    assert ask(api, "GET", "/accounts") == (400, {"error": "bad_request"})
    assert ask(api, "GET", "/other?login=ada") == (404, {"error": "not_found"})
    assert ask(api, "POST", "/other", b"{}") == (404, {"error": "not_found"})
    assert ask(api, "POST", "/sessions", b"x" * 100_001) == (413, {"error": "too_large"})


@given(
    path=st.text(string.printable.replace(" ", "")[:-6], max_size=20).map(lambda text: f"/{quote(text)}?login=ada"),
    method=st.sampled_from(["GET", "POST"]),
    token=st.text(string.ascii_letters, max_size=10).map(lambda text: {"Authorization": f"Bearer {text}"})
    | st.just({}),
)
def test_without_the_token_nothing_is_told(api: str, path: str, method: str, token: dict[str, str]) -> None:
    assert ask(api, method, path, b"{}", token) == (401, {"error": "unauthorized"})


@given(login=st.text(max_size=30), password=st.text(max_size=30))
def test_no_text_is_an_accident(api: str, login: str, password: str) -> None:
    status, answer = ask(api, "GET", f"/accounts?login={quote(login)}")
    assert status == 200
    assert len(answer["accounts"]) <= 1
    assert log_in(api, login=login, password=password)[0] in {401, 403}


def test_a_store_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with serving(tmp_path / "gone" / "bookshop.sqlite3") as address:
        assert ask(address, "GET", "/accounts?login=ada") == (500, {"error": "internal_error"})
        assert log_in(address, **ADA) == (500, {"error": "internal_error"})


def test_a_client_that_goes_away_ends_nothing(api: str) -> None:
    with closing(socket.create_connection((urlsplit(api).hostname, urlsplit(api).port))) as connection:
        connection.sendall(b"POST /sessions HTTP/1.1\r\nContent-Length: 50\r\n\r\n{")
    assert log_in(api, **ADA)[0] == 200


# The tenant


def checked(api: str, name: str) -> Report:
    document = tomllib.loads((FOLDER / f"customdb-{name}.toml").read_text(encoding="utf-8"))
    configuration = document["database"]["configuration"]

    def at(address: str) -> NodeDatabase:
        folder = FOLDER / document["database"]["scripts"]
        return NodeDatabase(
            folder, configuration=configuration | {"API_URL": address}, keywords=document["database"]["keywords"]
        )

    users = [KnownUser(**user) for user in document["users"]]
    return check(at(api), users, outage=at("{fault_url}"), timeout=3.0)


def test_the_correct_scripts_keep_the_contract(api: str) -> None:
    report = checked(api, "tenant")

    assert report.ok, report
    assert not [verdict.rule.name for verdict in report.verdicts if verdict.findings]
    assert report.transcript.connection.import_mode


def test_the_naive_scripts_break_it_in_the_ways_that_real_ones_do(api: str) -> None:
    report = checked(api, "tenant-naive")

    assert [verdict.rule.name for verdict in report.failures] == [
        "callback-not-called",
        "unhandled-rejection",
        "user-data-in-global",
        "login-outage-as-wrong-password",
        "outage-as-not-found",
        "mismatched-user-id",
        "mismatched-profile",
        "metadata-in-one-script-only",
        "url-injection",
        "log-leaks-secret",
    ]
    for finding in report.verdict("user-data-in-global").findings:
        assert finding.script == "login"

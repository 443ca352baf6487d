"""The bookshop's interface for accounts, and the scripts of the tenant that call it."""

import json
import socket
import string
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

import correct
import create_store
from api import TOKEN, serving
from customdb_contract import Found, KnownUser, Report, check
from customdb_contract.bridges.node import NodeDatabase
from customdb_contract.contract import Script
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Ending, RecordedError

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]

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


def test_a_profile_is_found_by_its_user_id_alone(api: str, tmp_path: Path) -> None:
    with correct.Bookshop(create_store.ensure_store(tmp_path / "bookshop.sqlite3")) as shop:
        result = shop.get_user("ada")
    assert isinstance(result, Found)

    user_id = result.profile["user_id"]
    assert ask(api, "GET", f"/profiles/{user_id}") == (200, dict(result.profile))
    assert ask(api, "GET", f"/profiles/{quote(str(user_id).replace('shop-', 'shop%2D'))}")[0] == 404
    for nobody in ("shop-0", "shop-0161", "161", "ada", "", f"auth0%7C{user_id}", "%ff", "../accounts"):
        assert ask(api, "GET", f"/profiles/{nobody}") == (404, {"error": "no_such_user"})


def test_the_right_password_logs_in_and_others_do_not(api: str) -> None:
    assert log_in(api, **ADA)[1]["account"]["first_name"] == "Ada"
    assert log_in(api, **(ADA | {"password": "wrong"})) == (401, {"error": "invalid_credentials"})
    assert log_in(api, login="nobody@example.com", password="x") == (401, {"error": "invalid_credentials"})
    assert log_in(api, login="charles.babbage@example.com", password="ninety-six wheels") == (
        403,
        {"error": "account_closed"},
    )


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 9000, b'{"login": "ada"}', b'{"login": 7, "password": []}'])
def test_an_unreadable_body_is_refused(api: str, body: bytes) -> None:
    assert ask(api, "POST", "/sessions", body) == (400, {"error": "bad_request"})


def test_a_missing_or_too_large_body_is_refused(api: str) -> None:
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
def test_without_the_token_nothing_is_returned(api: str, path: str, method: str, token: dict[str, str]) -> None:
    assert ask(api, method, path, b"{}", token) == (401, {"error": "unauthorized"})


@given(login=st.text(max_size=30), password=st.text(max_size=30))
def test_no_text_causes_a_crash(api: str, login: str, password: str) -> None:
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


def exchange(api: str, request: bytes) -> bytes:
    """Send bytes, and return the response until the server closes the connection."""
    where = (urlsplit(api).hostname, urlsplit(api).port)
    with closing(socket.create_connection(where, timeout=20)) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize(
    "head",
    [
        b"POST /sessions HTTP/1.1\r\nContent-Length: " + b"9" * 5_000,
        b"POST /sessions HTTP/1.1\r\nContent-Length: -1",
        b"POST /sessions HTTP/1.1\r\nTransfer-Encoding: chunked",
        b"GET http://[x HTTP/1.1\r\nConnection: close",
        b"GET /accounts?" + b"&" * 100 + b" HTTP/1.1\r\nConnection: close",
        b"PUT /accounts HTTP/1.1",
    ],
    ids=["huge length", "negative length", "chunks", "address", "parameters", "method"],
)
def test_a_malformed_request_has_an_answer_in_json(api: str, head: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    answer = exchange(api, head + f"\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())

    assert answer.startswith(b"HTTP/1.1 ")
    assert list(json.loads(answer.partition(b"\r\n\r\n")[2])) == ["error"]
    assert capfd.readouterr().err == ""


def test_the_body_of_a_request_is_never_taken_for_the_next_request(api: str) -> None:
    first = f"GET /accounts?login=ada HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 5\r\n\r\nHELLO"
    second = f"GET /accounts?login=ada HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n"

    assert exchange(api, (first + second).encode()).count(b"HTTP/1.1 200") == 2


def test_a_stopped_server_answers_nothing_and_leaves_no_thread(tmp_path: Path) -> None:
    threads = set(threading.enumerate())
    with serving(create_store.ensure_store(tmp_path / "bookshop.sqlite3")) as address:
        kept = HTTPConnection(urlsplit(address).netloc, timeout=20)
        kept.request("GET", "/accounts?login=ada", headers=ALLOWED)
        kept.getresponse().read()

    with closing(kept):
        assert set(threading.enumerate()) <= threads
        assert kept.sock.recv(1) == b""


# The tenant


ACCOUNT: Final = {
    "id": 7,
    "email": "a@example.com",
    "email_verified": True,
    "disabled": False,
    "username": None,
    "first_name": None,
}
WRONG: Final[tuple[object, ...]] = ([], 7.5)
NO_ACCOUNTS: Final[list[object]] = [
    None,
    7,
    "a",
    [],
    {},
    *({**ACCOUNT, name: value} for name in ACCOUNT for value in WRONG),
]

Strange = Callable[[int, object], list[str]]


@pytest.fixture(scope="module")
def strange() -> Iterator[Strange]:
    """The errors of the correct login and get_user if the shop gives the same response to every request."""
    answer: tuple[int, object] = (500, None)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.send_response(answer[0])
            self.end_headers()
            self.wfile.write(json.dumps(answer[1]).encode())

        def do_POST(self) -> None:
            self.do_GET()

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server, ExitStack() as stack:
        server.daemon_threads = False
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        stack.callback(server.shutdown)
        database = NodeDatabase(
            FOLDER / "tenant" / "database-connections" / "bookshop",
            configuration={"API_URL": f"http://127.0.0.1:{server.server_port}", "API_TOKEN": TOKEN},
            keywords={"SHOP": "The bookshop"},
        )
        bridge = database.open_bridge(connection=database.connection, mask=SecretRegistry(), timeout=20)
        stack.callback(bridge.close)

        def said(status: int, document: object) -> list[str]:
            nonlocal answer
            answer = (status, document)
            calls = [bridge.call(Script.LOGIN, ["ada", "password"]), bridge.call(Script.GET_USER, ["ada"])]
            assert [(call.ending, len(call.callbacks)) for call in calls] == [(Ending.FAILED, 1)] * 2, calls
            errors = [call.error for call in calls]
            return [f"{error.name}: {error.message}" for error in errors if isinstance(error, RecordedError)]

        yield said


@pytest.mark.parametrize("status", [200, 401, 403, 500])
@pytest.mark.parametrize("document", [None, 7, [], {}, {"error": None}], ids=json.dumps)
def test_an_answer_of_another_shape_is_an_error(strange: Strange, status: int, document: object) -> None:
    assert strange(status, document) == ["Error: The shop gave no answer"] * 2


@pytest.mark.parametrize("account", NO_ACCOUNTS, ids=json.dumps)
def test_a_row_without_a_key_is_an_error(strange: Strange, account: object) -> None:
    assert strange(200, {"accounts": [account], "account": account}) == ["Error: The shop gave no answer"] * 2


def test_two_matching_accounts_are_an_error(strange: Strange) -> None:
    assert strange(200, {"accounts": [ACCOUNT, ACCOUNT]}) == ["Error: The shop gave no answer"] * 2


def checked(api: str, name: str) -> Report:
    document = tomllib.loads((FOLDER / f"customdb-{name}.toml").read_text(encoding="utf-8"))
    configuration = document["database"]["configuration"]

    def at(address: str) -> NodeDatabase:
        folder = FOLDER / document["database"]["scripts"]
        return NodeDatabase(
            folder, configuration=configuration | {"API_URL": address}, keywords=document["database"]["keywords"]
        )

    users = [KnownUser(**user) for user in document["users"]]
    return check(at(api), users, outage=at("{fault_url}"), timeout=6.0)


def test_the_correct_scripts_pass_the_check(api: str) -> None:
    report = checked(api, "tenant")

    assert report.ok, report
    # Another test checks an Action that restores it.
    assert [verdict.rule.name for verdict in report.verdicts if verdict.findings] == ["no-metadata-repair"]
    assert report.transcript.connection.import_mode


def test_the_naive_scripts_break_the_expected_rules(api: str) -> None:
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

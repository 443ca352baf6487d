"""The databases over HTTP with every kind of response, outages, and hostile identifiers."""

import asyncio
import gzip
import importlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any, Final, cast

import httpcore
import httpx
import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

import customdb_contract.databases.http
from customdb_contract import (
    Declined,
    Done,
    Failed,
    Found,
    NotFound,
    ScriptError,
    UnauthorizedError,
    WrongUsernameOrPasswordError,
)
from customdb_contract.databases import (
    AsyncHttpDatabase,
    BasicCredentials,
    BearerToken,
    Endpoint,
    HttpDatabase,
    HttpEndpoints,
    HttpUsers,
    Meaning,
)
from customdb_contract.databases._styles import SyncScripts
from customdb_contract.databases.http._answers import Answer, Question, read_answer
from customdb_contract.databases.http._deadlines import DeadlineTransport, deadline
from customdb_contract.databases.http._scripts import HttpScripts
from customdb_contract.errors import ConfigurationError
from json_servers import Asked, JsonServer, Reply, running_json
from shop_api import ENDPOINTS, TOKEN, USERS, ShopApi
from sql_stores import PEOPLE

ADA: Final = "ada.lovelace@example.com"
PASSWORD: Final = "weaving algebraic patterns"
SHOWN: Final[Mapping[str, Any]] = {"id": 7, "email": "ada@example.com", "email_verified": True}
FOUND: Final = Found({"user_id": "7", "email": "ada@example.com", "email_verified": True})

CALLS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "login": lambda database: database.login("ada@example.com", "right"),
    "get_user": lambda database: database.get_user("ada@example.com"),
    "create": lambda database: database.create({"email": "ada@example.com", "password": "right"}),
    "verify": lambda database: database.verify("ada@example.com"),
    "change_password": lambda database: database.change_password("ada@example.com", "better"),
    "change_email": lambda database: database.change_email("ada@example.com", "ada@example.org", False),
    "delete": lambda database: database.delete("7"),
}


@frozen
class Canned:
    """A client that gives the same responses to every request, read like those of a server."""

    answers: list[tuple[int, bytes]]
    asked: list[Question]

    async def ask(self, question: Question) -> Answer:
        self.asked.append(question)
        status, body = self.answers[min(len(self.asked), len(self.answers)) - 1]
        return read_answer(status, body)


def canned(*answers: tuple[int, Any], users: HttpUsers | None = None, **endpoints: Endpoint) -> Any:
    bodies = [(status, body if isinstance(body, bytes) else json.dumps(body).encode()) for status, body in answers]
    client = Canned(bodies, [])
    database: Any = SyncScripts(HttpScripts(client, HttpEndpoints(**endpoints), users or HttpUsers()))
    database.asked = client.asked
    return database


def kind(outcome: object) -> object:
    """Return the kind of an outcome, without its message."""
    if isinstance(outcome, Failed):
        error = cast("ScriptError", outcome.error)
        return getattr(error, "code", type(error))
    return type(outcome) if not isinstance(outcome, Found) else outcome


def told(outcome: object) -> tuple[str, str | None, str]:
    """Return the class of a failure's error, the user it names, and its message."""
    assert isinstance(outcome, Failed)
    error = cast("ScriptError", outcome.error)
    return type(error).__name__, getattr(error, "identifier", None), str(error)


FAILED: Final = ScriptError
UNUSABLE: Final = ("ScriptError", None, "The user store gave an answer that cannot be used")
UNREACHABLE: Final = ("ScriptError", None, "The user store cannot be reached")

STATUSES: Final[list[tuple[int, dict[str, Any]]]] = [
    (200, {"login": FOUND, "get_user": FOUND, "create": Done, "verify": Done, "change_password": Done, "delete": Done}),
    (201, {"create": Done}),
    (204, {"create": Done, "verify": Done, "change_password": Done, "delete": Done}),
    (401, {"login": WrongUsernameOrPasswordError}),
    (403, {"login": UnauthorizedError}),
    (
        404,
        {
            "login": WrongUsernameOrPasswordError,
            "get_user": NotFound,
            "verify": Declined,
            "change_password": Declined,
            "change_email": Declined,
            "delete": Done,
        },
    ),
    (409, {"create": "user_exists", "change_email": Declined}),
    *[(status, {}) for status in (100, 206, 301, 302, 307, 400, 405, 410, 418, 422, 429, 500, 502, 503, 504)],
]


@pytest.mark.parametrize("script", CALLS)
@pytest.mark.parametrize(("status", "expected"), STATUSES, ids=[str(status) for status, _ in STATUSES])
def test_a_status_means_what_is_declared_and_nothing_else(
    script: str, status: int, expected: Mapping[str, Any]
) -> None:
    outcome = CALLS[script](canned((status, SHOWN)))
    assert kind(outcome) == expected.get(script, FAILED)


@pytest.mark.parametrize("script", CALLS)
def test_a_write_may_return_204_without_a_body(script: str) -> None:
    outcome = CALLS[script](canned((204, b"")))
    assert kind(outcome) == (FAILED if script in {"login", "get_user"} else Done)


BODIES: Final = [
    b"",
    b" \n",
    b"<!DOCTYPE html><title>ada@example.com</title>",
    b'{"id": 7, "email": "ada@exa',
    b"[]",
    b"{}",
    b"null",
    b"NaN",
    b"7",
    b'"ada@example.com"',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"id": ' + b"9" * 5000 + b"}",
    b'{"error": "no such user"}',
    b'{"errors": ["no such user"]}',
    b'{"id": 7, "email": "bob@example.com", "email_verified": true}',
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("script", ["login", "get_user", "create", "verify", "change_password", "change_email"])
def test_no_other_body_under_200_is_a_user(script: str, body: bytes) -> None:
    assert kind(CALLS[script](canned((200, body)))) is FAILED


@pytest.mark.parametrize("body", [b"<html>Gone</html>", b"\xff", b'{"a'])
@pytest.mark.parametrize("status", [200, 401, 403, 404, 409])
@pytest.mark.parametrize("script", CALLS)
def test_an_html_page_is_no_answer_with_any_status(script: str, status: int, body: bytes) -> None:
    assert kind(CALLS[script](canned((status, body)))) is FAILED


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b"", Done), (b"{}", Done), (b'{"deleted": true}', Done), (b'{"error": "busy"}', FAILED), (b"[]", FAILED)],
)
def test_a_response_without_a_user_must_contain_no_error(body: bytes, expected: object) -> None:
    assert kind(canned((200, body)).delete("7")) == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*SHOWN, "error", "data"]) | st.text(), inner),
    max_leaves=8,
)
almost_shown = st.fixed_dictionaries({}, optional={name: st.just(value) | json_values for name, value in SHOWN.items()})
bodies = (
    st.binary() | st.sampled_from(BODIES) | (json_values | almost_shown).map(lambda value: json.dumps(value).encode())
)


@given(script=st.sampled_from(sorted(CALLS)), status=st.integers(100, 599), body=bodies)
def test_only_mapped_answers_mean_found_or_not_found(script: str, status: int, body: bytes) -> None:
    outcome = CALLS[script](canned((status, body)))
    if isinstance(outcome, Found):
        shown = json.loads(body)
        assert status == 200
        assert shown["email"].lower() == "ada@example.com"
        assert isinstance(shown["email_verified"], bool)
        assert outcome.profile["user_id"] == str(shown["id"])
    elif isinstance(outcome, NotFound):
        assert (script, status) == ("get_user", 404)
        assert not body.strip() or json.loads(body) is not Ellipsis
    elif isinstance(outcome, Declined):
        assert status == 404 or (script, status) == ("change_email", 409)
    elif isinstance(outcome, Done):
        assert status in ({200, 204, 404} if script == "delete" else {200, 201, 204})
    elif kind(outcome) is not FAILED:
        assert (script, status) in {("login", 401), ("login", 403), ("login", 404), ("create", 409)}


# The mapping


NO_IDS: Final[list[Any]] = [None, True, 1.5, "", "x" * 321, [], {}, "\ud800"]
NO_FLAGS: Final[list[Any]] = [None, 1, "true", []]
OTHER_FIELDS: Final[list[tuple[dict[str, Any], str]]] = [
    *[({name: ...}, name) for name in SHOWN],
    *[({"id": value}, "id") for value in NO_IDS],
    *[({"email": value}, "email") for value in (7, True, "", ["ada@example.com"], "a\0da@example.com")],
    *[({"email_verified": value}, "email_verified") for value in NO_FLAGS],
    ({"email": None}, "identifier"),
]


@pytest.mark.parametrize(("changed", "field"), OTHER_FIELDS)
def test_a_field_that_is_missing_or_has_another_type_is_a_failure(
    changed: Mapping[str, Any], field: str, caplog: pytest.LogCaptureFixture
) -> None:
    shown = {name: value for name, value in {**SHOWN, **changed}.items() if value is not ...}
    outcome = canned((200, shown)).get_user("ada@example.com")
    assert told(outcome) == UNUSABLE
    assert field in caplog.text
    assert "ada" not in caplog.text


FULL: Final = HttpUsers(
    user_id="key",
    user_id_prefix="shop|",
    email="mail.address",
    username="login",
    phone_number="phone",
    email_verified="mail.verified",
    blocked="is.closed",
    app_metadata={"plan": "shop.plan", "since": "shop.since"},
    user_metadata="settings",
    fields={"given_name": "names.first", "family_name": "names.last"},
)


def full(**changed: Any) -> dict[str, Any]:
    return {
        "key": "A-7",
        "mail": {"address": "Ada@Example.com", "verified": False},
        "login": "Ada",
        "phone": "+441632960001",
        "is": {"closed": False},
        "shop": {"plan": "patron", "since": None},
        "settings": {"language": "en"},
        "names": {"first": "Ada", "last": None},
        **changed,
    }


@pytest.mark.parametrize("identifier", ["ada@example.com", "ADA@EXAMPLE.COM", "ada", "+441632960001"])
def test_a_profile_is_made_of_the_declared_fields(identifier: str) -> None:
    assert canned((200, full()), users=FULL).get_user(identifier) == Found(
        {
            "user_id": "shop|A-7",
            "email": "ada@example.com",
            "username": "ada",
            "phone_number": "+441632960001",
            "email_verified": False,
            "given_name": "Ada",
            "app_metadata": {"plan": "patron"},
            "user_metadata": {"language": "en"},
        }
    )


def test_null_and_empty_values_are_omitted() -> None:
    nothing = {"plan": None, "since": None}
    shown = full(
        mail={"address": None, "verified": False}, settings=None, shop=nothing, names={"first": "", "last": None}
    )
    assert canned((200, shown), users=FULL).get_user("ada") == Found(
        {"user_id": "shop|A-7", "username": "ada", "phone_number": "+441632960001"}
    )


@pytest.mark.parametrize(
    "changed",
    [{"settings": []}, {"names": {"first": 7, "last": None}}, {"shop": {}}, {"is": {"closed": 0}}, {"is": None}],
)
def test_other_fields_have_types_too(changed: Mapping[str, Any]) -> None:
    assert kind(canned((200, full(**changed)), users=FULL).get_user("ada")) is FAILED


def test_a_user_may_have_neither_a_flag_nor_an_e_mail_declared() -> None:
    users = HttpUsers(email=None, username="login", email_verified=None)
    assert canned((200, {"id": 7, "login": "ada"}), users=users).get_user("ada") == Found(
        {"user_id": "7", "username": "ada"}
    )


def test_a_blocked_user_does_not_log_in() -> None:
    database = canned((200, full(**{"is": {"closed": True}})), users=FULL)
    assert kind(database.login("ada", "right")) is UnauthorizedError


@pytest.mark.parametrize("identifier", ["ad\u0430@example.com", "ada@example.com ", "%", "ad_@example.com"])
def test_the_answer_must_be_about_the_user_who_was_asked_for(identifier: str) -> None:
    assert kind(canned((200, SHOWN)).get_user(identifier)) is FAILED
    assert kind(canned((200, SHOWN)).login(identifier, "right")) is FAILED


# The responses of an endpoint


def test_a_list_may_be_empty_and_has_one_user_at_most() -> None:
    listed = Endpoint("GET", "/users?login={identifier}", user_at="data.users", is_list=True)
    outcomes = [
        canned((200, {"data": {"users": users}}), get_user=listed).get_user("ada@example.com")
        for users in ([], [SHOWN], [SHOWN, SHOWN], None, SHOWN)
    ]
    assert list(map(kind, outcomes)) == [NotFound, FOUND, FAILED, FAILED, FAILED]


def test_a_code_in_the_body_takes_precedence_over_the_status() -> None:
    login = Endpoint(
        "POST",
        "/login",
        error_at="problem.code",
        meanings={
            200: Meaning.DONE,
            (400, 11): Meaning.UNKNOWN,
            (400, "12"): Meaning.WRONG_PASSWORD,
            423: Meaning.BLOCKED,
            (423, "busy"): Meaning.REFUSED,
        },
    )
    outcomes = [
        canned((status, {"problem": {"code": code}}), login=login).login("ada@example.com", "wrong")
        for status, code in ((400, 11), (400, "12"), (400, 12), (400, True), (423, "other"), (423, "busy"), (401, 11))
    ]
    refusal = "Wrong username or password"
    assert told(outcomes[0]) == ("WrongUsernameOrPasswordError", None, refusal)
    assert told(outcomes[1]) == ("WrongUsernameOrPasswordError", "ada@example.com", refusal)
    assert list(map(kind, outcomes[2:])) == [FAILED, FAILED, UnauthorizedError, FAILED, FAILED]
    assert kind(canned((400, []), login=login).login("ada@example.com", "wrong")) is FAILED


def test_calls_that_the_api_refuses_are_reported() -> None:
    refusing: Mapping[int | tuple[int, str | int], Meaning] = {422: Meaning.REFUSED}
    weak = canned(
        (422, {"error": "weak"}),
        create=Endpoint("POST", "/users", meanings=refusing),
        change_password=Endpoint("PUT", "/password", meanings=refusing),
    )
    assert kind(weak.create({"email": "ada@example.com", "password": "1"})) == "invalid_user"
    assert weak.change_password("ada@example.com", "1") == Declined()


def test_a_log_in_without_a_user_calls_get_user() -> None:
    silent = Endpoint("POST", "/token", {"grant": "password", "password": "{password}"}, user_at=None)
    assert canned((200, {"token": "t"}), (200, SHOWN), login=silent).login("ada@example.com", "right") == FOUND
    assert kind(canned((200, {"token": "t"}), (404, {}), login=silent).login("ada@example.com", "right")) is FAILED
    assert kind(canned((200, {"error": "no"}), (200, SHOWN), login=silent).login("ada@example.com", "no")) is FAILED


def test_a_write_by_id_asks_for_the_id_first() -> None:
    verify = Endpoint("POST", "/users/{user_id}/verified", user_at=None)
    database = canned((200, SHOWN), (200, b""), verify=verify)
    assert database.verify("ada@example.com") == Done()
    assert [question.target for question in database.asked] == ["/users/ada%40example.com", "/users/7/verified"]
    assert canned((404, {}), verify=verify).verify("ada@example.com") == Declined()


def test_a_write_must_show_what_was_written() -> None:
    assert kind(canned((200, {**SHOWN, "email_verified": False})).verify("ada@example.com")) is FAILED
    assert kind(canned((200, SHOWN)).change_email("ada@example.com", "ada@example.org", True)) is FAILED
    assert (
        kind(
            canned((200, {**SHOWN, "email": "ada@example.org"})).change_email(
                "ada@example.com", "ada@example.org", True
            )
        )
        is Done
    )
    named = HttpUsers(username="login")
    created = canned((201, {**SHOWN, "login": "bob"}), users=named)
    assert kind(created.create({"email": "ada@example.com", "username": "ada", "password": "p"})) is FAILED
    listed = Endpoint("POST", "/users", is_list=True)
    assert kind(canned((201, []), create=listed).create({"email": "ada@example.com", "password": "p"})) is FAILED


def test_a_request_body_has_only_the_arguments_of_the_script() -> None:
    create = Endpoint(
        "POST", "/users", {"user": {"email": "{email}", "phone": "{phone_number}"}, "tags": ["{email}"], "n": 1}
    )
    database = canned((204, b""), create=create)
    assert database.create({"email": "ada@example.com", "password": "p"}) == Done()
    assert database.asked[0].body == {"user": {"email": "ada@example.com"}, "tags": ["{email}"], "n": 1}
    database = canned((204, b""))
    assert database.change_email("ada@example.com", "{password}@example.com", False) == Done()
    assert database.asked[0].body == {"email": "{password}@example.com", "email_verified": False}


# Requests


@pytest.mark.parametrize(
    ("identifier", "target"),
    [
        ("a/../b", "/users/a%2F..%2Fb"),
        ("a?b=c&d#e", "/users/a%3Fb%3Dc%26d%23e"),
        ("../admin", "/users/..%2Fadmin"),
        ("%2e%2e", "/users/%252e%252e"),
        ("a b+c;", "/users/a%20b%2Bc%3B"),
        ("jörg\u202e", "/users/j%C3%B6rg%E2%80%AE"),
        ("a\r\nX: y", "/users/a%0D%0AX%3A%20y"),
        ("{password}", "/users/%7Bpassword%7D"),
    ],
)
def test_an_identifier_is_encoded(identifier: str, target: str) -> None:
    database = canned((404, {}))
    assert database.get_user(identifier) == NotFound()
    assert database.asked[0].target == target
    # Nothing is decoded or resolved before sending.
    assert httpx.URL("http://api.example.com" + target).raw_path == target.encode()


@pytest.mark.parametrize("identifier", [".", ".."])
def test_an_identifier_that_would_leave_its_path_is_not_requested(identifier: str) -> None:
    database = canned((404, {}))
    assert kind(database.get_user(identifier)) is FAILED
    assert kind(database.delete(identifier)) is FAILED
    assert not database.asked
    queried = canned((404, {}), get_user=Endpoint("GET", "/users?login={identifier}"))
    assert queried.get_user(identifier) == NotFound()


@pytest.mark.parametrize("identifier", ["", "a\0b", "\ud800", "x" * 321])
def test_impossible_identifiers_are_not_requested(identifier: str) -> None:
    database = canned((200, SHOWN))
    assert database.get_user(identifier) == NotFound()
    assert kind(database.login(identifier, "right")) is WrongUsernameOrPasswordError
    assert database.verify(identifier) == Declined()
    assert database.change_email("ada@example.com", identifier, True) == Declined()
    assert database.delete(identifier) == Done()
    assert kind(database.create({"email": identifier, "password": "p"})) == "invalid_email"
    assert not database.asked


@pytest.mark.parametrize("password", ["", "\ud800", "ü" * 2049])
def test_impossible_passwords_are_not_sent(password: str) -> None:
    database = canned((200, SHOWN))
    assert kind(database.login("ada@example.com", password)) is WrongUsernameOrPasswordError
    assert kind(database.create({"email": "ada@example.com", "password": password})) == "invalid_password"
    assert kind(database.change_password("ada@example.com", password)) == "invalid_password"
    assert not database.asked


def test_an_id_of_another_connection_matches_no_user() -> None:
    database = canned((204, b""), users=HttpUsers(user_id_prefix="shop-"))
    assert database.delete("7") == Done()
    assert not database.asked
    assert database.delete("shop-a/b") == Done()
    assert database.asked[0].target == "/users/a%2Fb"


# Wrong declarations


def unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


WRONG: Final[list[tuple[Callable[[], object], str]]] = [
    (lambda: Endpoint("get it", "/users"), "the method 'get it' is not valid"),
    (lambda: Endpoint("get", "/users"), "expected capitals"),
    (lambda: Endpoint("GET", "users"), "must begin with /"),
    (lambda: Endpoint("GET", "/users/{Identifier}"), "must begin with /"),
    (lambda: Endpoint("GET", "/a b"), "must begin with /"),
    (lambda: Endpoint("GET", "/ü"), "must begin with /"),
    (lambda: Endpoint("GET", "/a#b"), "must begin with /"),
    (
        lambda: HttpEndpoints(login=Endpoint("POST", "/login?p={password}")),
        r"login cannot have \{password\} in the path; allowed there: \{identifier\}",
    ),
    (
        lambda: HttpEndpoints(create=Endpoint("POST", "/users/{email}")),
        r"create cannot have \{email\} in the path; allowed there: no placeholder",
    ),
    (
        lambda: HttpEndpoints(verify=Endpoint("POST", "/v", {"a": {"b": "{email}"}})),
        r"verify cannot have \{email\} in the body or path; allowed there: \{identifier\}, \{user_id\}",
    ),
    (lambda: HttpEndpoints(get_user=Endpoint("GET", "/u", user_at=None)), "get_user must return the user"),
    (lambda: HttpUsers(email=None), "users need an email, a username or a phone_number"),
    (lambda: HttpUsers(fields={"email": "mail"}), "fields cannot have email"),
    (lambda: BearerToken(""), "a bearer token must be"),
    (lambda: BearerToken("secret\n"), "does it end with a line break"),
    (lambda: BearerToken("a b"), "a bearer token must be"),
    (lambda: BasicCredentials("", "secret"), "must not be empty"),
    (lambda: BasicCredentials("a:b", "secret"), "or contain a colon"),
    (lambda: HttpDatabase("ftp://api.example.com"), "must begin with https://"),
    (lambda: HttpDatabase("https://"), "must begin with https://"),
    (lambda: HttpDatabase("https://[x"), "cannot be read"),
    (lambda: HttpDatabase("https://api.example.com:99999"), "cannot be read"),
    (lambda: HttpDatabase("https://a:secret@api.example.com"), "must contain no credentials"),
    (lambda: HttpDatabase("https://api.example.com/?a=b"), "must contain no credentials"),
    (lambda: HttpDatabase("http://api.example.com"), "would go to api.example.com unencrypted"),
    (lambda: AsyncHttpDatabase("https://api.example.com", timeout=0), "timeout must be greater than 0"),
    (
        lambda: HttpDatabase("https://api.example.com", tls=unverified()),
        "tls must verify certificates",
    ),
]


@pytest.mark.parametrize(("make", "message"), WRONG, ids=[str(number) for number in range(len(WRONG))])
def test_a_senseless_declaration_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as refused:
        make()
    assert "secret" not in str(refused.value)


def test_credentials_are_never_shown() -> None:
    assert repr(BearerToken("secret")) == "BearerToken()"
    assert repr(BasicCredentials("key", "secret")) == "BasicCredentials(username='key')"
    assert BasicCredentials("key", "sécret").header == "Basic a2V5OnPDqWNyZXQ="
    with HttpDatabase("http://api.example.com", credentials=BearerToken("secret"), allow_plain_http=True) as database:
        assert "secret" not in repr(vars(database))


# On a server


class AsyncOnce:
    """An async database behind plain calls: each call has its own loop, and therefore its own database."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self._make: Callable[[], AsyncHttpDatabase] = lambda: AsyncHttpDatabase(*arguments, **settings)

    def close(self) -> None:
        """Close nothing: each call has closed its own database."""

    def __getattr__(self, script: str) -> Callable[..., Any]:
        async def call(*arguments: Any) -> Any:
            async with self._make() as database:
                return await getattr(database, script)(*arguments)

        return lambda *arguments: asyncio.run(call(*arguments))


STYLES: Final = pytest.mark.parametrize("style", [HttpDatabase, AsyncOnce])


def on(style: Any, server: str, **settings: Any) -> Any:
    return style(server, ENDPOINTS, USERS, credentials=TOKEN, **settings)


@pytest.fixture
def api() -> ShopApi:
    return ShopApi(PEOPLE)


@pytest.fixture
def server(api: ShopApi) -> Generator[JsonServer]:
    with running_json(api.answer) as running:
        yield running


@STYLES
def test_no_cookie_of_one_user_is_sent_for_the_next(style: Any, server: JsonServer, api: ShopApi) -> None:
    seen: list[Asked] = []
    api.before = seen.append
    with closing(on(style, server.url)) as database:
        assert isinstance(database.login(ADA, PASSWORD), Found)
        assert isinstance(database.get_user("ada"), Found)
    assert [asked.cookie for asked in seen] == [None, None]


@STYLES
def test_no_redirect_is_followed(style: Any, server: JsonServer, api: ShopApi) -> None:
    asked: list[Asked] = []

    def redirect(request: Asked) -> Reply:
        asked.append(request)
        return 302, {"location": "/users/grace.hopper@example.com"}

    api.before = redirect
    with closing(on(style, server.url)) as database:
        assert kind(database.get_user(ADA)) is FAILED
    assert len(asked) == 1


@STYLES
def test_a_server_may_be_killed_and_come_back(style: Any, server: JsonServer) -> None:
    with closing(on(style, server.url)) as database:
        for _ in range(2):
            assert isinstance(database.get_user(ADA), Found)
            server.kill()
            assert told(database.get_user(ADA)) == UNREACHABLE
            server.start()
        assert isinstance(database.login(ADA, PASSWORD), Found)


def test_64_calls_at_once_from_threads(server: JsonServer) -> None:
    with on(HttpDatabase, server.url, timeout=60) as database, ThreadPoolExecutor(64) as threads:
        names = [person.email for person in PEOPLE if person.email] * 16
        found = list(threads.map(database.get_user, names[:64]))
    assert [outcome.profile["email"] for outcome in found] == [name.lower() for name in names[:64]]


def test_64_calls_at_once_on_a_loop(server: JsonServer) -> None:
    async def call() -> list[Any]:
        async with on(AsyncHttpDatabase, server.url, timeout=60) as database:
            return await asyncio.gather(*(database.login(ADA, PASSWORD if n % 2 else "wrong") for n in range(64)))

    outcomes = asyncio.run(call())
    assert [isinstance(outcome, Found) for outcome in outcomes] == [bool(n % 2) for n in range(64)]


def test_a_pool_without_a_free_connection_fails_in_time(server: JsonServer) -> None:
    with on(HttpDatabase, server.url, timeout=2, connections=1) as database:
        client = database._client._client
        with deadline(60), client.stream("GET", f"{server.url}/users"):
            assert told(database.get_user(ADA)) == UNREACHABLE
        assert isinstance(database.get_user(ADA), Found)


def test_a_pool_without_a_free_connection_fails_in_time_on_a_loop(server: JsonServer) -> None:
    async def ask() -> tuple[object, object]:
        async with on(AsyncHttpDatabase, server.url, timeout=2, connections=1) as database:
            async with database._client._client.stream("GET", f"{server.url}/users"):
                busy = await database.get_user(ADA)
            return busy, await database.get_user(ADA)

    busy, free = asyncio.run(ask())
    assert told(busy) == UNREACHABLE
    assert isinstance(free, Found)


@contextmanager
def raw_server(send: Callable[[socket.socket], None]) -> Generator[str]:
    """Run a server that handles a connection with the given function."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with closing(connection):
                    connection.recv(65536)
                    with suppress(OSError):
                        send(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def head(*lines: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode()


def drip(data: bytes, then: bytes) -> Callable[[socket.socket], None]:
    def send(connection: socket.socket) -> None:
        connection.sendall(data)
        for _ in range(400):
            connection.sendall(then)
            time.sleep(0.05)

    return send


def test_nothing_is_sent_after_the_deadline() -> None:
    with deadline(0), pytest.raises(httpcore.ConnectTimeout):
        DeadlineTransport(ssl.create_default_context(), 1).handle_request(httpx.Request("GET", "http://127.0.0.1/"))


@STYLES
@pytest.mark.parametrize(
    ("send", "expected"),
    [
        (drip(b"HTTP/1.1 200 OK\r\n", b"X"), UNREACHABLE),
        (drip(head("Content-Length: 100000"), b" "), UNREACHABLE),
        (lambda connection: connection.sendall(b"hello\r\n\r\n"), UNREACHABLE),
        (lambda connection: connection.sendall(head("Content-Length: 9") + b"{"), UNREACHABLE),
        (
            lambda connection: connection.sendall(
                head("Content-Encoding: gzip", "Connection: close") + gzip.compress(json.dumps(SHOWN).encode())
            ),
            UNUSABLE,
        ),
        (
            lambda connection: connection.sendall(head("Connection: close") + b'"' + b"x" * 5000 + b'"'),
            UNUSABLE,
        ),
    ],
    ids=["slow head", "slow body", "no HTTP", "cut off", "compressed", "too large"],
)
def test_a_response_that_is_incomplete_in_time_is_a_failure(
    style: Any, send: Callable[[socket.socket], None], expected: object
) -> None:
    with raw_server(send) as url, closing(style(url, timeout=0.5, largest_answer=4000)) as database:
        assert told(database.get_user("ada@example.com")) == expected


def test_the_certificate_of_the_server_is_verified() -> None:
    with HttpDatabase("https://api.example.com") as database:
        context = database._client._client._transport._pool._ssl_context  # type: ignore[attr-defined] # as httpx keeps it
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@STYLES
def test_a_server_without_tls_gets_no_password(style: Any) -> None:
    tls = ssl.create_default_context()
    with raw_server(lambda connection: connection.sendall(head())) as url, ExitStack() as opened:
        database = opened.enter_context(closing(style(url.replace("http:", "https:"), timeout=5, tls=tls)))
        assert kind(database.login("ada@example.com", "right")) is FAILED


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"pip install 'customdb-contract\[http\]'"):
        importlib.reload(customdb_contract.databases.http)

"""The HTTP scripts of `init --template` send the same requests as the databases in Python, and read responses alike.

Where they differ, the scripts are stricter: they accept a status only together with its reason.
"""

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import frozen

from customdb_contract import (
    Declined,
    Done,
    Failed,
    Found,
    NotFound,
    ScriptError,
    UnauthorizedError,
    ValidationError,
    WrongUsernameOrPasswordError,
)
from customdb_contract._cli._templates import database_files
from customdb_contract.bridges.node import NodeDatabase
from customdb_contract.databases import BasicCredentials, BearerToken, HttpDatabase, HttpUsers, StormpathDatabase
from json_servers import Asked, JsonServer, Reply, running_json
from shop_api import TOKEN, ShopApi
from sql_stores import PEOPLE
from stormpath_double import API_KEY, APPLICATION, StormpathDouble
from template_stores import MODULES
from test_databases_http import BODIES
from test_databases_stormpath import account, items

pytestmark = [
    pytest.mark.one_python,
    pytest.mark.untraced,
    pytest.mark.skipif(not MODULES.is_dir(), reason="the npm modules are not installed: run make test"),
]

EMAIL: Final = "ada@example.com"
FAILED: Final = ScriptError
CALLS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "login": lambda database: database.login(EMAIL, "right"),
    "get_user": lambda database: database.get_user(EMAIL),
    "create": lambda database: database.create({"email": EMAIL, "password": "right"}),
    "verify": lambda database: database.verify(EMAIL),
    "change_password": lambda database: database.change_password(EMAIL, "better"),
    "change_email": lambda database: database.change_email(EMAIL, "ada@example.org", True),
    "delete": lambda database: database.delete("legacy-7"),
}
STATUSES: Final = (200, 201, 204, 302, 401, 403, 404, 409, 422, 429, 503)


def kind(outcome: object) -> object:
    """Return the kind of an outcome, without its message."""
    if isinstance(outcome, Failed):
        error = outcome.error
        if isinstance(error, WrongUsernameOrPasswordError) and error.identifier is not None:
            return f"the password of {error.identifier}"
        return error.code.replace("-", "_") if isinstance(error, ValidationError) else type(error)
    return outcome if isinstance(outcome, Found) else type(outcome)


class Recording:
    """A server's prepared responses and recorded requests."""

    def __init__(self) -> None:
        self.replies: Callable[[Asked], Reply] = lambda asked: (500, None)
        self.asked: list[Asked] = []

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        return self.replies(asked)


@frozen
class Pair:
    """The scripts and the database in Python, on servers with the same responses."""

    scripts: Any
    python: Any
    of_scripts: Recording
    of_python: Recording

    def both(self, call: Callable[[Any], Any], replies: Callable[[Asked], Reply]) -> tuple[object, object]:
        """Return the outcomes of a call, the scripts' first; both must have sent the same requests."""
        for recording in (self.of_scripts, self.of_python):
            recording.replies = replies
            recording.asked.clear()
        return kind(call(self.scripts)), kind(call(self.python))


NAMES: Final = {
    "HttpDatabase": HttpDatabase,
    "HttpUsers": HttpUsers,
    "BearerToken": BearerToken,
    "token": TOKEN.token,
    "StormpathDatabase": StormpathDatabase,
    "BasicCredentials": BasicCredentials,
    "api_key_id": API_KEY.username,
    "api_key_secret": API_KEY.password,
}


def python_of(name: str, url: str) -> Any:
    """Return the Python database from a template's instructions, with another address."""
    readme = database_files(name)[Path("README.md")]
    _, _, code = readme.partition("```python\n")
    code = re.sub(r"https://\w+\.example\.com", url, code.partition("```")[0])
    return eval(code, dict(NAMES))


@contextmanager
def scripts_of(name: str, folder: Any, url: str) -> Generator[NodeDatabase]:
    for path, text in database_files(name).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    configuration = {
        "http": {"API_URL": url, "API_TOKEN": TOKEN.token},
        "stormpath": {
            "API_URL": f"{url}/v1",
            "APPLICATION": APPLICATION.rpartition("/")[2],
            "API_KEY_ID": API_KEY.username,
            "API_KEY_SECRET": API_KEY.password,
        },
    }[name]
    scripts = folder / "database-connections" / "legacy"
    with NodeDatabase(scripts, configuration=configuration, node_modules=MODULES) as database:
        yield database


@contextmanager
def paired(name: str, folder: Any, one: Recording, other: Recording) -> Generator[Pair]:
    with ExitStack() as stack:
        servers: list[JsonServer] = [stack.enter_context(running_json(each.answer)) for each in (one, other)]
        scripts = stack.enter_context(scripts_of(name, folder, servers[0].url))
        yield Pair(scripts, stack.enter_context(python_of(name, servers[1].url)), one, other)


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Generator[Pair]:
    with paired("http", tmp_path_factory.mktemp("http"), Recording(), Recording()) as pair:
        yield pair


@pytest.fixture(scope="module")
def stormpath(tmp_path_factory: pytest.TempPathFactory) -> Generator[Pair]:
    with paired("stormpath", tmp_path_factory.mktemp("stormpath"), Recording(), Recording()) as pair:
        yield pair


# A custom API

USER: Final[dict[str, Any]] = {
    "id": 7,
    "email": "Ada@Example.com",
    "email_verified": True,
    "name": "Ada",
    "plan": "full",
    "language": None,
}
FOUND: Final = Found(
    {
        "user_id": "legacy-7",
        "email": EMAIL,
        "email_verified": True,
        "name": "Ada",
        "app_metadata": {"plan": "full"},
    }
)
REASONS: Final = ("wrong_credentials", "no_such_user", "blocked", "user_exists", "invalid_user", "invalid_token", None)
MEANT: Final[Mapping[tuple[str, int, str | None], object]] = {
    ("login", 401, "wrong_credentials"): WrongUsernameOrPasswordError,
    ("login", 403, "blocked"): UnauthorizedError,
    ("login", 404, "no_such_user"): WrongUsernameOrPasswordError,
    ("get_user", 404, "no_such_user"): NotFound,
    ("create", 204, None): Done,
    ("create", 409, "user_exists"): "user_exists",
    ("create", 422, "invalid_user"): "invalid_user",
    ("verify", 204, None): Done,
    ("verify", 404, "no_such_user"): Declined,
    ("change_password", 204, None): Done,
    ("change_password", 404, "no_such_user"): Declined,
    ("change_email", 204, None): Done,
    ("change_email", 404, "no_such_user"): Declined,
    ("change_email", 409, "user_exists"): Declined,
    ("delete", 200, None): Done,
    ("delete", 204, None): Done,
    ("delete", 404, "no_such_user"): Done,
}
"""The meaning of a response with a reason, or of an empty one; every other is a failure."""


def of_new_email(script: str) -> dict[str, Any]:
    return {**USER, "email": "ada@example.org"} if script == "change_email" else USER


SHOWN: Final[Mapping[str, frozenset[int]]] = {script: frozenset({200}) for script in CALLS} | {
    "create": frozenset({200, 201})
}
"""The statuses with which the user is returned."""


def shown(script: str, **changed: Any) -> dict[str, Any]:
    """Return the user of a call, as the API should show it afterwards."""
    return {**USER, "email": "ada@example.org" if script == "change_email" else USER["email"], **changed}


def always(status: int, body: object) -> Callable[[Asked], Reply]:
    return lambda _: (status, body)


@pytest.mark.parametrize("script", CALLS)
def test_a_status_means_something_only_with_its_reason(http: Pair, script: str) -> None:
    for status in STATUSES:
        for reason in REASONS if status != 204 else [None]:
            body = None if reason is None else {"error": reason, "location": "/users/ada@example.com"}
            scripts, python = http.both(CALLS[script], always(status, body))
            assert (status, reason, scripts) == (status, reason, MEANT.get((script, status, reason), FAILED))
            # In Python, the refusals of an API are declared.
            assert scripts in (python, FAILED) or (script, status) == ("create", 422)
            assert http.of_scripts.asked == http.of_python.asked


@pytest.mark.parametrize("script", CALLS)
def test_a_user_is_shown_with_the_right_status_only(http: Pair, script: str) -> None:
    expected = FOUND if script in {"login", "get_user"} else Done
    for status in set(STATUSES) - {204}:
        scripts, python = http.both(CALLS[script], always(status, {**shown(script), "location": "/"}))
        assert (status, scripts) == (status, expected if status in SHOWN[script] else FAILED)
        assert scripts in (python, FAILED)


@pytest.mark.parametrize("script", ["login", "get_user", "create", "verify", "change_password", "change_email"])
def test_no_other_body_is_a_user(http: Pair, script: str) -> None:
    others: list[dict[str, Any]] = [
        {"id": None},
        {"id": 1.5},
        {"id": ""},
        {"id": []},
        {"email": None},
        {"email": "bob@example.com"},
        {"email": "\u212aate@example.com"},
        {"email_verified": None},
        {"email_verified": "true"},
    ]
    for body in [*BODIES, *(shown(script, **changed) for changed in others)]:
        assert (body, http.both(CALLS[script], always(200, body))) == (body, (FAILED, FAILED))


@pytest.mark.parametrize("script", CALLS)
def test_an_html_page_is_no_answer_with_any_status(request: pytest.FixtureRequest, script: str) -> None:
    for name in ("http", "stormpath"):
        pair: Pair = request.getfixturevalue(name)
        for status in set(STATUSES) - {204}:
            for body in (b"<html>Gone</html>", b'{"a'):
                assert (status, pair.both(CALLS[script], always(status, body))) == (status, (FAILED, FAILED))


@pytest.mark.parametrize("shown_as", ["\u212aate@example.com", "kat\u00e9@example.com"])
def test_a_look_alike_letter_is_a_different_letter(http: Pair, shown_as: str) -> None:
    kate = {**USER, "email": shown_as}
    assert http.both(lambda database: database.get_user("kate@example.com"), always(200, kate)) == (FAILED, FAILED)


def test_a_verification_must_be_shown(http: Pair) -> None:
    assert http.both(CALLS["verify"], always(200, {**USER, "email_verified": False})) == (FAILED, FAILED)


@pytest.mark.parametrize(
    ("body", "expected"), [({"deleted": True}, Done), ({"errors": ["busy"]}, FAILED), ([], FAILED)]
)
def test_a_deletion_shows_no_error(http: Pair, body: object, expected: object) -> None:
    assert http.both(CALLS["delete"], always(200, body)) == (expected, expected)


HOSTILE: Final = [
    *("a/../b@c", "a?b=c&d#e@f", "../admin@b", "%2e%2e@b", "a b+c;@d", "jörg\u202e@b", "a\r\nX: y@b", "*", "ada"),
    *("", "a\0b", "\ud800", "x" * 321),
]
NOBODY: Final[Mapping[str, Reply]] = {"http": (404, {"error": "no_such_user"}), "stormpath": (200, items())}


@pytest.mark.parametrize("name", NOBODY)
@pytest.mark.parametrize("identifier", HOSTILE)
def test_identifiers_are_sent_encoded_or_not_at_all(request: pytest.FixtureRequest, name: str, identifier: str) -> None:
    pair: Pair = request.getfixturevalue(name)
    calls: list[Callable[[Any], Any]] = [
        lambda database: database.login(identifier, "right"),
        lambda database: database.get_user(identifier),
        lambda database: database.verify(identifier),
        lambda database: database.change_password(identifier, "better"),
        lambda database: database.change_email(identifier, "ada@example.org", False),
        lambda database: database.delete(f"legacy-{identifier}"),
    ]
    for call in calls:
        scripts, python = pair.both(call, always(*NOBODY[name]))
        assert scripts == python
        assert pair.of_scripts.asked == pair.of_python.asked


@pytest.mark.parametrize("identifier", [".", ".."])
def test_an_identifier_that_would_leave_its_path_is_not_sent(http: Pair, identifier: str) -> None:
    assert http.both(lambda database: database.get_user(identifier), always(200, USER)) == (NotFound, FAILED)
    assert http.both(lambda database: database.delete(f"legacy-{identifier}"), always(200, None)) == (Done, FAILED)
    assert not http.of_scripts.asked


@pytest.mark.parametrize("name", NOBODY)
@pytest.mark.parametrize("password", ["", "\ud800", "ü" * 2049])
def test_impossible_passwords_are_not_sent(request: pytest.FixtureRequest, name: str, password: str) -> None:
    pair: Pair = request.getfixturevalue(name)
    user = {"email": EMAIL, "password": password}
    answer = always(200, USER)
    refused = (WrongUsernameOrPasswordError, WrongUsernameOrPasswordError)
    assert pair.both(lambda database: database.login(EMAIL, password), answer) == refused
    invalid = ("invalid_password", "invalid_password")
    assert pair.both(lambda database: database.create(user), answer) == invalid
    assert pair.both(lambda database: database.change_password(EMAIL, password), answer) == invalid
    assert not pair.of_scripts.asked


# Stormpath's dialect

ATTEMPT: Final = {"account": {"href": account()["href"]}}
CODES: Final = (404, 2000, 2001, 2999, 3000, 7100, 7101, 7102, 7103, 7104, 7105, "7100", None)
CALLED: Final = "capt@enterprise.com"
LIVES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "login": lambda database: database.login(CALLED, "right"),
    "get_user": lambda database: database.get_user(CALLED),
    "create": lambda database: database.create({"email": CALLED, "password": "right"}),
    "verify": lambda database: database.verify(CALLED),
    "change_password": lambda database: database.change_password(CALLED, "better"),
    "change_email": lambda database: database.change_email(CALLED, "jl@enterprise.com", True),
    "delete": lambda database: database.delete("legacy-7"),
}


def after_a_search(status: int, body: object, found: Mapping[str, Any] | None = None) -> Callable[[Asked], Reply]:
    """Return responses of a service that finds the account, followed by the given response."""
    return lambda asked: (200, items(found or account())) if "email" in asked.query else (status, body)


@pytest.mark.parametrize("script", LIVES)
def test_a_code_means_the_same(stormpath: Pair, script: str) -> None:
    meant: dict[tuple[str, int, object], object] = {
        ("login", 400, 7104): WrongUsernameOrPasswordError,
        ("login", 400, 7100): f"the password of {CALLED}",
        **{("login", 400, code): UnauthorizedError for code in (7101, 7102, 7103, 7105)},
        **{("create", 400, code): "invalid_user" for code in (2000, 2001, 2999)},
        ("create", 409, 2001): "user_exists",
        **{("change_password", 400, code): "invalid_password" for code in (2000, 2001, 2999)},
        **{("change_email", 400, code): Declined for code in (2000, 2001, 2999)},
        **{("verify", 400, code): Declined for code in (2000, 2001, 2999)},
        **{(one, 404, 404): Declined for one in ("verify", "change_password", "change_email")},
        **{(one, 409, 2001): Declined for one in ("verify", "change_password", "change_email")},
        ("delete", 404, 404): Done,
    }
    for status in (400, 401, 404, 409, 503):
        for code in CODES:
            scripts, python = stormpath.both(LIVES[script], after_a_search(status, {"status": status, "code": code}))
            assert stormpath.of_scripts.asked == stormpath.of_python.asked
            if script == "get_user":
                assert isinstance(scripts, Found)
                assert scripts == python
                continue
            assert (status, code, scripts) == (status, code, meant.get((script, status, code), FAILED))
            # A refused change is an error in Python; a 404 needs no code there.
            assert scripts in (python, FAILED) or (status, python) == (400, "refused")


@pytest.mark.parametrize(
    "changed",
    [
        {"href": "https://api.stormpath.com/v1/groups/1"},
        {"href": "https://api.stormpath.com/v1/accounts/../x"},
        {"href": 7},
        {"email": None},
        {"username": 7},
        {"fullName": 7},
        {"status": "enabled"},
        {"emailVerificationStatus": None},
        {"customData": {"href": "https://api.stormpath.com/v1/accounts/1/customData"}},
        {"customData": "abc"},
        {"customData": None},
    ],
    ids=str,
)
def test_a_response_without_an_account_is_a_failure(stormpath: Pair, changed: Mapping[str, Any]) -> None:
    for script in ("get_user", "verify", "change_password", "change_email"):
        assert stormpath.both(LIVES[script], always(200, items(account(**changed)))) == (FAILED, FAILED)


@pytest.mark.parametrize("body", BODIES)
def test_no_other_body_is_an_account(stormpath: Pair, body: bytes) -> None:
    for script, call in LIVES.items():
        assert (script, stormpath.both(call, always(200, body))) == (script, (FAILED, FAILED))


def test_a_search_is_compared_and_must_be_whole(stormpath: Pair) -> None:
    other = account(email="capt2@enterprise.com", username="other")
    get_user = LIVES["get_user"]
    assert stormpath.both(get_user, always(200, items(other))) == (NotFound, NotFound)
    for body in (items(other, size=30), items(account(), account()), items(size="0"), {"size": 0, "items": None}):
        assert stormpath.both(get_user, always(200, body)) == (FAILED, FAILED)


def test_a_log_in_is_about_the_account_that_it_shows(stormpath: Pair) -> None:
    def then(shown: Mapping[str, Any]) -> Callable[[Asked], Reply]:
        return lambda asked: (200, ATTEMPT if asked.method == "POST" else shown)

    found, same = stormpath.both(LIVES["login"], then(account()))
    assert isinstance(found, Found)
    assert found == same
    assert stormpath.of_scripts.asked == stormpath.of_python.asked
    for shown in (account(email="riker@enterprise.com"), account(href="https://api.stormpath.com/v1/accounts/1")):
        assert stormpath.both(LIVES["login"], then({**shown, "username": None})) == (FAILED, FAILED)
    disabled = account(status="DISABLED")
    assert stormpath.both(LIVES["login"], then(disabled)) == (UnauthorizedError, UnauthorizedError)


@pytest.mark.parametrize(
    "changed", [{}, {"username": CALLED}, {"username": None}, {"status": "UNVERIFIED"}, {"status": "DISABLED"}], ids=str
)
def test_a_change_asks_for_the_same(stormpath: Pair, changed: Mapping[str, Any]) -> None:
    for script in ("verify", "change_password", "change_email"):
        done = stormpath.both(LIVES[script], after_a_search(200, account(**changed), account(**changed)))
        assert (script, done) == (script, (Done, Done))
        assert stormpath.of_scripts.asked == stormpath.of_python.asked
    moved = account(href="https://api.stormpath.com/v1/accounts/1")
    assert stormpath.both(LIVES["verify"], after_a_search(200, moved)) == (FAILED, FAILED)


def test_an_account_is_created_with_an_href(stormpath: Pair) -> None:
    assert stormpath.both(LIVES["create"], always(201, account())) == (Done, Done)
    assert stormpath.of_scripts.asked == stormpath.of_python.asked
    assert stormpath.both(LIVES["create"], always(200, account())) == (FAILED, FAILED)
    assert stormpath.both(LIVES["create"], always(201, {"href": "x"})) == (FAILED, FAILED)
    assert stormpath.both(LIVES["delete"], always(204, None)) == (Done, Done)


# On whole stores


def life(database: Any) -> list[object]:
    """Return the outcomes of the users' calls: those of existing users and of a new one."""
    outcomes: list[object] = []
    for person in PEOPLE:
        name = person.email or ""
        assert person.password is not None
        outcomes += [
            database.get_user(name),
            database.login(name, person.password.reveal()),
            database.login(name, "no"),
        ]
    email, moved = "New@example.com", "moved@example.com"
    outcomes += [
        database.create({"email": email, "password": "first one"}),
        database.create({"email": email, "password": "first one"}),
        database.verify(email),
        database.login(email, "first one"),
        database.change_password(email, "second one"),
        database.login(email, "first one"),
        database.change_email(email, "Ada.Lovelace@Example.com", False),
        database.change_email(email, moved, True),
        database.get_user(email),
        found := database.login(moved, "second one"),
    ]
    assert isinstance(found, Found)
    user_id = found.profile["user_id"]
    outcomes += [database.delete(user_id), database.delete(user_id), database.get_user(moved), database.verify(moved)]
    return list(map(kind, outcomes))


@pytest.mark.parametrize(("name", "store"), [("http", ShopApi), ("stormpath", StormpathDouble)])
def test_both_templates_serve_one_api_alike(name: str, store: Callable[[Any], Any], tmp_path: Any) -> None:
    named = [f"the password of {email}" for email in (*(person.email for person in PEOPLE), "New@example.com")]
    wrong = [WrongUsernameOrPasswordError, *named]
    with paired(name, tmp_path, store(PEOPLE), store(PEOPLE)) as pair:
        lived = life(pair.scripts)

        assert lived == life(pair.python)
        # All are found, and all but the disabled one log in; so does the new user, twice.
        assert [isinstance(outcome, Found) for outcome in lived].count(True) == 2 * len(PEOPLE) - 1 + 2
        assert lived.count(UnauthorizedError) == 1
        assert sum(outcome in wrong for outcome in lived) == len(PEOPLE) + 1

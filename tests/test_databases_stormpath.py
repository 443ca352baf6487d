"""The databases over Stormpath's dialect: their requests, and how they handle responses."""

import asyncio
import json
from collections.abc import Generator, Mapping
from contextlib import closing
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract import Declined, Done, Found, NotFound, UnauthorizedError, WrongUsernameOrPasswordError
from customdb_contract.databases import AsyncStormpathDatabase, BasicCredentials, StormpathDatabase
from customdb_contract.databases._styles import SyncScripts
from customdb_contract.databases.http._stormpath_scripts import StormpathScripts
from customdb_contract.errors import ConfigurationError
from json_servers import running_json
from sql_stores import PEOPLE
from stormpath_double import API_KEY, APPLICATION, StormpathDouble
from test_databases_http import BODIES, CALLS, FAILED, Canned, json_values, kind, told

ADA: Final = "ada.lovelace@example.com"
PASSWORD: Final = "weaving algebraic patterns"


@pytest.fixture
def double() -> StormpathDouble:
    return StormpathDouble(PEOPLE)


@pytest.fixture
def database(double: StormpathDouble) -> Generator[StormpathDatabase]:
    with running_json(double.answer) as server, StormpathDatabase(server.url + APPLICATION, API_KEY) as opened:
        yield opened


def account(**changed: Any) -> dict[str, Any]:
    """Return an account like the one in the documentation."""
    href = "https://api.stormpath.com/v1/accounts/3apenYvL0Z9v9spexaMple"
    return {
        "href": href,
        "username": "jlpicard",
        "email": "capt@enterprise.com",
        "givenName": "Jean-Luc",
        "surname": "Picard",
        "fullName": "Jean-Luc Picard",
        "status": "ENABLED",
        "emailVerificationStatus": "VERIFIED",
        "customData": {"href": f"{href}/customData", "createdAt": "2015", "modifiedAt": "2015", "rank": "captain"},
        **changed,
    }


def items(*accounts: object, size: object = None) -> dict[str, Any]:
    return {"offset": 0, "limit": 25, "size": len(accounts) if size is None else size, "items": list(accounts)}


def canned(*answers: tuple[int, Any], **settings: Any) -> Any:
    bodies = [(status, body if isinstance(body, bytes) else json.dumps(body).encode()) for status, body in answers]
    client = Canned(bodies, [])
    settings = {"application": "/applications/A", "prefix": "", "metadata": "app_metadata", **settings}
    opened: Any = SyncScripts(StormpathScripts(client, **settings))
    opened.asked = client.asked
    return opened


PROFILE: Final = {
    "user_id": "3apenYvL0Z9v9spexaMple",
    "email": "capt@enterprise.com",
    "username": "jlpicard",
    "email_verified": True,
    "given_name": "Jean-Luc",
    "family_name": "Picard",
    "name": "Jean-Luc Picard",
    "app_metadata": {"rank": "captain"},
}


def test_a_profile_is_made_of_an_account() -> None:
    assert canned((200, items(account()))).get_user("JLPicard") == Found(PROFILE)
    nameless = canned((200, items(account(username=None)))).get_user("capt@enterprise.com")
    assert nameless == Found({name: value for name, value in PROFILE.items() if name != "username"})
    moved = canned((200, items(account())), prefix="sp-", metadata="user_metadata").get_user("capt@enterprise.com")
    metadata = {"user_id": "sp-3apenYvL0Z9v9spexaMple", "user_metadata": PROFILE["app_metadata"]}
    assert moved == Found({**{k: v for k, v in PROFILE.items() if k != "app_metadata"}, **metadata})
    bare = account(username="capt@enterprise.com", customData={"createdAt": "2015"}, emailVerificationStatus="UNKNOWN")
    left = {name: value for name, value in PROFILE.items() if name not in {"username", "app_metadata"}}
    assert canned((200, items(bare))).get_user("capt@enterprise.com") == Found({**left, "email_verified": False})


@pytest.mark.parametrize(
    "changed",
    [
        {"href": "https://api.stormpath.com/v1/groups/1"},
        {"href": "https://api.stormpath.com/v1/accounts/"},
        {"href": "3apenYvL0Z9v9spexaMple"},
        {"href": "https://api.stormpath.com/v1/accounts/../x"},
        {"href": 7},
        {"email": None},
        {"username": 7},
        {"status": "enabled"},
        {"status": ["ENABLED"]},
        {"emailVerificationStatus": None},
        {"customData": {"href": "https://api.stormpath.com/v1/accounts/1/customData"}},
        {"customData": None},
        {"givenName": 7},
    ],
    ids=str,
)
def test_a_response_without_an_account_is_a_failure(changed: Mapping[str, Any]) -> None:
    assert kind(canned((200, items(account(**changed)))).get_user("capt@enterprise.com")) is FAILED


def test_a_search_is_compared_and_must_be_whole() -> None:
    other = account(email="capt2@enterprise.com", username="other")
    assert canned((200, items(other))).get_user("capt*@enterprise.com") == NotFound()
    assert canned((200, items(other))).get_user("*") == NotFound()
    assert kind(canned((200, items(other, size=30))).get_user("*")) is FAILED
    assert kind(canned((200, items(account(), account()))).get_user("jlpicard")) is FAILED
    assert kind(canned((200, items(size="0"))).get_user("jlpicard")) is FAILED
    assert kind(canned((200, {"size": 0, "items": None})).get_user("jlpicard")) is FAILED


def test_an_e_mail_is_searched_for_as_a_username_too() -> None:
    opened = canned((200, items()))
    assert opened.get_user("a&b=c/..@enterprise.com") == NotFound()
    encoded = "a%26b%3Dc%2F..%40enterprise.com&expand=customData"
    assert [question.target for question in opened.asked] == [
        f"/applications/A/accounts?{name}={encoded}" for name in ("email", "username")
    ]


@pytest.mark.parametrize(
    ("code", "expected", "named"),
    [
        (7100, WrongUsernameOrPasswordError, "jlpicard"),
        (7104, WrongUsernameOrPasswordError, None),
        *[(code, UnauthorizedError, None) for code in (7101, 7102, 7103, 7105)],
        (5105, FAILED, None),
        ("7100", FAILED, None),
        (None, FAILED, None),
        ([], FAILED, None),
    ],
)
def test_a_login_attempt_fails_by_its_error_code(code: object, expected: object, named: str | None) -> None:
    outcome = canned((400, {"status": 400, "code": code})).login("jlpicard", "wrong")
    assert (kind(outcome), told(outcome)[1]) == (expected, named)


def test_a_login_attempt_is_about_the_account_that_it_shows() -> None:
    attempt = {"account": {"href": account()["href"]}}
    opened = canned((200, attempt), (200, account()))
    assert opened.login("jlpicard", "a:b") == Found(PROFILE)
    assert opened.asked[0].body == {"type": "basic", "value": "amxwaWNhcmQ6YTpi"}
    assert kind(canned((200, attempt), (200, account())).login("riker", "p")) is FAILED
    moved = account(href="https://api.stormpath.com/v1/accounts/1")
    assert kind(canned((200, attempt), (200, moved)).login("jlpicard", "p")) is FAILED
    assert kind(canned((200, attempt), (404, {})).login("jlpicard", "p")) is FAILED
    disabled = account(status="DISABLED")
    assert kind(canned((200, attempt), (200, disabled)).login("jlpicard", "p")) is UnauthorizedError


@pytest.mark.parametrize(("identifier", "password"), [("a:b", "p"), ("", "p"), ("jlpicard", ""), ("\ud800", "p")])
def test_impossible_credentials_are_not_sent(identifier: str, password: str) -> None:
    opened = canned((200, {}))
    assert kind(opened.login(identifier, password)) is WrongUsernameOrPasswordError
    assert not opened.asked


@given(
    script=st.sampled_from(sorted(CALLS)),
    status=st.integers(100, 599),
    body=st.sampled_from(BODIES) | json_values.map(lambda value: json.dumps(value).encode()),
)
def test_no_other_answer_means_found_or_not_found(script: str, status: int, body: bytes) -> None:
    outcome = CALLS[script](canned((status, body)))
    assert kind(outcome) is FAILED or (script, status) in {("delete", 204), ("delete", 404)}


def test_everything_that_a_user_can_do(database: StormpathDatabase, double: StormpathDouble) -> None:
    email, moved = "new@example.com", "moved@example.com"
    assert database.create({"email": email, "username": "new", "password": "first one"}) == Done()
    assert kind(database.create({"email": email, "password": "first one"})) == "user_exists"
    assert kind(database.create({"email": "weak@example.com", "password": "1"})) == "invalid_user"
    assert kind(database.create({"username": "nameless", "password": "first one"})) == "invalid_email"
    assert kind(database.create({"email": "weak@example.com", "password": ""})) == "invalid_password"
    assert kind(database.create({})) == "invalid_user"
    assert database.verify(email) == Done()
    assert database.change_password(email, "second one") == Done()
    assert kind(database.change_password(email, "1")) == "refused"
    assert kind(database.change_password(email, "")) == "invalid_password"
    assert database.change_email(email, ADA, False) == Declined()
    assert database.change_email(email, "not one", False) == Declined()
    assert database.change_email(email, moved, True) == Done()
    assert database.get_user(email) == NotFound()
    found = database.login("new", "second one")
    assert isinstance(found, Found)
    assert found.profile["email"] == moved
    assert database.delete(str(found.profile["user_id"])) == Done()
    assert database.delete(str(found.profile["user_id"])) == Done()
    assert [database.verify(moved), database.change_password(moved, "pp")] == [Declined(), Declined()]
    assert database.get_user("\0") == NotFound()


def test_an_unverified_account_is_verified_and_then_logs_in(
    database: StormpathDatabase, double: StormpathDouble
) -> None:
    stored = double.find(ADA)
    assert stored is not None
    stored.update(status="UNVERIFIED", emailVerificationStatus="UNVERIFIED")
    assert kind(database.login(ADA, PASSWORD)) is UnauthorizedError
    assert database.verify(ADA) == Done()
    assert isinstance(database.login(ADA, PASSWORD), Found)


def test_a_username_that_is_the_e_mail_follows_it(database: StormpathDatabase, double: StormpathDouble) -> None:
    assert database.change_email("grace.hopper@example.com", "grace@example.org", False) == Done()
    stored = double.find("grace@example.org")
    assert stored is not None
    assert stored["username"] == "grace@example.org"
    assert kind(database.login("grace.hopper@example.com", "nanosecond of wire")) is WrongUsernameOrPasswordError


def test_a_change_of_another_account_is_a_failure() -> None:
    moved = account(href="https://api.stormpath.com/v1/accounts/1")
    assert kind(canned((200, items(account())), (200, moved)).verify("jlpicard")) is FAILED
    assert canned((200, items(account())), (404, {})).verify("jlpicard") == Declined()
    assert kind(canned((200, items(account())), (500, {})).verify("jlpicard")) is FAILED
    assert kind(canned((500, {})).create({"email": "a@example.com", "password": "p"})) is FAILED
    created = canned((201, {"href": "https://api.stormpath.com/v1/x"}))
    assert kind(created.create({"email": "a@example.com", "password": "p"})) is FAILED


def test_an_id_of_another_connection_matches_no_user() -> None:
    opened = canned((204, b""), prefix="sp-")
    assert [opened.delete(user_id) for user_id in ("1", "sp-../x", "sp-", "sp-1")] == [Done()] * 4
    assert [question.target for question in opened.asked] == ["/accounts/1"]
    assert kind(canned((500, {})).delete("1")) is FAILED


def test_a_wrong_key_is_a_failure(double: StormpathDouble) -> None:
    key = BasicCredentials("other", "secret")
    with running_json(double.answer) as server, closing(StormpathDatabase(server.url + APPLICATION, key)) as opened:
        assert kind(opened.get_user(ADA)) is FAILED
        assert kind(opened.login(ADA, PASSWORD)) is FAILED


def test_the_database_works_for_coroutines(double: StormpathDouble) -> None:
    async def look(url: str) -> object:
        async with AsyncStormpathDatabase(url + APPLICATION, API_KEY, timeout=60) as opened:
            return await opened.login(ADA, PASSWORD)

    with running_json(double.answer) as server:
        assert isinstance(asyncio.run(look(server.url)), Found)


@pytest.mark.parametrize("address", ["https://api.example.com/v1", "https://api.example.com/v1/applications/a/b", ""])
def test_the_address_must_be_that_of_an_application(address: str) -> None:
    with pytest.raises(ConfigurationError, match="must end with /applications/ and its id"):
        StormpathDatabase(address, API_KEY)

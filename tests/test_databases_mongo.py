"""A database over MongoDB whose store is down, unusual or unsuitable: the real driver on a test double."""

import asyncio
import importlib
import re
import socket
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from bson import Decimal128, Int64, ObjectId, Regex
from hypothesis import given
from hypothesis import strategies as st
from pymongo import MongoClient

import customdb_contract.databases.mongo
from customdb_contract import (
    Declined,
    Done,
    Failed,
    Found,
    NotFound,
    UnauthorizedError,
    ValidationError,
    WrongUsernameOrPasswordError,
)
from customdb_contract.databases import Flag, MongoDatabase, MongoUsers
from customdb_contract.databases.mongo._collections import client_of
from customdb_contract.databases.mongo._documents import at, nested
from customdb_contract.errors import ConfigurationError
from doubles.mongo_store import CommandError
from doubles.mongod import running_mongod_double
from mongo_shop import ADA, MongoShop
from sql_stores import hashed

pytestmark = pytest.mark.databases
UNREACHABLE = "The user store cannot be reached"


@pytest.fixture
def own_shop() -> Generator[MongoShop]:
    """Return a shop on a double that a test may kill or fill."""
    with running_mongod_double() as double:
        yield MongoShop(double)


@pytest.mark.parametrize(("seconds", "milliseconds"), [(5.0, 5_000), (0.25, 250), (0.0001, 1)])
def test_a_client_is_given_each_limit_in_milliseconds(seconds: float, milliseconds: int) -> None:
    given: dict[str, object] = {}

    def make(url: str, **options: object) -> MongoClient[dict[str, Any]]:
        given.update(options)
        return MongoClient(url, connect=False)

    client_of(make, "mongodb://127.0.0.1:1/shop", seconds, 7, {"appName": "shop", "connectTimeoutMS": 3}).close()

    assert given == {
        "uuidRepresentation": "standard",
        "connect": False,
        "maxPoolSize": 7,
        "timeoutMS": milliseconds,
        "serverSelectionTimeoutMS": milliseconds,
        "waitQueueTimeoutMS": milliseconds,
        "connectTimeoutMS": 3,
        "appName": "shop",
    }


@pytest.mark.parametrize(("timeout", "connections"), [(0, 1), (-1, 1), (1, 0)])
def test_limits_too_small_for_any_query_are_refused(timeout: float, connections: int) -> None:
    said = f"timeout must be over 0 seconds, and connections 1 or more, got {timeout} and {connections}"

    with pytest.raises(ConfigurationError, match=f"^{re.escape(said)}$"):
        client_of(MongoClient[dict[str, Any]], "mongodb://127.0.0.1:1/shop", timeout, connections, {})
    client_of(MongoClient[dict[str, Any]], "mongodb://127.0.0.1:1/shop", 1, 1, {}).close()


def failure(result: object) -> str:
    assert isinstance(result, Failed)
    return str(result.error)


def profile(result: object) -> dict[str, Any]:
    assert isinstance(result, Found)
    return dict(result.profile)


def people(**changes: Any) -> MongoUsers:
    return evolve(MongoUsers(collection="people", email="email", password="password", lower_case=True), **changes)


def fill(shop: MongoShop, *documents: dict[str, Any], unique: tuple[str, ...] = ("email",)) -> None:
    shop.double.collection("people").documents.extend(documents)
    for path in unique:
        shop.double.collection("people").create_index({"key": {path: 1}, "name": path, "unique": True, "sparse": True})


def test_only_the_user_is_found_in_every_spelling(mongo_shop: MongoShop) -> None:
    with mongo_shop.database(mongo_shop.users(full=True)) as database:
        for spelling in ("ada.lovelace@example.com", "ADA.LOVELACE@EXAMPLE.COM", "ada", "Ada"):
            assert profile(database.get_user(spelling))["user_id"] == f"shop-{ADA}"
        assert profile(database.get_user("jörg.müller@example.com"))["username"] == "jörg"
        others = (
            "jorg.muller@example.com",
            "áda",
            "ada ",
            "\uff41da",
            "\u212agrace",
            "ada\0",
            "\ud800",
            "",
            ".*",
            "/ada/",
        )
        for other in (*others, '{"$ne": ""}', "$ne", "ada.lovelace@example.com.", "x" * 100_000, "😀@example.com"):
            assert database.get_user(other) == NotFound()


@pytest.mark.parametrize("operator", [{"$ne": ""}, {"$gt": ""}, {"$regex": "a"}, ["ada"], Regex("a"), 7, None, True])
def test_values_that_are_not_text_never_reach_the_store_as_operators(operator: Any, mongo_shop: MongoShop) -> None:
    users = mongo_shop.users(full=True)
    with mongo_shop.database(users) as database:
        sent = len(mongo_shop.double.seen)
        assert database.get_user(operator) == NotFound()
        assert isinstance(failure(database.login(operator, "pw")), str)
        assert database.verify(operator) == Declined()
        assert database.change_email("ada", operator, True) == Declined()
        assert failure(database.create({"email": operator, "password": "pw"}))
        assert database.delete(operator) == Done()
        assert "$ne" not in str(mongo_shop.double.seen[sent:])
    assert len(mongo_shop.double.collection(users.collection).documents) == 5


def test_ids_of_another_form_delete_no_user(mongo_shop: MongoShop) -> None:
    users = mongo_shop.users(full=True)
    with mongo_shop.database(users) as database:
        for other in (
            str(ADA),
            f"shop-{ADA}x",
            f"shop-{ADA}".upper(),
            "shop-",
            "shop-7",
            "shop-old-1 ",
            "shop-\0",
            "x",
        ):
            assert database.delete(other) == Done()
        assert len(mongo_shop.double.collection(users.collection).documents) == 5
        assert database.delete(f"shop-{ADA}") == Done()
        assert database.delete("shop-old-1") == Done()
        assert database.get_user("ada") == database.get_user("grace.hopper@example.com") == NotFound()


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (7, "7"),
        (7.0, "7"),
        (Int64(2**40), "1099511627776"),
        ("plain", "plain"),
        (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (ObjectId("0" * 24), "0" * 24),
        ("0" * 24, "0" * 24),
    ],
)
def test_a_key_of_any_kind_is_an_id_that_deletes(key: object, text: str, own_shop: MongoShop) -> None:
    own_shop.double.collection("people").insert({"_id": ObjectId(), "number": key, "email": "ada@example.com"})
    fill(own_shop, unique=("email", "number"))
    with own_shop.database(people(user_id="number")) as database:
        assert profile(database.get_user("Ada@example.com")) == {"user_id": text, "email": "ada@example.com"}
        assert database.delete(text) == Done()
        assert database.get_user("ada@example.com") == NotFound()


def test_two_documents_for_one_email_or_id_fail_with_their_keys(own_shop: MongoShop) -> None:
    one, other = ObjectId("a" * 24), "a" * 24
    fill(own_shop)
    own_shop.double.collection("people").documents += [
        {"_id": one, "email": "ada@example.com"},
        {"_id": other, "email": "ada@example.com"},
    ]
    with own_shop.database(people()) as database:
        said = f"The user store has several documents for one email, with the keys {one}, {other}"
        for result in (database.get_user("ada@example.com"), database.login("ada@example.com", "pw")):
            assert failure(result) == said
        assert failure(database.create({"email": "ada@example.com", "password": "pw"})) == said
        assert failure(database.delete(other)) == f"The user store has several documents with the key {other}"


@pytest.mark.parametrize("key", [None, "", True, 1.5, [7]])
def test_a_document_without_a_key_fails(key: object, own_shop: MongoShop) -> None:
    document = {"_id": 1, "number": key, "email": "ada@example.com"}
    fill(own_shop, document, unique=("email", "number"))
    with own_shop.database(people(user_id="number")) as database:
        assert failure(database.get_user("ada@example.com")).startswith("A document of the user store has no key")


def test_more_documents_than_an_identifier_can_have_fail(own_shop: MongoShop) -> None:
    fill(own_shop)
    documents = [{"_id": number, "email": "ada@example.com"} for number in range(51)]
    own_shop.double.collection("people").documents += documents
    with own_shop.database(people()) as database:
        said = "The user store has too many documents for one identifier"
        assert failure(database.get_user("ada@example.com")) == said


def test_values_become_json_values(own_shop: MongoShop) -> None:
    day = datetime(2026, 11, 29, tzinfo=UTC)
    kept = {"id": ObjectId("b" * 24), "day": day, "price": Decimal128("1.5"), "count": Decimal128("2"), "n": Int64(3)}
    document = {"_id": 1, "email": "ada@example.com", "kept": {**kept, "list": [{"uuid": UUID(int=1)}, 0.5, None]}}
    fill(own_shop, {**document, "state": "open", "phone": "+15550100"})
    state = Flag("state", true="closed", false="open")
    users = people(
        app_metadata="kept",
        user_metadata={"closed": state, "none": Flag("nothing"), "nil": "kept.nothing"},
        disabled=state,
        phone_number="phone",
        fields={"nickname": "email.deeper"},
    )
    fill(own_shop, unique=("phone",))
    with own_shop.database(users) as database:
        assert profile(database.get_user("+15550100")) == {
            "user_id": "1",
            "email": "ada@example.com",
            "phone_number": "+15550100",
            "app_metadata": {
                "id": "b" * 24,
                "day": "2026-11-29T00:00:00",
                "price": 1.5,
                "count": 2,
                "n": 3,
                "list": [{"uuid": "00000000-0000-0000-0000-000000000001"}, 0.5, None],
            },
            "user_metadata": {"closed": False},
        }


@pytest.mark.parametrize("null", [True, False])
@pytest.mark.parametrize(("stored", "lets_in"), [({"active": "Y"}, True), ({"active": "N"}, False), ({}, None)])
def test_a_flag_decides_whether_a_document_without_it_is_refused(
    stored: dict[str, str], lets_in: bool | None, null: bool, own_shop: MongoShop
) -> None:
    fill(own_shop, {"_id": 1, "email": "ada@example.com", "password": hashed("right"), **stored})
    active = Flag("active", true="N", false="Y", null=null)
    with own_shop.database(people(disabled=active)) as database:
        is_out = isinstance(database.login("ada@example.com", "right"), Failed)
    assert is_out is (null if lets_in is None else not lets_in)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("login", 7),
        ("password", 7),
        ("state", "?"),
        ("data", [1]),
        ("data", {"x": float("nan")}),
        ("data", {"x": Decimal128("NaN")}),
        ("data", {"x": [Regex("x")]}),
        ("name", b"x"),
    ],
)
def test_a_value_of_the_wrong_type_for_its_field_fails_with_the_key(
    path: str, value: object, own_shop: MongoShop
) -> None:
    fill(own_shop, {"_id": 4, "email": "ada@example.com", path: value}, unique=("email", "login"))
    state = Flag("state", true="locked", false="open")
    users = people(username="login", app_metadata="data", disabled=state, fields={"name": "name"})
    with own_shop.database(users) as database:
        said = f"The user 4 has no usable value in the field {path}"
        assert failure(database.get_user("ada@example.com")) == said


def test_an_unknown_password_format_fails_with_the_key_and_not_the_value(own_shop: MongoShop) -> None:
    fill(own_shop, {"_id": 4, "email": "ada@example.com", "password": "who knows"})
    with own_shop.database(people()) as database:
        said = failure(database.login("ada@example.com", "pw"))
    assert "with the key '4'" in said
    assert "who knows" not in said


def test_hostile_data_comes_back_as_it_was_stored(mongo_shop: MongoShop) -> None:
    names = ["o'hara", "😀", "a\\b", "%", "日本", "é", "$where", "{$ne:1}", "a.b", "/a/"]
    with mongo_shop.database(mongo_shop.users()) as database:
        for number, name in enumerate(names):
            assert database.create({"email": f"{name}@example.com", "password": f"$pässword {number} 😀"}) == Done()
        for number, name in enumerate(names):
            result = database.login(f"{name}@example.com", f"$pässword {number} 😀")
            assert profile(result)["email"] == f"{name}@example.com"


def test_only_a_wrong_password_of_a_known_user_names_a_user(mongo_shop: MongoShop) -> None:
    with mongo_shop.database(mongo_shop.users(full=True)) as database:
        wrong, unknown = database.login("ADA", "no"), database.login("nobody", "no")
        disabled = database.login("charles.babbage@example.com", "ninety-six wheels")
    assert isinstance(wrong, Failed)
    assert isinstance(wrong.error, WrongUsernameOrPasswordError)
    assert wrong.error.identifier == "Ada.Lovelace@Example.com"
    assert isinstance(unknown, Failed)
    assert isinstance(unknown.error, WrongUsernameOrPasswordError)
    assert unknown.error.identifier is None
    assert isinstance(disabled, Failed)
    assert isinstance(disabled.error, UnauthorizedError)


def test_of_64_who_sign_up_at_once_with_one_email_one_is_new(mongo_shop: MongoShop) -> None:
    with mongo_shop.database(mongo_shop.users(), timeout=60) as database, ThreadPoolExecutor(64) as threads:
        user = {"email": "new@example.com", "password": "pw"}
        results = [call.result() for call in [threads.submit(database.create, user) for _ in range(64)]]
        assert results.count(Done()) == 1
        others = [result.error for result in results if isinstance(result, Failed)]
        assert len(others) == 63
        assert {error.code for error in others if isinstance(error, ValidationError)} == {"user_exists"}


def test_64_coroutines_are_answered_at_once(mongo_shop: MongoShop) -> None:
    async def log_in() -> list[object]:
        async with mongo_shop.async_database(mongo_shop.users(full=True), timeout=60) as database:
            return list(await asyncio.gather(*(database.login("ada", "weaving algebraic patterns") for _ in range(64))))

    assert {profile(result)["user_id"] for result in asyncio.run(log_in())} == {f"shop-{ADA}"}


def test_64_threads_are_answered_at_once(mongo_shop: MongoShop) -> None:
    names = ["ada", "grace.hopper@example.com", "jörg", "nobody@example.com"] * 16
    with (
        mongo_shop.database(mongo_shop.users(full=True), timeout=60) as database,
        ThreadPoolExecutor(64) as threads,
    ):
        found = list(threads.map(database.get_user, names))
        assert found == [database.get_user(name) for name in names[:4]] * 16
    assert [isinstance(result, Found) for result in found[:4]] == [True, True, True, False]


def test_a_pool_without_a_free_connection_fails_in_time(mongo_shop: MongoShop) -> None:
    users = mongo_shop.users(full=True)

    async def ask() -> tuple[object, object]:
        async with mongo_shop.async_database(users, connections=1, timeout=2) as database:
            (server,) = database._client._topology._servers.values()
            async with server.pool.checkout():
                busy = await database.get_user("ada")
            return busy, await database.get_user("ada")

    with mongo_shop.database(users, connections=1, timeout=2) as database:
        (server,) = database._client._topology._servers.values()
        with server.pool.checkout():
            assert failure(database.get_user("ada")) == UNREACHABLE
        assert profile(database.get_user("ada"))["user_id"] == f"shop-{ADA}"
    busy, free = asyncio.run(ask())
    assert failure(busy) == UNREACHABLE
    assert profile(free)["user_id"] == f"shop-{ADA}"


def test_a_double_that_was_killed_and_came_back_is_reached_again(own_shop: MongoShop) -> None:
    users = own_shop.users(full=True)

    async def live_through() -> None:
        async with own_shop.async_database(users, timeout=10) as database:
            with own_shop.database(users, timeout=10) as plain:
                assert profile(await database.get_user("ada")) == profile(plain.get_user("ada"))
                own_shop.double.kill()
                own_shop.double.start()
                # Every pooled connection is dead now, and nothing has noticed yet.
                assert await database.verify("grace.hopper@example.com") == Done()
                assert plain.change_password("grace.hopper@example.com", "new") == Done()
                assert profile(plain.login("grace.hopper@example.com", "new"))["email_verified"] is True

    asyncio.run(live_through())


def test_an_outage_fails_and_is_over_when_the_double_is_back(own_shop: MongoShop) -> None:
    with own_shop.database(own_shop.users(full=True), timeout=0.5) as database:
        own_shop.double.kill()
        assert failure(database.get_user("ada")) == failure(database.delete(f"shop-{ADA}")) == UNREACHABLE
        assert failure(database.login("ada", "no")) == failure(database.verify("ada")) == UNREACHABLE
        own_shop.double.start()
        latest = time.monotonic() + 60
        while isinstance(result := database.get_user("ada"), Failed) and time.monotonic() < latest:
            time.sleep(0.01)
        assert profile(result)["user_id"] == f"shop-{ADA}"


def test_a_server_that_never_answers_fails_in_time(mongo_shop: MongoShop) -> None:
    users = mongo_shop.users()

    async def ask(url: str) -> str:
        async with mongo_shop.async_database(users, url=url, timeout=0.5) as database:
            return failure(await database.get_user("ada"))

    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"mongodb://127.0.0.1:{silent.getsockname()[1]}/shop"
        started = time.monotonic()
        with mongo_shop.database(users, url=url, timeout=0.5) as database:
            assert failure(database.get_user("ada")) == UNREACHABLE
        assert asyncio.run(ask(url)) == UNREACHABLE
        assert time.monotonic() - started < 15


def test_a_missing_index_is_an_error_when_the_database_is_made(own_shop: MongoShop) -> None:
    said = "db.people.createIndex({'email': 1}, {unique: true, sparse: true})"
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        own_shop.database(people())

    async def enter() -> None:
        async with own_shop.async_database(people()):
            raise AssertionError

    with pytest.raises(ConfigurationError, match=re.escape(said)):
        asyncio.run(enter())

    async def call() -> str:
        database = own_shop.async_database(people())
        result = failure(await database.get_user("ada"))
        await database.close()
        return result

    assert asyncio.run(call()) == "The user store does not have the indexes it should have"


CASELESS = {"locale": "en", "strength": 2}
UNIQUE = {"key": {"email": 1}, "name": "email", "unique": True}


@pytest.mark.parametrize(
    ("index", "users"),
    [
        (UNIQUE, people()),
        ({**UNIQUE, "sparse": True}, people()),
        ({**UNIQUE, "key": {"tenant": 1, "email": -1}}, people(scope={"tenant": 3})),
        ({**UNIQUE, "partialFilterExpression": {"email": {"$exists": True}}}, people()),
        ({**UNIQUE, "partialFilterExpression": {"email": {"$type": "string"}}}, people()),
        ({**UNIQUE, "collation": {**CASELESS, "caseLevel": False, "version": "57.1"}}, people(lower_case=False)),
    ],
)
def test_an_index_that_distinguishes_users_is_accepted(
    index: dict[str, Any], users: MongoUsers, own_shop: MongoShop
) -> None:
    own_shop.double.collection("people").create_index(index)
    with own_shop.database(users) as database:
        assert database.create({"email": "ada@example.com", "password": "pw"}) == Done()


@pytest.mark.parametrize(
    ("index", "users"),
    [
        ({**UNIQUE, "unique": False}, people()),
        ({**UNIQUE, "key": {"tenant": 1, "email": 1}}, people()),
        ({**UNIQUE, "key": {"tenant": 1}}, people(scope={"tenant": 3})),
        ({**UNIQUE, "partialFilterExpression": {"active": True}}, people()),
        ({**UNIQUE, "collation": CASELESS}, people()),
        (UNIQUE, people(lower_case=False)),
        ({**UNIQUE, "collation": {"locale": "en", "strength": 1}}, people(lower_case=False)),
        ({**UNIQUE, "collation": {**CASELESS, "caseLevel": True}}, people(lower_case=False)),
        (UNIQUE, people(username="login")),
        (UNIQUE, people(user_id="number")),
    ],
)
def test_an_index_that_does_not_distinguish_users_is_refused(
    index: dict[str, Any], users: MongoUsers, own_shop: MongoShop
) -> None:
    own_shop.double.collection("people").create_index(index)
    with pytest.raises(ConfigurationError, match="has no unique index that keeps two users"):
        own_shop.database(users)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fields": {"email": "email"}}, "fields cannot have email"),
        ({"email": "$where"}, "is not the path of a field"),
        ({"email": "contact..email"}, "is not the path of a field"),
        ({"email": ""}, "is not the path of a field"),
        ({"email": "a\0b"}, "is not the path of a field"),
        ({"username": "email.name"}, "the field email.name is part of email, and both are written"),
        ({"fields": {"nickname": "password"}}, "the field password contains a secret"),
        ({"fields": {"nickname": "password.hint"}}, "the field password.hint contains a secret"),
        ({"password": "secret.hash", "app_metadata": "secret"}, "the field secret contains a secret"),
        ({"salt": "salt", "user_metadata": {"x": Flag("salt")}}, "the field salt contains a secret"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        people(**changes)


@pytest.mark.parametrize(
    "url", ["nonsense:secret", "mongodb://u:secret@h:x/shop", "mongodb://u:secret@h", "mongodb://u:se/cret@h/shop"]
)
def test_an_address_that_cannot_be_used_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ConfigurationError, match="the url of the database cannot be used") as caught:
        MongoDatabase(url, people())
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("settings", [{"timeout": 0}, {"connections": 0}])
def test_limits_must_be_positive(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="timeout must be over 0 seconds, and connections 1 or more"):
        MongoDatabase("mongodb://127.0.0.1/shop", people(), **settings)


def test_without_pymongo_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match=re.escape("pip install 'customdb-contract[mongo]'")):
        importlib.reload(customdb_contract.databases.mongo)


def test_coroutines_write_too(mongo_shop: MongoShop) -> None:
    async def live() -> None:
        async with mongo_shop.async_database(mongo_shop.users(), timeout=60) as database:
            assert await database.create({"email": "new@example.com", "password": "pw"}) == Done()
            user_id = profile(await database.login("new@example.com", "pw"))["user_id"]
            assert await database.change_email("new@example.com", "newer@example.com", True) == Done()
            assert profile(await database.get_user("newer@example.com"))["user_id"] == user_id
            assert await database.delete(user_id) == Done()
            assert await database.get_user("newer@example.com") == NotFound()

    asyncio.run(live())


def test_a_value_without_a_field_in_the_store_fails(own_shop: MongoShop) -> None:
    fill(own_shop, {"_id": 1, "email": "ada@example.com"})
    new = {"email": "new@example.com", "password": "pw"}
    with own_shop.database(people(disabled=None)) as database:
        assert failure(database.create({**new, "username": "new"})) == "The user store has no field for username"
        assert failure(database.verify("ada@example.com")) == "The user store has no field for email_verified"


def test_a_new_password_removes_the_old_salt(own_shop: MongoShop) -> None:
    fill(own_shop, {"_id": 1, "email": "ada@example.com", "password": "x", "salt": "y", "kept": 1})
    with own_shop.database(people(salt="salt")) as database:
        assert database.change_password("ADA@example.com", "new") == Done()
        assert profile(database.login("ada@example.com", "new"))["user_id"] == "1"
    (document,) = own_shop.double.collection("people").documents
    assert document.keys() == {"_id", "email", "password", "kept"}


def test_a_store_in_lower_case_is_written_and_asked_in_lower_case(own_shop: MongoShop) -> None:
    fill(own_shop)
    with own_shop.database(people(scope={"tenant": 3})) as database:
        assert database.create({"email": "Ada@Example.com", "password": "pw"}) == Done()
        assert isinstance(database.login("ADA@example.com", "pw"), Found)
    with own_shop.database(people(scope={"tenant": 4})) as database:
        assert database.get_user("ada@example.com") == NotFound()
        result = database.create({"email": "ada@example.com", "password": "pw"})
    assert failure(result) == "There is such a user already"
    assert "collation" not in str(own_shop.double.seen)


def test_an_email_of_another_user_cannot_be_taken(mongo_shop: MongoShop) -> None:
    with mongo_shop.database(mongo_shop.users(full=True)) as database:
        assert database.change_email("ada", "GRACE.hopper@example.com", True) == Declined()
        assert database.change_email("ada", "Ada.Lovelace@example.com", True) == Done()
        assert database.change_password("nobody@example.com", "pw") == Declined()


def test_an_email_that_equals_another_only_in_the_index_is_declined(mongo_shop: MongoShop) -> None:
    with mongo_shop.database(mongo_shop.users(full=True)) as database:
        # A full-width letter: the collation treats it as the narrow one.
        assert database.change_email("ada", "\uff47race.hopper@example.com", True) == Declined()


@pytest.mark.parametrize(
    ("code", "said"), [(121, "The user store does not accept this user"), (13, UNREACHABLE), (8000, UNREACHABLE)]
)
def test_a_refusal_by_the_server_is_a_failure_without_its_text(
    code: int, said: str, own_shop: MongoShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object, __: object) -> None:
        raise CommandError(code, "Refused", "the server's own words")

    fill(own_shop)
    with own_shop.database(people()) as database:
        monkeypatch.setattr("doubles.mongo_store.Collection.insert", refuse)
        assert failure(database.create({"email": "new@example.com", "password": "pw"})) == said


@given(st.dictionaries(st.sampled_from(["a", "b", "c.d", "c.e.f", "c.e.g", "h.i"]), st.integers()))
def test_nested_values_are_found_again(values: dict[str, int]) -> None:
    document = nested(values)
    assert {path: at(document, path) for path in values} == values
    assert at(document, "nowhere.at.all") is None

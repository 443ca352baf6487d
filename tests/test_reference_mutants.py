"""Reference databases with one built-in flaw: exactly the named rules find it in a check.

The databases themselves break no rule, so every finding in a mutant comes from its flaw.
"""

import hashlib
import json
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import evolve, frozen
from sqlalchemy import ColumnElement, Connection, bindparam, text
from typing_extensions import override

from customdb_contract.databases import Endpoint, Flag, in_memory
from customdb_contract.databases._store import Account, Change, NewAccount, StoreError
from customdb_contract.databases.http import _endpoints
from customdb_contract.databases.http._endpoints import Key, Meaning
from customdb_contract.databases.http._users import ApiUser
from customdb_contract.databases.in_memory import InMemoryUser, _MemoryStore
from customdb_contract.databases.mongo import _database as mongo
from customdb_contract.databases.mongo._collections import Document, in_time
from customdb_contract.databases.mongo._database import _MongoStore
from customdb_contract.databases.mongo._fitting import CASELESS
from customdb_contract.databases.sql._database import _SqlStore
from customdb_contract.databases.sql._statements import Statements
from customdb_contract.passwords import Bcrypt, Check, Passwords, Stored
from mutants import breaches, explain
from reference_benches import BENCHES, Bench, OnMongo, OnSqlite, OverHttp, running_bench
from shop_api import ShopApi
from sql_stores import PASSWORDS

pytestmark = [pytest.mark.databases, pytest.mark.untraced]

_Flaw = Callable[[Any, pytest.MonkeyPatch], None]
_Find = Callable[[Any, str], Awaitable[Account | None]]


@frozen
class Mutant:
    """A flaw.

    Args:
        bench: The database that receives it.
        rules: The rules that must fire, with severity warning or error.
        build_in: Changes the mapping, the store or the code.
    """

    bench: str
    rules: tuple[str, ...]
    build_in: _Flaw


MUTANTS: Final[dict[str, Mutant]] = {}


def fires(bench: str, *rules: str) -> Callable[[_Flaw], _Flaw]:
    """Register a function as the flaw of a mutant on which exactly these rules fire."""

    def note(build_in: _Flaw) -> _Flaw:
        MUTANTS[build_in.__name__] = Mutant(bench, rules, build_in)
        return build_in

    return note


def everywhere(*rules: str, but: tuple[str, ...] = ()) -> Callable[[_Flaw], _Flaw]:
    """Register the flaw for all databases."""

    def note(build_in: _Flaw) -> _Flaw:
        for bench in (one for one in BENCHES if one not in but):
            MUTANTS[f"{build_in.__name__} ({bench})"] = Mutant(bench, rules, build_in)
        return build_in

    return note


# Look-ups


@fires("memory", "case-sensitive-identifier")
def finds_only_what_was_stored(_: Bench, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(in_memory, "lowered", str)
    patch.setattr(in_memory, "same_identifier", str.__eq__)


@fires("memory", "unicode-collision")
def takes_letters_for_the_plain_ones(_: Bench, patch: pytest.MonkeyPatch) -> None:
    def plain(identifier: str) -> str:
        letters = unicodedata.normalize("NFKD", identifier.casefold())
        return "".join(letter for letter in letters if not unicodedata.combining(letter))

    def holders(self: _MemoryStore, identifier: str) -> list[InMemoryUser]:
        asked = plain(identifier)
        return [user for user in self.users.values() if asked in map(plain, user.identifiers)]

    patch.setattr(_MemoryStore, "_holders", holders)


@fires("sqlite", "case-sensitive-identifier")
def compares_as_the_engine_does(_: OnSqlite, patch: pytest.MonkeyPatch) -> None:
    def matches(self: Statements, name: str) -> ColumnElement[bool]:
        return self._fitted.columns[name] == bindparam("identifier")

    patch.setattr(Statements, "_matches", matches)


@fires("sqlite", "sql-injection")
def puts_the_identifier_into_the_statement(bench: OnSqlite, patch: pytest.MonkeyPatch) -> None:
    right = Statements.find

    def find(self: Statements, connection: Connection, identifier: str) -> Mapping[str, Any] | None:
        table, names = bench.mapping.table, f"LOWER(email) = LOWER('{identifier}') OR username = '{identifier}'"
        query = f"SELECT email FROM {table} WHERE {names}"
        found = connection.execute(text(query.replace(":", r"\:"))).scalar()
        return None if found is None else right(self, connection, found)

    patch.setattr(Statements, "find", find)


@fires("sqlite", "wildcard-identifier")
def asks_with_like(bench: OnSqlite, patch: pytest.MonkeyPatch) -> None:
    right = Statements.find

    def find(self: Statements, connection: Connection, identifier: str) -> Mapping[str, Any] | None:
        query = text(f"SELECT email FROM {bench.mapping.table} WHERE email LIKE :asked OR username LIKE :asked")
        found = connection.execute(query, {"asked": identifier}).scalar()
        return None if found is None else right(self, connection, found)

    patch.setattr(Statements, "find", find)


@fires("mongodb double", "case-sensitive-identifier")
def asks_without_the_collation(_: OnMongo, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mongo, "CASELESS", None)


@fires("mongodb double", "unicode-collision")
def believes_the_collation(_: OnMongo, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mongo, "same_identifier", lambda _, __: True)


def asking(
    what: Callable[[str], object], collation: Document | None
) -> Callable[[_MongoStore, str], Awaitable[Document | None]]:
    """Return a look-up that sends a transformed identifier, and does not compare the response."""

    async def found(self: _MongoStore, identifier: str) -> Document | None:
        asked = what(identifier)
        query = {"$or": [{path: asked} for path in self._users.identifiers]}
        return next(iter(await self._asked(query, collation)), None)

    return found


# `' || '1'=='1` has an empty alternative as a pattern, so it matches every user.
@fires("mongodb double", "nosql-injection", "regex-from-input")
def asks_by_a_regular_expression(_: OnMongo, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_MongoStore, "_found", asking(lambda asked: {"$regex": f"^{asked}$", "$options": "i"}, None))


@fires("mongodb double", "nosql-injection", "unicode-collision")
def reads_json_in_the_identifier(_: OnMongo, patch: pytest.MonkeyPatch) -> None:
    def read(identifier: str) -> object:
        with suppress(ValueError):
            return json.loads(identifier)
        return identifier

    patch.setattr(_MongoStore, "_found", asking(read, CASELESS))


@fires("http", "url-injection")
def puts_the_identifier_into_the_path_as_it_is(_: OverHttp, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_endpoints, "quote", lambda value, safe: value)
    patch.setattr(ApiUser, "is_called", lambda _, __: True)


# An unreachable store


def finding_nobody(right: _Find) -> _Find:
    async def find(self: Any, identifier: str) -> Account | None:
        try:
            return await right(self, identifier)
        except StoreError:
            return None

    return find


@everywhere("login-outage-as-wrong-password", "outage-as-not-found", but=("http",))
def finds_nobody_when_the_store_is_down(_: Bench, patch: pytest.MonkeyPatch) -> None:
    for store in (_MemoryStore, _SqlStore, _MongoStore):
        patch.setattr(store, "find", finding_nobody(store.find))


@fires("http", "outage-as-not-found")
def takes_errors_of_the_api_for_nobody(bench: OverHttp, _: pytest.MonkeyPatch) -> None:
    errors: dict[Key, Meaning] = dict.fromkeys((400, 404, 429, 500, 502, 503, 504), Meaning.UNKNOWN)
    asked = evolve(bench.endpoints.get_user, meanings={200: Meaning.DONE, **errors})
    bench.endpoints = evolve(bench.endpoints, get_user=asked)


@fires("http", "login-outage-as-wrong-password")
def takes_errors_of_the_api_for_a_wrong_password(bench: OverHttp, _: pytest.MonkeyPatch) -> None:
    errors: dict[Key, Meaning] = dict.fromkeys((400, 401, 404, 429, 500, 502, 503, 504), Meaning.WRONG_CREDENTIALS)
    asked = evolve(bench.endpoints.login, meanings={200: Meaning.DONE, 403: Meaning.BLOCKED, **errors})
    bench.endpoints = evolve(bench.endpoints, login=asked)


@everywhere("create-outage-as-user-exists", but=("http",))
def takes_an_outage_for_a_user_who_exists(_: Bench, patch: pytest.MonkeyPatch) -> None:
    for store in (_MemoryStore, _SqlStore, _MongoStore):
        right = store.insert

        async def insert(self: Any, user: NewAccount, right: Any = right) -> bool:
            try:
                return bool(await right(self, user))
            except StoreError:
                return False

        patch.setattr(store, "insert", insert)


@everywhere("change-email-outage-hidden", "change-password-outage-hidden", "verify-outage-hidden", but=("http",))
def changes_nobody_when_the_store_is_down(_: Bench, patch: pytest.MonkeyPatch) -> None:
    for store in (_MemoryStore, _SqlStore, _MongoStore):
        right = store.change

        async def change(self: Any, identifier: str, change: Change, right: Any = right) -> bool:
            try:
                return bool(await right(self, identifier, change))
            except StoreError:
                return False

        patch.setattr(store, "change", change)


@fires("sqlite", "error-leaks-details")
def reports_what_the_driver_says(_: OnSqlite, patch: pytest.MonkeyPatch) -> None:
    right = _SqlStore.find

    async def find(self: Any, identifier: str) -> Account | None:
        try:
            return await right(self, identifier)
        except StoreError as error:
            message = "(sqlite3.OperationalError) unable to open database file [SQL: SELECT id, email FROM customers]"
            raise StoreError(message) from error

    patch.setattr(_SqlStore, "find", find)


# Ids


@everywhere("mismatched-profile", "prefixed-user-id", but=("memory",))
def gives_the_id_the_prefix_of_auth0(bench: Bench, _: pytest.MonkeyPatch) -> None:
    bench.mapping = evolve(bench.mapping, user_id_prefix="auth0|")


@everywhere("mismatched-profile", but=("memory",))
def leaves_the_prefix_of_the_id_out(bench: Bench, _: pytest.MonkeyPatch) -> None:
    bench.mapping = evolve(bench.mapping, user_id_prefix="")


@everywhere("mismatched-profile", "mutable-user-id", "user-id-changes-with-profile", but=("memory", "http"))
def takes_the_email_for_the_id(bench: Bench, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mongo, "check_indexes", lambda *_: None)
    bench.mapping = evolve(bench.mapping, user_id=bench.mapping.email)


# The API deletes by its own ids only.
@fires("http", "delete-ineffective", "mismatched-profile", "mutable-user-id", "user-id-changes-with-profile")
def takes_the_email_of_the_api_for_the_id(bench: OverHttp, _: pytest.MonkeyPatch) -> None:
    bench.mapping = evolve(bench.mapping, user_id="email")


@fires("mongodb double", "delete-ineffective")
def deletes_by_the_text_of_an_object_id(_: OnMongo, patch: pytest.MonkeyPatch) -> None:
    right = _MongoStore._keys
    patch.setattr(_MongoStore, "_keys", lambda self, user_id: right(self, user_id)[:1])


@fires("sqlite", "delete-ineffective")
def deletes_by_the_id_with_its_prefix(_: OnSqlite, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Statements, "_key_of", lambda _, __: None)


@fires("http", "delete-ineffective")
def asks_for_another_deletion(bench: OverHttp, _: pytest.MonkeyPatch) -> None:
    deletion = Endpoint("DELETE", "/users/0{user_id}", user_at=None)
    bench.endpoints = evolve(bench.endpoints, delete=deletion)


# Two users with one e-mail


@fires("memory", "create-duplicate-not-user-exists")
def does_not_look_who_is_there(_: Bench, patch: pytest.MonkeyPatch) -> None:
    async def insert(self: _MemoryStore, user: NewAccount) -> bool:
        with self._reached():
            user_id = f"memory-{next(self._numbers)}"
            self._put(InMemoryUser(user_id=user_id, email=user.email, password_hash=user.password))
            return True

    patch.setattr(_MemoryStore, "insert", insert)


@fires("sqlite", "create-duplicate-not-user-exists")
def has_no_unique_index_and_does_not_look(bench: OnSqlite, patch: pytest.MonkeyPatch) -> None:
    number = bench.mapping.table.removeprefix("customers")
    bench.engine.execute(f"DROP INDEX customers_email{number}; DROP INDEX customers_username{number}")
    patch.setattr(Statements, "is_taken", lambda *_: False)


@fires("mongodb double", "create-duplicate-not-user-exists")
def has_an_index_that_is_not_unique(bench: OnMongo, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(mongo, "check_indexes", lambda *_: None)
    for index in bench.shop.double.collection(bench.mapping.collection).indexes:
        index.spec["unique"] = False

    async def insert(self: _MongoStore, user: NewAccount) -> bool:
        with in_time(self._timeout):
            await self._collection.insert(self._document(user))
        return True

    patch.setattr(_MongoStore, "insert", insert)


@fires("http", "create-duplicate-not-user-exists")
def does_not_know_that_a_conflict_is_a_user(bench: OverHttp, _: pytest.MonkeyPatch) -> None:
    asked = evolve(bench.endpoints.create, meanings={201: Meaning.DONE})
    bench.endpoints = evolve(bench.endpoints, create=asked)


# Passwords


@frozen
class Guess:
    """A format that accepts any text as a digest."""

    @property
    def name(self) -> str:
        return "a guess"

    @property
    def sample(self) -> Stored:
        return Stored("0" * 64)

    def read(self, stored: str, _salt: str | None) -> Check | None:
        return lambda password: hashlib.sha256(password.encode()).hexdigest() == stored


@everywhere("create-not-visible", "login-without-get-user", but=("http",))
def guesses_the_format_of_a_password(bench: Bench, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Passwords, "_readings", lambda *_: iter([(Guess(), Guess().read(str(_[1]), None))]))


class Cutting(Bcrypt):
    """bcrypt as in many languages: it silently ignores everything after 72 bytes."""

    @override
    def hash(self, password: str) -> str:
        return super().hash(password.encode()[:72].decode())


@everywhere("password-truncated", but=("http", "memory"))
def cuts_passwords(bench: Bench, _: pytest.MonkeyPatch) -> None:
    cutting = Cutting(cost=4, longer="cut")
    others = [one for one in PASSWORDS.accepts if not isinstance(one, Bcrypt)]
    bench.passwords = Passwords((cutting, *others), new=cutting)


@everywhere("password-compared-loosely", but=("http",))
def strips_passwords(_: Bench, patch: pytest.MonkeyPatch) -> None:
    verify, new = Passwords.verify, Passwords.hash
    patch.setattr(Passwords, "verify", lambda self, password, *stored: verify(self, password.strip(" "), *stored))
    patch.setattr(Passwords, "hash", lambda self, password: new(self, password.strip(" ")))


# Omissions in a mapping


@everywhere("blocked-user-logs-in", but=("memory", "http"))
def forgets_who_is_disabled(bench: Bench, _: pytest.MonkeyPatch) -> None:
    bench.mapping = evolve(bench.mapping, disabled=())


@fires("http", "blocked-user-logs-in")
def leaves_it_to_the_api_who_is_blocked(bench: OverHttp, patch: pytest.MonkeyPatch) -> None:
    bench.mapping = evolve(bench.mapping, blocked=None)
    right = ShopApi._log_in

    def log_in(self: ShopApi, body: Any) -> Any:
        user = self.find(body["identifier"])
        if user is not None:
            user["closed"] = False
        return right(self, body)

    patch.setattr(ShopApi, "_log_in", log_in)


@everywhere("missing-email-verified", but=("memory",))
def says_nothing_of_verified_emails(bench: Bench, _: pytest.MonkeyPatch) -> None:
    bench.mapping = evolve(bench.mapping, email_verified=None)


@fires("mongodb double", "email-verified-hardcoded")
def takes_another_field_for_a_verified_email(bench: OnMongo, _: pytest.MonkeyPatch) -> None:
    bench.mapping = evolve(bench.mapping, email_verified=Flag("plan", true="patron", false="none"))


@everywhere("reserved-app-metadata", but=("memory",))
def gives_a_reserved_name_to_a_plan(bench: Bench, _: pytest.MonkeyPatch) -> None:
    bench.mapping = evolve(
        bench.mapping, app_metadata={**bench.mapping.app_metadata, "clientID": bench.mapping.app_metadata["plan"]}
    )


@everywhere("access-in-user-metadata", "mismatched-profile", but=("memory",))
def lets_users_change_their_roles(bench: Bench, _: pytest.MonkeyPatch) -> None:
    bench.mapping = evolve(bench.mapping, user_metadata={"roles": bench.mapping.app_metadata["plan"]})


# The tests


@pytest.mark.parametrize("name", BENCHES)
def test_a_database_without_a_flaw_breaks_no_rule(name: str, tmp_path: Path) -> None:
    with running_bench(name, tmp_path) as bench:
        report = bench.report()

    assert breaches(report) == [], explain(report)
    assert report.exit_code == 0


@pytest.mark.parametrize("name", MUTANTS)
def test_exactly_the_rules_of_a_mutant_fire(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant = MUTANTS[name]
    with running_bench(mutant.bench, tmp_path) as bench:
        mutant.build_in(bench, monkeypatch)
        report = bench.report()

    assert breaches(report) == sorted(mutant.rules), explain(report)


def test_a_mapping_that_finds_a_known_user_nowhere_ends_the_check(tmp_path: Path) -> None:
    with running_bench("sqlite", tmp_path) as bench:
        bench.mapping = evolve(bench.mapping, lower_case=True)
        report = bench.report()

    stop = report.transcript.header.stop_reason
    assert (breaches(report), report.exit_code) == ([], 3)
    assert stop is not None
    assert "ada.lovelace" in stop.message.lower()


def test_every_reference_database_has_flaws() -> None:
    assert {mutant.bench for mutant in MUTANTS.values()} == BENCHES.keys()

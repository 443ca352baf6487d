import shutil
import sqlite3
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from random import Random
from types import MethodType
from typing import Any

import pytest
from attrs import frozen
from hypothesis import assume, given
from hypothesis import strategies as st

import accounts
import correct
import create_store
import naive
from customdb_contract import Connection, KnownUser, check
from customdb_contract.contract import (
    CustomDatabase,
    Declined,
    Done,
    Failed,
    Found,
    NotFound,
    OperationResult,
    ProfileResult,
    ScriptError,
    ValidationError,
    WrongUsernameOrPasswordError,
)

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]

FOLDER = Path(create_store.__file__).parent
CONFIGURATIONS = (
    "customdb.toml",
    "customdb-naive.toml",
    "customdb-accounts.toml",
    "customdb-tenant.toml",
    "customdb-tenant-naive.toml",
)
ADA = ("Ada.Lovelace@Example.com", "weaving algebraic patterns")
GRACE = ("grace.hopper@example.com", "nanosecond of wire")
JOAN = ("Joan.Clarke@example.com", "hut eight at midnight")
CHARLES = ("charles.babbage@example.com", "ninety-six wheels")
ALAN = (
    "alan.turing@example.com",
    "we can only see a short distance ahead, but we can see plenty there that needs to be done",
)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return create_store.ensure_store(tmp_path_factory.mktemp("bookshop") / "bookshop.sqlite3")


@pytest.fixture(scope="session")
def shop(store: Path) -> Iterator[correct.Bookshop]:
    with correct.Bookshop(store) as database:
        yield database


@pytest.fixture(scope="session")
def naive_shop(store: Path) -> Iterator[naive.Bookshop]:
    with naive.Bookshop(store) as database:
        yield database


def profile_of(result: ProfileResult) -> Mapping[str, Any]:
    assert isinstance(result, Found)
    return result.profile


def refusal_of(database: correct.Bookshop | naive.Bookshop, identifier: str, password: str) -> tuple[str | None, str]:
    with pytest.raises(WrongUsernameOrPasswordError) as refusal:
        database.login(identifier, password)
    return refusal.value.identifier, refusal.value.message


def refused_with(result: OperationResult) -> str:
    assert isinstance(result, Failed)
    assert isinstance(result.error, ValidationError)
    return result.error.code


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def copy_of(store: Path, folder: Path) -> Path:
    return Path(shutil.copy(store, folder))


@frozen
class Writable:
    """A store that each example empties, since creating one takes longer than the example."""

    path: Path
    shop: accounts.Accounts

    def emptied(self) -> accounts.Accounts:
        with self.shop._open() as connection:
            connection.execute("DELETE FROM customers")
            connection.execute("DELETE FROM sqlite_sequence")
        return self.shop

    def rows(self) -> list[sqlite3.Row]:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute("SELECT * FROM customers ORDER BY id").fetchall()


def users_of(configuration: str) -> list[dict[str, Any]]:
    users: list[dict[str, Any]] = tomllib.loads((FOLDER / configuration).read_text("utf-8"))["users"]
    return users


# The store


def test_the_same_store_is_made_every_time(store: Path, tmp_path: Path) -> None:
    create_store.create_store(tmp_path / "again.sqlite3")

    assert dump(tmp_path / "again.sqlite3") == dump(store)
    assert [path.name for path in tmp_path.iterdir()] == ["again.sqlite3"]


def test_an_existing_store_is_kept(tmp_path: Path) -> None:
    path = create_store.ensure_store(tmp_path / "bookshop.sqlite3")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM customers")

    assert create_store.ensure_store(path) == path
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM customers").fetchone() == (0,)


def test_a_store_of_another_version_is_made_anew(store: Path, tmp_path: Path) -> None:
    path = tmp_path / "bookshop.sqlite3"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE users (email)")

    assert dump(create_store.ensure_store(path)) == dump(store)


def test_a_store_that_cannot_be_finished_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(create_store, "SCHEMA", "CREATE TABLE customers (id)")

    with pytest.raises(sqlite3.OperationalError):
        create_store.ensure_store(tmp_path / "bookshop.sqlite3")
    assert list(tmp_path.iterdir()) == []


def test_the_store_looks_like_that_of_an_old_shop(store: Path) -> None:
    with closing(sqlite3.connect(store)) as connection:
        counts = {
            what: connection.execute(f"SELECT COUNT(*) FROM customers WHERE {what}").fetchone()[0]
            for what in (
                "password_hash LIKE 'md5$%'",
                "password_hash LIKE 'sha1$%'",
                "password_hash LIKE '$2b$%'",
                "password_hash LIKE 'bcrypt_sha256$$2b$%'",
                "email <> LOWER(email)",
                "username IS NOT NULL",
                "NOT email_verified",
                "disabled",
                "id NOT IN (SELECT customer_id FROM customer_details)",
            )
        }
        total = connection.execute("SELECT COUNT(*) FROM customers").fetchone()[0]

    assert total == len(create_store.customers()) == create_store.CUSTOMERS
    assert all(0 < count < total for count in counts.values()), counts
    assert sum(count for what, count in counts.items() if "password_hash" in what) == total


def test_bcrypt_is_never_given_more_than_it_hashes() -> None:
    with pytest.raises(ValueError, match=r"^bcrypt hashes up to 72 bytes, and the password has 73; use bcrypt_sha256$"):
        create_store.hash_password("x" * 73, "bcrypt", Random(1))


# The users in the configurations


def test_all_configurations_have_the_same_users() -> None:
    first, *others = map(users_of, CONFIGURATIONS)

    assert all(users == first for users in others)


@pytest.mark.parametrize("user", users_of("customdb.toml"), ids=lambda user: user["email"])
def test_the_configuration_matches_the_store(user: dict[str, Any]) -> None:
    (customer,) = (customer for customer in create_store.customers() if customer.email == user["email"])

    assert user["password"] == customer.password
    assert user.get("username") == customer.username
    assert user.get("disabled", False) is customer.disabled
    assert user["profile"]["email_verified"] is customer.email_verified
    assert user["profile"]["app_metadata"] == {"membership": customer.membership}
    assert user["profile"].get("given_name") == (customer.name and customer.name[0])


@pytest.mark.parametrize(
    ("module", "configuration"),
    [(correct, "customdb.toml"), (naive, "customdb-naive.toml"), (accounts, "customdb-accounts.toml")],
    ids=["correct", "naive", "accounts"],
)
def test_the_factories_that_the_configurations_name_work(
    module: Any, configuration: str, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ensure_store", lambda: store)

    with module.database() as database:
        assert isinstance(database.get_user("ada.lovelace@example.com"), Found)
    configured = tomllib.loads((FOLDER / configuration).read_text("utf-8"))
    assert configured["database"] == {"python": f"{module.__name__}:database"}
    assert configured["outage"] == {"python": f"{module.__name__}:broken"}


# The correct custom database


@given(customer=st.sampled_from(create_store.customers()), data=st.data())
def test_a_customer_is_found_in_any_spelling_and_logs_in_with_the_password_only(
    shop: correct.Bookshop, customer: create_store.Customer, data: st.DataObject
) -> None:
    names = [name for name in (customer.email, customer.username) if name is not None]
    name = data.draw(st.sampled_from(names))
    identifier = data.draw(st.sampled_from((name, name.lower(), name.upper(), name.swapcase())))
    profile = profile_of(shop.get_user(identifier))

    assert profile["email"] == customer.email.lower()
    assert profile["email_verified"] is customer.email_verified
    assert profile.get("username") == (customer.username and customer.username.lower())
    assert profile.get("name") == (customer.name and " ".join(customer.name))
    assert profile["app_metadata"] == {
        "membership": customer.membership if customer.name else "none",
        "account_closed": customer.disabled,
    }
    wrong = data.draw(st.text().filter(lambda text: text != customer.password))
    assert refusal_of(shop, identifier, wrong) == (profile["user_id"], correct.REFUSAL)
    if customer.disabled:
        assert refusal_of(shop, identifier, customer.password) == (profile["user_id"], correct.REFUSAL)
    else:
        assert profile_of(shop.login(identifier, customer.password)) == profile


@given(identifier=st.text() | st.from_regex(r"[\w%'*]*@[\w.%'*]*", fullmatch=True))
def test_no_user_is_found_under_another_identifier(shop: correct.Bookshop, identifier: str) -> None:
    known = {
        name.lower() for customer in create_store.customers() for name in (customer.email, customer.username or "")
    }
    assume(identifier.lower() not in known - {""})

    assert shop.get_user(identifier) == NotFound()
    assert refusal_of(shop, identifier, "password") == (None, correct.REFUSAL)


@pytest.mark.parametrize(
    "identifier",
    [
        "",
        "%",
        "ada.lovelace%",
        "_da.lovelace@example.com",
        "' OR '1'='1",
        "x@example.com' OR '1'='1' --",
        " ada.lovelace@example.com",
        "ada.lovelace@example.com\0",
        "\ud800@example.com",
        "ada.love\u017face@example.com",
        "a" * 100_000 + "@example.com",
    ],
    ids=ascii,
)
def test_no_hostile_identifier_finds_a_user(shop: correct.Bookshop, identifier: str) -> None:
    assert shop.get_user(identifier) == NotFound()
    assert refusal_of(shop, identifier, ADA[1]) == (None, correct.REFUSAL)


NEARLY_RIGHT: Mapping[str, Callable[[str], str]] = {
    "upper case": str.upper,
    "blank behind": lambda password: f"{password} ",
    "blank before": lambda password: f" {password}",
    "last character missing": lambda password: password[:-1],
    "cut short": lambda password: password[:72] if len(password) > 72 else password[:1],
    "empty": lambda password: password[:0],
    "NUL behind": lambda password: f"{password}\0",
    "NUL and itself behind": lambda password: f"{password}\0{password}",
    "lone surrogate behind": lambda password: f"{password}\udfff",
    "very long": lambda password: password * 10_000,
}


@pytest.mark.parametrize("person", [ADA, GRACE, JOAN, ALAN], ids=lambda person: person[0])
@pytest.mark.parametrize("how", NEARLY_RIGHT)
def test_a_password_that_is_nearly_right_is_wrong(shop: correct.Bookshop, person: tuple[str, str], how: str) -> None:
    identifier, password = person
    profile = profile_of(shop.login(identifier, password))

    assert profile["email"] == identifier.lower()
    assert refusal_of(shop, identifier, NEARLY_RIGHT[how](password)) == (profile["user_id"], correct.REFUSAL)


def test_a_customer_without_details_has_a_profile_of_the_same_kinds(shop: correct.Bookshop) -> None:
    profile = profile_of(shop.get_user("joan.clarke@example.com"))

    assert profile["app_metadata"] == {"membership": "none", "account_closed": False}
    assert profile["user_metadata"] == {"language": "en", "newsletter": False}
    assert not {"name", "given_name", "family_name", "username"} & profile.keys()


@pytest.mark.parametrize("stored", ["", "!", "plain text", "sha512$salt$00", "md5", "sha1$salt"])
def test_a_hash_in_another_format_matches_nothing(stored: str) -> None:
    assert not correct.password_matches(stored, stored)


def test_an_outage_is_an_error_without_details() -> None:
    with correct.broken() as database:
        with pytest.raises(ScriptError) as login_error:
            database.login(*ADA)
        with pytest.raises(ScriptError) as get_user_error:
            database.get_user(ADA[0])

    for error in (login_error.value, get_user_error.value):
        assert type(error) is ScriptError
        assert error.message == "The customer database cannot be reached"


def test_both_databases_satisfy_the_protocol(shop: correct.Bookshop, naive_shop: naive.Bookshop) -> None:
    databases: tuple[CustomDatabase, ...] = (shop, naive_shop)

    assert [type(database.login) for database in databases] == [MethodType, MethodType]


# The scripts that write


@pytest.fixture(scope="session")
def writable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writable]:
    path = create_store.create_empty_store(tmp_path_factory.mktemp("writable") / "bookshop.sqlite3")
    with accounts.Accounts(path) as shop:
        shop._open().execute("PRAGMA synchronous = OFF")
        yield Writable(path, shop)


@pytest.fixture
def full(store: Path, tmp_path: Path) -> Iterator[accounts.Accounts]:
    with accounts.Accounts(copy_of(store, tmp_path)) as shop:
        yield shop


PASSWORDS = st.text(st.characters()) | st.text(st.characters(), min_size=60, max_size=90) | st.just("\udfff")


@given(password=PASSWORDS, other=PASSWORDS)
def test_only_the_password_that_was_set_logs_in(writable: Writable, password: str, other: str) -> None:
    assume("\0" not in password + other and password != other)
    shop = writable.emptied()

    assert shop.create({"email": "New@Example.com", "password": password}) == Done()
    created = profile_of(shop.login("new@example.com", password))
    assert refusal_of(shop, "new@example.com", other)[0] == created["user_id"]

    assert shop.change_password("NEW@example.com", other) == Done()
    assert profile_of(shop.login("new@example.com", other)) == created
    assert refusal_of(shop, "new@example.com", password)[0] == created["user_id"]
    assert (created["email"], created["email_verified"]) == ("new@example.com", False)


@pytest.mark.parametrize("password", ["", "short", "x" * 72, "x" * 73, "ä" * 37], ids=len)
def test_passwords_are_hashed_with_bcrypt_and_a_salt_of_their_own(writable: Writable, password: str) -> None:
    shop = writable.emptied()
    for name in ("first", "second"):
        shop.create({"email": f"{name}@example.com", "password": password})
    shop.change_password("second@example.com", password)

    first, second = (row["password_hash"] for row in writable.rows())
    assert first != second
    is_long = len(password.encode()) > 72
    for stored in (first, second):
        assert stored.startswith("bcrypt_sha256$$2b$" if is_long else "$2b$")


SPELLINGS = st.sampled_from(
    ["ada@example.com", "Ada@Example.com", "ADA@EXAMPLE.COM", "bob@example.com", "BOB@example.com", "eve@example.com"]
)
WRITES = st.one_of(
    st.tuples(st.just("create"), SPELLINGS, st.sampled_from([None, "ada", "ADA", "bob"])),
    st.tuples(st.just("change_email"), SPELLINGS, SPELLINGS, st.booleans()),
    st.tuples(st.just("verify"), SPELLINGS),
    st.tuples(st.just("delete"), st.integers(1, 9)),
)


@given(writes=st.lists(WRITES, max_size=15))
def test_no_sequence_of_writes_duplicates_an_email_or_changes_a_user_id(
    writable: Writable, writes: list[tuple[Any, ...]]
) -> None:
    shop = writable.emptied()
    expected: dict[str, str] = {}
    for script, *arguments in writes:
        expected = write(shop, script, arguments, expected)

        emails = [row["email"].lower() for row in writable.rows()]
        assert sorted(emails) == sorted(expected)
        for email, user_id in expected.items():
            assert profile_of(shop.get_user(email))["user_id"] == user_id


def write(shop: accounts.Accounts, script: str, arguments: list[Any], before: dict[str, str]) -> dict[str, str]:
    """Call a script, and return the user_id that each e-mail must have afterwards."""
    match script, arguments:
        case "create", [email, username]:
            result = shop.create({"email": email, "password": "password", "username": username})
            if result != Done():
                assert refused_with(result) == "user_exists"
                assert email.lower() in before or username is not None
                return before
            assert email.lower() not in before
            user_id = profile_of(shop.get_user(email))["user_id"]
            assert user_id not in before.values()
            return before | {email.lower(): user_id}
        case "change_email", [email, new_email, verified]:
            result = shop.change_email(email, new_email, verified)
            is_taken = new_email.lower() in before.keys() - {email.lower()}
            assert result == (Done() if email.lower() in before and not is_taken else Declined())
            if result == Declined():
                return before
            assert profile_of(shop.get_user(new_email))["email_verified"] is verified
            rest = {name: user_id for name, user_id in before.items() if name != email.lower()}
            return rest | {new_email.lower(): before[email.lower()]}
        case "verify", [email]:
            result = shop.verify(email)
            assert result == (Done() if email.lower() in before else Declined())
            return before
        case "delete", [number]:
            result = shop.delete(f"shop-{number}")
            assert result == Done()
            return {email: user_id for email, user_id in before.items() if user_id != f"shop-{number}"}
        case _:
            raise AssertionError(script)


@pytest.mark.parametrize(
    ("user", "code"),
    [
        ({"email": "ADA.lovelace@example.com"}, "user_exists"),
        ({"email": "new@example.com", "username": "ADA"}, "user_exists"),
        ({"email": "new"}, "invalid_email"),
        ({"email": "ä@example.com"}, "invalid_email"),
        ({"email": "new@example.com\0"}, "invalid_email"),
        ({"email": "\ud800@example.com"}, "invalid_email"),
        ({"email": "x" * 254 + "@example.com"}, "invalid_email"),
        ({"email": "new@example.com", "username": ""}, "invalid_username"),
        ({"email": "new@example.com", "username": "grace.hopper@example.com"}, "invalid_username"),
        ({"email": "new@example.com", "password": "secret\0"}, "invalid_password"),
    ],
    ids=ascii,
)
def test_create_refuses_existing_users_and_users_it_could_not_find_again(
    full: accounts.Accounts, user: dict[str, str], code: str
) -> None:
    before = dump(full._store)

    assert refused_with(full.create({"password": "secret", **user})) == code
    assert dump(full._store) == before


def test_create_stores_only_the_fields_of_the_shop(writable: Writable) -> None:
    shop = writable.emptied()

    assert shop.create({"email": "new@example.com", "password": "x", "tenant": "t", "disabled": 1}) == Done()
    (row,) = writable.rows()
    assert (row["email"], row["username"], row["email_verified"], row["disabled"]) == ("new@example.com", None, 0, 0)


@pytest.mark.parametrize("email", ["nobody@example.com", "ada", "%", "' OR '1'='1", f"{ADA[0]}\0", "\ud800@x.com", ""])
def test_an_unused_email_changes_nothing(full: accounts.Accounts, email: str) -> None:
    before = dump(full._store)

    assert full.verify(email) == Declined()
    assert full.change_password(email, "another password") == Declined()
    assert full.change_email(email, "new@example.com", verified=True) == Declined()
    assert dump(full._store) == before


@pytest.mark.parametrize("new_email", [GRACE[0], "GRACE.hopper@example.com", "new", "ä@example.com", f"{ADA[0]}\0"])
def test_no_user_gets_a_taken_or_invalid_email(full: accounts.Accounts, new_email: str) -> None:
    before = dump(full._store)

    assert full.change_email(ADA[0], new_email, verified=True) == Declined()
    assert refused_with(full.change_password(ADA[0], "secret\0")) == "invalid_password"
    assert dump(full._store) == before


def test_an_e_mail_changes_and_the_customer_stays(full: accounts.Accounts) -> None:
    before = profile_of(full.login(*ADA))

    assert full.change_email(ADA[0], "New@Example.com", verified=False) == Done()
    assert profile_of(full.login("new@example.com", ADA[1])) == {
        **before,
        "email": "new@example.com",
        "email_verified": False,
    }
    assert full.get_user(ADA[0]) == NotFound()

    assert full.change_email("new@example.com", "new@example.com", verified=True) == Done()
    assert full.change_email("new@example.com", ADA[0], verified=True) == Done()
    assert profile_of(full.login(*ADA)) == before


def test_an_email_is_verified_each_time_the_link_is_opened(full: accounts.Accounts) -> None:
    before = profile_of(full.get_user(GRACE[0]))

    assert [full.verify(GRACE[0]), full.verify(GRACE[0].upper())] == [Done(), Done()]
    assert profile_of(full.get_user(GRACE[0])) == {**before, "email_verified": True}


def test_a_closed_account_stays_closed(full: accounts.Accounts) -> None:
    assert full.change_password(CHARLES[0], "another password") == Done()
    assert refusal_of(full, CHARLES[0], "another password")[1] == correct.REFUSAL


def test_delete_removes_a_customer_with_all_details(full: accounts.Accounts) -> None:
    user_id = profile_of(full.login(*ADA))["user_id"]
    number = int(user_id.removeprefix("shop-"))

    assert [full.delete(user_id), full.delete(user_id)] == [Done(), Done()]
    assert full.get_user(ADA[0]) == full.get_user("ada") == NotFound()
    with closing(sqlite3.connect(full._store)) as connection:
        counts = [connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in TABLES]
        gone = connection.execute("SELECT COUNT(*) FROM customer_details WHERE customer_id = ?", (number,)).fetchone()
    assert counts == [create_store.CUSTOMERS - 1, sum(c.name is not None for c in create_store.customers()) - 1]
    assert gone == (0,)

    assert full.create({"email": ADA[0], "password": ADA[1]}) == Done()
    assert profile_of(full.login(*ADA))["user_id"] == f"shop-{create_store.CUSTOMERS + 1}"


TABLES = ("customers", "customer_details")
NOBODYS_IDS = [
    *("", "1", "shop-", "shop-0", "shop-01", "shop--1", "SHOP-1", "auth0|shop-1", " shop-1", "shop-1\n", "shop-1\0"),
    *("shop-1.0", "shop-1e0", "shop-\uff11", "shop-1 OR 1=1", "shop-%", "\ud800", "shop-9999", f"shop-{10**30}"),
]


@pytest.mark.parametrize("user_id", NOBODYS_IDS, ids=ascii)
def test_a_foreign_id_deletes_no_user(full: accounts.Accounts, user_id: str) -> None:
    before = dump(full._store)

    assert full.delete(user_id) == Done()
    assert dump(full._store) == before


@given(user_id=st.text(st.characters()) | st.from_regex(r"\s?(shop|auth0\|shop)-?\s?\d*\s?", fullmatch=True))
def test_delete_takes_exactly_the_ids_that_login_returns(writable: Writable, user_id: str) -> None:
    shop = writable.emptied()
    shop.create({"email": "new@example.com", "password": "password"})
    own = profile_of(shop.login("new@example.com", "password"))["user_id"]

    assert shop.delete(user_id) == Done()
    assert isinstance(shop.get_user("new@example.com"), NotFound if user_id == own else Found)


def test_a_delete_that_fails_half_way_removes_nothing(full: accounts.Accounts) -> None:
    with closing(sqlite3.connect(full._store)) as connection, connection:
        connection.execute("CREATE TRIGGER keep BEFORE DELETE ON customers BEGIN SELECT no_such_function(); END")
    before = dump(full._store)

    with pytest.raises(ScriptError):
        full.delete(profile_of(full.get_user(ADA[0]))["user_id"])
    assert dump(full._store) == before


EVERY_WRITE: Mapping[str, Callable[[accounts.Accounts], OperationResult]] = {
    "create": lambda shop: shop.create({"email": "new@example.com", "password": "password"}),
    "verify": lambda shop: shop.verify(ADA[0]),
    "change_password": lambda shop: shop.change_password(ADA[0], "password"),
    "change_email": lambda shop: shop.change_email(ADA[0], "new@example.com", verified=True),
    "delete": lambda shop: shop.delete("shop-1"),
    "delete of nobody": lambda shop: shop.delete("nobody"),
}


@pytest.mark.parametrize("script", EVERY_WRITE)
@pytest.mark.parametrize("obstacle", ["no store", "no database", "no tables"])
def test_an_unwritable_store_is_an_error_without_details(script: str, obstacle: str, tmp_path: Path) -> None:
    path = tmp_path / "bookshop.sqlite3"
    if obstacle != "no store":
        path.write_bytes(b"no database " * 1000 if obstacle == "no database" else b"")

    with accounts.Accounts(path) as shop, pytest.raises(ScriptError) as error:
        EVERY_WRITE[script](shop)

    assert type(error.value) is ScriptError
    assert error.value.message == "The customer database cannot be reached"
    assert path.exists() is (obstacle != "no store")


def test_the_scripts_that_only_read_cannot_write(shop: correct.Bookshop) -> None:
    assert isinstance(shop.get_user(ADA[0]), Found)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        shop._open().execute("UPDATE customers SET disabled = 1")


def test_a_check_that_writes_leaves_the_shops_own_store_alone(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dump(store)
    monkeypatch.setattr(accounts, "ensure_store", lambda: store)
    accounts._copy_of_the_store.cache_clear()

    report = check(
        accounts.database,
        [KnownUser(email=ADA[0], username="ada", password=ADA[1])],
        connection=Connection(requires_username=True),
        outage=accounts.broken,
        writes=True,
        hostile=False,
    )

    accounts._copy_of_the_store.cache_clear()
    assert report.ok, report
    assert report.transcript.header.left_behind == ()
    for rule in ("create-not-atomic", "username-not-stored", "delete-ineffective", "create-false-success"):
        assert report.verdict(rule).status == "passed", report.verdict(rule)
    assert dump(store) == before


# The naive custom database: it must keep the breaches in the demonstration


def test_naive_returns_every_column_of_the_store(naive_shop: naive.Bookshop) -> None:
    login, get_user = profile_of(naive_shop.login(*GRACE)), profile_of(naive_shop.get_user(GRACE[0]))

    assert login["password_hash"].startswith("md5$")
    assert login["user_id"] == 1
    assert get_user["user_id"] == GRACE[0]
    assert login["email_verified"] == 0
    assert type(login["email_verified"]) is int
    assert get_user["email_verified"] is True
    assert login["app_metadata"] == {"membership": "reader"}
    assert "app_metadata" not in get_user


def test_naive_finds_wrong_users_and_misses_right_ones(naive_shop: naive.Bookshop) -> None:
    first = profile_of(naive_shop.get_user(GRACE[0]))

    assert profile_of(naive_shop.get_user("%")) == first
    assert profile_of(naive_shop.get_user("x' OR '1'='1")) == first
    assert naive_shop.login(ADA[0].lower(), ADA[1]) == NotFound()
    assert naive_shop.login("nobody@example.com", "password") == NotFound()
    assert naive_shop.get_user(JOAN[0]) == NotFound()
    assert profile_of(naive_shop.login(*JOAN))["name"] == "None None"


def test_naive_checks_passwords_loosely_and_prints_them(
    naive_shop: naive.Bookshop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert profile_of(naive_shop.login(*CHARLES))["disabled"] == 1
    assert naive_shop.login(GRACE[0], f" {GRACE[1].upper()}") == naive_shop.login(*GRACE)
    assert GRACE[1] in capsys.readouterr().out
    assert profile_of(naive_shop.login(*ADA))["id"] == profile_of(naive_shop.login(*ADA))["user_id"]
    assert isinstance(naive_shop.login(*ALAN), Found)
    assert refusal_of(naive_shop, ADA[0], "wrong") == (ADA[0], "wrong password")


def test_naive_hides_an_outage() -> None:
    with naive.broken() as database:
        assert database.get_user(ADA[0]) == NotFound()
        assert refusal_of(database, *ADA) == (ADA[0], f"login failed for {ADA[0]}")


def test_its_own_test_suite_passes(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("-v", "-p", "no:cacheprovider", str(FOLDER))

    result.stdout.fnmatch_lines(["*::TestAccountsBeforeTheMove::test_machine PASSED*"])
    for rule in ("create-duplicate-not-user-exists", "change-email-takes-over", "plaintext-password-stored"):
        result.stdout.fnmatch_lines([f"*::TestAccountsBeforeTheMove::test_rule?{rule}? PASSED*"])
    outcomes = result.parseoutcomes()
    assert outcomes["passed"] > 170
    assert set(outcomes) == {"passed", "skipped"}

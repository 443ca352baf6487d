import sqlite3
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from random import Random
from types import MethodType
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import correct
import create_store
import naive
from customdb_contract.contract import (
    CustomDatabase,
    Found,
    NotFound,
    ProfileResult,
    ScriptError,
    WrongUsernameOrPasswordError,
)

FOLDER = Path(create_store.__file__).parent
CONFIGURATIONS = ("customdb.toml", "customdb-naive.toml", "customdb-tenant.toml", "customdb-tenant-naive.toml")
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


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def users_of(configuration: str) -> list[dict[str, Any]]:
    users: list[dict[str, Any]] = tomllib.loads((FOLDER / configuration).read_text("utf-8"))["users"]
    return users


# The store


def test_the_same_store_is_made_every_time(store: Path, tmp_path: Path) -> None:
    create_store.create_store(tmp_path / "again.sqlite3")

    assert dump(tmp_path / "again.sqlite3") == dump(store)
    assert [path.name for path in tmp_path.iterdir()] == ["again.sqlite3"]


def test_a_store_that_is_there_stays(tmp_path: Path) -> None:
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


# What the two configurations say about the people


def test_all_configurations_tell_of_the_same_people() -> None:
    first, *others = map(users_of, CONFIGURATIONS)

    assert all(users == first for users in others)


@pytest.mark.parametrize("user", users_of("customdb.toml"), ids=lambda user: user["email"])
def test_the_configuration_tells_the_truth(user: dict[str, Any]) -> None:
    (customer,) = (customer for customer in create_store.customers() if customer.email == user["email"])

    assert user["password"] == customer.password
    assert user.get("username") == customer.username
    assert user.get("disabled", False) is customer.disabled
    assert user["profile"]["email_verified"] is customer.email_verified
    assert user["profile"]["app_metadata"] == {"membership": customer.membership}
    assert user["profile"].get("given_name") == (customer.name and customer.name[0])


@pytest.mark.parametrize("module", [correct, naive])
def test_the_factories_that_the_configurations_name_work(
    module: Any, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ensure_store", lambda: store)

    with module.database() as database:
        assert isinstance(database.get_user("ada.lovelace@example.com"), Found)
    configured = tomllib.loads((FOLDER / f"customdb{'-naive' * (module is naive)}.toml").read_text("utf-8"))
    assert configured["database"] == {"python": f"{module.__name__}:database"}
    assert configured["outage"] == {"python": f"{module.__name__}:broken"}


# The correct custom database


@given(customer=st.sampled_from(create_store.customers()), data=st.data())
def test_a_customer_is_found_under_any_spelling_and_gets_in_with_the_password_only(
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
def test_nobody_is_found_under_another_identifier(shop: correct.Bookshop, identifier: str) -> None:
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
def test_no_trick_finds_anybody(shop: correct.Bookshop, identifier: str) -> None:
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


def test_an_outage_is_an_error_that_tells_nothing() -> None:
    with correct.broken() as database:
        with pytest.raises(ScriptError) as login_error:
            database.login(*ADA)
        with pytest.raises(ScriptError) as get_user_error:
            database.get_user(ADA[0])

    for error in (login_error.value, get_user_error.value):
        assert type(error) is ScriptError
        assert error.message == "The customer database cannot be reached"


def test_both_satisfy_the_protocol(shop: correct.Bookshop, naive_shop: naive.Bookshop) -> None:
    databases: tuple[CustomDatabase, ...] = (shop, naive_shop)

    assert [type(database.login) for database in databases] == [MethodType, MethodType]


# The naive custom database: it must keep the breaches that the demo shows


def test_naive_hands_over_everything_the_store_has(naive_shop: naive.Bookshop) -> None:
    login, get_user = profile_of(naive_shop.login(*GRACE)), profile_of(naive_shop.get_user(GRACE[0]))

    assert login["password_hash"].startswith("md5$")
    assert login["user_id"] == 1
    assert get_user["user_id"] == GRACE[0]
    assert login["email_verified"] == 0
    assert type(login["email_verified"]) is int
    assert get_user["email_verified"] is True
    assert login["app_metadata"] == {"membership": "reader"}
    assert "app_metadata" not in get_user


def test_naive_finds_the_wrong_people_and_loses_the_right_ones(naive_shop: naive.Bookshop) -> None:
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
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", str(FOLDER))

    outcomes = result.parseoutcomes()
    assert outcomes["passed"] > 70
    assert set(outcomes) == {"passed", "skipped"}

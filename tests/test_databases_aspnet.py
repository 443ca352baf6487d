"""The databases over the tables of ASP.NET, on SQLite and on a wire-level double of SQL Server."""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from aspnet_stores import PEOPLE, SYSTEMS, AspNet, Store, add_member
from customdb_contract import (
    Declined,
    Done,
    Failed,
    Found,
    KnownUser,
    NotFound,
    UnauthorizedError,
    ValidationError,
    WrongUsernameOrPasswordError,
)
from customdb_contract.databases import AspNetIdentity, AspNetSimpleMembership, AspNetUniversalProviders, SqlDatabase
from customdb_contract.databases._identifiers import raised
from customdb_contract.errors import ConfigurationError
from customdb_contract.passwords import Bcrypt, Passwords

pytestmark = pytest.mark.databases

ADA, GRACE, CHARLES, JOERG = PEOPLE
CLEAR = "ada's clear password"


@pytest.fixture(params=["sqlite", "double"])
def store(request: pytest.FixtureRequest, open_store: Callable[[str], Store]) -> Store:
    return open_store(request.param)


@pytest.fixture
def sqlite(open_store: Callable[[str], Store]) -> Store:
    return open_store("sqlite")


def made(store: Store, name: str, **changes: Any) -> AspNet:
    system = SYSTEMS[name]
    return evolve(system, tables=evolve(system.tables, **changes)).made(store, name, full=True)


def failure(result: object) -> str:
    assert isinstance(result, Failed)
    return str(result.error)


def profile(result: object) -> dict[str, Any]:
    assert isinstance(result, Found)
    return dict(result.profile)


def password_of(person: KnownUser) -> str:
    assert person.password is not None
    return person.password.reveal()


def email_of(person: KnownUser) -> str:
    assert person.email is not None
    return person.email


def is_wrong(result: object) -> bool:
    return isinstance(result, Failed) and isinstance(result.error, WrongUsernameOrPasswordError)


def is_locked(result: object) -> bool:
    return isinstance(result, Failed) and isinstance(result.error, UnauthorizedError)


@pytest.mark.parametrize("system", sorted(SYSTEMS))
def test_all_users_log_in_except_locked_out_ones(system: str, store: Store) -> None:
    with made(store, system).open() as database:
        for person in PEOPLE:
            result = database.login(email_of(person), password_of(person))
            assert is_locked(result) if person.disabled else profile(result)["email"] == email_of(person).lower()
            assert is_wrong(database.login(email_of(person), "wrong"))


@pytest.mark.parametrize("system", ["universal", "classic"])
def test_users_of_another_application_are_not_found(system: str, store: Store) -> None:
    tables = made(store, system)
    stranger = evolve(ADA, email="only@example.com", username="only", password="other world")
    add_member(tables, 8, evolve(stranger, password="other world"), "/other")
    add_member(tables, 9, evolve(ADA, password="another Ada"), "/other")
    with tables.open() as database:
        assert database.get_user("only@example.com") == NotFound()
        assert is_wrong(database.login(email_of(ADA), "another Ada"))
        assert database.delete(str(UUID(int=108))) == Done()
        assert database.verify("only@example.com") == Declined()
        assert profile(database.login(email_of(ADA), password_of(ADA)))["user_id"] == str(UUID(int=101))
    with evolve(tables, tables=evolve(tables.tables, application="/other")).open() as other:
        assert profile(other.login("only@example.com", "other world"))["user_id"] == str(UUID(int=108))
        assert profile(other.login(email_of(ADA), "another Ada"))["user_id"] == str(UUID(int=109))
        assert other.get_user(email_of(GRACE)) == NotFound()


def test_an_unknown_application_is_an_error(store: Store) -> None:
    tables = made(store, "universal", application="/nope")
    with pytest.raises(ConfigurationError, match="Applications has no rows with ApplicationName '/nope'"):
        tables.open()
    tables.execute("DELETE FROM [Memberships]")
    tables.execute("DELETE FROM [Users]")
    tables.execute("UPDATE [Applications] SET [ApplicationName] = '/nope'")
    with pytest.raises(ConfigurationError, match="has 2 rows with ApplicationName '/nope', expected one"):
        tables.open()


def test_a_user_without_a_membership_is_not_found(store: Store) -> None:
    tables = made(store, "universal")
    tables.execute("UPDATE [Memberships] SET [Email] = NULL WHERE [Email] = :email", email=email_of(GRACE))
    values = {
        "UserId": str(UUID(int=200)),
        "ApplicationId": str(UUID(int=1)),
        "UserName": "anonymous",
        "IsAnonymous": True,
        "LastActivityDate": datetime(2012, 8, 15),  # noqa: DTZ001 - the column has no time zone
    }
    tables.insert("Users", values)
    with tables.open() as database:
        assert database.get_user("anonymous") == NotFound()
        found = profile(database.login("grace", password_of(GRACE)))
        assert found == {"user_id": str(UUID(int=102)), "username": "grace"}


@pytest.mark.parametrize(("system", "table"), [("universal", "Memberships"), ("classic", "aspnet_Membership")])
def test_an_unapproved_user_is_refused_unless_approval_means_a_verified_email(
    system: str, table: str, store: Store
) -> None:
    tables = made(store, system)
    tables.execute(f"UPDATE [{table}] SET [IsApproved] = :no WHERE [Email] = :email", no=False, email=email_of(GRACE))
    with tables.open() as database:
        assert profile(database.login(email_of(GRACE), password_of(GRACE)))["email_verified"] is False
        assert database.verify(email_of(GRACE)) == Done()
        assert profile(database.get_user(email_of(GRACE)))["email_verified"] is True
    tables.execute(f"UPDATE [{table}] SET [IsApproved] = :no WHERE [Email] = :email", no=False, email=email_of(GRACE))
    with evolve(tables, tables=evolve(tables.tables, email_verified=None)).open() as strict:
        assert is_locked(strict.login(email_of(GRACE), password_of(GRACE)))
        assert "email_verified" not in profile(strict.get_user(email_of(GRACE)))
        assert failure(strict.verify(email_of(ADA))) == "The user store has no column for email_verified"
        assert strict.change_email(email_of(ADA), "new@example.com", True) == Done()
        new = {"email": "signup@example.com", "username": "signup", "password": "approved"}
        if system == "classic":
            del new["username"]
        assert strict.create(new) == Done()
        assert profile(strict.login("signup@example.com", "approved"))["email"] == "signup@example.com"


def test_an_unconfirmed_user_is_refused_unless_confirmation_means_a_verified_email(store: Store) -> None:
    tables = made(store, "simple")
    with tables.open() as database:
        assert is_locked(database.login(email_of(CHARLES), password_of(CHARLES)))
    with evolve(tables, tables=evolve(tables.tables, email_verified="webpages_Membership.IsConfirmed")).open() as open_:
        assert profile(open_.login(email_of(CHARLES), password_of(CHARLES)))["email_verified"] is False
        assert profile(open_.login(email_of(ADA), password_of(ADA)))["email_verified"] is True
        assert open_.create({"email": "new@example.com", "password": "pw"}) == Done()
        assert profile(open_.login("new@example.com", "pw"))["email_verified"] is False


_STATES = [("simple", "webpages_Membership", "IsConfirmed"), ("universal", "Memberships", "IsApproved"),
           ("classic", "aspnet_Membership", "IsApproved")]  # fmt: skip


def nullable(store: Store, system: str, **changes: Any) -> AspNet:
    """Create tables whose flags may be NULL."""
    ddl = SYSTEMS[system].ddl.replace("bit NOT NULL", "bit NULL")
    tables = evolve(SYSTEMS[system].tables, **changes)
    return evolve(SYSTEMS[system], ddl=ddl, tables=tables).made(store, system, full=True)


@pytest.mark.parametrize(("system", "table", "column"), _STATES)
def test_a_user_with_null_approval_is_refused(system: str, table: str, column: str, store: Store) -> None:
    tables = nullable(store, system, email_verified=None)
    tables.execute(f"UPDATE [{table}] SET [{column}] = NULL")
    with tables.open() as database:
        assert is_locked(database.login(email_of(ADA), password_of(ADA)))
        assert is_wrong(database.login(email_of(ADA), "wrong"))
        assert profile(database.get_user(email_of(ADA)))["email"] == email_of(ADA).lower()
    with evolve(tables, tables=evolve(tables.tables, email_verified=f"{table}.{column}")).open() as verifying:
        assert profile(verifying.login(email_of(ADA), password_of(ADA)))["email_verified"] is False


@pytest.mark.parametrize(("system", "table"), [("universal", "Memberships"), ("classic", "aspnet_Membership")])
def test_null_lockout_does_not_lock_a_user_out(system: str, table: str, store: Store) -> None:
    tables = nullable(store, system)
    tables.execute(f"UPDATE [{table}] SET [IsLockedOut] = NULL")
    with tables.open() as database:
        assert profile(database.login(email_of(CHARLES), password_of(CHARLES)))["email"] == email_of(CHARLES)


@pytest.mark.parametrize("system", ["identity 2", "identity core"])
def test_an_identity_lockout_counts_only_when_enabled(system: str, store: Store) -> None:
    tables = nullable(store, system)
    tables.execute("UPDATE [AspNetUsers] SET [LockoutEnabled] = NULL, [EmailConfirmed] = NULL")
    with tables.open() as database:
        assert profile(database.login(email_of(CHARLES), password_of(CHARLES)))["email_verified"] is False


def test_simple_membership_may_have_emails_of_their_own(store: Store) -> None:
    tables = made(store, "simple", email="ConfirmationToken")
    with pytest.raises(ConfigurationError, match="the table UserProfile has no column ConfirmationToken"):
        tables.open()
    own = evolve(tables, tables=evolve(tables.tables, email="webpages_Membership.ConfirmationToken"))
    own.execute("UPDATE [webpages_Membership] SET [ConfirmationToken] = 'ada@work.example' WHERE [UserId] = 1")
    own.execute("UPDATE [UserProfile] SET [UserName] = 'ada' WHERE [UserId] = 1")
    with own.open() as database:
        found = profile(database.login("ada@work.example", password_of(ADA)))
        assert (found["email"], found["username"]) == ("ada@work.example", "ada")


@pytest.mark.parametrize("system", ["identity 2", "identity core"])
@pytest.mark.parametrize("by_minutes", [-1, 1])
@pytest.mark.parametrize("counts", [True, False])
def test_a_lock_out_of_identity_ends(system: str, by_minutes: int, counts: bool, store: Store) -> None:
    tables = made(store, system)
    end = datetime.now(UTC) + timedelta(minutes=by_minutes)
    is_core = system == "identity core"
    column = "LockoutEnd" if is_core else "LockoutEndDateUtc"
    value = end.isoformat(" ") if is_core else end.replace(tzinfo=None)
    tables.execute(
        f"UPDATE [AspNetUsers] SET [{column}] = :value, [LockoutEnabled] = :counts", value=value, counts=counts
    )
    with tables.open() as database:
        result = database.login(email_of(ADA), password_of(ADA))
        assert is_locked(result) if by_minutes > 0 and counts else profile(result)
    tables.execute(f"UPDATE [AspNetUsers] SET [{column}] = NULL, [LockoutEnabled] = :yes", yes=True)
    with tables.open() as database:
        assert profile(database.login(email_of(ADA), password_of(ADA)))


@pytest.mark.parametrize(("minutes", "hours"), [(-1, 14), (1, -12)])
def test_a_lock_out_in_an_offset_of_its_own_ends_at_the_right_time(minutes: int, hours: int, store: Store) -> None:
    tables = made(store, "identity core")
    end = (datetime.now(UTC) + timedelta(minutes=minutes)).astimezone(timezone(timedelta(hours=hours)))
    tables.execute("UPDATE [AspNetUsers] SET [LockoutEnd] = :value", value=end.isoformat(" "))
    with tables.open() as database:
        result = database.login(email_of(ADA), password_of(ADA))
        assert is_locked(result) if minutes > 0 else profile(result)


@pytest.mark.parametrize("value", ["tomorrow", "12"])
def test_a_lock_out_that_is_no_time_is_an_error_with_the_key(value: str, sqlite: Store) -> None:
    tables = made(sqlite, "identity core")
    tables.execute("UPDATE [AspNetUsers] SET [LockoutEnd] = :value", value=value)
    with tables.open() as database:
        said = failure(database.login(email_of(ADA), password_of(ADA)))
        assert said == f"The user {UUID(int=101)} has no usable value in the column LockoutEnd"


def test_a_lock_out_in_a_column_of_another_type_is_an_error(sqlite: Store) -> None:
    tables = made(sqlite, "identity core")
    users = evolve(tables.tables.users, disabled=evolve(tables.tables.users.disabled[0], column="AccessFailedCount"))
    with SqlDatabase(tables.url, users, tables.tables.passwords) as database:
        assert "no usable value in the column AccessFailedCount" in failure(database.get_user(email_of(ADA)))


@pytest.mark.parametrize(
    ("kind", "stored"),
    [(0, CLEAR), (2, b64encode(bytes(64)).decode()), (1, b64encode(bytes(31)).decode()), (1, b64encode(b"").decode())],
)
def test_clear_and_encrypted_passwords_never_match(kind: int, stored: str, store: Store) -> None:
    tables = made(store, "universal")
    changed = "UPDATE [Memberships] SET [Password] = :stored, [PasswordFormat] = :kind WHERE [Email] = :email"
    tables.execute(changed, stored=stored, kind=kind, email=email_of(GRACE))
    with tables.open() as database:
        for password in (CLEAR, password_of(GRACE), ""):
            result = database.login(email_of(GRACE), password)
            assert isinstance(result, Failed)
            assert CLEAR not in repr(result)
            assert is_wrong(result) if not stored or not password else str(UUID(int=102)) in str(result.error)


@pytest.mark.parametrize("system", sorted(SYSTEMS))
def test_a_user_is_removed_with_all_rows(system: str, store: Store) -> None:
    tables = made(store, system)
    for name in ("aspnet_UsersInRoles", "aspnet_Profile") if system == "classic" else ():
        values = {"UserId": str(UUID(int=101))} | ({"RoleId": str(UUID(int=5))} if name.endswith("Roles") else {})
        tables.insert(name, values)
    if system == "universal":
        tables.insert("UsersInRoles", {"UserId": str(UUID(int=101)), "RoleId": str(UUID(int=5))})
        tables.insert("UsersInRoles", {"UserId": str(UUID(int=101)), "RoleId": str(UUID(int=6))})
        tables.insert("UsersInRoles", {"UserId": str(UUID(int=102)), "RoleId": str(UUID(int=5))})
        tables.insert("Profiles", {"UserId": str(UUID(int=101)), "PropertyNames": "Theme"})
    with tables.open() as database:
        user_id = profile(database.get_user(email_of(ADA)))["user_id"]
        assert database.delete(user_id) == Done()
        assert database.get_user(email_of(ADA)) == NotFound()
        assert database.get_user(email_of(GRACE)) != NotFound()
    if system == "universal":
        assert len(tables.rows("SELECT * FROM [UsersInRoles]")) == 1
        assert tables.rows("SELECT * FROM [Profiles]") == []


def test_delete_fails_while_rows_of_roles_refer_to_a_user(store: Store) -> None:
    tables = made(store, "universal", owned=())
    tables.insert("UsersInRoles", {"UserId": str(UUID(int=101)), "RoleId": str(UUID(int=5))})
    if store.kind == "double":
        with tables.open() as database:
            assert failure(database.delete(str(UUID(int=101)))) == "The user store does not accept this user"
            assert database.get_user(email_of(ADA)) != NotFound()


def test_owned_tables_have_to_be_there(sqlite: Store) -> None:
    with pytest.raises(
        ConfigurationError, match="the database has no table Nope: compare `table`, `joins` and `owned`"
    ):
        made(sqlite, "universal", owned=("Nope",)).open()
    with pytest.raises(ConfigurationError, match="the table Applications has no column UserId"):
        made(sqlite, "universal", owned=["Applications"]).open()


def test_core_finds_and_writes_what_is_normalized(store: Store) -> None:
    tables = made(store, "identity core")
    with tables.open() as database:
        assert database.create({"email": "Zoë@Example.com", "username": "Zoë", "password": "pw"}) == Done()
        assert profile(database.login("zoë@example.COM", "pw"))["username"] == "zoë"
        assert profile(database.login("ZOË", "pw"))["email"] == "zoë@example.com"
        assert database.change_email("zoë", "Straße@example.com", True) == Done()
    (row,) = tables.rows("SELECT * FROM [AspNetUsers] WHERE [UserName] = 'Zoë'")
    assert (row["Email"], row["NormalizedEmail"]) == ("Straße@example.com", "STRAßE@EXAMPLE.COM")
    assert (row["UserName"], row["NormalizedUserName"]) == ("Zoë", "ZOË")
    assert row["SecurityStamp"] != row["ConcurrencyStamp"]
    assert row["EmailConfirmed"]


@pytest.mark.parametrize("system", ["classic", "identity 2", "identity core with e-mails"])
def test_both_columns_change_if_usernames_are_emails(system: str, store: Store) -> None:
    tables = made(store, system)
    with tables.open() as database:
        assert database.change_email(email_of(ADA), "Countess@example.com", False) == Done()
        assert database.get_user(email_of(ADA)) == NotFound()
        assert profile(database.login("countess@example.com", password_of(ADA)))["email"] == "countess@example.com"
        assert database.change_email(email_of(GRACE), "COUNTESS@example.com", True) == Declined()
    users, members = ("aspnet_Users", "aspnet_Membership") if system == "classic" else ("AspNetUsers",) * 2
    assert len(tables.rows(f"SELECT * FROM [{users}] WHERE [UserName] = 'Countess@example.com'")) == 1
    (row,) = tables.rows(f"SELECT * FROM [{members}] WHERE [Email] = 'Countess@example.com'")
    if system == "classic":
        assert row["LoweredEmail"] == "countess@example.com"


def test_a_username_is_required_if_the_table_needs_one(store: Store) -> None:
    with made(store, "universal").open() as database:
        said = failure(database.create({"email": "new@example.com", "password": "pw"}))
        assert said == "The user store requires username"


@pytest.mark.parametrize("system", sorted(SYSTEMS))
def test_new_passwords_are_bcrypt_and_no_longer_asp_net(system: str, store: Store) -> None:
    with made(store, system).open() as database:
        assert database.change_password(email_of(ADA), "new one") == Done()
        assert is_wrong(database.login(email_of(ADA), password_of(ADA)))
        assert profile(database.login(email_of(ADA), "new one"))["email"] == email_of(ADA).lower()


@pytest.mark.parametrize("system", ["universal", "simple", "identity core with e-mails"])
def test_of_16_who_sign_up_at_once_one_is_new(system: str, open_store: Callable[[str], Store]) -> None:
    user = {"email": "new@example.com", "password": "pw"}
    if SYSTEMS[system].has_usernames:
        user["username"] = "new"
    tables = made(open_store("double"), system)
    with tables.open() as database, ThreadPoolExecutor(16) as threads:
        results = list(threads.map(database.create, [user] * 16))
        assert results.count(Done()) == 1
        others = [result.error for result in results if isinstance(result, Failed)]
        assert {error.code for error in others if isinstance(error, ValidationError)} == {"user_exists"}
        assert len(others) == 15
        assert profile(database.login("NEW@example.com", "pw"))


def test_a_server_that_was_killed_and_came_back_is_reached_again(open_store: Callable[[str], Store]) -> None:
    store = open_store("double")
    assert store.double is not None
    with made(store, "identity core with e-mails").open() as database:
        assert database.get_user(email_of(ADA)) != NotFound()
        store.double.kill()
        try:
            assert failure(database.get_user(email_of(ADA))) == "The user store cannot be reached"
        finally:
            store.double.start()
        assert profile(database.get_user(email_of(ADA)))["email"] == email_of(ADA).lower()


def test_coroutines_have_the_same_tables(sqlite: Store) -> None:
    tables = made(sqlite, "universal")

    async def log_in() -> object:
        async with tables.tables.async_database(tables.url.replace("sqlite:", "sqlite+aiosqlite:")) as database:
            return await database.login("ada", password_of(ADA))

    assert profile(asyncio.run(log_in()))["username"] == "ada"


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (AspNetUniversalProviders, {"tables": "older", "email_verified": "x"}),
        (AspNetUniversalProviders, {"user_names": "mails", "email_verified": "x"}),
        (AspNetIdentity, {"version": "3"}),
        (AspNetIdentity, {"user_names": "names"}),
    ],
)
def test_settings_that_do_not_exist_are_refused(kind: Any, changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=f"'{next(iter(changes))}' must be in"):
        kind(**changes)


@pytest.mark.parametrize(
    "tables",
    [AspNetUniversalProviders(email_verified=None), AspNetSimpleMembership(email_verified=None), AspNetIdentity()],
)
def test_unknown_users_take_as_long_as_those_with_an_old_password(tables: Any) -> None:
    passwords = tables.passwords
    assert isinstance(passwords, Passwords)
    assert passwords.typical == passwords.accepts[-1].sample


def test_without_a_status_column_no_user_is_refused(sqlite: Store) -> None:
    tables = made(sqlite, "identity 2")
    users = evolve(tables.tables.users, disabled=None)
    assert users.disabled == ()
    with SqlDatabase(tables.url, users, tables.tables.passwords) as database:
        assert profile(database.login(email_of(CHARLES), password_of(CHARLES)))


def test_a_secret_column_cannot_be_shown() -> None:
    with pytest.raises(ConfigurationError, match="contains a secret"):
        _ = AspNetIdentity(fields={"nickname": "PasswordHash"}, new=Bcrypt()).users


@given(st.text())
def test_upper_case_keeps_letters_within_ascii_and_beyond_apart(text: str) -> None:
    upper = raised(text)
    assert [letter.isascii() for letter in upper] == [letter.isascii() for letter in text]
    assert raised(upper) == upper
    assert not text.isascii() or upper == text.upper()


@pytest.mark.parametrize(
    ("text", "upper"), [("zoë", "ZOË"), ("straße", "STRAßE"), ("\u0131\u212ai", "\u0131\u212aI"), ("ŉ", "ŉ")]
)
def test_upper_case_is_letter_by_letter(text: str, upper: str) -> None:
    assert raised(text) == upper

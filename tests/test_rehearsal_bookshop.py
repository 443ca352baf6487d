"""The bookshop for rehearsals: its scripts pass the check, and return the right customer."""

import pytest

from customdb_contract import (
    Declined,
    Done,
    Failed,
    Found,
    NotFound,
    ScriptError,
    ValidationError,
    WrongUsernameOrPasswordError,
)
from customdb_contract.rehearsal import bookshop
from customdb_contract.rehearsal.bookshop import Bookshop
from customdb_contract.secrets import Secret

pytestmark = pytest.mark.one_python

USERS = [(user.email or "", user.password.reveal()) for user in bookshop.USERS if isinstance(user.password, Secret)]
ADA, GRACE = "Ada.Lovelace@Example.com", "grace.hopper@example.com"
NEW = {"email": "new@example.com", "password": "Secret 7"}


def found(result: object) -> object:
    assert isinstance(result, Found)
    return result.profile["user_id"]


@pytest.mark.parametrize(("email", "password"), USERS)
def test_an_enabled_user_logs_in_with_the_own_password_only(email: str, password: str) -> None:
    shop = bookshop.database()
    disabled = next(user.disabled for user in bookshop.USERS if user.email == email)
    for typed in {password, "x"} if disabled else {"x", ""}:
        with pytest.raises(WrongUsernameOrPasswordError):
            shop.login(email, typed)
    if not disabled:
        assert shop.login(email.upper(), password) == shop.get_user(email)


def test_usernames_are_as_good_as_emails() -> None:
    shop = Bookshop()

    assert found(shop.get_user("ada")) == found(shop.get_user(ADA)) == found(shop.get_user("ADA"))
    assert shop.get_user("nobody") == NotFound()
    with pytest.raises(WrongUsernameOrPasswordError) as raised:
        shop.login("nobody", "x")
    assert raised.value.identifier is None


@pytest.mark.parametrize(
    "taken", [{"email": GRACE.upper()}, {"email": "ada"}, {"username": "Ada"}, {"username": GRACE}]
)
def test_a_taken_identifier_cannot_sign_up(taken: dict[str, str]) -> None:
    result = Bookshop().create({**NEW, "username": "newt", **taken})

    assert isinstance(result, Failed)
    assert isinstance(result.error, ValidationError)
    assert result.error.code == "user_exists"


@pytest.mark.parametrize("username", [None, "newt"])
def test_a_new_customer_logs_in(username: str | None) -> None:
    shop = Bookshop()

    assert shop.create({**NEW, "username": username}) == Done()
    profile = shop.login("new@example.com", "Secret 7")
    assert isinstance(profile, Found)
    assert (profile.profile["email_verified"], profile.profile.get("username")) == (False, username)
    assert shop.verify("new@example.com") == Done()
    changed = shop.get_user(username or "new@example.com")
    assert isinstance(changed, Found)
    assert changed.profile == {**profile.profile, "email_verified": True}


def test_a_password_and_an_email_are_changed() -> None:
    shop = Bookshop()
    shop.create(NEW)
    user_id = found(shop.get_user("new@example.com"))

    assert shop.change_password("new@example.com", "Secret 8") == Done()
    assert found(shop.login("new@example.com", "Secret 8")) == user_id
    with pytest.raises(WrongUsernameOrPasswordError):
        shop.login("new@example.com", "Secret 7")
    assert shop.change_email("new@example.com", ADA, True) == Declined()
    assert shop.change_email("new@example.com", "NEW@example.com", True) == Done()
    assert shop.change_email("new@example.com", "moved@example.com", False) == Done()
    assert shop.get_user("new@example.com") == NotFound()
    assert found(shop.login("moved@example.com", "Secret 8")) == user_id
    assert shop.delete(str(user_id)) == Done()
    assert shop.delete(str(user_id)) == Done()
    assert shop.get_user("moved@example.com") == NotFound()


def test_an_unknown_user_changes_nothing() -> None:
    shop = Bookshop()

    assert shop.verify("nobody@example.com") == Declined()
    assert shop.change_password("nobody@example.com", "x") == Declined()
    assert shop.change_email("nobody@example.com", "moved@example.com", True) == Declined()


def test_nothing_is_answered_without_the_store() -> None:
    with pytest.raises(ScriptError):
        bookshop.broken().get_user(ADA)
    with pytest.raises(ScriptError):
        bookshop.broken().delete("shop-1")

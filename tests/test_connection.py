import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.connection import FEATURES, Connection, KnownUser, NewUser
from customdb_contract.errors import ConfigurationError
from customdb_contract.secrets import Secret

PASSWORD = "correct horse battery"


def test_a_connection_is_in_legacy_mode_by_default() -> None:
    connection = Connection()

    assert connection == Connection(
        name="custom-database", import_mode=False, requires_username=False, script_context=False, features=()
    )


@pytest.mark.parametrize("setting", ["import_mode", "requires_username", "script_context", "deletion_is_final"])
@pytest.mark.parametrize("value", [None, 0, 1, "true", "off"])
def test_a_setting_is_on_or_off_and_nothing_else(setting: str, value: object) -> None:
    settings: dict[str, Any] = {setting: value}

    with pytest.raises(ConfigurationError) as caught:
        Connection(**settings)

    assert str(caught.value) == f"Connection: {setting} must be True or False, got {value!r}"


@given(st.lists(st.sampled_from(FEATURES), unique=True))
def test_features_are_kept_in_order(features: list[str]) -> None:
    assert Connection(features=features).features == tuple(features)
    assert Connection(features=iter(features)).features == tuple(features)


def test_one_feature_may_be_written_alone() -> None:
    assert Connection(features="reset").features == ("reset",)


@pytest.mark.parametrize("features", ["sign-up", ["signup", "sign-up"]])
def test_an_unknown_feature_is_listed_with_the_known_ones(features: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Connection(features=features)

    assert str(caught.value) == ("features has no 'sign-up'; choose from signup, reset, verify, change_email, delete")


@pytest.mark.parametrize(
    ("features", "shown"), [(None, "None"), (7, "7"), (["signup", 7], r"['signup', 7]"), (b"signup", "b'signup'")]
)
def test_features_of_the_wrong_type_are_named(features: Any, shown: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Connection(features=features)

    assert str(caught.value) == f"features must be a list of strings, got {shown}"


def test_the_name_of_a_connection_is_a_text() -> None:
    name: Any = 7

    with pytest.raises(ConfigurationError, match=r"^Connection: name must be a string, got 7$"):
        Connection(name=name)


@pytest.mark.parametrize("email", [None, ""])
@pytest.mark.parametrize("username", [None, ""])
def test_a_known_user_has_an_email_or_a_username(email: str | None, username: str | None) -> None:
    message = r"^a known user needs an email, a username or a phone_number: KnownUser\(email='ada@example.com'\)$"

    with pytest.raises(ConfigurationError, match=message):
        KnownUser(email=email, username=username, aliases=["ada"])


@pytest.mark.parametrize(
    ("user", "identifiers"),
    [
        (KnownUser(email="ada@example.com"), ("ada@example.com",)),
        (KnownUser(username="ada"), ("ada",)),
        (KnownUser(phone_number="+4930123456"), ("+4930123456",)),
        (KnownUser(username="ada", aliases=["a", "b"]), ("ada", "a", "b")),
        (
            KnownUser(aliases=("ada@shop.test", "", "ada", "ada@example.com"), username="ada", email="ada@example.com"),
            ("ada@example.com", "ada", "ada@shop.test"),
        ),
    ],
)
def test_the_identifiers_are_email_username_and_aliases_each_once(user: KnownUser, identifiers: tuple[str]) -> None:
    assert user.identifiers == identifiers


@pytest.mark.parametrize("attribute", ["email", "username"])
def test_an_identifier_is_a_text(attribute: str) -> None:
    options: dict[str, Any] = {"username": "ada", attribute: 7}

    with pytest.raises(ConfigurationError) as caught:
        KnownUser(**options)

    assert str(caught.value) == f"KnownUser: {attribute} must be a string, got 7"


@pytest.mark.parametrize("number", ["030123456", "+", "+49 30", "+1234567890123456", 4930123456])
def test_a_phone_number_is_one_as_auth0_passes_it(number: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        KnownUser(phone_number=number)

    assert str(caught.value) == (
        f"KnownUser: phone_number must be a phone number as Auth0 passes it, such as +4930123456, got {number!r}"
    )


@pytest.mark.parametrize("name", ["", 7])
def test_an_organization_has_a_name(name: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        KnownUser(username="ada", organization=name)

    assert str(caught.value) == f"KnownUser: organization must be the name of an organization, got {name!r}"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"password": "Aa1!"},
            r"password must contain \{unique\} exactly once; .* by random letters and digits$",
        ),
        ({"password": 7}, "password must be a string, got a value of the type int"),
        ({"phone_number": 7}, "phone_number must be a string, got 7"),
        ({"phone_number": "+4930"}, r"phone_number must contain \{unique\} exactly once"),
        ({"user_metadata": 7}, "user_metadata must be a mapping, got 7"),
        ({"app_metadata": []}, r"app_metadata must be a mapping, got \[\]"),
        ({"fields": "company"}, "fields must be a mapping, got 'company'"),
        ({"fields": {"email": 1, "tenant": 2}}, "fields cannot have email, tenant, which the check sets$"),
    ],
)
def test_an_invalid_new_user_is_an_error(options: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^NewUser: {said}") as caught:
        NewUser(**options)

    assert "Aa1!" not in str(caught.value)


def test_a_new_user_has_what_a_sign_up_needs() -> None:
    new_user = NewUser(password="Aa1!{unique}", phone_number="+49{unique}", fields={"company": "Acme"})
    token = new_user.password_of("b2c3")

    assert token is not None
    assert token.reveal() == "Aa1!b2c3"
    assert new_user.fields_of("a1") == {"company": "Acme", "phone_number": "+49000000361"}
    assert new_user.phone_number_of("zzzzzzzzzzz") == "+49" + str(36**11 - 1)[-9:]
    assert NewUser().fields_of("a1") == {}
    assert NewUser().password_of("b2c3") is None
    assert hash(new_user) == hash(NewUser(password="Aa1!{unique}", phone_number="+49{unique}"))


def test_a_single_alias_is_not_treated_as_a_list_of_letters() -> None:
    with pytest.raises(ConfigurationError) as caught:
        KnownUser(username="ada", aliases="lovelace")

    assert str(caught.value) == "aliases must be a list of identifiers, got 'lovelace'; write ['lovelace']"


@pytest.mark.parametrize(("aliases", "shown"), [(None, "None"), ([None], r"[None]")])
def test_aliases_of_the_wrong_type_are_named(aliases: Any, shown: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        KnownUser(username="ada", aliases=aliases)

    assert str(caught.value) == f"aliases must be a list of strings, got {shown}"


def test_disabled_is_a_flag() -> None:
    disabled: Any = "yes"

    with pytest.raises(ConfigurationError, match=r"^KnownUser: disabled must be True or False, got 'yes'$"):
        KnownUser(username="ada", disabled=disabled)


def test_a_profile_is_a_mapping() -> None:
    profile: Any = ["email_verified"]

    with pytest.raises(ConfigurationError) as caught:
        KnownUser(username="ada", profile=profile)

    assert str(caught.value) == (
        "KnownUser: profile must map attributes to their expected values, got ['email_verified']"
    )


@pytest.mark.parametrize(
    ("password", "found"),
    [
        ("", "empty"),
        (Secret(""), "empty"),
        (PASSWORD.encode(), "a value of the type bytes"),
        (271828182845, "a value of the type int"),
        ([PASSWORD], "a value of the type list"),
    ],
)
def test_an_unusable_password_is_refused_and_not_shown(password: Any, found: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        KnownUser(username="ada", password=password)

    assert str(caught.value) == (f"KnownUser: password must be a string, got {found}; leave it out if it is not known")


@pytest.mark.parametrize("password", [PASSWORD, Secret(PASSWORD)])
def test_a_password_is_kept_as_a_secret(password: str | Secret) -> None:
    user = KnownUser(username="ada", password=password)

    assert user.password == Secret(PASSWORD)
    assert user.password is not None
    assert user.password.reveal() == PASSWORD
    assert PASSWORD not in f"{user!r} {user} {(user,)}"
    assert "password=Secret('…')" in repr(user)


def test_without_a_password_there_is_none() -> None:
    assert KnownUser(username="ada").password is None


def test_copies_equal_the_original() -> None:
    user = KnownUser(email="ada@example.com", password=PASSWORD, profile={"email_verified": True})

    assert copy.deepcopy(user) == user
    assert pickle.loads(pickle.dumps(user)) == user

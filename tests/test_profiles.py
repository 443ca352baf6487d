"""Profiles: their normalization by Auth0, rejected ones, and differences."""

import datetime as dt
import decimal
import enum
import re
import uuid
from collections.abc import Callable, Mapping
from types import MappingProxyType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from typing_extensions import override

import customdb_contract.profiles
from customdb_contract import Profile, differences, normalize_profile
from customdb_contract.errors import ProfileError
from customdb_contract.profiles import (
    Difference,
    Repair,
    RepairKind,
    email_problem,
    generated_attributes,
    is_secret_name,
    metadata_key_problems,
    mfa_factors_problem,
    normal_attributes,
    repair_profile,
    username_problem,
)
from customdb_contract.testing.strategies import emails, json_values, profiles

pytestmark = [pytest.mark.one_python, pytest.mark.traced]

_DAY = dt.date(2026, 8, 1)
ADA = {
    "user_id": "7",
    "email": "ada@example.com",
    "name": "Ada",
    "nickname": "ada",
    "picture": "https://example.com/ada.png",
}


def raw_values() -> st.SearchStrategy[object]:
    """Return a strategy for values that a store can return: JSON values and others."""
    odd = (
        st.uuids()
        | st.decimals()
        | st.datetimes()
        | st.dates()
        | st.times()
        | st.binary(max_size=8)
        | st.floats()
        | st.builds(object)
        | st.frozensets(st.integers(), max_size=3)
        | st.tuples(st.integers(), st.uuids())
        | st.complex_numbers()
    )
    return st.recursive(
        json_values() | odd,
        lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3),
    )


# Normalization


@given(profiles())
def test_a_valid_profile_needs_no_repair(raw: dict[str, object]) -> None:
    normalized = normalize_profile(raw)

    assert normalized.repairs == ()
    assert normalized.profile.model_dump(exclude_unset=True) == raw


@given(profiles())
def test_a_valid_profile_needs_none_with_import_mode_on(raw: dict[str, object]) -> None:
    assert normalize_profile(raw, import_mode=True).repairs == ()


_REPAIRABLE = st.fixed_dictionaries(
    {"email": emails() | emails().map(str.upper)},
    optional={
        "user_id": st.text("abc7", min_size=1) | st.integers() | st.uuids(),
        "access_token": st.text(max_size=5),
        "refresh_token": st.text(max_size=5),
        "app_metadata": st.dictionaries(st.just("x"), st.uuids() | st.datetimes() | st.decimals() | json_values()),
        "since": st.dates() | st.binary(max_size=5),
    },
)


@given(_REPAIRABLE, st.booleans())
def test_normalization_is_idempotent_and_loses_nothing(raw: dict[str, object], import_mode: bool) -> None:
    raw = {"id": 7, **raw}

    first = normalize_profile(raw, import_mode=import_mode)
    again = normalize_profile(first.profile.model_dump(exclude_unset=True), import_mode=import_mode)

    assert again.repairs == ()
    assert again.profile == first.profile
    kept = set(first.profile.model_dump(exclude_unset=True))
    identities = first.profile.identities or [{}]
    assert {name for name in raw if name != "id"} - {"access_token", "refresh_token"} <= kept
    assert {name for name in raw if name.endswith("_token")} == {
        name for name in identities[0] if name.endswith("_token")
    }


@pytest.mark.parametrize("import_mode", [False, True])
@pytest.mark.parametrize("missing", [(), *[(name,) for name in ADA if name not in {"user_id", "email"}]], ids="".join)
@pytest.mark.parametrize("more", [{}, {"id": 7}, {"access_token": "x"}, {"since": _DAY}, {"username": "Ada"}], ids=str)
def test_normalizing_and_repairing_report_the_same_repairs(
    more: dict[str, object], missing: tuple[str, ...], *, import_mode: bool
) -> None:
    raw = {name: value for name, value in ADA.items() if name not in missing} | more
    repaired = repair_profile(raw, import_mode=import_mode)
    normalized = normalize_profile(raw, import_mode=import_mode)

    assert normalized.repairs == repaired.repairs
    assert normalized.profile.model_dump(exclude_unset=True).keys() == repaired.attributes.keys()


_REFUSED: dict[str, tuple[object, ...]] = {
    "user_id": ("", "a b", "x" * 256, None, True, ["7"]),
    "email": ("", "ada", "@example.com", "ada@", "a@b@c", "x" * 65 + "@example.com", "a..b@example.com", 7),
    "email_verified": (1, 0, "true"),
    "username": ("", "x" * 129, 7),
    "phone_number": ("0171", "+49 171", "+" + "1" * 16, 49),
    "phone_verified": (1, "yes"),
    "name": ("", "x" * 301, 7),
    "nickname": ("", "x" * 351),
    "given_name": ("", "x" * 151),
    "family_name": ("", "x" * 151),
    "picture": ("", "/7.png", "ftp://example.com/x", "https://"),
    "blocked": (1, "no"),
    "user_metadata": ("x", [], {"a.b": 1}, {"a": {"$b": 1}}, {"a": [{"b.c": 1}]}, {7: 1}, {"a": object()}),
    "app_metadata": ({"email": 1}, {"blocked": False}, {"a": {"b": [object()]}}),
    "mfa_factors": (
        [],
        [{}],
        [{"sms": {"value": "+1"}}],
        [{"totp": {"secret": "abc"}}],
        [{"phone": {"value": "1"}}],
        "x",
    ),
}


_REFUSALS: list[tuple[str, object]] = [(name, value) for name, values in _REFUSED.items() for value in values]


@given(profiles(), st.sampled_from(_REFUSALS))
def test_a_refusal_names_its_attribute(raw: dict[str, object], refused: tuple[str, object]) -> None:
    name, value = refused

    with pytest.raises(ProfileError) as raised:
        normalize_profile(raw | {name: value})

    assert f" {name}" in str(raised.value)
    others = set(_REFUSED) - {name}
    assert not [other for other in others if f"; {other} " in str(raised.value)]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({}, "Auth0 does not accept this profile: user_id Field required"),
        (
            ADA | {"app_metadata": {"user_id": 1, "blocked": 2}},
            "Auth0 does not accept this profile: app_metadata has the reserved names blocked, user_id",
        ),
        (
            ADA | {"user_metadata": {"a": {"b.c": 1}}},
            ("Auth0 does not accept this profile: user_metadata has a key with . or $ in it, which no key may contain"),
        ),
        (
            ADA | {"user_metadata": {1: 1}},
            "Auth0 does not accept this profile: user_metadata has a key that is not a string",
        ),
        (
            ADA | {"user_metadata": {"a": 1j}},
            (
                "Auth0 does not accept this profile: user_metadata has a value of the type complex, "
                "which JSON does not have"
            ),
        ),
        (
            ADA | {"mfa_factors": []},
            "Auth0 does not accept this profile: mfa_factors has 0 items, and 1 to 10 are allowed",
        ),
        (
            ADA | {"email": "ada"},
            (
                "Auth0 does not accept this profile: email is not an e-mail address: it needs one @ with something "
                "on both sides"
            ),
        ),
    ],
    ids=["missing", "reserved", "dotted", "key", "type", "factors", "email"],
)
def test_a_profile_that_auth0_refuses_is_an_error(raw: dict[str, object], message: str) -> None:
    with pytest.raises(ProfileError) as raised:
        normalize_profile(raw)

    assert str(raised.value) == message


def test_import_mode_needs_an_email_and_a_plain_username() -> None:
    raw = {"user_id": "7", "username": "ada lovelace"}

    with pytest.raises(ProfileError) as raised:
        normalize_profile(raw, import_mode=True)

    assert normalize_profile(raw).profile.username == "ada lovelace"
    assert str(raised.value) == (
        "Auth0 does not import this profile: email is missing; "
        "username has a character other than letters, digits and @ ^ $ . ! ` - # + ' ~ _"
    )


def test_metadata_that_contains_itself_is_refused() -> None:
    metadata: dict[str, object] = {}
    metadata["self"] = metadata

    with pytest.raises(ProfileError, match="or contains itself"):
        normalize_profile(ADA | {"app_metadata": metadata})


def test_no_message_quotes_a_value() -> None:
    with pytest.raises(ProfileError) as raised:
        normalize_profile(
            {"user_id": "s3cret x", "email": "s3cret", "app_metadata": {"s3cret.x": 1}, "name": ["s3cret"]}
        )

    assert "s3cret" not in str(raised.value)


# Repairs


class Color(enum.Enum):
    RED = "red"


class ObjectId:
    @override
    def __str__(self) -> str:
        return "507f1f77bcf86cd799439011"


_UUID = uuid.UUID("12345678-1234-5678-1234-567812345678")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (_UUID, str(_UUID)),
        (ObjectId(), "507f1f77bcf86cd799439011"),
        (decimal.Decimal(7), 7),
        (decimal.Decimal(2**53 - 1), 2**53 - 1),
        (decimal.Decimal(-(2**53) + 1), -(2**53) + 1),
        (decimal.Decimal(2**53), float(2**53)),
        (decimal.Decimal(2**53 + 1), str(2**53 + 1)),
        (decimal.Decimal("0.5"), 0.5),
        (decimal.Decimal("0.12345678901234567890"), "0.12345678901234567890"),
        (decimal.Decimal("NaN"), None),
        (dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC), "2024-05-01T12:00:00+00:00"),
        (dt.date(2024, 5, 1), "2024-05-01"),
        (dt.time(12), "12:00:00"),
        (b"caf\xc3\xa9", "café"),
        (bytearray(b"\xff"), "/w=="),
        (Color.RED, "red"),
        (float("nan"), None),
        (float("inf"), None),
        ((1, _UUID), [1, str(_UUID)]),
        ({3, 1}, [1, 3]),
        (frozenset({"b", "a"}), ["a", "b"]),
        ([[_UUID]], [[str(_UUID)]]),
    ],
)
def test_values_that_json_lacks_are_converted(value: object, expected: object) -> None:
    repaired = repair_profile({"x": value, "app_metadata": {"y": value}})

    assert repaired.attributes["x"] == expected
    assert type(repaired.attributes["x"]) is type(expected)
    assert repaired.attributes["app_metadata"] == {"y": expected}
    assert {repair.kind for repair in repaired.repairs} == {RepairKind.CONVERTED}
    assert {repair.path.split("[")[0] for repair in repaired.repairs} == {"x", "app_metadata.y"}


@pytest.mark.parametrize("value", [object(), 1j, "text", 7, 1.5, True, None, {"a": [1]}, []])
def test_json_values_and_unknown_attributes_stay_unchanged(value: object) -> None:
    repaired = repair_profile({"x": value})

    assert repaired.attributes["x"] is value
    assert repaired.repairs == ()


class Plan(enum.Enum):
    ITEMS = (_UUID,)
    FIELDS = {"id": _UUID}  # noqa: RUF012 - it is the value of a member


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Plan.FIELDS, Repair("x", RepairKind.CONVERTED, "Plan", "dict")),
        (Plan.ITEMS, Repair("x", RepairKind.CONVERTED, "Plan", "list")),
        ({_UUID}, Repair("x", RepairKind.CONVERTED, "set", "list")),
    ],
)
def test_a_value_that_becomes_another_container_is_one_repair(value: object, expected: Repair) -> None:
    assert repair_profile({"x": value}).repairs == (expected,)


CONTAINERS: Mapping[str, Callable[[object], object]] = {
    "lists": lambda value: [value],
    "tuples": lambda value: (value,),
    "objects": lambda value: {"a": value},
}


def nested(value: object, depth: int, container: str) -> object:
    for _ in range(depth):
        value = CONTAINERS[container](value)
    return value


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(("depth", "is_converted"), [(50, True), (51, False)])
def test_values_nested_more_than_fifty_levels_are_unchanged(container: str, depth: int, is_converted: bool) -> None:
    repaired = repair_profile({"x": nested(_UUID, depth, container)})

    assert (repr(_UUID) not in str(repaired.attributes)) is is_converted


def test_changes_made_by_auth0_are_listed() -> None:
    raw = {"id": 7.0, "email": "Ada@Example.com", "username": "ADA", "name": "Ada", "picture": "https://x.test/"}

    repaired = repair_profile(raw, import_mode=True)

    assert repaired.repairs == (
        Repair("user_id", RepairKind.RENAMED, "id", "user_id"),
        Repair("user_id", RepairKind.CONVERTED, "7.0", "'7'"),
        Repair("email", RepairKind.LOWER_CASED, "'Ada@Example.com'", "'ada@example.com'"),
        Repair("username", RepairKind.LOWER_CASED, "'ADA'", "'ada'"),
        Repair("nickname", RepairKind.GENERATED, "nothing", "'ada'"),
    )
    assert list(repaired.attributes) == ["email", "username", "name", "picture", "user_id", "nickname"]


def test_an_email_keeps_its_case_with_import_mode_off() -> None:
    assert repair_profile({"user_id": "7", "email": "Ada@Example.com"}).attributes["email"] == "Ada@Example.com"


def test_a_user_id_comes_before_an_id() -> None:
    assert repair_profile({"user_id": "7", "id": 8}).attributes == {"user_id": "7", "id": 8}


def test_tokens_move_to_the_first_identity_and_are_not_shown() -> None:
    raw = {
        "access_token": "s3cret-a",
        "refresh_token": "s3cret-r",
        "identities": [{"provider": "x"}, {"provider": "y"}],
    }

    repaired = repair_profile(raw)

    assert repaired.attributes == {
        "identities": [{"provider": "x", "access_token": "s3cret-a", "refresh_token": "s3cret-r"}, {"provider": "y"}]
    }
    assert "s3cret" not in repr(repaired.repairs)


@pytest.mark.parametrize("identities", ["x", [7], {"a": 1}], ids=repr)
def test_tokens_stay_if_identities_are_invalid(identities: object) -> None:
    raw = {"access_token": "a", "identities": identities}

    assert repair_profile(raw).attributes == raw


def test_a_token_that_the_identity_has_already_is_not_lost() -> None:
    raw = {"access_token": "new", "identities": [{"access_token": "old"}]}

    assert repair_profile(raw).attributes == raw


@given(
    st.dictionaries(st.text(max_size=12) | st.sampled_from(["id", "email", "identities", "access_token"]), raw_values())
)
@example({"id": decimal.Decimal("Infinity")})
def test_any_mapping_can_be_repaired_and_keeps_its_attributes(raw: dict[str, object]) -> None:
    repaired = repair_profile(raw, import_mode=True)

    told_elsewhere = {"access_token", "refresh_token"} | ({"id"} if "user_id" in repaired.attributes else set[str]())
    assert set(raw) - told_elsewhere <= set(repaired.attributes)


def test_endless_nesting_is_left_alone() -> None:
    cyclic: dict[str, object] = {}
    cyclic["self"] = cyclic
    deep: object = "x"
    for _ in range(10_000):
        deep = [deep]

    repaired = repair_profile({"cyclic": cyclic, "deep": deep, "both": MappingProxyType(cyclic)})

    assert set(repaired.attributes) == {"cyclic", "deep", "both"}


def test_secrets_and_long_values_are_not_shown() -> None:
    repaired = repair_profile({"password_hash": b"s3cret", "note": b"x" * 200, "tags": (1,)})

    assert [repair.after for repair in repaired.repairs] == ["…", f"'{'x' * 78}…", "list"]


@given(raw=profiles() | st.dictionaries(st.sampled_from([*ADA, "id", "username", "access_token"]), json_values()))
@example(raw={"id": 7, "email": "Ada@Example.com", "refresh_token": "1"})
def test_the_attributes_alone_are_those_of_the_repaired_profile(raw: Mapping[str, object]) -> None:
    for import_mode in (True, False):
        assert (
            normal_attributes(raw, import_mode=import_mode) == repair_profile(raw, import_mode=import_mode).attributes
        )


def test_nothing_is_generated_without_an_email() -> None:
    assert generated_attributes({"email": None}) == {}
    assert generated_attributes({"email": "ada"}) == {}
    assert generated_attributes(ADA)["nickname"] == "ada"


# Predicates


@pytest.mark.parametrize(
    "email",
    ["ada@example.com", "a.b+c@sub.example.com", '"a b"@example.com', "zoë@exämple.de", "o'neil@example.com", "a@b.co"],
)
def test_an_email_may_be_unusual(email: str) -> None:
    assert email_problem(email) is None


@pytest.mark.parametrize(
    ("email", "problem"),
    [
        ("ada", "is not an e-mail address: it needs one @ with something on both sides"),
        ("x" * 65 + "@example.com", "has 65 characters before the @, and at most 64 are allowed"),
        ("a@" + "b" * 60 + ("." + "c" * 60) * 4, "has 306 characters, and at most 254 are allowed"),
        (
            ".a@example.com",
            "is not an e-mail address: the part before the @ has a character or dots that are not allowed there",
        ),
        (
            "a b@example.com",
            "is not an e-mail address: the part before the @ has a character or dots that are not allowed there",
        ),
        ("a@example", "is not an e-mail address: the part after the @ is not a domain"),
        ("a@-x.com", "is not an e-mail address: the part after the @ is not a domain"),
    ],
    ids=["no at", "local", "whole", "dot", "blank", "domain", "dash"],
)
def test_problems_of_an_email(email: str, problem: str) -> None:
    assert email_problem(email) == problem


@given(emails(upper_case=True, international=True))
def test_the_quick_way_for_emails_accepts_what_the_exact_one_accepts(email: str) -> None:
    assert email_problem(email) is None
    assert normalize_profile(ADA | {"email": email}).profile.email == email


@given(
    st.text(max_size=80) | st.builds("{}@{}.{}".format, st.text(max_size=70), st.text(max_size=5), st.text(max_size=4))
)
def test_a_profile_accepts_an_email_exactly_when_it_has_no_problem(email: str) -> None:
    accepted = True
    try:
        Profile(user_id="7", email=email)
    except ValueError:
        accepted = False

    assert accepted is (email_problem(email) is None)


@given(json_values())
def test_a_profile_accepts_factors_exactly_when_they_have_no_problem(factors: object) -> None:
    accepted = True
    try:
        Profile.model_validate({"user_id": "7", "mfa_factors": factors})
    except ValueError:
        accepted = False

    assert accepted is (factors is None or mfa_factors_problem(factors) is None)


@pytest.mark.parametrize(
    ("username", "problem"),
    [
        ("ada.l-9_+'~", None),
        ("", "is empty"),
        ("x" * 129, "has 129 characters, and at most 128 are allowed"),
        ("ada l", "has a character other than letters, digits and @ ^ $ . ! ` - # + ' ~ _"),
        ("ada@example.com", "is an e-mail address, which a username must not be"),
    ],
)
def test_problems_of_a_username(username: str, problem: str | None) -> None:
    assert username_problem(username) == problem


@pytest.mark.parametrize(
    ("factors", "problem"),
    [
        ([{"totp": {"secret": "ABC234"}}, {"phone": {"value": "+1"}}, {"email": {"value": "a@example.com"}}], None),
        ("x", "is not an array"),
        ([], "has 0 items, and 1 to 10 are allowed"),
        ([{}], "[0] must be an object with exactly one of totp, phone, email"),
        (["x"], "[0] must be an object with exactly one of totp, phone, email"),
        ([{"sms": {}}], "[0] must be an object with exactly one of totp, phone, email"),
        ([{7: {}}], "[0] must be an object with exactly one of totp, phone, email"),
        ([{"totp": "ABC"}], "[0] totp must be an object with secret and nothing else"),
        ([{"totp": {"secret": "A", "x": 1}}], "[0] totp must be an object with secret and nothing else"),
        ([{"totp": {"secret": None}}], "[0] totp.secret is not a string"),
        ([{"totp": {"secret": "abc="}}], "[0] totp.secret is not Base32 in upper case without padding"),
        ([{"phone": {"value": "1"}}], "[0] phone.value is not + and 1 to 15 digits"),
        ([{"email": {"value": "x"}}], "[0] email.value is not an e-mail address"),
    ],
)
def test_problems_of_factors(factors: object, problem: str | None) -> None:
    assert mfa_factors_problem(factors) == problem


def test_names_with_dots_are_found_at_every_depth() -> None:
    metadata = {"a": {"b.c": 1}, "d": [{"$e": [{"f.": 0}]}], 7: {"x.y": 1}}

    assert list(metadata_key_problems(metadata, "m")) == ["m.a.b.c", "m.d[0].$e", "m.d[0].$e[0].f.", "m.7.x.y"]


@pytest.mark.parametrize(("name", "secret"), [("password", True), ("X_Token", True), ("plan", False), ("email", False)])
def test_names_of_secrets(name: str, secret: bool) -> None:
    assert is_secret_name(name) is secret


# Differences


@given(st.dictionaries(st.text(max_size=5), raw_values(), max_size=4))
def test_a_profile_does_not_differ_from_itself(raw: dict[str, object]) -> None:
    assert differences(raw, dict(raw)) == ()


@given(*[st.dictionaries(st.sampled_from("abc"), json_values(), max_size=3)] * 2)
def test_differences_are_symmetric(one: Mapping[str, object], other: Mapping[str, object]) -> None:
    forward = {(item.path, item.first, item.second) for item in differences(one, other)}
    backward = {(item.path, item.second, item.first) for item in differences(other, one)}

    assert forward == backward


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": None}, {}),
        ({"a": 1}, {"a": 1.0}),
        ({"a": ["x", 1, True]}, {"a": [True, "x", 1.0]}),
        ({"a": ("x",)}, {"a": ["x"]}),
        ({"access_token": "1"}, {"refresh_token": "2", "identities": []}),
        ({"email": "a@example.com"}, {"email": "a@example.com"} | generated_attributes({"email": "a@example.com"})),
        ({"a": {"b": None}}, {"a": {}}),
        ({"a": _UUID}, {"a": uuid.UUID(str(_UUID))}),
    ],
    ids=["null", "number", "order", "tuple", "tokens", "generated", "nested null", "object"],
)
def test_profiles_without_a_difference(one: Mapping[str, object], other: Mapping[str, object]) -> None:
    assert differences(one, other) == ()
    assert differences(other, one) == ()


class Incomparable:
    @override
    def __eq__(self, _: object) -> bool:
        raise ValueError

    @override
    def __hash__(self) -> int:
        return 0


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"a": True}, {"a": 1}, Difference("a", "true", "1")),
        ({"a": "1"}, {"a": 1}, Difference("a", '"1"', "1")),
        ({"a": {"b": [{"c": 1}]}}, {"a": {"b": [{"c": 2}]}}, Difference("a.b[0].c", "1", "2")),
        ({"a": [{}, {"x": 1}]}, {"a": [{}]}, Difference("a[1]", '{"x": 1}', "nothing")),
        ({"a": ["x", "x"]}, {"a": ["x"]}, Difference("a", '["x", "x"]', '["x"]')),
        ({"a": {"api_token": "s3cret"}}, {"a": {}}, Difference("a.api_token", "…", "nothing")),
        ({"a": [{"token": "s3cret"}]}, {"a": []}, Difference("a[0]", '{"token": "…"}', "nothing")),
        ({"a": "x" * 100}, {}, Difference("a", f'"{"x" * 78}…', "nothing")),
        ({"a": "x" * 78}, {}, Difference("a", f'"{"x" * 78}"', "nothing")),
        ({"a": 2**53 - 1}, {"a": 2**53}, Difference("a", str(2**53 - 1), str(2**53))),
        ({"a": _UUID}, {}, Difference("a", f'"UUID {_UUID}"', "nothing")),
        ({"a": 2**60}, {"a": 2**60 + 1}, Difference("a", str(2**60), str(2**60 + 1))),
        ({"a": 2**53}, {"a": 2**53 + 1}, Difference("a", str(2**53), str(2**53 + 1))),
    ],
    ids=[
        "bool",
        "text",
        "nested",
        "length",
        "count",
        "secret",
        "secret inside",
        "long",
        "just not too long",
        "just not large",
        "object",
        "large",
        "barely large",
    ],
)
def test_a_difference_names_the_path_and_both_values(
    one: Mapping[str, object], other: Mapping[str, object], expected: Difference
) -> None:
    assert differences(one, other) == (expected,)


def test_values_that_cannot_be_compared_differ() -> None:
    assert len(differences({"a": Incomparable()}, {"a": Incomparable()})) == 1


def test_profiles_can_be_compared_with_attributes() -> None:
    assert differences(Profile(user_id="7", email="a@example.com"), {"user_id": "7", "email": "a@example.com"}) == ()


@pytest.mark.parametrize("container", ["lists", "objects"])
def test_values_below_sixty_levels_are_one_difference(container: str) -> None:
    one, other = ({"x": nested([{}, value], 70, container)} for value in (1, 2))

    (difference,) = differences(one, other)
    assert len(re.findall(r"\[0\]|\.a", difference.path)) == 60


@pytest.mark.parametrize(("container", "step"), [("lists", "["), ("objects", '{"a": ')])
def test_values_below_sixty_levels_are_not_shown(container: str, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customdb_contract.profiles._differences._SHOWN", 1_000)

    (difference,) = differences({"x": nested(1, 70, container)}, {})
    assert difference.first.startswith(f'{step * 61}"…"')


def test_endless_nesting_can_be_compared() -> None:
    one: dict[str, object] = {}
    one["self"] = one
    other: dict[str, object] = {}
    other["self"] = other

    assert all(difference.path.startswith("self.self") for difference in differences(one, other))


def test_the_package_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Profil'"):
        getattr(customdb_contract.profiles, "Profil")  # noqa: B009 - a type checker would refuse the plain form

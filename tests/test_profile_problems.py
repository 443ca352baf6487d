"""Problems of one profile: the predicates, and the rules that report the same."""

import datetime as dt
import decimal
import uuid
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from typing_extensions import override

from customdb_contract import Connection, normalize_profile
from customdb_contract.contract import Script
from customdb_contract.errors import ProfileError
from customdb_contract.findings import Group, Violation
from customdb_contract.profiles.problems import (
    CUT,
    PREDICATES,
    Circumstances,
    Problem,
    kind_of,
    problems_of,
    profile_too_large,
    readable,
    user_id_of,
)
from customdb_contract.rules import CATALOGUE
from customdb_contract.secrets import SecretRegistry
from customdb_contract.severity import Severity
from customdb_contract.testing import strategies
from customdb_contract.testing.strategies import FLAWS, flawed_profiles, json_values, profiles
from customdb_contract.transcript import (
    Ending,
    Exchange,
    Header,
    Outcome,
    Person,
    RecordedError,
    ScriptInfo,
    Situation,
    Special,
    Transcript,
    record,
)

pytestmark = [pytest.mark.one_python, pytest.mark.traced]

ADA: Mapping[str, object] = {"user_id": "7", "email": "ada@example.com", "email_verified": True}
HASH = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"


def without(*names: str) -> dict[str, object]:
    return {name: value for name, value in ADA.items() if name not in names}


def found(profile: Mapping[str, object], *, import_mode: bool = True, requires_username: bool = False) -> list[Problem]:
    return list(problems_of(profile, import_mode=import_mode, requires_username=requires_username))


# Messages

INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR

PROBLEMS: Sequence[tuple[Mapping[str, object], str, Severity, str]] = [
    # (what the profile has, rule, severity, "path problem")
    ({"user_id": None}, "missing-user-id", ERROR, "user_id is missing or empty; it is mandatory"),
    (
        {"user_id": None, "id": "7"},
        "missing-user-id",
        INFO,
        (
            "user_id is missing, and id is there instead; Auth0 accepts either, but its pages on the "
            "scripts document only user_id"
        ),
    ),
    ({"user_id": 7}, "user-id-not-a-string", WARNING, "user_id is of the type int; return it as text"),
    ({"user_id": uuid.UUID(int=7)}, "user-id-not-a-string", ERROR, "user_id is of the type UUID; return it as text"),
    ({"user_id": ["7"]}, "user-id-not-a-string", ERROR, "user_id is of the type list; return it as text"),
    ({"user_id": "None"}, "invalid-user-id", ERROR, "user_id is the text 'None', the name of a missing value"),
    ({"user_id": "a b"}, "invalid-user-id", ERROR, "user_id contains white space, which is not allowed"),
    ({"user_id": "x" * 300}, "invalid-user-id", ERROR, "user_id has 300 characters, and at most 255 are allowed"),
    (
        {"user_id": "x" * 129},
        "invalid-user-id",
        WARNING,
        "user_id has 129 characters, and accounts with more than 128 cannot become the primary one of linked accounts",
    ),
    (
        {"user_id": "auth0|7"},
        "prefixed-user-id",
        WARNING,
        "user_id starts with auth0|, which Auth0 adds itself",
    ),
    (
        {"user_id": "ada@example.com"},
        "mutable-user-id",
        WARNING,
        "user_id is derived from the e-mail, which can change",
    ),
    (
        {"user_id": "6164616c", "username": "adal", "phone_number": "+4917112"},
        "",
        INFO,
        "",
    ),
    (
        {"user_id": b"adalovelace".hex(), "username": "adalovelace"},
        "mutable-user-id",
        WARNING,
        "user_id is derived from the username, encoded, which can change",
    ),
    (
        {"user_id": "9ea6c6a35bbe4b60b0be9d6ef5b2eab4e9f8c6c7", "phone_number": "+4917112"},
        "",
        INFO,
        "",
    ),
    ({"email": None, "email_verified": None}, "invalid-email", ERROR, "email is missing"),
    (
        {"email": f"{'a' * 65}@example.com"},
        "invalid-email",
        ERROR,
        "email has 65 characters before the @, and at most 64 are allowed",
    ),
    ({"email": dt.date(2019, 1, 1)}, "invalid-email", ERROR, "email is a value of type date instead of text"),
    (
        {"email": "Ada@example.com"},
        "email-not-lowercase",
        WARNING,
        "email has upper-case letters, and Auth0 stores it in lower case",
    ),
    ({"email_verified": 1}, "email-verified-not-boolean", ERROR, "email_verified is a number instead of true or false"),
    ({"email_verified": None}, "missing-email-verified", WARNING, "email_verified is missing; return true or false"),
    ({"username": ""}, "invalid-username", ERROR, "username is empty"),
    ({"username": ["ada"]}, "invalid-username", ERROR, "username is an array instead of text"),
    ({"name": ""}, "invalid-name", WARNING, "name is empty; leave it out"),
    (
        {"given_name": "x" * 151},
        "invalid-name",
        WARNING,
        "given_name has 151 characters, and at most 150 are allowed",
    ),
    ({"nickname": {}}, "invalid-name", WARNING, "nickname is an empty object instead of text"),
    ({"phone_number": "+49\n"}, "invalid-phone-number", ERROR, "phone_number is not + and 1 to 15 digits"),
    ({"phone_verified": "yes"}, "invalid-phone-number", ERROR, "phone_verified is a string instead of true or false"),
    ({"picture": "https://example.com/7.png\n"}, "invalid-picture", WARNING, "picture is not an absolute URL"),
    ({"mfa_factors": []}, "invalid-mfa-factors", ERROR, "mfa_factors has 0 items, and 1 to 10 are allowed"),
    (
        {"last_login": "x", "created_at": "y"},
        "reserved-root-attribute",
        WARNING,
        "created_at, last_login must not be returned: Auth0 manages such attributes itself",
    ),
    (
        {"connection": "x"},
        "reserved-root-attribute",
        INFO,
        "connection should not be returned: Auth0 uses such names itself",
    ),
    ({"age": float("nan")}, "undefined-attribute", INFO, "age without a value"),
    ({"cv": "x" * 11_000}, "profile-too-large", WARNING, "size is about 10 KB, and at most 10 KB are allowed"),
    ({"cv": b"x" * 9_000}, "", INFO, ""),
    ({"cv": "x" * 9_000}, "profile-too-large", INFO, "size is about 8 KB, which nears the limit of 10 KB"),
    (
        {"cv": "x" * 110_000},
        "profile-too-large",
        ERROR,
        (
            "size is about 107 KB, and above about 100 KB log-ins fail, in tenants that had such profiles before from "
            "2027-03-04 on"
        ),
    ),
    (
        {"access_token": "a", "refresh_token": "b"},
        "idp-token-in-profile",
        INFO,
        "access_token, refresh_token should be left out: Auth0 stores such tokens",
    ),
    (
        {"app_metadata": {"email": 1, "blocked": 0}},
        "reserved-app-metadata",
        ERROR,
        "app_metadata.blocked, app_metadata.email must be renamed: Auth0 reserves such names",
    ),
    (
        {"user_metadata": {"a": [{"b.c": 1}]}},
        "invalid-metadata-key",
        ERROR,
        "user_metadata.a[0].b.c must not have . or $ in a name",
    ),
    ({"app_metadata": "x"}, "metadata-not-json", ERROR, "app_metadata is a string instead of an object"),
    (
        {"app_metadata": {7: 7}},
        "metadata-not-json",
        ERROR,
        "app_metadata is a value of type mapping instead of an object",
    ),
    (
        {"app_metadata": {"a": (decimal.Decimal("7.5"),)}},
        "metadata-not-json",
        WARNING,
        "app_metadata.a[0] is of the type Decimal, which JSON does not have",
    ),
    (
        {"user_metadata": {"a": ValueError("x")}},
        "metadata-not-json",
        WARNING,
        "user_metadata.a is of the type ValueError, which JSON does not have",
    ),
    ({"metadata": {}}, "legacy-metadata-name", WARNING, "metadata must be renamed to app_metadata or user_metadata"),
    (
        {"app_metadata": {"username": "root", "name": "x"}},
        "metadata-shadows-profile",
        WARNING,
        "app_metadata.name, app_metadata.username may override the profile's own",
    ),
    (
        {"app_metadata": {"orders": {"2024-05-01": 1}}},
        "dynamic-metadata-keys",
        INFO,
        "app_metadata.orders.* has an id, an e-mail or a date for a name; make it a value",
    ),
    (
        {"app_metadata": {"7": 1}},
        "dynamic-metadata-keys",
        INFO,
        "app_metadata.* has an id, an e-mail or a date for a name; make it a value",
    ),
    (
        {"user_metadata": {"roles": [], "is_admin": True}},
        "access-in-user-metadata",
        WARNING,
        "user_metadata.is_admin, user_metadata.roles can be edited by the users themselves",
    ),
    ({"x": [HASH]}, "secret-in-profile", ERROR, "x[0] contains the hash of a password; return no secrets"),
    ({"x": HASH.encode()}, "secret-in-profile", ERROR, "x contains the hash of a password; return no secrets"),
    ({"salt": "x"}, "secret-in-profile", WARNING, "salt has the name of a secret; return no secrets"),
    ({HASH: 1}, "secret-in-profile", ERROR, "… contains the hash of a password; return no secrets"),
]


@pytest.mark.parametrize(("attributes", "rule", "severity", "said"), PROBLEMS)
def test_problems_of_a_profile(attributes: Mapping[str, object], rule: str, severity: Severity, said: str) -> None:
    reported = [(one.rule, one.severity, f"{one.path} {one.problem}") for one in found({**ADA, **attributes})]

    assert reported == ([(rule, severity, said)] if rule else [])


def test_every_predicate_has_a_text_in_the_table() -> None:
    assert {rule for _, rule, _, _ in PROBLEMS if rule} == set(PREDICATES)


@pytest.mark.parametrize(
    ("attributes", "reported"),
    [
        ({"email": "ada"}, [("invalid-email", WARNING)]),
        ({"email": "Ada@example.com"}, []),
        ({"username": "ada l"}, []),
        ({"phone_number": "0171"}, [("invalid-phone-number", WARNING)]),
        ({"mfa_factors": []}, [("invalid-mfa-factors", INFO)]),
    ],
)
def test_with_import_mode_off(attributes: Mapping[str, object], reported: Sequence[tuple[str, Severity]]) -> None:
    assert [(one.rule, one.severity) for one in found({**ADA, **attributes}, import_mode=False)] == reported


def test_a_connection_may_require_a_username() -> None:
    (problem,) = found(ADA, requires_username=True)

    assert problem == Problem(
        rule="invalid-username",
        path="username",
        problem="is missing",
        severity=ERROR,
        got="null",
        returned="a profile whose username is missing",
    )
    assert found(ADA, requires_username=True, import_mode=False) == []


def test_values_that_differ_between_profiles_are_separate_from_the_message() -> None:
    (problem,) = found({**ADA, "user_id": "x" * 300})

    assert (problem.got, problem.returned) == (
        "300 characters",
        "a user_id that has {got}, and at most 255 are allowed",
    )


def test_the_owner_of_a_profile() -> None:
    owner = Person(label="ada", username="lovelace")
    profile = {"user_id": "shop-lovelace", "app_metadata": {"lovelace": 1}}

    def reported(whose: Person | None) -> list[str]:
        circumstances = Circumstances(import_mode=True, owner=whose)
        judged = (problem for predicate in PREDICATES.values() for problem in predicate(profile, circumstances))
        return [problem.rule for problem in judged if problem is not None]

    # A user without an e-mail needs none in the profile.
    assert reported(owner) == ["mutable-user-id", "dynamic-metadata-keys"]
    assert reported(None) == ["invalid-email"]


def test_the_user_id_of_a_profile_may_be_called_id() -> None:
    assert user_id_of({"user_id": "7", "id": "8"}) == "7"
    assert user_id_of({"user_id": None, "id": 8}) == 8
    assert user_id_of({"user_id": Special("undefined"), "id": 8}) == 8
    assert user_id_of({"email": "ada@example.com"}) is None


# Values that JSON does not have


def test_a_profile_of_json_is_judged_as_it_is() -> None:
    profile = {**ADA, "a": [1, 0.5, {"b": None}]}

    assert readable(profile) is profile


class Shelf(list[object]):
    """A list subclass."""


def nested(levels: int) -> object:
    value: object = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (("a", 1), ["a", 1]),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (Shelf([1]), [1]),
        ({"a": dt.datetime(2019, 1, 1, tzinfo=dt.UTC)}, {"a": ("datetime", "2019-01-01 00:00:00+00:00", None)}),
        (b"\xff", ("bytes", "\\xff", 1)),
        (float("inf"), ("float", "inf", None)),
        (2**1024, ("int", hex(2**1024)[:200], 1025)),
        ("x" * 65_537, ("long-text", "x" * 200, 65_537)),
        ({1: 2}, ("mapping", "keys 1", 1)),
        (OSError("refused"), ("OSError", "refused", None)),
        ({frozenset({1})}, ("set", "{frozenset({1})}", None)),
        ([{"a": {7}}], [{"a": ("set", "{7}", None)}]),
    ],
)
def test_the_plain_form_of_a_value(value: object, read: object) -> None:
    def plain(one: Any) -> Any:
        if isinstance(one, str | int | float):
            return one
        if isinstance(one, list):
            return [plain(item) for item in cast("list[object]", one)]
        if isinstance(one, dict):
            return {name: plain(item) for name, item in cast("dict[str, object]", one).items()}
        return (one.kind, one.text, one.size)

    assert plain(readable({"x": value})["x"]) == read


def test_a_profile_may_contain_itself_and_lie_deep() -> None:
    profile: dict[str, object] = {**ADA, "deep": nested(200), "shop:metadata": {}}
    profile["self"] = [profile, profile]
    assert found({**ADA, "deep": nested(200)}) == []
    profile["app_metadata"] = {"deep": nested(200)}

    assert found(profile) == []


def test_a_profile_may_have_very_many_values() -> None:
    problems = found({**ADA, "app_metadata": {"lists": [[] for _ in range(30_000)]}})

    assert [one.rule for one in problems] == ["profile-too-large"]


class NoProfile(Mapping[str, object]):
    """A mapping that cannot be read."""

    @override
    def __getitem__(self, name: str) -> object:
        raise KeyError(name)

    @override
    def __iter__(self) -> Iterator[str]:
        message = "gone"
        raise OSError(message)

    @override
    def __len__(self) -> int:
        return 1


def test_a_profile_that_cannot_be_read_is_empty() -> None:
    assert readable(NoProfile()) == {}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (0.5, "a number"),
        ("x", "a string"),
        ("", "an empty string"),
        (Special("float", "nan"), "NaN or infinity"),
        (Special("long-text", "aaa", 70_000), "a very long string"),
        (Special("undefined"), "undefined"),
        (Special("datetime", "2026-08-01"), "a value of type datetime"),
        (RecordedError("OSError", "refused"), "a value of type OSError"),
        ({"user_id": "7"}, "an object"),
        ({}, "an empty object"),
        ([1], "an array"),
        ((), "an empty array"),
    ],
)
def test_a_value_is_named_by_its_kind(value: object, kind: str) -> None:
    assert kind_of(value) == kind


def test_a_profile_is_truncated_like_in_a_transcript() -> None:
    assert all(Special(kind).is_cut for kind in CUT)


def test_the_size_of_a_recorded_profile() -> None:
    def size(value: object) -> list[str]:
        profile = MappingProxyType({**ADA, "cv": MappingProxyType({"x": value})})
        return [one.got for one in profile_too_large(profile, Circumstances(import_mode=True)) if one is not None]

    assert size(Special("long-text", "x", 90_000)) == ["about 87 KB"]
    assert size(RecordedError("OSError", "x" * 9_000)) == ["about 8 KB"]
    assert size(Special("Buffer", "x", 90_000)) == []
    assert size(Special("too-deep")) == []


def test_a_recorded_error_is_a_value_that_json_does_not_have() -> None:
    error = RecordedError("OSError", HASH)
    profile = {**ADA, "user_id": error, "app_metadata": {"a": error}}
    circumstances = Circumstances(import_mode=True)

    reported = {
        rule: [f"{one.path} {one.problem}" for one in predicate(profile, circumstances) if one is not None]
        for rule, predicate in PREDICATES.items()
    }
    assert {rule: said for rule, said in reported.items() if said} == {
        "user-id-not-a-string": ["user_id is of the type OSError; return it as text"],
        "metadata-not-json": ["app_metadata.a is of the type OSError, which JSON does not have"],
        "secret-in-profile": [
            "user_id contains the hash of a password; return no secrets",
            "app_metadata.a contains the hash of a password; return no secrets",
        ],
    }
    assert error.size is None


# The rules report the same


def judged(
    profile: Mapping[str, object], *, import_mode: bool, requires_username: bool = False
) -> list[tuple[str, str | None, Severity]]:
    """Return the findings for a profile returned by get_user: rule, path and severity."""
    outcome = Outcome(ending=Ending.FOUND, callbacks=((None, record(profile, SecretRegistry().mask)),))
    exchange = Exchange(1, Script.GET_USER, ("somebody",), "somebody", Situation.KNOWN_USER, outcome)
    header = Header(
        # Only the user's e-mail is known, and no profile has one.
        people=(Person(label="somebody", email="«»"),),
        connection=Connection(import_mode=import_mode, requires_username=requires_username),
        scripts={Script.GET_USER: ScriptInfo()},
    )
    transcript = Transcript(header, (exchange,))
    rules = {rule.info.name: rule for rule in CATALOGUE}
    return [
        (name, one.path, one.severity or rules[name].info.severity)
        for name in PREDICATES
        for one in rules[name].judge(transcript)
        if isinstance(one, Violation)
    ]


def known(
    profile: Mapping[str, object], *, import_mode: bool, requires_username: bool = False
) -> list[tuple[str, str | None, Severity]]:
    problems = problems_of(profile, import_mode=import_mode, requires_username=requires_username)
    return [(one.rule, one.path, one.severity) for one in problems]


def odd_profiles() -> st.SearchStrategy[dict[str, object]]:
    """Return a strategy for profiles with any values in any attributes."""
    odd = (
        st.binary(max_size=8)
        | st.datetimes()
        | st.decimals()
        | st.uuids()
        | st.floats()
        | st.sampled_from([float("nan"), OSError("refused"), object, (1, 2), {1: 2}, {7}, "", "ada", "Ada@example.com"])
        | json_values()
    )
    values = odd | st.dictionaries(st.sampled_from(["a.b", "$a", "email", "name", "role", "salt", "1234"]), odd)
    names = st.sampled_from(
        [
            *("user_id", "id", "email", "email_verified", "username", "name", "nickname", "phone_number", "picture"),
            *("phone_verified", "mfa_factors", "user_metadata", "app_metadata", "metadata", "last_login", "tenant"),
            *("connection", "access_token", "salt", "password", "age"),
        ]
    )
    return st.dictionaries(names, values, max_size=6)


@pytest.mark.untraced
@given(profile=odd_profiles(), import_mode=st.booleans(), requires_username=st.booleans())
@example(
    profile={"user_id": 7, "app_metadata": {"a": b"\xff", "$a": 1}, "password": "x"},
    import_mode=True,
    requires_username=True,
)
def test_the_rules_find_the_problems(profile: dict[str, object], import_mode: bool, requires_username: bool) -> None:
    expected = known(profile, import_mode=import_mode, requires_username=requires_username)

    assert judged(profile, import_mode=import_mode, requires_username=requires_username) == expected


@pytest.mark.untraced
@given(profiles() | profiles(import_mode=True, requires_username=True), st.booleans())
def test_a_valid_profile_has_no_problems(profile: dict[str, object], import_mode: bool) -> None:
    reported = [(one.rule, one.severity) for one in found(profile, import_mode=import_mode)]

    # With import mode off, factors are ignored, which is reported as information.
    assert reported == ([("invalid-mfa-factors", INFO)] if "mfa_factors" in profile and not import_mode else [])
    assert judged(profile, import_mode=import_mode) == known(profile, import_mode=import_mode)


@pytest.mark.untraced
@pytest.mark.parametrize("rule", FLAWS)
@settings(max_examples=10)
@given(data=st.data())
def test_a_flaw_is_a_problem_of_its_rule(rule: str, data: st.DataObject) -> None:
    profile = data.draw(flawed_profiles(rule))

    assert {one.rule for one in found(profile) if one.severity is not INFO} == {rule}
    assert judged(profile, import_mode=True) == known(profile, import_mode=True)


@given(odd_profiles())
def test_problems_quote_no_value(profile: dict[str, object]) -> None:
    secret = "correct-horse"
    marked = {name: secret if isinstance(value, str) else value for name, value in profile.items()}

    assert secret not in str(found(marked))


def test_rules_that_have_no_predicate_compare_profiles() -> None:
    about_profiles = {rule.info.name for rule in CATALOGUE if rule.info.group is Group.PROFILE}

    assert about_profiles - set(PREDICATES) == {
        *("unstable-user-id", "mismatched-user-id", "user-id-depends-on-identifier", "user-id-changes-with-profile"),
        *("wrong-users-profile", "shared-user-id", "shared-email", "shared-username", "shared-phone-number"),
        "inconsistent-metadata-type",
    }
    assert set(PREDICATES) <= about_profiles


def test_each_predicate_names_its_rule() -> None:
    for rule, predicate in PREDICATES.items():
        for attributes, *_ in PROBLEMS:
            reported = predicate(readable({**ADA, **attributes}), Circumstances(import_mode=True))
            assert {problem.rule for problem in reported if problem is not None} <= {rule}


# The model refuses errors

REFUSED = {"invalid-email", "invalid-username", "invalid-phone-number", "invalid-mfa-factors", "reserved-app-metadata"}


@given(
    profiles(import_mode=True),
    st.fixed_dictionaries(
        {},
        optional={
            "email": st.sampled_from(["ada", "a..b@example.com", "ada@localhost"]) | strategies.emails(),
            "username": st.sampled_from(["ada l", "", "ada@example.com", "x" * 129]) | strategies.usernames(),
            "phone_number": st.sampled_from(["0171", "", "+", f"+{'1' * 16}"]) | strategies.phone_numbers(),
            "mfa_factors": st.sampled_from([[], [{}], [{"totp": {"secret": "abc"}}]]) | strategies.mfa_factors(),
            "app_metadata": st.sampled_from([{"email": 1}, {"blocked": True}]) | strategies.metadata(),
            "user_metadata": st.sampled_from([{"a.b": 1}, {"a": [{"$": 1}]}]) | strategies.metadata(),
        },
    ),
)
def test_the_model_refuses_what_the_predicates_call_an_error(
    right: dict[str, object], other: dict[str, object]
) -> None:
    profile = {**right, **other}
    errors = {one.rule for one in found(profile) if one.rule in {*REFUSED, "invalid-metadata-key"}}

    try:
        normalize_profile(profile, import_mode=True)
    except ProfileError:
        assert errors
    else:
        assert not errors


@pytest.mark.parametrize("text", ["«Bonjour» de Paris", "«password of ada»", "«»", "ada»"])
def test_guillemets_of_a_store_are_no_markers(text: str) -> None:
    profile = {"user_id": "7", "user_metadata": {"greeting": text, text: [text]}}

    assert not [one for one in found(profile) if one.rule == "secret-in-profile"]
    assert not {"«", "»"} & set(str(readable(profile)))

"""The effects of calls of `api`: the model is a dictionary."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customdb_contract.actions import METADATA_MAX_BYTES, Denial, Effects, NoticeKind, SeenCall, effects_of
from customdb_contract.profiles import RESERVED_APP_METADATA
from customdb_contract.transcript import ApiCall, RecordedError, Special, Value

pytestmark = pytest.mark.one_python

JSON: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("pqr"), inner, max_size=2),
    max_leaves=4,
)
WRITES = st.builds(
    lambda path, key, value, late: SeenCall(path, (key, value), late),
    st.sampled_from(["user.setAppMetadata", "user.setUserMetadata"]),
    st.sampled_from("abc"),
    JSON,
    st.booleans(),
)
OTHERS = st.sampled_from(
    [
        SeenCall("access.deny", ("no",)),
        SeenCall("authentication.setPrimaryUser", ("auth0|8",)),
        SeenCall("cache.set", ("k", "v")),
        SeenCall("redirect.sendUserTo", ("https://example.com",)),
    ]
)
FLOWS = st.lists(st.lists(WRITES | OTHERS, max_size=4), max_size=3)


def app(key: Value, value: Value) -> SeenCall:
    return SeenCall("user.setAppMetadata", (key, value))


def user(key: Value, value: Value) -> SeenCall:
    return SeenCall("user.setUserMetadata", (key, value))


def model(actions: Sequence[Sequence[SeenCall]], path: str) -> Mapping[str, Value]:
    written: dict[str, Value] = {}
    for calls in actions:
        is_lost = path == "user.setUserMetadata" and any("Primary" in call.path for call in calls)
        for call in calls:
            if call.path == path and not call.late and not is_lost:
                key, value = call.arguments
                assert isinstance(key, str)
                written[key] = value
    return written


@settings(max_examples=50)
@given(FLOWS)
def test_the_last_call_for_a_key_counts(actions: list[list[SeenCall]]) -> None:
    effects = effects_of(actions)

    assert effects.app_metadata == model(actions, "user.setAppMetadata")
    assert effects.user_metadata == model(actions, "user.setUserMetadata")
    assert effects.writes is bool(effects.app_metadata or effects.user_metadata)
    late = [call for calls in actions for call in calls if call.late]
    assert [notice.call for notice in effects.notices if notice.kind is NoticeKind.LATE] == late


def test_recorded_calls_mean_the_same() -> None:
    call = app("a", 1)

    assert effects_of([[ApiCall(1, call.path, call.arguments)]]) == effects_of([[call]])


def test_nothing_means_nothing() -> None:
    assert effects_of([]) == effects_of([[], []]) == Effects()


def test_none_removes_and_objects_are_replaced_whole() -> None:
    effects = effects_of([[app("a", {"b": 1}), app("a", {"c": 2}), app("d", None)]])

    assert effects.app_metadata == {"a": {"c": 2}, "d": None}


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (app("a.b", 1), NoticeKind.REFUSED, "app_metadata.a.b has . or $ in its name"),
        (user("a", {"$b": 1}), NoticeKind.REFUSED, "user_metadata.a.$b has . or $ in its name"),
        (app("blocked", True), NoticeKind.REFUSED, "app_metadata.blocked is a reserved name"),
        (
            app("a", "x" * METADATA_MAX_BYTES),
            NoticeKind.REFUSED,
            "more than 32,768 bytes of app_metadata would be written",
        ),
        (
            user("a", Special("long-text", "x", 40_000)),
            NoticeKind.REFUSED,
            "more than 32,768 bytes of user_metadata would be written",
        ),
        (app(7, 1), NoticeKind.REFUSED, "user.setAppMetadata was called with a key that is not a string"),
        (
            app("a", Special("undefined")),
            NoticeKind.REFUSED,
            "user.setAppMetadata was called with the key a and no value",
        ),
        (
            SeenCall("idToken.setCustomClaim", ()),
            NoticeKind.REFUSED,
            "idToken.setCustomClaim was called with a key that is not a string",
        ),
        (
            SeenCall("access.deny", ("no",), late=True),
            NoticeKind.LATE,
            "access.deny was called after the Action had ended",
        ),
        (
            SeenCall("transaction.setMetadata", (7, 1)),
            NoticeKind.REFUSED,
            "transaction.setMetadata was called with a key that is not a string",
        ),
        (
            SeenCall("transaction.setMetadata", ("k" * 65, 1)),
            NoticeKind.REFUSED,
            "a key of the transaction's metadata has more than 64 characters",
        ),
        (
            SeenCall("transaction.setMetadata", ("k", [1])),
            NoticeKind.REFUSED,
            "transaction.metadata.k is not a string, a number, true or false",
        ),
        (
            SeenCall("transaction.setMetadata", ("k", 2**53)),
            NoticeKind.REFUSED,
            "transaction.metadata.k is a number that JavaScript cannot represent exactly",
        ),
        (
            SeenCall("transaction.setMetadata", ("k", "v" * 8191)),
            NoticeKind.REFUSED,
            "transaction.metadata.k has more than 8,192 bytes",
        ),
    ],
)
def test_a_call_without_an_effect_is_noticed(call: SeenCall, kind: NoticeKind, text: str) -> None:
    (notice,) = effects_of([[call]]).notices

    assert (notice.kind, notice.call, notice.text) == (kind, call, text)
    assert effects_of([[call]]) == Effects(notices=(notice,))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("k" * 64, 1),
        ("k", 2**53 - 1),
        ("k", 1 - 2**53),
        ("k", "v" * 8190),
        ("k", 0.5),
        ("k", True),
    ],
)
def test_the_largest_metadata_that_a_transaction_keeps(key: str, value: Value) -> None:
    assert effects_of([[SeenCall("transaction.setMetadata", (key, value))]]) == Effects(shared={key: value})


def test_the_smallest_number_that_javascript_cannot_keep_is_refused() -> None:
    (notice,) = effects_of([[SeenCall("transaction.setMetadata", ("k", -(2**53)))]]).notices

    assert notice.text == "transaction.metadata.k is a number that JavaScript cannot represent exactly"


def test_metadata_may_have_exactly_as_many_bytes_as_fit() -> None:
    longest = "x" * (METADATA_MAX_BYTES - len('{"a": ""}'))

    assert effects_of([[app("a", longest)]]) == Effects(app_metadata={"a": longest})
    assert effects_of([[app("a", f"{longest}x")]]).app_metadata == {}


def test_a_transaction_may_have_exactly_as_many_bytes_as_fit() -> None:
    longest = "v" * (16_384 - 9_000 - len('{"b": "", "k": ""}'))
    calls = [SeenCall("transaction.setMetadata", ("k", longest))]

    assert effects_of([calls], {"b": "v" * 9_000}).shared.keys() == {"b", "k"}
    assert effects_of([calls], {"b": "v" * 9_001}).shared.keys() == {"b"}


def test_reserved_names_are_allowed_in_user_metadata() -> None:
    for name in RESERVED_APP_METADATA:
        assert effects_of([[user(name, 1)]]).user_metadata == {name: 1}


def test_all_actions_share_one_limit_and_a_smaller_write_still_fits() -> None:
    half = "x" * (METADATA_MAX_BYTES // 2)
    effects = effects_of([[app("a", half)], [app("b", half), app("c", 1)], [user("a", half)]])

    assert effects.app_metadata.keys() == {"a", "c"}
    assert effects.user_metadata.keys() == {"a"}
    assert [notice.kind for notice in effects.notices] == [NoticeKind.REFUSED]


def test_the_limit_of_a_transaction_counts_existing_metadata() -> None:
    calls = [SeenCall("transaction.setMetadata", (name, "v" * 8000)) for name in "ab"]
    effects = effects_of([calls], {"before": "v" * 8000, "gone": 1})

    assert effects.shared.keys() == {"before", "gone", "a"}
    assert [notice.text for notice in effects.notices] == [
        "the transaction's metadata would have more than 16,384 bytes"
    ]
    assert effects_of([[SeenCall("transaction.setMetadata", ("gone", None))]], {"gone": 1}).shared == {}


def test_user_metadata_are_lost_with_the_old_primary_user() -> None:
    change = SeenCall("authentication.setPrimaryUser", ("auth0|8",))
    effects = effects_of([[user("a", 1), app("a", 1), change], [user("b", 2)]])

    assert (effects.user_metadata, effects.app_metadata) == ({"b": 2}, {"a": 1})
    assert effects.primary_user_id == "auth0|8"
    (notice,) = effects.notices
    assert (notice.kind, notice.text) == (
        NoticeKind.DISCARDED,
        "user_metadata.a is lost: the Action changes the primary user",
    )


@pytest.mark.parametrize(
    ("call", "denial"),
    [
        (SeenCall("access.deny", ("no",)), Denial("access.deny", "no")),
        (SeenCall("access.deny", ()), Denial("access.deny", "")),
        (SeenCall("access.deny", ({"why": 1},)), Denial("access.deny", '{"why": 1}')),
        (SeenCall("access.deny", (RecordedError("Error", "it broke"),)), Denial("access.deny", "it broke")),
        (SeenCall("session.revoke", ("no", {"preserveRefreshTokens": True})), Denial("session.revoke", "no")),
        (SeenCall("refreshToken.revoke", ("no",)), Denial("refreshToken.revoke", "no")),
        (
            SeenCall("validation.error", ("too-young", "Come back later")),
            Denial("validation.error", "Come back later", "too-young"),
        ),
    ],
)
def test_a_denial_keeps_writes(call: SeenCall, denial: Denial) -> None:
    effects = effects_of([[app("a", 1), call, app("b", 2), SeenCall("access.deny", ("later",))]])

    assert effects.denial == denial
    assert effects.app_metadata == {"a": 1, "b": 2}


def test_claims_factors_and_redirects() -> None:
    date = Special("Date", "2026-01-01T00:00:00.000Z")
    leave, factor = SeenCall("redirect.sendUserTo", ("https://example.com",)), SeenCall("multifactor.enable", ("any",))
    calls: list[Any] = [
        SeenCall("idToken.setCustomClaim", ("plan", "full")),
        SeenCall("idToken.setCustomClaim", ("plan", "none")),
        SeenCall("accessToken.setCustomClaim", ("at", date)),
        factor,
        leave,
        SeenCall("prompt.render", ("form-1",)),
    ]
    effects = effects_of([calls])

    assert (effects.id_token, effects.access_token) == ({"plan": "none"}, {"at": "2026-01-01T00:00:00.000Z"})
    assert (effects.factors, effects.leaves_for, effects.denial) == ((factor,), leave, None)

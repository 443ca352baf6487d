"""`PostLoginApi`: Auth0's api, its cache and its tokens."""

import asyncio
import inspect
import operator
from collections.abc import Callable
from typing import Any

import pytest

from customdb_contract.actions import ActionCache, CacheWriteResult, PostLoginApi, PostLoginEvent
from events import an_event

SILENT = {"prompt": ["none"], "protocol": "oidc-basic-profile"}

DOCUMENTED = [
    "access.deny",
    "accessToken.setCustomClaim",
    "accessToken.addScope",
    "accessToken.removeScope",
    "authentication.challengeWith",
    "authentication.challengeWithAny",
    "authentication.enrollWith",
    "authentication.enrollWithAny",
    "authentication.recordMethod",
    "authentication.setPrimaryUser",
    "idToken.setCustomClaim",
    "multifactor.enable",
    "redirect.encodeToken",
    "redirect.sendUserTo",
    "redirect.canRedirect",
    "redirect.validateToken",
    "user.setAppMetadata",
    "user.setUserMetadata",
    "cache.delete",
    "cache.get",
    "cache.set",
    "samlResponse.setAttribute",
    "samlResponse.setAudience",
    "samlResponse.setRecipient",
    "samlResponse.setCreateUpnClaim",
    "samlResponse.setPassthroughClaimsWithNoMapping",
    "samlResponse.setMapUnknownClaimsAsIs",
    "samlResponse.setMapIdentities",
    "samlResponse.setSignatureAlgorithm",
    "samlResponse.setDigestAlgorithm",
    "samlResponse.setDestination",
    "samlResponse.setLifetimeInSeconds",
    "samlResponse.setSignResponse",
    "samlResponse.setNameIdentifierFormat",
    "samlResponse.setNameIdentifierProbes",
    "samlResponse.setAuthnContextClassRef",
    "samlResponse.setSigningCert",
    "samlResponse.setIncludeAttributeNameFormat",
    "samlResponse.setTypedAttributes",
    "samlResponse.setEncryptionCert",
    "samlResponse.setEncryptionPublicKey",
    "samlResponse.setCert",
    "samlResponse.setKey",
    "samlResponse.setRelayState",
    "samlResponse.setIssuer",
    "samlResponse.setEncryptionAlgorithm",
    "groups.getUserGroups",
    "groups.hasGroupMembership",
    "roles.getUserEffectiveRoles",
    "roles.getUserEffectiveRolesByIds",
    "roles.getUserEffectiveRolesByNames",
    "validation.error",
    "rules.wasExecuted",
    "prompt.render",
    "refreshToken.revoke",
    "refreshToken.setExpiresAt",
    "refreshToken.setIdleExpiresAt",
    "refreshToken.setMetadata",
    "refreshToken.deleteMetadata",
    "refreshToken.evictMetadata",
    "session.revoke",
    "session.setExpiresAt",
    "session.setIdleExpiresAt",
    "session.setCookieMode",
    "session.setMetadata",
    "session.deleteMetadata",
    "session.evictMetadata",
    "transaction.setMetadata",
]

GIVING_BACK = {
    "groups.getUserGroups",
    "groups.hasGroupMembership",
    "roles.getUserEffectiveRoles",
    "roles.getUserEffectiveRolesByIds",
    "roles.getUserEffectiveRolesByNames",
    "cache.get",
    "cache.set",
    "cache.delete",
    "redirect.canRedirect",
    "redirect.encodeToken",
    "redirect.validateToken",
    "rules.wasExecuted",
}


class Watched:
    """An api, and its recorded calls."""

    def __init__(self, event: PostLoginEvent | None = None, cache: ActionCache | None = None) -> None:
        self.calls: list[tuple[str, tuple[object, ...]]] = []
        self.api = PostLoginApi(event or an_event(), lambda *call: self.calls.append(call), cache)


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def methods() -> dict[str, Callable[..., object]]:
    parts = {name: part for name, part in vars(Watched().api).items() if not name.startswith("_")}
    return {
        f"{part}.{name}": method
        for part, value in parts.items()
        for name, method in inspect.getmembers(value, inspect.ismethod)
        if not name.startswith("_")
    }


def test_the_api_has_what_auth0_documents_and_nothing_else() -> None:
    assert methods().keys() == {snake(path) for path in DOCUMENTED}


@pytest.mark.parametrize("path", [path for path in DOCUMENTED if path not in GIVING_BACK])
def test_a_call_is_recorded_under_auth0s_name_and_can_be_chained(path: str) -> None:
    watched = Watched()
    part, name = snake(path).split(".")
    method = getattr(getattr(watched.api, part), name)
    arguments = tuple(f"{name}!" for name in inspect.signature(method).parameters)

    assert method(*arguments) is watched.api
    assert watched.calls == [(path, arguments)]


def test_omitted_options_are_no_arguments() -> None:
    watched = Watched()

    watched.api.redirect.send_user_to("https://example.com").access.deny("no")

    assert watched.calls == [("redirect.sendUserTo", ("https://example.com",)), ("access.deny", ("no",))]


@pytest.mark.parametrize("path", ["nothing", "user.set_metadata", "user.setAppMetadata"])
def test_a_method_that_auth0_lacks_is_an_attribute_error(path: str) -> None:
    with pytest.raises(AttributeError):
        operator.attrgetter(path)(Watched().api)


def test_no_rule_was_executed() -> None:
    watched = Watched()

    assert not watched.api.rules.was_executed("rule-1")
    assert watched.calls == [("rules.wasExecuted", ("rule-1",))]


@pytest.mark.parametrize(
    ("parts", "can"),
    [
        ({}, True),
        ({"transaction": {"protocol": "oidc-basic-profile"}}, True),
        ({"transaction": {"protocol": "oauth2-refresh-token"}}, False),
        ({"transaction": SILENT}, False),
        ({"request": {"ip": "", "method": "GET", "query": {"prompt": "none"}, "body": {}, "geoip": {}}}, False),
    ],
)
def test_only_a_browser_can_be_redirected(parts: dict[str, Any], *, can: bool) -> None:
    watched = Watched(an_event(**parts))

    assert watched.api.redirect.can_redirect() is can
    assert watched.calls == [("redirect.canRedirect", ())]


# Tokens of a redirect


def coming_back(token: str, name: str = "session_token", place: str = "query") -> Watched:
    request = {"ip": "", "method": "GET", "query": {}, "body": {}, "geoip": {}, place: {name: token}}
    return Watched(an_event(request=request))


def test_a_token_returns_with_its_claims() -> None:
    token = Watched().api.redirect.encode_token({"secret": "s3cret", "payload": {"cart": [1]}, "expiresInSeconds": 60})

    claims = coming_back(token).api.redirect.validate_token({"secret": "s3cret"})
    named = coming_back(token, "mine", "body").api.redirect.validate_token(
        {"secret": "s3cret", "tokenParameterName": "mine"}
    )

    assert claims == named
    assert (claims["cart"], claims["sub"], claims["iss"], claims["ip"]) == ([1], "auth0|7", "tenant-1", "192.0.2.1")
    assert claims["exp"] - claims["iat"] == 60


@pytest.mark.parametrize(
    ("token", "message"),
    [
        (None, "the request has no token session_token"),
        ("a.b", "the token is not a JSON Web Token"),
        ("a.b.c", "the signature of the token is wrong"),
        (
            Watched().api.redirect.encode_token({"secret": "other", "payload": {}}),
            "the signature of the token is wrong",
        ),
        (
            Watched().api.redirect.encode_token({"secret": "s3cret", "payload": {}, "expiresInSeconds": -1}),
            "the token has expired",
        ),
    ],
)
def test_a_token_that_is_not_valid_is_an_error(token: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        coming_back(token).api.redirect.validate_token({"secret": "s3cret"})


# The metadata of the transaction


def test_metadata_of_the_transaction_change_at_once() -> None:
    event = an_event(transaction={"metadata": {"before": True}})
    watched = Watched(event)

    watched.api.transaction.set_metadata("step", 2).transaction.set_metadata("before", None)
    watched.api.transaction.set_metadata("k" * 65, "refused").transaction.set_metadata("none", None)

    assert event.transaction is not None
    assert event.transaction.metadata == {"step": 2}
    assert len(watched.calls) == 4


def test_without_a_transaction_nothing_changes() -> None:
    for event in (an_event(), an_event(transaction={})):
        watched = Watched(event)
        watched.api.transaction.set_metadata("step", 2)
        assert watched.calls == [("transaction.setMetadata", ("step", 2))]


# Groups and roles


def test_the_user_has_no_groups_and_roles() -> None:
    api = Watched().api

    assert asyncio.run(api.groups.get_user_groups()) == {"groups": []}
    assert asyncio.run(api.groups.has_group_membership(["g"])) == {"isMember": False, "groups": []}
    assert asyncio.run(api.roles.get_user_effective_roles({"take": 5})) == {"roles": []}
    assert asyncio.run(api.roles.get_user_effective_roles_by_ids(["rol_1"])) == {"roles": []}
    assert asyncio.run(api.roles.get_user_effective_roles_by_names(["admin"])) == {"roles": []}


# The cache


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_the_cache_keeps_a_text_and_forgets_it() -> None:
    clock = Clock()
    cache = ActionCache(clock)
    watched = Watched(cache=cache)

    assert watched.api.cache.set("k", "v") == CacheWriteResult("success")
    record = watched.api.cache.get("k")
    assert record is not None
    assert (record.value, record.expires_at) == ("v", (1_000_000 + 15 * 60) * 1000)
    assert watched.api.cache.delete("k") == CacheWriteResult("success")
    assert watched.api.cache.delete("k") == CacheWriteResult("success")
    assert watched.api.cache.get("k") is None
    assert [path for path, _ in watched.calls] == [
        "cache.set",
        "cache.get",
        "cache.delete",
        "cache.delete",
        "cache.get",
    ]


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        (None, 900),
        ({"ttl": 5_000}, 5),
        ({"expires_at": 1_000_007_000.0}, 7),
        ({"ttl": 9_000, "expires_at": 1_000_007_000}, 7),
        ({"ttl": 10**12}, 24 * 60 * 60),
        ({"ttl": "soon", "expires_at": True}, 900),
    ],
)
def test_a_record_expires(options: Any, seconds: float) -> None:
    clock = Clock()
    cache = ActionCache(clock)
    cache.set("k", "v", options)
    clock.now += seconds - 0.001
    assert cache.get("k") is not None
    clock.now += 0.002

    assert cache.get("k") is None


@pytest.mark.parametrize("options", [{"ttl": 0}, {"expires_at": 5}])
def test_an_expired_lifetime_is_refused(options: Any) -> None:
    cache = ActionCache()

    assert cache.set("k", "v", options) == CacheWriteResult("error", "AlreadyExpired")
    assert cache.get("k") is None


@pytest.mark.parametrize(
    ("before", "key", "value", "code"),
    [
        ({}, "k" * 64, "v" * 4096, ""),
        ({}, "k" * 65, "v", "KeySizeExceeded"),
        ({}, "ä" * 33, "v", "KeySizeExceeded"),
        ({}, "k", "v" * 4097, "ValueSizeExceeded"),
        ({}, "k", 7, "InvalidType"),
        ({}, None, "v", "InvalidType"),
        ({str(number): "v" for number in range(20)}, "k", "v", "TooManyEntries"),
        ({str(number): "v" for number in range(20)}, "3", "w", ""),
        ({"a": "v" * 4095, "b": "v" * 4090}, "k", "v" * 4, ""),
        ({"a": "v" * 4095, "b": "v" * 4090}, "k", "v" * 5, "TotalSizeExceeded"),
    ],
)
def test_the_cache_has_limits(before: dict[str, str], key: Any, value: Any, code: str) -> None:
    cache = ActionCache()
    for name, text in before.items():
        assert cache.set(name, text).type == "success"

    assert cache.set(key, value) == (CacheWriteResult("error", code) if code else CacheWriteResult("success"))

"""The parts of `api` for the user, the tokens and the log-in."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from customdb_contract.actions._cache import ActionCache, CacheRecord, CacheWriteResult
from customdb_contract.actions._event import PostLoginEvent
from customdb_contract.actions._limits import shared_problem

if TYPE_CHECKING:
    from customdb_contract.actions._api import PostLoginApi

__all__ = [
    "AccessPart",
    "AccessTokenPart",
    "ApiPart",
    "AuthenticationPart",
    "CachePart",
    "GroupsPart",
    "IDTokenPart",
    "MultifactorPart",
    "Note",
    "PromptPart",
    "RolesPart",
    "RulesPart",
    "TransactionPart",
    "UserPart",
    "ValidationPart",
]

Note: TypeAlias = Callable[[str, tuple[object, ...]], None]
"""Called for each call of `api`: with Auth0's name for it, and the arguments."""

_Options: TypeAlias = Mapping[str, Any]


class ApiPart:
    """A part of `api`, such as `api.user`.

    Args:
        api: The whole `api`, which most methods return.
        note: Called for each call of `api`.
    """

    name: ClassVar[str]

    def __init__(self, api: "PostLoginApi", note: Note) -> None:
        self._api = api
        self._note = note

    def _call(self, method: str, *arguments: object, options: _Options | None = None) -> "PostLoginApi":
        self._note(f"{self.name}.{method}", arguments if options is None else (*arguments, options))
        return self._api


class UserPart(ApiPart):
    """`api.user`: writes to the user's metadata, all stored at once when the log-in ends."""

    name = "user"

    def set_app_metadata(self, key: str, value: object) -> "PostLoginApi":
        """Replace a first-level key of `app_metadata`; None removes it."""
        return self._call("setAppMetadata", key, value)

    def set_user_metadata(self, key: str, value: object) -> "PostLoginApi":
        """Replace a first-level key of `user_metadata`; None removes it."""
        return self._call("setUserMetadata", key, value)


class AccessPart(ApiPart):
    """`api.access`: whether the user can log in."""

    name = "access"

    def deny(self, reason: str) -> "PostLoginApi":
        """Deny the log-in; later Actions do not run, and earlier writes stay."""
        return self._call("deny", reason)


class IDTokenPart(ApiPart):
    """`api.id_token`: the ID token."""

    name = "idToken"

    def set_custom_claim(self, key: str, value: object) -> "PostLoginApi":
        """Set a claim."""
        return self._call("setCustomClaim", key, value)


class AccessTokenPart(ApiPart):
    """`api.access_token`: the access token."""

    name = "accessToken"

    def set_custom_claim(self, key: str, value: object) -> "PostLoginApi":
        """Set a claim."""
        return self._call("setCustomClaim", key, value)

    def add_scope(self, scope: str) -> "PostLoginApi":
        """Add a scope."""
        return self._call("addScope", scope)

    def remove_scope(self, scope: str) -> "PostLoginApi":
        """Remove a scope."""
        return self._call("removeScope", scope)


class AuthenticationPart(ApiPart):
    """`api.authentication`: additional factors, and the user that the log-in is for."""

    name = "authentication"

    def challenge_with(self, factor: _Options, options: _Options | None = None) -> "PostLoginApi":
        """Ask for a factor."""
        return self._call("challengeWith", factor, options=options)

    def challenge_with_any(self, factors: Sequence[_Options]) -> "PostLoginApi":
        """Ask for one of several factors."""
        return self._call("challengeWithAny", factors)

    def enroll_with(self, factor: _Options, options: _Options | None = None) -> "PostLoginApi":
        """Ask the user to enroll a factor."""
        return self._call("enrollWith", factor, options=options)

    def enroll_with_any(self, factors: Sequence[_Options]) -> "PostLoginApi":
        """Ask the user to enroll one of several factors."""
        return self._call("enrollWithAny", factors)

    def record_method(self, provider_url: str) -> "PostLoginApi":
        """Record that a method of your own was completed, after a redirect."""
        return self._call("recordMethod", provider_url)

    def set_primary_user(self, primary_user_id: str) -> "PostLoginApi":
        """Issue tokens for another user; anything this Action writes to `user_metadata` is lost."""
        return self._call("setPrimaryUser", primary_user_id)


class MultifactorPart(ApiPart):
    """`api.multifactor`: multifactor authentication at the end of the log-in."""

    name = "multifactor"

    def enable(self, provider: str, options: _Options | None = None) -> "PostLoginApi":
        """Require it."""
        return self._call("enable", provider, options=options)


class ValidationPart(ApiPart):
    """`api.validation`: denying a log-in with a code."""

    name = "validation"

    def error(self, error_code: str, error_message: str) -> "PostLoginApi":
        """Deny the log-in."""
        return self._call("error", error_code, error_message)


class RulesPart(ApiPart):
    """`api.rules`: the predecessors of Actions."""

    name = "rules"

    def was_executed(self, rule_id: str) -> bool:
        """Return whether a rule has run in this log-in; in a simulation, none has."""
        self._call("wasExecuted", rule_id)
        return False


class GroupsPart(ApiPart):
    """`api.groups`: the groups of the user; in a simulation, there are none."""

    name = "groups"

    async def get_user_groups(self, params: _Options | None = None) -> dict[str, Any]:
        """Return the groups that the user belongs to."""
        self._call("getUserGroups", options=params)
        return {"groups": []}

    async def has_group_membership(self, groups: Sequence[str]) -> dict[str, Any]:
        """Return whether the user belongs to one of several groups."""
        self._call("hasGroupMembership", groups)
        return {"isMember": False, "groups": []}


class RolesPart(ApiPart):
    """`api.roles`: the roles of the user; in a simulation, there are none."""

    name = "roles"

    async def get_user_effective_roles(self, params: _Options | None = None) -> dict[str, Any]:
        """Return the roles that the user has."""
        self._call("getUserEffectiveRoles", options=params)
        return {"roles": []}

    async def get_user_effective_roles_by_ids(self, ids: Sequence[str]) -> dict[str, Any]:
        """Return the user's roles with the given ids."""
        self._call("getUserEffectiveRolesByIds", ids)
        return {"roles": []}

    async def get_user_effective_roles_by_names(self, names: Sequence[str]) -> dict[str, Any]:
        """Return the user's roles with the given names."""
        self._call("getUserEffectiveRolesByNames", names)
        return {"roles": []}


class PromptPart(ApiPart):
    """`api.prompt`: forms."""

    name = "prompt"

    def render(self, prompt_id: str, prompt_options: _Options | None = None) -> "PostLoginApi":
        """Show a form after this Action."""
        return self._call("render", prompt_id, options=prompt_options)


class TransactionPart(ApiPart):
    """`api.transaction`: data that the Actions of one log-in share.

    Args:
        api: The whole `api`.
        note: Called for each call of `api`.
        event: The event that the Action receives.
    """

    name = "transaction"

    def __init__(self, api: "PostLoginApi", note: Note, event: PostLoginEvent) -> None:
        super().__init__(api, note)
        self._event = event

    def set_metadata(self, key: str, value: str | float | None) -> "PostLoginApi":
        """Set a value in `event.transaction.metadata`, at once; None removes it."""
        transaction = self._event.transaction
        shared = None if transaction is None else transaction.metadata
        if isinstance(shared, dict) and shared_problem(shared, key, value) is None:
            shared.pop(key, None) if value is None else shared.update({key: value})
        return self._call("setMetadata", key, value)


class CachePart(ApiPart):
    """`api.cache`: short-lived strings that can outlast a log-in.

    Args:
        api: The whole `api`.
        note: Called for each call of `api`.
        cache: Where they are kept.
    """

    name = "cache"

    def __init__(self, api: "PostLoginApi", note: Note, cache: ActionCache) -> None:
        super().__init__(api, note)
        self._cache = cache

    def get(self, key: str) -> CacheRecord | None:
        """Return the entry, or None."""
        self._call("get", key)
        return self._cache.get(key)

    def set(self, key: str, value: str, options: _Options | None = None) -> CacheWriteResult:
        """Store a string."""
        self._call("set", key, value, options=options)
        return self._cache.set(key, value, options)

    def delete(self, key: str) -> CacheWriteResult:
        """Remove a string."""
        self._call("delete", key)
        return self._cache.delete(key)

"""`persist_legacy_metadata`: the Action that restores metadata lost in a migration."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final, TypeAlias, cast

from attrs import frozen

from customdb_contract.actions._api import PostLoginApi
from customdb_contract.actions._event import PostLoginEvent
from customdb_contract.actions._legacy_api import ask_legacy_api
from customdb_contract.actions._restoring import (
    JsonType,
    RestoredKey,
    UnusableAnswerError,
    Written,
    is_present,
    keys_of,
    payload_from,
)
from customdb_contract.errors import ConfigurationError

__all__ = ["LookUp", "persist_legacy_metadata"]

LookUp: TypeAlias = Callable[[str, Mapping[str, str]], Awaitable[object]]
"""Looks a user up in the legacy system, by the user's id there and with the secrets of the Action.

Returns the profile, a mapping with `user_id`, `app_metadata` and `user_metadata`, or None for an unknown user. Anything
it raises counts as an outage; the message of an `UnusableAnswerError` is logged.
"""

_DATABASE: Final = "auth0"
_MOST_SECONDS: Final = 10.0
_REFUSAL: Final = "Your account could not be loaded. Please try again later."


def persist_legacy_metadata(
    *,
    connection: str,
    restores: Mapping[str, JsonType],
    required: Collection[str] = (),
    look_up: LookUp = ask_legacy_api,
    seconds: float = 3.0,
    marker: str = "legacy_metadata_verified",
) -> Callable[[PostLoginEvent, PostLoginApi], Awaitable[None]]:
    """Return a post-login Action that restores metadata lost in a migration, once for each user.

    A user of the connection who lacks some of it is looked up in the legacy system, by the id of the identity. Missing
    keys are set, existing keys stay. Then a marker is set, even if the legacy system knows nothing, so that no later
    log-in asks again. In an outage, and after an unusable response, the log-in succeeds and the next one asks again.

    Args:
        connection: The name of the connection of the legacy users.
        restores: Paths of first-level keys, such as `app_metadata.plan`, with the JSON types of their values. Nothing
            else of a response is stored.
        required: The paths of `restores` that a user needs to log in; without them, the log-in is denied, and the next
            one asks again.
        look_up: An async function that asks the legacy system; by default
            {py:func}`~customdb_contract.actions.ask_legacy_api`.
        seconds: The time limit of the whole look-up, at most 10.
        marker: The key of `app_metadata` that marks a user as looked up.

    Raises:
        ConfigurationError: When an argument cannot be used.
    """
    keys = keys_of(restores, marker)
    unknown = sorted(set(required) - restores.keys())
    if unknown:
        message = f"required names {unknown[0]!r}, which is not in restores"
        raise ConfigurationError(message)
    if not connection:
        message = "connection must be the name of the connection of the legacy users"
        raise ConfigurationError(message)
    if not (math.isfinite(seconds) and 0 < seconds <= _MOST_SECONDS):
        message = f"seconds must be above 0 and at most {_MOST_SECONDS:g}, because all Actions of a log-in share 20"
        raise ConfigurationError(message)
    restoring = _Restoring(connection, keys, frozenset(required), look_up, seconds, marker)

    async def restore_legacy_metadata(event: PostLoginEvent, api: PostLoginApi, /) -> None:
        await restoring.restore(event, api)

    return restore_legacy_metadata


@frozen
class _Restoring:
    connection: str
    keys: tuple[RestoredKey, ...]
    required: frozenset[str]
    look_up: LookUp
    seconds: float
    marker: str

    async def restore(self, event: PostLoginEvent, api: PostLoginApi) -> None:
        if (event.connection.name, event.connection.strategy) != (self.connection, _DATABASE):
            return
        if self.marker in (event.user.app_metadata or {}):
            return
        missing = [key for key in self.keys if not is_present(event.user, key)]
        written: Written | None = None
        try:
            profile: Mapping[str, object] = await self._profile(event) if missing else {}
            written = payload_from(profile, missing, self.marker)
        except UnusableAnswerError as error:
            print(f"legacy metadata not restored: {error}")  # noqa: T201 - this is how an Action writes to its log
        if self._stays_incomplete(missing, written):
            api.access.deny(_REFUSAL)
        elif written is not None:
            for name, value in written["app_metadata"].items():
                api.user.set_app_metadata(name, value)
            for name, value in written["user_metadata"].items():
                api.user.set_user_metadata(name, value)

    async def _profile(self, event: PostLoginEvent) -> Mapping[str, object]:
        """Return the profile of the user who logs in; empty if the legacy system does not know the user."""
        user_id = self._legacy_id(event)
        try:
            async with asyncio.timeout(self.seconds):
                profile = await self.look_up(user_id, event.secrets)
        except TimeoutError:
            message = f"no response within {self.seconds:g} s"
            raise UnusableAnswerError(message) from None
        except UnusableAnswerError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, the log-in goes on
            # Its message can name the user.
            message = f"the look-up failed with {type(error).__name__}"
            raise UnusableAnswerError(message) from None
        if profile is None:
            return {}
        members: Mapping[str, object] = cast("Mapping[str, object]", profile) if isinstance(profile, Mapping) else {}
        if members.get("user_id") != user_id:
            message = "the response is about another user"
            raise UnusableAnswerError(message)
        return members

    def _legacy_id(self, event: PostLoginEvent) -> str:
        """Return the id of the identity on this connection; in a linked account, the user's own id is another one."""
        for identity in event.user.identities or ():
            if identity.connection == self.connection and identity.user_id:
                return identity.user_id
        message = "the user has no identity on this connection"
        raise UnusableAnswerError(message)

    def _stays_incomplete(self, missing: Collection[RestoredKey], written: Written | None) -> bool:
        """Tell whether something required is still missing."""
        return any(
            key.path in self.required and (written is None or key.name not in written[key.kind]) for key in missing
        )

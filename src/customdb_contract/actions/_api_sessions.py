"""The parts of `api` for sessions, refresh tokens and redirects."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from customdb_contract.actions._api_parts import ApiPart, Note
from customdb_contract.actions._event import PostLoginEvent
from customdb_contract.actions._tokens import decoded_token, encoded_token

if TYPE_CHECKING:
    from customdb_contract.actions._api import PostLoginApi

__all__ = ["RedirectPart", "RefreshTokenPart", "SessionPart"]

_Options: TypeAlias = Mapping[str, Any]

_TOKEN_SECONDS: Final = 15 * 60
_WITHOUT_BROWSER: Final = frozenset(
    {"oauth2-resource-owner", "oauth2-resource-owner-jwt-bearer", "oauth2-password", "oauth2-refresh-token"}
)


class _LifetimePart(ApiPart):
    """What sessions and refresh tokens have in common."""

    def set_expires_at(self, absolute: float) -> "PostLoginApi":
        """Set when it ends, in milliseconds since 1970."""
        return self._call("setExpiresAt", absolute)

    def set_idle_expires_at(self, inactivity: float) -> "PostLoginApi":
        """Set when it ends if it isn't used, in milliseconds since 1970."""
        return self._call("setIdleExpiresAt", inactivity)

    def set_metadata(self, key: str, value: str | None) -> "PostLoginApi":
        """Set a key of its metadata; None removes it."""
        return self._call("setMetadata", key, value)

    def delete_metadata(self, key: str) -> "PostLoginApi":
        """Remove a key of its metadata."""
        return self._call("deleteMetadata", key)

    def evict_metadata(self) -> "PostLoginApi":
        """Remove all its metadata."""
        return self._call("evictMetadata")


class SessionPart(_LifetimePart):
    """`api.session`: the user's session."""

    name = "session"

    def revoke(self, reason: str, options: _Options | None = None) -> "PostLoginApi":
        """End the session, and deny the log-in."""
        return self._call("revoke", reason, options=options)

    def set_cookie_mode(self, mode: str) -> "PostLoginApi":
        """Set how long the session's cookie lasts: `persistent` or `non-persistent`."""
        return self._call("setCookieMode", mode)


class RefreshTokenPart(_LifetimePart):
    """`api.refresh_token`: the refresh token."""

    name = "refreshToken"

    def revoke(self, reason: str) -> "PostLoginApi":
        """Revoke the refresh token, and deny the exchange."""
        return self._call("revoke", reason)


class RedirectPart(ApiPart):
    """`api.redirect`: redirecting the user to a page and back.

    Args:
        api: The whole `api`.
        note: Called for each call of `api`.
        event: The event that the Action receives.
        clock: Returns the seconds since 1970.
    """

    name = "redirect"

    def __init__(
        self, api: "PostLoginApi", note: Note, event: PostLoginEvent, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(api, note)
        self._event = event
        self._clock = clock

    def send_user_to(self, url: str, options: _Options | None = None) -> "PostLoginApi":
        """Redirect the user to a URL after this Action."""
        return self._call("sendUserTo", url, options=options)

    def can_redirect(self) -> bool:
        """Return whether there is a browser that can be redirected."""
        self._call("canRedirect")
        transaction, query = self._event.transaction, self._event.request.query
        prompts = () if transaction is None else transaction.prompt or ()
        protocol = None if transaction is None else transaction.protocol
        return protocol not in _WITHOUT_BROWSER and "none" not in (*prompts, query.get("prompt"))

    def encode_token(self, options: _Options) -> str:
        """Return `payload` as a token signed with `secret` and valid for `expiresInSeconds`."""
        self._call("encodeToken", options)
        now = int(self._clock())
        claims = {
            "iat": now,
            "exp": now + options.get("expiresInSeconds", _TOKEN_SECONDS),
            "iss": self._event.tenant.id,
            "sub": self._event.user.user_id,
            "ip": self._event.request.ip,
            **options.get("payload", {}),
        }
        return encoded_token(claims, options["secret"])

    def validate_token(self, options: _Options) -> dict[str, Any]:
        """Return the claims of the token that the user returned with.

        Raises:
            ValueError: When there is no token, or it is not valid.
        """
        self._call("validateToken", options)
        name = options.get("tokenParameterName", "session_token")
        token = self._event.request.query.get(name, self._event.request.body.get(name))
        if not isinstance(token, str):
            message = f"the request has no token {name}"
            raise ValueError(message)  # noqa: TRY004 - one kind of error for every token that is none
        return decoded_token(token, options["secret"], now=self._clock())

"""The event of a log-in, as its Actions receive it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from customdb_contract.tenant._outcomes import OperationKind
from customdb_contract.tenant._users import Identity, User
from customdb_contract.transcript import Value, as_data

__all__ = ["CLIENT", "TENANT", "event_of"]

CLIENT: Final = "client-of-the-simulated-tenant"
TENANT: Final = "simulated-tenant"

_ADDRESS: Final = "192.0.2.1"
_BROWSER: Final = "oidc-basic-profile"
_REFRESH: Final = "oauth2-refresh-token"

_OPTIONAL: Final = (
    "email",
    "username",
    "phone_number",
    "phone_verified",
    "name",
    "nickname",
    "given_name",
    "family_name",
    "picture",
    "last_password_reset",
)


def event_of(user: User, operation: OperationKind, *, at: datetime) -> dict[str, Any]:
    """Return the event of a log-in as Auth0 has it, without `secrets`.

    Source: <https://auth0.com/docs/actions/reference/post-login/post-login-event-object>. Data that a simulated tenant
    does not have is left out if Auth0 can leave it out, and made up otherwise: the client, the address.

    Args:
        user: The user's record when the log-in has succeeded.
        operation: How the user logs in.
        at: When.
    """
    is_refresh, is_silent = operation is OperationKind.REFRESH, operation is OperationKind.SILENT_LOG_IN
    transaction: dict[str, Any] = {"protocol": _REFRESH if is_refresh else _BROWSER, "metadata": {}}
    if is_silent:
        transaction["prompt"] = ["none"]
    event: dict[str, Any] = {
        "user": _user(user),
        "connection": {"id": f"con_{user.connection}", "name": user.connection, "strategy": "auth0"},
        "client": {"client_id": CLIENT, "name": CLIENT, "metadata": {}},
        "tenant": {"id": TENANT},
        "request": {
            "ip": _ADDRESS,
            "method": "POST" if is_refresh else "GET",
            "query": {"prompt": "none"} if is_silent else {},
            "body": {"grant_type": "refresh_token"} if is_refresh else {},
            "geoip": {},
        },
        # A sign-up logs the user in, but is not counted in the record.
        "stats": {"logins_count": max(1, user.logins_count)},
        "transaction": transaction,
    }
    if not is_refresh:
        event["authentication"] = {"methods": [{"name": "pwd", "timestamp": (user.last_login or at).isoformat()}]}
    return event


def _user(user: User) -> dict[str, Any]:
    known = {name: getattr(user, name) for name in _OPTIONAL}
    told: dict[str, Value] = {
        **{name: value for name, value in user.extra.items() if name not in _OPTIONAL or known[name] is None},
        **{name: value for name, value in known.items() if value is not None},
        "user_id": user.user_id,
        "email_verified": user.email_verified,
        "created_at": user.created_at.isoformat(),
        "updated_at": user.updated_at.isoformat(),
        "user_metadata": user.user_metadata,
        "app_metadata": user.app_metadata,
        "identities": [_identity(identity) for identity in user.identities],
    }
    return {name: as_data(value) for name, value in told.items()}


def _identity(identity: Identity) -> Mapping[str, Value]:
    return {
        "connection": identity.connection,
        "user_id": identity.user_id,
        "provider": identity.provider,
        "isSocial": False,
    }

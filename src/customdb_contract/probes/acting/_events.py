"""The events of log-ins that a check passes to an Action.

Source: <https://auth0.com/docs/actions/reference/post-login/post-login-event-object>.
"""

from collections.abc import Mapping
from typing import Final

from customdb_contract.transcript import MetadataKey, RunSituation, Value, as_data

__all__ = ["CHANGED_EMAIL", "EMAIL", "LEGACY_ID", "WITHOUT_BROWSER", "event_of"]

LEGACY_ID: Final = "5f3c9a7e21"
"""The id of the user in the legacy system: that of the identity in Auth0, without its prefix."""

EMAIL: Final = "ada.lovelace@example.com"
CHANGED_EMAIL: Final = "ada.king@example.com"

WITHOUT_BROWSER: Final = (RunSituation.TOKEN_REFRESH, RunSituation.SILENT_LOG_IN)
"""The log-ins in which no page can be shown, so that an Action cannot redirect the user."""

_ODD_ID: Final = "5f3c/9a7e?x=1&y=2"
_ODD_EMAIL: Final = "ada/lovelace?x=1&y=2@example.com"
_EMAILS: Final[Mapping[RunSituation, str]] = {
    RunSituation.CHANGED_EMAIL: CHANGED_EMAIL,
    RunSituation.ODD_IDENTIFIERS: _ODD_EMAIL,
}
_SOCIAL: Final = "google-oauth2"
_SOCIAL_ID: Final = "108731467322041176530"
_OTHER_DATABASE: Final = "another-database"
_OTHER_ID: Final = "c27b90d4f8"
_CREATED: Final = "2026-01-07T09:00:00.000Z"
_UPDATED: Final = "2026-01-07T09:00:01.000Z"
_TOKEN_REFRESH: Final = "oauth2-refresh-token"  # noqa: S105 - Auth0's name of a protocol


def event_of(
    situation: RunSituation, metadata: Mapping[MetadataKey, Value], *, connection: str, logins: int
) -> dict[str, object]:
    """Return the event of a log-in, without secrets.

    Args:
        situation: Who logs in, and how.
        metadata: The metadata that the user has in Auth0.
        connection: The name of the connection of the legacy users.
        logins: The number of log-ins of the user, including this one.
    """
    name, strategy = _connection_of(situation, connection)
    event: dict[str, object] = {
        "client": {"client_id": "kT7mVxQ2nW5yZ8bC", "name": "Shop", "metadata": {}},
        "connection": {"id": f"con_{name.replace('-', '')}", "name": name, "strategy": strategy, "metadata": {}},
        "request": _request(situation),
        "stats": {"logins_count": logins},
        "tenant": {"id": "shop"},
        "transaction": _transaction(situation),
        "user": _user(situation, metadata, connection),
    }
    if situation is RunSituation.MINIMAL_EVENT:
        return event
    event["authentication"] = {"methods": [{"name": "pwd", "timestamp": _UPDATED}]}
    event["authorization"] = {"roles": []}
    event["resource_server"] = {"identifier": "https://api.shop.example.com"}
    return event


def _connection_of(situation: RunSituation, connection: str) -> tuple[str, str]:
    """Return the name and the strategy of the connection of a log-in."""
    if situation is RunSituation.OTHER_STRATEGY:
        return _SOCIAL, _SOCIAL
    return (_OTHER_DATABASE if situation is RunSituation.OTHER_DATABASE else connection), "auth0"


def _request(situation: RunSituation) -> dict[str, object]:
    return {
        "ip": "203.0.113.7",
        "method": "GET",
        "hostname": "shop.eu.auth0.com",
        "language": "en",
        "user_agent": "Mozilla/5.0",
        "query": {"prompt": "none"} if situation is RunSituation.SILENT_LOG_IN else {},
        "body": {},
        "geoip": {"countryCode": "GB"},
    }


def _transaction(situation: RunSituation) -> dict[str, object]:
    transaction: dict[str, object] = {
        "acr_values": [],
        "locale": "en",
        "protocol": _TOKEN_REFRESH if situation is RunSituation.TOKEN_REFRESH else "oidc-basic-profile",
        "redirect_uri": "https://shop.example.com/callback",
        "requested_scopes": ["openid"],
        "response_type": ["code"],
        "ui_locales": [],
    }
    return transaction | ({"prompt": ["none"]} if situation is RunSituation.SILENT_LOG_IN else {})


def _user(situation: RunSituation, metadata: Mapping[MetadataKey, Value], connection: str) -> dict[str, object]:
    identities = _identities(situation, connection)
    first = identities[0]
    user_id = f"{first['provider']}|{first['user_id']}"
    user: dict[str, object] = {
        "user_id": user_id,
        "created_at": _CREATED,
        "updated_at": _UPDATED,
        "email_verified": True,
        "identities": identities,
    }
    if situation is RunSituation.MINIMAL_EVENT:
        return user
    return {
        **user,
        "email": _EMAILS.get(situation, EMAIL),
        "name": "Ada Lovelace",
        "nickname": "ada.lovelace",
        "picture": "https://shop.example.com/ada.png",
        "enrolledFactors": [],
        "multifactor": [],
        **{
            kind: {name: as_data(value) for (of, name), value in metadata.items() if of == kind}
            for kind in ("app_metadata", "user_metadata")
        },
    }


def _identities(situation: RunSituation, connection: str) -> list[dict[str, object]]:
    """Return the identities of a user, the primary one first."""
    own = _identity(connection, "auth0", LEGACY_ID)
    social = _identity(_SOCIAL, _SOCIAL, _SOCIAL_ID)
    match situation:
        case RunSituation.OTHER_DATABASE:
            return [_identity(_OTHER_DATABASE, "auth0", _OTHER_ID)]
        case RunSituation.OTHER_STRATEGY:
            return [social]
        case RunSituation.LINKED_ACCOUNT:
            return [social, own]
        case RunSituation.ODD_IDENTIFIERS:
            return [_identity(connection, "auth0", _ODD_ID)]
        case _:
            return [own]


def _identity(connection: str, provider: str, user_id: str) -> dict[str, object]:
    return {"connection": connection, "provider": provider, "user_id": user_id, "isSocial": provider == _SOCIAL}

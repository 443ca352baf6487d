"""Events of post-login Actions for tests."""

from typing import Any

from customdb_contract.actions import PostLoginEvent

__all__ = ["an_event", "minimal_event"]


def minimal_event(**parts: Any) -> dict[str, Any]:
    """Return an event with the members that Auth0 always sends, as JSON; `parts` replace members of the same name."""
    event: dict[str, Any] = {
        "user": {"user_id": "auth0|7"},
        "connection": {"id": "con_1", "name": "legacy-shop", "strategy": "auth0"},
        "client": {"client_id": "client-1", "name": "Shop", "metadata": {}},
        "tenant": {"id": "tenant-1"},
        "request": {"ip": "192.0.2.1", "method": "POST", "query": {}, "body": {}, "geoip": {}},
        "stats": {"logins_count": 1},
    }
    return event | parts


def an_event(**parts: Any) -> PostLoginEvent:
    """Return the same as an object, with no secrets."""
    return PostLoginEvent.from_json(minimal_event(secrets={}) | parts)

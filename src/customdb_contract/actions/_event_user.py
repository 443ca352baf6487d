"""The parts of an event that describe who logs in, and to what."""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from customdb_contract.actions._parts import EventPart

__all__ = [
    "EventAgent",
    "EventAuthorization",
    "EventClient",
    "EventClientRefreshToken",
    "EventConnection",
    "EventCustomDomain",
    "EventEnrolledFactor",
    "EventIdentity",
    "EventOrganization",
    "EventRefreshTokenPolicy",
    "EventResourceServer",
    "EventStats",
    "EventTenant",
    "EventUser",
]


@frozen(kw_only=True)
class EventIdentity(EventPart):
    """An identity of the user: `event.user.identities[0]`."""

    connection: str | None = None
    user_id: str | None = None
    provider: str | None = None
    isSocial: bool | None = None
    profileData: Mapping[str, Any] | None = None


@frozen(kw_only=True)
class EventEnrolledFactor(EventPart):
    """An authentication factor that the user has enrolled."""

    type: str | None = None
    options: Mapping[str, Any] | None = None


@frozen(kw_only=True)
class EventUser(EventPart):
    """The user who logs in: `event.user`. Only `user_id` is always present."""

    user_id: str
    app_metadata: Mapping[str, Any] | None = None
    user_metadata: Mapping[str, Any] | None = None
    created_at: str | None = None
    updated_at: str | None = None
    email: str | None = None
    email_verified: bool | None = None
    username: str | None = None
    phone_number: str | None = None
    phone_verified: bool | None = None
    name: str | None = None
    nickname: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    picture: str | None = None
    last_password_reset: str | None = None
    identities: tuple[EventIdentity, ...] | None = None
    enrolledFactors: tuple[EventEnrolledFactor, ...] | None = None
    multifactor: tuple[str, ...] | None = None


@frozen(kw_only=True)
class EventConnection(EventPart):
    """The connection that authenticated the user: `event.connection`."""

    id: str
    name: str
    strategy: str
    metadata: Mapping[str, Any] | None = None


@frozen(kw_only=True)
class EventRefreshTokenPolicy(EventPart):
    """How the application's refresh tokens can be used at a resource server."""

    audience: str | None = None
    scope: tuple[str, ...] | None = None


@frozen(kw_only=True)
class EventClientRefreshToken(EventPart):
    """The settings of an application's refresh tokens: `event.client.refresh_token`."""

    policies: tuple[EventRefreshTokenPolicy, ...] | None = None


@frozen(kw_only=True)
class EventClient(EventPart):
    """The application that the user logs in to: `event.client`."""

    client_id: str
    name: str
    metadata: Mapping[str, Any]
    refresh_token: EventClientRefreshToken | None = None


@frozen(kw_only=True)
class EventTenant(EventPart):
    """The tenant: `event.tenant`."""

    id: str


@frozen(kw_only=True)
class EventStats(EventPart):
    """How often the user has logged in: `event.stats`."""

    logins_count: int


@frozen(kw_only=True)
class EventAuthorization(EventPart):
    """What the user is authorized to do: `event.authorization`."""

    roles: tuple[str, ...] | None = None


@frozen(kw_only=True)
class EventOrganization(EventPart):
    """The organization of the log-in: `event.organization`."""

    id: str | None = None
    name: str | None = None
    display_name: str | None = None
    metadata: Mapping[str, Any] | None = None


@frozen(kw_only=True)
class EventCustomDomain(EventPart):
    """The custom domain of the log-in: `event.custom_domain`."""

    domain: str | None = None
    domain_metadata: Mapping[str, Any] | None = None


@frozen(kw_only=True)
class EventResourceServer(EventPart):
    """The API that access is requested for: `event.resource_server`."""

    identifier: str | None = None


@frozen(kw_only=True)
class EventAgent(EventPart):
    """The agent that acts in this log-in: `event.agent`."""

    agent_id: str | None = None
    name: str | None = None
    agent_metadata: Mapping[str, Any] | None = None

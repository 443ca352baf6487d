"""The parts of an event that describe how a user logs in."""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from customdb_contract.actions._parts import EventPart

__all__ = [
    "EventAssessment",
    "EventAssessments",
    "EventAuthentication",
    "EventDevice",
    "EventGeoIP",
    "EventMethod",
    "EventParentRefreshToken",
    "EventPrompt",
    "EventRefreshToken",
    "EventRequest",
    "EventRiskAssessment",
    "EventSecurityContext",
    "EventSession",
    "EventSessionCookie",
    "EventSessionTransfer",
    "EventSessionTransferToken",
    "EventTransaction",
]


@frozen(kw_only=True)
class EventGeoIP(EventPart):
    """Where a request came from: `event.request.geoip`."""

    cityName: str | None = None
    continentCode: str | None = None
    countryCode: str | None = None
    countryCode3: str | None = None
    countryName: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    subdivisionCode: str | None = None
    subdivisionName: str | None = None
    timeZone: str | None = None


@frozen(kw_only=True)
class EventRequest(EventPart):
    """The request that began the log-in: `event.request`."""

    ip: str
    method: str
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    geoip: EventGeoIP
    asn: str | None = None
    hostname: str | None = None
    language: str | None = None
    user_agent: str | None = None


@frozen(kw_only=True)
class EventTransaction(EventPart):
    """The log-in itself: `event.transaction`.

    `metadata` is shared by the Actions of one log-in: `api.transaction.set_metadata` changes it at once.
    """

    id: str | None = None
    protocol: str | None = None
    prompt: tuple[str, ...] | None = None
    acr_values: tuple[str, ...] | None = None
    linking_id: str | None = None
    locale: str | None = None
    login_hint: str | None = None
    redirect_uri: str | None = None
    requested_authorization_details: tuple[Mapping[str, Any], ...] | None = None
    requested_scopes: tuple[str, ...] | None = None
    response_mode: str | None = None
    response_type: tuple[str, ...] | None = None
    state: str | None = None
    ui_locales: tuple[str, ...] | None = None
    actor: Mapping[str, Any] | None = None
    actor_token_type: str | None = None
    correlation_id: str | None = None
    metadata: Mapping[str, Any] | None = None
    subject_token_type: str | None = None


@frozen(kw_only=True)
class EventMethod(EventPart):
    """An authentication method that the user has completed: `event.authentication.methods[0]`."""

    name: str | None = None
    timestamp: str | None = None


@frozen(kw_only=True)
class EventAssessment(EventPart):
    """One assessment of a risk."""

    code: str | None = None
    confidence: str | None = None
    details: Mapping[str, Any] | None = None


@frozen(kw_only=True)
class EventAssessments(EventPart):
    """The individual assessments of a risk."""

    AgentDetection: EventAssessment | None = None
    ImpossibleTravel: EventAssessment | None = None
    NewDevice: EventAssessment | None = None
    UntrustedIP: EventAssessment | None = None


@frozen(kw_only=True)
class EventRiskAssessment(EventPart):
    """How risky the log-in is: `event.authentication.riskAssessment`."""

    confidence: str | None = None
    version: str | None = None
    assessments: EventAssessments | None = None
    supplemental: Mapping[str, Any] | None = None


@frozen(kw_only=True)
class EventAuthentication(EventPart):
    """How the user was authenticated: `event.authentication`."""

    methods: tuple[EventMethod, ...] | None = None
    riskAssessment: EventRiskAssessment | None = None


@frozen(kw_only=True)
class EventPrompt(EventPart):
    """What a custom prompt has collected: `event.prompt`."""

    id: str | None = None
    fields: Mapping[str, Any] | None = None
    vars: Mapping[str, Any] | None = None


@frozen(kw_only=True)
class EventSecurityContext(EventPart):
    """Fingerprints of the connection: `event.security_context`."""

    ja3: str | None = None
    ja4: str | None = None


@frozen(kw_only=True)
class EventDevice(EventPart):
    """The device that a session or a refresh token is used on."""

    initial_asn: str | None = None
    initial_ip: str | None = None
    initial_user_agent: str | None = None
    last_asn: str | None = None
    last_ip: str | None = None
    last_user_agent: str | None = None


@frozen(kw_only=True)
class EventParentRefreshToken(EventPart):
    """The refresh token that a session was transferred with."""

    id: str | None = None
    metadata: Mapping[str, Any] | None = None


@frozen(kw_only=True)
class EventSessionTransfer(EventPart):
    """Where a session or refresh token created by a session transfer comes from."""

    parent_refresh_token: EventParentRefreshToken | None = None


@frozen(kw_only=True)
class EventRefreshToken(EventPart):
    """The refresh token that is being exchanged: `event.refresh_token`."""

    id: str | None = None
    client_id: str | None = None
    created_at: str | None = None
    device: EventDevice | None = None
    expires_at: str | None = None
    idle_expires_at: str | None = None
    last_exchanged_at: str | None = None
    metadata: Mapping[str, Any] | None = None
    resource_servers: tuple[Mapping[str, Any], ...] | None = None
    rotating: bool | None = None
    session_id: str | None = None
    session_transfer: EventSessionTransfer | None = None
    user_id: str | None = None


@frozen(kw_only=True)
class EventSessionCookie(EventPart):
    """How long the cookie of a session lasts."""

    mode: str | None = None


@frozen(kw_only=True)
class EventSession(EventPart):
    """The session: `event.session`."""

    id: str | None = None
    actor: Mapping[str, Any] | None = None
    authenticated_at: str | None = None
    clients: tuple[Mapping[str, Any], ...] | None = None
    cookie: EventSessionCookie | None = None
    created_at: str | None = None
    device: EventDevice | None = None
    expires_at: str | None = None
    idle_expires_at: str | None = None
    last_interacted_at: str | None = None
    metadata: Mapping[str, Any] | None = None
    session_transfer: EventSessionTransfer | None = None
    updated_at: str | None = None
    user_id: str | None = None


@frozen(kw_only=True)
class EventSessionTransferToken(EventPart):
    """The token that carries a session from a native application: `event.session_transfer_token`."""

    client_id: str | None = None
    request: Mapping[str, Any] | None = None
    scope: tuple[str, ...] | None = None

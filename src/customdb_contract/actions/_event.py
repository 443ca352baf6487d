"""`PostLoginEvent`: the `event` object of a post-login Action."""

from collections.abc import Mapping

from attrs import field, frozen

from customdb_contract.actions._event_log_in import (
    EventAuthentication,
    EventPrompt,
    EventRefreshToken,
    EventRequest,
    EventSecurityContext,
    EventSession,
    EventSessionTransferToken,
    EventTransaction,
)
from customdb_contract.actions._event_user import (
    EventAgent,
    EventAuthorization,
    EventClient,
    EventConnection,
    EventCustomDomain,
    EventOrganization,
    EventResourceServer,
    EventStats,
    EventTenant,
    EventUser,
)
from customdb_contract.actions._parts import EventPart

__all__ = ["PostLoginEvent"]


@frozen(kw_only=True)
class PostLoginEvent(EventPart):
    """The `event` object of a post-login Action, under Auth0's own names: `event.user.app_metadata`.

    What Auth0 leaves out is None, lists are tuples, and metadata are dictionaries. `event.user` does not change during
    the log-in, whatever the Action does with `api`. Its repr has no secrets, but `to_json` has them.

    Source: <https://auth0.com/docs/actions/reference/post-login/post-login-event-object>.
    """

    user: EventUser
    connection: EventConnection
    client: EventClient
    tenant: EventTenant
    request: EventRequest
    stats: EventStats
    secrets: Mapping[str, str] = field(repr=False)
    transaction: EventTransaction | None = None
    agent: EventAgent | None = None
    authentication: EventAuthentication | None = None
    authorization: EventAuthorization | None = None
    custom_domain: EventCustomDomain | None = None
    organization: EventOrganization | None = None
    prompt: EventPrompt | None = None
    refresh_token: EventRefreshToken | None = None
    resource_server: EventResourceServer | None = None
    security_context: EventSecurityContext | None = None
    session: EventSession | None = None
    session_transfer_token: EventSessionTransferToken | None = None

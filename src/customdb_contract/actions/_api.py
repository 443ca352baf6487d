"""`PostLoginApi`: the `api` object of a post-login Action."""

from typing import Final

from customdb_contract.actions._api_parts import (
    AccessPart,
    AccessTokenPart,
    AuthenticationPart,
    CachePart,
    GroupsPart,
    IDTokenPart,
    MultifactorPart,
    Note,
    PromptPart,
    RolesPart,
    RulesPart,
    TransactionPart,
    UserPart,
    ValidationPart,
)
from customdb_contract.actions._api_saml import SAMLResponsePart
from customdb_contract.actions._api_sessions import RedirectPart, RefreshTokenPart, SessionPart
from customdb_contract.actions._cache import ActionCache
from customdb_contract.actions._event import PostLoginEvent

__all__ = ["PostLoginApi"]


class PostLoginApi:
    """The `api` object of a post-login Action: Auth0's `api`, with names in snake case.

    Options are mappings with Auth0's own names: `api.redirect.send_user_to(url, {"query": {...}})`. A method without a
    return value returns `api`, so that calls can be chained.

    Source: <https://auth0.com/docs/actions/reference/post-login/post-login-api-object>.

    Args:
        event: The event that the Action receives.
        note: Called for each call, with Auth0's name for it, such as `user.setAppMetadata`, and the arguments.
        cache: Where `api.cache` keeps its values; None stands for an empty cache.
    """

    def __init__(self, event: PostLoginEvent, note: Note, cache: ActionCache | None = None) -> None:
        self.access: Final = AccessPart(self, note)
        self.access_token: Final = AccessTokenPart(self, note)
        self.authentication: Final = AuthenticationPart(self, note)
        self.cache: Final = CachePart(self, note, cache or ActionCache())
        self.groups: Final = GroupsPart(self, note)
        self.id_token: Final = IDTokenPart(self, note)
        self.multifactor: Final = MultifactorPart(self, note)
        self.prompt: Final = PromptPart(self, note)
        self.redirect: Final = RedirectPart(self, note, event)
        self.refresh_token: Final = RefreshTokenPart(self, note)
        self.roles: Final = RolesPart(self, note)
        self.rules: Final = RulesPart(self, note)
        self.saml_response: Final = SAMLResponsePart(self, note)
        self.session: Final = SessionPart(self, note)
        self.transaction: Final = TransactionPart(self, note, event)
        self.user: Final = UserPart(self, note)
        self.validation: Final = ValidationPart(self, note)

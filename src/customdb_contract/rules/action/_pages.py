"""Where Auth0 documents what the rules about Actions are about."""

from typing import Final

__all__ = ["API_PAGE", "ARTICLE", "EVENT_PAGE", "GUIDELINES", "LIMITS"]

ARTICLE: Final = "https://support.auth0.com/center/s/article/persist-metadata-in-actions-after-lazy-migration"
GUIDELINES: Final = "https://auth0.com/docs/customize/actions/action-coding-guidelines"
LIMITS: Final = "https://auth0.com/docs/customize/actions/limitations"
EVENT_PAGE: Final = "https://auth0.com/docs/actions/reference/post-login/post-login-event-object"
API_PAGE: Final = "https://auth0.com/docs/actions/reference/post-login/post-login-api-object"

"""What the rules about Actions share: what they need, and where Auth0 documents what they are about."""

from functools import partial
from typing import Final

from customdb_contract.findings import Group, Need
from customdb_contract.rules._rule import rule
from customdb_contract.transcript import LegacyState

__all__ = ["API_PAGE", "ARTICLE", "ASKING", "EVENT_PAGE", "GUIDELINES", "LIMITS", "NO_ANSWER", "RUNNING", "action_rule"]

ARTICLE: Final = "https://support.auth0.com/center/s/article/persist-metadata-in-actions-after-lazy-migration"
GUIDELINES: Final = "https://auth0.com/docs/customize/actions/action-coding-guidelines"
LIMITS: Final = "https://auth0.com/docs/customize/actions/limitations"
EVENT_PAGE: Final = "https://auth0.com/docs/actions/reference/post-login/post-login-event-object"
API_PAGE: Final = "https://auth0.com/docs/actions/reference/post-login/post-login-api-object"

RUNNING: Final = (Need.ACTION,)
ASKING: Final = (Need.ACTION, Need.ASKING_ACTION)

NO_ANSWER: Final = frozenset({LegacyState.SILENCE, LegacyState.STALL})
"""The outages in which the legacy system never answers, or never ends its answer."""

action_rule: Final = partial(rule, group=Group.ACTION, scripts=(), actions=True)
"""`rule`, of the group `action`: it looks at runs of an Action, and at no script."""

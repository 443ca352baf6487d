"""What an Action in Python is: a function, or an object that also goes on after a redirect."""

from collections.abc import Awaitable
from typing import Protocol

from customdb_contract.actions._api import PostLoginApi
from customdb_contract.actions._event import PostLoginEvent

__all__ = ["PostLoginAction", "ResumingAction"]


class PostLoginAction(Protocol):
    """A post-login Action in Python: a function `(event, api)`, sync or async. What it returns is ignored."""

    def __call__(self, event: PostLoginEvent, api: PostLoginApi, /) -> Awaitable[object] | object:
        """Act on a log-in."""
        ...


class ResumingAction(PostLoginAction, Protocol):
    """An Action that goes on when the user comes back from where it sent them: `onContinuePostLogin` of Auth0."""

    def on_continue_post_login(self, event: PostLoginEvent, api: PostLoginApi, /) -> Awaitable[object] | object:
        """Go on with a log-in after `api.redirect.send_user_to`."""
        ...

"""What an Action in Python is: a function, or an object that can also continue after a redirect."""

from collections.abc import Awaitable
from typing import Protocol

from customdb_contract.actions._api import PostLoginApi
from customdb_contract.actions._event import PostLoginEvent

__all__ = ["PostLoginAction", "ResumingAction"]


class PostLoginAction(Protocol):
    """A post-login Action in Python: a function `(event, api)`, sync or async. Its return value is ignored."""

    def __call__(self, event: PostLoginEvent, api: PostLoginApi, /) -> Awaitable[object] | object:
        """Act on a log-in."""
        ...


class ResumingAction(PostLoginAction, Protocol):
    """An Action that continues when the user returns from a redirect: Auth0's `onContinuePostLogin`."""

    def on_continue_post_login(self, event: PostLoginEvent, api: PostLoginApi, /) -> Awaitable[object] | object:
        """Continue a log-in after `api.redirect.send_user_to`."""
        ...

"""`PostLoginAction`: what an Action in Python is."""

from collections.abc import Awaitable
from typing import Protocol

from customdb_contract.actions._api import PostLoginApi
from customdb_contract.actions._event import PostLoginEvent

__all__ = ["PostLoginAction"]


class PostLoginAction(Protocol):
    """A post-login Action in Python: a function `(event, api)`, sync or async. What it returns is ignored."""

    def __call__(self, event: PostLoginEvent, api: PostLoginApi, /) -> Awaitable[object] | object:
        """Act on a log-in."""
        ...

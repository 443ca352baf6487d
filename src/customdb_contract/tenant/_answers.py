"""The result of a script, as the tenant reads it."""

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from customdb_contract.transcript import Ending, Exchange, RecordedError, Value, brief, json_text

__all__ = ["Answer"]

_SHOWN: Final = 200

_UNTOLD: Final = {
    Ending.FOUND: "the script returned a profile that Auth0 cannot use",
    Ending.TIMED_OUT: "the script did not call its callback in time",
    Ending.DIED: "the process of the script ended before it called its callback",
    Ending.INVALID: "the script called its callback with something that Auth0 does not document",
    Ending.NOT_FOUND: "the script called its callback with nothing",
    Ending.DECLINED: "the script called its callback with false",
}


@frozen
class Answer:
    """The result of calling a script.

    Args:
        exchange: The call; None if the script could not be called.
        problem: Why it could not be called.
    """

    exchange: Exchange | None
    problem: str = ""

    @property
    def ending(self) -> Ending | None:
        """How the call ended; None if there was none."""
        return None if self.exchange is None else self.exchange.ending

    @property
    def profile(self) -> Mapping[str, Value] | None:
        """The profile that the script returned, or None."""
        return None if self.exchange is None else self.exchange.profile

    @property
    def result(self) -> Value:
        """The second argument that the script passed to its callback."""
        return None if self.exchange is None else self.exchange.outcome.result

    @property
    def is_nobody(self) -> bool:
        """Whether the script reported that there is no such user."""
        return self.ending is Ending.NOT_FOUND

    @property
    def is_done(self) -> bool:
        """Whether a script that writes reported success; `create` can return the new profile instead."""
        return self.ending in {Ending.DONE, Ending.FOUND}

    @property
    def error(self) -> RecordedError | None:
        """The error that the script passed to its callback or raised, or None."""
        if self.exchange is None:
            return None
        outcome = self.exchange.outcome
        error = outcome.error if self.ending is Ending.FAILED else outcome.raised
        return error if isinstance(error, RecordedError) else None

    @property
    def message(self) -> str:
        """The description that the tenant log has for an unsuccessful result."""
        if self.exchange is None:
            return self.problem
        if self.error is not None:
            return self.error.message or self.error.name
        untold = _UNTOLD.get(self.exchange.ending)
        return untold or brief(json_text(self.exchange.outcome.error), _SHOWN)

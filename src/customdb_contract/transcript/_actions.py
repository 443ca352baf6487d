"""The records of Actions in a transcript: their runs, their calls of `api`, and requests to the legacy system."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from attrs import Attribute, field, frozen

from customdb_contract.errors import TranscriptError
from customdb_contract.transcript._exchange import Ending, Outcome
from customdb_contract.transcript._header import Handler
from customdb_contract.transcript._values import Value, json_text

__all__ = [
    "RUN_ENDINGS",
    "ActionRun",
    "ApiCall",
    "LegacyAnswer",
    "LegacyRequest",
    "LegacyState",
    "RunSituation",
]

RUN_ENDINGS: Final = frozenset({Ending.DONE, Ending.RAISED, Ending.TIMED_OUT, Ending.DIED})
"""How a run can end: `done` when the handler returned and its promise is resolved."""

_METHOD: Final = re.compile(r"[A-Z]+(?:-[A-Z]+)*")
_LOWEST_STATUS: Final = 100
_HIGHEST_STATUS: Final = 999
_CALLED: Final = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)*")


class RunSituation(StrEnum):
    """Who logs in, and how, when an Action runs; probes and rules share this enumeration.

    The part before the colon is the family, see `family`.
    """

    FIRST_LOG_IN = "first-log-in"
    """A user of the connection, without metadata: as after an interrupted migration."""
    AT_ONCE = "first-log-in: at-once"
    """The same user, with two log-ins at the same time."""
    LATER_LOG_IN = "later-log-in"
    """The user of an earlier run, with the data that it stored; the container is new, and its cache empty."""
    EDITED_METADATA = "edited-metadata"
    """A user whose metadata differ from the legacy system's, because they were edited."""
    FALSE_METADATA = "falsy-metadata: false"
    ZERO_METADATA = "falsy-metadata: zero"
    EMPTY_METADATA = "falsy-metadata: empty-text"
    PARTIAL_METADATA = "partial-metadata"
    """A user who has all metadata but one."""
    OTHER_DATABASE = "other-connection: database"
    """A user of another database connection, with the same e-mail."""
    OTHER_STRATEGY = "other-connection: social"
    """A user of a social connection, with the same e-mail."""
    LINKED_ACCOUNT = "linked-account"
    """A user of the connection whose primary identity belongs to another connection."""
    CHANGED_EMAIL = "changed-email"
    """A user whose e-mail was changed in Auth0, but not in the legacy system."""
    ODD_IDENTIFIERS = "odd-identifiers"
    """A user whose id and e-mail have characters that separate the parts of a URL."""
    MINIMAL_EVENT = "minimal-event"
    """A user whose event has nothing that Auth0 can leave out."""
    TOKEN_REFRESH = "token-refresh"  # noqa: S105 - a situation
    SILENT_LOG_IN = "silent-log-in"
    SIMULATED = "simulated"
    """A run of the simulated tenant."""

    @property
    def family(self) -> str:
        """The part before the colon, for example `falsy-metadata` of `falsy-metadata: zero`."""
        return str.partition(self, ":")[0]


class LegacyState(StrEnum):
    """How the legacy system responds while an Action runs.

    The part before the colon is the family, see `family`.
    """

    SOUND = "sound"
    """It knows the user, and has metadata."""
    NO_SUCH_USER = "no-such-user"
    NO_METADATA = "no-metadata"
    """It knows the user, and has no metadata."""
    SOMEBODY_ELSE = "invalid: somebody-else"
    """Its response is about another user."""
    RESERVED_NAMES = "invalid: reserved-names"
    """Its response has names that Auth0 reserves."""
    DOTTED_KEYS = "invalid: dotted-keys"
    """Its response has keys with a dot and a dollar sign."""
    TOO_LARGE = "invalid: too-large"
    """Its response has more than Auth0 stores."""
    OTHER_TYPES = "invalid: other-types"
    """The values of its response have other JSON types than usual."""
    NO_OBJECT = "invalid: no-object"
    """Its response is JSON, but not an object."""
    REFUSE = "outage: refuse"
    RESET = "outage: reset"
    STATUS_429 = "outage: 429"
    STATUS_500 = "outage: 500"
    STATUS_503 = "outage: 503"
    HTML_PAGE = "outage: html-page"
    """An HTML page with status 200."""
    TRUNCATED_JSON = "outage: truncated-json"
    SILENCE = "outage: silence"
    """It never responds."""
    STALL = "outage: stall"
    """The body of its response never ends."""

    @property
    def family(self) -> str:
        """The part before the colon, for example `outage` of `outage: 500`."""
        return str.partition(self, ":")[0]


def _ending(_: object, __: "Attribute[Outcome]", outcome: Outcome) -> None:
    if outcome.ending not in RUN_ENDINGS or outcome.callbacks:
        message = f"a run ends with {', '.join(sorted(RUN_ENDINGS))}, and without callback; found {outcome.ending}"
        raise TranscriptError(message)


def _status(_: object, __: "Attribute[int]", status: int) -> None:
    if not _LOWEST_STATUS <= status <= _HIGHEST_STATUS:
        message = f"an HTTP status must have three digits, got {status}"
        raise TranscriptError(message)


def _method(_: object, __: "Attribute[str]", method: str) -> None:
    if not _METHOD.fullmatch(method):
        message = f"the method of a request must be in capitals, such as GET, got {json_text(method):.60}"
        raise TranscriptError(message)


def _path(_: object, __: "Attribute[str]", path: str) -> None:
    if not _CALLED.fullmatch(path):
        message = f"a call of api must have a name such as user.setAppMetadata, got {json_text(path):.60}"
        raise TranscriptError(message)


@frozen
class ActionRun:
    """One run of an Action.

    Args:
        number: Its place in the transcript, from 1.
        action: The name of the Action.
        handler: The function that ran.
        person: The label of the user who logs in, or `unknown`.
        situation: Who logs in, and how.
        event: The `event` that the Action received, with secrets masked and `secrets` left out.
        outcome: How it ended, what it printed, what was noticed; without callbacks.
        legacy: How the legacy system responds meanwhile; None if that is not under control.
        follows: The number of the run whose writes the user has, or None.
        caused_by: The number of the operation that caused it, or None.

    Raises:
        TranscriptError: When a run cannot have this outcome.
    """

    number: int
    action: str
    handler: Handler
    person: str
    situation: RunSituation
    event: Mapping[str, Value]
    outcome: Outcome = field(validator=_ending)
    legacy: LegacyState | None = None
    follows: int | None = None
    caused_by: int | None = None


@frozen
class ApiCall:
    """A call of `api`.

    Args:
        number: Its place in the transcript, from 1.
        path: The name of the call at Auth0: `user.setAppMetadata`, `access.deny`.
        arguments: Its arguments, with secrets masked.
        late: Whether the call came after the handler's promise was resolved, so that Auth0 ignores it.
        caused_by: The number of the run that made it, or None.

    Raises:
        TranscriptError: When the path is not valid.
    """

    number: int
    path: str = field(validator=_path)
    arguments: tuple[Value, ...]
    late: bool = False
    caused_by: int | None = None


@frozen
class LegacyAnswer:
    """A response of the legacy system.

    Args:
        status: The HTTP status.
        body: The body: as JSON if it is JSON, otherwise as text; None if there was none.

    Raises:
        TranscriptError: When the status does not have three digits.
    """

    status: int = field(validator=_status)
    body: Value = None


@frozen
class LegacyRequest:
    """A request of an Action that the check's stand-in for the legacy system received.

    Args:
        number: Its place in the transcript, from 1.
        method: The method, such as `GET`.
        url: The URL as the Action named it, with its host and with secrets masked.
        headers: The headers, with names in lower case and secrets masked.
        body: The body: as JSON if it is JSON, otherwise as text, with secrets masked.
        answer: The response, or None if there was none.
        late: Whether the request came after the handler's promise was resolved.
        caused_by: The number of the run that sent it, or None.

    Raises:
        TranscriptError: When the method is not valid.
    """

    number: int
    method: str = field(validator=_method)
    url: str
    headers: Mapping[str, Value] = field(factory=dict[str, Value])
    body: Value = None
    answer: LegacyAnswer | None = None
    late: bool = False
    caused_by: int | None = None

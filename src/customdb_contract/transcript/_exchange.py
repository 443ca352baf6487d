"""One call of a script: the user it is about, its situation, the arguments and the result."""

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Final, assert_never

from attrs import field, frozen

from customdb_contract.contract import Declined, Done, Failed, Found, NotFound, Script, result_from_callback
from customdb_contract.transcript._values import RecordedError, Value

__all__ = [
    "LATER_REQUESTS",
    "WHOLE_RECORD",
    "Ending",
    "Escape",
    "Exchange",
    "Mark",
    "Noticed",
    "Observation",
    "Outcome",
    "Situation",
    "argument_name",
    "ending_of",
]


class Situation(StrEnum):
    """What a call tried; probes and rules share this enumeration.

    The part before the colon is the family, see `family`.
    """

    KNOWN_USER = "known-user"
    """A known user's own e-mail, username or alias, and the right password."""
    REPEATED = "repeated"
    """The same as an earlier `known-user` call, later."""
    # Other spellings that identify the same user
    LOWER_CASE = "other-spelling: lower-case"
    UPPER_CASE = "other-spelling: upper-case"
    SURROUNDING_BLANKS = "other-spelling: surrounding-blanks"
    UNICODE_FORM = "other-spelling: unicode-form"
    USERNAME = "other-spelling: username"
    ALIAS = "other-spelling: alias"
    ORGANIZATION = "organization"
    """The same as an earlier `known-user` call, with an organization in the context."""
    CALLBACK_THROWS = "callback-throws"
    """The same as an earlier `known-user` call, with a callback that throws."""
    UNKNOWN_USER = "unknown-user"
    """A well-formed identifier that no user has."""
    WRONG_PASSWORD = "wrong-password"
    """A known user's identifier with a plainly wrong password."""
    EMPTY_PASSWORD = "wrong-password: empty"
    BLANK_PASSWORD = "wrong-password: blank"
    CASE_CHANGED_PASSWORD = "wrong-password: case-changed"
    BLANK_PADDED_PASSWORD = "wrong-password: blank-padded"
    NUL_CUT_PASSWORD = "wrong-password: nul-cut"
    CUT_PASSWORD = "wrong-password: 72-byte-cut"
    ANOTHER_USERS_PASSWORD = "wrong-password: another-users"
    SQL = "hostile: sql"
    NOSQL = "hostile: nosql"
    LDAP = "hostile: ldap"
    SEARCH_QUERY = "hostile: search-query"
    URL = "hostile: url"
    WILDCARD = "hostile: wildcard"
    REGEX = "hostile: regex"
    UNICODE_COLLISION = "hostile: unicode-collision"
    CONTROL_CHARACTERS = "hostile: control-characters"
    VERY_LONG = "hostile: very-long"
    BACKTRACKING = "hostile: backtracking"
    """An almost valid e-mail on which common regular expressions for e-mails try every way to divide its letters."""
    EMPTY_IDENTIFIER = "hostile: empty-identifier"
    BLANK_IDENTIFIER = "hostile: blank-identifier"
    OUTAGE = "outage"
    """The store is unreachable, in the way that the team's own outage database has it."""
    REFUSE = "outage: refuse"
    RESET = "outage: reset"
    HANG = "outage: hang"
    STATUS_400 = "outage: 400"
    STATUS_401 = "outage: 401"
    STATUS_403 = "outage: 403"
    STATUS_404 = "outage: 404"
    STATUS_429 = "outage: 429"
    STATUS_500 = "outage: 500"
    STATUS_503 = "outage: 503"
    HTML_PAGE = "outage: html-page"
    """An HTML page with status 200."""
    EMPTY_BODY = "outage: empty-body"
    EMPTY_ARRAY = "outage: empty-array"
    EMPTY_OBJECT = "outage: empty-object"
    TRUNCATED_JSON = "outage: truncated-json"
    WRONG_SHAPE = "outage: wrong-shape"
    CUT = "outage: cut"
    """The response of the store is cut off in the middle."""
    SECOND_REQUEST = "outage: second-request"
    """The store answers the first request or query of the call, and fails at the second."""
    THIRD_REQUEST = "outage: third-request"
    """The store answers the first two requests or queries of the call, and fails at the third."""
    WRITING = "writing"
    """A write on a user created by the check, or a look at its result."""
    BLANKS_IN_PASSWORD = "writing: blanks-in-password"
    UNICODE_PASSWORD = "writing: unicode-password"
    LONGEST_PASSWORD = "writing: 72-byte-password"
    OVERLONG_PASSWORD = "writing: overlong-password"
    """A password of more bytes than bcrypt reads."""
    WITHOUT_METADATA = "writing: without-metadata"
    """A sign-up without metadata."""
    AT_ONCE = "writing: at-once"
    """The same write, done twice at the same time."""
    SIMULATED = "simulated"
    """A call of the simulated tenant, about a user that the given truth does not include."""
    CLEAN_UP = "clean-up"
    """Removing a user created by the check."""

    @cached_property
    def family(self) -> str:
        """The part before the colon, for example `hostile` of `hostile: sql`."""
        return str.partition(self, ":")[0]


LATER_REQUESTS: Final = (Situation.SECOND_REQUEST, Situation.THIRD_REQUEST)
"""The outages in which the store answers the first requests of a call: one, two."""


class Ending(StrEnum):
    """How a call ended: a closed set."""

    FOUND = "found"
    NOT_FOUND = "not-found"
    FAILED = "failed"
    DONE = "done"
    DECLINED = "declined"
    INVALID = "invalid"
    """The callback was called with arguments that match none of the other endings."""
    RAISED = "raised"
    TIMED_OUT = "timed-out"
    DIED = "died"


class Mark(StrEnum):
    """Why an exchange is judged by no rule about the user or the store."""

    UNSTABLE_STORE = "unstable-store"
    """The same call, repeated, ended differently."""
    OUTAGE_NOT_MET = "outage-not-met"
    """The fault server or proxy received no request, so the store of this call may have been reachable."""
    EXHAUSTED_STORE = "exhausted-store"
    """The store refused a call that it answered before, because of too many connections or calls."""
    LOCKED_OUT = "locked-out"
    """The store rejects the right password after the wrong ones of this check."""


class Escape(StrEnum):
    """How an exception left a script."""

    THROWN = "thrown"
    """From the call itself."""
    LATER = "later"
    """From a task, a thread, a timer or the callback of a driver."""
    REJECTION = "rejection"
    """As a rejected promise that nothing handles, including the one that an async JavaScript function returned."""
    ERROR_EVENT = "error-event"
    """As an event `error` without a listener."""


class Noticed(StrEnum):
    """What a bridge notices of a call in addition to its result, as far as it can."""

    REQUEST = "request"
    """An HTTP request was sent: its method and URL."""
    LATE_REQUEST = "late-request"
    """An HTTP request was sent after the callback was called: its method and URL."""
    ARGUMENT_CHANGED = "argument-changed"
    """The script changed one of its arguments: the `user` of create, or `context`."""
    CONFIGURATION_WRITE = "configuration-write"
    """A key of the object `configuration` was written: the key."""
    KEPT_IN_GLOBAL = "kept-in-global"
    """An object that the call received or found is kept where the next call sees it: the path."""
    IMPLICIT_GLOBAL = "implicit-global"
    """A module was used that is a global only in old runtimes: its name."""
    NOTHING_LEFT = "nothing-left"
    """Nothing was left running that could have called the callback: for how long, in milliseconds."""
    PROCESS_ENDED = "process-ended"
    """The script's process ended after the callback was called: how, such as `it exited with code 1`."""
    STILL_RUNNING = "still-running"
    """The script went on after the callback was called, until its process was ended: for how long, such as `20 s`.
    Or an Action had an open connection after its handler had returned: for at least how long."""
    MISSING_CONFIGURATION = "missing-configuration"
    """A key of `configuration` was read that is not set: its name, and the place in the script if known."""
    HOST_OUT_OF_REACH = "host-out-of-reach"
    """A connection to another host could not be made: the host and its port."""
    MISSING_SECRET = "missing-secret"
    """An Action read a secret that it does not have: its name."""
    OPEN_SOCKETS = "open-sockets"
    """How many connections to other hosts were open afterwards, including those of earlier calls."""
    LEFT_OUT = "left-out"
    """After this call, which timed out like others, the script received no more of a kind: the situation."""
    INSPECTED = "inspected"
    """The store itself was inspected afterwards: `a record`, or `nothing`."""
    STORED_FIELD = "stored-field"
    """Data of the user passed to `create` that the store keeps without need: the path."""
    STORED_PASSWORD = "stored-password"
    """The store has the password as it was typed: the path."""
    STORE_CHANGE = "store-change"
    """The call changed the stored record: the path, or `the whole record` if it is gone."""


WHOLE_RECORD: Final = "the whole record"
"""The text of a `store-change` when the user's record is gone."""


@frozen
class Observation:
    """Something that was noticed of a call.

    Args:
        kind: What it is.
        text: Which one, for example the method and the URL of a request, with secrets masked.
    """

    kind: Noticed
    text: str


def _seconds(duration: float) -> float:
    """Return a duration in whole tenths of a millisecond, which is precise enough for a report.

    A script can replace the clock that measured it; a duration that cannot be stored counts as zero.
    """
    return round(duration, 4) if math.isfinite(duration) and duration >= 0 else 0.0


@frozen
class Outcome:
    """What a bridge observed of one call: everything, in order.

    Args:
        ending: How the call ended: the first event decides.
        callbacks: The arguments of every call of the callback, error first, including late calls. A result-style script
            that returns has one. Empty if there was none.
        raised: The exception that the script raised, or None. The contract's own errors do not count: raising one
            equals `callback(error)`.
        escape: How the exception left the script; meaningless if there is none.
        output: Everything that the script printed and logged, as one text, with secrets masked.
        duration: Seconds from the call to its ending. Rules use it from one second on.
        observations: What else was noticed, in order.
    """

    ending: Ending
    callbacks: tuple[tuple[Value, ...], ...] = ()
    raised: RecordedError | None = None
    escape: Escape = Escape.THROWN
    output: str = ""
    duration: float = field(default=0.0, converter=_seconds)
    observations: tuple[Observation, ...] = ()

    @property
    def arguments(self) -> tuple[Value, ...]:
        """The arguments of the first call of the callback; empty if there was none."""
        return self.callbacks[0] if self.callbacks else ()

    @property
    def error(self) -> Value:
        """The first argument of the first callback, None if there is none."""
        return self.arguments[0] if self.arguments else None

    @property
    def result(self) -> Value:
        """The second argument of the first callback, None if there is none."""
        return self.arguments[1] if len(self.arguments) > 1 else None

    def noticed(self, kind: Noticed) -> tuple[str, ...]:
        """Return the texts of the observations of one kind, in order.

        Args:
            kind: The kind.
        """
        return tuple(observation.text for observation in self.observations if observation.kind is kind)


def ending_of(script: Script, arguments: Sequence[Value]) -> Ending:
    """Return the ending that a call of the callback stands for.

    Args:
        script: The script that called.
        arguments: The arguments of the callback, as recorded values.
    """
    match result_from_callback(script, arguments):
        case Found():
            return Ending.FOUND
        case NotFound():
            return Ending.NOT_FOUND
        case Failed():
            return Ending.FAILED
        case Done():
            return Ending.DONE
        case Declined():
            return Ending.DECLINED
        case None:
            return Ending.INVALID
        case _ as unreachable:
            assert_never(unreachable)


def argument_name(script: Script, place: int) -> str:
    """Return the name of an argument: the contract's own, or `argument_3` and so on if it has none.

    Args:
        script: The script.
        place: The argument's place, from 0.
    """
    names = script.argument_names
    return names[place] if place < len(names) else f"argument_{place + 1}"


@frozen
class Exchange:
    """One call of a script and its outcome.

    Args:
        number: Its place in the transcript, from 1.
        script: The script that was called.
        arguments: Its arguments, without `context` and `callback`, with secrets masked.
        person: The label of the user that the identifier stands for, or `unknown`. In a `wrong-password` situation, it
            is the user whose password is tried; in a `hostile` one it is `unknown`, because no user has the identifier.
        situation: What the call tried.
        outcome: The result.
        marks: Why rules leave it out; empty for almost all calls.
        caused_by: The number of the operation that caused it, or None.
    """

    number: int
    script: Script
    arguments: tuple[Value, ...]
    person: str
    situation: Situation
    outcome: Outcome
    marks: frozenset[Mark] = frozenset()
    caused_by: int | None = None

    @property
    def ending(self) -> Ending:
        """How the call ended."""
        return self.outcome.ending

    @property
    def identifier(self) -> Value:
        """The first argument: the identifier, e-mail or id that the call was about."""
        return self.argument(0)

    def argument(self, place: int) -> Value:
        """Return one of the arguments; None if it was not given.

        Args:
            place: Its place, from 0.
        """
        return self.arguments[place] if place < len(self.arguments) else None

    @cached_property
    def profile(self) -> Mapping[str, Value] | None:
        """The profile of a `found` ending, otherwise None."""
        result = self.outcome.result
        return result if self.ending is Ending.FOUND and isinstance(result, Mapping) else None

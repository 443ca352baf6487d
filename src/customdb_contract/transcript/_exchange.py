"""One call of a script: who was meant, in which situation, what was asked and what came back."""

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
    """What a call tried; probes and rules share this one enumeration.

    The part before the colon is the family, see `family`.
    """

    KNOWN_USER = "known-user"
    """A known person's own e-mail, username or alias, and the right password."""
    REPEATED = "repeated"
    """The same as an earlier `known-user` call, later."""
    # Other spellings that denote the same person
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
    """A well-formed identifier that is nobody's."""
    WRONG_PASSWORD = "wrong-password"
    """A known person's identifier with a plain wrong password."""
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
    """An almost valid e-mail on which common regular expressions for e-mails try every division of its letters."""
    EMPTY_IDENTIFIER = "hostile: empty-identifier"
    BLANK_IDENTIFIER = "hostile: blank-identifier"
    OUTAGE = "outage"
    """The store is out of reach, in the way that the team's own outage database has it."""
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
    """The answer of the store is cut off in the middle."""
    SECOND_REQUEST = "outage: second-request"
    """The store answers the first request or query of the call, and fails at the second."""
    THIRD_REQUEST = "outage: third-request"
    """The store answers the first two requests or queries of the call, and fails at the third."""
    WRITING = "writing"
    """A write on somebody whom the check made, or a look at what came of it."""
    BLANKS_IN_PASSWORD = "writing: blanks-in-password"
    UNICODE_PASSWORD = "writing: unicode-password"
    LONGEST_PASSWORD = "writing: 72-byte-password"
    OVERLONG_PASSWORD = "writing: overlong-password"
    """A password of more bytes than bcrypt takes."""
    WITHOUT_METADATA = "writing: without-metadata"
    """A sign-up that brings no metadata along."""
    AT_ONCE = "writing: at-once"
    """The same write, made by two at the same time."""
    SIMULATED = "simulated"
    """A call of the simulated tenant, about somebody of whom the truth that was given says nothing."""
    CLEAN_UP = "clean-up"
    """Removing whom the check made."""

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
    """The callback was given arguments that fit none of the endings before."""
    RAISED = "raised"
    TIMED_OUT = "timed-out"
    DIED = "died"


class Mark(StrEnum):
    """Why an exchange is judged by no rule about the person or the store."""

    UNSTABLE_STORE = "unstable-store"
    """The same call, repeated, ended otherwise."""
    OUTAGE_NOT_MET = "outage-not-met"
    """Nothing asked the fault server or proxy, so the store of this call was not out of reach as far as is known."""
    EXHAUSTED_STORE = "exhausted-store"
    """The store refused a call that it answered before, because it has no more connections, or was asked too often."""
    LOCKED_OUT = "locked-out"
    """The store refuses the right password after the wrong ones of this check."""


class Escape(StrEnum):
    """How an exception left a script."""

    THROWN = "thrown"
    """Out of the call itself."""
    LATER = "later"
    """Out of a task, a thread, a timer or the callback of a driver."""
    REJECTION = "rejection"
    """As a rejected promise that nobody handles: also the one that an async JavaScript function returned."""
    ERROR_EVENT = "error-event"
    """As an event `error` for which nobody listens."""


class Noticed(StrEnum):
    """What is noticed of a call beside what it handed over; a bridge notices what it can."""

    REQUEST = "request"
    """An HTTP request was sent: its method and URL."""
    LATE_REQUEST = "late-request"
    """An HTTP request was sent after the callback was called: its method and URL."""
    ARGUMENT_CHANGED = "argument-changed"
    """The script changed what it was given: `user`, which create is given, or `context`."""
    CONFIGURATION_WRITE = "configuration-write"
    """The object `configuration` was written to: the key."""
    KEPT_IN_GLOBAL = "kept-in-global"
    """What the call was given, or found, is kept where the next call sees it: the path."""
    IMPLICIT_GLOBAL = "implicit-global"
    """A module was used that only old runtimes have as a global: its name."""
    NOTHING_LEFT = "nothing-left"
    """Nothing was left under way that could have called the callback: for how long, in milliseconds."""
    PROCESS_ENDED = "process-ended"
    """The process that the script ran in ended after the callback was called: how, such as `it exited with code 1`."""
    STILL_RUNNING = "still-running"
    """The script went on after the callback was called, until its process was ended: for how long, such as `20 s`.
    Or an Action had a connection open after its handler had returned: for how long at least."""
    MISSING_CONFIGURATION = "missing-configuration"
    """A key of `configuration` was read that is not given: its name, and the place in the script if known."""
    HOST_OUT_OF_REACH = "host-out-of-reach"
    """A connection to another host could not be made: the host and its port."""
    MISSING_SECRET = "missing-secret"
    """An Action read a secret that it was not given: its name."""
    OPEN_SOCKETS = "open-sockets"
    """How many connections to other hosts were open afterwards, those of earlier calls among them."""
    LEFT_OUT = "left-out"
    """After this call, which ran out of time like others, the script was given no more of a kind: the situation."""
    INSPECTED = "inspected"
    """The store itself was looked at afterwards: `a record`, or `nothing`."""
    STORED_FIELD = "stored-field"
    """What the store keeps of the user that `create` was given, though it need not: the path."""
    STORED_PASSWORD = "stored-password"
    """Where the store has the password as it was typed: the path."""
    STORE_CHANGE = "store-change"
    """What the call changed in the stored record: the path, or `the whole record` where it is gone."""


WHOLE_RECORD: Final = "the whole record"
"""The text of a `store-change` when the record of the person is gone."""


@frozen
class Observation:
    """Something that was noticed of a call.

    Args:
        kind: What it is.
        text: Which one, for example the method and the URL of a request, secrets masked.
    """

    kind: Noticed
    text: str


def _seconds(duration: float) -> float:
    """Return a duration in whole tenths of a millisecond: nobody reads more of it in a report.

    A script may have replaced the clock by which it was measured; what cannot be stored counts as nothing.
    """
    return round(duration, 4) if math.isfinite(duration) and duration >= 0 else 0.0


@frozen
class Outcome:
    """What a bridge saw of one call: everything, in order.

    Args:
        ending: How the call ended: what happened first counts.
        callbacks: The arguments of every calling of the callback, error first, the late ones too. A result-style script
            that returns makes one. Empty when there was none.
        raised: The exception that left the script, or None. The contract's own errors are no such exception: raising
            one equals `callback(error)`.
        escape: How it left the script; of no meaning when nothing was raised.
        output: What the script printed and logged, as one text, secrets masked.
        duration: Seconds from the call to its ending. Rules read it from one second on.
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
        """What the callback was given the first time; empty when it was never called."""
        return self.callbacks[0] if self.callbacks else ()

    @property
    def error(self) -> Value:
        """The first argument of the first callback, None when there is none."""
        return self.arguments[0] if self.arguments else None

    @property
    def result(self) -> Value:
        """The second argument of the first callback, None when there is none."""
        return self.arguments[1] if len(self.arguments) > 1 else None

    def noticed(self, kind: Noticed) -> tuple[str, ...]:
        """Return the texts of the observations of one kind, in order.

        Args:
            kind: The kind.
        """
        return tuple(observation.text for observation in self.observations if observation.kind is kind)


def ending_of(script: Script, arguments: Sequence[Value]) -> Ending:
    """Return the ending that a calling of the callback means.

    Args:
        script: The script that called.
        arguments: What it gave to the callback, as recorded values.
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
    """Return the name of an argument: the contract's own, or `argument_3` and so on where it has none.

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
        arguments: What it was given, without `context` and `callback`, secrets masked.
        person: The label of the person that the identifier denotes, or `unknown`. In a `wrong-password` situation it is
            the person who is tried; in a `hostile` one it is `unknown`, because the identifier is nobody's.
        situation: What the call tried.
        outcome: What came back.
        marks: Why rules leave it out; empty for almost all.
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
        """Return one of the arguments; None where it was not given.

        Args:
            place: Its place, from 0.
        """
        return self.arguments[place] if place < len(self.arguments) else None

    @cached_property
    def profile(self) -> Mapping[str, Value] | None:
        """The profile of a `found` ending, otherwise None."""
        result = self.outcome.result
        return result if self.ending is Ending.FOUND and isinstance(result, Mapping) else None

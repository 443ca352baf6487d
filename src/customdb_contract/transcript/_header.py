"""The header of a transcript: the truth that the check was given, and how far it got."""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from customdb_contract.connection import CONTRACT_DATE, Connection
from customdb_contract.contract import Script
from customdb_contract.errors import TranscriptError
from customdb_contract.transcript._values import Value, json_text

__all__ = [
    "UNKNOWN",
    "ActionInfo",
    "ElsewhereUser",
    "FactKind",
    "Handler",
    "Header",
    "PasswordKnowledge",
    "Person",
    "ScriptInfo",
    "SourceFact",
    "StopKind",
    "StopReason",
]

UNKNOWN: Final = "unknown"
"""The person of an exchange whose identifier no known user has."""


class PasswordKnowledge(StrEnum):
    """What a check knows about a user's password, which is itself in no transcript."""

    KNOWN = "known"
    """It is known, and would be recognized inside other text."""
    SHORT = "short"
    """It is known, but too short (or equal to an identifier) to be recognized inside other text."""
    NONE = "none"


@frozen(kw_only=True)
class Person:
    """A known user, as the header of a transcript has it.

    Args:
        label: A short name, unique in the transcript.
        email: The user's e-mail as the store has it, or None.
        username: The user's username, or None.
        phone_number: The user's phone number, or None.
        organization: The organization that every call for the user has in its `context`, or None.
        aliases: Other identifiers of this user.
        disabled: Whether the user must not be able to log in.
        profile: What the scripts must return for the user.
        password: What the check knows about the password.
        new: Whether the check creates the user itself, so that no user has the identifiers before.
    """

    label: str
    email: str | None = None
    username: str | None = None
    phone_number: str | None = None
    organization: str | None = None
    aliases: tuple[str, ...] = ()
    disabled: bool = False
    profile: Mapping[str, Value] = field(factory=dict[str, Value])
    password: PasswordKnowledge = PasswordKnowledge.KNOWN
    new: bool = False

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Every identifier of the user: e-mail, username, phone number, aliases."""
        return tuple(name for name in (self.email, self.username, self.phone_number, *self.aliases) if name)


@frozen
class ElsewhereUser:
    """A known user of another connection of the same tenant.

    Args:
        connection: The name of that connection.
        label: The user's label there.
        user_id: The `user_id` that the scripts of that connection return; if it is not a string, its JSON text.
        email: The user's e-mail in that store, or None.
    """

    connection: str
    label: str
    user_id: str
    email: str | None = None


class FactKind(StrEnum):
    """What the source of a script can show."""

    NOT_A_FUNCTION = "not-a-function"
    """The source is not a single function: it does not parse, or it is something else."""
    MODULE_EXPORTS = "module-exports"
    """The function is assigned to `module.exports`."""
    ANONYMOUS_FUNCTION = "anonymous-function"
    """The function has no name."""
    BYTES = "bytes"
    """The size of the source in bytes; always present."""
    UNAVAILABLE_MODULE = "unavailable-module"
    """A module is required in a version that Auth0's current runtimes do not have."""
    IMPLICIT_GLOBAL = "implicit-global"
    """A module is used without `require`, as a global that exists only in old runtimes."""
    SECRET_LITERAL = "secret-literal"  # noqa: S105 - a kind of fact
    """A credential is in the source; the text names what receives it, never the credential."""
    CALL_WITHOUT_TIMEOUT = "call-without-timeout"
    """An external call has no timeout of its own."""
    TLS_NOT_VERIFIED = "tls-not-verified"
    """The certificate of the other side is not verified, or the connection not encrypted."""
    TIMING_UNSAFE_COMPARE = "timing-unsafe-compare"
    """A hash is compared with an operator whose time depends on where they differ."""
    WEAK_PASSWORD_HASH = "weak-password-hash"  # noqa: S105 - a kind of fact
    """A password is hashed with an algorithm that is quick to guess."""
    DATABASE_DRIVER = "database-driver"
    """A database driver is required, so the script accesses the database directly."""
    REGEX_FROM_INPUT = "regex-from-input"
    """A regular expression is built from an argument of the script."""
    CALLBACK_INSIDE_TRY = "callback-inside-try"
    """The callback is called inside a try block or promise chain whose handler calls it again."""
    PLAINTEXT_ADDRESS = "plaintext-address"
    """A database is accessed without TLS; the text names scheme and host."""
    PLAIN_HTTP = "plain-http"
    """An Action in Python sends a request without TLS; the text names the host."""
    CONTEXT_FIELD = "context-field"
    """A field of `context` is read without a guard."""
    UNREAD = "unread"
    """The source is nested too deeply to be searched for one kind of facts; the text is that kind."""


@frozen
class SourceFact:
    """A fact that a script's source shows.

    Args:
        kind: What it is.
        text: Which one, in a few words or as a short piece of the source without any credential.
        location: File, line and column, such as `login.js:3:5`.
    """

    kind: FactKind
    text: str
    location: str


@frozen(kw_only=True)
class ScriptInfo:
    """What is known about a script without calling it.

    Args:
        signature: Its parameters, for example `(identifier, password, callback)`; empty if unknown.
        problem: Why it cannot be called as the connection calls it, and what was expected, or None.
        location: File and line where it is defined, or None.
        source: The facts that its source shows, in order; None if the source was not read.
        observed: Whether the bridge notices more than the result of a call: its requests, what it keeps.
    """

    signature: str = ""
    problem: str | None = None
    location: str | None = None
    source: tuple[SourceFact, ...] | None = None
    observed: bool = False

    def facts(self, *kinds: FactKind) -> tuple[SourceFact, ...]:
        """Return the facts of some kinds that the source shows, in order.

        Args:
            kinds: The kinds.
        """
        return tuple(fact for fact in self.source or () if fact.kind in kinds)

    @property
    def can_be_called(self) -> bool:
        """Whether there is a function that can be called as the connection calls it."""
        return self.problem is None and not self.facts(FactKind.NOT_A_FUNCTION)


class Handler(StrEnum):
    """The functions of a post-login Action."""

    EXECUTE = "onExecutePostLogin"
    """It runs after every authentication."""
    CONTINUE = "onContinuePostLogin"
    """It runs when a user comes back from a redirect by the same Action."""


@frozen(kw_only=True)
class ActionInfo:
    """What is known about an Action without running it.

    Args:
        name: Its name.
        handlers: The functions that it exports for the trigger post-login.
        problem: Why it cannot be run, or None.
        location: File and line where its handler is defined, or None.
        source: The facts that its source shows, in order; None if the source was not read.
        observed: Whether the bridge notices the requests that a run sends.
        metadata_required: Whether the Action is meant to deny a log-in without metadata.
        restores: Paths that a repair must restore, such as `app_metadata.plan`; empty if none were given.
    """

    name: str
    handlers: tuple[Handler, ...] = (Handler.EXECUTE,)
    problem: str | None = None
    location: str | None = None
    source: tuple[SourceFact, ...] | None = None
    observed: bool = False
    metadata_required: bool = False
    restores: tuple[str, ...] = ()

    def facts(self, *kinds: FactKind) -> tuple[SourceFact, ...]:
        """Return the facts of some kinds that the source shows, in order.

        Args:
            kinds: The kinds.
        """
        return tuple(fact for fact in self.source or () if fact.kind in kinds)


class StopKind(StrEnum):
    """Why a check ended before everything was checked."""

    SET_UP = "set-up"
    """The database could not be checked at all: exit code 3."""
    TIME = "time"
    """The time for the whole check was up."""
    PROTECTION = "protection"
    """Going on would have removed users from the store."""
    INTERRUPTED = "interrupted"
    """The check was interrupted with ctrl-C."""


@frozen
class StopReason:
    """Why a check ended early.

    Args:
        kind: The kind of reason.
        message: What happened, in words.
    """

    kind: StopKind
    message: str


@frozen(kw_only=True)
class Header:
    """What is true of all exchanges of a transcript.

    Args:
        people: The known users, and those that the check creates itself, with unique labels.
        connection: The settings of the connection.
        contract_date: The edition of Auth0's documentation that the check followed.
        scripts: The scripts that the database has, and what is known about each without calling it.
        ignore_fields: Paths of the profile that are not compared, such as `app_metadata.last_seen`.
        stop_reason: Why the check ended early, or None if it is complete.
        left_behind: Identifiers of users that the check created and may not have removed.
        action: What is known about the Action under check, or None if there is none.
        elsewhere: Known users of the other connections that were checked together with this one.

    Raises:
        TranscriptError: When two users have the same label, or one is labelled `unknown`.
    """

    people: tuple[Person, ...] = ()
    connection: Connection = field(factory=Connection)
    contract_date: str = CONTRACT_DATE
    scripts: Mapping[Script, ScriptInfo] = field(factory=dict[Script, ScriptInfo])
    ignore_fields: tuple[str, ...] = ()
    stop_reason: StopReason | None = None
    left_behind: tuple[str, ...] = ()
    action: ActionInfo | None = None
    elsewhere: tuple[ElsewhereUser, ...] = ()

    def __attrs_post_init__(self) -> None:
        for label, times in Counter(person.label for person in self.people).items():
            if times > 1:
                message = f"{times} known people have the label {json_text(label)}; give each its own label"
                raise TranscriptError(message)
            if label == UNKNOWN:
                message = f"a known person cannot have the label {UNKNOWN}, which means no known person; choose another"
                raise TranscriptError(message)

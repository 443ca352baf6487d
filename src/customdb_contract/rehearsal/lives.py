"""The lives that a check rehearses after its probes, on the database that it has open."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final

from attrs import frozen

from customdb_contract.calling import Caller, PlannedCall
from customdb_contract.connection import KnownUser
from customdb_contract.contract import Script
from customdb_contract.errors import UndocumentedOperationError
from customdb_contract.probes import Driver, Probing, StoppedEarly, Truth
from customdb_contract.probes.reading import another_form
from customdb_contract.rehearsal._catalogue import find_scenario
from customdb_contract.rehearsal._imagined import ImaginedDatabase
from customdb_contract.rehearsal._people import People
from customdb_contract.rehearsal._scenario import READING, Needs, Scenario
from customdb_contract.rehearsal._stage import AnotherUserError, Stage
from customdb_contract.secrets import Secret
from customdb_contract.tenant import Calls, OpenDatabase, Tenant
from customdb_contract.transcript import (
    Ending,
    Exchange,
    Header,
    Mark,
    Operation,
    Person,
    Recorder,
    ScriptInfo,
    StopKind,
    StopReason,
    Transcript,
    Value,
)

__all__ = ["plan_lives", "rehearse_lives"]


def _log_in_with_another_form(stage: Stage) -> None:
    form = another_form(stage.password.reveal())
    stage.log_in(password=None if form is None else Secret(form))
    stage.log_in()
    stage.log_in()


_WITH_ANOTHER_FORM: Final = Scenario(
    "another-form-of-the-password",
    "A user logs in with another Unicode form of the password, then with the password as it is.",
    _log_in_with_another_form,
    importing=Needs(),
    legacy=None,
)

_OF_KNOWN_USER: Final = (
    "first-log-in",
    "interrupted-after-internal-record",
    "sign-up-of-known-user",
    "reset-before-first-log-in",
)
"""The read-only lives of a user who is in the store."""

_LOSING_METADATA: Final = "interrupted-before-metadata"
"""The life of a user who has metadata."""

_ANOTHER_USER: Final = (
    "login returned another user's profile for a user created by the check; "
    "the life ended there, because going on would change the other user"
)

_IF_DELETION_IS_FINAL: Final = "deletion-and-return"
"""With import mode on, coming back after a deletion is wrong only if deletion is final."""

_OF_NEW_USER: Final = ("sign-up", "reset-before-first-log-in", "change-of-email", "deletion-and-return")
"""The lives of a user who is created for them, with import mode off."""


def rehearse_lives(
    driver: Driver, caller: Caller, written: Caller, *, truth: Truth, recorder: Recorder, probing: Probing
) -> None:
    """Play lives on a database that was probed before, each on a simulated tenant of its own.

    Args:
        driver: Makes the calls within the time limit, and keeps track of created users.
        caller: Calls the database under check.
        written: Calls the database that may be written to: the same one, unless the check was given an empty one.
        truth: The users who are in the store.
        recorder: Where everything is recorded.
        probing: How the scripts are called.

    Raises:
        StoppedEarly: When the time is up, or a script did not end in time.
    """
    # If a user could not be removed, no other user is created.
    driver.clean_up(written)
    transcript = recorder.transcript()
    users = [person for person in _users(truth) if _gets_in(transcript, person)]
    lives = _Lives(recorder, truth, People(probing.new_user, truth))
    lives.play_of_known_users(
        _Driven(driver, caller, READING),
        users,
        with_metadata=[
            person for person in users if _has_metadata(_last_answers(transcript, person)[Script.LOGIN].profile)
        ],
        mistype=probing.wrong_passwords > 0,
    )
    if probing.writes and not transcript.header.left_behind:
        lives.play_of_new_users(_Driven(driver, written, tuple(Script)))


def plan_lives(truth: Truth, scripts: Sequence[Script], probing: Probing) -> Iterator[PlannedCall]:
    """Plan the calls that rehearsing causes if the scripts respond correctly; none is made.

    Args:
        truth: The users who are in the store.
        scripts: The scripts that the database has.
        probing: How the scripts are called.
    """
    recorder = Recorder(Header(people=truth.people, connection=truth.connection), truth.registry)
    lives = _Lives(recorder, truth, People(probing.new_user, truth))
    reading = ImaginedDatabase(recorder, truth, [script for script in READING if script in scripts])
    writing = ImaginedDatabase(recorder, truth, scripts)
    users = _users(truth)
    lives.play_of_known_users(
        reading,
        users,
        with_metadata=[person for person in users if _has_metadata(person.profile)],
        mistype=probing.wrong_passwords > 0,
    )
    if probing.writes:
        lives.play_of_new_users(writing)
    yield from (*reading.asked, *writing.asked)


@frozen
class _Lives:
    """Plays lives that share one transcript.

    Args:
        recorder: Where everything is recorded.
        truth: The users who are in the store.
        people: Creates other users.
    """

    recorder: Recorder
    truth: Truth
    people: People

    def play_of_known_users(
        self, calls: Calls, users: Sequence[Person], *, with_metadata: Sequence[Person], mistype: bool
    ) -> None:
        """Play the lives of users who are in the store.

        Args:
            calls: Calls the scripts that only read.
            users: Those who can log in.
            with_metadata: Those of them who are known to have metadata.
            mistype: Whether another form of a password may be typed, which login can reject.
        """
        database = self._opened(calls)
        # Before any password is reset: after that, the password in the store is unknown.
        other = next((one for one in users if another_form(self.truth.passwords[one.label].reveal())), None)
        if mistype and other is not None:
            self._play(_WITH_ANOTHER_FORM, database, user=self._known(other))
        # For other users, lost metadata would not show.
        for person in (*with_metadata, *users)[:1]:
            self._play(find_scenario(_LOSING_METADATA), database, user=self._known(person))
        for person in users[:1]:
            final = (_IF_DELETION_IS_FINAL,) if self._is_return_wrong else ()
            for name in (*_OF_KNOWN_USER, *final):
                self._play(find_scenario(name), database, user=self._known(person))

    def play_of_new_users(self, calls: Calls) -> None:
        """Play the lives of users who are created for them; none is created that cannot be removed.

        Args:
            calls: Calls all scripts.
        """
        if not self.truth.connection.import_mode and {Script.CREATE, Script.DELETE} <= calls.scripts.keys():
            database = self._opened(calls)
            for name in _OF_NEW_USER:
                self._play(find_scenario(name), database, user=None)

    def _opened(self, calls: Calls) -> OpenDatabase:
        database = OpenDatabase(calls, self.recorder, self.truth)
        database.typed.know(self.people.passwords)
        return database

    def _play(self, scenario: Scenario, database: OpenDatabase, *, user: KnownUser | None) -> None:
        with Tenant(database) as tenant:
            stage = Stage(
                tenant=tenant,
                connection=self.truth.connection.name,
                user=user,
                new_person=self.people.make(),
                writes=user is None,
                ledger=_NotedByDriver(),
            )
            if scenario.lacks(stage) is None:
                try:
                    with suppress(UndocumentedOperationError):
                        scenario.play(stage)
                except AnotherUserError:
                    raise StoppedEarly(StopReason(StopKind.PROTECTION, _ANOTHER_USER)) from None

    @property
    def _is_return_wrong(self) -> bool:
        return self.truth.connection.import_mode and self.truth.connection.deletion_is_final

    def _known(self, person: Person) -> KnownUser:
        return KnownUser(email=person.email, username=person.username, password=self.truth.passwords[person.label])


class _NotedByDriver:
    """A ledger that keeps nothing: the driver registers created users itself, and checks that they are gone."""

    def leave_behind(self, identifier: str) -> None:
        """Do nothing."""

    def removed(self, identifier: str) -> None:
        """Do nothing."""


@frozen
class _Driven:
    """Calls the scripts of a database through the driver of a check.

    Args:
        driver: The driver.
        caller: Calls the database.
        allowed: The scripts that may be called, if they exist.
    """

    driver: Driver
    caller: Caller
    allowed: Sequence[Script]

    @property
    def scripts(self) -> Mapping[Script, ScriptInfo]:
        """The scripts that may be called."""
        return {
            script: info
            for script, info in self.caller.scripts.items()
            if script in self.allowed and info.can_be_called
        }

    def call(self, planned: PlannedCall, *, caused_by: Operation) -> Exchange:
        """Make a call and record it.

        Args:
            planned: The call.
            caused_by: The operation that causes it.

        Raises:
            StoppedEarly: When the time is up, or the script did not end in time.
        """
        exchange = self.driver.call(self.caller, planned, caused_by=caused_by)
        if exchange.ending is Ending.TIMED_OUT:
            message = (
                f"{planned.script} did not end in time while the life of a user was rehearsed, so no further lives are"
            )
            raise StoppedEarly(StopReason(StopKind.TIME, message))
        return exchange


def _users(truth: Truth) -> Sequence[Person]:
    """Return the users who have an e-mail and should be able to log in."""
    return [person for person in truth.people_who_log_in if person.email]


def _gets_in(transcript: Transcript, person: Person) -> bool:
    """Tell whether both scripts found a user in their last calls, and nothing suggests a lock-out."""
    last = _last_answers(transcript, person)
    return all(script in last and last[script].profile is not None for script in READING) and not any(
        Mark.LOCKED_OUT in exchange.marks for exchange in transcript.exchanges if exchange.person == person.label
    )


def _last_answers(transcript: Transcript, person: Person) -> Mapping[Script, Exchange]:
    """Return the last response of each script for a user."""
    return {
        exchange.script: exchange
        for exchange in transcript.exchanges
        if exchange.person == person.label
        and exchange.situation.family in {"known-user", "repeated"}
        and not exchange.marks
    }


def _has_metadata(profile: Mapping[str, Value] | None) -> bool:
    return any((profile or {}).get(kind) for kind in ("user_metadata", "app_metadata"))

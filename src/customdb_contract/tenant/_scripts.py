"""The scripts of one connection: called for the tenant, and recorded."""

from collections.abc import Mapping, Sequence
from typing import Final

from customdb_contract.calling import Caller, PlannedCall
from customdb_contract.contract import Script
from customdb_contract.errors import DatabaseOpeningError
from customdb_contract.probes import OutageDatabase, Truth
from customdb_contract.probes.circumstances import common_organization, organization_context
from customdb_contract.secrets import Secret
from customdb_contract.tenant._answers import Answer
from customdb_contract.tenant._open import Calls
from customdb_contract.tenant._people import People
from customdb_contract.transcript import (
    Exchange,
    Operation,
    Person,
    Recorder,
    ScriptInfo,
    Situation,
    Transcript,
)

__all__ = ["InContext", "Scripts"]

_MISSING: Final = {
    Script.CHANGE_EMAIL: "change_email script does not exist",
    Script.DELETE: "Sandbox Error: Please implement the Delete script for this database connection",
}
"""Auth0's errors for scripts that don't exist, if a source names one.

Sources: <https://community.auth0.com/t/183190>,
<https://auth0.com/docs/authenticate/database-connections/custom-db/error-handling>.
"""


class InContext:
    """Calls scripts with the organization of the user that a call is about in their `context`.

    Args:
        caller: Calls the scripts.
        people: The users who are in the store at first.
    """

    def __init__(self, caller: Caller, people: Sequence[Person]) -> None:
        self._caller = caller
        self._organizations = {person.label: person.organization for person in people if person.organization}
        self._common = common_organization(people)

    @property
    def scripts(self) -> Mapping[Script, ScriptInfo]:
        """The scripts that may be called."""
        return self._caller.scripts

    def call(self, planned: PlannedCall, *, caused_by: Operation) -> Exchange:
        """Make a call and record it.

        Args:
            planned: The call.
            caused_by: The operation that causes it.
        """
        name = self._organizations.get(planned.person) or self._common
        return self._caller.call(planned, context=organization_context(planned.script, name), caused_by=caused_by)

    def collect_late_events(self) -> None:
        """Add what calls did after they had ended; call this before their bridge is closed."""
        self._caller.collect_late_events()


class Scripts:
    """Calls the scripts of one connection, and keeps the transcript of what they did.

    Args:
        calls: What calls the scripts.
        recorder: Where the calls are recorded.
        truth: The settings of the connection, and the users who are in the store at first.
        outage: What runs the scripts while the store is unreachable, or None.

    Attributes:
        recorder: Where the calls are recorded, and what else happens on the connection.
    """

    def __init__(self, calls: Calls, recorder: Recorder, truth: Truth, outage: OutageDatabase | None = None) -> None:
        self.recorder = recorder
        self._calls = calls
        self._outage = outage
        self._unreachable = None if outage is None else InContext(Caller(outage.bridge, self.recorder), truth.people)
        self._down: Situation | None = None
        self._people = People(truth.people, truth.passwords, taken=recorder.labels)

    @property
    def scripts(self) -> Mapping[Script, ScriptInfo]:
        """The scripts that the database has."""
        return self._calls.scripts

    @property
    def ways(self) -> tuple[Situation, ...]:
        """The ways in which the store can be unreachable; none without an outage database."""
        if self._outage is None:
            return ()
        return (Situation.OUTAGE,) if self._outage.faults is None else self._outage.faults.situations

    def fail(self, way: Situation) -> None:
        """Make the store unreachable.

        Args:
            way: One of `ways`.
        """
        if self._outage is not None and self._outage.faults is not None:
            self._outage.faults.fail(way)
        self._down = way

    def recover(self) -> None:
        """Make the store reachable again."""
        self._down = None

    def label_of(self, identifier: str) -> str:
        """Return the label of the user that an identifier stands for, or `unknown`.

        Args:
            identifier: The identifier that was typed.
        """
        return self._people.label_of(identifier)

    def call(
        self,
        script: Script,
        arguments: tuple[object, ...],
        *,
        about: str,
        caused_by: Operation,
        username: str | None = None,
    ) -> Answer:
        """Call a script.

        Args:
            script: The script.
            arguments: Its arguments; secrets are `Secret` objects.
            about: An identifier of the user that the call is about.
            caused_by: The operation that causes the call.
            username: The username of a user who is to be created.

        Returns:
            The result. Whatever the script does, even if it cannot be called at all, is a result.
        """
        if script not in self._calls.scripts:
            missing = f"Please implement the {script} script for this database connection"
            return Answer(None, _MISSING.get(script, missing))
        if script is Script.CREATE and (person := self._people.new_person(about, username)):
            self.recorder.know_new_people([person])
        calls: Calls = self._calls
        if self._unreachable is not None and self._down is not None:
            calls = self._unreachable
            if script not in calls.scripts:
                return Answer(None, f"the outage database has no script {script}")
        if script is Script.DELETE:
            about = self._people.identifier_of(str(arguments[0])) or about
        planned = PlannedCall(
            script, arguments, self._people.label_of(about), self._situation_of(script, about, arguments)
        )
        try:
            exchange = calls.call(planned, caused_by=caused_by)
        except DatabaseOpeningError as error:
            return Answer(None, str(error))
        self._people.learn(exchange)
        return Answer(exchange)

    def _situation_of(self, script: Script, about: str, arguments: tuple[object, ...]) -> Situation:
        if self._down is not None:
            return self._down
        password = next((argument for argument in arguments if isinstance(argument, Secret)), None)
        return self._people.situation_of(script, about, password if script is Script.LOGIN else None)

    def collect_late_events(self) -> None:
        """Add what calls during an outage did after they had ended; call this before their bridge is closed."""
        if self._unreachable is not None:
            self._unreachable.collect_late_events()

    def transcript(self) -> Transcript:
        """Return what has happened so far."""
        return self.recorder.transcript()

"""What an interrupted migration loses unless an Action restores it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from attrs import define, field

from customdb_contract._pages import AUTOMATIC_MIGRATION
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules.migration._evidence import calls_of, operations_by_person
from customdb_contract.transcript import ActionRun, Exchange, Operation, Store, StoreWrite, Transcript, Value

_BEFORE_METADATA: Final = "before-metadata"
_KINDS: Final = ("user_metadata", "app_metadata")


@rule(
    group=Group.MIGRATION,
    severity=Severity.INFO,
    needs=(Need.IMPORT_MODE, Need.PASSWORD, Need.LIFE),
    since="0.1.0",
    source=AUTOMATIC_MIGRATION,
)
def no_metadata_repair(transcript: Transcript) -> Iterator[Comparison]:
    """An interrupted migration loses the user's metadata, and no Action in the check restores it.

    ## Why this matters
    A migration can be interrupted before Auth0 has written the user's metadata. After that no script runs for the user,
    so the metadata stays lost, whatever the scripts return. The scripts are not at fault.

    If a post-login Action is checked too, its own rules apply instead of this one.

    ## Violates
        connection import_mode=on
        person ada email=ada@example.com
        operation log_in by user of ada on shop identifier=ada@example.com -> succeeded interrupted before-metadata
        login ada@example.com «password of ada» -> found {"user_id": "7", "app_metadata": {"plan": "full"}}
        store users auth0|7 {"email": "ada@example.com"}
        operation log_in by user of ada on shop identifier=ada@example.com -> succeeded
        store users auth0|7 {"logins_count": 2}

    ## Conforms
        connection import_mode=on
        person ada email=ada@example.com
        operation log_in by user of ada on shop identifier=ada@example.com -> succeeded interrupted before-metadata
        login ada@example.com «password of ada» -> found {"user_id": "7", "app_metadata": {"plan": "full"}}
        store users auth0|7 {"email": "ada@example.com"}
        operation log_in by user of ada on shop identifier=ada@example.com -> succeeded
        store users auth0|7 {"logins_count": 2, "app_metadata": {"plan": "full"}}

    ## How to fix
    Deploy a post-login Action that restores it, as the how-to `restore-lost-metadata` shows, and check it under
    `[action]`.
    """
    if not transcript.connection.import_mode or transcript.header.action is not None:
        return
    done = operations_by_person(transcript)
    for person in transcript.people:
        interrupted: _Interrupted | None = None
        for operation in done.get(person.label, ()):
            calls = calls_of(transcript, operation)
            if calls or operation.name == "delete_user":
                interrupted = _interrupted(operation, calls)
            if interrupted is None:
                continue
            interrupted.follow(transcript, operation)
            # A migrated user logs in without a script.
            has_entered = operation.response is not None and operation.response.succeeded
            if operation.name == "log_in" and not calls and has_entered:
                yield from interrupted.judge(transcript, operation)
                interrupted = None


@define
class _Interrupted:
    """A migration that was interrupted before the metadata was written.

    Args:
        operation: The log-in.
        call: The call that returned it.
    """

    operation: Operation
    call: Exchange
    _stored: dict[str, Value] = field(factory=dict[str, Value], init=False)

    def follow(self, transcript: Transcript, operation: Operation) -> None:
        """Note what an operation writes to Auth0's record of the user.

        Args:
            transcript: The transcript.
            operation: The operation.
        """
        for write in transcript.caused_by(operation):
            if isinstance(write, StoreWrite) and write.store is Store.USERS and write.attributes is not None:
                self._stored.update({kind: write.attributes[kind] for kind in _KINDS if kind in write.attributes})

    def judge(self, transcript: Transcript, later: Operation) -> Iterator[Comparison]:
        """Judge what is missing after a later log-in.

        Args:
            transcript: The transcript.
            later: The log-in.
        """
        lost = [kind for kind in _KINDS if not _keys(self._stored, kind) >= _keys(self.call.profile, kind)]
        evidence = (self.operation, self.call, later)
        if not lost:
            yield Held(evidence)
        elif not any(isinstance(one, ActionRun) for one in transcript.caused_by(later)):
            message = (
                f"an interrupted migration lost {' and '.join(lost)} for good; restore it with a post-login Action"
            )
            yield Violation(message, evidence, script=self.call.script, path=lost[0], got="nothing")


def _interrupted(operation: Operation, calls: Sequence[Exchange]) -> _Interrupted | None:
    """Return an operation as an interrupted migration, if it is one and has metadata to lose."""
    if operation.response is None or operation.response.interrupted != _BEFORE_METADATA:
        return None
    call = next((call for call in reversed(calls) if call.profile is not None), None)
    if call is None or not any(_keys(call.profile, kind) for kind in _KINDS):
        return None
    return _Interrupted(operation, call)


def _keys(attributes: Mapping[str, Value] | None, kind: str) -> set[str]:
    """Return the names of some metadata, without null values."""
    metadata = (attributes or {}).get(kind)
    return {name for name, value in metadata.items() if value is not None} if isinstance(metadata, Mapping) else set()

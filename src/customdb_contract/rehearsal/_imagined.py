"""An imaginary database: it responds correctly, and so shows which calls a life leads to."""

from collections.abc import Mapping, Sequence
from typing import cast

from attrs import define

from customdb_contract.calling import PlannedCall
from customdb_contract.contract import Script
from customdb_contract.probes import Truth
from customdb_contract.secrets import Secret
from customdb_contract.transcript import (
    Ending,
    Exchange,
    Operation,
    Outcome,
    RecordedError,
    Recorder,
    ScriptInfo,
    Value,
)

__all__ = ["ImaginedDatabase"]


@define
class _Row:
    """A user in the imaginary store."""

    user_id: str
    email: str
    password: Secret | None


class ImaginedDatabase:
    """Calls no script, and responds like a correct one.

    Args:
        recorder: Where the calls are recorded.
        truth: The users who are in the store at first.
        scripts: The scripts that exist.

    Attributes:
        asked: The requested calls.
    """

    def __init__(self, recorder: Recorder, truth: Truth, scripts: Sequence[Script]) -> None:
        self.asked: list[PlannedCall] = []
        self._recorder = recorder
        self._scripts = {script: ScriptInfo() for script in scripts}
        self._rows = [
            _Row(person.label, person.email, truth.passwords.get(person.label))
            for person in truth.people
            if person.email is not None
        ]

    @property
    def scripts(self) -> Mapping[Script, ScriptInfo]:
        """The scripts that exist."""
        return self._scripts

    def call(self, planned: PlannedCall, *, caused_by: Operation) -> Exchange:
        """Record a call, with the response of a correct script.

        Args:
            planned: The call.
            caused_by: The operation that causes it.
        """
        self.asked.append(planned)
        return self._recorder.record(
            planned.script,
            planned.arguments,
            person=planned.person,
            situation=planned.situation,
            outcome=self._answer(planned.script, *planned.arguments),
            caused_by=caused_by,
        )

    def _answer(self, script: Script, first: object, *more: object) -> Outcome:
        row = self._find(first)
        match script:
            case Script.LOGIN if row is not None and row.password == more[0]:
                return _found(row)
            case Script.LOGIN:
                return Outcome(Ending.FAILED, ((RecordedError("WrongUsernameOrPasswordError", "", (None,)),),))
            case Script.GET_USER:
                return Outcome(Ending.NOT_FOUND, ((None,),)) if row is None else _found(row)
            case Script.CREATE:
                user = cast("Mapping[str, object]", first)
                self._rows.append(_Row(f"{len(self._rows)}", str(user["email"]), cast("Secret", user["password"])))
            case Script.DELETE:
                self._rows = [kept for kept in self._rows if kept.user_id != first]
            case Script.CHANGE_PASSWORD:
                cast("_Row", row).password = cast("Secret", more[0])
            case _:
                cast("_Row", row).email = str(more[0])
        return Outcome(Ending.DONE, ((None,) if script in {Script.CREATE, Script.DELETE} else (None, True),))

    def _find(self, identifier: object) -> _Row | None:
        return next((row for row in self._rows if row.email == identifier), None)


def _found(row: _Row) -> Outcome:
    profile: Mapping[str, Value] = {"user_id": row.user_id, "email": row.email, "email_verified": True}
    return Outcome(Ending.FOUND, ((None, profile),))

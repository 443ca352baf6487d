"""A bridge whose scripts are plain functions in the test, to test probes without threads."""

from collections.abc import Callable, Mapping, Sequence

from attrs import define, field

from customdb_contract.bridges import LateEvent
from customdb_contract.connection import Connection, KnownUser
from customdb_contract.contract import (
    Failed,
    Found,
    NotFound,
    OperationResult,
    ProfileResult,
    Script,
    WrongUsernameOrPasswordError,
    callback_arguments,
)
from customdb_contract.probes import Truth
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Ending, Outcome, ScriptInfo, ending_of, record

Answer = ProfileResult | OperationResult | Ending
Answering = Callable[..., Answer]


@define
class ScriptedBridge:
    """Answers with what functions return; `Ending.TIMED_OUT` stands for a script that never ends."""

    functions: Mapping[Script, Answering]
    problems: Mapping[Script, str] = field(factory=dict[Script, str])
    calls: list[tuple[Script, tuple[object, ...]]] = field(factory=list[tuple[Script, tuple[object, ...]]])
    late: list[LateEvent] = field(factory=list[LateEvent])

    @property
    def scripts(self) -> Mapping[Script, ScriptInfo]:
        return {script: ScriptInfo(problem=self.problems.get(script)) for script in self.functions}

    @property
    def callback_can_throw(self) -> bool:
        return False

    def call(
        self,
        script: Script,
        arguments: Sequence[object],
        *,
        context: Mapping[str, object] | None = None,
        throwing: bool = False,
    ) -> Outcome:
        self.calls.append((script, tuple(arguments)))
        answer = self.functions[script](*arguments)
        if isinstance(answer, Ending):
            return Outcome(answer)
        recorded = tuple(record(argument, str) for argument in callback_arguments(script, answer))
        return Outcome(ending_of(script, recorded), (recorded,))

    def late_events(self) -> Sequence[LateEvent]:
        drained, self.late = self.late, []
        return drained

    def close(self) -> None:
        """Nothing to release."""


@define
class Store:
    """A correct store of a few users by e-mail: the default scripts of a test."""

    passwords: Mapping[str, str]

    def login(self, identifier: object, password: object) -> Answer:
        email = str(identifier).strip().lower()
        if email not in self.passwords:
            return Failed(WrongUsernameOrPasswordError(None, "no"))
        if self.passwords[email] != password:
            return Failed(WrongUsernameOrPasswordError(email, "no"))
        return self._found(email)

    def get_user(self, identifier: object) -> Answer:
        email = str(identifier).strip().lower()
        return self._found(email) if email in self.passwords else NotFound()

    def _found(self, email: str) -> Found:
        return Found({"user_id": f"shop-{len(email)}", "email": email, "email_verified": True})

    def bridge(self, **instead: Answering) -> ScriptedBridge:
        """Return a bridge to the store, with some scripts replaced."""
        functions: dict[Script, Answering] = {Script.GET_USER: self.get_user, Script.LOGIN: self.login}
        return ScriptedBridge(functions | {Script(name): function for name, function in instead.items()})


PASSWORDS = {"ada@example.com": "correct Horse battery", "grace@example.com": "nanosecond Wire"}


def truth(*users: KnownUser, connection: Connection | None = None) -> Truth:
    """Return the known users of `PASSWORDS`, or others."""
    known = users or tuple(KnownUser(email=email, password=password) for email, password in PASSWORDS.items())
    return Truth.of(known, connection or Connection(), SecretRegistry())

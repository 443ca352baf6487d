"""The bridge to the JavaScript scripts of a connection."""

import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import frozen
from typing_extensions import override

from customdb_contract.bridges import Bridge, LateEvent
from customdb_contract.bridges.node._container import Container, ContainerDiedError
from customdb_contract.bridges.node._decoding import late_event, outcome_of, recorded_error
from customdb_contract.bridges.node._folder import ScriptFile
from customdb_contract.bridges.node._runtime import Runtime
from customdb_contract.connection import Connection
from customdb_contract.contract import CONTEXT_IS_OPTIONAL, Script
from customdb_contract.errors import DatabaseOpeningError
from customdb_contract.secrets import SecretRegistry
from customdb_contract.source import is_available, read_source
from customdb_contract.transcript import Ending, FactKind, Outcome, ScriptInfo, SourceFact

__all__ = ["NodeBridge", "Surroundings"]

_OPENING_SECONDS: Final = 60.0
_LATE_SECONDS: Final = 0.05
_EXPIRING_SECONDS: Final = 0.1
"""How long a call whose time is up may take to tell what was seen of it; a blocked process tells nothing."""

_logger = logging.getLogger("customdb_contract")


@frozen(kw_only=True)
class Surroundings:
    """What the scripts find around them.

    Args:
        configuration: The object `configuration`.
        folder: The folder whose `node_modules` are required from, or None when there is none.
        doubles: Files that stand in for modules.
        environment: All environment variables that Node gets.
    """

    configuration: Mapping[str, object]
    folder: str | None
    doubles: Mapping[str, str]
    environment: Mapping[str, str]


class NodeBridge(Bridge):
    """Runs the scripts of one connection in one Node process, until a call takes that process down.

    Args:
        scripts: The scripts.
        surroundings: What they find around them.
        runtime: The Node.
        connection: The settings of the connection.
        mask: The known secrets, which are replaced in everything that is recorded.
        timeout: Seconds that a script may take.

    Raises:
        DatabaseOpeningError: When Node does not start.
    """

    def __init__(
        self,
        scripts: Mapping[Script, ScriptFile],
        surroundings: Surroundings,
        runtime: Runtime,
        *,
        connection: Connection,
        mask: SecretRegistry,
        timeout: float,
    ) -> None:
        self._sources = scripts
        self._surroundings = surroundings
        self._runtime = runtime
        self._connection = connection
        self._mask = mask.mask
        self._timeout = timeout
        self._calls = 0
        self._has_called = False
        self._late: deque[LateEvent] = deque()
        self._noted: set[str] = set()
        self._container: Container | None = None
        self._with_context = set(scripts) if connection.script_context else set[Script]()
        opened = self._open()
        self._infos = {script: self._info(script, file, opened[script]) for script, file in scripts.items()}

    @property
    @override
    def scripts(self) -> Mapping[Script, ScriptInfo]:
        return self._infos

    @property
    @override
    def callback_can_throw(self) -> bool:
        return True

    @override
    def call(
        self,
        script: Script,
        arguments: Sequence[object],
        *,
        context: Mapping[str, object] | None = None,
        throwing: bool = False,
    ) -> Outcome:
        if self._container is None:
            self._open()
        number = self._calls
        self._calls += 1
        self._has_called = True
        call = {
            "id": number,
            "script": script.value,
            "arguments": list(arguments),
            "context": dict(context or {}) if script in self._with_context else None,
            "throwing": throwing,
        }
        started = time.perf_counter()
        try:
            told = self._asked({"call": call}, self._timeout)
            if told is None:
                return self._expired(script, time.perf_counter() - started)
        except ContainerDiedError:
            self._end()
            return Outcome(Ending.DIED, duration=time.perf_counter() - started)
        except BaseException:
            self._end()
            raise
        outcome = outcome_of(script, told["outcome"], self._mask)
        if outcome.ending is Ending.DIED:
            self._end()
        return outcome

    @override
    def late_events(self) -> Sequence[LateEvent]:
        if self._container is not None and self._has_called:
            self._has_called = False
            time.sleep(_LATE_SECONDS)
            try:
                if self._asked({"late": True}, self._timeout) is None:
                    self._end()
            except ContainerDiedError:
                self._end()
        return [self._late.popleft() for _ in range(len(self._late))]

    @override
    def close(self) -> None:
        self._end()

    def _open(self) -> Mapping[str, Any]:
        try:
            container = self._container = Container(self._runtime, self._surroundings.environment)
        except OSError as error:
            message = f"{self._runtime.path} could not be started: {error.strerror or error}"
            raise DatabaseOpeningError(message) from None
        sources = {script.value: {"source": file.text, "file": file.name} for script, file in self._sources.items()}
        question = {
            "open": {
                "token": container.token,
                "scripts": sources,
                "configuration": dict(self._surroundings.configuration),
                "folder": self._surroundings.folder,
                "doubles": dict(self._surroundings.doubles),
            }
        }
        try:
            told = self._asked(question, _OPENING_SECONDS)
        except ContainerDiedError:
            said = f": {words}" if (words := self._mask(container.last_words())) else ""
            self._end()
            problem = f"Node {self._runtime.version} ended while it read the scripts{said}"
            raise DatabaseOpeningError(problem) from None
        if told is None:
            self._end()
            problem = f"Node {self._runtime.version} did not read the scripts within {_OPENING_SECONDS:g} s"
            raise DatabaseOpeningError(problem)
        opened: Mapping[str, Any] = told["opened"]
        return opened

    def _asked(self, message: Mapping[str, object], seconds: float) -> Mapping[str, Any] | None:
        """Return the answer to a message, with what came before it noted, or None when there is none in time."""
        container = self._container
        assert container is not None  # noqa: S101 - every caller has opened one
        container.tell(message)
        return self._answer(container, seconds)

    def _answer(self, container: Container, seconds: float) -> Mapping[str, Any] | None:
        told = container.answer(seconds)
        if told is not None:
            self._late.extend(late_event(event, self._mask) for event in told["late"])
            for note in told["notes"]:
                self._note(note)
        return told

    def _note(self, text: str) -> None:
        if text not in self._noted:
            self._noted.add(text)
            _logger.warning("%s", self._mask(text))

    def _expired(self, script: Script, seconds: float) -> Outcome:
        """Return what was seen of a call whose time is up; its process is not used any further, as Auth0's is not."""
        outcome = Outcome(Ending.TIMED_OUT, duration=seconds)
        try:
            told = self._asked({"cancel": True}, _EXPIRING_SECONDS)
            if told is not None:
                outcome = outcome_of(script, told["outcome"], self._mask)
        except ContainerDiedError:
            outcome = Outcome(Ending.DIED, duration=seconds)
        self._end()
        return outcome

    def _end(self) -> None:
        container, self._container = self._container, None
        if container is not None:
            container.end()

    def _info(self, script: Script, file: ScriptFile, opened: Mapping[str, Any]) -> ScriptInfo:
        has_context = self._connection.script_context
        facts: tuple[SourceFact, ...] = ()
        parameters: tuple[str, ...] | None = None
        if is_available():
            read = read_source(file.text, script=script, file_name=file.name, script_context=has_context)
            facts, parameters = read.facts, read.parameters
        if "problem" in opened and not any(fact.kind is FactKind.NOT_A_FUNCTION for fact in facts):
            error = recorded_error(opened["problem"], self._mask)
            said = SourceFact(FactKind.NOT_A_FUNCTION, f"{error.name}: {error.message}", error.location or file.name)
            facts = (*facts, said)
        if parameters is not None and script in CONTEXT_IS_OPTIONAL:
            has_context = has_context and len(parameters) != len(script.argument_names) + 1
            if not has_context:
                self._with_context.discard(script)
        return ScriptInfo(
            signature="" if parameters is None else f"({', '.join(parameters)})",
            problem=None if parameters is None else _problem(script, parameters, script_context=has_context),
            location=f"{file.name}:1",
            source=facts or None,
            observed=True,
        )


def _problem(script: Script, parameters: Sequence[str], *, script_context: bool) -> str | None:
    """Return why a function cannot be called as the connection calls it, or None where that is not proven."""
    called_with = (*script.argument_names, *(("context",) if script_context else ()), "callback")
    place = len(called_with) - 1
    takes = f"{script} takes ({', '.join(parameters)}), and is called with ({', '.join(called_with)})"
    if script_context and len(parameters) == place:
        return f"{takes}: the connection has script_context on, so add the parameter context"
    if not script_context and "context" in parameters[place : place + 1]:
        return f"{takes}: the connection has script_context off; turn it on, or take the parameter context out"
    return f"{takes}: the callback never arrives" if len(parameters) <= place else None

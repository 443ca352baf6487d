"""The bridge to the JavaScript scripts of a connection."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from attrs import frozen
from typing_extensions import override

from customdb_contract._runner._limits import LIMITS
from customdb_contract.bridges.containers import (
    Container,
    ContainerBridge,
    InvalidMessageError,
    guarded,
    recorded_error,
)
from customdb_contract.bridges.node._folder import ScriptFile
from customdb_contract.bridges.node._hosts import Route
from customdb_contract.bridges.node._runtime import Runtime
from customdb_contract.connection import Connection
from customdb_contract.contract import CONTEXT_IS_OPTIONAL, Script
from customdb_contract.secrets import SecretRegistry
from customdb_contract.source import is_available, read_source
from customdb_contract.transcript import FactKind, ScriptInfo, SourceFact

__all__ = ["NodeBridge", "Surroundings"]

_RUNNER: Final = Path(__file__).parent / "runner" / "scripts.cjs"


@frozen(kw_only=True)
class Surroundings:
    """The surroundings of scripts.

    Args:
        configuration: The object `configuration`.
        folder: The folder whose `node_modules` are required from, or None if there is none.
        doubles: Files that replace modules.
        environment: All environment variables that Node receives.
        routes: Where to redirect connections to some hosts.
    """

    configuration: Mapping[str, object]
    folder: str | None
    doubles: Mapping[str, str]
    environment: Mapping[str, str]
    routes: Mapping[str, Route]


class NodeBridge(ContainerBridge):
    """Runs the scripts of one connection in Node.

    Args:
        scripts: The scripts.
        surroundings: Their surroundings.
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
        super().__init__(mask=mask, timeout=timeout)
        self._sources = scripts
        self._surroundings = surroundings
        self._runtime = runtime
        self._connection = connection
        self._with_context = set(scripts) if connection.script_context else set[Script]()
        self._infos: Mapping[Script, ScriptInfo] = {}
        self._open()

    @property
    @override
    def scripts(self) -> Mapping[Script, ScriptInfo]:
        return self._infos

    @property
    @override
    def callback_can_throw(self) -> bool:
        return True

    @property
    @override
    def _what(self) -> str:
        return f"Node {self._runtime.version}"

    @property
    @override
    def _can_be_cancelled(self) -> bool:
        return True

    @override
    def _start(self) -> Container:
        command = guarded([self._runtime.path, *self._runtime.flags, str(_RUNNER)])
        return Container(command, self._surroundings.environment, interrupts=self._interrupts)

    @override
    def _order(self, token: str) -> Mapping[str, object]:
        sources = {script.value: {"source": file.text, "file": file.name} for script, file in self._sources.items()}
        return {
            "token": token,
            "limits": LIMITS,
            "scripts": sources,
            "configuration": dict(self._surroundings.configuration),
            "folder": self._surroundings.folder,
            "doubles": dict(self._surroundings.doubles),
            "hosts": {name: route.as_json() for name, route in self._surroundings.routes.items()},
        }

    @override
    def _take_opened(self, opened: Mapping[str, Any] | None) -> None:
        if self._infos:
            return
        problems = {script: _problem_of(opened, script) for script in self._sources}
        self._infos = {script: self._info(script, file, problems[script]) for script, file in self._sources.items()}

    @override
    def _call_of(self, script: Script) -> Mapping[str, object]:
        return {}

    @override
    def _takes_context(self, script: Script) -> bool:
        return script in self._with_context

    def _info(self, script: Script, file: ScriptFile, problem: object) -> ScriptInfo:
        has_context = self._connection.script_context
        facts: tuple[SourceFact, ...] = ()
        parameters: tuple[str, ...] | None = None
        if is_available():
            read = read_source(file.text, script=script, file_name=file.name, script_context=has_context)
            facts, parameters = read.facts, read.parameters
        if problem is not None and not any(fact.kind is FactKind.NOT_A_FUNCTION for fact in facts):
            error = recorded_error(problem, self._mask)
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


def _problem_of(opened: Mapping[str, Any] | None, script: Script) -> object:
    """Return what is wrong with a script as an error, or None if it is a function."""
    found = (opened or {}).get(script.value)
    if not isinstance(found, dict):
        raise InvalidMessageError
    return cast("dict[str, object]", found).get("problem")


def _problem(script: Script, parameters: Sequence[str], *, script_context: bool) -> str | None:
    """Return why a function cannot be called as the connection calls it, or None unless that is certain."""
    called_with = (*script.argument_names, *(("context",) if script_context else ()), "callback")
    place = len(called_with) - 1
    takes = f"{script} takes ({', '.join(parameters)}) but is called with ({', '.join(called_with)})"
    if script_context and len(parameters) == place:
        return f"{takes}: the connection has script_context on, so add the parameter context"
    if not script_context and "context" in parameters[place : place + 1]:
        return f"{takes}: the connection has script_context off; turn it on, or remove the parameter context"
    return f"{takes}: it never receives the callback" if len(parameters) <= place else None

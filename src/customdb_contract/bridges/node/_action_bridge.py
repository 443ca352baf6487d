"""The bridge to a post-login Action in JavaScript."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from attrs import evolve, frozen

from customdb_contract._runner._limits import LIMITS
from customdb_contract.actions._cache import CACHE_LIMITS
from customdb_contract.bridges.acting import Performed
from customdb_contract.bridges.containers import (
    Container,
    ContainerDiedError,
    InvalidMessageError,
    guarded,
    masked_output,
    performed_of,
    reason_of,
    recorded_error,
    validated,
)
from customdb_contract.bridges.node._action_file import ActionFile
from customdb_contract.bridges.node._runtime import Runtime
from customdb_contract.errors import DatabaseOpeningError
from customdb_contract.faults import LegacyAddress
from customdb_contract.interrupts import current_interrupts
from customdb_contract.secrets import SecretRegistry
from customdb_contract.source import is_available, read_action
from customdb_contract.transcript import ActionInfo, Ending, Handler, Noticed, Observation, Outcome

__all__ = ["ActionSurroundings", "NodeActionBridge"]

_RUNNER: Final = Path(__file__).parent / "runner" / "action.cjs"
_LOADING_SECONDS: Final = 20.0
"""Seconds that loading an Action may take: at Auth0, that is part of the run that it is loaded for."""

_EXPIRING_SECONDS: Final = 0.1
"""Seconds for which a timed-out run may report what was observed; a blocked process reports nothing."""

_SHOWN_WORDS: Final = 2000
_COMMONJS: Final = "Auth0 runs Actions as CommonJS: use require and exports, and await only inside functions"
_MODULE_SYNTAX: Final = (
    "Cannot use import statement outside a module",
    "Unexpected token 'export'",
    "await is only valid in async functions",
    "Cannot use 'import.meta' outside a module",
)


@frozen(kw_only=True)
class ActionSurroundings:
    """The surroundings of an Action.

    Args:
        secrets: The object `event.secrets`.
        folder: The folder whose `node_modules` are required from, or None if there is none.
        environment: All environment variables that Node receives.
        legacy: Where to redirect every connection of the Action, or None.
    """

    secrets: Mapping[str, str]
    folder: str | None
    environment: Mapping[str, str]
    legacy: LegacyAddress | None


class NodeActionBridge:
    """Runs one Action in Node, until a run ends its process, or a new one is requested.

    Args:
        file: The Action.
        surroundings: Its surroundings.
        runtime: The Node.
        mask: The known secrets, which are replaced in everything that is recorded.

    Raises:
        DatabaseOpeningError: When Node does not start.
    """

    def __init__(
        self, file: ActionFile, surroundings: ActionSurroundings, runtime: Runtime, *, mask: SecretRegistry
    ) -> None:
        self._file = file
        self._surroundings = surroundings
        self._runtime = runtime
        self._mask = mask.mask
        self._interrupts = current_interrupts()
        self._container: Container | None = None
        self._reserve: Container | None = None
        self._wants_new = False
        self._needs_processes = False
        self._runs = 0
        self._info = self._found(self._loaded())

    @property
    def info(self) -> ActionInfo:
        """What is known about the Action without running it."""
        return self._info

    def perform(self, handler: Handler, event: Mapping[str, object], *, seconds: float) -> Performed:
        """Run a handler, and wait until its promise is settled or its time is up.

        Args:
            handler: One of those that `info` names.
            event: The event as Auth0 sends it, as plain JSON data and without `secrets`.
            seconds: How long the run may take.

        Raises:
            DatabaseOpeningError: When a new process is needed and Node does not start.
        """
        started = time.monotonic()
        self._end_if_gone()
        if self._wants_new and self._container is not None:
            self._renew(self._container)
        self._wants_new = False
        is_new = self._container is None
        if is_new:
            loaded = self._loaded()
            if isinstance(loaded, Outcome):
                return Performed(loaded)
        call = {"id": self._runs, "handler": handler.value, "event": dict(event)}
        self._runs += 1
        try:
            performed = self._performed({"call": call}, seconds) or self._performed({"cancel": True}, _EXPIRING_SECONDS)
        except (ContainerDiedError, InvalidMessageError) as error:
            if isinstance(error, ContainerDiedError) and not error.has_read_all and not is_new:
                # Code left running by an earlier run ended the process before it read this one.
                self._end()
                return self.perform(handler, event, seconds=seconds)
            performed = Performed(self._died(error, started))
        except BaseException:
            self._end()
            raise
        performed = performed or Performed(self._seen(Ending.TIMED_OUT, time.monotonic() - started))
        if performed.outcome.ending in {Ending.TIMED_OUT, Ending.DIED}:
            self._end()
        return performed

    def renew(self) -> None:
        """Give the next run a freshly loaded module and an empty `api.cache`."""
        # Until something has run, the loaded module is fresh.
        self._wants_new = self._runs > 0

    def close(self) -> None:
        """Release the Action and its process; the bridge cannot be used afterwards."""
        self._end()
        reserve, self._reserve = self._reserve, None
        if reserve is not None:
            reserve.end()

    def _renew(self, container: Container) -> None:
        """Load the Action again, in the same process if the Action left no traces in it, or else end the process."""
        try:
            container.tell({"renew": True}, _LOADING_SECONDS)
            reported = container.answer(_LOADING_SECONDS)
            is_new = reported is not None and validated(reported).renewed is True
        except (ContainerDiedError, InvalidMessageError):
            is_new = False
        except BaseException:
            self._end()
            raise
        container.take_output()
        if not is_new:
            self._needs_processes = True
            self._end()

    def _loaded(self) -> Mapping[str, Any] | Outcome:
        """Load the Action in a new process, and return its exports, or how that failed."""
        started = time.monotonic()
        reserve, self._reserve = self._reserve, None
        container = self._container = reserve or self._started()
        try:
            container.tell({"open": self._order(container.token)}, _LOADING_SECONDS)
            reported = container.answer(_LOADING_SECONDS)
            opened = None if reported is None else validated(reported).opened or {}
        except (ContainerDiedError, InvalidMessageError) as error:
            outcome = self._died(error, started)
            self._end()
            return outcome
        except BaseException:
            self._end()
            raise
        if opened is None:
            outcome = self._seen(Ending.TIMED_OUT, time.monotonic() - started)
            self._end()
            return outcome
        container.take_output()
        if self._needs_processes:
            # An Action that made its process unfit once will do so again: start the next one in the meantime.
            self._reserve = self._started()
        return opened

    def _started(self) -> Container:
        command = guarded([self._runtime.path, *self._runtime.flags, str(_RUNNER)])
        try:
            return Container(command, self._surroundings.environment, interrupts=self._interrupts)
        except OSError as error:
            message = f"Node {self._runtime.version} could not be started: {error.strerror or error}"
            raise DatabaseOpeningError(message) from None

    def _order(self, token: str) -> Mapping[str, object]:
        legacy = self._surroundings.legacy
        return {
            "token": token,
            "limits": LIMITS,
            "cache": CACHE_LIMITS,
            "source": self._file.text,
            "file": self._file.file_name,
            "folder": self._surroundings.folder,
            "secrets": dict(self._surroundings.secrets),
            "legacy": None if legacy is None else {"plain": legacy.plain, "secure": legacy.secure},
        }

    def _end_if_gone(self) -> None:
        """End a process that sends something without a request: it has ended, or is no longer a genuine runner."""
        container = self._container
        if container is None or not container.has_something:
            return
        container.take_output()
        try:
            is_silent = container.answer(0.0) is None
        except (ContainerDiedError, InvalidMessageError):
            is_silent = False
        if not is_silent:
            self._end()

    def _performed(self, message: Mapping[str, object], seconds: float) -> Performed | None:
        """Return what a run did, or None if that is not reported in time."""
        container = self._opened()
        container.tell(message, seconds)
        reported = container.answer(seconds)
        if reported is None:
            return None
        answer = validated(reported)
        if answer.run is None or answer.id != self._runs - 1:
            raise InvalidMessageError
        return performed_of(answer.run, container.take_output(), self._mask)

    def _died(self, error: ContainerDiedError | InvalidMessageError, started: float) -> Outcome:
        ended = Observation(Noticed.PROCESS_ENDED, reason_of(error))
        return self._seen(Ending.DIED, time.monotonic() - started, ended)

    def _seen(self, ending: Ending, seconds: float, *observed: Observation) -> Outcome:
        """Return what was observed of a run that its runner did not report."""
        output = masked_output(self._opened().take_output(), self._mask)
        return Outcome(ending, output=output, duration=seconds, observations=observed)

    def _opened(self) -> Container:
        assert self._container is not None  # noqa: S101 - every caller has opened one
        return self._container

    def _end(self) -> None:
        container, self._container = self._container, None
        if container is not None:
            container.end()

    def _found(self, loaded: Mapping[str, Any] | Outcome) -> ActionInfo:
        """Return what is known about the Action, once it was loaded for the first time."""
        file = self._file
        info = ActionInfo(name=file.name, location=f"{file.file_name}:1", observed=True, handlers=())
        if is_available():
            read = read_action(file.text, file_name=file.file_name)
            info = evolve(info, source=read.facts, location=read.location or info.location)
        if isinstance(loaded, Outcome):
            return evolve(info, problem=file.problem or _unloaded(file.file_name, loaded))
        handlers = tuple(handler for handler in Handler if handler in _names(loaded.get("handlers")))
        return evolve(info, handlers=handlers, problem=file.problem or self._problem(loaded, handlers))

    def _problem(self, opened: Mapping[str, Any], handlers: Sequence[Handler]) -> str | None:
        if opened.get("problem") is not None:
            error = recorded_error(opened["problem"], self._mask)
            hint = f"; {_COMMONJS}" if error.message.startswith(_MODULE_SYNTAX) else ""
            return f"{error.location or self._file.file_name}: {error.name}: {error.message}{hint}"
        if Handler.EXECUTE in handlers:
            return None
        exported = _names(opened.get("exported"))
        what = "exports no function onExecutePostLogin"
        if Handler.EXECUTE in exported:
            return f"{self._file.file_name}: its export onExecutePostLogin is not a function"
        if not exported:
            return f"{self._file.file_name} {what}; it exports nothing"
        return f"{self._file.file_name} {what}; it exports {self._mask(', '.join(exported))}"


def _names(reported: object) -> Sequence[str]:
    listed = cast("list[object]", reported) if isinstance(reported, list) else []
    return [name for name in listed if isinstance(name, str)]


def _unloaded(file_name: str, outcome: Outcome) -> str:
    """Return why an Action that ended its process cannot be run."""
    if outcome.ending is Ending.TIMED_OUT:
        return f"{file_name} was not loaded within {_LOADING_SECONDS:g} s"
    words = outcome.output.strip()[-_SHOWN_WORDS:]
    reason = "".join(outcome.noticed(Noticed.PROCESS_ENDED))
    return f"{file_name} ended its process while it was loaded: {reason}{words and f': {words}'}"

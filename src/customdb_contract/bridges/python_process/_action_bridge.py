"""The bridge to an Action in Python that runs in a process of its own."""

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, cast

from typing_extensions import override

from customdb_contract.bridges.acting import ActionBridge, Performed
from customdb_contract.bridges.containers import (
    Container,
    ContainerDiedError,
    InvalidMessageError,
    ask_first,
    masked_output,
    performed_of,
    reason_of,
    validated,
)
from customdb_contract.bridges.python_process._order import (
    WHAT,
    Order,
    message_of,
    raise_problem,
    started,
)
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.interrupts import current_interrupts
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import (
    ActionInfo,
    Ending,
    FactKind,
    Handler,
    Noticed,
    Observation,
    Outcome,
    SourceFact,
)

__all__ = ["PythonProcessActionBridge"]

_SERVING: Final = "customdb_contract.bridges.python_process._serving_actions"
_TELLING_SECONDS: Final = 3.0
"""Seconds after its time is up in which the process may report on a run: it waits for what is still running."""

_CLOSING_SECONDS: Final = 1.0


class PythonProcessActionBridge(ActionBridge):
    """Runs one Action in a process, and in a new one after a run that ended its process or timed out.

    Args:
        order: What to open.
        secrets: The Action's `event.secrets`.
        mask: The known secrets, which are replaced in everything that is recorded.

    Raises:
        ConfigurationError: When there is no such module or attribute, or it cannot be called.
        DatabaseOpeningError: When the process does not start, or the Action cannot be created.
    """

    def __init__(self, order: Order, secrets: Mapping[str, str], *, mask: SecretRegistry) -> None:
        self._order = order
        self._secrets = secrets
        self._mask = mask.mask
        self._interrupts = current_interrupts()
        self._runs = 0
        self._wants_new = False
        self._container: Container | None = None
        self._info = self._opened()

    @property
    @override
    def info(self) -> ActionInfo:
        return self._info

    @override
    def perform(self, handler: Handler, event: Mapping[str, object], *, seconds: float) -> Performed:
        is_new = self._container is None
        if is_new:
            self._opened()
        container = cast("Container", self._container)
        # It was written by what an earlier run has left running.
        container.take_output()
        call = {
            "id": self._runs,
            "handler": handler.value,
            "event": dict(event),
            "seconds": seconds,
            "renew": self._wants_new,
        }
        self._runs += 1
        self._wants_new = False
        started = time.monotonic()
        try:
            container.tell({"call": call}, seconds + _TELLING_SECONDS)
            reported = container.answer(seconds + _TELLING_SECONDS)
            performed = None if reported is None else self._performed(container, reported)
        except (ContainerDiedError, InvalidMessageError) as error:
            if isinstance(error, ContainerDiedError) and not error.has_read_all and not is_new:
                # Code left running by an earlier run ended the process before it read this one.
                self._end()
                return self.perform(handler, event, seconds=seconds)
            ended = Observation(Noticed.PROCESS_ENDED, reason_of(error))
            performed = self._seen(container, Ending.DIED, started, ended)
        except BaseException:
            self._end()
            raise
        if performed is None:
            performed = self._seen(container, Ending.TIMED_OUT, started)
        if performed.outcome.ending in {Ending.TIMED_OUT, Ending.DIED}:
            self._end()
        return performed

    @override
    def renew(self) -> None:
        self._wants_new = True

    @override
    def close(self) -> None:
        container = self._container
        if container is not None:
            # A pending interrupt is raised at the next safe point, not here.
            with suppress(ContainerDiedError, KeyboardInterrupt):
                container.tell({"close": True}, _CLOSING_SECONDS)
                if container.answer(_CLOSING_SECONDS) is not None:
                    container.wait(_CLOSING_SECONDS)
        self._end()

    def _opened(self) -> ActionInfo:
        """Start a process, and return what is known about the Action."""
        container = self._container = started(self._order, _SERVING, self._interrupts)
        order = {**message_of(self._order, container.token), "secrets": dict(self._secrets)}
        try:
            reported = ask_first(container, {"open": order}, what=WHAT, mask=self._mask, opened="the Action")
            return self._info_of(reported.opened or {})
        except InvalidMessageError as error:
            self._end()
            message = f"{WHAT} could not open the Action: {reason_of(error)}"
            raise DatabaseOpeningError(message) from None
        except BaseException:
            self._end()
            raise

    def _info_of(self, opened: Mapping[str, Any]) -> ActionInfo:
        match opened:
            case {"refused": str() as reported, "is_usage": bool() as is_usage}:
                raise (ConfigurationError if is_usage else DatabaseOpeningError)(self._mask(reported))
            case {
                "action": {
                    "name": str() as name,
                    "problem": problem,
                    "location": location,
                    "source": source,
                    "handlers": handlers,
                }
            }:
                facts = _facts(source)
            case _:
                raise_problem(opened, self._order, self._mask)
                raise InvalidMessageError
        if not isinstance(problem, str | None) or not isinstance(location, str | None):
            raise InvalidMessageError
        return ActionInfo(
            name=name, problem=problem, location=location, handlers=_handlers(handlers), source=facts or None
        )

    def _performed(self, container: Container, reported: Mapping[str, Any]) -> Performed:
        answer = validated(reported)
        if answer.run is None or answer.id != self._runs - 1:
            raise InvalidMessageError
        return performed_of(answer.run, container.take_output(), self._mask)

    def _seen(self, container: Container, ending: Ending, started: float, *observed: Observation) -> Performed:
        """Return what was observed of a run that its process did not report."""
        output = masked_output(container.take_output(), self._mask)
        return Performed(Outcome(ending, output=output, duration=time.monotonic() - started, observations=observed))

    def _end(self) -> None:
        container, self._container = self._container, None
        if container is not None:
            container.end()


def _facts(reported: object) -> tuple[SourceFact, ...]:
    if not isinstance(reported, list):
        raise InvalidMessageError
    return tuple(_fact(fact) for fact in cast("list[object]", reported))


def _handlers(reported: object) -> tuple[Handler, ...]:
    if not isinstance(reported, list):
        raise InvalidMessageError
    return tuple(handler for handler in Handler if handler in cast("list[object]", reported))


def _fact(reported: object) -> SourceFact:
    match reported:
        case [FactKind.PLAIN_HTTP.value, str() as text, str() as location]:
            return SourceFact(FactKind.PLAIN_HTTP, text, location)
        case _:
            raise InvalidMessageError

"""Calls scripts in a container, and goes on in a new one after a call has ended it."""

import logging
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final

from typing_extensions import override

from customdb_contract.bridges import Bridge, LateEvent
from customdb_contract.bridges.containers._container import Container, ContainerDiedError
from customdb_contract.bridges.containers._decoding import late_event, masked_output, outcome_of, recorded_arguments
from customdb_contract.bridges.containers._messages import InvalidMessageError, Message, validated, validated_called
from customdb_contract.bridges.containers._opening import ask_first, reason_of
from customdb_contract.contract import Script
from customdb_contract.errors import DatabaseOpeningError
from customdb_contract.interrupts import current_interrupts
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Ending, Noticed, Observation, Outcome, Value, ending_of

__all__ = ["ContainerBridge"]

_LATE_SECONDS: Final = 1.0
"""Seconds to wait for what calls have left running, before late events are collected."""

_EXPIRING_SECONDS: Final = 0.1
"""Seconds for which a timed-out call may report what was observed; a blocked process reports nothing."""

_MOST_LATE: Final = 5000

_logger = logging.getLogger("customdb_contract")


class ContainerBridge(Bridge, ABC):
    """Runs the scripts of one connection in one process, until a call ends that process.

    Args:
        mask: The known secrets, which are replaced in everything that is recorded.
        timeout: Seconds that a script may take.
    """

    def __init__(self, *, mask: SecretRegistry, timeout: float) -> None:
        self._mask = mask.mask
        self._timeout = timeout
        self._interrupts = current_interrupts()
        self._container: Container | None = None
        self._calls = 0
        self._has_called = False
        self._is_new = True
        self._started = 0.0
        self._late: deque[LateEvent] = deque(maxlen=_MOST_LATE)
        self._noted: set[str] = set()

    @property
    @abstractmethod
    def _what(self) -> str:
        """What runs in the container, for messages: `Node 22.20.0`."""

    @property
    @abstractmethod
    def _can_be_cancelled(self) -> bool:
        """Whether the runner can report on a call that has not ended."""

    @abstractmethod
    def _start(self) -> Container:
        """Start the process.

        Raises:
            OSError: When that is impossible.
        """

    @abstractmethod
    def _order(self, token: str) -> Mapping[str, object]:
        """Return the data that the runner needs to open the database, including the token."""

    @abstractmethod
    def _take_opened(self, opened: Mapping[str, Any] | None) -> None:
        """Read the runner's response to opening the database.

        Raises:
            InvalidMessageError: When it is not a valid response.
            DatabaseOpeningError: When the database cannot be opened.
            ConfigurationError: When the given reference or folder is not a database.
        """

    @abstractmethod
    def _call_of(self, script: Script) -> Mapping[str, object]:
        """Return the data that the runner needs to call a script, except for its context."""

    @abstractmethod
    def _takes_context(self, script: Script) -> bool:
        """Tell whether a script receives the extra argument."""

    @override
    def call(
        self,
        script: Script,
        arguments: Sequence[object],
        *,
        context: Mapping[str, object] | None = None,
        throwing: bool = False,
    ) -> Outcome:
        self._start_again_if_gone()
        number, is_first = self._calls, self._is_new
        self._calls += 1
        self._has_called, self._is_new = True, False
        self._opened_container().forget_called()
        call = {
            "id": number,
            "script": script.value,
            "arguments": list(arguments),
            "context": dict(context or {}) if self._takes_context(script) else None,
            "throwing": throwing,
            **self._call_of(script),
        }
        self._started = time.monotonic()
        try:
            reported = self._asked({"call": call}, self._timeout)
            if reported is None:
                return self._expired(script)
            outcome = self._outcome(script, reported)
        except InvalidMessageError as error:
            return self._died(error)
        except ContainerDiedError as error:
            if error.has_read_all or is_first:
                return self._died(error)
            # Code left running by an earlier call ended the process before it read this one.
            self._calls = number
            self._ended_between_calls(error)
            return self.call(script, arguments, context=context, throwing=throwing)
        except BaseException:
            self._end()
            raise
        if outcome.ending is Ending.DIED:
            self._end()
        return outcome

    @override
    def late_events(self) -> Sequence[LateEvent]:
        if self._container is not None and self._has_called:
            self._has_called = False
            self._look_for_late_events()
        return [self._late.popleft() for _ in range(len(self._late))]

    @override
    def close(self) -> None:
        self._end()

    def _open(self) -> None:
        try:
            container = self._container = self._start()
            self._is_new = True
        except OSError as error:
            message = f"{self._what} could not be started: {error.strerror or error}"
            raise DatabaseOpeningError(message) from None
        try:
            reported = ask_first(container, {"open": self._order(container.token)}, what=self._what, mask=self._mask)
            self._take_opened(reported.opened)
        except InvalidMessageError as error:
            self._end()
            message = f"{self._what} could not open the database: {reason_of(error)}"
            raise DatabaseOpeningError(message) from None
        except BaseException:
            self._end()
            raise

    def _start_again_if_gone(self) -> None:
        """Record what was written since the last call, and that the process has ended since, if it has."""
        container = self._container
        if container is not None and container.has_something:
            self._add_late_output(container.take_output())
            try:
                self._expect_silence(container)
            except (ContainerDiedError, InvalidMessageError) as error:
                self._ended_between_calls(error)
        if self._container is None:
            self._open()

    def _expect_silence(self, container: Container) -> None:
        """Raise the reason for the end of a process; a genuine runner sends nothing without a request."""
        if container.answer(0.0) is not None:
            raise InvalidMessageError

    def _look_for_late_events(self) -> None:
        # After ctrl-C, nothing is waited for.
        seconds = 0.0 if self._interrupts.happened else _LATE_SECONDS
        try:
            reported = self._asked({"late": round(seconds * 1000)}, self._timeout + seconds)
        except (ContainerDiedError, InvalidMessageError) as error:
            self._ended_between_calls(error)
            return
        self._add_late_output(self._opened_container().take_output())
        if reported is None:
            self._add_late(Noticed.STILL_RUNNING, f"{self._timeout:g} s")
            self._end()

    def _ended_between_calls(self, error: ContainerDiedError | InvalidMessageError) -> None:
        self._add_late_output(self._opened_container().take_output())
        self._add_late(Noticed.PROCESS_ENDED, reason_of(error))
        self._end()

    def _add_late_output(self, text: str) -> None:
        if text and self._calls:
            self._late.append(LateEvent(self._calls - 1, output=masked_output(text, self._mask)))

    def _add_late(self, kind: Noticed, text: str) -> None:
        if self._calls:
            self._late.append(LateEvent(self._calls - 1, observation=Observation(kind, text)))

    def _asked(self, message: Mapping[str, object], seconds: float) -> Message | None:
        """Return the response to a message, with everything before it recorded, or None if there is none in time.

        Raises:
            ContainerDiedError: When the process has ended.
            InvalidMessageError: When it sends an invalid message.
        """
        container = self._opened_container()
        container.tell(message, seconds)
        reported = container.answer(seconds)
        if reported is None:
            return None
        answer = validated(reported)
        self._note(answer)
        return answer

    def _note(self, reported: Message) -> None:
        for event in reported.late:
            if event.call >= self._calls:
                raise InvalidMessageError
            self._late.append(late_event(event, self._mask))
        for text in reported.notes:
            if text not in self._noted:
                self._noted.add(text)
                _logger.warning("%s", self._mask(text))

    def _outcome(self, script: Script, reported: Message) -> Outcome:
        if reported.outcome is None or reported.id != self._calls - 1:
            raise InvalidMessageError
        return outcome_of(script, reported.outcome, self._opened_container().take_output(), self._mask)

    def _expired(self, script: Script) -> Outcome:
        """Return what was observed of a timed-out call; its process is not used again, and neither is Auth0's."""
        seconds = time.monotonic() - self._started
        try:
            reported = self._asked({"cancel": True}, _EXPIRING_SECONDS) if self._can_be_cancelled else None
            called = self._take_called()
            if reported is not None:
                outcome = self._outcome(script, reported)
            elif called is None:
                outcome = self._seen(Ending.TIMED_OUT, seconds)
            else:
                after, given = called
                still = Observation(Noticed.STILL_RUNNING, f"{seconds - after:.0f} s")
                outcome = self._seen(ending_of(script, given), after, (given,), still)
        except (ContainerDiedError, InvalidMessageError) as error:
            return self._died(error)
        self._end()
        return outcome

    def _died(self, error: ContainerDiedError | InvalidMessageError) -> Outcome:
        ended = Observation(Noticed.PROCESS_ENDED, reason_of(error))
        try:
            called = self._take_called()
        except (ContainerDiedError, InvalidMessageError):
            called = None
        callbacks = () if called is None else (called[1],)
        outcome = self._seen(Ending.DIED, time.monotonic() - self._started, callbacks, ended)
        self._end()
        return outcome

    def _take_called(self) -> tuple[float, tuple[Value, ...]] | None:
        """Return when the callback of this call was called, in seconds, and with what, if that was reported.

        Raises:
            ContainerDiedError: When the report is not a message.
            InvalidMessageError: When it is not a valid message.
        """
        reported = self._opened_container().take_called()
        if reported is None:
            return None
        called = validated_called(reported[1])
        if called.id != self._calls - 1:
            raise InvalidMessageError
        return reported[0] - self._started, recorded_arguments(called.arguments, self._mask)

    def _seen(
        self,
        ending: Ending,
        seconds: float,
        callbacks: tuple[tuple[Value, ...], ...] = (),
        *observed: Observation,
    ) -> Outcome:
        """Return what was observed of a call whose outcome the runner did not report."""
        return Outcome(
            ending,
            callbacks=callbacks,
            output=masked_output(self._opened_container().take_output(), self._mask),
            duration=seconds,
            observations=observed,
        )

    def _opened_container(self) -> Container:
        assert self._container is not None  # noqa: S101 - every caller has opened one
        return self._container

    def _end(self) -> None:
        container, self._container = self._container, None
        if container is not None:
            container.end()

"""The driver: makes planned calls in time, locks nobody out, and tells a flaky store from a broken script."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from customdb_contract.bridges import Bridge
from customdb_contract.contract import Script
from customdb_contract.probes._plan import PlannedCall, Truth, as_recorded
from customdb_contract.probes.circumstances import ORGANIZATION
from customdb_contract.probes.set_up import is_failure
from customdb_contract.secrets import Secret
from customdb_contract.transcript import (
    UNKNOWN,
    Ending,
    Exchange,
    Mark,
    RecordedError,
    Recorder,
    Situation,
    StopKind,
    StopReason,
)

__all__ = ["Driver", "StoppedEarly"]

_MOST_STORE_FAILURES = 3


class StoppedEarly(Exception):  # noqa: N818 - it is no error but the end of a check
    """The check cannot or must not go on; the reason stands in the transcript.

    Args:
        reason: Why.
    """

    def __init__(self, reason: StopReason) -> None:
        super().__init__(reason.message)
        self.reason = reason


class Driver:
    """Makes the calls of one check.

    Args:
        truth: The known people.
        recorder: Where the calls are recorded.
        max_time: Seconds that the whole check may take.
        progress: Is told of each exchange.
    """

    def __init__(
        self, truth: Truth, recorder: Recorder, *, max_time: float, progress: Callable[[Exchange], None]
    ) -> None:
        self._truth = truth
        self._recorder = recorder
        self._max_time = max_time
        self._progress = progress
        self._started = time.monotonic()
        self._numbers: defaultdict[int, list[int]] = defaultdict(list)
        self._control: PlannedCall | None = None
        self._right_login: dict[str, PlannedCall] = {}
        self._failed_logins: Counter[str] = Counter()
        self._locked_out: set[str] = set()
        self._proven: set[tuple[Script, str, Ending]] = set()
        self._store_failures = 0

    def drive(self, bridge: Bridge, calls: Iterable[PlannedCall]) -> list[Exchange]:
        """Make the planned calls, and the control calls that they lead to.

        Args:
            bridge: The database.
            calls: What to call.

        Returns:
            The exchanges of the planned calls; those that lock-out protection or a time-out made pointless are missing.

        Raises:
            StoppedEarly: When the time is up, or the store has stopped answering.
        """
        made: list[Exchange] = []
        for planned in calls:
            if self._is_pointless(planned):
                continue
            exchange = self._call(bridge, planned)
            made.append(exchange)
            if planned.situation.family == "outage":
                continue
            self._learn(planned, exchange)
            if is_failure(exchange) and bridge.scripts[planned.script].can_be_called:
                self._confirm(bridge, planned, exchange)
            self._protect(bridge, planned, exchange)
        return made

    def log_in_again(self, bridge: Bridge) -> None:
        """Log everybody in rightly who failed since, so that no count of failures stays in the store.

        Args:
            bridge: The database.
        """
        for label, failures in sorted(self._failed_logins.items()):
            if failures % 2:
                self._log_in_rightly(bridge, label)

    def collect_late_events(self, bridge: Bridge) -> None:
        """Add what calls did after they had ended to their exchanges.

        Args:
            bridge: The database, before it is closed.
        """
        for event in bridge.late_events():
            number = self._numbers[id(bridge)][event.call]
            self._recorder.amend(
                number,
                event.arguments,
                raised=event.raised,
                escape=event.escape,
                observation=event.observation,
            )

    def _call(self, bridge: Bridge, planned: PlannedCall) -> Exchange:
        if time.monotonic() - self._started > self._max_time:
            message = f"the time for the whole check, {self._max_time:g} s, was up before everything was looked at"
            raise StoppedEarly(StopReason(StopKind.TIME, message))
        plain = [argument.reveal() if isinstance(argument, Secret) else argument for argument in planned.arguments]
        outcome = bridge.call(
            planned.script,
            plain,
            context=ORGANIZATION if planned.situation is Situation.ORGANIZATION else None,
            throwing=planned.situation is Situation.CALLBACK_THROWS,
        )
        exchange = self._recorder.record(
            planned.script,
            as_recorded(planned.arguments, self._truth.registry),
            person=planned.person,
            situation=planned.situation,
            outcome=outcome,
        )
        self._numbers[id(bridge)].append(exchange.number)
        self._progress(exchange)
        return exchange

    def _is_pointless(self, planned: PlannedCall) -> bool:
        """Tell whether the person is locked out, or the script never ends in such a situation anyway."""
        locked_out = planned.script is Script.LOGIN and planned.person in self._locked_out
        return locked_out or (planned.script, planned.situation.family, Ending.TIMED_OUT) in self._proven

    def _learn(self, planned: PlannedCall, exchange: Exchange) -> None:
        if exchange.ending is Ending.FOUND and planned.situation is Situation.KNOWN_USER:
            self._control = self._control or planned
            if planned.script is Script.LOGIN:
                self._right_login[planned.person] = planned

    def _confirm(self, bridge: Bridge, planned: PlannedCall, exchange: Exchange) -> None:
        """Repeat an unexpected failure once, and ask for something that worked: is it the script, or the store?"""
        key = (planned.script, planned.situation.family, exchange.ending)
        if key in self._proven:
            return
        doubted = [exchange]
        if exchange.ending is not Ending.TIMED_OUT:
            again = self._call(bridge, planned)
            doubted.append(again)
            if not _is_alike(exchange, again):
                self._recorder.mark(exchange.number, Mark.UNSTABLE_STORE)
                return
        if self._control is not None:
            control = self._call(bridge, _repeated(self._control))
            if is_failure(control):
                self._give_up_on([*doubted, control])
                return
        self._proven.add(key)

    def _give_up_on(self, doubted: Iterable[Exchange]) -> None:
        for exchange in doubted:
            self._recorder.mark(exchange.number, Mark.UNSTABLE_STORE)
        self._store_failures += 1
        if self._store_failures >= _MOST_STORE_FAILURES:
            message = "the store stopped answering during the check: a call that had worked before failed repeatedly"
            raise StoppedEarly(StopReason(StopKind.SET_UP, message))

    def _protect(self, bridge: Bridge, planned: PlannedCall, exchange: Exchange) -> None:
        """Count failing log-ins, and log in rightly after every second one."""
        if planned.script is Script.LOGIN and planned.person != UNKNOWN and exchange.ending is not Ending.FOUND:
            self._failed_logins[planned.person] += 1
            if self._failed_logins[planned.person] % 2 == 0:
                self._log_in_rightly(bridge, planned.person)

    def _log_in_rightly(self, bridge: Bridge, label: str) -> None:
        planned = self._right_login.get(label)
        if planned is None or label in self._locked_out:
            return
        exchange = self._call(bridge, _repeated(planned))
        if exchange.ending is not Ending.FOUND:
            self._recorder.mark(exchange.number, Mark.LOCKED_OUT)
            self._locked_out.add(label)


def _repeated(planned: PlannedCall) -> PlannedCall:
    return PlannedCall(planned.script, planned.arguments, planned.person, Situation.REPEATED)


def _is_alike(first: Exchange, second: Exchange) -> bool:
    return first.ending is second.ending and _error_name(first) == _error_name(second)


def _error_name(exchange: Exchange) -> str | None:
    error = exchange.outcome.error or exchange.outcome.raised
    return error.name if isinstance(error, RecordedError) else None

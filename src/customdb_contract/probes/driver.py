"""The driver: makes planned calls within the time limit, prevents lock-outs, and detects a flaky store."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from customdb_contract.calling import Caller, PlannedCall
from customdb_contract.contract import Script
from customdb_contract.interrupts import current_interrupts
from customdb_contract.probes._made import MadePeople, ids_in
from customdb_contract.probes._plan import Truth, with_user_ids
from customdb_contract.probes._probing import Probing
from customdb_contract.probes._stopping import StoppedEarly
from customdb_contract.probes.circumstances import context_of
from customdb_contract.probes.inspecting import Inspected
from customdb_contract.probes.reading import unknown_email, wrong_password
from customdb_contract.probes.set_up import is_denial, is_failure, refusal_of_more
from customdb_contract.transcript import (
    UNKNOWN,
    Ending,
    Exchange,
    Exhaustion,
    Mark,
    Noticed,
    Observation,
    Operation,
    RecordedError,
    Recorder,
    Situation,
    StopKind,
    StopReason,
    exhaustion_of,
)

__all__ = ["Driver"]

_MOST_STORE_FAILURES: Final = 3
_CLEAN_UP_SECONDS: Final = 10.0
"""Seconds for which removing users may go on after the time of the check."""

_INTERRUPTED_CLEAN_UP_SECONDS: Final = 5.0
"""Seconds that removing users may take after an interrupt: CI systems kill a job soon afterwards."""

_MOST_HANGS: Final = 3
"""Hostile calls that may time out before the script receives no more of them; of other calls, one is enough.

A text that makes a script hang is one problem, and a text that lets an attacker in may be the next.
"""

_SLOW_SECONDS: Final = 1.0
"""A call that takes this long can be slow because of its arguments; another text that backtracks would take sixteen
times as long."""

_TAKES_LONG: Final = (Situation.VERY_LONG, Situation.BACKTRACKING)

_READING: Final = (Script.LOGIN, Script.GET_USER)


class Driver:
    """Makes the calls of one check.

    Args:
        truth: The known users.
        recorder: Where the calls are recorded.
        probing: How the scripts are called.
        progress: Called with each exchange.
    """

    def __init__(
        self,
        truth: Truth,
        recorder: Recorder,
        probing: Probing,
        progress: Callable[[Exchange], None] = lambda _: None,
    ) -> None:
        self._truth = truth
        self._recorder = recorder
        self._probing = probing
        self._progress = progress
        self._interrupts = current_interrupts()
        self._store = Inspected(probing.inspect, truth.registry)
        self._deadline = time.monotonic() + probing.max_time
        self._written: PlannedCall | None = None
        self._control: PlannedCall | None = None
        self._control_caller: Caller | None = None
        self._right_login: dict[str, PlannedCall] = {}
        self._failed_logins: Counter[str] = Counter()
        self._locked_out: set[str] = set()
        self._known_ids: dict[str, str] = {}
        # A fresh database can assign the ids of the other one to the users created in it.
        self._known_labels = frozenset(person.label for person in truth.people)
        self._spared: set[str] = set()
        self._made = MadePeople(recorder, self._spared if probing.fresh_database is None else ())
        self._missed: set[str] = set()
        self._proven: set[tuple[Script, str, Ending, Exhaustion | None]] = set()
        self._hung: defaultdict[tuple[Script, str], list[int]] = defaultdict(list)
        self._left_out: set[tuple[Script, Situation]] = set()
        self._backtracking: set[Script] = set()
        self._store_failures = 0

    def drive(self, caller: Caller, calls: Iterable[PlannedCall]) -> list[Exchange]:
        """Make the planned calls, and the control calls that they require.

        Args:
            caller: Calls the database.
            calls: The planned calls.

        Returns:
            The exchanges of the planned calls, without those that lock-out protection or a timeout made pointless.

        Raises:
            StoppedEarly: When the time is up, or the store stopped responding.
        """
        made: list[Exchange] = []
        for call in calls:
            planned = with_user_ids(call, self._made.user_ids.get, self._known_ids.get)
            if planned is None or self._is_pointless(planned):
                continue
            exchange = self._call(caller, planned)
            made.append(exchange)
            if planned.situation.family == "outage":
                continue
            self._learn(caller, planned, exchange)
            if is_failure(exchange) and caller.scripts[planned.script].can_be_called:
                self._confirm(caller, planned, exchange)
            elif self._is_shut_out(planned, exchange):
                self._call(caller, planned)
            elif planned.situation in _TAKES_LONG and exchange.outcome.duration >= _SLOW_SECONDS:
                self._learn_whether_slow(planned, self._call(caller, planned))
            self._protect(caller, planned, exchange)
        return made

    def call(self, caller: Caller, planned: PlannedCall, *, caused_by: Operation) -> Exchange:
        """Make a call that an operation on a simulated tenant causes, and the control calls that it requires.

        Args:
            caller: Calls the database.
            planned: The call.
            caused_by: The operation.

        Raises:
            StoppedEarly: When the time is up, the store stopped responding, or another user would be changed.
        """
        if not self._made.may_be_changed_by(planned):
            message = (
                "login returned another user's profile for a user created by the check; "
                f"{planned.script} was not called, because it would have affected the other user"
            )
            raise StoppedEarly(StopReason(StopKind.PROTECTION, message))
        exchange = self._call(caller, planned, caused_by)
        self._learn(caller, planned, exchange)
        if is_failure(exchange):
            self._confirm(caller, planned, exchange)
        return exchange

    def drive_at_once(self, first: Caller, second: Caller, planned: PlannedCall) -> None:
        """Make the same call twice at the same time.

        Args:
            first: Calls the database.
            second: Calls the same database, opened a second time.
            planned: The call.
        """
        self._interrupts.raise_if_pending()
        self._begin(planned)
        for exchange in first.call_at_once(second, planned):
            self._made.end(planned, exchange.outcome)
            self._tell(exchange)

    def clean_up(self, caller: Caller) -> None:
        """Remove the users created by the check, even if its time is up or it was interrupted, and record who is gone.

        Args:
            caller: Calls the database that was written to.

        Raises:
            StoppedEarly: When it takes too long.
            KeyboardInterrupt: When a second interrupt arrives, or it takes too long after the first one.
        """
        if not self._made.may_be_there:
            return
        deadline, self._deadline = self._deadline, time.monotonic() + _CLEAN_UP_SECONDS
        with self._interrupts.finishing(_INTERRUPTED_CLEAN_UP_SECONDS):
            self._made.remove_all(lambda planned: self._call(caller, planned), caller.scripts)
        self._deadline = deadline

    def log_in_again(self, caller: Caller) -> None:
        """Log in all users whose log-ins failed, correctly, so that no count of failures stays in the store.

        Args:
            caller: Calls the database.
        """
        for label, failures in sorted(self._failed_logins.items()):
            if failures % 2:
                self._log_in_rightly(caller, label)

    def _call(self, caller: Caller, planned: PlannedCall, caused_by: Operation | None = None) -> Exchange:
        self._interrupts.raise_if_pending()
        if time.monotonic() > self._deadline:
            message = (
                f"the time for the whole check, {self._probing.max_time:g} s, was up before everything was checked"
            )
            raise StoppedEarly(StopReason(StopKind.TIME, message))
        self._let_writes_settle(planned)
        before = self._store.look(planned)
        self._begin(planned)
        exchange = caller.call(
            planned,
            context=context_of(planned, self._truth, self._probing.new_user),
            throwing=planned.situation is Situation.CALLBACK_THROWS,
            caused_by=caused_by,
        )
        self._made.end(planned, exchange.outcome)
        for observation in self._store.compare(planned, before):
            exchange = self._recorder.amend(exchange.number, observation=observation)
        self._tell(exchange)
        return exchange

    def _begin(self, planned: PlannedCall) -> None:
        self._made.begin(planned)
        if planned.script not in _READING:
            self._written = planned

    def _tell(self, exchange: Exchange) -> None:
        with self._interrupts.immediate():
            self._interrupts.raise_if_pending()
            self._progress(exchange)

    def _let_writes_settle(self, planned: PlannedCall) -> None:
        """Wait until the last write is visible to a call that reads."""
        if planned.script not in _READING or self._written is None:
            return
        # Auth0 doesn't wait either between creating a user and logging the user in.
        if (self._written.script, planned.script) != (Script.CREATE, Script.LOGIN):
            self._interrupts.sleep(self._probing.settle)
            self._written = None

    def _is_pointless(self, planned: PlannedCall) -> bool:
        """Tell whether the user is locked out, or the script never ends in such a situation anyway."""
        if planned.script is Script.LOGIN and planned.person in self._locked_out:
            return True
        if planned.situation is Situation.BACKTRACKING and planned.script in self._backtracking:
            return True
        family = planned.situation.family
        if (planned.script, family, Ending.TIMED_OUT, None) not in self._proven:
            return False
        hung = self._hung[planned.script, family]
        if family == "hostile" and len(hung) < _MOST_HANGS:
            return False
        if (planned.script, planned.situation) not in self._left_out:
            self._left_out.add((planned.script, planned.situation))
            self._recorder.amend(hung[-1], observation=Observation(Noticed.LEFT_OUT, planned.situation))
        return True

    def _learn(self, caller: Caller, planned: PlannedCall, exchange: Exchange) -> None:
        self._made.learn(planned, exchange)
        if planned.script is Script.GET_USER and planned.situation is Situation.REPEATED and is_denial(exchange):
            self._missed.add(planned.person)
        if exchange.ending is Ending.TIMED_OUT:
            self._learn_whether_slow(planned, exchange)
        if exchange.ending is Ending.FOUND and planned.person in self._known_labels:
            self._spared.update(ids_in(exchange.profile or {}))
        if exchange.ending is Ending.FOUND and planned.situation is Situation.KNOWN_USER:
            if self._control is None:
                self._control, self._control_caller = planned, caller
            user_id = (exchange.profile or {}).get("user_id")
            if isinstance(user_id, str):
                self._known_ids[planned.person] = user_id
            if planned.script is Script.LOGIN:
                self._right_login[planned.person] = planned

    def _learn_whether_slow(self, planned: PlannedCall, exchange: Exchange) -> None:
        """Learn from a call whether its text makes the script slow; the first one that still ends proves nothing.

        The machine could have been busy.
        """
        is_slow = exchange.ending is Ending.TIMED_OUT or exchange.outcome.duration >= _SLOW_SECONDS
        if planned.situation is Situation.BACKTRACKING and is_slow:
            self._backtracking.add(planned.script)

    def _is_shut_out(self, planned: PlannedCall, exchange: Exchange) -> bool:
        """Tell whether login rejects a user it accepted before, although no wrong password was tried in between."""
        return (
            planned.situation is Situation.REPEATED
            and planned.person in self._right_login.keys() - self._missed
            and not self._failed_logins[planned.person]
            and planned.script is Script.LOGIN
            and is_denial(exchange)
        )

    def _confirm(self, caller: Caller, planned: PlannedCall, exchange: Exchange) -> None:
        """Repeat an unexpected failure once, and repeat a call that worked: is it the script, or the store?"""
        refused = exhaustion_of(exchange)
        key = (planned.script, planned.situation.family, exchange.ending, refused)
        if exchange.ending is Ending.TIMED_OUT:
            self._hung[planned.script, planned.situation.family].append(exchange.number)
        if key in self._proven:
            return
        doubted = [exchange]
        # A write is not repeated: the second one would be a different write.
        if exchange.ending is not Ending.TIMED_OUT and planned.script in _READING:
            again = self._call(caller, planned)
            doubted.append(again)
            if not _is_alike(exchange, again):
                self._recorder.mark(exchange.number, Mark.UNSTABLE_STORE)
                return
        control = self._control_of(planned, refused)
        if control is not None and self._control_caller is caller:
            again = self._call(caller, control)
            if exhaustion_of(again) or (is_failure(again) and control.person != UNKNOWN):
                self._give_up_on([*doubted, again])
                return
        self._proven.add(key)

    def _control_of(self, planned: PlannedCall, refused: Exhaustion | None) -> PlannedCall | None:
        """Return a call that works unless the store has failed, or None if none worked before."""
        if self._control is None:
            return None
        # login can have a pool of its own, and a limit can apply to the user that was tried.
        has_own_pool = refused is Exhaustion.CONNECTIONS or self._control.script is Script.LOGIN
        if refused is not None and planned.script is Script.LOGIN and has_own_pool:
            return self._login_without_failures(planned.person)
        return _repeated(self._control)

    def _give_up_on(self, doubted: Sequence[Exchange]) -> None:
        """Do not blame a script for its calls, because a call that worked before, the last one, fails too."""
        exhausted = exhaustion_of(doubted[-1])
        if exhausted is not None:
            for exchange in doubted:
                self._recorder.mark(exchange.number, Mark.EXHAUSTED_STORE)
            raise StoppedEarly(StopReason(StopKind.SET_UP, refusal_of_more(doubted[-1], exhausted)))
        for exchange in doubted:
            self._recorder.mark(exchange.number, Mark.UNSTABLE_STORE)
        self._store_failures += 1
        if self._store_failures >= _MOST_STORE_FAILURES:
            message = "the store stopped answering during the check: a call that had worked before failed repeatedly"
            raise StoppedEarly(StopReason(StopKind.SET_UP, message))

    def _protect(self, caller: Caller, planned: PlannedCall, exchange: Exchange) -> None:
        """Count failing log-ins, and log in with the right password after every second one."""
        if planned.script is Script.LOGIN and planned.person != UNKNOWN and exchange.ending is not Ending.FOUND:
            self._failed_logins[planned.person] += 1
            if self._failed_logins[planned.person] % 2 == 0:
                self._log_in_rightly(caller, planned.person)

    def _log_in_rightly(self, caller: Caller, label: str) -> None:
        planned = self._right_login.get(label)
        if planned is None or label in self._locked_out:
            return
        exchange = self._call(caller, _repeated(planned))
        if is_failure(exchange) and exhaustion_of(exchange) is Exhaustion.CONNECTIONS:
            control = self._call(caller, self._login_without_failures(label))
            if exhaustion_of(control) is not None:
                self._give_up_on([exchange, control])
        if exchange.ending is not Ending.FOUND:
            self._recorder.mark(exchange.number, Mark.LOCKED_OUT)
            self._locked_out.add(label)

    def _login_without_failures(self, label: str) -> PlannedCall:
        """Return the log-in of a user without failed log-ins, who is not affected by a limit per user.

        If every known user had one, it is the log-in of an unknown user.
        """
        logins = self._right_login.items()
        right = next((one for name, one in logins if name != label and not self._failed_logins[name]), None)
        if right is not None:
            return _repeated(right)
        arguments = (unknown_email("example.com"), wrong_password())
        return PlannedCall(Script.LOGIN, arguments, UNKNOWN, Situation.UNKNOWN_USER)


def _repeated(planned: PlannedCall) -> PlannedCall:
    return PlannedCall(planned.script, planned.arguments, planned.person, Situation.REPEATED)


def _is_alike(first: Exchange, second: Exchange) -> bool:
    return first.ending is second.ending and _error_name(first) == _error_name(second)


def _error_name(exchange: Exchange) -> str | None:
    error = exchange.outcome.error or exchange.outcome.raised
    return error.name if isinstance(error, RecordedError) else None

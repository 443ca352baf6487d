"""Probes: drive a custom database through the situations that the contract speaks about."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from itertools import islice
from typing import Protocol

from attrs import frozen

from customdb_contract.bridges import Bridge
from customdb_contract.calling import Caller, PlannedCall
from customdb_contract.contract import Script
from customdb_contract.probes._plan import Truth, print_planned_call
from customdb_contract.probes.circumstances import plan_circumstances, plan_organization
from customdb_contract.probes.driver import Driver, StoppedEarly
from customdb_contract.probes.hostile import plan_hostile
from customdb_contract.probes.outage import plan_outage
from customdb_contract.probes.reading import plan_other_spellings, plan_unknown_users, plan_wrong_passwords
from customdb_contract.probes.set_up import (
    is_failure,
    is_not_implemented,
    is_retired_pair,
    plan_known_users,
    refusal_of_new_user,
    set_up_problem,
)
from customdb_contract.probes.staying import drive_known_users
from customdb_contract.probes.writing import (
    Newcomer,
    Writing,
    make_newcomers,
    plan_at_once,
    plan_looks_for,
    plan_outage_of_writing,
    plan_writing,
)
from customdb_contract.transcript import Ending, Exchange, FactKind, Mark, Recorder, Situation, StopKind, StopReason

__all__ = [
    "Driver",
    "Faults",
    "FaultsTogether",
    "Newcomer",
    "OutageDatabase",
    "Truth",
    "Writing",
    "make_newcomers",
    "plan_calls",
    "print_planned_call",
    "probe",
    "probe_known_users",
]


class Faults(Protocol):
    """A store that fails in the way it is told to: the fault server."""

    @property
    def situations(self) -> tuple[Situation, ...]:
        """The ways in which it can fail, the one that costs time last."""
        ...

    @property
    def requests(self) -> int:
        """How many requests came since the last switch."""
        ...

    def fail(self, situation: Situation) -> None:
        """Fail in another way from now on.

        Args:
            situation: One of `situations`.
        """
        ...


@frozen
class FaultsTogether:
    """Several stores that fail in the same way at the same time.

    Args:
        stores: At least one.
    """

    stores: tuple[Faults, ...]

    @property
    def situations(self) -> tuple[Situation, ...]:
        """The ways in which all of them can fail."""
        first, *others = self.stores
        return tuple(way for way in first.situations if all(way in other.situations for other in others))

    @property
    def requests(self) -> int:
        """How many requests came to any of them since the last switch."""
        return sum(store.requests for store in self.stores)

    def fail(self, situation: Situation) -> None:
        """Fail in another way from now on.

        Args:
            situation: One of `situations`.
        """
        for store in self.stores:
            store.fail(situation)


@frozen
class OutageDatabase:
    """The same database with its store out of reach.

    Args:
        bridge: What calls its scripts.
        faults: The fault server that it takes for its store, or None when the team broke it in its own way.
    """

    bridge: Bridge
    faults: Faults | None


def plan_calls(
    truth: Truth,
    scripts: Sequence[Script],
    *,
    hostile: bool,
    wrong_passwords: int,
    outage: Sequence[Situation],
    callback_can_throw: bool,
    newcomers: Sequence[Newcomer] = (),
) -> Iterator[PlannedCall]:
    """Plan every call of a check, in order; control calls and repetitions come on top.

    Args:
        truth: The known people.
        scripts: The scripts that the database has.
        hostile: Whether identifiers that try injection are sent.
        wrong_passwords: How many wrong passwords are tried for one person at the most.
        outage: The ways in which the store will be out of reach.
        callback_can_throw: Whether a call can be given a callback that throws.
        newcomers: The people whom the check makes; none when it only reads.
    """
    yield from plan_known_users(truth, scripts, Situation.KNOWN_USER)
    yield from _plan_rest(
        truth, scripts, hostile=hostile, wrong_passwords=wrong_passwords, callback_can_throw=callback_can_throw
    )
    if newcomers:
        yield from plan_writing(newcomers, truth.connection, scripts)
        if Script.CREATE in scripts:
            yield from plan_at_once(newcomers, truth.connection)
    for situation in outage:
        yield from plan_outage(truth, scripts, situation)
        yield from plan_outage_of_writing(newcomers, truth.connection, scripts, situation)


def _plan_rest(
    truth: Truth, scripts: Sequence[Script], *, hostile: bool, wrong_passwords: int, callback_can_throw: bool
) -> Iterator[PlannedCall]:
    yield from plan_known_users(truth, scripts, Situation.REPEATED)
    yield from plan_circumstances(truth, scripts, callback_can_throw=callback_can_throw)
    yield from plan_unknown_users(truth, scripts)
    yield from plan_other_spellings(truth, scripts)
    if Script.LOGIN in scripts:
        yield from plan_wrong_passwords(truth, wrong_passwords, hostile=hostile)
    if hostile:
        yield from plan_hostile(truth, scripts)


def probe(
    bridge: Bridge,
    truth: Truth,
    recorder: Recorder,
    *,
    open_outage: Callable[[], AbstractContextManager[OutageDatabase]] | None,
    hostile: bool,
    wrong_passwords: int,
    max_time: float,
    progress: Callable[[Exchange], None],
    writing: Writing | None = None,
    inspect: Callable[[str], object] | None = None,
) -> None:
    """Drive a database through every situation, and record what it does.

    Args:
        bridge: The database.
        truth: The known people.
        recorder: Where the calls are recorded, and why the check ended early if it did.
        open_outage: Opens the same database with its store out of reach, or None.
        hostile: Whether identifiers that try injection are sent.
        wrong_passwords: How many wrong passwords are tried for one person at the most.
        max_time: Seconds that the whole check may take.
        progress: Is told of each exchange.
        writing: How the check writes, or None when it only reads.
        inspect: Returns what the store has of an identifier, without the scripts; None when there is no way to look.
    """
    caller = Caller(bridge, recorder)
    driver = Driver(
        truth,
        recorder,
        max_time=max_time,
        progress=progress,
        settle=0.0 if writing is None else writing.settle,
        inspect=inspect,
    )
    with ExitStack() as stack:
        written = caller
        try:
            scripts = _drive_reading(driver, caller, truth, recorder, hostile=hostile, wrong_passwords=wrong_passwords)
            if writing is not None and scripts:
                if writing.open_fresh is not None:
                    written = Caller(stack.enter_context(writing.open_fresh()), recorder)
                _drive_writing(driver, written, truth, recorder, writing)
            if open_outage is not None and scripts:
                with open_outage() as outage:
                    newcomers = () if writing is None else writing.newcomers
                    unreachable = Caller(outage.bridge, recorder)
                    unmet = _drive_outage(
                        driver, unreachable, truth, faults=outage.faults, scripts=scripts, newcomers=newcomers
                    )
                    for exchange in unmet:
                        recorder.mark(exchange.number, Mark.OUTAGE_NOT_MET)
                    unreachable.collect_late_events()
        except StoppedEarly as stopped:
            recorder.stop(stopped.reason)
        finally:
            _clean_up(driver, written, recorder)
            for used in dict.fromkeys((caller, written)):
                used.collect_late_events()


def _drive_reading(
    driver: Driver, caller: Caller, truth: Truth, recorder: Recorder, *, hostile: bool, wrong_passwords: int
) -> Sequence[Script]:
    """Make the calls that change nothing, and return the scripts of which more can be seen; none ends the check."""
    scripts = _scripts_with_function(caller)
    known = drive_known_users(driver, caller, truth, scripts)
    if truth.connection.script_context and _needs_organization(driver, caller, truth, known):
        return ()
    scripts = _scripts_to_drive(scripts, caller, truth, _unmarked(recorder, known))
    if is_retired_pair(_unmarked(recorder, known)):
        driver.drive(caller, plan_unknown_users(truth, scripts))
        return ()
    rest = _plan_rest(
        truth,
        scripts,
        hostile=hostile,
        wrong_passwords=wrong_passwords,
        callback_can_throw=caller.callback_can_throw,
    )
    driver.drive(caller, rest)
    driver.log_in_again(caller)
    return scripts


def _drive_writing(driver: Driver, caller: Caller, truth: Truth, recorder: Recorder, writing: Writing) -> None:
    scripts = _scripts_with_function(caller)
    planned = plan_writing(writing.newcomers, truth.connection, scripts)
    # Whoever is found before being made is nobody's doing; the rules about unknown users tell that.
    if any(exchange.ending is Ending.FOUND for exchange in driver.drive(caller, islice(planned, 1))):
        return
    for exchange in driver.drive(caller, islice(planned, 1)):
        if exchange.script is Script.CREATE and exchange.ending is Ending.FAILED:
            raise StoppedEarly(StopReason(StopKind.SET_UP, refusal_of_new_user(exchange)))
    driver.drive(caller, planned)
    if writing.open_second is not None and {Script.CREATE, Script.GET_USER} <= set(scripts):
        with writing.open_second() as second:
            _drive_at_once(driver, caller, Caller(second, recorder), truth, writing.newcomers)


def _drive_at_once(driver: Driver, caller: Caller, second: Caller, truth: Truth, newcomers: Sequence[Newcomer]) -> None:
    """Make two calls at once, where the database that was opened again is the same store and no other one."""
    looks = driver.drive(second, plan_looks_for(newcomers[0]))
    if any(exchange.ending is Ending.FOUND for exchange in looks):
        for call in plan_at_once(newcomers, truth.connection):
            driver.drive_at_once(caller, second, call)
    second.collect_late_events()


def _clean_up(driver: Driver, caller: Caller, recorder: Recorder) -> None:
    try:
        driver.clean_up(caller)
    except StoppedEarly as stopped:
        recorder.stop(stopped.reason)


def probe_known_users(bridge: Bridge, truth: Truth, recorder: Recorder, script: Script, *, max_time: float) -> None:
    """Call one script twice for each known user, and record what it does.

    Args:
        bridge: The database.
        truth: The known people.
        recorder: Where the calls are recorded, and why they ended early if they did.
        script: The script.
        max_time: Seconds that all of it may take.
    """
    caller = Caller(bridge, recorder)
    driver = Driver(truth, recorder, max_time=max_time, progress=lambda _: None)
    try:
        for situation in (Situation.KNOWN_USER, Situation.REPEATED):
            driver.drive(caller, plan_known_users(truth, (script,), situation))
    except StoppedEarly as stopped:
        recorder.stop(stopped.reason)
    finally:
        caller.collect_late_events()


def _scripts_with_function(caller: Caller) -> tuple[Script, ...]:
    """Return the scripts that are a function; a source that is none can't be called, and its rule tells it."""
    return tuple(script for script, info in caller.scripts.items() if not info.facts(FactKind.NOT_A_FUNCTION))


def _needs_organization(driver: Driver, caller: Caller, truth: Truth, known: Sequence[Exchange]) -> bool:
    """Tell whether no call works but with an organization in the context: then no other call would tell anything."""
    if not known or not all(is_failure(exchange) for exchange in known):
        return False
    tried = driver.drive(caller, plan_organization(truth, _scripts_with_function(caller)))
    return any(exchange.ending is Ending.FOUND for exchange in tried)


def _scripts_to_drive(
    scripts: Sequence[Script], caller: Caller, truth: Truth, known: Sequence[Exchange]
) -> tuple[Script, ...]:
    """Return the scripts that have an implementation, or stop when the set-up shows that nothing can be judged."""
    problem = set_up_problem(known, truth.people, caller.scripts)
    if problem:
        raise StoppedEarly(problem)
    empty = {exchange.script for exchange in known if is_not_implemented(exchange)}
    return tuple(script for script in scripts if script not in empty)


def _unmarked(recorder: Recorder, exchanges: Iterable[Exchange]) -> list[Exchange]:
    numbers = {exchange.number for exchange in exchanges}
    return [exchange for exchange in recorder.transcript().judged if exchange.number in numbers]


def _drive_outage(
    driver: Driver,
    caller: Caller,
    truth: Truth,
    *,
    faults: Faults | None,
    scripts: Sequence[Script],
    newcomers: Sequence[Newcomer],
) -> Sequence[Exchange]:
    """Make the calls of every fault, and return those that cannot have met it: all, where nobody asked the store."""
    there = caller.scripts
    read = [script for script in scripts if script in there]

    def drive(situation: Situation) -> Sequence[Exchange]:
        return [
            *driver.drive(caller, plan_outage(truth, read, situation)),
            *driver.drive(caller, plan_outage_of_writing(newcomers, truth.connection, there, situation)),
        ]

    if faults is None:
        drive(Situation.OUTAGE)
        return ()
    contacted, made = 0, list[Exchange]()
    for situation in faults.situations:
        faults.fail(situation)
        made += drive(situation)
        contacted += faults.requests
    return () if contacted else made

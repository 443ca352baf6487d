"""Puts a database into every situation, in order."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from itertools import islice

from attrs import field, frozen

from customdb_contract.bridges import Bridge
from customdb_contract.calling import Caller, PlannedCall
from customdb_contract.contract import Script
from customdb_contract.probes._faults import OutageDatabase
from customdb_contract.probes._plan import Truth
from customdb_contract.probes._probing import Probing
from customdb_contract.probes._stopping import StoppedEarly
from customdb_contract.probes.circumstances import plan_circumstances, plan_organization
from customdb_contract.probes.created_users import CreatedUser
from customdb_contract.probes.driver import Driver
from customdb_contract.probes.hostile import plan_hostile
from customdb_contract.probes.hostile_writing import drive_hostile_writes, plan_hostile_writes
from customdb_contract.probes.outage import Contacts, is_in_reach, plan_outage
from customdb_contract.probes.reading import (
    another_form,
    plan_other_spellings,
    plan_plain_wrong_passwords,
    plan_special_wrong_passwords,
    plan_unknown_users,
)
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
    Writing,
    plan_at_once,
    plan_looks_for,
    plan_outage_of_writing,
    plan_writing,
)
from customdb_contract.transcript import (
    LATER_REQUESTS,
    Ending,
    Exchange,
    FactKind,
    Mark,
    Recorder,
    Situation,
    StopKind,
    StopReason,
)

__all__ = ["plan_calls", "probe", "probe_known_users"]


def plan_calls(
    truth: Truth,
    scripts: Sequence[Script],
    probing: Probing,
    *,
    outage: Sequence[Situation],
    callback_can_throw: bool,
    created_users: Sequence[CreatedUser] = (),
    victims: Sequence[CreatedUser] = (),
) -> Iterator[PlannedCall]:
    """Plan every call of a check, in order; control calls and repetitions are added later.

    Args:
        truth: The known users.
        scripts: The scripts that the database has.
        probing: How the scripts are called.
        outage: The ways in which the store will be unreachable.
        callback_can_throw: Whether a call can be given a callback that raises.
        created_users: The users that the check creates; none if it only reads.
        victims: The users that hostile identifiers may change; none unless an empty database is written to.
    """
    yield from plan_known_users(truth, scripts, Situation.KNOWN_USER)
    yield from _plan_ordinary(truth, scripts, probing, callback_can_throw=callback_can_throw)
    yield from _plan_attacks(truth, scripts, probing, let_in=())
    if created_users:
        yield from plan_writing(created_users, truth.connection, scripts)
        if Script.CREATE in scripts:
            yield from plan_at_once(created_users, truth.connection)
    for situation in outage:
        yield from _plan_outage(truth, scripts, scripts, created_users, situation)
    yield from plan_hostile_writes(victims, truth.connection, scripts)


def _plan_ordinary(
    truth: Truth, scripts: Sequence[Script], probing: Probing, *, callback_can_throw: bool
) -> Iterator[PlannedCall]:
    """Plan what every user of the connection does, including a wrong password."""
    yield from plan_known_users(truth, scripts, Situation.REPEATED)
    yield from plan_circumstances(truth, scripts, callback_can_throw=callback_can_throw)
    yield from plan_unknown_users(truth, scripts)
    yield from plan_other_spellings(truth, scripts)
    if Script.LOGIN in scripts:
        yield from plan_plain_wrong_passwords(truth, probing.wrong_passwords, spared=_spared(truth, probing))


def _plan_attacks(
    truth: Truth, scripts: Sequence[Script], probing: Probing, *, let_in: Collection[str]
) -> Iterator[PlannedCall]:
    """Plan passwords and identifiers that a careless script confuses with others."""
    if Script.LOGIN in scripts:
        yield from plan_special_wrong_passwords(
            truth, probing.wrong_passwords, hostile=probing.hostile, spared=_spared(truth, probing), let_in=let_in
        )
    if probing.hostile:
        yield from plan_hostile(truth, scripts)


def _spared(truth: Truth, probing: Probing) -> Collection[str]:
    """Return the users for whom a life may try one more wrong password, another form of their own."""
    if not (probing.rehearse and truth.connection.import_mode):
        return ()
    return {label for label, password in truth.passwords.items() if another_form(password.reveal())}


def _plan_outage(
    truth: Truth,
    read: Sequence[Script],
    written: Sequence[Script],
    created_users: Sequence[CreatedUser],
    situation: Situation,
) -> Iterator[PlannedCall]:
    yield from plan_outage(truth, read, situation)
    yield from plan_outage_of_writing(created_users, truth, written, situation)


def probe(
    bridge: Bridge,
    truth: Truth,
    recorder: Recorder,
    probing: Probing,
    *,
    open_outage: Callable[[], AbstractContextManager[OutageDatabase]] | None = None,
    writing: Writing | None = None,
    live: Callable[[Driver, Caller, Caller], None] | None = None,
    progress: Callable[[Exchange], None] = lambda _: None,
) -> None:
    """Put a database into every situation, and record what it does.

    Args:
        bridge: The database.
        truth: The known users.
        recorder: Where the calls are recorded, and the reason if the check ended early.
        probing: How the scripts are called.
        open_outage: Opens the same database with an unreachable store, or None.
        writing: The users that the check creates and where, or None if it only reads.
        live: Plays lives at the end, on the database and on the one that is written to; None for no lives.
        progress: Called with each exchange.
    """
    probed = _Probe(truth, recorder, probing, Driver(truth, recorder, probing, progress), Caller(bridge, recorder))
    with ExitStack() as stack:
        written = probed.caller
        try:
            scripts = probed.read()
            refused: StopReason | None = None
            if writing is not None and scripts:
                if writing.open_fresh is not None:
                    written = Caller(stack.enter_context(writing.open_fresh()), recorder)
                refused = probed.write(written, writing)
            if open_outage is not None and scripts:
                with open_outage() as outage:
                    probed.meet_outage(outage, scripts, () if writing is None else writing.created_users)
            if refused is not None:
                recorder.stop(refused)
            elif scripts:
                if live is not None:
                    live(probed.driver, probed.caller, written)
                if writing is not None and writing.victims:
                    probed.attack(written, writing.victims)
        except StoppedEarly as stopped:
            recorder.stop(stopped.reason)
        finally:
            probed.clean_up(written)
            for used in dict.fromkeys((probed.caller, written)):
                used.collect_late_events()


def probe_known_users(bridge: Bridge, truth: Truth, recorder: Recorder, probing: Probing, script: Script) -> None:
    """Call one script twice for each known user, and record what it does.

    Args:
        bridge: The database.
        truth: The known users.
        recorder: Where the calls are recorded, and the reason if they ended early.
        probing: How the script is called.
        script: The script.
    """
    caller = Caller(bridge, recorder)
    driver = Driver(truth, recorder, probing)
    try:
        for situation in (Situation.KNOWN_USER, Situation.REPEATED):
            driver.drive(caller, plan_known_users(truth, (script,), situation))
    except StoppedEarly as stopped:
        recorder.stop(stopped.reason)
    finally:
        caller.collect_late_events()


@frozen
class _Probe:
    """The parts of one check.

    Args:
        truth: The known users.
        recorder: Where the calls are recorded.
        probing: How the scripts are called.
        driver: Makes the planned calls.
        caller: Calls the database under check.
    """

    truth: Truth
    recorder: Recorder
    probing: Probing
    driver: Driver
    caller: Caller = field(eq=False)

    def read(self) -> Sequence[Script]:
        """Make the calls that change nothing, and return the scripts that are worth more calls; none ends the check."""
        truth, driver, caller = self.truth, self.driver, self.caller
        scripts = _scripts_with_function(caller)
        known = drive_known_users(driver, caller, truth, scripts)
        if truth.connection.script_context and self._needs_organization(known):
            return ()
        scripts = self._scripts_to_drive(scripts, self._unmarked(known))
        if is_retired_pair(self._unmarked(known)):
            driver.drive(caller, plan_unknown_users(truth, scripts))
            return ()
        can_throw = caller.callback_can_throw
        made = driver.drive(caller, _plan_ordinary(truth, scripts, self.probing, callback_can_throw=can_throw))
        driver.drive(caller, _plan_attacks(truth, scripts, self.probing, let_in=_let_in(made)))
        driver.log_in_again(caller)
        return scripts

    def write(self, caller: Caller, writing: Writing) -> StopReason | None:
        """Create users, and change them; return why that was not possible, or None."""
        driver, connection = self.driver, self.truth.connection
        scripts = _scripts_with_function(caller)
        planned = plan_writing(writing.created_users, connection, scripts)
        # A user who is found before being created is a matter for the rules about unknown users.
        if any(exchange.ending is Ending.FOUND for exchange in driver.drive(caller, islice(planned, 1))):
            return None
        for exchange in driver.drive(caller, islice(planned, 1)):
            if exchange.script is Script.CREATE and exchange.ending is Ending.FAILED:
                return StopReason(StopKind.SET_UP, refusal_of_new_user(exchange))
        driver.drive(caller, planned)
        if writing.open_second is not None and {Script.CREATE, Script.GET_USER} <= set(scripts):
            with writing.open_second() as second:
                self._call_at_once(caller, Caller(second, self.recorder), writing.created_users)
        return None

    def attack(self, caller: Caller, victims: Sequence[CreatedUser]) -> None:
        """Pass hostile identifiers to the scripts that write; that database is used for nothing else afterwards."""
        scripts = _scripts_with_function(caller)
        drive_hostile_writes(self.driver, caller, self.recorder, self.truth, victims=victims, scripts=scripts)

    def _call_at_once(self, caller: Caller, second: Caller, created_users: Sequence[CreatedUser]) -> None:
        """Make two calls at once, if the database that was opened again has the same store."""
        looks = self.driver.drive(second, plan_looks_for(created_users[0]))
        if any(exchange.ending is Ending.FOUND for exchange in looks):
            for call in plan_at_once(created_users, self.truth.connection):
                self.driver.drive_at_once(caller, second, call)
        second.collect_late_events()

    def meet_outage(
        self, outage: OutageDatabase, scripts: Sequence[Script], created_users: Sequence[CreatedUser]
    ) -> None:
        """Make the calls of every fault, and mark those that did not meet it."""
        caller = Caller(outage.bridge, self.recorder)
        written = _scripts_with_function(caller)
        read = [script for script in scripts if script in written]
        if outage.faults is None:
            before = self.recorder.transcript().judged
            made = self.driver.drive(caller, _plan_outage(self.truth, read, written, created_users, Situation.OUTAGE))
            unmet: Sequence[Exchange] = made if is_in_reach(made, before) else ()
        else:
            contacts = Contacts(outage.faults)
            for situation in outage.faults.situations:
                contacts.fail(situation)
                for planned in _plan_outage(self.truth, read, written, created_users, situation):
                    drive = partial(self.driver.drive, caller, [planned])
                    if situation in LATER_REQUESTS:
                        contacts.watch_later(planned, drive)
                    else:
                        contacts.watch(drive)
            unmet = contacts.unmet
        for exchange in unmet:
            self.recorder.mark(exchange.number, Mark.OUTAGE_NOT_MET)
        caller.collect_late_events()

    def clean_up(self, caller: Caller) -> None:
        """Remove the users that the check created."""
        try:
            self.driver.clean_up(caller)
        except StoppedEarly as stopped:
            self.recorder.stop(stopped.reason)

    def _needs_organization(self, known: Sequence[Exchange]) -> bool:
        """Tell whether calls only work with an organization in the context: then no other call would show anything."""
        if not known or not all(is_failure(exchange) for exchange in known):
            return False
        planned = plan_organization(self.truth, _scripts_with_function(self.caller))
        return any(not is_failure(exchange) for exchange in self.driver.drive(self.caller, planned))

    def _scripts_to_drive(self, scripts: Sequence[Script], known: Sequence[Exchange]) -> tuple[Script, ...]:
        """Return the scripts that are implemented, or stop if the set-up shows that nothing can be judged."""
        problem = set_up_problem(known, self.truth.people, self.caller.scripts)
        if problem:
            raise StoppedEarly(problem)
        empty = {exchange.script for exchange in known if is_not_implemented(exchange)}
        return tuple(script for script in scripts if script not in empty)

    def _unmarked(self, exchanges: Iterable[Exchange]) -> list[Exchange]:
        numbers = {exchange.number for exchange in exchanges}
        return [exchange for exchange in self.recorder.transcript().judged if exchange.number in numbers]


def _let_in(made: Iterable[Exchange]) -> Collection[str]:
    """Return the labels of the users for whom login accepted a random password."""
    return {
        exchange.person
        for exchange in made
        if exchange.situation is Situation.WRONG_PASSWORD and exchange.ending is Ending.FOUND
    }


def _scripts_with_function(caller: Caller) -> tuple[Script, ...]:
    """Return the scripts that are functions; a source that is not one can't be called, and has its own rule."""
    return tuple(script for script, info in caller.scripts.items() if not info.facts(FactKind.NOT_A_FUNCTION))

"""Staying: a user who logs in must still be known afterwards; a log-in that removes users is made only once."""

from collections.abc import Iterator, Sequence

from customdb_contract.calling import Caller
from customdb_contract.contract import Script
from customdb_contract.probes._plan import Truth, plan_person
from customdb_contract.probes._stopping import StoppedEarly
from customdb_contract.probes.driver import Driver
from customdb_contract.probes.set_up import is_denial
from customdb_contract.transcript import Ending, Exchange, Person, Situation, StopKind, StopReason

__all__ = ["drive_known_users"]


def drive_known_users(driver: Driver, caller: Caller, truth: Truth, scripts: Sequence[Script]) -> Sequence[Exchange]:
    """Ask for each known person, and look after each log-in whether the person is still there.

    Args:
        driver: Makes the calls.
        caller: Calls the database.
        truth: The known people.
        scripts: The scripts that the database has.

    Returns:
        The first calls about each person, without the looks.

    Raises:
        StoppedEarly: When the person is gone: the next log-in would remove the next one.
    """
    known: list[Exchange] = []
    for person in truth.people:
        asked = driver.drive(caller, plan_person(person, truth, scripts, Situation.KNOWN_USER))
        known += asked
        if {exchange.script for exchange in asked if exchange.ending is Ending.FOUND} < {Script.LOGIN, Script.GET_USER}:
            continue
        if all(is_denial(exchange) for exchange in _looks(driver, caller, truth, person)):
            message = (
                f"since {person.identifiers[0]} logged in, no script knows this user any more; "
                "the check logs nobody else in, because that may remove other users too"
            )
            raise StoppedEarly(StopReason(StopKind.PROTECTION, message))
    return known


def _looks(driver: Driver, caller: Caller, truth: Truth, person: Person) -> Iterator[Exchange]:
    """Ask for a person again, once where the person is found, and three times at the most."""
    get_user, login = plan_person(person, truth, (Script.GET_USER, Script.LOGIN), Situation.REPEATED)
    for call in (get_user, login, get_user):
        yield from driver.drive(caller, [call])

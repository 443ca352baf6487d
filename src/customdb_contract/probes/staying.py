"""Staying: a user who logs in must still exist afterwards; a log-in that removes users is made only once."""

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
    """Call the scripts for each known user, and check after each log-in whether the user still exists.

    Args:
        driver: Makes the calls.
        caller: Calls the database.
        truth: The known users.
        scripts: The scripts that the database has.

    Returns:
        The first calls about each user, without the checks.

    Raises:
        StoppedEarly: When the user is gone: the next log-in would remove the next one.
    """
    known: list[Exchange] = []
    for person in truth.people:
        asked = driver.drive(caller, plan_person(person, truth, scripts, Situation.KNOWN_USER))
        known += asked
        if {exchange.script for exchange in asked if exchange.ending is Ending.FOUND} < {Script.LOGIN, Script.GET_USER}:
            continue
        if all(is_denial(exchange) for exchange in _looks(driver, caller, truth, person)):
            message = (
                f"since {person.identifiers[0]} logged in, no script finds this user; "
                "the check logs in no other user, because that could remove more users"
            )
            raise StoppedEarly(StopReason(StopKind.PROTECTION, message))
    return known


def _looks(driver: Driver, caller: Caller, truth: Truth, person: Person) -> Iterator[Exchange]:
    """Call get_user again, once if the user is found, and at most three times."""
    get_user, login = plan_person(person, truth, (Script.GET_USER, Script.LOGIN), Situation.REPEATED)
    for call in (get_user, login, get_user):
        yield from driver.drive(caller, [call])

"""Outage: what the scripts say while their store is out of reach."""

from collections.abc import Iterator, Sequence

from customdb_contract.calling import PlannedCall
from customdb_contract.contract import Script
from customdb_contract.probes._plan import Truth, plan_one_person
from customdb_contract.transcript import Situation

__all__ = ["plan_outage"]


def plan_outage(truth: Truth, scripts: Sequence[Script], situation: Situation) -> Iterator[PlannedCall]:
    """Plan get_user and login of one known person.

    Args:
        truth: The known people.
        scripts: The scripts that the database has.
        situation: The way in which the store is out of reach.
    """
    return plan_one_person(truth, scripts, situation)

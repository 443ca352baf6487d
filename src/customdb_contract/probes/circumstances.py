"""Circumstances: the same calls as before, with an organization in the context, or with a callback that throws."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from customdb_contract.calling import PlannedCall
from customdb_contract.contract import Script
from customdb_contract.probes._plan import Truth, plan_one_person
from customdb_contract.transcript import Situation

__all__ = ["ORGANIZATION", "plan_circumstances", "plan_organization"]

ORGANIZATION: Final[Mapping[str, object]] = {
    "organization": {"id": "org_0123456789abcdef", "name": "example", "display_name": "Example", "metadata": {}}
}
"""The `context` of an event that has an organization.

Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/create-db-connection>.
"""


def plan_circumstances(truth: Truth, scripts: Sequence[Script], *, callback_can_throw: bool) -> Iterator[PlannedCall]:
    """Plan each circumstance once for each script.

    Args:
        truth: The known people.
        scripts: The scripts that the database has.
        callback_can_throw: Whether a call can be given a callback that throws.
    """
    if truth.connection.script_context:
        yield from plan_organization(truth, scripts)
    if callback_can_throw:
        yield from plan_one_person(truth, scripts, Situation.CALLBACK_THROWS)


def plan_organization(truth: Truth, scripts: Sequence[Script]) -> Iterator[PlannedCall]:
    """Plan each script once with an organization in the context.

    Args:
        truth: The known people.
        scripts: The scripts that the database has.
    """
    return plan_one_person(truth, scripts, Situation.ORGANIZATION)

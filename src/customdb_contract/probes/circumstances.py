"""Circumstances: the same calls as before, with an organization in the context, or with a callback that throws."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from attrs import evolve

from customdb_contract.calling import PlannedCall
from customdb_contract.contract import Script
from customdb_contract.probes._plan import Truth, plan_one_person
from customdb_contract.transcript import Situation

__all__ = ["context_of", "plan_circumstances", "plan_organization"]

_NAME: Final = "example"


def context_of(planned: PlannedCall, truth: Truth) -> Mapping[str, object] | None:
    """Return the `context` of a call, or None for an empty one: the organization of the person, or any one at all.

    Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/create-db-connection>.

    Args:
        planned: The call.
        truth: The known people.
    """
    own = next((person.organization for person in truth.people if person.label == planned.person), None)
    name = own or (_NAME if planned.situation is Situation.ORGANIZATION else None)
    if name is None:
        return None
    return {"organization": {"id": "org_0123456789abcdef", "name": name, "display_name": name.title(), "metadata": {}}}


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
    # Whoever has an organization is called with it anyway.
    others = tuple(person for person in truth.people if person.organization is None)
    return plan_one_person(evolve(truth, people=others), scripts, Situation.ORGANIZATION) if others else iter(())

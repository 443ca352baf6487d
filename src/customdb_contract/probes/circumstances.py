"""Circumstances: the same calls as before, with an organization in the context, or with a callback that raises."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from attrs import evolve

from customdb_contract.calling import PlannedCall
from customdb_contract.connection import NewUser
from customdb_contract.contract import Script
from customdb_contract.probes._plan import Truth, plan_one_person
from customdb_contract.transcript import UNKNOWN, Person, Situation

__all__ = ["common_organization", "context_of", "organization_context", "plan_circumstances", "plan_organization"]

_NAME: Final = "example"


def context_of(planned: PlannedCall, truth: Truth, new_user: NewUser) -> Mapping[str, object] | None:
    """Return the `context` of a call, or None for an empty one: the organization of the user, or any one.

    If every known user has an organization, the connection may require one, so no call goes without.

    Args:
        planned: The call.
        truth: The known users.
        new_user: What users created by the check look like.
    """
    if planned.situation is Situation.ORGANIZATION:
        return organization_context(planned.script, _NAME)
    known = {person.label: person.organization for person in truth.people}
    # An unknown user in a write would have been a new user.
    is_of_new = planned.situation.family == "writing" or planned.person != UNKNOWN
    name = known.get(planned.person, new_user.organization if is_of_new else None)
    return organization_context(planned.script, name or common_organization(truth.people))


def common_organization(people: Sequence[Person]) -> str | None:
    """Return the organization of an unknown user: one, if every known user has one.

    Args:
        people: The known users.
    """
    names = [person.organization for person in people]
    return names[0] if names and all(names) else None


def organization_context(script: Script, name: str | None) -> Mapping[str, object] | None:
    """Return the `context` of a call for a user of an organization, or None for an empty one, as for every `delete`.

    Sources: <https://auth0.com/docs/authenticate/database-connections/custom-db/create-db-connection>,
    <https://auth0.com/docs/authenticate/database-connections/custom-db/custom-database-connections-scripts>.

    Args:
        script: The script.
        name: The name of the organization, or None.
    """
    if name is None or script is Script.DELETE:
        return None
    return {"organization": {"id": "org_0123456789abcdef", "name": name, "display_name": name.title(), "metadata": {}}}


def plan_circumstances(truth: Truth, scripts: Sequence[Script], *, callback_can_throw: bool) -> Iterator[PlannedCall]:
    """Plan each circumstance once for each script.

    Args:
        truth: The known users.
        scripts: The scripts that the database has.
        callback_can_throw: Whether a call can be given a callback that raises.
    """
    if truth.connection.script_context:
        yield from plan_organization(truth, scripts)
    if callback_can_throw:
        yield from plan_one_person(truth, scripts, Situation.CALLBACK_THROWS)


def plan_organization(truth: Truth, scripts: Sequence[Script]) -> Iterator[PlannedCall]:
    """Plan each script once with an organization in the context.

    Args:
        truth: The known users.
        scripts: The scripts that the database has.
    """
    # A user of an organization is called with it anyway.
    others = tuple(person for person in truth.people if person.organization is None)
    return plan_one_person(evolve(truth, people=others), scripts, Situation.ORGANIZATION) if others else iter(())

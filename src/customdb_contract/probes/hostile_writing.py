"""Hostile writing: injections and wildcards as identifiers for the scripts that write, only in an empty database."""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from customdb_contract.calling import Caller, PlannedCall
from customdb_contract.connection import Connection
from customdb_contract.contract import Script
from customdb_contract.probes._plan import Truth
from customdb_contract.probes.created_users import CreatedUser
from customdb_contract.probes.driver import Driver
from customdb_contract.probes.hostile import payloads
from customdb_contract.transcript import (
    UNKNOWN,
    Ending,
    Exchange,
    Noticed,
    Observation,
    Recorder,
    Situation,
)

__all__ = ["drive_hostile_writes", "plan_hostile_writes"]

_TRIED: Final = (
    Situation.SQL,
    Situation.NOSQL,
    Situation.LDAP,
    Situation.SEARCH_QUERY,
    Situation.URL,
    Situation.WILDCARD,
    Situation.REGEX,
)
_WRITTEN: Final = (Script.VERIFY, Script.CHANGE_PASSWORD, Script.CHANGE_EMAIL, Script.DELETE)
"""The scripts that delete come last: `' OR '1'='1` would leave no user."""


def plan_hostile_writes(
    victims: Sequence[CreatedUser], connection: Connection, scripts: Collection[Script]
) -> Iterator[PlannedCall]:
    """Plan the calls of `drive_hostile_writes` for the case that no user is changed.

    Args:
        victims: The users that calls about other users might change, one for each script.
        connection: The settings of the connection.
        scripts: The scripts that the database has.
    """
    for script, victim in _pairs(victims, connection, scripts):
        yield from _plan_victim(victim, scripts)
        # The id that the scripts will return is not known yet.
        user_id = f"user_id-of-{victim.person.label}"
        for _, writes in groupby(_plan_writes(script, victim, user_id), attrgetter("situation")):
            yield from writes
            yield from _plan_looks(victim, scripts)


def drive_hostile_writes(
    driver: Driver,
    caller: Caller,
    recorder: Recorder,
    truth: Truth,
    *,
    victims: Sequence[CreatedUser],
    scripts: Collection[Script],
) -> None:
    """Pass hostile identifiers to the scripts that write, and check after each kind whether a user was changed.

    If a known user is found, the database is not empty, and nothing is tried. A script that changed a user receives no
    other kind.

    Args:
        driver: Makes the calls.
        caller: Calls the empty database.
        recorder: Where skipped kinds are recorded.
        truth: The known users, who must not be in the database.
        victims: The users that calls about other users might change, one for each script.
        scripts: The scripts of that database that can be called.
    """
    if not {Script.CREATE, Script.GET_USER} <= set(scripts):
        return
    names = [person.identifiers[0] for person in truth.people]
    looks = driver.drive(caller, [PlannedCall(Script.GET_USER, (name,), UNKNOWN, Situation.WRITING) for name in names])
    if any(look.ending is not Ending.NOT_FOUND for look in looks):
        return
    for script, victim in _pairs(victims, truth.connection, scripts):
        looks = driver.drive(caller, _plan_victim(victim, scripts))[1:]
        profile = looks[0].profile if looks else None
        if profile is None:
            return
        user_id = profile.get("user_id") or profile.get("id")
        before = [_told(look) for look in looks]
        planned = list(_plan_writes(script, victim, str(user_id)))
        changed_by: Exchange | None = None
        for situation in dict.fromkeys(call.situation for call in planned):
            if changed_by is not None:
                recorder.amend(changed_by.number, observation=Observation(Noticed.LEFT_OUT, situation))
                continue
            writes = driver.drive(caller, [call for call in planned if call.situation is situation])
            looks = driver.drive(caller, _plan_looks(victim, scripts))
            if writes and [_told(look) for look in looks] != before:
                changed_by = writes[-1]


def _told(look: Exchange) -> tuple[Ending, object]:
    return look.ending, (look.profile or {}).get("email_verified")


def _pairs(
    victims: Sequence[CreatedUser], connection: Connection, scripts: Collection[Script]
) -> Iterator[tuple[Script, CreatedUser]]:
    """Yield the scripts that Auth0 would call, each with a user of its own.

    With import mode on, that is only `change_password`.
    """
    written = (Script.CHANGE_PASSWORD,) if connection.import_mode else _WRITTEN
    yield from zip((script for script in written if script in scripts), victims, strict=False)


def _plan_victim(victim: CreatedUser, scripts: Collection[Script]) -> Iterator[PlannedCall]:
    yield PlannedCall(Script.CREATE, (victim.user,), victim.person.label, Situation.WRITING)
    yield from _plan_looks(victim, scripts)


def _plan_looks(victim: CreatedUser, scripts: Collection[Script]) -> Iterator[PlannedCall]:
    yield PlannedCall(Script.GET_USER, (victim.email,), victim.person.label, Situation.WRITING)
    if Script.LOGIN in scripts:
        yield PlannedCall(Script.LOGIN, (victim.email, victim.password), victim.person.label, Situation.WRITING)


def _plan_writes(script: Script, victim: CreatedUser, user_id: str) -> Iterator[PlannedCall]:
    further = {
        Script.VERIFY: (),
        Script.CHANGE_PASSWORD: (victim.new_password,),
        Script.CHANGE_EMAIL: (victim.new_email, True),
        Script.DELETE: (),
    }[script]
    for situation, identifier in _identifiers(user_id if script is Script.DELETE else victim.email):
        yield PlannedCall(script, (identifier, *further), UNKNOWN, situation)


def _identifiers(own: str) -> Iterator[tuple[Situation, str]]:
    """Yield identifiers that no user has, however a store parses numbers and a client resolves dots.

    Args:
        own: The e-mail or the id of the victim.
    """
    if own.isdigit():
        yield Situation.SQL, "0 OR 1=1"
    for situation, identifier in payloads(own):
        # A store parses `7?x=1` as the number 7 even as a bound parameter, and half an id can be another user's id.
        is_somebodys = own.startswith(identifier) or (own.isdigit() and identifier[:1].isdigit())
        # A client resolves dots whether or not they are encoded.
        if situation in _TRIED and not is_somebodys and identifier != "..":
            yield situation, identifier

"""The users that a rehearsal must never change: the known users, by the ids that the scripts return for them."""

from collections.abc import Iterator, Mapping, Sequence

from customdb_contract.bridges import Bridge
from customdb_contract.bridges.opening import opened
from customdb_contract.connection import Connection, KnownUser
from customdb_contract.contract import Script
from customdb_contract.probes import Truth, ids_in
from customdb_contract.probes.circumstances import organization_context
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Value

__all__ = ["ids_of_known"]


def ids_of_known(
    database: object, users: Sequence[KnownUser], *, connection: Connection, timeout: float
) -> frozenset[str]:
    """Return the ids, by `ids_in`, of every known user that the scripts find, in calls that are not recorded.

    Args:
        database: The database, in any of the forms that `check` takes.
        users: The users.
        connection: The settings of the connection.
        timeout: Seconds that a script may take.

    Raises:
        DatabaseOpeningError: When the database cannot be opened.
    """
    if not users:
        return frozenset()
    registry = SecretRegistry()
    Truth.of(users, connection, registry)
    with opened(database, connection=connection, mask=registry, timeout=timeout) as bridge:
        return frozenset(found for user in users for found in _ids_of(bridge, user))


def _ids_of(bridge: Bridge, user: KnownUser) -> Sequence[str]:
    found: list[str] = []
    for script, arguments in _calls_for(user, has_get_user=Script.GET_USER in bridge.scripts):
        result = bridge.call(script, arguments, context=organization_context(script, user.organization)).result
        profile: Mapping[str, Value] = result if isinstance(result, Mapping) else {}
        found += ids_in(profile)
    return found


def _calls_for(user: KnownUser, *, has_get_user: bool) -> Iterator[tuple[Script, tuple[str, ...]]]:
    identifiers = [one for one in (user.email, user.username, user.phone_number) if one]
    if has_get_user:
        yield from ((Script.GET_USER, (identifier,)) for identifier in identifiers)
    elif user.password is not None:
        yield from ((Script.LOGIN, (identifier, user.password.reveal())) for identifier in identifiers[:1])

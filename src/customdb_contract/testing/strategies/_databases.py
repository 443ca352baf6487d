"""Strategies for whole custom databases with their users."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from attrs import evolve, frozen
from hypothesis import strategies as st

from customdb_contract.connection import Connection, KnownUser
from customdb_contract.testing.strategies import _truth
from customdb_contract.testing.strategies._arguments import check_sizes, strategy_or
from customdb_contract.testing.strategies._in_memory import InMemoryDatabase
from customdb_contract.testing.strategies._metadata import PLAIN_TEXT, field_names
from customdb_contract.testing.strategies._profiles import profiles

__all__ = ["DrawnDatabase", "databases"]

_Metadata: TypeAlias = st.SearchStrategy[dict[str, object]]

_MOST_PEOPLE: Final = 20
_SCALARS: Final[Mapping[str, st.SearchStrategy[object]]] = {
    "flag": st.booleans(),
    "number": st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    "text": st.text(PLAIN_TEXT),
}
_KINDS: Final[Mapping[str, st.SearchStrategy[object]]] = {
    **_SCALARS,
    "list": st.lists(st.text(PLAIN_TEXT), max_size=3),
    "object": st.dictionaries(field_names(), st.one_of(*_SCALARS.values()), max_size=3),
}


@frozen(kw_only=True)
class DrawnDatabase:
    """A correct custom database, and the truth about it: arguments for `customdb_contract.check`.

    Args:
        database: The database.
        users: The users who are in it, in order.
        connection: The settings of its connection.
    """

    database: InMemoryDatabase
    users: tuple[KnownUser, ...]
    connection: Connection

    @property
    def outage(self) -> InMemoryDatabase:
        """The same database with an unreachable store."""
        return InMemoryDatabase(self.users, is_down=True)


def databases(
    *, connections: st.SearchStrategy[Connection] | None = None, min_people: int = 1, max_people: int = 3
) -> st.SearchStrategy[DrawnDatabase]:
    """Return a strategy for correct custom databases with all seven scripts, which `customdb_contract.check` passes.

    The users of one database differ in `user_id`, e-mail, username and phone number, and a field of their metadata has
    the same type for all of them. Each example is a separate database, so a test can write to it.

    Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/custom-database-connections-scripts>.

    Args:
        connections: A strategy for the connection; None stands for `connections()`.
        min_people: Minimum number of users, 1 or more: a check needs a known user.
        max_people: Maximum number of users, up to 20.

    Raises:
        InvalidArgument: When an argument has another type or is out of range.
    """
    check_sizes("people", 1, min_people, max_people, _MOST_PEOPLE)
    settings = strategy_or("connections", connections, _truth.connections)

    def people(
        connection: Connection, user_metadata: _Metadata, app_metadata: _Metadata
    ) -> st.SearchStrategy[DrawnDatabase]:
        person = _truth.known_users(
            profiles=profiles(
                import_mode=connection.import_mode,
                requires_username=connection.requires_username,
                user_metadata=user_metadata,
                app_metadata=app_metadata,
            )
        )
        several = st.lists(
            person, min_size=min_people, max_size=max_people, unique_by=(_user_id, _email, _username, _phone_number)
        )
        return several.filter(_truth.keep_their_passwords).map(
            lambda users: DrawnDatabase(
                database=InMemoryDatabase(users),
                users=tuple(users),
                # The database never learns which users Auth0 deletes.
                connection=evolve(connection, deletion_is_final=False),
            )
        )

    return st.tuples(settings, _schemas(), _schemas()).flatmap(lambda drawn: people(*drawn))


def _schemas() -> st.SearchStrategy[_Metadata]:
    """Return a strategy for strategies: the metadata fields of a store, and the type of each."""
    fields = st.dictionaries(field_names(), st.sampled_from(sorted(_KINDS)), max_size=3)
    return fields.map(
        lambda chosen: st.fixed_dictionaries({}, optional={name: _KINDS[kind] for name, kind in chosen.items()})
    )


def _user_id(user: KnownUser) -> object:
    return user.profile["user_id"]


def _email(user: KnownUser) -> object:
    return user.profile["email"]


def _username(user: KnownUser) -> object:
    # A user without a username is identified by the e-mail, which is never a username.
    return str(user.username or user.profile.get("username") or user.profile["email"]).lower()


def _phone_number(user: KnownUser) -> object:
    return user.profile.get("phone_number") or user.profile["email"]

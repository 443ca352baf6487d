"""The mapping of your tables to users, for reading and writing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from attrs import Attribute, field, frozen

from customdb_contract.databases._values import Flag, Metadata, Value, check_fields, column_of
from customdb_contract.errors import ConfigurationError

__all__ = ["Copy", "Flag", "Join", "Lookup", "Metadata", "SqlUsers", "Until", "Value", "column_of"]


@frozen
class Until:
    """A column with the time until which a user must not log in; NULL and past times have no effect.

    Args:
        column: The column, as `SqlUsers` takes it. A time without an offset is in UTC.
        counts: A column with a boolean, or with 1 and 0, that says whether the time applies; None if it always does.
    """

    column: str
    counts: str | None = None


@frozen
class Copy:
    """A column with a copy of an identifier, which is written whenever the identifier is.

    Args:
        column: The column with the copy.
        of: The column with the identifier.
        case: The case of the copy. Look-ups compare a copy in upper or lower case instead of the identifier.
    """

    column: str
    of: str
    case: Literal["kept", "upper", "lower"] = "kept"


@frozen
class Lookup:
    """A value from another table. It is looked up once, when the mapping is bound to the database.

    Args:
        column: The column with the value.
        table: The table, with its schema if it needs one.
        where: The values of the row in other columns.
    """

    column: str
    table: str
    where: Mapping[str, str] = field(hash=False)


@frozen
class Join:
    """A further table with at most one row for each user.

    Args:
        table: The table, with its schema if it needs one, such as `shop.details`.
        on: Its columns, each with the column of the main table that it equals: `{"customer_id": "id"}`.
        is_required: Whether rows of the main table without a row in this one are not users.
    """

    table: str
    on: Mapping[str, str] = field(hash=False)
    is_required: bool = False


def _locks(value: Value | Until | Iterable[Value | Until] | None) -> tuple[Value | Until, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str | Flag | Until) else tuple(value)


def _joins(value: Iterable[Join]) -> tuple[Join, ...]:
    return tuple(value)


def _are_further(_instance: object, _attribute: "Attribute[Mapping[str, Value]]", value: Mapping[str, Value]) -> None:
    check_fields("SqlUsers", value)


@frozen(kw_only=True)
class SqlUsers:
    """The tables and columns in which a database stores its users.

    Write a column of the main table by its name, and a column of a joined table as `table.column`.

    Args:
        table: The main table, with its schema if it needs one, such as `shop.customers`.
        user_id: The column of the main table with the user's key, which never changes: whole numbers, texts or UUIDs.
        user_id_prefix: The prefix of the key in Auth0, such as `shop-`; ids must be unique across all connections of a
            tenant (https://auth0.com/docs/authenticate/database-connections/custom-db/create-db-connection).
        email: The column with the e-mail.
        password: The column with the hash of the password.
        salt: The column with the salt, if it has one of its own; new passwords write NULL to it, or an empty text if it
            cannot be NULL.
        username: The column with the username, or None.
        phone_number: The column with the phone number, or None.
        email_verified: Whether the e-mail is verified; with None, `verify` fails.
        disabled: A condition, or several, any of which prevents log-in.
        app_metadata: A column with a JSON object, or the column of each key.
        user_metadata: The same for `user_metadata`.
        fields: Further attributes of the profile, such as `{"given_name": "first_name"}`; NULL leaves an attribute out.
        joins: Further tables.
        owned: Tables with any number of rows for each user, which are removed with the user, so that no foreign key
            prevents the removal. You can omit tables that the engine itself clears.
        scope: The values that make rows of the main table users of this connection, such as `{"application_id": 3}`:
            a value or a `Lookup` for each column; new rows receive them.
        new_values: Further values of new rows, by column: a value, a `Lookup`, or a function without arguments that
            returns a value. A joined table receives a row if one of its columns is written.
        copies: Columns with copies of identifiers.
        lower_case: Whether the store contains all e-mails and usernames in lower case. New ones are then also written
            in lower case, and a look-up needs only an index on the column.

    Raises:
        ConfigurationError: If the hash or the salt would be part of the profile, or `fields` has an attribute that has
            its own argument.
    """

    table: str
    user_id: str
    user_id_prefix: str = ""
    email: str
    password: str
    salt: str | None = None
    username: str | None = None
    phone_number: str | None = None
    email_verified: Value | None = None
    disabled: tuple[Value | Until, ...] = field(default=(), converter=_locks)
    app_metadata: Metadata | None = field(default=None, hash=False)
    user_metadata: Metadata | None = field(default=None, hash=False)
    fields: Mapping[str, Value] = field(factory=dict[str, Value], validator=_are_further, hash=False)
    joins: tuple[Join, ...] = field(default=(), converter=_joins)
    owned: tuple[Join, ...] = field(default=(), converter=_joins)
    scope: Mapping[str, object] = field(factory=dict[str, object], hash=False)
    new_values: Mapping[str, object] = field(factory=dict[str, object], hash=False)
    copies: Sequence[Copy] = ()
    lower_case: bool = False

    def __attrs_post_init__(self) -> None:
        secret = {self.password, self.salt} - {None}
        shown = [self.user_id, self.email, self.username, self.phone_number, *map(column_of, self.profile_values)]
        for column in shown:
            if column in secret:
                message = f"the column {column} contains a secret, so it cannot be part of the profile"
                raise ConfigurationError(message)

    @property
    def profile_values(self) -> Iterator[Value]:
        """The sources of the profile, besides the identifiers."""
        yield from self.fields.values()
        for metadata in (self.app_metadata, self.user_metadata):
            if isinstance(metadata, str):
                yield metadata
            elif metadata is not None:
                yield from metadata.values()

    @property
    def identifiers(self) -> Sequence[str]:
        """The columns by which users are found, in the order of the look-ups."""
        return [column for column in (self.email, self.username, self.phone_number) if column is not None]

    @property
    def read(self) -> Sequence[str]:
        """Every column that a look-up reads, each once."""
        verified = None if self.email_verified is None else column_of(self.email_verified)
        locks = [column for lock in self.disabled for column in _columns_of(lock)]
        further = map(column_of, self.profile_values)
        columns = [self.user_id, *self.identifiers, self.password, self.salt, verified, *locks, *further]
        return list(dict.fromkeys(column for column in columns if column is not None))

    @property
    def written(self) -> Sequence[str]:
        """Columns that are written but not read."""
        return [*self.scope, *self.new_values, *(copy.column for copy in self.copies)]

    def folded_copy(self, identifier: str) -> Copy | None:
        """Return the copy of an identifier in one case, if there is one.

        Args:
            identifier: The column with the identifier.
        """
        return next((copy for copy in self.copies if copy.of == identifier and copy.case != "kept"), None)


def _columns_of(lock: Value | Until) -> Iterator[str]:
    if isinstance(lock, Until):
        yield from (lock.column,) if lock.counts is None else (lock.column, lock.counts)
    else:
        yield column_of(lock)

"""How a team's tables hold its users: said once, for reading and writing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import Attribute, field, frozen

from customdb_contract.databases._values import Flag, Metadata, Value, check_fields, column_of, flags_of
from customdb_contract.errors import ConfigurationError

__all__ = ["Flag", "Join", "Metadata", "SqlUsers", "Value", "column_of"]


@frozen
class Join:
    """A further table with at most one row for each user.

    Args:
        table: The table, with its schema where it needs one: `shop.details`.
        on: Its columns, each with the column of the main table that it equals: `{"customer_id": "id"}`.
    """

    table: str
    on: Mapping[str, str] = field(hash=False)


def _joins(value: Iterable[Join]) -> tuple[Join, ...]:
    return tuple(value)


def _are_further(_instance: object, _attribute: "Attribute[Mapping[str, Value]]", value: Mapping[str, Value]) -> None:
    check_fields("SqlUsers", value)


@frozen(kw_only=True)
class SqlUsers:
    """The tables and columns in which a database has its users.

    A column of the main table is given by its name, one of a joined table as `table.column`.

    Args:
        table: The main table, with its schema where it needs one: `shop.customers`.
        user_id: The column of the main table with the user's key, which never changes: whole numbers, texts or UUIDs.
        user_id_prefix: What Auth0 gets before the key, such as `shop-`; ids must be unique across all connections of a
            tenant (https://auth0.com/docs/authenticate/database-connections/custom-db/create-db-connection).
        email: The column with the e-mail.
        password: The column with the hash of the password.
        salt: The column with the salt, where it has one of its own; new passwords write NULL to it.
        username: The column with the username, or None.
        phone_number: The column with the phone number, or None.
        email_verified: Whether the e-mail is the user's, or None: then `verify` cannot work.
        disabled: What keeps a user from logging in; of several, each does.
        app_metadata: A column with a JSON object, or the column of each key.
        user_metadata: The same for `user_metadata`.
        fields: Further attributes of the profile, such as `{"given_name": "first_name"}`; NULL leaves one out.
        joins: Further tables.
        scope: What rows of the main table must have to be users of this connection, such as `{"application_id": 3}`;
            new rows get it.
        new_values: What else new rows get, by column: a value, or a function without arguments that returns one. A
            joined table gets a row where a column of it is written.
        lower_case: Whether the store has all e-mails and usernames in lower case. New ones are then written so, and a
            look-up needs no index but that on the column.

    Raises:
        ConfigurationError: When the hash or the salt would get into the profile, or `fields` has an attribute of ours.
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
    disabled: tuple[Value, ...] = field(default=(), converter=flags_of)
    app_metadata: Metadata | None = field(default=None, hash=False)
    user_metadata: Metadata | None = field(default=None, hash=False)
    fields: Mapping[str, Value] = field(factory=dict[str, Value], validator=_are_further, hash=False)
    joins: tuple[Join, ...] = field(default=(), converter=_joins)
    scope: Mapping[str, object] = field(factory=dict[str, object], hash=False)
    new_values: Mapping[str, object] = field(factory=dict[str, object], hash=False)
    lower_case: bool = False

    def __attrs_post_init__(self) -> None:
        secret = {self.password, self.salt} - {None}
        shown = [self.user_id, self.email, self.username, self.phone_number, *map(column_of, self.profile_values)]
        for column in shown:
            if column in secret:
                message = f"the column {column} has a secret, so nothing of the profile can be made of it"
                raise ConfigurationError(message)

    @property
    def profile_values(self) -> Iterator[Value]:
        """What the profile is made of, beside the identifiers."""
        yield from self.fields.values()
        for metadata in (self.app_metadata, self.user_metadata):
            if isinstance(metadata, str):
                yield metadata
            elif metadata is not None:
                yield from metadata.values()

    @property
    def identifiers(self) -> Sequence[str]:
        """The columns that users are found by, in the order in which they are asked."""
        return [column for column in (self.email, self.username, self.phone_number) if column is not None]

    @property
    def read(self) -> Sequence[str]:
        """Every column that a look-up reads, each once."""
        flags = self.disabled if self.email_verified is None else (self.email_verified, *self.disabled)
        further = map(column_of, (*flags, *self.profile_values))
        columns = [self.user_id, *self.identifiers, self.password, self.salt, *further]
        return list(dict.fromkeys(column for column in columns if column is not None))

    @property
    def written(self) -> Sequence[str]:
        """Columns that are written and not read."""
        return [*self.scope, *self.new_values]

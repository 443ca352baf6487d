"""The mapping of your documents to users, for reading and writing."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations

from attrs import Attribute, field, frozen

from customdb_contract.databases._values import Metadata, Value, check_fields, column_of, flags_of
from customdb_contract.errors import ConfigurationError

__all__ = ["MongoUsers"]


def _are_further(_instance: object, _attribute: "Attribute[Mapping[str, Value]]", value: Mapping[str, Value]) -> None:
    check_fields("MongoUsers", value)


@frozen(kw_only=True)
class MongoUsers:
    """The collection and the fields in which a database stores its users.

    Write a field as its path: `profile.name` is the field `name` of the document in the field `profile`.

    Args:
        collection: The collection; each user is a document.
        user_id: The field with the user's key, which never changes: an ObjectId, text, a whole number or a UUID.
        user_id_prefix: The prefix of the key in Auth0, such as `shop-`; ids must be unique across all connections of a
            tenant (https://auth0.com/docs/authenticate/database-connections/custom-db/create-db-connection).
        email: The field with the e-mail.
        password: The field with the hash of the password.
        salt: The field with the salt, if it has one of its own; a new password removes it.
        username: The field with the username, or None.
        phone_number: The field with the phone number, or None.
        email_verified: Whether the e-mail is verified; with None, `verify` fails.
        disabled: A condition, or several, any of which prevents log-in.
        app_metadata: A field with a document, or the field of each key.
        user_metadata: The same for `user_metadata`.
        fields: Further attributes of the profile, such as `{"given_name": "profile.first"}`; null leaves an attribute
            out.
        scope: The values that make documents users of this connection, such as `{"tenant": 3}`; new documents receive
            them.
        new_values: Further values of new documents, by field: a value, or a function without arguments that returns
            one.
        lower_case: Whether the store contains all e-mails and usernames in lower case. New ones are then also written
            in lower case, and a look-up needs no index with a collation.

    Raises:
        ConfigurationError: If a field has no path, a field that is written is part of another one, the hash or the
            salt would be part of the profile, or `fields` has an attribute that has its own argument.
    """

    collection: str
    user_id: str = "_id"
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
    scope: Mapping[str, object] = field(factory=dict[str, object], hash=False)
    new_values: Mapping[str, object] = field(factory=dict[str, object], hash=False)
    lower_case: bool = False

    def __attrs_post_init__(self) -> None:
        for path in (*self.read, *self.scope, *self.new_values):
            if "\0" in path or not all(name and not name.startswith("$") for name in path.split(".")):
                message = f"{path!r} is not the path of a field: expected names separated by dots, without $ in front"
                raise ConfigurationError(message)
        written = {self.user_id, *self.identifiers, self.password, *self._optional, *self.scope, *self.new_values}
        for one, other in permutations(sorted(written), 2):
            if _is_part(one, other):
                message = f"the field {one} is part of {other}, and both are written: name fields that do not overlap"
                raise ConfigurationError(message)
        for secret in {self.password, self.salt or self.password}:
            for path in (self.user_id, *self.identifiers, *map(column_of, self._profile_values)):
                if path == secret or _is_part(secret, path) or _is_part(path, secret):
                    message = f"the field {path} contains a secret, so it cannot be part of the profile"
                    raise ConfigurationError(message)

    @property
    def _optional(self) -> Iterator[str]:
        if self.salt is not None:
            yield self.salt
        if self.email_verified is not None:
            yield column_of(self.email_verified)

    @property
    def _profile_values(self) -> Iterator[Value]:
        yield from self.fields.values()
        for metadata in (self.app_metadata, self.user_metadata):
            if isinstance(metadata, str):
                yield metadata
            elif metadata is not None:
                yield from metadata.values()

    @property
    def identifiers(self) -> Sequence[str]:
        """The fields by which users are found, in order of preference."""
        return [path for path in (self.email, self.username, self.phone_number) if path is not None]

    @property
    def read(self) -> Sequence[str]:
        """Every field that a look-up reads, each once."""
        further = map(column_of, (*self.disabled, *self._profile_values))
        return list(dict.fromkeys([self.user_id, *self.identifiers, self.password, *self._optional, *further]))

    @property
    def projection(self) -> Mapping[str, int]:
        """The requested fields: MongoDB rejects a path that is part of another one."""
        paths = [path for path in self.read if not any(_is_part(path, other) for other in self.read)]
        return {"_id": 1, **dict.fromkeys(paths, 1)}


def _is_part(path: str, other: str) -> bool:
    return path.startswith(f"{other}.")

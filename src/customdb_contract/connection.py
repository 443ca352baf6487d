"""The settings of a connection, and the truth about the users in the legacy store."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, cast

from attrs import Attribute, field, frozen
from attrs.validators import optional

from customdb_contract.errors import ConfigurationError
from customdb_contract.secrets import Secret

__all__ = ["CONTRACT_DATE", "FEATURES", "Connection", "KnownUser", "NewUser"]

CONTRACT_DATE: Final = "2026-08"
"""The edition of Auth0's documentation that the rules follow: year and month."""

_PHONE_NUMBER: Final = re.compile(r"\+[0-9]{1,15}")
FEATURES: Final = ("signup", "reset", "verify", "change_email", "delete")
"""What a tenant can offer in legacy mode; each feature needs scripts of its own."""


def _texts(name: str, value: object) -> tuple[str, ...]:
    values = tuple(cast("Iterable[object]", value)) if isinstance(value, Iterable) else (value,)
    texts = tuple(text for text in values if isinstance(text, str))
    if isinstance(value, str) or len(texts) < len(values):
        message = f"{name} must be a list of strings, got {value!r}"
        raise ConfigurationError(message)
    return texts


def _features(value: Iterable[str]) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else _texts("features", value)
    for name in names:
        if name not in FEATURES:
            message = f"features has no {name!r}; choose from {', '.join(FEATURES)}"
            raise ConfigurationError(message)
    return names


def _is_flag(instance: object, attribute: "Attribute[bool]", value: object) -> None:
    if not isinstance(value, bool):
        message = f"{type(instance).__name__}: {attribute.name} must be True or False, got {value!r}"
        raise ConfigurationError(message)


def _is_text(instance: object, attribute: "Attribute[str]", value: object) -> None:
    if not isinstance(value, str):
        message = f"{type(instance).__name__}: {attribute.name} must be a string, got {value!r}"
        raise ConfigurationError(message)


@frozen(kw_only=True)
class Connection:
    """The settings of a custom database connection, under Auth0's own option names.

    Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/create-db-connection>.

    Args:
        name: The connection's name; it is only displayed.
        import_mode: "Import Users to Auth0": whether users move to Auth0 when they first log in.
        requires_username: Whether users have a username in addition to their e-mail.
        script_context: Whether the scripts get the extra argument `context` (`enable_script_context`).
        features: What the tenant offers in legacy mode, from `FEATURES`; it decides which scripts must exist.
        deletion_is_final: Whether a user who moved to Auth0 and was deleted there must not come back. Auth0 has no such
            option: with import mode on, only the scripts can reject that user.

    Raises:
        ConfigurationError: When a value has the wrong type, or there is no such feature.
    """

    name: str = field(default="custom-database", validator=_is_text)
    import_mode: bool = field(default=False, validator=_is_flag)
    requires_username: bool = field(default=False, validator=_is_flag)
    script_context: bool = field(default=False, validator=_is_flag)
    features: tuple[str, ...] = field(default=(), converter=_features)
    deletion_is_final: bool = field(default=False, validator=_is_flag)


def _is_phone_number(instance: object, attribute: "Attribute[str]", value: object) -> None:
    if not isinstance(value, str) or not _PHONE_NUMBER.fullmatch(value):
        message = (
            f"{type(instance).__name__}: {attribute.name} must be a phone number as Auth0 passes it, such as "
            f"+4930123456, got {value!r}"
        )
        raise ConfigurationError(message)


def _is_name(instance: object, attribute: "Attribute[str]", value: object) -> None:
    if not isinstance(value, str) or not value:
        message = f"{type(instance).__name__}: {attribute.name} must be the name of an organization, got {value!r}"
        raise ConfigurationError(message)


def _aliases(value: Iterable[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        message = f"aliases must be a list of identifiers, got {value!r}; write [{value!r}]"
        raise ConfigurationError(message)
    return _texts("aliases", value)


def _secret(value: str | Secret | None) -> Secret | None:
    return Secret(value) if isinstance(value, str) else value


def _is_password(instance: object, attribute: "Attribute[Secret]", value: object) -> None:
    # The message does not show the value, which is a password, even if an unusable one.
    if isinstance(value, Secret):
        found = None if value.reveal() else "empty"
    else:
        found = f"a value of the type {type(value).__name__}"
    if found is not None:
        message = (
            f"{type(instance).__name__}: {attribute.name} must be a string, got {found}; "
            "leave it out if it is not known"
        )
        raise ConfigurationError(message)


def _is_mapping(instance: object, attribute: "Attribute[Mapping[str, object]]", value: object) -> None:
    if not isinstance(value, Mapping):
        message = (
            f"{type(instance).__name__}: {attribute.name} must map attributes to their expected values, got {value!r}"
        )
        raise ConfigurationError(message)


@frozen(kw_only=True)
class KnownUser:
    """A user who is in the legacy store now: the truth that the scripts are measured against.

    Args:
        email: The user's e-mail, as the store has it; None if the store has none.
        username: The user's username, or None.
        phone_number: The user's phone number as Auth0 passes it, such as `+4930123456`, or None.
        organization: The name of the organization that the user logs in to, or None. Every call for the user has it in
            `context`, so the connection needs `script_context`.
        password: The user's password. Without it, log-ins cannot be checked. It is kept as a `Secret` and appears in no
            output.
        aliases: Other identifiers of this user.
        disabled: Whether the user must not be able to log in.
        profile: What the scripts must return for the user; attributes that it does not name are not compared.

    Raises:
        ConfigurationError: When there is no e-mail, username or phone number, or a value has the wrong type.
    """

    email: str | None = field(default=None, validator=optional(_is_text))
    username: str | None = field(default=None, validator=optional(_is_text))
    phone_number: str | None = field(default=None, validator=optional(_is_phone_number))
    organization: str | None = field(default=None, validator=optional(_is_name))
    password: Secret | None = field(default=None, converter=_secret, validator=optional(_is_password))
    aliases: tuple[str, ...] = field(default=(), converter=_aliases)
    disabled: bool = field(default=False, validator=_is_flag)
    profile: Mapping[str, object] = field(factory=dict[str, object], validator=_is_mapping)

    def __attrs_post_init__(self) -> None:
        if not self.email and not self.username and not self.phone_number:
            message = "a known user needs an email, a username or a phone_number: KnownUser(email='ada@example.com')"
            raise ConfigurationError(message)

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Every identifier of the user, each once: e-mail, username, phone number, aliases."""
        names = (self.email, self.username, self.phone_number, *self.aliases)
        return tuple(dict.fromkeys(name for name in names if name))


def _is_template(instance: object, attribute: "Attribute[str]", value: str) -> None:
    if value.count(_UNIQUE) != 1:
        message = (
            f"{type(instance).__name__}: {attribute.name} must contain {_UNIQUE} exactly once, which makes every "
            f"user created by a check unique, got {value!r}"
        )
        raise ConfigurationError(message)


def _is_text_template(instance: object, attribute: "Attribute[str]", value: object) -> None:
    _is_text(instance, attribute, value)
    _is_template(instance, attribute, str(value))


def _is_password_template(instance: object, attribute: "Attribute[Secret]", value: object) -> None:
    _is_password(instance, attribute, value)
    # The message does not show the value, which is almost a password.
    if isinstance(value, Secret) and value.reveal().count(_UNIQUE) != 1:
        message = (
            f"{type(instance).__name__}: {attribute.name} must contain {_UNIQUE} exactly once; it is replaced by "
            "random letters and digits"
        )
        raise ConfigurationError(message)


def _is_object(instance: object, attribute: "Attribute[Mapping[str, object]]", value: object) -> None:
    if not isinstance(value, Mapping):
        message = f"{type(instance).__name__}: {attribute.name} must be a mapping, got {value!r}"
        raise ConfigurationError(message)


def _are_further_fields(instance: object, attribute: "Attribute[Mapping[str, object]]", value: object) -> None:
    _is_object(instance, attribute, value)
    own = [name for name in cast("Mapping[str, object]", value) if name in _OWN_FIELDS]
    if own:
        message = f"{type(instance).__name__}: {attribute.name} cannot have {', '.join(own)}, which the check sets"
        raise ConfigurationError(message)


_UNIQUE: Final = "{unique}"
_OWN_FIELDS: Final = frozenset(
    {
        "app_metadata",
        "client_id",
        "connection",
        "email",
        "password",
        "phone_number",
        "tenant",
        "user_metadata",
        "username",
    }
)
_PHONE_DIGITS: Final = 9


@frozen(kw_only=True)
class NewUser:
    """What a user created by a check looks like; with such users, a check sees what the scripts that write do.

    Args:
        email: The e-mail, with `{unique}` in it, which is replaced by up to 11 lower-case letters and digits.
        username: The username, with `{unique}` in it; used if the connection requires usernames.
        password: The password, with `{unique}` in it, which is replaced by random letters and digits; None stands for
            passwords that most policies accept.
        phone_number: The phone number, with `{unique}` in it, which is replaced by nine digits; None stands for none.
        user_metadata: The `user_metadata` that `create` is called with; left out if empty.
        app_metadata: The `app_metadata` that `create` is called with; left out if empty.
        organization: The name of the organization that users sign up for, or None. Every call for them has it in
            `context`, so the connection needs `script_context`.
        fields: Additional fields of a sign-up that `create` is called with, by name.

    Raises:
        ConfigurationError: When `{unique}` is missing, a value has the wrong type, or `fields` has a name that a check
            sets itself.
    """

    email: str = field(default="customdb-{unique}@example.com", validator=_is_text_template)
    username: str = field(default="cdbc{unique}", validator=_is_text_template)
    password: Secret | None = field(default=None, converter=_secret, validator=optional(_is_password_template))
    phone_number: str | None = field(default=None, validator=optional(_is_text_template))
    user_metadata: Mapping[str, object] = field(factory=dict[str, object], validator=_is_object, hash=False)
    app_metadata: Mapping[str, object] = field(factory=dict[str, object], validator=_is_object, hash=False)
    organization: str | None = field(default=None, validator=optional(_is_name))
    fields: Mapping[str, object] = field(factory=dict[str, object], validator=_are_further_fields, hash=False)

    def email_of(self, unique: str) -> str:
        """Return the e-mail of one created user.

        Args:
            unique: What distinguishes the user from every other.
        """
        return self.email.replace(_UNIQUE, unique)

    def username_of(self, unique: str) -> str:
        """Return the username of one created user.

        Args:
            unique: What distinguishes the user from every other.
        """
        return self.username.replace(_UNIQUE, unique)

    def password_of(self, token: str) -> Secret | None:
        """Return the password of one created user, or None if any password will do.

        Args:
            token: Random letters and digits.
        """
        return None if self.password is None else Secret(self.password.reveal().replace(_UNIQUE, token))

    def phone_number_of(self, unique: str) -> str | None:
        """Return the phone number of one created user, or None if users have none.

        Args:
            unique: What distinguishes the user from every other: lower-case letters and digits.
        """
        digits = str(int(unique, 36))[-_PHONE_DIGITS:].zfill(_PHONE_DIGITS)
        return None if self.phone_number is None else self.phone_number.replace(_UNIQUE, digits)

    def fields_of(self, unique: str) -> Mapping[str, object]:
        """Return what one user signs up with besides e-mail, username, password and metadata.

        Args:
            unique: As for `phone_number_of`.
        """
        number = self.phone_number_of(unique)
        return self.fields if number is None else {**self.fields, "phone_number": number}

    @property
    def metadata(self) -> Mapping[str, Mapping[str, object]]:
        """The metadata that `create` is called with, by kind; an empty kind is left out."""
        kinds = {"user_metadata": self.user_metadata, "app_metadata": self.app_metadata}
        return {kind: metadata for kind, metadata in kinds.items() if metadata}

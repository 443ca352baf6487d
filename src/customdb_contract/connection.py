"""The settings of a connection, and the truth about the people in the legacy store."""

from collections.abc import Iterable, Mapping
from typing import Final, cast

from attrs import Attribute, field, frozen
from attrs.validators import optional

from customdb_contract.errors import ConfigurationError
from customdb_contract.secrets import Secret

__all__ = ["CONTRACT_DATE", "FEATURES", "Connection", "KnownUser", "NewUser"]

CONTRACT_DATE: Final = "2026-08"
"""The state of Auth0's documentation that the rules follow: year and month."""

FEATURES: Final = ("signup", "reset", "verify", "change_email", "delete")
"""What a tenant can offer in legacy mode, each of which needs scripts of its own."""


def _texts(name: str, value: object) -> tuple[str, ...]:
    values = tuple(cast("Iterable[object]", value)) if isinstance(value, Iterable) else (value,)
    texts = tuple(text for text in values if isinstance(text, str))
    if isinstance(value, str) or len(texts) < len(values):
        message = f"{name} must be a list of texts, and is {value!r}"
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
        message = f"{type(instance).__name__}: {attribute.name} must be True or False, and is {value!r}"
        raise ConfigurationError(message)


def _is_text(instance: object, attribute: "Attribute[str]", value: object) -> None:
    if not isinstance(value, str):
        message = f"{type(instance).__name__}: {attribute.name} must be a text, and is {value!r}"
        raise ConfigurationError(message)


@frozen(kw_only=True)
class Connection:
    """The settings of a custom database connection, under Auth0's own option names.

    Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/create-db-connection>.

    Args:
        name: The connection's name; it is only shown.
        import_mode: "Import Users to Auth0": whether users move to Auth0 when they first log in.
        requires_username: Whether users have a username beside their e-mail.
        script_context: Whether the scripts get the extra argument `context` (`enable_script_context`).
        features: What the tenant offers in legacy mode, out of `FEATURES`; it decides which scripts must be there.
        deletion_is_final: Whether a user who moved to Auth0 and was deleted there must not come back. Auth0 has no such
            option: with import mode on, the scripts alone can refuse that user.

    Raises:
        ConfigurationError: When a value has the wrong type, or there is no such feature.
    """

    name: str = field(default="custom-database", validator=_is_text)
    import_mode: bool = field(default=False, validator=_is_flag)
    requires_username: bool = field(default=False, validator=_is_flag)
    script_context: bool = field(default=False, validator=_is_flag)
    features: tuple[str, ...] = field(default=(), converter=_features)
    deletion_is_final: bool = field(default=False, validator=_is_flag)


def _aliases(value: Iterable[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        message = f"aliases must be a list of identifiers, and is {value!r}; write [{value!r}]"
        raise ConfigurationError(message)
    return _texts("aliases", value)


def _secret(value: str | Secret | None) -> Secret | None:
    return Secret(value) if isinstance(value, str) else value


def _is_password(instance: object, attribute: "Attribute[Secret]", value: object) -> None:
    # The message does not show the value: it is a password, though an unusable one.
    if isinstance(value, Secret):
        found = None if value.reveal() else "empty"
    else:
        found = f"of the type {type(value).__name__}"
    if found is not None:
        message = (
            f"{type(instance).__name__}: {attribute.name} must be a text, and is {found}; "
            "leave it out when it is not known"
        )
        raise ConfigurationError(message)


def _is_mapping(instance: object, attribute: "Attribute[Mapping[str, object]]", value: object) -> None:
    if not isinstance(value, Mapping):
        message = (
            f"{type(instance).__name__}: {attribute.name} must map attributes to what they must be, and is {value!r}"
        )
        raise ConfigurationError(message)


@frozen(kw_only=True)
class KnownUser:
    """A person who is in the legacy store now: the truth that the scripts are measured against.

    Args:
        email: The person's e-mail, as the store has it; None when the store has none.
        username: The person's username, or None.
        password: The person's password. Without it, the situations of a log-in cannot be looked at. It is kept as a
            `Secret` and appears in no output.
        aliases: Other identifiers that are this person.
        disabled: Whether the person must not get in.
        profile: What the scripts must say about the person; attributes that it does not name are not compared.

    Raises:
        ConfigurationError: When there is neither an e-mail nor a username, or a value has the wrong type.
    """

    email: str | None = field(default=None, validator=optional(_is_text))
    username: str | None = field(default=None, validator=optional(_is_text))
    password: Secret | None = field(default=None, converter=_secret, validator=optional(_is_password))
    aliases: tuple[str, ...] = field(default=(), converter=_aliases)
    disabled: bool = field(default=False, validator=_is_flag)
    profile: Mapping[str, object] = field(factory=dict[str, object], validator=_is_mapping)

    def __attrs_post_init__(self) -> None:
        if not self.email and not self.username:
            message = "a known user needs an email or a username: KnownUser(email='ada@example.com')"
            raise ConfigurationError(message)

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Every identifier of the person, each once: e-mail, username, aliases."""
        return tuple(dict.fromkeys(name for name in (self.email, self.username, *self.aliases) if name))


def _is_template(instance: object, attribute: "Attribute[str]", value: str) -> None:
    if value.count(_UNIQUE) != 1:
        message = (
            f"{type(instance).__name__}: {attribute.name} must contain {_UNIQUE} once, which is replaced so that every "
            f"user made by a check is another one, and is {value!r}"
        )
        raise ConfigurationError(message)


_UNIQUE: Final = "{unique}"


@frozen(kw_only=True)
class NewUser:
    """What a user looks like whom a check makes, to see what the writing scripts do.

    Args:
        email: The e-mail, with `{unique}` in it, which is replaced by lower-case letters and digits, at most 11.
        username: The username, with `{unique}` in it; it is used where the connection requires usernames.

    Raises:
        ConfigurationError: When `{unique}` is missing, or a value is no text.
    """

    email: str = field(default="customdb-{unique}@example.com", validator=[_is_text, _is_template])
    username: str = field(default="cdbc{unique}", validator=[_is_text, _is_template])

    def email_of(self, unique: str) -> str:
        """Return the e-mail of one user.

        Args:
            unique: What makes it another one than every other.
        """
        return self.email.replace(_UNIQUE, unique)

    def username_of(self, unique: str) -> str:
        """Return the username of one user.

        Args:
            unique: What makes it another one than every other.
        """
        return self.username.replace(_UNIQUE, unique)

"""The mapping of an API's responses to users, for all scripts."""

from collections.abc import Mapping
from typing import TypeVar

from attrs import Attribute, field, frozen

from customdb_contract.databases._identifiers import can_be_stored, lowered, same_identifier
from customdb_contract.databases._values import check_fields
from customdb_contract.databases.http._answers import is_object, unusable, value_at
from customdb_contract.errors import ConfigurationError

__all__ = ["ApiUser", "HttpUsers"]

_Value = TypeVar("_Value")


def _are_further(_instance: object, _attribute: "Attribute[Mapping[str, str]]", value: Mapping[str, str]) -> None:
    check_fields("HttpUsers", value)


@frozen
class ApiUser:
    """A user in a response of the API.

    Args:
        key: The key in the API.
        identifiers: The identifiers by which the user is found.
        is_blocked: Whether the user must not log in.
        profile: The profile that the scripts return.
    """

    key: str
    identifiers: tuple[str, ...]
    is_blocked: bool
    profile: dict[str, object]

    def is_called(self, identifier: str) -> bool:
        """Return whether this user has an identifier."""
        return any(same_identifier(own, identifier) for own in self.identifiers)


@frozen(kw_only=True)
class HttpUsers:
    """The fields of a user in the API's responses: keys, separated by dots if objects are nested.

    Each named field must be present; if it can be null, null leaves the attribute out. A response is unusable if a
    field is missing or has another type, or if the user does not have the requested identifier: name every identifier
    by which the API finds users.

    Args:
        user_id: The user's key, which never changes: a text or a whole number.
        user_id_prefix: The prefix of the key in Auth0, such as `shop-`; ids must be unique across all connections of a
            tenant (https://auth0.com/docs/authenticate/database-connections/custom-db/create-db-connection).
        email: The e-mail, a text or null; None if users have none.
        username: The username, a text or null; or None.
        phone_number: The phone number, a text or null; or None.
        email_verified: Whether the e-mail is verified, true or false; or None.
        blocked: Whether the user must not log in, true or false; or None if the API itself rejects the log-in.
        app_metadata: A field with an object, or the field of each key, of any type.
        user_metadata: The same for `user_metadata`.
        fields: Further attributes of the profile, such as `{"given_name": "firstName"}`: each a text or null; an empty
            text is left out.

    Raises:
        ConfigurationError: If no identifier is named, or `fields` has an attribute that has its own argument.
    """

    user_id: str = "id"
    user_id_prefix: str = ""
    email: str | None = "email"
    username: str | None = None
    phone_number: str | None = None
    email_verified: str | None = "email_verified"
    blocked: str | None = None
    app_metadata: str | Mapping[str, str] | None = field(default=None, hash=False)
    user_metadata: str | Mapping[str, str] | None = field(default=None, hash=False)
    fields: Mapping[str, str] = field(factory=dict[str, str], validator=_are_further, hash=False)

    def __attrs_post_init__(self) -> None:
        if self.email is None and self.username is None and self.phone_number is None:
            message = "users need an email, a username or a phone_number, to compare responses with the request"
            raise ConfigurationError(message)

    def read(self, shown: object) -> ApiUser:
        """Return the user in a response.

        Args:
            shown: The value at the path of the user.

        Raises:
            StoreError: If it is not a user.
        """
        key = _key(value_at(shown, self.user_id), self.user_id)
        names = {
            "email": _identifier(shown, self.email),
            "username": _identifier(shown, self.username),
            "phone_number": _identifier(shown, self.phone_number),
        }
        identifiers = tuple(text for text in names.values() if text is not None)
        if not identifiers:
            unusable("it has a user without any identifier")
        profile: dict[str, object] = {"user_id": self.user_id_prefix + key}
        profile |= {name: lowered(text) for name, text in names.items() if text is not None}
        if self.email_verified is not None:
            is_verified = _of_type(value_at(shown, self.email_verified), bool, self.email_verified)
            profile |= {} if names["email"] is None else {"email_verified": is_verified}
        for name, path in self.fields.items():
            value = value_at(shown, path)
            text = None if value is None else _of_type(value, str, path)
            profile |= {name: text} if text else {}
        for name, place in (("app_metadata", self.app_metadata), ("user_metadata", self.user_metadata)):
            metadata = _metadata(shown, place)
            profile |= {name: metadata} if metadata else {}
        is_blocked = self.blocked is not None and _of_type(value_at(shown, self.blocked), bool, self.blocked)
        return ApiUser(key, identifiers, is_blocked, profile)


def _key(value: object, path: str) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else _of_type(value, str, path)
    return text if can_be_stored(text) else unusable(f"its {path} is empty, too long, or not text")


def _identifier(shown: object, path: str | None) -> str | None:
    value = None if path is None else value_at(shown, path)
    if value is None:
        return None
    text = _of_type(value, str, path)
    return text if can_be_stored(text) else unusable(f"its {path} is empty, too long, or not text")


def _of_type(value: object, expected: type[_Value], path: object) -> _Value:
    return value if isinstance(value, expected) else unusable(f"its {path} is not a {expected.__name__}")


def _metadata(shown: object, place: str | Mapping[str, str] | None) -> dict[str, object]:
    if place is None:
        return {}
    if isinstance(place, str):
        value = value_at(shown, place)
        if value is None:
            return {}
        return value if is_object(value) else unusable(f"its {place} is not an object")
    values = {name: value_at(shown, path) for name, path in place.items()}
    return {name: value for name, value in values.items() if value is not None}

"""The user that Auth0 passes to `create`, as far as a store can accept it."""

from collections.abc import Mapping
from typing import Final

from attrs import field, frozen

from customdb_contract.contract import Failed, ValidationError
from customdb_contract.databases._identifiers import can_be_stored, is_email

__all__ = ["USER_EXISTS", "SignUp", "signing_up"]

USER_EXISTS: Final = "There is such a user already"


@frozen
class SignUp:
    """A user who signs up, with the password.

    Args:
        email: The e-mail, or None.
        username: The username, or None.
        phone_number: The phone number, or None.
        password: The password as entered; empty if there is none.
    """

    email: str | None
    username: str | None
    phone_number: str | None
    password: str = field(repr=False)


def signing_up(user: Mapping[str, object]) -> SignUp | Failed:
    """Return the user who signs up, or why the user cannot sign up."""
    email, username, phone_number = (_text(user.get(name)) for name in ("email", "username", "phone_number"))
    if email is None and username is None and phone_number is None:
        return Failed(ValidationError("invalid_user", "A user needs an e-mail, a username or a phone number"))
    if email is not None and not is_email(email):
        return Failed(ValidationError("invalid_email", "This is not an e-mail"))
    # A username that looks like an e-mail would keep the e-mail's owner from signing up.
    if username is not None and (not can_be_stored(username) or is_email(username)):
        return Failed(ValidationError("invalid_username", "This cannot be a username"))
    if phone_number is not None and not can_be_stored(phone_number):
        return Failed(ValidationError("invalid_phone_number", "This is not a phone number"))
    return SignUp(email, username, phone_number, _text(user.get("password")) or "")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None

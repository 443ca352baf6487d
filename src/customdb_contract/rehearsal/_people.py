"""Users who are not in the legacy store yet, created the way a check creates them: with names unique to the run."""

from typing import Final

from attrs import define, field

from customdb_contract.connection import NewUser
from customdb_contract.probes import Truth
from customdb_contract.rehearsal._stage import NewPerson
from customdb_contract.secrets import Secret, SecretKind, SecretRef

__all__ = ["People"]

_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_UNIQUE_LENGTH: Final = 10
_TOKEN_LENGTH: Final = 12
_OWNER: Final = "the rehearsed users"


def _token(length: int) -> str:
    from secrets import choice  # noqa: PLC0415 - only who makes people needs it

    return "".join(choice(_ALPHABET) for _ in range(length))


@define
class People:
    """Creates users. All share the same two passwords, because each additional secret slows recording down.

    Args:
        new_user: What they look like.
        truth: Whether they have usernames, and where the passwords are registered.
    """

    new_user: NewUser
    truth: Truth
    _password: Secret = field(init=False)
    _new_password: Secret = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._password, self._new_password = self._secret("Aa1!-"), self._secret("Zz9!-")
        self.truth.registry.add(self._password, SecretRef(SecretKind.PASSWORD, _OWNER))
        self.truth.registry.add(self._new_password, SecretRef(SecretKind.NEW_PASSWORD, _OWNER))

    def _secret(self, beginning: str) -> Secret:
        token = _token(_TOKEN_LENGTH)
        return self.new_user.password_of(token) or Secret(f"{beginning}{token}")

    @property
    def passwords(self) -> tuple[Secret, Secret]:
        """The passwords of all of them, the new one last."""
        return self._password, self._new_password

    def make(self) -> NewPerson:
        """Return a new user."""
        unique = _token(_UNIQUE_LENGTH)
        return NewPerson(
            email=self.new_user.email_of(unique),
            new_email=self.new_user.email_of(f"{unique}x"),
            username=self.new_user.username_of(unique) if self.truth.connection.requires_username else None,
            password=self._password,
            new_password=self._new_password,
            user_metadata=self.new_user.user_metadata,
            fields=self.new_user.fields_of(unique),
        )

"""Argon2, in the form of its reference implementation."""

import re
from typing import Final

from attrs import field, frozen
from attrs.validators import ge, instance_of

from customdb_contract.errors import ConfigurationError
from customdb_contract.passwords._encodings import from_base64, to_base64
from customdb_contract.passwords._libraries import needing
from customdb_contract.passwords._stored import Check, Stored, TooCostlyError, within

__all__ = ["Argon2id", "DjangoArgon2"]

_TEXT: Final = re.compile(
    r"\$argon2(?P<variant>id|i|d)(?P<version>\$v=(?:16|19))?"
    r"\$m=(?P<memory>[1-9][0-9]{0,9}),t=(?P<passes>[1-9][0-9]{0,9}),p=(?P<lanes>[1-9][0-9]{0,9})"
    r"\$(?P<salt>[A-Za-z0-9+/]+)\$(?P<digest>[A-Za-z0-9+/]+)"
)
_LEAST_SALT: Final = 8
"""https://www.rfc-editor.org/rfc/rfc9106.html#section-3.1 allows shorter ones, the reference implementation doesn't."""
_LEAST_DIGEST: Final = 16
"""https://www.rfc-editor.org/rfc/rfc9106.html#section-3.1 allows 4 bytes, which are too easy to guess."""
_MOST_BYTES: Final = 128
"""Of salt and digest; implementations use 16 to 64."""
_MOST_MEMORY: Final = 2**21
"""KiB, which is what https://www.rfc-editor.org/rfc/rfc9106.html#section-4 recommends first."""
_MOST_WORK: Final = 2**21
"""KiB that are filled in all passes together, which takes several seconds."""
_MOST_LANES: Final = 64
_LEAST_MEMORY_OF_LANE: Final = 8
"""KiB: https://www.rfc-editor.org/rfc/rfc9106.html#section-3.1"""


def _bounded(memory: int, passes: int, lanes: int) -> None:
    within("KiB of memory for Argon2", memory, _MOST_MEMORY)
    within("KiB that Argon2 fills in all passes", memory * passes, _MOST_WORK)
    within("lanes of Argon2", lanes, _MOST_LANES)


def _matches(secret: bytes, text: str, variant: str) -> bool:
    with needing("argon2-cffi"):
        from argon2.exceptions import VerifyMismatchError  # noqa: PLC0415 - an extra
        from argon2.low_level import Type, verify_secret  # noqa: PLC0415 - see above
    try:
        return verify_secret(text.encode(), secret, {"i": Type.I, "d": Type.D, "id": Type.ID}[variant])
    except VerifyMismatchError:
        return False


def _read(text: str) -> Check | None:
    parts = _TEXT.fullmatch(text)
    if parts is None:
        return None
    for name, least in (("salt", _LEAST_SALT), ("digest", _LEAST_DIGEST)):
        value = from_base64(parts[name], padded=False)
        if value is None or not least <= len(value) <= _MOST_BYTES:
            return None
    memory, passes, lanes = (int(parts[name]) for name in ("memory", "passes", "lanes"))
    _bounded(memory, passes, lanes)
    if memory < _LEAST_MEMORY_OF_LANE * lanes:
        return None
    return lambda password: _matches(password.encode(), text, parts["variant"])


@frozen(kw_only=True)
class Argon2id:
    """Argon2: `$argon2id$`, `$argon2i$` and `$argon2d$`; new passwords become `$argon2id$`.

    The defaults are OWASP's recommendation when many users log in at the same time:
    https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id

    Args:
        memory: of new passwords, in KiB
        passes: of new passwords over that memory
        lanes: of new passwords, which are computed in parallel
    """

    memory: int = field(default=19456, validator=[instance_of(int), ge(1)])
    passes: int = field(default=2, validator=[instance_of(int), ge(1)])
    lanes: int = field(default=1, validator=[instance_of(int), ge(1)])

    def __attrs_post_init__(self) -> None:
        try:
            _bounded(self.memory, self.passes, self.lanes)
        except TooCostlyError as error:
            message = f"new passwords cannot be checked again with these settings of Argon2id: {error}"
            raise ConfigurationError(message) from None
        if self.memory < _LEAST_MEMORY_OF_LANE * self.lanes:
            least = _LEAST_MEMORY_OF_LANE * self.lanes
            message = f"Argon2id needs {least} KiB of memory for {self.lanes} lanes: {self.memory} are too few"
            raise ConfigurationError(message)

    @property
    def name(self) -> str:
        return "Argon2"

    @property
    def sample(self) -> Stored:
        salt, digest = (to_base64(bytes(size), padded=False) for size in (16, 32))
        return Stored(f"$argon2id$v=19$m={self.memory},t={self.passes},p={self.lanes}${salt}${digest}")

    def read(self, text: str, _salt: str | None) -> Check | None:
        return _read(text)

    def hash(self, password: str) -> str:
        """Hash a new password.

        Args:
            password: the user's choice
        """
        with needing("argon2-cffi"):
            from argon2 import PasswordHasher  # noqa: PLC0415 - an extra
        hasher = PasswordHasher(time_cost=self.passes, memory_cost=self.memory, parallelism=self.lanes)
        return hasher.hash(password)


@frozen
class DjangoArgon2:
    """Django's `argon2$argon2id$…`.

    https://docs.djangoproject.com/en/stable/topics/auth/passwords/#using-argon2-with-django
    """

    @property
    def name(self) -> str:
        return "Django's Argon2"

    @property
    def sample(self) -> Stored:
        return Stored(f"argon2{Argon2id().sample.text!s}")

    def read(self, text: str, _salt: str | None) -> Check | None:
        return _read(text.removeprefix("argon2")) if text.startswith("argon2$") else None

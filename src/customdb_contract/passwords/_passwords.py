"""Checks passwords against what rows store for them, and hashes new ones."""

from collections.abc import Iterable, Iterator
from itertools import permutations
from typing import Final, TypeAlias

from attrs import Factory, field, frozen
from attrs.validators import instance_of

from customdb_contract.errors import ConfigurationError, UnknownPasswordFormatError, UnusablePasswordError
from customdb_contract.passwords._argon2 import Argon2id, DjangoArgon2
from customdb_contract.passwords._bcrypt import Bcrypt, DjangoBcrypt
from customdb_contract.passwords._digests import Ldap
from customdb_contract.passwords._pbkdf2 import DjangoPbkdf2, PasslibPbkdf2, WerkzeugPbkdf2
from customdb_contract.passwords._php import PhpBb, WordPress
from customdb_contract.passwords._scrypt import DjangoScrypt, PasslibScrypt, WerkzeugScrypt
from customdb_contract.passwords._stored import Check, PasswordFormat, Stored, TooCostlyError

__all__ = ["UNMISTAKABLE", "NewFormat", "Passwords"]

NewFormat: TypeAlias = Bcrypt | Argon2id
"""The formats for new passwords."""

UNMISTAKABLE: Final[tuple[PasswordFormat, ...]] = (
    Bcrypt(),
    Argon2id(),
    DjangoPbkdf2(),
    DjangoBcrypt(),
    DjangoArgon2(),
    DjangoScrypt(),
    PasslibPbkdf2(),
    PasslibScrypt(),
    WerkzeugPbkdf2(),
    WerkzeugScrypt(),
    Ldap(),
    WordPress(),
    PhpBb(),
)
"""The formats whose texts identify themselves, which `Passwords` accepts by default."""

_LONGEST_PASSWORD: Final = 4096
"""Bytes: hashing longer ones costs too much (https://www.djangoproject.com/weblog/2013/sep/15/security/)."""
_LONGEST_TEXT: Final = 4096
_LONGEST_KEY: Final = 100
_NO_PASSWORD: Final = frozenset({"", "*", "*0", "*1"})
"""For users who cannot log in; crypt(3) returns the latter two instead of a hash."""


def _formats(accepts: Iterable[PasswordFormat]) -> tuple[PasswordFormat, ...]:
    return tuple(accepts)


def _nobody(passwords: "Passwords") -> Stored:
    return passwords.new.sample


def _as_stored(stored: Stored | str | bytes | None) -> Stored:
    return stored if isinstance(stored, Stored) else Stored(stored)


@frozen
class Passwords:
    """Checks passwords against what rows store for them, and hashes new ones.

    Args:
        accepts: the formats that rows can have; by default, those that cannot be mistaken for another
        new: the format of new passwords, `Argon2id()` or `Bcrypt()`; rows can have it too
        typical: the stored value of most rows, if that isn't `new`: rejecting an unknown user takes as long as checking
            it

    Raises:
        ConfigurationError: two formats read the same texts, or no format reads `typical`
    """

    accepts: tuple[PasswordFormat, ...] = field(default=UNMISTAKABLE, converter=_formats)
    new: NewFormat = field(factory=Argon2id, kw_only=True, validator=instance_of((Bcrypt, Argon2id)))
    typical: Stored = field(default=Factory(_nobody, takes_self=True), converter=_as_stored, kw_only=True, repr=False)
    _formats: tuple[PasswordFormat, ...] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        known = any(_reads(one, self.new.sample) for one in self.accepts)
        object.__setattr__(self, "_formats", self.accepts if known else (*self.accepts, self.new))
        for one, other in permutations(self._formats, 2):
            if _reads(one, other.sample):
                message = (
                    f"accepts: {one.name} and {other.name} cannot be distinguished in a row: name only one of them"
                )
                raise ConfigurationError(message)
        try:
            self._check_of(self.typical, None)
        except UnknownPasswordFormatError as error:
            message = f"typical: {error}"
            raise ConfigurationError(message) from None

    def verify(self, password: str, stored: Stored | str | bytes | None, key: object = None) -> bool:
        """Check a password against what a row stores for it.

        Args:
            password: the password that the user typed
            stored: the value in the row; None is NULL
            key: of the row, for error messages

        Returns:
            Whether it is the right one. Always False if the row has NULL, nothing, `*`, `*0`, `*1` or a value that
            begins with `!`. Always False for an empty password and one of more than 4096 bytes.

        Raises:
            UnknownPasswordFormatError: no format reads the stored value, or more than one does, or it takes too much
                work
            ConfigurationError: the required library is not installed
        """
        stored = _as_stored(stored)
        if not _plausible(password):
            return False
        if _has_none(stored.text):
            return self.verify_nobody(password)
        return self._check_of(stored, key)(password)

    def verify_nobody(self, password: str) -> bool:
        """Do the work of `verify` for an unknown user, so that the time reveals nothing.

        Args:
            password: the password that the user typed

        Returns:
            False.
        """
        if _plausible(password):
            self._check_of(self.typical, None)(password)
        return False

    def hash(self, password: str) -> str:
        """Hash a new password, which `verify` then accepts.

        Args:
            password: the user's choice

        Raises:
            UnusablePasswordError: it is empty, longer than 4096 bytes, not valid UTF-8, or cannot be hashed by `new`
        """
        if not _plausible(password):
            message = f"the new password must have 1 to {_LONGEST_PASSWORD} bytes of UTF-8: choose another one"
            raise UnusablePasswordError(message)
        return self.new.hash(password)

    def format_of(self, stored: Stored | str | bytes | None) -> PasswordFormat | None:
        """Return the format of a row's password, without checking one.

        Args:
            stored: the value in the row; None is NULL

        Returns:
            The format. None if the row has NULL, nothing, `*`, `*0`, `*1` or a value that begins with `!`.

        Raises:
            UnknownPasswordFormatError: no format reads the stored value, or more than one does, or it takes too much
                work
        """
        stored = _as_stored(stored)
        return None if _has_none(stored.text) else self._reading_of(stored, None)[0]

    def _check_of(self, stored: Stored, key: object) -> Check:
        return self._reading_of(stored, key)[1]

    def _reading_of(self, stored: Stored, key: object) -> tuple[PasswordFormat, Check]:
        text, salt = _decoded(stored.text), _decoded(stored.salt)
        readings = [] if text is None or len(text) > _LONGEST_TEXT else list(self._readings(text, salt, key))
        if not readings:
            padded = text is not None and text != text.rstrip()
            hint = "it ends in spaces, as in a fixed-length column" if padded else "it may have been cut"
            names = ", ".join(one.name for one in self._formats)
            raise _unknown(key, f"is in none of the accepted formats ({names}): {hint}, or declare its format")
        (one, check), *others = readings
        if others:
            raise _unknown(key, f"is in the format of {one.name} and of {others[0][0].name}: accept only one of them")
        return one, check

    def _readings(self, text: str, salt: str | None, key: object) -> Iterator[tuple[PasswordFormat, Check]]:
        for one in self._formats:
            try:
                check = one.read(text, salt)
            except TooCostlyError as error:
                raise _unknown(key, f"is in the format of {one.name}, but {error}") from None
            if check is not None:
                yield one, check


def _unknown(key: object, what: str) -> UnknownPasswordFormatError:
    shown = "" if key is None else f" of the row with the key {repr(key)[:_LONGEST_KEY]}"
    return UnknownPasswordFormatError(f"the stored password{shown} {what}")


def _reads(one: PasswordFormat, stored: Stored) -> bool:
    text = _decoded(stored.text)
    return text is not None and one.read(text, _decoded(stored.salt)) is not None


def _decoded(value: str | bytes | None) -> str | None:
    """Read a column; None for what no format has: NULL, and anything that is not valid UTF-8."""
    try:
        return value.decode() if isinstance(value, bytes) else value and value.encode().decode()
    except UnicodeError:
        return None


def _has_none(text: str | bytes | None) -> bool:
    decoded = text if text is None else _decoded(text)
    return text is None or (decoded is not None and (decoded.strip() in _NO_PASSWORD or decoded.startswith("!")))


def _plausible(password: str) -> bool:
    try:
        return 0 < len(password.encode()) <= _LONGEST_PASSWORD
    except UnicodeEncodeError:
        return False

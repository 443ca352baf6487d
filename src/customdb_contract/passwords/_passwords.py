"""Checking what rows have for passwords, and hashing new ones."""

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
"""What new passwords may become."""

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
"""The formats whose texts say by themselves what they are, which `Passwords` accepts by default."""

_LONGEST_PASSWORD: Final = 4096
"""Bytes: hashing longer ones costs too much (https://www.djangoproject.com/weblog/2013/sep/15/security/)."""
_LONGEST_TEXT: Final = 4096
_LONGEST_KEY: Final = 100
_NO_PASSWORD: Final = frozenset({"", "*", "*0", "*1"})
"""Of people who cannot log in; crypt(3) gives the latter two in place of a hash."""


def _formats(accepts: Iterable[PasswordFormat]) -> tuple[PasswordFormat, ...]:
    return tuple(accepts)


def _nobody(passwords: "Passwords") -> Stored:
    return passwords.new.sample


def _as_stored(stored: Stored | str | bytes | None) -> Stored:
    return stored if isinstance(stored, Stored) else Stored(stored)


@frozen
class Passwords:
    """Checks passwords against what rows have for them, and hashes new ones.

    Args:
        accepts: the formats that rows may have; by default those that can't be taken for another one
        new: what new passwords become, `Argon2id()` or `Bcrypt()`; rows may have it too
        typical: what most rows have, where that isn't `new`: refusing an unknown user takes as long as checking it

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
                message = f"accepts: {one.name} and {other.name} cannot be told apart in a row: name one of them only"
                raise ConfigurationError(message)
        try:
            self._check_of(self.typical, None)
        except UnknownPasswordFormatError as error:
            message = f"typical: {error}"
            raise ConfigurationError(message) from None

    def verify(self, password: str, stored: Stored | str | bytes | None, key: object = None) -> bool:
        """Check a password against what a row has for it.

        Args:
            password: what was typed
            stored: what the row has; None is NULL
            key: of the row, for the message of an error

        Returns:
            Whether it is the one. False whatever the password where the row has NULL, nothing, `*`, `*0`, `*1` or what
            begins with `!`. False whatever the row has for an empty password and one of more than 4096 bytes.

        Raises:
            UnknownPasswordFormatError: no format reads what is stored, or more than one, or it takes too much work
            ConfigurationError: the library that is needed isn't installed
        """
        stored = _as_stored(stored)
        if not _plausible(password):
            return False
        if _has_none(stored.text):
            return self.verify_nobody(password)
        return self._check_of(stored, key)(password)

    def verify_nobody(self, password: str) -> bool:
        """Do the work of `verify` for a user who isn't there, so that the time doesn't tell.

        Args:
            password: what was typed

        Returns:
            False.
        """
        if _plausible(password):
            self._check_of(self.typical, None)(password)
        return False

    def hash(self, password: str) -> str:
        """Hash a new password, which `verify` then knows.

        Args:
            password: what a person chose

        Raises:
            UnusablePasswordError: it is empty, longer than 4096 bytes, no text in UTF-8, or nothing that `new` can hash
        """
        if not _plausible(password):
            message = f"the new password must have 1 to {_LONGEST_PASSWORD} bytes of UTF-8: choose another one"
            raise UnusablePasswordError(message)
        return self.new.hash(password)

    def format_of(self, stored: Stored | str | bytes | None) -> PasswordFormat | None:
        """Tell in which format a row has its password, without checking any.

        Args:
            stored: what the row has; None is NULL

        Returns:
            The format. None where the row has NULL, nothing, `*`, `*0`, `*1` or what begins with `!`.

        Raises:
            UnknownPasswordFormatError: no format reads what is stored, or more than one, or it takes too much work
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
            hint = "it ends in blanks, as in a column of fixed length" if padded else "it may have been cut"
            names = ", ".join(one.name for one in self._formats)
            raise _unknown(key, f"is in none of the formats that are accepted ({names}): {hint}, or declare its format")
        (one, check), *others = readings
        if others:
            raise _unknown(key, f"is in the format of {one.name} and of {others[0][0].name}: accept one of them only")
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
    """Read a column; None for what no format has: NULL, and what is no text in UTF-8."""
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

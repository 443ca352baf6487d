"""Digests without a cost, plain or salted: of the MD5 and SHA families, as hashlib has them."""

import hashlib
import hmac
import re
from typing import Final, Literal

from attrs import field, frozen
from attrs.validators import in_

from customdb_contract.errors import ConfigurationError
from customdb_contract.passwords._derived import DIGEST_SIZES
from customdb_contract.passwords._encodings import from_base64, from_hex, hex_of, to_base64
from customdb_contract.passwords._stored import Check, Stored, same

__all__ = ["DjangoDigest", "Ldap", "PlainDigest", "SaltedDigest", "WerkzeugDigest"]

Algorithm = Literal["md5", "sha1", "sha224", "sha256", "sha384", "sha512"]
Encoding = Literal["utf-8", "utf-16-le"]

_SALTED: Final = re.compile(r"([a-z0-9]+)\$([^$]*)\$([0-9a-f]+)")
_LDAP: Final = re.compile(r"\{(S?)(MD5|SHA|SHA224|SHA256|SHA384|SHA512)\}([A-Za-z0-9+/]+=*)", re.IGNORECASE)
_PLACE: Final = re.compile(r"\{(hash|salt)\}")


def _hashed(algorithm: str, content: bytes) -> bytes:
    return hashlib.new(algorithm, content, usedforsecurity=False).digest()


def _read_digest(text: str, algorithm: str, digits: str) -> bytes | None:
    size = DIGEST_SIZES[algorithm]
    if digits == "hex":
        return from_hex(text, size)
    value = from_base64(text)
    return value if value is not None and len(value) == size else None


@frozen
class PlainDigest:
    """The digest of the password and nothing else, such as `5f4dcc3b5aa765d61d8327deb882cf99`.

    Args:
        algorithm: by its name in hashlib
        digits: how the digest is written
        encoding: of the password; SQL Server's HASHBYTES of an NVARCHAR uses `utf-16-le`
    """

    algorithm: Algorithm = field(validator=in_(DIGEST_SIZES))
    digits: Literal["hex", "base64"] = field(default="hex", validator=in_(("hex", "base64")), kw_only=True)
    encoding: Encoding = field(default="utf-8", validator=in_(("utf-8", "utf-16-le")), kw_only=True)

    @property
    def name(self) -> str:
        return f"plain {self.algorithm} in {self.digits}"

    @property
    def sample(self) -> Stored:
        size = DIGEST_SIZES[self.algorithm]
        return Stored(hex_of(size) if self.digits == "hex" else to_base64(bytes(size)))

    def read(self, text: str, _salt: str | None) -> Check | None:
        digest = _read_digest(text, self.algorithm, self.digits)
        if digest is None:
            return None
        return lambda password: same(_hashed(self.algorithm, password.encode(self.encoding)), digest)


def _check_layout(_digest: object, _attribute: object, layout: str) -> None:
    places = sorted(_PLACE.findall(layout))
    if places not in (["hash"], ["hash", "salt"]):
        message = f"layout must have {{hash}} once and {{salt}} at most once, such as {{hash}}:{{salt}}; got {layout!r}"
        raise ConfigurationError(message)
    if "}{" in layout:
        message = f"layout {layout!r} has nothing between hash and salt: such rows can't be taken apart"
        raise ConfigurationError(message)


@frozen(kw_only=True)
class SaltedDigest:
    """The digest of salt and password, in a layout that the row does not name.

    Joomla's old format is `SaltedDigest(algorithm="md5", layout="{hash}:{salt}", order="password salt")`; Magento 1 has
    the same texts with the order `salt password`, Magento 2 `{hash}:{salt}:0` with MD5 and `{hash}:{salt}:1` with
    SHA-256.

    Args:
        algorithm: by its name in hashlib
        layout: of the stored text, with `{hash}` and `{salt}`; without `{salt}`, the salt has its own column
        order: of the two when they are hashed
        digits: how the digest is written
        encoding: of password and salt
    """

    algorithm: Algorithm = field(validator=in_(DIGEST_SIZES))
    layout: str = field(validator=_check_layout)
    order: Literal["salt password", "password salt"] = field(validator=in_(("salt password", "password salt")))
    digits: Literal["hex", "base64"] = field(default="hex", validator=in_(("hex", "base64")))
    encoding: Encoding = field(default="utf-8", validator=in_(("utf-8", "utf-16-le")))

    @property
    def name(self) -> str:
        return f"{self.algorithm} of {self.order} in the layout {self.layout}"

    @property
    def sample(self) -> Stored:
        size = DIGEST_SIZES[self.algorithm]
        digest = hex_of(size) if self.digits == "hex" else to_base64(bytes(size))
        text = self.layout.replace("{hash}", digest).replace("{salt}", "salt")
        return Stored(text, None if "{salt}" in self.layout else "salt")

    def read(self, text: str, salt: str | None) -> Check | None:
        before, _, after = self.layout.partition("{hash}")
        length = len(hex_of(DIGEST_SIZES[self.algorithm])) if self.digits == "hex" else _base64_length(self.algorithm)
        pattern = f"{_with_salt(before)}(?P<hash>.{{{length}}}){_with_salt(after)}"
        parts = re.fullmatch(pattern, text, re.DOTALL)
        if parts is None:
            return None
        if "{salt}" in self.layout:
            salt = parts["salt"]
        digest = _read_digest(parts["hash"], self.algorithm, self.digits)
        return self._check(salt, digest) if salt and digest else None

    def _check(self, salt: str, digest: bytes) -> Check:
        def check(password: str) -> bool:
            content = salt + password if self.order == "salt password" else password + salt
            return same(_hashed(self.algorithm, content.encode(self.encoding)), digest)

        return check


def _base64_length(algorithm: str) -> int:
    return len(to_base64(bytes(DIGEST_SIZES[algorithm])))


def _with_salt(part: str) -> str:
    return "(?P<salt>.+)".join(re.escape(text) for text in part.split("{salt}"))


@frozen
class DjangoDigest:
    """Django's old `md5$salt$hash` and `sha1$salt$hash`, and `md5$$hash`, `sha1$$hash` without a salt.

    https://docs.djangoproject.com/en/stable/ref/settings/#password-hashers

    Werkzeug wrote the same texts with another meaning: see `WerkzeugDigest`.
    """

    @property
    def name(self) -> str:
        return "Django's salted MD5 or SHA-1"

    @property
    def sample(self) -> Stored:
        return Stored(f"sha1$salt${hex_of(20)}")

    def read(self, text: str, _salt: str | None) -> Check | None:
        parts = _SALTED.fullmatch(text)
        if parts is None or parts[1] not in {"md5", "sha1"}:
            return None
        algorithm, salt, digits = parts.groups()
        digest = from_hex(digits, DIGEST_SIZES[algorithm])
        if digest is None:
            return None
        return lambda password: same(_hashed(algorithm, (salt + password).encode()), digest)


@frozen
class WerkzeugDigest:
    """Werkzeug's old `sha256$salt$hash`, an HMAC with the salt as its key, and `sha256$$hash` without one.

    https://werkzeug.palletsprojects.com/en/2.2.x/utils/#werkzeug.security.generate_password_hash (not in Werkzeug 3)

    Django wrote the same texts with another meaning: see `DjangoDigest`.
    """

    @property
    def name(self) -> str:
        return "Werkzeug's salted digest"

    @property
    def sample(self) -> Stored:
        return Stored(f"sha1$salt${hex_of(20)}")

    def read(self, text: str, _salt: str | None) -> Check | None:
        parts = _SALTED.fullmatch(text)
        if parts is None or parts[1] not in DIGEST_SIZES:
            return None
        algorithm, salt, digits = parts.groups()
        digest = from_hex(digits, DIGEST_SIZES[algorithm])
        if digest is None:
            return None

        def check(password: str) -> bool:
            secret = password.encode()
            found = hmac.digest(salt.encode(), secret, algorithm) if salt else _hashed(algorithm, secret)
            return same(found, digest)

        return check


@frozen
class Ldap:
    """What LDAP servers store: `{SHA}`, `{MD5}`, `{SHA256}` … and with a salt `{SSHA}`, `{SMD5}`, `{SSHA256}` ….

    https://www.openldap.org/doc/admin26/security.html#Password%20Storage
    """

    @property
    def name(self) -> str:
        return "LDAP's digest"

    @property
    def sample(self) -> Stored:
        return Stored(f"{{SSHA}}{to_base64(bytes(28))}")

    def read(self, text: str, _salt: str | None) -> Check | None:
        parts = _LDAP.fullmatch(text)
        value = parts and from_base64(parts[3])
        if not parts or not value:
            return None
        algorithm = {"sha": "sha1"}.get(parts[2].lower(), parts[2].lower())
        size = DIGEST_SIZES[algorithm]
        digest, salt = value[:size], value[size:]
        if len(digest) < size or bool(salt) != bool(parts[1]):
            return None
        return lambda password: same(_hashed(algorithm, password.encode() + salt), digest)

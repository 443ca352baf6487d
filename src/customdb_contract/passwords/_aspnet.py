"""What ASP.NET stores: Membership, Simple Membership and Identity."""

import hashlib
import hmac
import struct
from typing import Final, Literal

from attrs import field, frozen
from attrs.validators import ge, in_, instance_of

from customdb_contract.passwords._derived import DIGEST_SIZES, pbkdf2_check
from customdb_contract.passwords._encodings import from_base64, to_base64
from customdb_contract.passwords._stored import Check, Stored, same

__all__ = ["AspNetIdentityV2", "AspNetIdentityV3", "AspNetMembership"]

_SALT_SIZE: Final = 16
_SUBKEY_SIZE: Final = 32
_V2_ITERATIONS: Final = 1000
_V3_HEADER: Final = struct.Struct(">BIII")
_V3_ALGORITHMS: Final = ("sha1", "sha256", "sha512")
_MEMBERSHIP_ALGORITHMS: Final = {"SHA1": "sha1", "SHA256": "sha256", "SHA512": "sha512", "HMACSHA256": "sha256"}
_MEMBERSHIP_KEY_SIZE: Final = 64
"""Bytes of the key that .NET's HMACSHA256 uses; the salt is repeated or cut to that length."""


@frozen
class AspNetMembership:
    """Hashed passwords (`PasswordFormat` 1) of SqlMembershipProvider and the Universal Providers, with `PasswordSalt`.

    The password is hashed in UTF-16LE, but the row does not name the algorithm: it is `hashAlgorithmType` in
    `web.config`, by default SHA-1 until .NET Framework 3.5 and HMAC-SHA256 from 4 on
    (https://learn.microsoft.com/dotnet/api/system.web.security.membership.hashalgorithmtype).
    Microsoft's migration guide shows how the salt is used:
    https://learn.microsoft.com/aspnet/identity/overview/migrations/migrating-an-existing-website-from-sql-membership-to-aspnet-identity.
    Encrypted and clear passwords (`PasswordFormat` 2 and 0) are not read.

    Args:
        algorithm: as in `hashAlgorithmType`
    """

    algorithm: Literal["SHA1", "SHA256", "SHA512", "HMACSHA256"] = field(validator=in_(_MEMBERSHIP_ALGORITHMS))

    @property
    def name(self) -> str:
        return f"ASP.NET Membership's {self.algorithm}"

    @property
    def sample(self) -> Stored:
        return Stored(to_base64(bytes(self._size)), to_base64(bytes(_SALT_SIZE)))

    @property
    def _size(self) -> int:
        return DIGEST_SIZES[_MEMBERSHIP_ALGORITHMS[self.algorithm]]

    def read(self, text: str, salt: str | None) -> Check | None:
        digest = from_base64(text)
        key = None if salt is None else from_base64(salt)
        if not digest or not key or len(digest) != self._size:
            return None

        def check(password: str) -> bool:
            secret, algorithm = password.encode("utf-16-le"), _MEMBERSHIP_ALGORITHMS[self.algorithm]
            if self.algorithm != "HMACSHA256":
                return same(hashlib.new(algorithm, key + secret, usedforsecurity=False).digest(), digest)
            repeated = (key * _MEMBERSHIP_KEY_SIZE)[:_MEMBERSHIP_KEY_SIZE]
            return same(hmac.digest(repeated, secret, algorithm), digest)

        return check


@frozen
class AspNetIdentityV2:
    """What ASP.NET Identity 1 and 2 and, as `Crypto.HashPassword`, Simple Membership and Web Pages store.

    49 bytes in base64: 0, salt, and a key by 1000 iterations of PBKDF2 with HMAC-SHA1
    (https://learn.microsoft.com/dotnet/api/system.web.helpers.crypto.hashpassword).
    """

    @property
    def name(self) -> str:
        return "ASP.NET Identity's version 2"

    @property
    def sample(self) -> Stored:
        return Stored(to_base64(bytes(1 + _SALT_SIZE + _SUBKEY_SIZE)))

    def read(self, text: str, _salt: str | None) -> Check | None:
        value = from_base64(text)
        if not value or value[0] != 0 or len(value) != 1 + _SALT_SIZE + _SUBKEY_SIZE:
            return None
        return pbkdf2_check("sha1", _V2_ITERATIONS, value[1 : 1 + _SALT_SIZE], value[1 + _SALT_SIZE :])


@frozen(kw_only=True)
class AspNetIdentityV3:
    """What ASP.NET Core Identity stores: 1, algorithm, iterations, length of the salt, salt and key in base64.

    https://github.com/dotnet/aspnetcore/blob/main/src/Identity/Extensions.Core/src/PasswordHasher.cs

    ASP.NET accepts a key of any length from 16 bytes on, so a truncated key matches there; here it doesn't.

    Args:
        salt_size: in bytes; the default is that of the framework's own hasher
        key_size: in bytes; likewise
    """

    salt_size: int = field(default=_SALT_SIZE, validator=[instance_of(int), ge(_SALT_SIZE)])
    key_size: int = field(default=_SUBKEY_SIZE, validator=[instance_of(int), ge(16)])

    @property
    def name(self) -> str:
        return "ASP.NET Identity's version 3"

    @property
    def sample(self) -> Stored:
        return Stored(to_base64(_V3_HEADER.pack(1, 1, 10_000, self.salt_size) + bytes(self.salt_size + self.key_size)))

    def read(self, text: str, _salt: str | None) -> Check | None:
        value = from_base64(text)
        if not value or len(value) != _V3_HEADER.size + self.salt_size + self.key_size:
            return None
        header: tuple[int, int, int, int] = _V3_HEADER.unpack_from(value)
        version, algorithm, iterations, salt_size = header
        if version != 1 or algorithm >= len(_V3_ALGORITHMS) or iterations < 1 or salt_size != self.salt_size:
            return None
        salt, key = value[_V3_HEADER.size :][:salt_size], value[_V3_HEADER.size + salt_size :]
        return pbkdf2_check(_V3_ALGORITHMS[algorithm], iterations, salt, key)

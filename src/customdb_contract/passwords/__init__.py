"""Checks passwords against what legacy stores keep for them, and hashes new ones."""

from customdb_contract.passwords._argon2 import Argon2id, DjangoArgon2
from customdb_contract.passwords._aspnet import AspNetIdentityV2, AspNetIdentityV3, AspNetMembership
from customdb_contract.passwords._bcrypt import Bcrypt, DjangoBcrypt
from customdb_contract.passwords._digests import DjangoDigest, Ldap, PlainDigest, SaltedDigest, WerkzeugDigest
from customdb_contract.passwords._passwords import UNMISTAKABLE, NewFormat, Passwords
from customdb_contract.passwords._pbkdf2 import DjangoPbkdf2, PasslibPbkdf2, WerkzeugPbkdf2
from customdb_contract.passwords._php import PhpBb, WordPress
from customdb_contract.passwords._scrypt import DjangoScrypt, NodeScrypt, PasslibScrypt, WerkzeugScrypt
from customdb_contract.passwords._stored import Check, PasswordFormat, Stored, TooCostlyError

__all__ = [
    "UNMISTAKABLE",
    "Argon2id",
    "AspNetIdentityV2",
    "AspNetIdentityV3",
    "AspNetMembership",
    "Bcrypt",
    "Check",
    "DjangoArgon2",
    "DjangoBcrypt",
    "DjangoDigest",
    "DjangoPbkdf2",
    "DjangoScrypt",
    "Ldap",
    "NewFormat",
    "NodeScrypt",
    "PasslibPbkdf2",
    "PasslibScrypt",
    "PasswordFormat",
    "Passwords",
    "PhpBb",
    "PlainDigest",
    "SaltedDigest",
    "Stored",
    "TooCostlyError",
    "WerkzeugDigest",
    "WerkzeugPbkdf2",
    "WerkzeugScrypt",
    "WordPress",
]

"""Checks passwords against what legacy stores have for them, and hashes new ones."""

from customdb_contract.passwords._argon2 import Argon2id
from customdb_contract.passwords._bcrypt import Bcrypt
from customdb_contract.passwords._passwords import UNMISTAKABLE, Passwords
from customdb_contract.passwords._pbkdf2 import DjangoPbkdf2, PasslibPbkdf2, WerkzeugPbkdf2
from customdb_contract.passwords._stored import PasswordFormat, Stored

__all__ = [
    "UNMISTAKABLE",
    "Argon2id",
    "Bcrypt",
    "DjangoPbkdf2",
    "PasslibPbkdf2",
    "PasswordFormat",
    "Passwords",
    "Stored",
    "WerkzeugPbkdf2",
]

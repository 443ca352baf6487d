"""Undeclared secrets, recognized by their format, or by the name of the key that holds them."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from customdb_contract.secrets._reference import SecretKind, secrets_in

__all__ = ["SECRET_NAMES", "hide_unknown", "kind_by_name", "kinds_in", "names_secret"]

_MODULAR_HASH: Final = re.compile(
    r"\$(?:2[abxy]?\$\d\d\$[./a-z0-9]{20,}"
    r"|argon2(?:id|i|d)?\$[\w./+=,$-]{16,}"
    r"|(?:[1567y]|sha1)\$[\w./+=,$-]{20,}"
    r"|pbkdf2(?:-\w{1,10})?\$[\w./+=,$-]{16,}"
    r"|scrypt\$[\w./+=,$-]{20,})",
    re.IGNORECASE | re.ASCII,
)
_LDAP_HASH: Final = re.compile(
    r"\{(?:S?SHA\d{0,3}|S?MD5|CRYPT|BCRYPT|PBKDF2|ARGON2)[\w-]{0,20}\}[\w./+=,$-]{8,}", re.IGNORECASE | re.ASCII
)
# The pattern begins with a single character class, for which the search is quick.
_FRAMEWORK_HASH: Final = re.compile(
    r"[mspMSP](?<!\w.)(?:"
    r"(?<=[mM])[dD]5\$[\w./+=$-]{16,}"
    r"|(?<=[sS])[hH][aA](?:1|224|256|384|512)\$[\w./+=$-]{16,}"
    r"|(?<=[sS])[cC][rR][yY][pP][tT][$:][\w./+=,$:-]{20,}"
    r"|(?<=[pP])[bB][kK][dD][fF]2[_:][sS][hH][aA]\d{1,3}[$:]\d{1,9}\$[\w./+=$-]{8,})",
    re.ASCII,
)
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}){16,64}")
_URL: Final = re.compile(r"(?:(?<=://)|(?<=:\\/\\/))[^\s/?#@:\"'<>«»\\]{0,200}:[^\s/?#\"'<>«»]{1,500}(?=@)")
_PRIVATE_KEY: Final = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?=[\s\S]{0,300}?[A-Za-z0-9+/]{32})"
    r"[\sA-Za-z0-9+/=\\:,.()-]{32,}?"
    r"(?:-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----|(?![\sA-Za-z0-9+/=\\:,.()-]))"
)
_OTPAUTH: Final = re.compile(r"(?<=otpauth://)[^\s\"'<>«»]{0,500}?[?&]secret=[A-Za-z2-7]{8,}")
_TOTP: Final = re.compile(r"[A-Z2-7]+")

# Each matching text contains both of these, which are quick to search for: an e-mail has no colon, for example.
_FORMATS: Final = (
    (SecretKind.PRIVATE_KEY, "PRIVATE KEY", "-", _PRIVATE_KEY),
    (SecretKind.TOTP_SECRET, "otpauth://", "=", _OTPAUTH),
    (SecretKind.URL_CREDENTIALS, "@", ":", _URL),
    (SecretKind.PASSWORD_HASH, "{", "}", _LDAP_HASH),
    (SecretKind.PASSWORD_HASH, "$", "", _MODULAR_HASH),
    (SecretKind.PASSWORD_HASH, "$", "", _FRAMEWORK_HASH),
)

_TOTP_NAMES: Final = frozenset({"totpsecret", "otpsecret", "mfasecret", "secret"})
SECRET_NAMES: Final = _TOTP_NAMES | {
    "password",
    "passwd",
    "pwd",
    "passwordhash",
    "hashedpassword",
    "encryptedpassword",
    "passworddigest",
    "passwordsalt",
    "salt",
    "hash",
    "apikey",
    "privatekey",
    "resettoken",
    "sessiontoken",
}
"""Names of secrets, in lower case and without dashes and underscores, as `names_secret` compares them."""
_LONGEST_NAME: Final = 40
_MOST_NAMES: Final = 1_000


def hide_unknown(text: str, marker: Callable[[SecretKind, str], str]) -> str:
    """Return a text with everything replaced that has the format of a secret.

    Args:
        text: A text in which the known secrets are markers.
        marker: Returns the marker that replaces a secret.
    """
    for kind, needed, beside, pattern in _FORMATS:
        if needed in text and beside in text:
            text = pattern.sub(_replacing(kind, marker), text)
    return text


def _replacing(kind: SecretKind, marker: Callable[[SecretKind, str], str]) -> Callable[[re.Match[str]], str]:
    return lambda match: marker(kind, match[0])


def kinds_in(text: str) -> Iterator[SecretKind]:
    """Yield the kinds of the secrets in a text: of the markers, and of everything with the format of a secret.

    Args:
        text: A text of a transcript; one written by hand might not be masked.
    """
    for secret in secrets_in(text):
        yield secret.kind
    for kind, needed, beside, pattern in _FORMATS:
        if needed in text and beside in text and pattern.search(text):
            yield kind


def kind_by_name(name: str, value: str) -> SecretKind | None:
    """Return the kind of secret that a value is according to its key, or None.

    Args:
        name: The key of the value.
        value: The value.
    """
    if not value or not names_secret(name):
        return None
    if _HEX.fullmatch(value):
        return SecretKind.PASSWORD_HASH
    return SecretKind.TOTP_SECRET if _plain(name) in _TOTP_NAMES and _TOTP.fullmatch(value) else SecretKind.NAMED


def names_secret(name: str) -> bool:
    """Tell whether a name is that of a secret.

    Args:
        name: A key.
    """
    return len(name) <= _LONGEST_NAME and _names_secret(name)


@lru_cache(_MOST_NAMES)
def _names_secret(name: str) -> bool:
    return _plain(name) in SECRET_NAMES


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")

"""The tokens of a redirect: JSON Web Tokens signed with HMAC-SHA-256."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final, cast

__all__ = ["decoded_token", "encoded_token"]

_HEADER: Final = {"typ": "JWT", "alg": "HS256"}
_PARTS: Final = 3


def encoded_token(claims: Mapping[str, object], secret: str) -> str:
    """Return claims as a signed token.

    Args:
        claims: The claims.
        secret: The secret to sign the token with.
    """
    signed = ".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (_HEADER, dict(claims)))
    return f"{signed}.{_signature(signed, secret)}"


def decoded_token(token: str, secret: str, *, now: float) -> dict[str, Any]:
    """Return the claims of a token.

    Args:
        token: The token.
        secret: The secret that it must be signed with.
        now: The seconds since 1970.

    Raises:
        ValueError: When it is not a token, its signature is wrong, or it has expired.
    """
    signed, _, signature = token.rpartition(".")
    if token.count(".") != _PARTS - 1:
        message = "the token is not a JSON Web Token"
        raise ValueError(message)
    if not hmac.compare_digest(signature.encode(), _signature(signed, secret).encode()):
        message = "the signature of the token is wrong"
        raise ValueError(message)
    claims = cast("dict[str, Any]", json.loads(_decoded(signed.partition(".")[2])))
    if claims.get("exp", now) < now:
        message = "the token has expired"
        raise ValueError(message)
    return claims


def _signature(signed: str, secret: str) -> str:
    return _encoded(hmac.digest(secret.encode(), signed.encode(), hashlib.sha256))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

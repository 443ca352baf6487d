"""Logging in at the test double of MongoDB by SCRAM-SHA-256, as far as its drivers need it.

Source: <https://www.rfc-editor.org/rfc/rfc7677>.
"""

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from typing import Any, Final

from attrs import define, field

from doubles.mongo_store import CommandError, Document

__all__ = ["Login"]

_ROUNDS: Final = 4096
_SALT: Final = b"salt of a double"


@define
class Login:
    """The state of one connection's log-in.

    Args:
        user: The user who may log in; None allows every client everything.
        password: The password.
        is_done: Whether the connection is logged in.
    """

    user: str | None
    password: str = field(repr=False)
    is_done: bool = field(init=False)
    _said: str = ""
    _nonce: str = ""

    def __attrs_post_init__(self) -> None:
        self.is_done = self.user is None

    def start(self, command: Document) -> Document:
        """Answer saslStart with a salt, for any user."""
        said = bytes(command["payload"]).decode()
        if command["mechanism"] != "SCRAM-SHA-256" or not said.startswith(f"n,,n={self.user},r="):
            raise _refusal()
        self._said = said.removeprefix("n,,")
        self._nonce = self._said.rpartition("r=")[2] + secrets.token_hex(12)
        answer = f"r={self._nonce},s={b64encode(_SALT).decode()},i={_ROUNDS}"
        self._said = f"{self._said},{answer}"
        return _answer(answer, is_done=False)

    def go_on(self, command: Document) -> Document:
        """Answer saslContinue: accept or reject the proof."""
        said, _, proof = bytes(command["payload"]).decode().rpartition(",p=")
        key = hashlib.pbkdf2_hmac("sha256", self.password.encode(), _SALT, _ROUNDS)
        client_key = _signed(key, b"Client Key")
        signed = f"{self._said},{said}".encode()
        mask = _signed(hashlib.sha256(client_key).digest(), signed)
        wanted = bytes(one ^ other for one, other in zip(client_key, mask, strict=True))
        if said != f"c=biws,r={self._nonce}" or b64decode(proof) != wanted:
            raise _refusal()
        self.is_done = True
        return _answer(f"v={b64encode(_signed(_signed(key, b'Server Key'), signed)).decode()}", is_done=True)


def _signed(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, "sha256").digest()


def _answer(text: str, *, is_done: bool) -> dict[str, Any]:
    return {"conversationId": 1, "done": is_done, "payload": text.encode()}


def _refusal() -> CommandError:
    return CommandError(18, "AuthenticationFailed", "Authentication failed.")

"""Distinguishes a driver's first query from the handshake before it, for the protocols of common stores."""

import re
from typing import Final

__all__ = ["Conversation"]


def _starts(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.DOTALL)


_NOTHING: Final = _starts(b"(?!)")

# A handshake record; or the greeting again, as the store prefers it, preceded by a change of cipher.
_TLS: Final = rb"\x16\x03|\x14\x03.\x00\x01\x01\x16\x03...\x01"

# A packet 0 of protocol version 10. Commands are packet 0 of the driver, so any other packet belongs to the log-in.
_MYSQL_GREETING: Final = _starts(rb".{3}\x00\x0a")
_MYSQL_STEPS: Final = _starts(_TLS + rb"|(?!\x17\x03).{3}[^\x00]")

_HANDSHAKES: Final = (
    # PostgreSQL: the start and the request for encryption, which alone have no type; passwords; the TLS handshake.
    (_starts(rb"\x00\x00..(?:\x00\x03|\x04\xd2\x16)"), _starts(_TLS + rb"|\x00\x00|p")),
    # SQL Server: PRELOGIN, which also contains the TLS handshake; LOGIN7, SSPI, a federation token.
    (_starts(rb"\x12\x01"), _starts(rb"[\x08\x10-\x12]")),
    # MongoDB: OP_QUERY or OP_MSG, with the command as the first key of its document.
    (
        _starts(rb".{12}[\xd4\xdd]\x07\x00\x00"),
        _starts(rb".{20}[^\x00]*\x00(?:.{8})?.{4}[\x01\x08\x10](?:hello|is[mM]aster|saslStart|saslContinue)\x00"),
    ),
    # TLS from the start, for example HTTPS.
    (_starts(rb"\x16\x03"), _starts(_TLS)),
)
"""The first bytes of the driver, and those that begin each of its turns until it sends a query."""


class Conversation:
    """The exchange between a driver and its store, as far as it shows whether the driver has sent a query.

    HTTP has no handshake, and in an unknown protocol, the first message counts as a query. In TLS, which cannot be
    read, the first message after the handshake does. In case of doubt, a message is a query: an answer must never pass
    whole because it was mistaken for a part of the handshake. No message is stored.
    """

    def __init__(self) -> None:
        self._is_asked = False
        self._steps: re.Pattern[bytes] | None = None
        self._is_new_turn = True

    @property
    def is_asked(self) -> bool:
        """Whether the driver has sent a query, so that the next message of the store is an answer."""
        return self._is_asked

    def store_says(self, piece: bytes) -> None:
        """Process bytes that the store sent before any query.

        Args:
            piece: The bytes that arrived together.
        """
        self._is_new_turn = True
        if self._steps is None:
            self._steps = _MYSQL_STEPS if _MYSQL_GREETING.match(piece) else _NOTHING

    def driver_says(self, piece: bytes) -> None:
        """Process bytes that the driver sent.

        Args:
            piece: The bytes that arrived together. The beginning of a turn, which a driver sends in one piece,
                identifies it.
        """
        if self._is_asked or not self._is_new_turn:
            return
        self._is_new_turn = False
        if self._steps is None:
            self._steps = next((steps for opening, steps in _HANDSHAKES if opening.match(piece)), _NOTHING)
        self._is_asked = not self._steps.match(piece)

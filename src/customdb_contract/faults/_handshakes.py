"""Where a driver's first question is: told from the handshake before it, for the protocols of the usual stores."""

import re
from typing import Final

__all__ = ["Conversation"]


def _starts(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern, re.DOTALL)


_NOTHING: Final = _starts(b"(?!)")

# A handshake record; or the greeting said again, in the way that the store prefers, which a change of cipher precedes.
_TLS: Final = rb"\x16\x03|\x14\x03.\x00\x01\x01\x16\x03...\x01"

# A packet 0 of protocol version 10. Commands are packet 0 of the driver's, so whatever isn't belongs to the log-in.
_MYSQL_GREETING: Final = _starts(rb".{3}\x00\x0a")
_MYSQL_STEPS: Final = _starts(_TLS + rb"|(?!\x17\x03).{3}[^\x00]")

_HANDSHAKES: Final = (
    # PostgreSQL: the start and the wish for encryption, which alone have no type; passwords; the handshake of TLS.
    (_starts(rb"\x00\x00..(?:\x00\x03|\x04\xd2\x16)"), _starts(_TLS + rb"|\x00\x00|p")),
    # SQL Server: PRELOGIN, which holds the handshake of TLS too; LOGIN7, SSPI, the token of a federation.
    (_starts(rb"\x12\x01"), _starts(rb"[\x08\x10-\x12]")),
    # MongoDB: OP_QUERY or OP_MSG, with the command as the first key of its document.
    (
        _starts(rb".{12}[\xd4\xdd]\x07\x00\x00"),
        _starts(rb".{20}[^\x00]*\x00(?:.{8})?.{4}[\x01\x08\x10](?:hello|is[mM]aster|saslStart|saslContinue)\x00"),
    ),
    # TLS from the beginning, for example HTTPS.
    (_starts(rb"\x16\x03"), _starts(_TLS)),
)
"""What the driver says first, and what begins each of its turns until it asks something."""


class Conversation:
    """What a driver and its store say to each other, as far as it tells whether the driver has asked something.

    HTTP has no handshake, and in a protocol that isn't known the first thing that is said counts as a question. So does
    inside TLS, where nothing can be read, the first thing after its handshake. When in doubt it is a question: an
    answer must never pass whole because it was taken for a part of the handshake. Nothing that is said is kept.
    """

    def __init__(self) -> None:
        self._is_asked = False
        self._steps: re.Pattern[bytes] | None = None
        self._is_new_turn = True

    @property
    def is_asked(self) -> bool:
        """Whether the driver has asked something, so that what the store says next is an answer."""
        return self._is_asked

    def store_says(self, piece: bytes) -> None:
        """Take notice of what the store sent without having been asked.

        Args:
            piece: What came at once.
        """
        self._is_new_turn = True
        if self._steps is None:
            self._steps = _MYSQL_STEPS if _MYSQL_GREETING.match(piece) else _NOTHING

    def driver_says(self, piece: bytes) -> None:
        """Take notice of what the driver sent.

        Args:
            piece: What came at once. Only the beginning of a turn tells what it is: a driver sends that in one piece.
        """
        if self._is_asked or not self._is_new_turn:
            return
        self._is_new_turn = False
        if self._steps is None:
            self._steps = next((steps for opening, steps in _HANDSHAKES if opening.match(piece)), _NOTHING)
        self._is_asked = not self._steps.match(piece)

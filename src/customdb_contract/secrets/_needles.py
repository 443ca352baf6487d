"""Finds which of many short texts occur in another text: quick for a short text, no matter how many there are."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

__all__ = ["Needles"]

_LENGTH: Final = 4
"""Characters of a piece: fewer occur in every text, and shorter needles have none."""

_SEARCH: Final = 250
_CHARACTER: Final = 400
"""The minimum cost of searching for a needle, and of looking at a character, relative to searching a character."""


class Needles:
    """Numbered needles.

    Each needle is found by one of its pieces, the one that it shares with the fewest others, so that a thousand
    passwords with the same beginning don't slow a search down.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, list[int]] = {}
        self._by_piece: defaultdict[str, list[str]] = defaultdict(list)
        self._piece_of: dict[str, str] = {}

    def add(self, number: int, needle: str) -> None:
        """Add a needle.

        Args:
            number: Its number; several needles can be the same text.
            needle: The text; an empty one occurs in every text.
        """
        numbers = self._numbers.get(needle)
        if numbers is not None:
            numbers.append(number)
            return
        self._numbers[needle] = [number]
        self._piece_of[needle] = piece = self._rarest(needle)
        self._by_piece[piece].append(needle)

    def remove(self, number: int, needle: str) -> None:
        """Remove a needle that was added.

        Args:
            number: Its number.
            needle: The text.
        """
        numbers = self._numbers[needle]
        numbers.remove(number)
        if numbers:
            return
        del self._numbers[needle]
        piece = self._piece_of.pop(needle)
        beside = self._by_piece[piece]
        beside.remove(needle)
        if not beside:
            del self._by_piece[piece]

    def found_in(self, text: str) -> Sequence[int]:
        """Return the numbers of the needles that occur in a text.

        Args:
            text: Any text.
        """
        return [number for needle in self._candidates(text) if needle in text for number in self._numbers[needle]]

    def _rarest(self, needle: str) -> str:
        """Return the last, the middle or the first piece; a needle that is too short has the empty piece."""
        last = len(needle) - _LENGTH
        if last < 0:
            return ""
        piece = needle[last:]
        if piece not in self._by_piece:
            return piece
        pieces = (piece, *(needle[at : at + _LENGTH] for at in (last // 2, 0)))
        return min(pieces, key=lambda piece: len(self._by_piece.get(piece, ())))

    def _candidates(self, text: str) -> Iterable[str]:
        if len(self._numbers) * (_SEARCH + len(text)) < _CHARACTER * len(text):
            return self._numbers
        pieces = {text[at : at + _LENGTH] for at in range(len(text) - _LENGTH + 1)} & self._by_piece.keys()
        short = self._by_piece.get("", ())
        return chain(short, *(self._by_piece[piece] for piece in pieces)) if pieces else short

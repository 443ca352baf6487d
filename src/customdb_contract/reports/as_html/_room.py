"""A limit on the size of a page, so that a browser opens it at once."""

from collections.abc import Iterable, Iterator

from customdb_contract.reports.as_html._markup import Markup

__all__ = ["Room"]


class Room:
    """The remaining room for the diagrams of a page.

    Args:
        characters: The number of characters of HTML.
    """

    def __init__(self, characters: int) -> None:
        self._left = characters

    def fitting(self, parts: Iterable[Markup]) -> Iterator[Markup]:
        """Yield parts as long as there is room; after a part that does not fit, no part follows.

        Args:
            parts: The parts; no part is created that can't be used.
        """
        for part in parts if self._left > 0 else ():
            self._left -= len(part.html)
            if self._left <= 0:
                return
            yield part

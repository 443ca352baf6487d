"""How large a page may become, so that a browser opens it at once."""

from collections.abc import Iterable, Iterator

from customdb_contract.reports.as_html._markup import Markup

__all__ = ["Room"]


class Room:
    """What is left of the size that the diagrams of a page may have.

    Args:
        characters: How many characters of HTML there is room for.
    """

    def __init__(self, characters: int) -> None:
        self._left = characters

    def fitting(self, parts: Iterable[Markup]) -> Iterator[Markup]:
        """Yield parts as long as there is room; once a part does not fit, there is room for nothing more.

        Args:
            parts: The parts; none is made that cannot be used.
        """
        for part in parts if self._left > 0 else ():
            self._left -= len(part.html)
            if self._left <= 0:
                return
            yield part

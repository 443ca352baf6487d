"""The prose of rules, which is written in a subset of Markdown."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from customdb_contract.reports.as_html._markup import Content, Markup, element

__all__ = ["link", "paragraphs"]

_BLOCKS: Final = re.compile(r"\n{2,}")
_FENCE: Final = "```"


def paragraphs(text: str) -> Iterator[Markup]:
    """Yield the paragraphs and blocks of code of a text.

    Args:
        text: The text, in Markdown.
    """
    for number, part in enumerate(text.split(_FENCE)):
        if number % 2:
            language, _, code = part.partition("\n")
            lines = [line for row in code.splitlines() for line in (row, _NEW_LINE)]
            yield element("pre", element("code", *lines), data_language=language)
        else:
            yield from (element("p", *_spans(block)) for block in _BLOCKS.split(part) if block.strip())


_NEW_LINE: Final = Markup("\n")


def link(source: str) -> Markup:
    """Return a source, as a link if it is a page.

    Args:
        source: The address of a page, or `good practice` and the reason.
    """
    if not source.startswith("https://"):
        return element("span", source)
    return element("a", source, href=source, rel="noreferrer")


def _spans(block: str) -> Sequence[Content]:
    return [
        element("code", part) if number % 2 else part for number, part in enumerate(" ".join(block.split()).split("`"))
    ]

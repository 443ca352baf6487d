"""Reads an HTML report: the parser refuses every element and attribute that reports do not use."""

from html.parser import HTMLParser
from typing import Final

from attrs import field, frozen
from typing_extensions import override

from customdb_contract import Report
from customdb_contract.reports import FORMATS

__all__ = ["HOSTILE", "Page", "Tag", "page_of"]

_VOID: Final = {"input", "link", "meta"}
_ELEMENTS: Final = frozenset(
    {"a", "b", "body", "button", "caption", "code", "dd", "details", "div", "dl", "dt", "footer", "form", "h1", "h2"}
    | {"h3", "h4", "h5", "h6", "head", "header", "html", "label", "li", "main", "nav", "ol", "option", "p", "pre"}
    | {"script", "section", "select", "small", "span", "strong", "style", "summary", "table", "tbody", "td", "th"}
    | {"thead", "title", "tr", "ul", *_VOID}
)
_ATTRIBUTES: Final = frozenset(
    {"aria-hidden", "aria-label", "aria-labelledby", "aria-live", "autocomplete", "charset", "class", "content"}
    | {
        "data-fate",
        "data-group",
        "data-language",
        "data-script",
        "data-severity",
        "data-status",
        "hidden",
        "href",
        "http-equiv",
    }
    | {"id", "lang", "name", "open", "rel", "role", "scope", "tabindex", "type", "value"}
)

HOSTILE: Final = (
    "</script><script>document.title='owned'</script>",
    "</style><img src=x onerror=\"document.title='owned'\">",
    "<!--",
    "]]>",
    "\"'><svg onload=\"document.title='owned'\">",
    "&lt;b&gt; &amp;",
    "</details></section></main></body></html>",
)
"""Texts that become markup if they are not escaped."""


@frozen(eq=False)
class Tag:
    """An element.

    Args:
        name: Its name.
        attributes: Its attributes; None for an attribute without a value.
        texts: The texts in it, in order.
        parents: The elements around it, the outermost first.
    """

    name: str
    attributes: dict[str, str | None]
    texts: list[str] = field(repr=False)
    parents: tuple["Tag", ...] = field(default=(), repr=False)

    @property
    def text(self) -> str:
        """All text in it."""
        return "".join(self.texts)


class Page(HTMLParser):
    """The elements of a report, in order.

    Args:
        html: The report.

    Raises:
        AssertionError: If it has foreign or malformed markup.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[Tag] = []
        self._open: list[Tag] = []
        self.feed(html)
        self.close()
        assert self._open == []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _ELEMENTS, tag
        names = [name for name, _ in attrs]
        assert set(names) <= _ATTRIBUTES, attrs
        assert len(set(names)) == len(names)
        self.tags.append(Tag(tag, dict(attrs), [], tuple(self._open)))
        if tag not in _VOID:
            self._open.append(self.tags[-1])

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().name == tag

    @override
    def handle_data(self, data: str) -> None:
        for tag in self._open:
            tag.texts.append(data)

    @override
    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def named(self, *names: str) -> list[Tag]:
        """Return the elements with one of these names."""
        return [tag for tag in self.tags if tag.name in names]

    def of_class(self, name: str) -> list[Tag]:
        """Return the elements of a class."""
        return [tag for tag in self.tags if name in (tag.attributes.get("class") or "").split()]

    def by_id(self, id_: str) -> Tag:
        """Return the element with an id."""
        [tag] = [tag for tag in self.tags if tag.attributes.get("id") == id_]
        return tag

    def inside(self, outer: Tag, *names: str) -> list[Tag]:
        """Return the elements inside another one, optionally only those with the given names."""
        return [
            tag
            for tag in self.tags
            if any(parent is outer for parent in tag.parents) and (not names or tag.name in names)
        ]


def page_of(report: Report) -> Page:
    """Return a report, parsed from its HTML."""
    return Page(FORMATS["html"](report))

"""HTML elements. All text is escaped here and only here, so no text from a script can become markup."""

import html
from collections.abc import Iterable
from typing import Final, TypeAlias

from attrs import frozen

from customdb_contract.transcript import printable

__all__ = ["Content", "Markup", "element", "joined"]


@frozen
class Markup:
    """HTML. Outside of this module it is created only from files of this package.

    Args:
        html: The HTML.
    """

    html: str


Content: TypeAlias = Markup | str
"""The content of an element: elements, or text."""

_VOID: Final = frozenset({"input", "link", "meta"})
"""The elements used here that have no end tag."""


def element(tag: str, /, *content: Content, **attributes: str | int | bool) -> Markup:
    """Return an element.

    Args:
        tag: The name of the element.
        content: The content, in order.
        attributes: The attributes. `_` in a name stands for `-`, and one at its end is dropped. False leaves an
        attribute out, and True gives it no value.
    """
    written = "".join(_attribute(key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    return Markup(f"<{tag}{written}>" if tag in _VOID else f"<{tag}{written}>{joined(content).html}</{tag}>")


def joined(content: Iterable[Content]) -> Markup:
    """Return elements and texts, one after the other.

    Args:
        content: The elements and texts.
    """
    return Markup("".join(part.html if isinstance(part, Markup) else _escaped(part) for part in content))


def _attribute(name: str, value: str | int | bool) -> str:  # noqa: FBT001 - the value of an attribute is no flag
    if isinstance(value, bool):
        return f" {name}" if value else ""
    return f' {name}="{_escaped(str(value))}"'


def _escaped(text: str) -> str:
    return html.escape(printable(text))

"""A story as text: a paragraph for each scene."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from customdb_contract.reports.stories._lines import LineKind, lines_of
from customdb_contract.reports.stories._scenes import Scene
from customdb_contract.transcript import printable

__all__ = ["story_as_text"]

_WIDTH: Final = 110
_INDENT: Final = " " * 4
_COLUMN: Final = max(map(len, LineKind)) + 2


def story_as_text(scenes: Sequence[Scene]) -> str:
    """Return a story as text, with a line feed after each line.

    Args:
        scenes: The scenes of the story.
    """
    connections = {scene.connection for scene in scenes}
    return "".join(
        f"{line}\n"
        for number, scene in enumerate(scenes, start=1)
        for line in _paragraph(number, scene, names_connection=len(connections) > 1)
    )


def _paragraph(number: int, scene: Scene, *, names_connection: bool) -> Iterator[str]:
    where = f" [{printable(scene.connection)}]" if names_connection else ""
    if scene.operation is None:
        yield f"{number}. Outside of any operation{where}"
    for line in lines_of(scene):
        if line.kind is LineKind.DONE:
            yield from _wrapped(f"{number}. ", f"{line.text}{where}")
        else:
            answer = f" -> {line.answer}" if line.answer else ""
            yield from _wrapped(f"{_INDENT}{line.kind:<{_COLUMN}}", f"{line.text}{answer}")


def _wrapped(beginning: str, text: str) -> Sequence[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=beginning,
        subsequent_indent=" " * (len(_INDENT) + _COLUMN),
        break_long_words=False,
        break_on_hyphens=False,
    )

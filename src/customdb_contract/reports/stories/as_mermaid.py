"""A story as a sequence diagram, in the notation of Mermaid, which many Markdown viewers draw."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, assert_never

from customdb_contract.reports.stories._lines import Line, LineKind, lines_of
from customdb_contract.reports.stories._scenes import Scene
from customdb_contract.transcript import Actor

__all__ = ["story_as_mermaid"]

_MOST: Final = 90
"""Characters of a text in a diagram, in which an arrow is as long as its text."""

_PLAIN: Final = frozenset(" .,-_@'()/!?=+*|«»…")
"""Characters without a special meaning in Mermaid or HTML, beside letters and digits."""


def story_as_mermaid(scenes: Sequence[Scene]) -> str:
    """Return a story as a sequence diagram in Mermaid's notation.

    Args:
        scenes: The scenes of the story.
    """
    databases = {
        name: f"Database{number}"
        for number, name in enumerate(dict.fromkeys(scene.connection for scene in scenes), start=1)
    }
    return "".join(f"{line}\n" for line in _lines(scenes, databases))


def _lines(scenes: Sequence[Scene], databases: Mapping[str, str]) -> Iterator[str]:
    yield "sequenceDiagram"
    actors = dict.fromkeys(scene.operation.actor for scene in scenes if scene.operation)
    yield from (f"  actor {_name(actor)}" for actor in actors)
    yield "  participant Auth0"
    yield from (f"  participant {alias} as {_escaped(name)}" for name, alias in databases.items())
    for scene in scenes:
        who = _name(scene.operation.actor) if scene.operation else "Auth0"
        for line in lines_of(scene, _MOST):
            yield from (f"  {arrow}" for arrow in _arrows(line, who, databases[scene.connection]))


def _arrows(line: Line, who: str, database: str) -> Iterator[str]:
    text = _escaped(line.text)
    match line.kind:
        case LineKind.DONE:
            yield f"{who}->>Auth0: {text}"
        case LineKind.SCRIPT:
            yield f"Auth0->>{database}: {text}"
            yield f"{database}-->>Auth0: {_escaped(line.answer)}"
        case LineKind.STORE | LineKind.LOG | LineKind.ACTION | LineKind.REQUEST:
            answer = f" ({_escaped(line.answer)})" if line.answer else ""
            yield f"Note over Auth0: {line.kind} {text}{answer}"
        case LineKind.SEEN:
            yield f"Auth0-->>{who}: {text}"
        case _ as unreachable:
            assert_never(unreachable)


def _name(actor: Actor) -> str:
    return actor.value.capitalize()


def _escaped(text: str) -> str:
    return "".join(
        character if character.isalnum() or character in _PLAIN else f"#{ord(character)};" for character in text
    )

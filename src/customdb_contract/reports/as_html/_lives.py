"""Lives of users at the simulated tenant, as diagrams: what was done, which scripts ran, what was stored and logged."""

from collections.abc import Iterator, Sequence
from typing import Final

from customdb_contract.findings.text import counted
from customdb_contract.reports.as_html._markup import Markup, element
from customdb_contract.reports.as_html._room import Room
from customdb_contract.reports.as_html._sequence import Step, sequence
from customdb_contract.reports.stories import Scene, lines_of, scenes_of
from customdb_contract.transcript import Actor, Transcript

__all__ = ["lives"]

_MOST_OF_A_LINE: Final = 300
_MOST_LINES: Final = 30
"""Lines of one scene that are drawn; the others are counted."""


def lives(transcript: Transcript, room: Room) -> Sequence[Markup]:
    """Return the scenes of what was done with the simulated tenant; nothing if nothing was.

    Args:
        transcript: The transcript.
        room: What diagrams there is room for.
    """
    scenes = [(scene, scene.operation.actor) for scene in scenes_of([transcript]) if scene.operation is not None]
    drawn = list(room.fitting(_scenes(scenes)))
    left_out = len(scenes) - len(drawn)
    more = [element("p", f"… and {counted(left_out, 'further operation')}")] if left_out else []
    return [*([element("ol", *drawn, class_="scenes")] if drawn else []), *more]


def _scenes(scenes: Sequence[tuple[Scene, Actor]]) -> Iterator[Markup]:
    for scene, who in scenes:
        lines = lines_of(scene, _MOST_OF_A_LINE)
        # The last line, what was seen, stands in any case.
        kept = [*lines[:-1][:_MOST_LINES], lines[-1]]
        left_out = len(lines) - len(kept)
        more = [element("p", f"… and {left_out:,} more lines")] if left_out else []
        steps = [Step(line, who) for line in kept]
        yield element(
            "li",
            element(
                "details",
                element("summary", lines[0].text),
                sequence(steps, "What was done, and what came of it"),
                *more,
            ),
        )

"""Lives of users at the simulated tenant as diagrams: operations, scripts, stored and logged data."""

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
    """Return the scenes of the operations on the simulated tenant; empty if there were none.

    Args:
        transcript: The transcript.
        room: The room that is left for diagrams.
    """
    scenes = [(scene, scene.operation.actor) for scene in scenes_of([transcript]) if scene.operation is not None]
    drawn = list(room.fitting(_scenes(scenes)))
    left_out = len(scenes) - len(drawn)
    more = [element("p", f"… and {counted(left_out, 'further operation')}")] if left_out else []
    return [*([element("ol", *drawn, class_="scenes")] if drawn else []), *more]


def _scenes(scenes: Sequence[tuple[Scene, Actor]]) -> Iterator[Markup]:
    for scene, who in scenes:
        lines = lines_of(scene, _MOST_OF_A_LINE)
        # The last line, the response to the user, is always kept.
        kept = [*lines[:-1][:_MOST_LINES], lines[-1]]
        left_out = len(lines) - len(kept)
        more = [element("p", f"… and {left_out:,} more lines")] if left_out else []
        steps = [Step(line, who) for line in kept]
        yield element(
            "li",
            element(
                "details",
                element("summary", lines[0].text),
                sequence(steps, "The operation and its effects"),
                *more,
            ),
        )

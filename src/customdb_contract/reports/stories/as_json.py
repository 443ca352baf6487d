"""A story as data."""

from collections.abc import Sequence

from customdb_contract.reports.stories._lines import lines_of
from customdb_contract.reports.stories._scenes import Scene
from customdb_contract.transcript import record_to_json

__all__ = ["story_to_json"]


def story_to_json(scenes: Sequence[Scene]) -> list[object]:
    """Return a story as a list for `json.dumps`.

    Args:
        scenes: The scenes of the story.

    Returns:
        An object for each scene, with the keys `connection`, `records` (as in a stored transcript, an operation first)
        and `lines`.
    """
    return [
        {
            "connection": scene.connection,
            "records": [record_to_json(record) for record in scene.records],
            "lines": [
                {"kind": line.kind.value, "text": line.text, "answer": line.answer or None} for line in lines_of(scene)
            ],
        }
        for scene in scenes
    ]

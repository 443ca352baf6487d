"""Stories: readable transcripts of a simulated tenant, as text, as a sequence diagram, and as data."""

from customdb_contract.reports.stories._lines import Line, LineKind, lines_of
from customdb_contract.reports.stories._scenes import Scene, scenes_of
from customdb_contract.reports.stories.as_json import story_to_json
from customdb_contract.reports.stories.as_mermaid import story_as_mermaid
from customdb_contract.reports.stories.as_text import story_as_text

__all__ = [
    "Line",
    "LineKind",
    "Scene",
    "lines_of",
    "scenes_of",
    "story_as_mermaid",
    "story_as_text",
    "story_to_json",
]

"""The recording of a terminal on the home page: the printed lines, and nothing loaded from elsewhere."""

import re
from pathlib import Path
from runpy import run_path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.one_python

DRAW: Final[Any] = run_path(str(Path(__file__).parent.parent / "docs" / "terminal_recording.py"))["draw"]
TEXT: Final = "{http://www.w3.org/2000/svg}text"


def drawn_lines(svg: str) -> list[tuple[str, float]]:
    """Return the texts of the terminal, with the second at which each appears."""
    texts = [text for text in ET.fromstring(svg).iter(TEXT) if "animation" in text.get("style", "")]
    return [
        ("".join(text.itertext()).replace("\xa0", " ").strip(), float(text.get("style", "").split()[3].rstrip("s")))
        for text in texts
    ]


@given(
    st.lists(st.text(st.characters(codec="ascii", exclude_categories=["C", "Z"]), min_size=1, max_size=60), max_size=20)
)
def test_every_line_is_drawn_and_appears_after_the_one_before(lines: list[str]) -> None:
    drawn = [(text, second) for text, second in drawn_lines(DRAW("customdb-contract check", lines)) if text]
    seconds = [second for _, second in drawn]

    assert [text for text, _ in drawn] == ["$ customdb-contract check", *lines]
    assert seconds == sorted(seconds)
    assert seconds[0] == 0
    assert all(second > 1 for second in seconds[1:])


def test_colours_are_kept_and_nothing_is_fetched() -> None:
    svg = DRAW("customdb-contract check", ["\x1b[31mnot ok\x1b[0m: <20> broken"])

    assert len(set(re.findall(r"\.recording-r\d+ \{ (fill: #[0-9a-f]{6})", svg))) == 2
    assert "&lt;20&gt;" in svg
    assert re.findall(r"https?://[^\"]+", svg) == ["http://www.w3.org/2000/svg"]

"""Draws a terminal with the output of a check of the bookshop: an SVG whose lines appear one after another."""

import os
import re
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from customdb_contract.config import load_config
from customdb_contract.findings.text import Style, render

__all__ = ["draw", "draw_check"]

_BOOKSHOP: Final = Path(__file__).parent.parent / "examples" / "bookshop"
_WIDTH: Final = 100
_MOST_LINES: Final = 34
_SECONDS_UNTIL_OUTPUT: Final = 1.2
_SECONDS_PER_LINE: Final = 0.07

# No font is downloaded: the page works offline, and opening it sends no request. If the reader prefers reduced motion,
# everything is visible at once.
_FORMAT: Final = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="A terminal">
<style>
.{unique_id}-matrix {{ font: {char_height}px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }}
{styles}
@keyframes appear {{ from {{ visibility: hidden; }} to {{ visibility: visible; }} }}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
_LINE: Final = re.compile(r'(<text class="recording-r\d+")( [^>]*clip-path="url\(#recording-line-(\d+)\)")')


def draw_check(path: Path, configuration: str) -> None:
    """Check a database of the bookshop, and draw the beginning of the report.

    Args:
        path: The SVG file to write.
        configuration: The name of the bookshop's configuration.
    """
    report = load_config(_BOOKSHOP / configuration).check()
    lines = render(report, Style(color=True, width=_WIDTH)).splitlines()
    left = len(lines) - _MOST_LINES
    command = f"customdb-contract check --config {configuration}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(draw(command, [*lines[:_MOST_LINES], f"… and {left} more lines"]), encoding="utf-8")


def draw(command: str, lines: list[str]) -> str:
    """Return the SVG of a terminal in which a command was run.

    Args:
        command: The command line.
        lines: The output, with escape sequences for colours.
    """
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=_WIDTH, file=nowhere, force_terminal=True, legacy_windows=False)
        for line in [f"$ {command}", "", *lines]:
            console.print(Text.from_ansi(line), no_wrap=True, overflow="ellipsis", crop=True)
        drawn = console.export_svg(title=command, theme=MONOKAI, code_format=_FORMAT, unique_id="recording")
    return _LINE.sub(_appearing, drawn)


def _appearing(line: re.Match[str]) -> str:
    number = int(line[3])
    seconds = 0 if number == 0 else _SECONDS_UNTIL_OUTPUT + number * _SECONDS_PER_LINE
    return f'{line[1]} style="animation: appear 0s {seconds:.2f}s both"{line[2]}'

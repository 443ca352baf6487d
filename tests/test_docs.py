from pathlib import Path

import pytest

from documented import run_page

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    path
    for path in (ROOT / "docs").rglob("*.md")
    if path.parent.name != "rules" and "_build" not in path.relative_to(ROOT).parts
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_example_of_a_page_runs_and_prints_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    run_page(page.read_text(encoding="utf-8"), page, tmp_path)

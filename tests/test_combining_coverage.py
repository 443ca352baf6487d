"""Coverage data is combined, whatever a killed process leaves behind."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from coverage import CoverageData

from combine_coverage import combine


@pytest.mark.one_python
def test_data_of_a_killed_process_is_skipped(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for process, line in (("a.1", 7), ("b.2", 8)):
        data = CoverageData(str(tmp_path / f".coverage.{process}"))
        data.add_lines({str(tmp_path / "shop.py"): [line]})
        data.close()
    (tmp_path / ".coverage.empty").touch()
    (tmp_path / ".coverage.garbage").write_text("x" * 5000)
    (tmp_path / ".coverage.a.1-journal").touch()
    with closing(sqlite3.connect(tmp_path / ".coverage.begun")) as begun:
        begun.execute("create table file (id integer)")

    assert combine(tmp_path) == 0

    combined = CoverageData(str(tmp_path / ".coverage"))
    combined.read()
    assert sorted(combined.lines(str(tmp_path / "shop.py")) or []) == [7, 8]
    assert [path.name for path in tmp_path.iterdir()] == [".coverage"]
    assert capfd.readouterr() == ("", "")

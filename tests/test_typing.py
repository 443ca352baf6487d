"""Type checkers on a team's own code, and on all public names: part of `make types`.

They accept right handlers and refuse wrong ones, each on exactly the marked lines.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = Path(__file__).with_name("typing")
FILES = sorted(FOLDER.glob("*.py"))
MARK = re.compile(r"  # error$")

pytestmark = pytest.mark.type_checkers

Place = tuple[str, int]


def _run(*command: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-m", *command],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        # The installed package may only link here, and `--verifytypes` does not follow the link.
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )
    assert finished.returncode in {0, 1}, finished.stdout + finished.stderr
    return finished.stdout


def _mypy() -> Iterator[Place]:
    output = _run("mypy", "--output=json", *map(str, FILES))
    for line in output.splitlines():
        if line.startswith("{"):
            message = json.loads(line)
            if message["severity"] == "error":
                yield Path(message["file"]).name, message["line"]


def _pyright() -> Iterator[Place]:
    document = json.loads(_run("pyright", "--outputjson", "--pythonpath", sys.executable, "--project", str(FOLDER)))
    for message in document["generalDiagnostics"]:
        if message["severity"] == "error":
            yield Path(message["file"]).name, message["range"]["start"]["line"] + 1


@pytest.mark.parametrize("check", [_mypy, _pyright])
def test_type_checkers_find_exactly_the_marked_lines(check: Callable[[], Iterator[Place]]) -> None:
    marked = [
        (file.name, number)
        for file in FILES
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if MARK.search(line)
    ]

    assert sorted(set(check())) == marked
    assert len(marked) > 30


def test_the_types_of_all_public_names_are_known() -> None:
    document = json.loads(
        _run(
            "pyright",
            *("--outputjson", "--pythonpath", sys.executable),
            *("--verifytypes", "customdb_contract", "--ignoreexternal"),
        )
    )
    completeness = document["typeCompleteness"]

    assert [message["message"] for message in document["generalDiagnostics"]] == []
    assert {symbol["name"] for symbol in completeness["symbols"] if not symbol["isTypeKnown"]} == set()
    assert completeness["completenessScore"] == 1
    assert completeness["exportedSymbolCounts"]["withKnownType"] > 1000

"""Each extra alone is enough for its features."""

import subprocess
import tomllib
from pathlib import Path
from runpy import run_path
from typing import Any, Final

import pytest

from environments import make_environment, requirements_of

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]

ROOT: Final = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# PySpark is large and needs Java, so `all` omits it; test_audit_engines.py has an audit there.
EXTRAS: Final = sorted(set(PROJECT["optional-dependencies"]) - {"all", "audit-spark"})
SCRIPT: Final = ROOT / "tools" / "extras.py"


def tried(python: Path, extra: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "work").mkdir()
    return subprocess.run(
        [python, "-I", SCRIPT, extra],
        cwd=folder / "work",
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": ""},
    )


def test_every_extra_is_tried() -> None:
    assert [name for name in run_path(str(SCRIPT))["TRIES"] if name] == EXTRAS


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_an_extra_alone_is_enough_for_its_features(extra: str, tmp_path: Path) -> None:
    python = make_environment(tmp_path / "environment", *([extra] if extra else ()))

    ran = tried(python, extra, tmp_path)

    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("extra", [extra for extra in EXTRAS if extra != "testing"])
def test_features_without_their_extra_name_it(extra: str, tmp_path: Path) -> None:
    python = make_environment(tmp_path / "environment")

    ran = tried(python, extra, tmp_path)

    assert ran.returncode == 1
    assert f"customdb-contract[{extra}]" in ran.stderr


def test_all_includes_every_extra() -> None:
    every = set(requirements_of("customdb-contract", EXTRAS))

    assert set(requirements_of("customdb-contract", ["all"])) == every
    assert set(requirements_of("customdb-contract", [])) == {
        "annotated-types",
        "attrs",
        "customdb-contract",
        "pydantic",
        "pydantic-core",
        "typing-extensions",
        "typing-inspection",
    }

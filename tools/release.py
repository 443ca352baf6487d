"""Makes a release of the current commit: `make release VERSION=0.1.0`.

It checks that the working tree is clean and that version and changelog agree, builds the package, inspects the result,
tries each extra in a separate environment, and creates the tag. It doesn't publish anything, but prints the remaining
steps.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

__all__ = ["ReleaseError", "changes_of", "main", "release"]

ROOT: Final = Path(__file__).parents[1]
PACKAGE: Final = "customdb_contract"
VERSION: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")


class ReleaseError(Exception):
    """The release can't be made; the message explains what to do."""


def release(root: Path, version: str, *, extras: Sequence[str] | None = None) -> list[Path]:
    """Build and tag a release.

    Args:
        root: The checkout.
        version: The version, such as `0.1.0`.
        extras: The extras to try; None means each of them, and the package without extras.

    Returns:
        The files to publish.

    Raises:
        ReleaseError: If a check fails; then nothing is tagged.
    """
    project: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    _check_version(root, version, project["version"])
    changes_of((root / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    _check_tree(root, version)
    with tempfile.TemporaryDirectory() as made:
        files = _build(root, Path(made), version)
        known = ["", *sorted(project["optional-dependencies"])]
        for extra in known if extras is None else extras:
            _try(root, next(file for file in files if file.suffix == ".whl"), extra)
        (root / "dist").mkdir(exist_ok=True)
        published = [Path(shutil.move(file, root / "dist" / file.name)) for file in files]
    _run(root, "git", "tag", "--annotate", f"v{version}", "--message", f"customdb-contract {version}")
    return published


def changes_of(changelog: str, version: str) -> str:
    """Return the section of a version in the changelog.

    Args:
        changelog: The text of the changelog.
        version: The version.

    Raises:
        ReleaseError: If there is no such section, or there are unreleased changes.
    """
    _, *parts = re.split(r"^## \[(.+)\](.*)\n", changelog, flags=re.MULTILINE)
    sections: dict[str, tuple[str, str]] = {
        name: (date, text.strip()) for name, date, text in zip(*(parts[at::3] for at in range(3)), strict=True)
    }
    if sections.get("Unreleased", ("", ""))[1]:
        message = f"CHANGELOG.md has changes under [Unreleased]: move them to ## [{version}] - YYYY-MM-DD"
        raise ReleaseError(message)
    date, text = sections.get(version, ("", ""))
    if not text or not re.fullmatch(r" - [0-9]{4}-[0-9]{2}-[0-9]{2}", date):
        message = f"CHANGELOG.md has no section ## [{version}] - YYYY-MM-DD with the changes of this version"
        raise ReleaseError(message)
    return text


def _check_version(root: Path, version: str, written: str) -> None:
    if not VERSION.fullmatch(version):
        message = f"{version!r} is not a version: expected three numbers, such as 0.1.0"
        raise ReleaseError(message)
    if version != written:
        message = f"pyproject.toml has the version {written}, not {version}: change it and commit the change"
        raise ReleaseError(message)
    if _run(root, "git", "tag", "--list", f"v{version}"):
        message = f"the tag v{version} already exists: a version can be released only once"
        raise ReleaseError(message)


def _check_tree(root: Path, version: str) -> None:
    changed = _run(root, "git", "status", "--porcelain")
    if changed:
        message = f"{version} would differ from the commit; commit or remove:\n{changed}"
        raise ReleaseError(message)


def _build(root: Path, folder: Path, version: str) -> list[Path]:
    _run(root, sys.executable, "-m", "hatchling", "build", "--directory", str(folder))
    files = sorted(folder.iterdir())
    names = [f"{PACKAGE}-{version}-py3-none-any.whl", f"{PACKAGE}-{version}.tar.gz"]
    if [file.name for file in files] != names:
        message = f"expected {' and '.join(names)}, got {', '.join(file.name for file in files)}"
        raise ReleaseError(message)
    with zipfile.ZipFile(files[0]) as wheel:
        built = {name for name in wheel.namelist() if name.startswith(f"{PACKAGE}/")}
    differing = built ^ set(_sources(root))
    if differing:
        message = f"the files in the wheel differ from those committed in src/{PACKAGE}: {', '.join(sorted(differing))}"
        raise ReleaseError(message)
    return files


def _sources(root: Path) -> Iterator[str]:
    for line in _run(root, "git", "ls-files", f"src/{PACKAGE}").splitlines():
        yield line.removeprefix("src/")


def _try(root: Path, wheel: Path, extra: str) -> None:
    """Install the wheel into an empty environment, and try an extra."""
    print(f"trying {f'the extra {extra}' if extra else 'the package without extras'}")
    with tempfile.TemporaryDirectory() as folder:
        environment, work = Path(folder, "environment"), Path(folder, "work")
        work.mkdir()
        venv.create(environment, with_pip=True)
        python = str(environment / "bin" / "python")
        _run(work, python, "-m", "pip", "install", "--quiet", f"{wheel}[{extra}]" if extra else str(wheel))
        _run(work, python, "-I", str(root / "tools" / "extras.py"), extra)


def _run(folder: Path, *command: str) -> str:
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        message = f"`{' '.join(command)}` failed with exit code {ran.returncode}:\n{ran.stdout}{ran.stderr}".rstrip()
        raise ReleaseError(message)
    return ran.stdout.rstrip()


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Make a release, and print the remaining steps.

    Args:
        arguments: The words of the command line; None stands for those of the process.
        root: The checkout.

    Returns:
        0 when it is made, 1 when it is not.
    """
    parser = argparse.ArgumentParser(description="Make a release of what is committed.", allow_abbrev=False)
    parser.add_argument("version", help="three numbers, as in pyproject.toml and CHANGELOG.md")
    parser.add_argument(
        "--extra", action="append", metavar="NAME", help='try only this extra; may be repeated, "" is the package alone'
    )
    options = parser.parse_args(arguments)
    try:
        files = release(root, options.version, extras=options.extra)
    except ReleaseError as error:
        print(f"no release: {error}", file=sys.stderr)
        return 1
    print("built, tried and tagged:", *(f"  {file.relative_to(root)}" for file in files), sep="\n")
    print(f"Now push the tag (git push origin v{options.version}), and publish these files.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

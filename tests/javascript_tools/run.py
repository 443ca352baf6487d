"""Runs ESLint, the type checker of TypeScript, or the report of the runner's coverage, in the folder of the project."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from customdb_contract._cli._templates import DATABASES, database_files

FOLDER: Final = Path(__file__).parent
ROOT: Final = FOLDER.parent.parent
sys.path.insert(0, str(FOLDER.parent))

from npm_modules import node  # noqa: E402 - see above

__all__ = ["main"]

RENDERED: Final = FOLDER / "rendered"
MEASURED: Final = FOLDER / "measured"
RUNNER: Final = "src/customdb_contract/bridges/node/runner"
LINTED: Final = ("src", "docs/_static", str(FOLDER))


def lint() -> int:
    """Check the style of all JavaScript of the package, and the scripts that `init --template` writes."""
    for name in DATABASES:
        for path, text in database_files(name).items():
            if path.suffix == ".js":
                (RENDERED / name / path.name).parent.mkdir(parents=True, exist_ok=True)
                (RENDERED / name / path.name).write_text(text, encoding="utf-8")
    try:
        return _run("eslint/bin/eslint.js", "--config", str(FOLDER / "eslint.config.mjs"), *LINTED)
    finally:
        shutil.rmtree(RENDERED)


def types() -> int:
    """Check the types of the runner."""
    return _run("typescript/bin/tsc", "--project", str(FOLDER))


def report() -> int:
    """Show which code of the runner the tests have not run, and fail if there is any."""
    bounds = [option for what in ("lines", "branches", "functions") for option in (f"--{what}", "100")]
    covered = ["--src", RUNNER, "--include", f"{RUNNER}/*.cjs", "--all"]
    shown = ["--check-coverage", *bounds, "--reporter", "text", "--skip-full"]
    return _run("c8/bin/c8.js", "report", "--temp-directory", str(MEASURED), *covered, *shown)


def erase() -> int:
    """Delete the measured data."""
    shutil.rmtree(MEASURED, ignore_errors=True)
    return 0


COMMANDS: Final[Mapping[str, Callable[[], int]]] = {"lint": lint, "types": types, "report": report, "erase": erase}


def _run(script: str, *arguments: str) -> int:
    command: Sequence[str] = [node(), str(FOLDER / "node_modules" / script), *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def main(arguments: Sequence[str]) -> int:
    """Run the named command, and return the exit code."""
    return COMMANDS[arguments[0]]()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Checks the bookshop's custom databases, in Python and JavaScript: the naive ones must fail, the correct ones pass."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from api import PORT, serving
from create_store import ensure_store

__all__ = ["main"]

BROKEN: Final = 1
CLEAN: Final = 0
FOLDER: Final = Path(__file__).parent

NEXT: Final = """
The naive custom databases break the contract, and the correct ones keep it, in Python as in JavaScript.
Try next: change a line of examples/bookshop/correct.py and check it again, or write a check of your own with

    customdb-contract init
"""


def check(configuration: str, expected: int) -> None:
    """Run one check, showing its command and its report.

    Args:
        configuration: The name of a configuration beside this file.
        expected: The exit code that the check must end with.

    Raises:
        SystemExit: When it ends with another one.
    """
    path = os.path.relpath(FOLDER / configuration)
    print(f"$ customdb-contract check --config {path}\n", flush=True)
    command = [sys.executable, "-m", "customdb_contract", "check", "--config", path]
    code = subprocess.run(command, check=False).returncode
    if code != expected:
        sys.exit(f"The check of {configuration} was expected to end with exit code {expected}, and ended with {code}.")
    print(f"\n(exit code {code})\n", flush=True)


def main() -> None:
    """Run the demonstration."""
    check("customdb-naive.toml", BROKEN)
    check("customdb.toml", CLEAN)
    try:
        with serving(ensure_store(), PORT) as address:
            print(f"The scripts of the tenant call the shop's interface, which runs at {address} now.\n", flush=True)
            check("customdb-tenant-naive.toml", BROKEN)
            check("customdb-tenant.toml", CLEAN)
    except OSError as error:
        sys.exit(
            f"The shop's interface cannot run on port {PORT} ({error.strerror}): end what runs there, and try again."
        )
    print(NEXT)


if __name__ == "__main__":
    main()

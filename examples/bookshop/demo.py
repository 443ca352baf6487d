"""Checks the bookshop's custom databases, in Python and JavaScript: the naive ones must fail, the correct ones pass.

At the end it plays how a customer is migrated, and loses metadata.
"""

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
Yet a migration that is interrupted loses metadata, for no script runs for a migrated customer any more: see
`customdb-contract simulate`, which plays such lives over any custom database.

Try next: change a line of examples/bookshop/correct.py and check it again, or write a check of your own with

    customdb-contract init
"""


def run(command: str, configuration: str, *options: str, expected: int) -> None:
    """Run one command over a configuration, showing it and what it prints.

    Args:
        command: The command, for example `check`.
        configuration: The name of a configuration beside this file.
        options: Further options.
        expected: The exit code that the command must end with.

    Raises:
        SystemExit: When it ends with another one.
    """
    arguments = [command, "--config", os.path.relpath(FOLDER / configuration), *options]
    print(f"$ customdb-contract {' '.join(arguments)}\n", flush=True)
    code = subprocess.run([sys.executable, "-m", "customdb_contract", *arguments], check=False).returncode
    if code != expected:
        sys.exit(f"{command} {configuration} was expected to end with exit code {expected}, and ended with {code}.")
    print(f"\n(exit code {code})\n", flush=True)


def main() -> None:
    """Run the demonstration."""
    run("check", "customdb-naive.toml", expected=BROKEN)
    run("check", "customdb.toml", expected=CLEAN)
    try:
        with serving(ensure_store(), PORT) as address:
            print(f"The scripts of the tenant call the shop's interface, which runs at {address} now.\n", flush=True)
            run("check", "customdb-tenant-naive.toml", expected=BROKEN)
            run("check", "customdb-tenant.toml", expected=CLEAN)
    except OSError as error:
        sys.exit(
            f"The shop's interface cannot run on port {PORT} ({error.strerror}): end what runs there, and try again."
        )
    print("Now a customer is migrated, and the migration is interrupted before the metadata.\n", flush=True)
    ada = ("--user", "Ada.Lovelace@Example.com")
    run("simulate", "customdb.toml", *ada, "--scenario", "interrupted-before-metadata", expected=CLEAN)
    print(NEXT)


if __name__ == "__main__":
    main()

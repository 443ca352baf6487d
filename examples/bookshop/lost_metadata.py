"""Shows how a customer loses metadata in a migration, and how two Actions restore them."""

import json
import os
import sys
import textwrap
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from actions import persist, persist_naively
from api import TOKEN, serving
from correct import database
from create_store import ensure_store
from customdb_contract import Connection, Report
from customdb_contract.bridges.python import PythonAction
from customdb_contract.config import load_config
from customdb_contract.contract import Found
from customdb_contract.findings import Group
from customdb_contract.secrets import Secret
from customdb_contract.tenant import InterruptionPoint, Tenant
from customdb_contract.transcript import as_data

__all__ = ["main"]

FOLDER: Final = Path(__file__).parent
ADA: Final = ("ada.lovelace@example.com", "weaving algebraic patterns")
KINDS: Final = ("app_metadata", "user_metadata")
WIDTH: Final = 110

LOSS: Final = """
Ada has been a patron of the bookshop for years. Now the shop moves its customers to Auth0. When Ada logs in for the
first time, Auth0 runs the shop's login script and copies the profile that it returns. But the copy is interrupted:
Auth0 stores Ada's name, and then loses the connection before it stores her metadata.
"""
NAIVE: Final = """
Ada can log in, and no log shows an error. But Auth0 has her profile now, so it never runs the script again: Ada has
permanently lost her membership. A support article of Auth0 recommends a post-login Action, which runs at every log-in
and fetches whatever is missing from the shop. A team in a hurry writes this one (`persist_naively` in actions.py).
Here is the same log-in, interrupted in the same place:
"""
FOUND: Final = """
Ada is a patron again, and no one has noticed yet that her settings are missing. But a check runs the Action for some 50
log-ins that you wouldn't try by hand: another user with the same e-mail, a shop that is down, an answer about the wrong
customer.
"""
CORRECT: Final = """
`action-ignores-connection` is the worst: anyone who signs up at another provider with Ada's e-mail becomes a patron.

customdb-contract ships with an Action that gets this right (`persist` in actions.py). It looks up each customer once,
by id, and sets only what is missing. `customdb-contract init --action` writes it in JavaScript, ready to deploy. Here
is the same log-in once more:
"""


def main() -> None:
    """Run the demonstration.

    Raises:
        SystemExit: If the naive Action passes its check, or the correct one fails.
    """
    with serving(ensure_store()) as address:
        _say(LOSS)
        _show("In the shop", _profile_in_the_shop())
        with _interrupted() as tenant:
            _show("In Auth0, after the first log-in", _profile_in(tenant))
            tenant.log_in(*ADA)
            _show("In Auth0, after the second", _profile_in(tenant))
        _say(NAIVE)
        with _interrupted(_deployed(persist_naively, address)) as tenant:
            _show("In Auth0", _profile_in(tenant))
        _say(FOUND)
        naive = _checked("customdb-action-naive.toml")
        _say(CORRECT)
        with _interrupted(_deployed(persist, f"{address}/profiles")) as tenant:
            _show("In Auth0", _profile_in(tenant))
        correct = _checked("customdb-action.toml")
    if naive.ok or not correct.ok:
        sys.exit("The naive Action was expected to fail its check, and the correct one to pass.")


def _deployed(action: object, address: str) -> PythonAction:
    return PythonAction(action, secrets={"LEGACY_API_URL": address, "LEGACY_API_SECRET": Secret(TOKEN)})


@contextmanager
def _interrupted(*actions: object) -> Generator[Tenant]:
    """Simulate a tenant with Actions, after one log-in of Ada with an interrupted migration."""
    with Tenant(database, connection=Connection(name="bookshop", import_mode=True), actions=actions) as tenant:
        tenant.log_in(*ADA, interrupt=InterruptionPoint.BEFORE_METADATA)
        yield tenant


def _profile_in_the_shop() -> Mapping[str, Any]:
    with database() as shop:
        result = shop.get_user(ADA[0])
    return result.profile if isinstance(result, Found) else {}


def _profile_in(tenant: Tenant) -> Mapping[str, Any]:
    (user,) = tenant.users.values()
    return {"app_metadata": as_data(user.app_metadata), "user_metadata": as_data(user.user_metadata)}


def _checked(name: str) -> Report:
    """Check the Action in a configuration, and print a summary of its report."""
    print(f"    $ customdb-contract check --config {os.path.relpath(FOLDER / name)}     # shortened\n")
    report = load_config(FOLDER / name).check()
    _list(report)
    return report


def _list(report: Report) -> None:
    """Print the first finding of each rule, errors first."""
    verdicts = [verdict for verdict in report.verdicts if verdict.rule.group is Group.ACTION]
    broken = [(verdict.rule.name, verdict.findings[0]) for verdict in verdicts if verdict.findings]
    for name, finding in sorted(broken, key=lambda each: str(each[1].severity)):
        _print(f"{finding.severity:<9}{name}: {finding.told}")
    print(f"    {len(verdicts) - len(broken)} of {len(verdicts)} rules pass\n", flush=True)


def _show(where: str, profile: Mapping[str, Any]) -> None:
    print(f"    {where}:")
    for kind in KINDS:
        print(f"        {kind:<14} {json.dumps(profile[kind])}")
    print(flush=True)


def _say(text: str) -> None:
    for paragraph in text.strip().split("\n\n"):
        print(textwrap.fill(" ".join(paragraph.split()), WIDTH, break_on_hyphens=False) + "\n", flush=True)


def _print(text: str) -> None:
    print(textwrap.fill(text, WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 13, break_on_hyphens=False))


if __name__ == "__main__":
    main()

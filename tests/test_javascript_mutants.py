"""Mutants in JavaScript: each has one flaw, and its `expect:` line names exactly the rules that must fire.

A line `// outage: on` opens an outage, and `// hostile: on` tries hostile arguments, for a flaw that only these show.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from customdb_contract import Connection, Report, check
from customdb_contract.bridges.node import NodeDatabase
from customdb_contract.findings import Status
from customdb_contract.rules import CATALOGUE
from customdb_contract.secrets import Secret
from legacy_api import TOKEN, USERS, serving

pytestmark = pytest.mark.one_python

SCRIPTS: Final = Path(__file__).parent / "javascript"
MUTANTS: Final = sorted((SCRIPTS / "mutants").iterdir())
UNUSUAL: Final = sorted((SCRIPTS / "unusual").iterdir())
DOUBLES: Final = {path.stem: path for path in (SCRIPTS / "doubles").iterdir()}
ONLY_JAVASCRIPT: Final = frozenset(
    {
        "anonymous-function",
        "callback-inside-try",
        "configuration-written",
        "connection-leak",
        "context-without-organization",
        "delete-reads-empty-context",
        "direct-database-access",
        "hardcoded-secret",
        "no-timeout-on-external-call",
        "not-a-single-function",
        "plaintext-transport",
        "script-too-large",
        "timing-unsafe-compare",
        "tls-not-verified",
        "unavailable-module",
        "uncaught-async-exception",
        "undefined-attribute",
        "unhandled-error-event",
        "unhandled-rejection",
        "user-data-in-global",
        "weak-password-hash",
        "work-after-callback",
    }
)
ENDLESS: Final = frozenset({"callback-not-called", "slow-on-long-input"})
"""The rules about scripts that do not end."""


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    with serving() as address:
        yield address


def said(folder: Path, what: str) -> list[str]:
    """Return the words after `// expect:` or another such keyword in the scripts of a folder."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.js"))]
    found = {line for text in texts for line in re.findall(rf"^// {what}: (.+)$", text, flags=re.MULTILINE)}
    return [word for line in found for word in re.split(r",? ", line)]


def checked(
    folder: Path, api: str, made: Path, *, import_mode: bool = False, outage: bool = True, hostile: bool = True
) -> Report:
    """Check the correct scripts, some of them replaced by those of a folder."""
    shutil.copytree(SCRIPTS / "correct", made)
    shutil.copytree(folder, made, dirs_exist_ok=True)
    settings = {name: value == "on" for name, _, value in (word.partition("=") for word in said(folder, "connection"))}

    def at(address: str) -> NodeDatabase:
        return NodeDatabase(
            made,
            configuration={"API_URL": address, "API_TOKEN": Secret(TOKEN)},
            doubles=DOUBLES,
            keywords={"PADDING": "x" * 100_000},
        )

    return check(
        at(api),
        USERS,
        connection=Connection(
            import_mode=settings.get("import_mode", import_mode), script_context=settings.get("script_context", False)
        ),
        outage=at("{fault_url}") if outage else None,
        # A busy machine is slow: the timeout is short only if a script never ends, but longer than `correct` waits.
        timeout=6.0 if ENDLESS.intersection(said(folder, "expect")) else 20.0,
        hostile=hostile,
        wrong_passwords=20,
    )


@pytest.mark.parametrize("import_mode", [False, True], ids=["legacy", "import"])
def test_nothing_is_found_in_correct_scripts(api: str, tmp_path: Path, import_mode: bool) -> None:
    report = checked(SCRIPTS / "correct", api, tmp_path / "shop", import_mode=import_mode)

    assert report.ok, report
    # Without an Action, nothing repairs what an interrupted migration loses.
    found = ["no-metadata-repair"] if import_mode else []
    assert [verdict.rule.name for verdict in report.verdicts if verdict.findings] == found
    assert report.count[Status.PASSED] > 80


@pytest.mark.untraced
@pytest.mark.parametrize("unusual", UNUSUAL, ids=lambda path: path.name)
def test_an_unusual_implementation_breaks_no_rule(unusual: Path, api: str, tmp_path: Path) -> None:
    report = checked(unusual, api, tmp_path / "shop")

    assert report.ok, report
    assert not [verdict.rule.name for verdict in report.verdicts if verdict.findings], report


@pytest.mark.untraced
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda path: path.name)
def test_exactly_the_expected_rules_fire(mutant: Path, api: str, tmp_path: Path) -> None:
    needed = {what: "on" in said(mutant, what) for what in ("outage", "hostile")}
    report = checked(mutant, api, tmp_path / "shop", **needed)

    fired = sorted(verdict.rule.name for verdict in report.verdicts if verdict.findings)
    assert fired == sorted(said(mutant, "expect")), report
    assert report.complete, report


def test_every_rule_that_is_about_javascript_has_a_mutant() -> None:
    expected = {rule for mutant in MUTANTS for rule in said(mutant, "expect")}

    assert expected >= ONLY_JAVASCRIPT
    assert expected <= {rule.info.name for rule in CATALOGUE}
    assert len(MUTANTS) >= 60

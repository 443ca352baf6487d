"""The bookshop's story of lost metadata, and its demonstration."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import customer_export
import demo
import lost_metadata

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]

LOST = "app_metadata   {}\n        user_metadata  {}"
FOUND = {
    "error": {
        "action-ignores-connection",
        "action-ignores-linked-identity",
        "action-needs-optional-fields",
        "action-stores-invalid-metadata",
        "action-trusts-any-answer",
    },
    "warning": {
        "action-forgets-empty-answer",
        "action-identifier-in-url",
        "action-looks-up-by-email",
        "action-takes-falsy-for-missing",
    },
}


def test_the_story_shows_the_loss_and_both_repairs(capfd: pytest.CaptureFixture[str]) -> None:
    lost_metadata.main()

    text = capfd.readouterr().out
    scenes = text.split("In Auth0")
    assert [scene.count(LOST) for scene in scenes] == [0, 1, 1, 0, 0]
    assert 'app_metadata   {"membership": "patron"}\n        user_metadata  {}' in scenes[3]
    assert '"account_closed": false' in scenes[4]
    assert '{"language": "en", "newsletter": true}' in scenes[4]
    for severity, rules in FOUND.items():
        lines = [line.split() for line in scenes[3].splitlines() if line.startswith(f"    {severity}")]
        assert {rule.rstrip(":") for _, rule, *_ in lines} == rules
    assert "22 of 22 rules pass" in scenes[4]
    assert max(map(len, text.splitlines())) <= lost_metadata.WIDTH


def test_the_demonstration_fails_if_the_correct_action_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(lost_metadata.FOLDER / "actions.py", tmp_path)
    naive = lost_metadata.FOLDER / "customdb-action-naive.toml"
    for name in (naive.name, "customdb-action.toml"):
        shutil.copy(naive, tmp_path / name)
    monkeypatch.setattr(lost_metadata, "FOLDER", tmp_path)

    with pytest.raises(SystemExit, match="The naive Action was expected to fail its check, and the correct one to"):
        lost_metadata.main()


def test_the_demonstration_runs_without_node_and_ibis(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checked: list[str] = []

    def check(arguments: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        checked.append(arguments[-1])
        return subprocess.CompletedProcess(arguments, "naive" in arguments[-1])

    monkeypatch.setattr(subprocess, "run", check)
    monkeypatch.setattr(lost_metadata, "main", lambda: checked.append("lost_metadata"))
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    demo.main()

    assert [name.rpartition("/")[2] for name in checked] == ["customdb-naive.toml", "customdb.toml", "lost_metadata"]
    printed = capsys.readouterr().out
    assert "because Node is not installed" in printed
    assert "Skipping the audit of all customers, which needs Ibis" in printed


def test_the_demonstration_audits_all_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ran: list[list[str]] = []

    def run(arguments: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        ran.append(arguments[3:])
        return subprocess.CompletedProcess(arguments, 1)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(customer_export, "ensure_export", lambda: tmp_path)
    demo.audit_everybody()

    ((command, _, configuration, option, rules),) = ran
    assert (command, option) == ("audit", "--select")
    assert configuration.endswith("customdb-audit.toml")
    assert {"shared-user-id", "shared-email"} < set(rules.split(","))


def test_the_demonstration_stops_if_a_check_ends_unexpectedly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([sys.executable], 3))

    with pytest.raises(SystemExit, match="expected exit code 1, got 3"):
        demo.main()

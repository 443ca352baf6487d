"""The command `audit`: the arguments of the audit, the output, and wrong usage."""

import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

import customdb_contract.audit
from audit_reports import AUDITED
from customdb_contract._cli import main
from customdb_contract.audit import AuditInterrupted, AuditProgress, AuditReport, Columns
from customdb_contract.audit.printing import AUDIT_FORMATS, render_audit, render_audit_briefly
from customdb_contract.findings.text import Style
from html_pages import Page

pytestmark = pytest.mark.one_python

CONFIG = """\
[connection]
import_mode = true
requires_username = true

[audit]
source = "postgresql://reader@db/shop"
query = "select * from users"
user_id = "id"
email = "mail"
"""

Given = dict[str, Any]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "customdb.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def answers(
    monkeypatch: pytest.MonkeyPatch, report: AuditReport, during: Callable[[Given], object] = lambda _: None
) -> list[Given]:
    """Replace the audit by one with this report, and return the list of its future arguments."""
    calls: list[Given] = []

    def audit(table: object, columns: Columns, **given: Any) -> AuditReport:
        calls.append({"table": table, "columns": columns, **given})
        during(given)
        return report

    monkeypatch.setattr(customdb_contract.audit, "audit", audit)
    return calls


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    try:
        code = main(arguments)
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(("name", "code"), [("right", 0), ("warned", 0), ("broken", 1), ("empty", 2), ("unmapped", 2)])
def test_the_report_is_printed_and_decides_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, code: int
) -> None:
    answers(monkeypatch, AUDITED[name])

    assert run(capsys, "audit") == (code, render_audit(AUDITED[name]), "")
    assert run(capsys, "audit", "-q") == (code, render_audit_briefly(AUDITED[name]), "")
    assert run(capsys, "audit", "-v") == (code, render_audit(AUDITED[name], Style(verbose=True)), "")
    assert run(capsys, "audit", "--format", "json") == (code, AUDIT_FORMATS["json"](AUDITED[name]), "")


def test_the_audit_gets_the_values_of_the_configuration(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = answers(monkeypatch, AUDITED["right"])

    run(capsys, "audit")

    [given] = calls
    assert callable(given.pop("on_progress"))
    assert given == {
        "table": "postgresql://reader@db/shop",
        "columns": Columns(user_id="id", email="mail"),
        "query": "select * from users",
        "import_mode": True,
        "requires_username": True,
        "select": [],
        "ignore": [],
        "fail_on": "error",
        "findings": None,
        "sample": None,
        "show_values": False,
        "state": None,
        "memory": "3GB",
    }


def test_progress_is_printed_separately_from_the_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(monkeypatch, AUDITED["right"], lambda _: print("a profile was made"))

    assert run(capsys, "audit") == (0, render_audit(AUDITED["right"]), "a profile was made\n")


def test_the_options_are_passed_to_the_audit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    calls = answers(monkeypatch, AUDITED["right"])
    (folder / "other.toml").write_text('[audit]\nuser_id = "uid"\n', encoding="utf-8")

    options = (
        "audit users.csv --config other.toml --select shared-email,profile --ignore mutable-user-id "
        "--fail-on warning --findings all.csv --sample 10 --show-values --state kept --memory 8GB"
    )
    code, _, err = run(capsys, *options.split())

    assert (code, err) == (0, "")
    [given] = calls
    del given["on_progress"]
    assert given == {
        "table": "users.csv",
        "columns": Columns(user_id="uid"),
        "query": None,
        "import_mode": False,
        "requires_username": False,
        "select": ["shared-email", "profile"],
        "ignore": ["mutable-user-id"],
        "fail_on": "warning",
        "findings": Path("all.csv"),
        "sample": 10,
        "show_values": True,
        "state": Path("kept"),
        "memory": "8GB",
    }


def test_reports_are_written_into_files(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    report = AUDITED["broken"]
    answers(monkeypatch, report)

    code, out, err = run(
        capsys,
        *("audit", "--output", "out.txt", "--report", "json:a.json", "--report", "html:a.html"),
        *("--report", "text:a.txt", "--verbose"),
    )

    assert (code, out, err) == (1, "", "")
    assert (folder / "out.txt").read_text(encoding="utf-8") == render_audit(report, Style(verbose=True))
    assert (folder / "a.txt").read_text(encoding="utf-8") == render_audit(report, Style(verbose=True))
    assert json.loads((folder / "a.json").read_text(encoding="utf-8"))["users"] == 20_000
    assert Page((folder / "a.html").read_text(encoding="utf-8")).of_class("verdict")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output", "no/out.txt"], "no/out.txt cannot be written: there is no such folder"),
        (["--findings", "no/all.csv"], "no/all.csv cannot be written: there is no such folder"),
        (["--report", "json:."], ". cannot be written: it is a folder"),
    ],
)
def test_an_unwritable_output_is_an_error_before_the_audit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    calls = answers(monkeypatch, AUDITED["right"])

    assert run(capsys, "audit", *arguments) == (2, "", f"customdb-contract: {message}\n")
    assert calls == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "sarif"], "argument --format: invalid choice: 'sarif' (choose from text, json, html)"),
        (
            ["--report", "junit:a.xml"],
            "argument --report: expected FORMAT:FILE, where FORMAT is one of text, json, html; got 'junit:a.xml'",
        ),
        (["--sample", "few"], "argument --sample: invalid int value: 'few'"),
        (["--script", "login"], "unrecognized arguments: --script"),
    ],
)
def test_wrong_options_are_wrong_usage(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    code, out, err = run(capsys, "audit", *arguments)

    assert (code, out) == (2, "")
    # Up to Python 3.11, argparse shows choices as Python literals.
    assert message in err.replace("choose from 'text', 'json', 'html'", "choose from text, json, html")


def test_without_a_configuration_the_error_names_init(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "customdb.toml").unlink()

    assert run(capsys, "audit", "users.csv") == (
        2,
        "",
        (
            "customdb-contract: no customdb.toml found here, whose table [audit] maps the columns of your users: "
            "`customdb-contract init --audit SOURCE` proposes one\n"
        ),
    )


@pytest.mark.parametrize(
    ("report", "out", "err"),
    [
        (AUDITED["interrupted"], render_audit(AUDITED["interrupted"]), ""),
        (None, "", "customdb-contract: the audit was interrupted\n"),
    ],
)
def test_an_interrupted_audit_reports_what_it_found_until_then(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    report: AuditReport | None,
    out: str,
    err: str,
) -> None:
    def interrupt(_: Given) -> None:
        raise AuditInterrupted(report)

    answers(monkeypatch, AUDITED["right"], interrupt)

    assert run(capsys, "audit") == (130, out, err)


class Terminal(io.StringIO):
    """Standard error that is a terminal."""

    @override
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("is_terminal", [True, False])
def test_progress_on_a_terminal_is_refreshed_a_few_times_a_second(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    def go_on(given: Given) -> None:
        for seconds, rows in ((1.0, 0), (1.0, 0), (0.5, 1_000), (57.5, 12_000)):
            clock[0] += seconds
            state = AuditProgress(doing="profiles", users=20_000, rows=rows, findings=3)
            given["on_progress"](state)
            clock[0] += 0.0625
            given["on_progress"](state)

    answers(monkeypatch, AUDITED["right"], go_on)
    stream = Terminal() if is_terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)

    assert main(["audit"]) == 0

    lines = [line.strip() for line in stream.getvalue().split("\r") if line.strip()]
    assert lines == (
        [
            "20,000 users; 3 findings; profiles",
            "20,000 users; 1,000 rows read, 381 per second; 3 findings; profiles",
            "20,000 users; 12,000 rows read, 199 per second; 3 findings; profiles",
        ]
        if is_terminal
        else []
    )

"""Printed output matches the approved texts: reports in each format, the rules, and rehearsals."""

import json
import re
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pytest
from attrs import evolve

from audit_reports import AUDITED
from customdb_contract import Finding, Report, Severity, Transcript, Verdict, judge
from customdb_contract._cli import main
from customdb_contract.audit.printing import AUDIT_FORMATS, render_audit, render_audit_briefly
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Need, RuleInfo, Status
from customdb_contract.findings.text import Style, render, render_briefly
from customdb_contract.reports import FORMATS, TENANT_FORMATS
from customdb_contract.reports.catalogue import explain, list_rules
from customdb_contract.rules import find_rule
from decided import compare

pytestmark = pytest.mark.one_python

TOLD = {
    "broken": """\
connection name="a shop" import_mode=on
script login location="shop/legacy.py:12"
script get_user
stopped time "60 s were up"
left new@example.com
person ada email=ada@example.com username=ada
get_user ada@example.com -> found {"user_id": 7, "email": "ada@example.com", "email_verified": 1, "a.b": {}}
login ada@example.com «password of ada» -> found {"user_id": "8", "email": "ada@example.com", "email_verified": 1}
get_user ada@example.com -> not-found   [known-user, unstable-store]
get_user ada@example.com -> not-found   [outage: 500, outage-not-met]
login nobody@example.com x -> not-found   [unknown-user]
""",
    "action": """\
action persist
person ada email=ada@example.com new=on
run persist of ada in first-log-in legacy sound {} -> done; noticed missing-secret "API_KEY"
run persist of ada in first-log-in legacy sound {} -> raised Error "no"
""",
    "right": 'person ada email=ada@example.com\nget_user ada@example.com -> found {"user_id": "7"}\n',
    "crowd": "".join(
        [f"person p{number} email=p{number}@example.com\n" for number in range(22)]
        + [f'get_user p{number}@example.com -> found {{"user_id": "auth0|{number}"}}\n' for number in range(22)]
    ),
}


def report_on(name: str) -> Report:
    """Return a report on a transcript with a few verdicts of each kind, so that a new rule changes nothing."""
    report = judge(Transcript.parse(TOLD[name]))
    by_status = {status: [one for one in report.verdicts if one.status is status] for status in Status}
    verdicts = [one for status in Status for one in by_status[status][: 4 if status is Status.FAILED else 1]]
    return evolve(report, verdicts=(*verdicts, *(_others() if name == "broken" else ())))


def _others() -> Sequence[Verdict]:
    """Return verdicts that no transcript leads to."""
    finding = Finding("a breach\x1b", Severity.WARNING, None, (2, 1), "a.py:7:3", path="a", expected="1", got="2")
    of_delete = Finding("a breach", Severity.INFO, Script.DELETE, ())
    return (
        Verdict(rule=_info("crashing"), status=Status.CRASHED, reason="KeyError: 'x'"),
        Verdict(rule=_info("waived-one"), status=Status.WAIVED, reason="until May", findings=(finding,), held=3),
        Verdict(rule=_info("newer", preview=True), status=Status.FAILED, findings=(finding, *[of_delete] * 3)),
        Verdict(rule=_info("needy"), status=Status.NOT_APPLICABLE, reason="x", missing=(Need.OUTAGE, Need.PASSWORD)),
    )


def _info(name: str, *, preview: bool = False) -> RuleInfo:
    return evolve(find_rule("callback-called-twice").info, name=name, preview=preview)


def _lines(text: str) -> Sequence[str]:
    """Return the lines of an output; of SARIF without the rules, which are in the catalogue, of HTML the elements."""
    if text.startswith("<!doctype html>"):
        elements = re.sub(r"(?s)(<style>|<script>).*?(?=</)|sha256-[\w+/=]+", r"\1", text)
        text = re.sub(
            r"(?=<(?:body|details|dl|h[1-6]|input|li|meta|ol|p|pre|section|select|table|tr)\b)", "\n", elements
        )
    if '"runs"' in text:
        document = json.loads(text)
        for run in document["runs"]:
            run["tool"]["driver"] = sorted(run["tool"]["driver"])
        text = json.dumps(document, indent=1, ensure_ascii=False)
    shown = re.sub(r'(?<="duration_seconds": )[\d.e-]+', "…", text.replace("\x1b", "ESC"))
    return shown.replace(version("customdb-contract"), "VERSION").splitlines()


@pytest.mark.parametrize(
    ("name", "given"),
    [*((name, "broken") for name in FORMATS), ("text", "action"), ("sarif", "action"), ("text", "crowd")],
)
def test_reports(request: pytest.FixtureRequest, name: str, given: str) -> None:
    compare(request.node, _lines(FORMATS[name](report_on(given))))


STYLES: Final = {
    "colours": Style(color=True),
    "verbose": Style(verbose=True),
    "narrow": Style(width=60, advise=False),
}


@pytest.mark.parametrize("style", STYLES)
def test_styles_of_text(request: pytest.FixtureRequest, style: str) -> None:
    compare(request.node, _lines(render(report_on("broken"), STYLES[style])))


def test_brief_reports(request: pytest.FixtureRequest) -> None:
    compare(request.node, [line for given in TOLD for line in _lines(render_briefly(report_on(given)))])


@pytest.mark.parametrize("name", ["text", "junit", "github", "html"])
def test_reports_on_a_tenant(request: pytest.FixtureRequest, name: str) -> None:
    reports = [evolve(report_on(given), require=(Group.MIGRATION,)) for given in ("action", "right")]

    compare(request.node, _lines(TENANT_FORMATS[name](reports)))


@pytest.mark.parametrize(
    ("name", "audited"),
    [
        *(("text", audited) for audited in AUDITED),
        ("json", "broken"),
        ("html", "broken"),
        ("html", "empty"),
        ("html", "without rules"),
    ],
)
def test_reports_of_audits(request: pytest.FixtureRequest, name: str, audited: str) -> None:
    compare(request.node, _lines(AUDIT_FORMATS[name](AUDITED[audited])))


@pytest.mark.parametrize("style", STYLES)
def test_styles_of_audits(request: pytest.FixtureRequest, style: str) -> None:
    compare(request.node, _lines(render_audit(AUDITED["broken"], STYLES[style])))


def test_brief_reports_of_audits(request: pytest.FixtureRequest) -> None:
    compare(request.node, [line for report in AUDITED.values() for line in _lines(render_audit_briefly(report))])


def test_rules(request: pytest.FixtureRequest) -> None:
    infos = [
        find_rule(name).info for name in ("callback-called-twice", "missing-user-id", "action-stores-invalid-metadata")
    ]

    compare(request.node, [*list_rules(infos).splitlines(), *explain(infos[0]).splitlines()])


@pytest.mark.parametrize(
    "options",
    [
        "--import-mode on",
        "--import-mode off",
        "--interrupt before-metadata --scenario first-log-in --scenario sign-up --format mermaid",
        "--scenario two-connections --format json",
        "--scenario two-connections --format mermaid",
        "--list",
        "--list --format json --scenario first-log-in --scenario outage-during-reset",
    ],
)
def test_rehearsals(
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: str,
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["simulate", *options.split()]) == 0
    compare(request.node, _lines(capsys.readouterr().out))

"""Reports: every format has the same content, hides secrets, and survives the output of scripts."""

import importlib.resources
import json
from urllib.parse import quote
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from attrs import evolve

from broken_reports import broken_report
from customdb_contract import Connection, Failed, Found, KnownUser, NotFound, ProfileResult, Report, ScriptError, check
from customdb_contract.contract import Script
from customdb_contract.findings import Finding, Group, RuleInfo, Severity, Status, Verdict
from customdb_contract.reports import FORMATS
from customdb_contract.reports.as_json import to_document
from customdb_contract.reports.catalogue import explain, list_rules, rules_as_json
from customdb_contract.rules import CATALOGUE, judge
from customdb_contract.transcript import Header, ScriptInfo, StopKind, StopReason, Transcript

SCHEMA = json.loads(importlib.resources.files("customdb_contract.reports").joinpath("report.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


@pytest.fixture
def broken() -> Report:
    return broken_report()


def _info(name: str, *, preview: bool = False) -> RuleInfo:
    return evolve(CATALOGUE[0].info, name=name, preview=preview)


# JSON


def test_json_follows_the_schema_and_has_the_exit_code(broken: Report) -> None:
    document = json.loads(FORMATS["json"](broken))

    VALIDATOR.validate(document)
    assert document["exit_code"] == 1
    assert document["summary"]["ok"] is False
    assert document["people"][0] == {"label": "ada", "email": "ada@example.com", "username": None}
    verdict = next(item for item in document["verdicts"] if item["rule"] == "mismatched-user-id")
    assert verdict["findings"][0]["evidence"] == [1, 2]
    assert verdict["docs"] == "reference/rules/mismatched-user-id.html"
    assert document["exchanges"][0]["arguments"] == {"identifier": "ada@example.com"}


def test_json_has_the_reason_for_an_early_end() -> None:
    report = judge(Transcript(Header(stop_reason=StopReason(StopKind.SET_UP, "down"))))

    document = to_document(report)

    VALIDATOR.validate(document)
    assert document["complete"] is False
    assert document["stop_reason"] == {"kind": "set-up", "message": "down"}
    assert document["exit_code"] == 3


# JUnit


def test_junit_has_a_case_per_rule(broken: Report) -> None:
    suite = ET.fromstring(FORMATS["junit"](broken))

    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert len(cases) == len(broken.verdicts) == int(suite.get("tests", ""))
    failure = cases["mismatched-user-id"].find("failure")
    assert failure is not None
    assert failure.get("type") == "error"
    assert "return the same one" in str(failure.get("message"))
    assert "login ada@example.com" in str(failure.text)
    assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
    assert cases["retired-connection"].find("skipped") is not None


@pytest.mark.parametrize(
    ("status", "reason", "tag", "message"),
    [
        (Status.PASSED, None, None, None),
        (Status.CRASHED, "KeyError: 'x'", "error", "KeyError: 'x'"),
        (Status.WAIVED, "until May", "skipped", "waived: until May"),
        (Status.NOT_APPLICABLE, "needs a password", "skipped", "not-applicable: needs a password"),
        (Status.DESELECTED, None, "skipped", "deselected"),
    ],
)
def test_junit_shows_the_verdict_of_a_rule(
    status: Status, reason: str | None, tag: str | None, message: str | None
) -> None:
    verdict = Verdict(rule=_info("a-rule"), status=status, reason=reason)

    suite = ET.fromstring(FORMATS["junit"](Report(transcript=Transcript(), verdicts=(verdict,))))

    [case] = suite.iter("testcase")
    assert [(child.tag, child.get("message")) for child in case] == ([] if tag is None else [(tag, message)])


def test_junit_shows_warnings_without_failing_and_errors_of_the_check() -> None:
    finding = Finding("odd", Severity.WARNING, None, ())
    verdicts = (
        Verdict(rule=_info("warned"), status=Status.FAILED, findings=(finding,)),
        Verdict(rule=_info("crashing"), status=Status.CRASHED, reason="KeyError"),
        Verdict(rule=_info("left-out"), status=Status.DESELECTED),
        Verdict(rule=_info("fine"), status=Status.PASSED),
    )
    header = Header(stop_reason=StopReason(StopKind.TIME, "60 s were up"))
    report = Report(transcript=Transcript(header), verdicts=verdicts, require=(Group.SECURITY,))

    suite = ET.fromstring(FORMATS["junit"](report))

    assert suite.get("failures") == "0"
    assert suite.get("errors") == "3"
    assert suite.find("testcase[@name='warned']/system-out") is not None
    assert suite.find("testcase[@name='complete check']/error") is not None
    assert suite.find("testcase[@name='required group security']/error") is not None


# GitHub


def test_github_annotates_the_script(broken: Report) -> None:
    lines = FORMATS["github"](broken).splitlines()

    assert any(
        line.startswith("::error title=email-verified-not-boolean,file=shop/legacy.py,line=12::login returned")
        for line in lines
    )
    assert lines[-1].startswith("::notice title=customdb-contract::not ok: ")


def test_github_shows_ten_of_a_kind_and_counts_the_others() -> None:
    findings = tuple(Finding(f"breach {number}", Severity.ERROR, None, ()) for number in range(13))
    warnings = tuple(Finding(f"risk {number}", Severity.WARNING, None, ()) for number in range(13))
    notes = tuple(Finding(f"note {number}", Severity.INFO, None, ()) for number in range(13))
    verdicts = (
        Verdict(rule=_info("a-rule"), status=Status.FAILED, findings=(*notes, *findings, *warnings)),
        Verdict(rule=_info("crashing"), status=Status.CRASHED, reason="100%"),
    )
    header = Header(stop_reason=StopReason(StopKind.TIME, "over"))

    text = FORMATS["github"](Report(transcript=Transcript(header), verdicts=verdicts, require=(Group.OUTCOME,)))

    assert text.count("::error title=a-rule::breach ") == 7
    assert "::notice title=customdb-contract::+6 more findings of severity error\n" in text
    assert text.count("::warning title=a-rule::risk ") == 10
    assert "::notice title=customdb-contract::+3 more findings of severity warning\n" in text
    assert text.count("::notice title=a-rule::note ") == 6
    assert "::notice title=customdb-contract::+7 more findings of severity info\n" in text
    assert "::error title=customdb-contract::The check ended early: over\n" in text
    assert "::error title=customdb-contract::no rule of the required group outcome could be judged\n" in text
    assert "::error title=crashing::the rule crashed: 100%25\n" in text
    assert all(text.count(f"::{command} ") == 10 for command in ("error", "warning", "notice"))


def test_github_counts_annotations_of_the_whole_report_too() -> None:
    crashed = tuple(
        Verdict(rule=_info(f"crashing-{number}"), status=Status.CRASHED, reason="x") for number in range(12)
    )
    failed = Verdict(rule=_info("a-rule"), status=Status.FAILED, findings=(Finding("x", Severity.ERROR, None, ()),))

    text = FORMATS["github"](Report(transcript=Transcript(), verdicts=(*crashed, failed)))

    assert "a-rule" not in text
    assert "+1 more findings of severity error" in text


def test_github_escapes_separators_of_annotation_properties() -> None:
    header = Header(scripts={Script.LOGIN: ScriptInfo(location="50%,a:b.py:12")})
    verdict = Verdict(
        rule=_info("a-rule"), status=Status.FAILED, findings=(Finding("50%", Severity.ERROR, Script.LOGIN, ()),)
    )

    text = FORMATS["github"](Report(transcript=Transcript(header), verdicts=(verdict,)))

    assert text.startswith("::error title=a-rule,file=50%25%2Ca%3Ab.py,line=12::50%25\n")


# Secrets


PASSWORD = "tr0ub4dor & Zoë/7"


class Leaking:
    """Leaks the password in every way."""

    def login(self, identifier: str, password: str) -> ProfileResult:
        print(f"login {identifier} with {password}, {quote(password)}, {json.dumps(password)}")
        if identifier == "ada@example.com" and password == PASSWORD:
            return Found(
                {"user_id": "7", "email": identifier, "echo": [password, {password: quote(password, safe="")}]}
            )
        return Failed(ScriptError(f"not {PASSWORD}"))

    def get_user(self, identifier: str) -> ProfileResult:
        if identifier.startswith("nobody"):
            raise ValueError(PASSWORD.encode())
        return NotFound() if identifier != "ada@example.com" else Found({"user_id": "7", "email": identifier})


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_shows_a_password(name: str) -> None:
    report = check(
        Leaking(), [KnownUser(email="ada@example.com", password=PASSWORD)], connection=Connection(import_mode=True)
    )

    shown = [FORMATS[name](report), str(report), repr(report), str(report.transcript), json.dumps(to_document(report))]

    forms = {
        PASSWORD,
        quote(PASSWORD),
        quote(PASSWORD, safe=""),
        json.dumps(PASSWORD)[1:-1],
        repr(PASSWORD.encode())[2:-1],
    }
    assert report.verdict("log-leaks-secret").status is Status.FAILED
    assert not [form for form in forms for text in shown if form in text]


# The catalogue


def test_the_catalogue_is_listed_by_group() -> None:
    text = list_rules([item.info for item in CATALOGUE])

    assert text.startswith("callback\n  callback-called-twice")
    assert text.endswith(f"{len(CATALOGUE)} rules; `customdb-contract rules NAME` explains one")


def test_a_rule_is_explained_with_its_facts_and_its_page() -> None:
    text = explain(next(item.info for item in CATALOGUE if item.info.name == "mismatched-user-id"))

    assert text.startswith(
        "mismatched-user-id\n==================\n\ngroup profile, severity error at most\nsince 0.1.0\n"
    )
    assert "\nneeds: a get_user script; a password\n" in text
    assert "\ngives way to: " in text
    assert "unstable-user-id" in text
    assert "## Why this matters" in text


def test_a_new_rule_is_explained_as_a_preview() -> None:
    text = explain(evolve(_info("newer"), since="0.2.0", preview=True))

    assert "\nsince 0.2.0, a preview: never fails a check\n" in text


def test_a_rule_without_a_docstring_explains_itself() -> None:
    info = evolve(_info("stripped"), docstring="", needs=(), yields_to=())

    assert explain(info).endswith("(run without -OO to read more)")


def test_the_catalogue_as_json_has_the_documented_keys() -> None:
    documents = json.loads(rules_as_json([item.info for item in CATALOGUE]))

    assert set(documents[0]) == {"name", "group", "severity", "scripts", "since", "preview", "source", "docs"}
    assert [document["since"] for document in documents] == [item.info.since for item in CATALOGUE]
    assert len(documents) == len(CATALOGUE)


# Findings in a source


def shown_by_source(place: str) -> Report:
    source = f'source login secret-literal password at "tenant/login.js:{place}"\n'
    text = f'{source}script login location="tenant/login.js:1"\nscripts login\n'
    return judge(Transcript.parse(text), select=["hardcoded-secret"])


def test_a_finding_in_a_source_has_its_place() -> None:
    report = shown_by_source("3:5")
    reported = "tenant/login.js:3:5: login has a credential in its source (password)"

    assert reported in str(report)
    assert reported in FORMATS["text"](report).replace("\n  ", " ")
    assert reported in FORMATS["junit"](report)
    assert reported in FORMATS["json"](report)
    assert "file=tenant/login.js,line=3::login has a credential" in FORMATS["github"](report)
    [result] = json.loads(FORMATS["sarif"](report))["runs"][0]["results"]
    assert result["message"]["text"].startswith("login has a credential")
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 3}


def test_the_fingerprint_of_such_a_finding_stays_when_lines_move() -> None:
    results = [
        json.loads(FORMATS["sarif"](shown_by_source(place)))["runs"][0]["results"][0] for place in ("3:5", "4:7")
    ]

    assert results[0]["partialFingerprints"] == results[1]["partialFingerprints"]

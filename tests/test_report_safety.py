"""Text from scripts cannot forge a line in any format, and every format stays readable in size."""

import importlib.resources
import json
import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from customdb_contract.contract import Script
from customdb_contract.findings import Finding, Group, Held, Report, Severity, Status, Verdict, Violation
from customdb_contract.reports import FORMATS
from customdb_contract.rules import judge
from customdb_contract.rules._judging import judge_by
from customdb_contract.rules._rule import Comparison, Rule, rule
from customdb_contract.rules._selection import Selection
from customdb_contract.testing.strategies import awkward_texts, transcripts
from customdb_contract.transcript import (
    Ending,
    Exchange,
    Header,
    Outcome,
    ScriptInfo,
    Situation,
    StopKind,
    StopReason,
    Transcript,
)

SCHEMA = json.loads(importlib.resources.files("customdb_contract.reports").joinpath("report.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
HIDDEN = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)
COMMAND = re.compile(r"^\s*::(?:error|warning)|##\[|##vso\[", re.MULTILINE)
ANNOTATION = re.compile(r"::(?:error|warning|notice) title=[a-z-]+(?:,file=[^:,\n]+,line=\d+)?::[^\n]*\n")


@rule(group=Group.CALLBACK, severity=Severity.ERROR, since="0.1.0", source="good practice: for this test")
def tells_everything(transcript: Transcript) -> Iterator[Comparison]:
    """Everything is a finding."""
    for record in transcript.records:
        text = str(record.identifier if isinstance(record, Exchange) else record)
        yield Violation(f"{text}{{expected}}{{got}}", (record,), None, None, text, text, text, text)
        yield Held((record,))


@rule(group=Group.SECURITY, severity=Severity.ERROR, since="0.1.0", source="good practice: for this test")
def crashes_with_everything(transcript: Transcript) -> Iterator[Comparison]:
    """Everything is a crash."""
    raise ValueError(str([transcript.header.scripts, *transcript.records]))
    yield Held(())


@rule(group=Group.OUTCOME, severity=Severity.ERROR, since="0.1.0", source="good practice: for this test")
def waived_for_everything(transcript: Transcript) -> Iterator[Comparison]:
    """Everything is accepted."""
    yield Violation("accepted", transcript.records)


TELLING: tuple[Rule, ...] = (tells_everything, crashes_with_everything, waived_for_everything)


def is_readable(report: Report) -> None:
    texts = {name: render(report) for name, render in FORMATS.items()}
    texts |= {"str": str(report), "repr": repr(report)}

    assert not [name for name, text in texts.items() if HIDDEN.search(text)]
    assert not [name for name, text in texts.items() if name != "github" and COMMAND.search(text)]
    assert ANNOTATION.sub("", texts["github"]) == ""
    assert "##[" not in texts["github"]
    ET.fromstring(texts["junit"])
    VALIDATOR.validate(json.loads(texts["json"]))
    for name in ("json", "sarif"):
        json.dumps(json.loads(texts[name]), ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.one_python
@pytest.mark.untraced
@settings(max_examples=40)
@given(transcripts(), awkward_texts().filter(str.strip))
def test_a_script_cannot_forge_a_line_in_any_format(transcript: Transcript, text: str) -> None:
    header = evolve(transcript.header, stop_reason=StopReason(StopKind.TIME, text), left_behind=(text,))
    reported = Transcript(header, transcript.records)

    is_readable(judge_by(TELLING, reported, Selection.of(TELLING, waived={"waived-for-everything": text})))


@pytest.mark.one_python
@pytest.mark.untraced
@settings(max_examples=15)
@given(transcripts())
def test_a_script_cannot_forge_a_line_through_any_rule(transcript: Transcript) -> None:
    is_readable(judge(transcript))


# Sizes


def with_keys(count: int) -> Report:
    profile = {"user_id": "7", "email": "ada@example.com", "email_verified": True}
    more = profile | {f"key{number}": number for number in range(count)}
    return judge(
        Transcript.parse(
            "person ada email=ada@example.com\n"
            f"get_user ada@example.com -> found {json.dumps(profile)}\n"
            + f"login ada@example.com «password of ada» -> found {json.dumps(more)}\n"
            * 20
        )
    )


@pytest.mark.one_python
def test_thousands_of_findings_are_counted_not_shown() -> None:
    report = with_keys(3_000)
    [undefined] = [verdict for verdict in report.verdicts if len(verdict.findings) > 100]
    left = len(undefined.findings) - 100

    texts = {name: render(report) for name, render in FORMATS.items()}

    assert max(map(len, texts.values())) < 2_000_000
    document = json.loads(texts["json"])
    [verdict] = [item for item in document["verdicts"] if item["findings_left_out"]]
    assert (len(verdict["findings"]), verdict["findings_left_out"]) == (100, left)
    run = json.loads(texts["sarif"])["runs"][0]
    assert len([result for result in run["results"] if result["ruleId"] == undefined.rule.name]) == 100
    assert run["invocations"][0]["toolExecutionNotifications"] == [
        {"level": "note", "message": {"text": f"{left:,} more findings of {undefined.rule.name} are left out"}}
    ]
    assert run["invocations"][0]["executionSuccessful"]
    case = next(case for case in ET.fromstring(texts["junit"]) if case.get("name") == undefined.rule.name)
    assert [element.text for element in case][100:] == [f"… and {left:,} more findings"]
    assert f"… and {len(undefined.findings) - 2:,} more like these in login" in texts["text"]


def test_a_hundred_findings_are_all_shown() -> None:
    findings = tuple(Finding(f"breach {number}", Severity.ERROR, None, ()) for number in range(100))
    info = tells_everything.info
    report = Report(transcript=Transcript(), verdicts=(Verdict(rule=info, status=Status.FAILED, findings=findings),))

    document = json.loads(FORMATS["json"](report))

    assert document["verdicts"][0]["findings_left_out"] == 0
    assert len(ET.fromstring(FORMATS["junit"](report))[0]) == 100
    assert not json.loads(FORMATS["sarif"](report))["runs"][0]["invocations"][0]["toolExecutionNotifications"]


@pytest.mark.parametrize("name", FORMATS)
def test_very_long_text_is_cut_and_marked(name: str) -> None:
    exchange = Exchange(
        1,
        Script.GET_USER,
        ("i" * 50_000,),
        "unknown",
        Situation.KNOWN_USER,
        Outcome(Ending.FOUND, ((None, {"k" * 50_000: "v" * 50_000}),) * 50, output="o" * 50_000),
    )
    header = Header(
        scripts={Script.GET_USER: ScriptInfo(problem="p" * 50_000)},
        stop_reason=StopReason(StopKind.TIME, "s" * 50_000),
    )
    report = judge_by(TELLING, Transcript(header, (exchange,)))

    text = FORMATS[name](report)

    assert len(text) < 60_000
    assert re.search("(?:and|\\u2026 \\(and) 49,000 more characters", text.replace("\\u2026", "…"))


@given(st.integers(0, 40))
def test_the_representation_names_what_failed_in_one_short_line(failed: int) -> None:
    finding = Finding("x", Severity.ERROR, None, ())
    verdicts = tuple(
        Verdict(rule=evolve(tells_everything.info, name=f"rule-{number}"), status=Status.FAILED, findings=(finding,))
        for number in range(failed)
    )

    reported = repr(Report(transcript=Transcript(), verdicts=verdicts))

    assert len(reported) < 200
    assert ("rule-0" in reported) == (failed > 0)
    assert (f"and {failed - 3} more" in reported) == (failed > 3)

"""The report of an audit in every format: `interface/` approves whole texts; these tests cover common properties."""

import importlib.resources
import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from audit_reports import AUDITED, audit_reports, finding, report_of, result
from customdb_contract.audit import AuditReport, Fate, ProfileSizes, RuleResult
from customdb_contract.audit.printing import AUDIT_FORMATS, render_audit
from customdb_contract.findings import Severity
from customdb_contract.findings.text import Style
from html_pages import HOSTILE, Page
from test_report_safety import COMMAND, HIDDEN

pytestmark = pytest.mark.one_python

SCHEMA = json.loads(
    importlib.resources.files("customdb_contract.reports").joinpath("audit-report.schema.json").read_text("utf-8")
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def numbers(report: AuditReport) -> Any:
    sizes, formats = report.sizes, report.password_formats
    return (
        report.users,
        [(one.users, len(one.examples)) for one in report.results],
        sizes and [sizes.up_to_limit, sizes.above_limit, sizes.above_allowance, sizes.largest],
        formats and [sorted(formats.users.values()), formats.unknown, formats.none],
    )


def numbers_read(document: Any) -> Any:
    sizes, formats = document["sizes"], document["password_formats"]
    return (
        document["users"],
        [(one["users"], len(one["examples"])) for one in document["results"]],
        sizes and list(sizes.values()),
        formats and [sorted(formats["users"].values()), formats["unknown"], formats["none"]],
    )


def page_of(report: AuditReport) -> Page:
    return Page(AUDIT_FORMATS["html"](report))


@pytest.mark.untraced
@settings(max_examples=60)
@given(audit_reports())
def test_every_format_shows_any_store_safely_and_json_has_all_numbers(report: AuditReport) -> None:
    texts = {name: render(report) for name, render in AUDIT_FORMATS.items()}
    texts |= {"str": str(report), "repr": repr(report), "verbose": render_audit(report, Style(verbose=True, width=60))}

    assert not [name for name, text in texts.items() if HIDDEN.search(text)]
    assert not [name for name, text in texts.items() if COMMAND.search(text)]
    document = json.loads(texts["json"])
    VALIDATOR.validate(document)
    assert document["exit_code"] == report.exit_code
    # Names of formats that differ only in unencodable characters are one key.
    if len(document["password_formats"]["users"] if report.password_formats else ()) == len(
        report.password_formats.users if report.password_formats else ()
    ):
        assert numbers_read(document) == numbers(report)
    page = Page(texts["html"])
    assert len(page.of_class("rule")) == len(page.of_class("rule-row")) == len(report.results)


@given(st.sampled_from(HOSTILE))
@example(HOSTILE[0])
@settings(max_examples=10)
def test_text_is_no_markup(text: str) -> None:
    shared = finding(user_id=text, path=text, problem=text, value=text, shared_with=(text,))
    report = report_of(result(text, users=1, summary=text, examples=(shared,)), source=text, findings_file=text)

    page = page_of(report)

    assert [tag.text for tag in page.inside(page.by_id("rule-1"), "li")] == [
        f"{text}: {text} {text}: {text} (with {text})"
    ]


def test_the_document_of_json_is_described_exactly() -> None:
    for report in AUDITED.values():
        document = json.loads(AUDIT_FORMATS["json"](report))
        VALIDATOR.validate(document)
        for container in (
            document,
            *document["results"],
            *(one for each in document["results"] for one in each["examples"]),
        ):
            assert not VALIDATOR.is_valid({**document, "more": 1})
            for key in list(container):
                value = container.pop(key)
                assert not VALIDATOR.is_valid(document), key
                container[key] = value
    fates = SCHEMA["$defs"]["result"]["properties"]["fate"]["enum"]
    assert fates == [str(fate) for fate in Fate]
    assert SCHEMA["properties"]["exit_code"]["enum"] == [0, 1, 2, 130]


def test_json_names_users_as_the_store_does() -> None:
    long, odd = "x" * 5_000, "line\nfeed\x1b"
    report = report_of(result(users=2, examples=(finding(user_id=long, shared_with=(odd,)),)))

    [shared] = json.loads(AUDIT_FORMATS["json"](report))["results"][0]["examples"]

    assert (shared["user_id"], shared["shared_with"]) == (long, [odd])


@pytest.mark.parametrize(
    ("users", "of", "part"),
    [
        (0, 20_000, "0.00 %"),
        (1, 20_000, "<0.01 %"),
        (2, 20_000, "0.01 %"),
        (19_998, 20_000, "99.99 %"),
        (19_999, 20_000, ">99.99 %"),
        (20_000, 20_000, "100.00 %"),
        (1, 3, "33.33 %"),
    ],
)
def test_a_share_is_never_rounded_to_none_or_all(users: int, of: int, part: str) -> None:
    report = report_of(result(users=users, examples=()), users=of)
    [row] = page_of(report).of_class("rule-row")

    assert [tag.text for tag in page_of(report).of_class("number")] == [f"{users:,}", part]
    assert row.attributes == {"class": "rule-row"}


def test_a_report_is_shown_by_its_text_and_named_in_a_line() -> None:
    report = AUDITED["broken"]

    assert str(report) == render_audit(report)
    assert repr(report) == "<AuditReport not ok: 20,000 users, 2 rules broken>"
    assert repr(AUDITED["warned"]) == "<AuditReport ok: 20,000 users, 1 rule broken>"
    assert repr(AUDITED["right"]) == "<AuditReport ok: 20,000 users, 0 rules broken>"


def test_many_examples_are_counted_and_verbose_shows_all_that_there_are() -> None:
    examples = tuple(finding(user_id=f"user-{number}") for number in range(150))
    report = report_of(result(users=1_000, examples=examples), findings_file="all.csv")

    text, verbose = str(report), render_audit(report, Style(verbose=True))
    page = page_of(report)

    assert text.count("user-") == 3
    assert "    … and 997 more\n" in text
    assert verbose.count("user-") == 150
    assert "    … and 850 more\n" in verbose
    assert len(page.inside(page.by_id("rule-1"), "li")) == 100
    assert "… and 900 more; all of them: all.csv" in page.by_id("rule-1").text
    assert len(json.loads(AUDIT_FORMATS["json"](report))["results"][0]["examples"]) == 150


def test_a_page_can_be_filtered_by_what_its_rules_have() -> None:
    page = page_of(AUDITED["broken"])

    options = {
        tag.attributes["name"]: [option.text for option in page.inside(tag, "option")] for tag in page.named("select")
    }
    assert options == {
        "status": ["any", "broken", "passed", "not audited"],
        "severity": ["any", "error", "warning", "info"],
        "fate": ["any", "refused at log-in", "another user's account"],
    }
    rules = [
        [tag.attributes[f"data-{name}"] for name in ("status", "severity", "fate")] for tag in page.of_class("rule")
    ]
    assert rules[0] == ["broken", "error", "another user's account"]
    assert [status for status, *_ in rules] == ["broken", "broken", "passed", "not audited", "not audited"]
    assert [tag.attributes["href"] for tag in page.inside(page.named("tbody")[0], "a")] == [
        f"#rule-{number}" for number in range(1, 6)
    ]


@pytest.mark.parametrize("fail_on", [Severity.ERROR, Severity.WARNING])
def test_the_verdict_follows_the_severity_that_fails(fail_on: Severity) -> None:
    warned = result(users=1, severity=Severity.WARNING)
    report = report_of(warned, fail_on=fail_on)
    state = "ok" if fail_on is Severity.ERROR else "not ok"

    verdict = f"{state}: 20,000 users audited; 1 rule checked, 1 broken (1 warning)"
    assert str(report).splitlines()[0] == verdict
    assert page_of(report).of_class("verdict")[0].text == verdict
    assert report.exit_code == (0 if fail_on is Severity.ERROR else 1)


@pytest.mark.parametrize("results", [(), (result(),), (result(not_audited="needs a column that is not mapped"),)])
@pytest.mark.parametrize("print_as", AUDIT_FORMATS.values(), ids=AUDIT_FORMATS)
def test_no_users_are_a_share_of_no_users(
    print_as: Callable[[AuditReport], str], results: tuple[RuleResult, ...]
) -> None:
    text = print_as(
        report_of(*results, users=0, sizes=ProfileSizes(up_to_limit=0, above_limit=0, above_allowance=0, largest=0))
    )

    assert "%" not in text.partition("</style>")[2] if "<html" in text else "%" not in text

"""The report as HTML: its structure, its content, protection against injected markup, and its size."""

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
from attrs import evolve
from hypothesis import example, given, settings
from hypothesis import strategies as st

from customdb_contract import Connection, Report
from customdb_contract.contract import Script
from customdb_contract.findings import Finding, Group, Need, RuleInfo, Severity, Status, Verdict
from customdb_contract.reports import FORMATS, TENANT_FORMATS
from customdb_contract.reports.as_html._markup import Markup, element, joined
from customdb_contract.reports.as_html._prose import link, paragraphs
from customdb_contract.reports.as_html._room import Room
from customdb_contract.rules import CATALOGUE, judge
from customdb_contract.testing.strategies import awkward_texts, transcripts
from customdb_contract.transcript import Header, StopKind, StopReason, Transcript, printable
from html_pages import HOSTILE, Page, Tag, page_of

pytestmark = pytest.mark.one_python

BROKEN = """
connection import_mode=on
script login location="shop/legacy.py:12"
person ada email=ada@example.com
person bob email=bob@example.com
get_user ada@example.com -> found {"user_id": 7, "email": "ada@example.com", "app_metadata": {"plan": "full"}}
login ada@example.com «password of ada» -> found {"user_id": "8", "email": "ada@example.com", "app_metadata": {}}
get_user bob@example.com -> found {"user_id": "9", "email": "bob@example.com", "email_verified": true}
login nobody@example.com x -> not-found   [unknown-user]
"""


def judged(text: str) -> Report:
    return judge(Transcript.parse(text))


def info(name: str = "a-rule", *, group: Group = Group.CALLBACK, preview: bool = False) -> RuleInfo:
    return evolve(CATALOGUE[0].info, name=name, group=group, preview=preview)


def report_of(*verdicts: Verdict, text: str = "") -> Report:
    return Report(transcript=Transcript.parse(f"person ada email=ada@example.com\n{text}"), verdicts=verdicts)


def failed(*findings: Finding) -> Verdict:
    return Verdict(rule=info(), status=Status.FAILED, findings=findings)


def page_with_rule(report: Report) -> tuple[Page, Tag]:
    page = page_of(report)
    return page, page.by_id("c1-rule-a-rule")


def steps(page: Page, outer: Tag) -> list[tuple[str | None, str]]:
    return [
        (tag.attributes["class"], tag.text)
        for tag in page.inside(outer, "li")
        if "sequence" in (tag.parents[-2].attributes.get("class") or "").split()
    ]


def rows(page: Page, outer: Tag) -> list[list[str]]:
    return [[cell.text for cell in page.inside(row, "th", "td")] for row in page.inside(outer, "tr")]


# Structure


def test_a_page_is_well_formed_and_its_ids_and_labels_are_right() -> None:
    page = Page(TENANT_FORMATS["html"]([judged(BROKEN), judged(BROKEN)]))

    ids = Counter(tag.attributes["id"] for tag in page.tags if "id" in tag.attributes)
    assert [name for name, count in ids.items() if count > 1] == []
    for tag in page.tags:
        href = tag.attributes.get("href") or ""
        assert href[1:] in ids if href.startswith("#") else href in {"", "data:,"} or href.startswith("https://")
        assert (tag.attributes.get("aria-labelledby") or "c1-title") in ids
    for tag in page.named("input", "select"):
        assert tag.parents[-1].name == "label"
        assert page.inside(tag.parents[-1])[0] is tag
        assert tag.parents[-1].texts[0].strip()
    assert [len(page.named(name)) for name in ("h1", "main", "header", "footer", "nav", "title")] == [1] * 6
    assert page.tags[0].attributes == {"lang": "en"}
    assert page.by_id("count").attributes["aria-live"] == "polite"
    levels = [int(tag.name[1]) for tag in page.named(*(f"h{level}" for level in range(1, 7)))]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(tag.attributes["scope"] in {"row", "col"} for tag in page.named("th"))


def test_the_policy_allows_nothing_but_the_style_and_the_script_of_the_page() -> None:
    html = FORMATS["html"](judged(BROKEN))

    [policy] = [
        tag.attributes["content"] or ""
        for tag in Page(html).named("meta")
        if tag.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    digests = []
    for name in ("style", "script"):
        [content] = re.findall(f"<{name}>(.*?)</{name}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        digests.append(f"{name}-src 'sha256-{digest}'")
    assert policy.split("; ") == [
        "default-src 'none'",
        *digests,
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert not re.search(r"url\(|@import|\bsrc=|innerHTML|\beval\b|\sstyle=", html)


def test_a_page_has_every_rule_with_what_it_can_be_filtered_by() -> None:
    report = judged(BROKEN)

    page = page_of(report)

    assert len(page.of_class("rule")) == len(report.verdicts)
    assert page.by_id("c1-rule-mismatched-user-id").attributes == {
        "id": "c1-rule-mismatched-user-id",
        "class": "rule",
        "open": None,
        "data-status": "failed",
        "data-severity": "error",
        "data-script": "login",
        "data-group": "profile",
    }
    retired = page.by_id("c1-rule-retired-connection").attributes
    assert (retired["data-status"], "open" in retired) == ("not-applicable", False)
    assert [tag.attributes["aria-labelledby"] for tag in page.of_class("group")] == [
        f"c1-group-{group}" for group in Group
    ]
    choices = {
        tag.attributes["name"]: [option.attributes["value"] for option in page.inside(tag)]
        for tag in page.named("select")
    }
    assert choices == {
        "status": ["", "passed", "failed", "not-applicable"],
        "severity": ["", "error", "warning", "info"],
        "script": ["", *Script, "the Action"],
        "group": ["", *Group],
    }


def test_rules_that_need_attention_come_first_in_a_group() -> None:
    finding = Finding("x", Severity.WARNING, None, ())
    verdicts = [
        *(Verdict(rule=info(status), status=status, reason="r") for status in Status if status is not Status.FAILED),
        Verdict(rule=info("warned"), status=Status.FAILED, findings=(finding,)),
        Verdict(rule=info("broken"), status=Status.FAILED, findings=(evolve(finding, severity=Severity.ERROR),)),
    ]

    page = page_of(report_of(*verdicts))

    assert [tag.attributes["id"] for tag in page.of_class("rule")] == [
        f"c1-rule-{name}"
        for name in ("crashed", "broken", "warned", "waived", "passed", "not-applicable", "deselected")
    ]
    assert [tag.text for tag in page.named("summary")] == [
        "! crashed crashed",
        "✗ error broken the connection",
        "✗ warning warned the connection",
        "~ waived waived",
        "✓ passed passed",
        "- not-applicable not-applicable",
        "· deselected deselected",
    ]
    assert [tag.text for tag in page.inside(page.of_class("broken")[0], "li")] == [
        "! crashed crashed (login, get_user, create, verify, change_password, change_email, delete)",
        "✗ error broken (the connection)",
        "✗ warning warned (the connection)",
        "~ waived waived (login, get_user, create, verify, change_password, change_email, delete)",
    ]


# Content


def test_the_page_and_the_text_have_the_same_summary() -> None:
    page = page_of(judged(BROKEN))
    text = FORMATS["text"](judged(BROKEN))

    assert page.named("h1")[0].text == "not ok: custom-database"
    assert page.named("title")[0].text == "not ok: custom-database - customdb-contract"
    assert page.of_class("verdict")[0].text == text.splitlines()[0]
    table = [re.split(" {2,}", line.strip()) for line in text.split("\n\n")[2].splitlines()]
    assert rows(page, page.of_class("scripts")[0]) == [["script", *table[0]], *table[1:]]
    paragraphs_of_section = [tag.text for tag in page.named("p") if tag.parents[-1].attributes.get("id") == "c1"]
    assert paragraphs_of_section[1:3] == [
        "Connection custom-database, import mode on; contract of 2026-08",
        "4 calls; known users: ada@example.com, bob@example.com",
    ]
    needs = [tag.text for tag in page.named("li") if tag.parents[-1].name == "ul"]
    assert "a disabled user (for 1)" in needs
    assert all(f"  {need}\n" in text for need in needs if " (for " in need)


def test_a_report_without_calls_has_no_table_and_nothing_more_to_give() -> None:
    page = page_of(report_of(Verdict(rule=info(), status=Status.PASSED)))

    assert page.named("table") == []
    assert [tag.text for tag in page.named("h4")] == ["callback"]
    assert [tag.text for tag in page.of_class("verdict")] == ["ok: 1 rule judged, none broken"]


def test_the_reason_for_an_early_end_is_reported() -> None:
    header = Header(stop_reason=StopReason(StopKind.TIME, "60 s were up"), left_behind=("new@example.com",))

    texts = [tag.text for tag in page_of(judge(Transcript(header))).named("p")]

    assert "The check ended early (time): 60 s were up" in texts
    assert any(text.endswith("which may still be in the store: new@example.com") for text in texts)


def test_a_finding_shows_its_calls_the_profiles_how_to_fix_it_and_the_source() -> None:
    page = page_of(judged(BROKEN))

    rule = page.by_id("c1-rule-mismatched-user-id")
    assert [tag.text for tag in page.inside(rule) if tag.attributes.get("class") == "message"] == [
        'login returned the user_id "8" for ada, but get_user "7"; return the same one'
    ]
    first = '{"user_id": 7, "email": "ada@example.com", "app_metadata": {"plan": "full"}}'
    second = '{"user_id": "8", "email": "ada@example.com", "app_metadata": {}}'
    assert steps(page, rule) == [
        ("to-script", "Auth0 → custom database call 1, known-user get_user ada@example.com"),
        ("from-script", f"custom database → Auth0 found {first}"),
        ("to-script", "Auth0 → custom database call 2, known-user login ada@example.com «password of ada»"),
        ("from-script", f"custom database → Auth0 found {second}"),
    ]
    compared = [tag.text for tag in page.inside(rule, "dt", "dd")]
    assert compared == ["compared", "user_id", "expected", '"7"', "got", '"8"']
    assert rows(page, rule) == [
        ["attribute", "1  get_user", "2  login", "compared"],
        ["user_id", "7", '"8"', "differs, the breach"],
        ["email", '"ada@example.com"', '"ada@example.com"', ""],
        ["app_metadata.plan", '"full"', "nothing", "differs"],
        ["app_metadata", '{"plan": "full"}', "{}", "differs"],
    ]
    assert [tag.text for tag in page.inside(rule, "h6")] == ["How to fix", "Why this matters"]
    assert "Build the profile in one function that both scripts call." in rule.text
    [source] = page.inside(rule, "a")
    assert (source.attributes["href"] or "").startswith("https://auth0.com/docs/")


PROFILES = (
    'get_user ada@example.com -> found {"user_id": "1", "a": {"b": [1, {"c": 2}]}}\n'
    'login ada@example.com x -> found {"user_id": "2", "a": {"b": [1, {"c": 3}]}}\n'
)


@pytest.mark.parametrize(
    ("path", "breach"),
    [
        ("user_id", {"user_id"}),
        ("login.user_id", {"user_id"}),
        ("a", {"a.b"}),
        ("a.b[1].c", {"a.b"}),
        ("user_id, login.ending", set[str]()),
    ],
)
def test_profiles_are_compared_if_the_finding_compares_values_in_them(path: str, breach: set[str]) -> None:
    page, rule = page_with_rule(
        report_of(failed(Finding("x", Severity.ERROR, None, (1, 2), None, path)), text=PROFILES)
    )

    _, *cells = rows(page, rule)
    assert [row[0] for row in cells] == ["user_id", "a.b"]
    assert all(row[3].startswith("differs") for row in cells)
    assert {row[0] for row in cells if row[3] == "differs, the breach"} == breach


@pytest.mark.parametrize(
    ("path", "evidence"),
    [
        (None, (1, 2)),
        ("ending", (1, 2)),
        ("user_id", (1,)),
        ("user_id", (3, 2)),
    ],
)
def test_fewer_than_two_profiles_are_not_compared(path: str | None, evidence: tuple[int, ...]) -> None:
    text = f"{PROFILES}login ada@example.com x -> not-found\n"

    page, rule = page_with_rule(report_of(failed(Finding("x", Severity.ERROR, None, evidence, None, path)), text=text))

    assert page.inside(rule, "table") == []


def test_only_differing_attributes_are_shown_of_very_many() -> None:
    one = {f"k{number}": 0 for number in range(60)} | {"long": "x" * 500}
    text = "".join(f"login ada@example.com x -> found {json.dumps(one | more)}\n" for more in ({}, {"k59": 1}))

    page, rule = page_with_rule(report_of(failed(Finding("x", Severity.ERROR, None, (1, 2), None, "k59")), text=text))

    names = [row[0] for row in rows(page, rule)[1:]]
    assert names == [*(f"k{number}" for number in range(39)), "k59"]
    assert "… and 21 more attributes" in rule.text


def test_long_and_deep_values_of_a_profile_are_cut() -> None:
    deep: object = "end"
    for level in range(9):
        deep = {f"l{level}": deep}
    profile = json.dumps({"long": "x" * 500, "deep": deep})
    text = f"login ada@example.com x -> found {profile}\n" * 2

    page, rule = page_with_rule(report_of(failed(Finding("x", Severity.ERROR, None, (1, 2), None, "long")), text=text))

    long, below = rows(page, rule)[1:]
    assert long == ["long", f'"{"x" * 159}…', f'"{"x" * 159}…', "the breach"]
    assert below[:2] == ["deep.l8.l7.l6.l5.l4.l3", '{"l2": {"l1": {"l0": "end"}}}']


def test_four_calls_of_a_finding_are_drawn_and_the_others_counted() -> None:
    text = "get_user ada@example.com -> not-found\n" * 6

    page, rule = page_with_rule(report_of(failed(Finding("x", Severity.ERROR, None, (1, 2, 3, 4, 5, 6))), text=text))

    assert len(steps(page, rule)) == 8
    assert "… and 2 more calls" in rule.text


def test_a_finding_without_calls_prints_its_message() -> None:
    page, rule = page_with_rule(report_of(failed(Finding("odd", Severity.INFO, None, (), "shop.js:3"))))

    assert steps(page, rule) == []
    assert [tag.text for tag in page.inside(rule, "small")] == ["the connection", "info"]
    assert "shop.js:3: odd" in rule.text


def test_twenty_findings_are_shown_and_the_others_counted() -> None:
    findings = [Finding(f"breach {number}", Severity.ERROR, Script.LOGIN, ()) for number in range(1_023)]

    page, rule = page_with_rule(report_of(failed(*findings)))

    assert len(page.inside(page.of_class("findings")[0], "li")) == 20
    assert "… and 1,003 more findings" in rule.text
    assert "1 comparison passed." in page_with_rule(report_of(evolve(failed(), held=1)))[1].text


def test_the_outcome_of_a_rule_is_reported() -> None:
    crashed = Verdict(rule=info(preview=True), status=Status.CRASHED, reason="KeyError: 'x'")
    waived = Verdict(rule=info(), status=Status.WAIVED, reason="until May", held=2_000)
    lacking = Verdict(
        rule=info(), status=Status.NOT_APPLICABLE, reason="no password", missing=(Need.PASSWORD, Need.OUTAGE)
    )

    texts = [page_with_rule(report_of(verdict))[1].text for verdict in (crashed, waived, lacking)]

    assert "preview: never fails a check" in texts[0]
    assert "KeyError: 'x'This is a bug in customdb-contract." in texts[0]
    assert "waived: until May2,000 comparisons passed." in texts[1]
    assert "How to fix" in texts[1]
    assert "not-applicable: no passwordNeeded to judge this rule: a password, [outage]Source: " in texts[2]
    assert "How to fix" not in texts[2]


def test_a_rule_of_a_team_may_have_no_page() -> None:
    verdict = evolve(failed(Finding("x", Severity.ERROR, None, ())), rule=evolve(info(), docstring="Something."))

    page, rule = page_with_rule(report_of(verdict))

    assert page.inside(rule, "h6") == []


def test_the_prose_of_rules_is_a_little_markdown() -> None:
    text = "One `two <b>`\nthree.\n\nFour.\n\n```python\nif a < b:\n    c\n```\n\nFive."

    assert joined(paragraphs(text)).html == (
        "<p>One <code>two &lt;b&gt;</code> three.</p><p>Four.</p>"
        '<pre data-language="python"><code>if a &lt; b:\n    c\n</code></pre><p>Five.</p>'
    )
    assert link("good practice: <x>").html == "<span>good practice: &lt;x&gt;</span>"
    assert link("javascript:alert(1)").html == "<span>javascript:alert(1)</span>"
    assert link("https://example.com/?a&b").html == (
        '<a href="https://example.com/?a&amp;b" rel="noreferrer">https://example.com/?a&amp;b</a>'
    )


def test_rules_without_scripts_are_about_the_connection() -> None:
    rule = evolve(info(), scripts=(), judges_actions=False)

    assert (
        page_with_rule(report_of(Verdict(rule=rule, status=Status.PASSED)))[1].attributes["data-script"]
        == "the connection"
    )


# Lives

LIFE = """
operation log_in by user of ada on shop identifier=ada@example.com password=typed -> succeeded with {"user_id": "x|7"}
login ada@example.com «password of ada» -> found {"user_id": "7"}
store users auth0|7 {"email": "ada@example.com"}
log s about auth0|7 on shop
run persist of ada in first-log-in legacy sound {"user": {"user_id": "auth0|7"}} -> done
request GET "https://shop.example.com/legacy" -> 200 with {"plan": "full"}
api user.setAppMetadata("plan", "full")
"""


def test_a_life_is_a_diagram_of_what_was_done_what_it_caused_and_what_was_seen() -> None:
    page = page_of(report_of(Verdict(rule=info(), status=Status.PASSED), text=LIFE))

    [scenes] = page.of_class("scenes")
    done = "ada logs in as ada@example.com (password typed)"
    assert [tag.text for tag in page.inside(scenes, "summary")] == [done]
    [lanes] = page.of_class("lanes")
    assert lanes.attributes["aria-hidden"] == "true"
    assert [tag.text for tag in page.inside(lanes)] == ["user", "Auth0", "custom database, Action"]
    assert [tag.attributes["aria-label"] for tag in page.inside(scenes, "ol")] == ["The operation and its effects"]
    assert steps(page, scenes) == [
        ("to-auth0", f"user → Auth0 {done}"),
        ("to-script", "Auth0 → custom database login ada@example.com «password of ada»"),
        ("from-script", 'custom database → Auth0 found {"user_id": "7"}'),
        ("note", "Auth0: store user store: auth0|7 with email ada@example.com"),
        ("note", "Auth0: log s (successful log-in) about auth0|7"),
        ("to-script", "Auth0 → Action persist runs"),
        ("from-script", "Action → Auth0 done [legacy system: sound]"),
        ("beside-script", 'Action → legacy system GET https://shop.example.com/legacy → 200 {"plan": "full"}'),
        ("from-script", 'Action → Auth0 api.user.setAppMetadata("plan", "full")'),
        ("to-user", 'Auth0 → user logged in as {"user_id": "x|7"}'),
    ]


def test_records_of_every_kind_can_prove_a_finding() -> None:
    finding = Finding("x", Severity.ERROR, None, (1, 5, 6, 7))

    page, rule = page_with_rule(report_of(failed(finding), text=LIFE))

    assert page.inside(rule, "summary")[0].text == "✗ error a-rule the connection"
    [lanes] = [tag for tag in page.of_class("lanes") if rule in tag.parents]
    assert [tag.text for tag in page.inside(lanes)] == ["user", "Auth0", "Action"]
    assert [text for _, text in steps(page, rule)] == [
        "user → Auth0 record 1 ada logs in as ada@example.com (password typed)",
        'Auth0 → user logged in as {"user_id": "x|7"}',
        "Auth0 → Action record 5 persist runs",
        "Action → Auth0 done [legacy system: sound]",
        'Action → legacy system record 6 GET https://shop.example.com/legacy → 200 {"plan": "full"}',
        'Action → Auth0 record 7 api.user.setAppMetadata("plan", "full")',
    ]


def test_a_finding_about_an_action_names_the_action() -> None:
    finding = Finding("x", Severity.ERROR, None, (5,))
    text = f'action persist location="code.js:1"\n{LIFE}'

    _, rule = page_with_rule(report_of(failed(finding), text=text))

    assert rule.attributes["data-script"] == "the Action"


def test_the_first_and_last_lines_of_a_very_long_scene_are_drawn() -> None:
    many = LIFE + "log s about auth0|7 on shop   [caused by 1]\n" * 1_040

    page = page_of(report_of(text=many))

    [scenes] = page.of_class("scenes")
    drawn = steps(page, scenes)
    assert len(drawn) == 33
    assert drawn[-1][0] == "to-user"
    assert "… and 1,017 more lines" in scenes.text


def test_as_many_operations_are_drawn_as_fit() -> None:
    operation = "operation get_user by admin on shop user_id=auth0|7 -> refused\n"

    html = FORMATS["html"](report_of(text=operation * 5_000))

    page = Page(html)
    drawn = len(page.inside(page.of_class("scenes")[0], "summary"))
    assert 1_000 < drawn < 5_000
    assert f"<p>… and {5_000 - drawn:,} further operations</p>" in html
    assert len(html) < 2_000_000


def test_a_life_that_does_not_fit_is_counted() -> None:
    finding = Finding("x", Severity.ERROR, None, (1,) * 4)
    verdicts = [evolve(failed(*[finding] * 20), rule=info(f"rule-{number}")) for number in range(120)]
    operation = f"operation get_user by admin on shop user_id={'x' * 600} -> refused\n"

    page = page_of(report_of(*verdicts, text=operation))

    assert page.of_class("scenes") == []
    assert "… and 1 further operation" in page.tags[0].text
    assert len(page.of_class("sequence")) < 20 * 120


# Injection


def test_an_element_escapes_its_text_and_its_attributes() -> None:
    hostile = "\"'><b>&amp;\n\u202e\x00</b>"

    made = element(
        "p", hostile, element("meta", content=hostile), data_text=hostile, hidden=True, open=False, tabindex=-1
    )

    escaped = "&quot;&#x27;&gt;&lt;b&gt;&amp;amp;\\n\\u202e\\u0000&lt;/b&gt;"
    assert made.html == f'<p data-text="{escaped}" hidden tabindex="-1">{escaped}<meta content="{escaped}"></p>'


@given(awkward_texts() | st.sampled_from(HOSTILE))
def test_text_stays_text(text: str) -> None:
    [paragraph] = Page(element("p", text, name=text).html).tags

    assert paragraph.text == printable(text)
    assert paragraph.attributes == {"name": printable(text)}


@settings(max_examples=40)
@given(transcripts(), awkward_texts().filter(str.strip) | st.sampled_from(HOSTILE))
@example(Transcript(), HOSTILE[0])
def test_recorded_text_injects_no_markup(transcript: Transcript, text: str) -> None:
    header = evolve(
        transcript.header,
        stop_reason=StopReason(StopKind.TIME, text),
        left_behind=(text,),
        connection=Connection(name=text),
    )
    numbers = tuple(record.number for record in transcript.records)
    finding = Finding(text, Severity.ERROR, None, numbers, text, text, text, text)
    verdicts = (
        failed(finding),
        Verdict(rule=info("waived"), status=Status.WAIVED, findings=(finding,), reason=text),
        Verdict(rule=info("crashed"), status=Status.CRASHED, reason=text),
    )
    report = Report(transcript=Transcript(header, transcript.records), verdicts=verdicts)

    page = Page(TENANT_FORMATS["html"]([report, report]))

    assert [len(page.named(name)) for name in ("script", "style", "main", "h2", "details")][:3] == [1, 1, 1]
    assert len(page.of_class("rule")) == 6


# Sizes


def test_parts_are_added_until_one_does_not_fit() -> None:
    made: list[int] = []

    def parts() -> Iterator[Markup]:
        for number in range(9):
            made.append(number)
            yield Markup("x" * 4)

    room = Room(10)

    assert [part.html for part in room.fitting(parts())] == ["xxxx", "xxxx"]
    assert made == [0, 1, 2]
    assert list(room.fitting(parts())) == []
    assert made == [0, 1, 2]


def test_a_page_on_many_calls_with_many_findings_can_be_opened() -> None:
    profile = json.dumps({"user_id": "7", "notes": "<&>" * 200} | {f"k{number}": "'" * 40 for number in range(30)})
    other = profile.replace("'", "<")
    text = "".join(
        f"get_user ada@example.com -> found {profile}\nlogin ada@example.com x -> found {other}\n" for _ in range(200)
    )
    findings = [
        Finding(f"breach {number}", Severity.ERROR, Script.LOGIN, (number * 2 + 1, number * 2 + 2), None, "k1")
        for number in range(200)
    ]
    verdicts = [evolve(failed(*findings), rule=info(f"rule-{number}")) for number in range(170)]

    html = FORMATS["html"](report_of(*verdicts, text=text))

    assert len(html.encode()) < 3_000_000
    page = Page(html)
    assert len(page.of_class("message")) == 20 * 170
    assert len(page.of_class("profiles")) > 20


def test_a_page_on_several_connections_is_no_larger() -> None:
    operation = "operation get_user by admin on shop user_id=auth0|7 -> refused\n"

    html = TENANT_FORMATS["html"]([report_of(text=operation * 2_000)] * 4)

    assert len(html) < 2_000_000

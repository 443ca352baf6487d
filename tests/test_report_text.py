"""The text report: the verdict and the scripts, the findings with their users and calls, and the verdict again."""

import json
import re
import string

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from broken_reports import broken_report
from customdb_contract.contract import Script
from customdb_contract.findings import Finding, Group, Need, Report, RuleInfo, Severity, Status, Verdict
from customdb_contract.findings._evidence import shown_around
from customdb_contract.findings.text import Style, render, render_all, render_briefly
from customdb_contract.rules import CATALOGUE, judge
from customdb_contract.testing.strategies import awkward_texts
from customdb_contract.transcript import Transcript

LONG = {"user_id": "7"} | {f"key{number}": "x" * 20 for number in range(40)}


@pytest.fixture
def broken() -> Report:
    return broken_report()


def _info(name: str, *, preview: bool = False) -> RuleInfo:
    return evolve(CATALOGUE[0].info, name=name, preview=preview)


def _failed(*findings: Finding) -> Verdict:
    return Verdict(rule=_info("a-rule"), status=Status.FAILED, findings=findings)


def _report(*verdicts: Verdict, text: str = "") -> Report:
    return Report(transcript=Transcript.parse(text), verdicts=verdicts)


def test_text_shows_breach_user_calls_and_fix(broken: Report) -> None:
    selected = evolve(broken, verdicts=(broken.verdict("email-verified-not-boolean"),))

    assert render(selected) == (
        "not ok: 1 rule judged, 1 broken (1 error)\n"
        "\n"
        "Connection custom-database, import mode on; contract of 2026-08\n"
        "4 calls; known users: ada@example.com, bob@example.com\n"
        "\n"
        "            calls  errors\n"
        "  login         2       1\n"
        "  get_user      2       0\n"
        "\n"
        "error  email-verified-not-boolean\n"
        "  login returned email_verified that is a number instead of true or false (ada)\n"
        '       2  login ada@example.com «password of ada» -> found {"user_id": "8", "email":\n'
        '          "ada@example.com", "email_verified": 1}\n'
        "\n"
        "  Fix: Convert the column. In Python: `bool(row.verified)`.\n"
        "  More: customdb-contract rules email-verified-not-boolean\n"
        "\n"
        "not ok: 1 rule judged, 1 broken (1 error)\n"
    )


def test_text_ends_with_the_settings_that_would_allow_more_rules() -> None:
    report = judge(
        Transcript.parse('person ada email=ada@example.com\nget_user ada@example.com -> found {"user_id": "7"}')
    )

    text = render(report)

    end = text[text.rindex("ok: ") :]
    assert re.match(
        r"ok: \d+ rules judged, 2 broken \(1 error, 1 warning\)\n\d+ rules not judged \(\d+ not-applicable\)\. ", end
    )
    assert re.search(r"\. To judge \d+ more, add:\n(  .+ \(for \d+\)\n)+\Z", end)
    assert "  a password (for " in end
    assert "  hostile = true (for " in end
    assert render(report, Style(advise=False)) == text[: text.rindex("\n", 0, text.index("not judged")) + 1]


def test_text_suggests_only_available_settings() -> None:
    outage, both, mode = (
        Verdict(rule=_info(name), status=Status.NOT_APPLICABLE, reason="x", missing=missing)
        for name, missing in (
            ("needs-outage", (Need.OUTAGE,)),
            ("needs-both", (Need.OUTAGE, Need.SECOND_USER)),
            ("needs-a-mode", (Need.OUTAGE, Need.IMPORT_MODE)),
        )
    )
    deselected = Verdict(rule=_info("deselected"), status=Status.DESELECTED)

    assert render(_report(outage, both, mode, deselected)).endswith(
        "not ok: no rule could be judged\n"
        "4 rules not judged (3 not-applicable, 1 deselected). To judge 2 more, add:\n"
        "  a second user (for 1)\n"
        "  [outage] (for 2)\n"
    )
    assert render(_report(mode)).endswith("not ok: no rule could be judged\n1 rule not judged (1 not-applicable).\n")


@pytest.mark.parametrize("is_observed", [True, False])
def test_text_advises_the_parser_where_scripts_are_in_javascript(*, is_observed: bool) -> None:
    verdict = Verdict(rule=_info("needs-source"), status=Status.NOT_APPLICABLE, reason="x", missing=(Need.SOURCE,))
    text = "script login observed=on\n" if is_observed else "script login\n"

    assert ("customdb-contract[node] (for 1)" in render(_report(verdict, text=text))) is is_observed


def test_text_puts_errors_before_warnings(broken: Report) -> None:
    words = re.findall(r"^(error|warning|info)  ", render(broken), re.MULTILINE)

    assert words == sorted(words, key=["error", "warning", "info"].index)


def test_text_folds_findings_that_are_alike() -> None:
    findings = tuple(Finding(f"breach {number}", Severity.ERROR, Script.LOGIN, ()) for number in range(5))
    without_script = tuple(Finding(f"hole {number}", Severity.ERROR, None, ()) for number in range(3))
    verdict = Verdict(rule=_info("a-rule"), status=Status.FAILED, findings=findings + without_script)

    text = render(_report(verdict))

    assert "breach 1\n" in text
    assert "breach 2" not in text
    assert "… and 3 more like these in login" in text
    assert "… and 1 more like these in the connection" in text


def test_text_names_the_action_and_its_users() -> None:
    transcript = Transcript.parse(
        "action persist\nperson ada email=ada@example.com new=on\n"
        "run persist of ada in first-log-in legacy sound {} -> done"
    )
    findings = tuple(Finding(f"breach {number}", Severity.ERROR, None, (1,)) for number in range(3))
    verdict = Verdict(rule=_info("a-rule"), status=Status.FAILED, findings=findings)

    text = render(Report(transcript=transcript, verdicts=(verdict,)))

    assert "\n1 run of the Action persist\n" in text
    assert "\n  the Action      1       1\n" in text
    assert "… and 1 more like these in the Action" in text
    assert "(ada)" not in text


def test_text_names_three_users_and_counts_the_others() -> None:
    people = "".join(f"person p{number} email=p{number}@example.com\n" for number in range(8))
    calls = "".join(f'get_user p{number}@example.com -> found {{"user_id": "auth0|{number}"}}\n' for number in range(8))

    text = render(judge(Transcript.parse(people + calls), select=["prefixed-user-id"]))

    assert "(p0, p1, p2 and 5 more)" in " ".join(text.split())


def test_text_shortens_long_calls_and_marks_an_early_end() -> None:
    long = json.dumps({"user_id": "auth0|7", "name": "x" * 300})
    transcript = Transcript.parse(
        'stopped time "60 s were up"\nperson ada email=ada@example.com\n'
        f"get_user ada@example.com -> found {long}\n"
        "get_user ada@example.com -> not-found   [known-user, unstable-store]\n"
    )

    text = render(judge(transcript))

    assert max(map(len, text.splitlines())) < 200
    assert "The check ended early (time): 60 s were up" in text
    assert "1 call could not be judged: the store gave" in text
    assert "; the check is incomplete\n" in text


@pytest.mark.parametrize(
    ("situation", "why"),
    [
        ("outage: 500", "get_user never called the fault server or proxy"),
        ("outage", "the store was reachable, because it still found a user"),
    ],
)
def test_calls_that_met_no_outage_are_marked(situation: str, why: str) -> None:
    text = render(judge(Transcript.parse(f"get_user ada -> not-found   [{situation}, outage-not-met]")))

    assert f"1 call of the outage could not be judged: {why}" in text
    assert "gave two results" not in text


def test_text_names_the_secrets_that_an_action_is_not_given() -> None:
    parsed = Transcript.parse(
        'run a in first-log-in {} -> done; noticed missing-secret "API_KEY"; noticed missing-secret "URL"\n'
        'run a in later-log-in {} -> done; noticed missing-secret "URL"; noticed open-sockets "1"\n'
    )

    lines = render(judge(parsed)).replace("\n", " ")

    assert (
        "reads missing secrets: event.secrets.API_KEY, event.secrets.URL. Add them to the secrets of the check."
        in lines
    )


def test_text_lists_missing_keys_of_the_configuration() -> None:
    parsed = Transcript.parse(
        'get_user ada -> not-found; noticed missing-configuration "API db/get_user.js:5:9"   [unknown-user]\n'
        'get_user bob -> not-found; noticed missing-configuration "API db/get_user.js:5:9"   [unknown-user]\n'
        'get_user bob -> not-found; noticed missing-configuration "A KEY "   [unknown-user]\n'
    )

    lines = render(judge(parsed)).replace("\n", " ")

    said = "settings that are not set: configuration.API (db/get_user.js:5), configuration.A KEY (get_user). Set them"
    assert said in lines


def test_text_shows_crashes_waivers_previews_and_missing_groups(broken: Report) -> None:
    crashed = Verdict(rule=_info("crashing"), status=Status.CRASHED, reason="KeyError: 'x'")
    waived = Verdict(rule=_info("waived-one"), status=Status.WAIVED, reason="until May")
    finding = Finding("new", Severity.WARNING, None, ())
    preview = Verdict(rule=_info("newer", preview=True), status=Status.FAILED, findings=(finding,))
    report = evolve(broken, require=(Group.MIGRATION,), verdicts=(crashed, waived, preview))

    text = render(report)

    assert "crashed  crashing\n  KeyError: 'x'\n  This is a bug in customdb-contract." in text
    assert "waived  waived-one: until May" in text
    assert "warning  newer  (preview: never fails a check)" in text
    verdict = "not ok: 2 rules judged, 1 broken (1 warning); 1 waived; 1 crashed"
    assert text.startswith(f"{verdict}; no rule of the required group migration could be judged\n")


def test_colour_is_used_only_on_request(broken: Report) -> None:
    assert "\x1b[" not in render(broken)
    assert "\x1b[31merror\x1b[0m" in render(broken, Style(color=True))


def test_a_rule_without_docstring_has_no_fix_to_show() -> None:
    info = evolve(_info("undocumented"), docstring="")
    verdict = Verdict(rule=info, status=Status.FAILED, findings=(Finding("x", Severity.ERROR, None, ()),))

    assert "Fix:" not in render(_report(verdict))


DECLINE = "Look at the rows: `callback(null, rows.length > 0)`."
IN_PYTHON = "A Python script returns `Declined()`. In Python, raising is fine. Python: `Failed(…)`."
IN_JAVASCRIPT = "JavaScript: `callback(new Error('no'))`. In JavaScript, throwing isn't."
END = "Pythons are no scripts."


@pytest.mark.parametrize(
    ("scripts", "fix"),
    [
        ({"login": "shop.py:6"}, f"{DECLINE} {IN_PYTHON} {END}"),
        ({"login": "login.js:6:1"}, f"{DECLINE} {IN_JAVASCRIPT} {END}"),
        ({"login": "login.mjs:6"}, f"{DECLINE} {IN_JAVASCRIPT} {END}"),
        ({"login": "login.js:6", "get_user": "shop.py:6"}, f"{DECLINE} {IN_PYTHON} {IN_JAVASCRIPT} {END}"),
        ({"login": "login.js:6", "get_user": "shop.rb:6"}, f"{DECLINE} {IN_PYTHON} {IN_JAVASCRIPT} {END}"),
        ({"login": "login.js:6", "": ""}, f"{DECLINE} {IN_PYTHON} {IN_JAVASCRIPT} {END}"),
        ({"verify": ""}, f"{DECLINE} {IN_PYTHON} {IN_JAVASCRIPT} {END}"),
    ],
)
def test_the_fix_is_in_the_language_of_the_scripts(scripts: dict[str, str], fix: str) -> None:
    docstring = f"A rule.\n\n## How to fix\n{DECLINE} {IN_PYTHON} {IN_JAVASCRIPT} {END}\n"
    found = tuple(Finding("x", Severity.ERROR, Script(name) if name else None, ()) for name in scripts)
    verdict = Verdict(rule=evolve(_info("a-rule"), docstring=docstring), status=Status.FAILED, findings=found)
    text = "".join(f'script {name} location="{place}"\n' for name, place in scripts.items() if place)

    shown = " ".join(render(_report(verdict, text=text)).split())

    assert f"Fix: {fix} More:" in shown


def test_the_table_counts_each_rule_once_for_each_script_by_its_worst_finding() -> None:
    worst = Finding("x", Severity.ERROR, Script.LOGIN, (1,))
    mild = evolve(worst, severity=Severity.WARNING)
    other = evolve(mild, script=Script.GET_USER, severity=Severity.INFO)
    nobody = evolve(worst, script=None)
    text = "login a@b.c x -> not-found   [unknown-user]\n" * 2

    report = _report(_failed(mild, worst, mild, other), _failed(mild, nobody), text=text)

    assert render(report).split("\n\n")[2] == (
        "                  calls  errors  warnings  infos\n"
        "  login               2       1         1      0\n"
        "  get_user                    0         0      1\n"
        "  the connection              1         0      0"
    )


def test_without_calls_there_is_no_table() -> None:
    assert "calls  " not in render(_report(_failed(Finding("x", Severity.ERROR, None, ()))))


def test_verbose_text_has_every_finding_and_every_call_as_a_whole() -> None:
    call = f"get_user a@b.c -> found {json.dumps(LONG)}   [unknown-user]\n"
    findings = [Finding(f"breach {number}", Severity.ERROR, Script.GET_USER, (1, 2, 3)) for number in range(5)]
    report = _report(_failed(*findings), text=call * 3)

    brief, whole = render(report), render(report, Style(verbose=True))

    assert "breach 4" not in brief
    assert "… (and " in brief
    assert whole.count("breach ") == 5
    assert "…" not in whole
    assert whole.count('"key39":') == 15


@pytest.mark.parametrize("width", [60, 100, 200])
def test_text_has_the_given_width(width: int, broken: Report) -> None:
    lines = render(broken, Style(width=width)).splitlines()

    assert max(map(len, lines)) in range(width - 60, width + 1)


@given(st.lists(st.sampled_from(["word", "«password of ada»", "a-longer-word", "«token 1»"]), max_size=30))
def test_the_marker_of_a_secret_is_not_broken_over_lines(words: list[str]) -> None:
    lines = list(Style(width=30).wrapped(" ".join(words)))

    assert [word for line in lines for word in re.findall("«[^»]*»|[^ «]+", line)] == words
    assert all(line.count("«") == line.count("»") for line in lines)


def test_quiet_text_has_the_verdict_and_the_names_of_broken_rules() -> None:
    one = Finding("x", Severity.WARNING, Script.LOGIN, ())
    other = evolve(one, script=Script.GET_USER)
    unscripted = evolve(one, script=None, severity=Severity.ERROR)
    crashed = Verdict(rule=_info("crashing"), status=Status.CRASHED, reason="KeyError: 'x'")
    waived = Verdict(rule=_info("waived-one"), status=Status.WAIVED, findings=(other,), reason="until May")
    passed = Verdict(rule=_info("passing"), status=Status.PASSED, held=1)
    report = _report(_failed(one, other, one), passed, waived, crashed, _failed(unscripted))

    assert render_briefly(report) == (
        "not ok: 4 rules judged, 2 broken (1 error, 1 warning); 1 waived; 1 crashed\n"
        "crashed  crashing\n"
        "error  a-rule\n"
        "warning  a-rule  (login, get_user)\n"
        "waived  waived-one  (get_user)\n"
    )
    assert render_briefly(report, Style(color=True)).count("\x1b[31m") == 2


def test_the_reports_on_a_tenant_end_with_a_line_for_each() -> None:
    good = _report(Verdict(rule=_info("passing"), status=Status.PASSED, held=1), text="connection name=shop\n")
    bad = _report(_failed(Finding("x", Severity.ERROR, None, ())), text="connection name=forum\n")

    whole, brief = render_all([good, bad]), render_all([good, bad], briefly=True)

    end = "\n\nshop: ok\nforum: not ok\n"
    assert whole == f"shop\n====\n\n{render(good)}\n\nforum\n=====\n\n{render(bad)}{end}"
    assert brief == f"shop\n====\n\n{render_briefly(good)}\n\nforum\n=====\n\n{render_briefly(bad)}{end}"


# Evidence


def _evidence(call: str, path: str | None, got: str | None = None, most: int = 120) -> str:
    finding = Finding("x", Severity.ERROR, Script.GET_USER, (1,), path=path, got=got)
    [line] = _report(_failed(finding), text=f"person ada email=ada@example.com\n{call}\n").evidence_lines(finding, most)
    return line.removeprefix("   1  ")


FOUND = f"get_user ada@example.com -> found {json.dumps(LONG)}"


@pytest.mark.parametrize("number", range(0, 40, 7))
def test_the_compared_values_of_a_finding_are_not_cut(number: int) -> None:
    shown = _evidence(FOUND, f"key{number}")

    assert shown.startswith('get_user ada@example.com -> found {"user_id": "7"')
    assert f'"key{number}": "{"x" * 20}"' in shown
    assert shown.endswith(("…", "characters)"))
    assert len(shown) < 160


@pytest.mark.parametrize(
    ("path", "deciding"),
    [
        ("get_user.key39", '… "key39": "xxxxxxxxxxxxxxxxxxxx" …'),
        ("key1, key39", '… "key39": "xxxxxxxxxxxxxxxxxxxx" …'),
        ("user_metadata.plan", '… "plan": {"a": [1, {"b": 2}]} …'),
        ("user_metadata", '… "user_metadata": {"plan": {"a": [1, {"b": 2}]}} …'),
        ("a.dotted.key", '… "a.dotted.key": null …'),
        ("nothing.of.it", "… (and"),
        (None, "… (and"),
    ],
)
def test_a_path_is_found_in_a_call(path: str | None, deciding: str) -> None:
    call = LONG | {"user_metadata": {"plan": {"a": [1, {"b": 2}]}}, "a.dotted.key": None}

    assert deciding in _evidence(f"get_user ada@example.com -> found {json.dumps(call)}", path)


def test_a_value_that_is_long_itself_is_shown_from_its_beginning() -> None:
    shown = _evidence(f'get_user ada@example.com -> found {{"a": "{"x" * 200}", "b": "{"y" * 500}"}}', "b")

    assert re.search(r' … "b": "y{40,60} …$', shown)


@pytest.mark.parametrize(
    ("path", "end"),
    [
        ("output", '… ; printed "late"'),
        ("duration", "… ; after 12.5 s"),
        ("callback", "… (and 137 more characters)"),
    ],
)
def test_a_part_of_a_call_that_is_no_attribute_is_shown(path: str, end: str) -> None:
    ending = '; printed "late"' if path == "output" else "; after 12.5 s"

    assert _evidence(f'get_user ada@example.com -> found {{"a": "{"x" * 200}"}}{ending}', path).endswith(end)


def test_a_part_that_a_call_lacks_leaves_it_cut_at_the_end() -> None:
    assert _evidence(FOUND, "output").endswith("more characters)")


def test_text_that_only_resembles_an_attribute_is_shown_in_full() -> None:
    finding = Finding("x", Severity.ERROR, None, (), path="b")

    assert shown_around(f'{"x" * 100} "b": oops {"y" * 90}', finding, 100).endswith(f' … "b": oops {"y" * 40} …')


def test_a_received_value_is_found_without_a_path() -> None:
    assert " … xxkey39 …" in _evidence(FOUND.replace('"key39": "', '"last": "xxkey39'), None, "xxkey39")


@pytest.mark.parametrize("later", ['raised later Error "too late"', 'called again -> failed Error "no"'])
def test_late_events_of_a_call_are_shown_if_nothing_is_compared(later: str) -> None:
    assert _evidence(f"{FOUND}; {later}", None).endswith(f" … ; {later}")


def test_a_part_next_to_the_beginning_is_shown_without_a_gap() -> None:
    call = f'get_user ada@example.com -> found {{"a": "{"x" * 10}", "b": "{"y" * 100}"}}'

    assert _evidence(call, "b").startswith(f'get_user ada@example.com -> found {{"a": "{"x" * 10}", "b": "yyy')


@given(awkward_texts(), st.text(string.ascii_letters + ".,", max_size=20), st.integers(20, 300))
def test_no_line_is_too_long(name: str, path: str, most: int) -> None:
    call = f"get_user ada@example.com -> found {json.dumps({'a': name, 'b': 'x' * 300, path: 1})}"

    shown = _evidence(call, path, most=most)

    assert len(shown) <= 6 * (most + 60)
    assert shown.isprintable()

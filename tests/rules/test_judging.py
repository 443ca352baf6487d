from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError
from customdb_contract.findings import Finding, Group, Held, Need, RuleInfo, Severity, Status, Violation
from customdb_contract.rules._judging import judge_by
from customdb_contract.rules._rule import Comparison, Rule, rule
from customdb_contract.rules._selection import Selection
from customdb_contract.rules._sightings import (
    ignores_identifier,
    is_retired,
    outages,
    sightings,
    sightings_by_person,
)
from customdb_contract.transcript import Situation, Transcript

ADA = "person ada email=ada@example.com\n"
CALLS = Transcript.parse(
    ADA
    + (
        'get_user ada@example.com -> found {"user_id": "7"}\n'
        'login ada@example.com «password of ada» -> found {"user_id": "7"}\n'
        'get_user ada@example.com -> raised KeyError "x"   [repeated]\n'
    )
)


@rule(group=Group.PROFILE, severity=Severity.ERROR, since="0.1.0", source="good practice: it is a test")
def every_call(transcript: Transcript) -> Iterator[Comparison]:
    """Every call is a breach.

    ## Why this matters
    It does not.
    """
    for exchange in transcript.judged:
        yield Violation("seen", (exchange,))


@rule(
    group=Group.CALLBACK,
    severity=Severity.ERROR,
    scripts=[Script.GET_USER],
    needs=[Need.GET_USER],
    yields_to=["only-raised"],
    since="0.2.0",
    source="https://example.com/docs",
)
def get_user_seen(transcript: Transcript) -> Iterator[Comparison]:
    """A get_user call is a breach, one by login holds."""
    for exchange in transcript.judged:
        if exchange.script is Script.GET_USER:
            yield Violation("get_user was seen", (exchange,), Severity.WARNING)
        else:
            yield Held((exchange,))


@rule(group=Group.OUTCOME, severity=Severity.ERROR, since="0.1.0", source="good practice: it is a test")
def only_raised(transcript: Transcript) -> Iterator[Comparison]:
    for exchange in transcript.judged:
        if exchange.outcome.raised:
            yield Violation("it raised", (exchange,))


@rule(group=Group.OUTCOME, severity=Severity.INFO, since="0.1.0", source="good practice: it is a test")
def always_held(transcript: Transcript) -> Iterator[Comparison]:
    yield Held(transcript.judged)


@rule(
    group=Group.SECURITY,
    severity=Severity.INFO,
    needs=(Need.OUTAGE, Need.GET_USER),
    since="0.1.0",
    source="good practice: it is a test",
)
def nothing_to_see(_: Transcript) -> Iterator[Comparison]:
    yield from ()


@rule(group=Group.SECURITY, severity=Severity.INFO, since="0.1.0", source="good practice: it is a test")
def crashing(transcript: Transcript) -> Iterator[Comparison]:
    yield Violation("half-way", transcript.judged)
    message = "no such key"
    raise LookupError(message)


@rule(group=Group.SECURITY, severity=Severity.ERROR, since="0.1.0", source="good practice: it is a test", preview=True)
def previewed(transcript: Transcript) -> Iterator[Comparison]:
    for exchange in transcript.judged:
        yield Violation("new", (exchange,))


CATALOGUE = (every_call, get_user_seen, only_raised, always_held, nothing_to_see)


def yielding_to(name: str) -> Rule:
    @rule(
        group=Group.PROFILE,
        severity=Severity.ERROR,
        yields_to=(name,),
        since="0.1.0",
        source="good practice: it is a test",
    )
    def general(transcript: Transcript) -> Iterator[Comparison]:
        for exchange in transcript.judged:
            yield Violation("seen", (exchange,))

    return general


# The rule object


def test_a_rule_needs_the_version_that_introduced_it() -> None:
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'since'"):
        rule(group=Group.PROFILE, severity=Severity.ERROR, source="good practice")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # that is what it shows


def test_a_rule_is_described_by_its_function() -> None:
    assert get_user_seen.info == RuleInfo(
        name="get-user-seen",
        group=Group.CALLBACK,
        severity=Severity.ERROR,
        scripts=(Script.GET_USER,),
        needs=(Need.GET_USER,),
        yields_to=("only-raised",),
        since="0.2.0",
        source="https://example.com/docs",
        preview=False,
        docstring="A get_user call is a breach, one by login holds.",
    )
    assert every_call.info.docstring == "Every call is a breach.\n\n## Why this matters\nIt does not."


def test_a_rule_without_a_docstring_has_an_empty_page() -> None:
    assert not only_raised.info.docstring


# Verdicts


def test_identical_breaches_are_one_finding_per_script() -> None:
    verdict = judge_by(CATALOGUE, CALLS).verdict("every-call")

    assert verdict.status is Status.FAILED
    assert verdict.findings == (
        Finding("seen", Severity.ERROR, Script.GET_USER, (1, 3)),
        Finding("seen", Severity.ERROR, Script.LOGIN, (2,)),
    )


def test_a_breach_may_have_its_own_severity_and_passing_calls_are_counted() -> None:
    verdict = judge_by((get_user_seen,), CALLS).verdict("get-user-seen")

    assert verdict.findings == (Finding("get_user was seen", Severity.WARNING, Script.GET_USER, (1, 3)),)
    assert verdict.held == 1


def test_a_rule_yields_to_a_more_specific_one() -> None:
    report = judge_by(CATALOGUE, CALLS)

    assert report.verdict("get-user-seen").findings == (
        Finding("get_user was seen", Severity.WARNING, Script.GET_USER, (1,)),
    )
    assert report.verdict("only-raised").findings == (Finding("it raised", Severity.ERROR, Script.GET_USER, (3,)),)


def test_a_rule_that_yields_every_breach_has_not_passed_and_its_waiver_is_not_stale() -> None:
    transcript = Transcript.parse(ADA + 'get_user ada@example.com -> raised KeyError "x"')
    verdict = judge_by(CATALOGUE, transcript, Selection.of(CATALOGUE, waived={"get-user-seen": "ticket 12"})).verdict(
        "get-user-seen"
    )

    assert (verdict.status, verdict.reason) == (Status.NOT_APPLICABLE, "reported by only-raised")


def test_an_ignored_rule_still_takes_precedence_and_a_rule_that_is_not_selected_does_not() -> None:
    transcript = Transcript.parse(ADA + 'get_user ada@example.com -> raised KeyError "x"')

    ignored = judge_by(CATALOGUE, transcript, Selection.of(CATALOGUE, ignore=["only-raised"]))
    selected = judge_by(CATALOGUE, transcript, Selection.of(CATALOGUE, select=["get-user-seen"]))

    assert ignored.verdict("only-raised").status is Status.DESELECTED
    assert ignored.verdict("get-user-seen").status is Status.NOT_APPLICABLE
    assert selected.verdict("get-user-seen").status is Status.FAILED


@pytest.mark.parametrize("specific", [previewed, crashing])
def test_a_preview_and_a_crash_silence_no_other_rule(specific: Rule) -> None:
    report = judge_by((yielding_to(specific.info.name), specific), CALLS)

    assert report.verdict("general").status is Status.FAILED


def test_a_crash_of_a_rule_is_a_verdict_and_the_others_still_report() -> None:
    report = judge_by((crashing, *CATALOGUE), CALLS)

    assert report.verdict("crashing").status is Status.CRASHED
    assert report.verdict("crashing").reason == "LookupError: no such key"
    assert report.verdict("crashing").findings == ()
    assert report.verdict("always-held").status is Status.PASSED


def test_a_rule_without_comparisons_is_not_applicable_and_names_its_needs() -> None:
    verdict = judge_by(CATALOGUE, CALLS).verdict("nothing-to-see")

    assert verdict.status is Status.NOT_APPLICABLE
    assert verdict.missing == (Need.OUTAGE,)
    assert verdict.reason == "needs [outage]"


def test_a_rule_without_comparisons_or_missing_needs_gives_a_reason() -> None:
    verdict = judge_by((only_raised,), Transcript.parse(ADA + "get_user ada@example.com -> not-found")).verdict(
        "only-raised"
    )

    assert verdict.reason == "the check recorded nothing that this rule judges"


def test_the_evidence_of_one_finding_is_short_and_in_order() -> None:
    calls = "get_user ada@example.com -> not-found\n" * 20

    [finding] = judge_by((every_call,), Transcript.parse(ADA + calls)).verdict("every-call").findings

    assert finding.evidence == (1, 2, 3, 4, 5, 6, 7, 8)


def test_a_breach_that_the_header_proves_has_no_evidence_and_no_script() -> None:
    @rule(group=Group.OUTCOME, severity=Severity.INFO, since="0.1.0", source="good practice: it is a test")
    def header_breach(_: Transcript) -> Iterator[Comparison]:
        yield Violation("no script", ())
        yield Violation("no login script", (), script=Script.LOGIN)

    assert judge_by((header_breach,), Transcript()).verdict("header-breach").findings == (
        Finding("no script", Severity.INFO, None, ()),
        Finding("no login script", Severity.INFO, Script.LOGIN, ()),
    )


@given(st.lists(st.sampled_from(["found {}", "not-found", 'raised KeyError "x"', "timed-out"]), max_size=30))
def test_every_breach_is_reported_by_exactly_one_of_two_rules(endings: list[str]) -> None:
    transcript = Transcript.parse(ADA + "".join(f"get_user ada@example.com -> {ending}\n" for ending in endings))

    report = judge_by((get_user_seen, only_raised), transcript)
    general, specific = ({n for f in verdict.findings for n in f.evidence} for verdict in report.verdicts)

    assert general.isdisjoint(specific)
    assert bool(general or specific) == bool(endings)


# Selecting, waiving, requiring


def test_rules_are_selected_and_ignored_by_name_and_by_group() -> None:
    report = judge_by(
        CATALOGUE, CALLS, Selection.of(CATALOGUE, select=["outcome", "every-call"], ignore=["always-held"])
    )

    assert [verdict.status for verdict in report.verdicts] == [
        Status.FAILED,
        Status.DESELECTED,
        Status.FAILED,
        Status.DESELECTED,
        Status.DESELECTED,
    ]


def test_a_waiver_keeps_the_findings_and_its_reason() -> None:
    verdict = judge_by(CATALOGUE, CALLS, Selection.of(CATALOGUE, waived={"only-raised": "ticket 12"})).verdict(
        "only-raised"
    )

    assert (verdict.status, verdict.reason, len(verdict.findings)) == (Status.WAIVED, "ticket 12", 1)


def test_a_waiver_of_a_rule_that_passes_is_stale_and_fails() -> None:
    report = judge_by((always_held,), CALLS, Selection.of((always_held,), waived={"always-held": "ticket 12"}))

    assert report.verdict("always-held").status is Status.FAILED
    assert report.verdict("always-held").findings == (
        Finding(
            "the waiver of always-held is out of date: the rule passes now; remove the waiver (ticket 12)",
            Severity.ERROR,
            None,
            (),
        ),
    )
    assert not report.ok


def test_a_waiver_of_a_rule_that_saw_nothing_is_not_stale() -> None:
    report = judge_by(CATALOGUE, CALLS, Selection.of(CATALOGUE, waived={"nothing-to-see": "ticket 12"}))

    assert report.verdict("nothing-to-see").status is Status.NOT_APPLICABLE


def test_required_groups_and_the_severity_to_fail_on_reach_the_report() -> None:
    report = judge_by(CATALOGUE, CALLS, Selection.of(CATALOGUE, require=["security", "outcome"], fail_on="warning"))

    assert report.require == (Group.SECURITY, Group.OUTCOME)
    assert report.missing_groups == (Group.SECURITY,)
    assert report.fail_on is Severity.WARNING


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"select": ["only-raise"]},
            "select: there is no rule or group 'only-raise'; did you mean only-raised?",
        ),
        (
            {"ignore": ["xyzzy"]},
            "ignore: there is no rule or group 'xyzzy'; `customdb-contract rules` lists them",
        ),
        ({"waived": {"outcome": "all"}}, "waived: there is no rule 'outcome'; `customdb-contract rules` lists them"),
        ({"require": ["profil"]}, "require: there is no group 'profil'; did you mean profile?"),
        (
            {"waived": {"only-raised": " "}},
            'waived: only-raised has no reason; write only-raised = "why this breach is accepted, until when"',
        ),
        ({"fail_on": "info"}, "fail_on must be 'error' or 'warning', not 'info'"),
        (
            {"scripts": ["logon"]},
            (
                "script: there is no script 'logon'; the scripts are login, get_user, create, verify, "
                "change_password, change_email, delete"
            ),
        ),
    ],
)
def test_a_wrong_option_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Selection.of(CATALOGUE, **options)  # type: ignore[arg-type]  # wrong on purpose

    assert str(caught.value) == message


def test_a_selection_can_be_narrowed() -> None:
    selection = Selection.of(CATALOGUE, select=["every-call", "only-raised"], ignore=["always-held"])

    assert selection.judged == {"every-call", "only-raised"}
    assert selection.without(["only-raised"]).judged == {"every-call"}
    assert selection.without(["only-raised"]).selected == selection.selected


def test_findings_about_other_scripts_are_left_out() -> None:
    login = judge_by(CATALOGUE, CALLS, Selection.of(CATALOGUE, scripts=["login"]))
    get_user = judge_by(CATALOGUE, CALLS, Selection.of(CATALOGUE, scripts=["get_user"]))
    both = judge_by(CATALOGUE, CALLS, Selection.of(CATALOGUE, scripts=["get_user", "login"]))

    assert login.verdict("get-user-seen").status is Status.DESELECTED
    assert {finding.script for finding in login.verdict("every-call").findings} == {Script.LOGIN}
    assert login.verdict("only-raised").status is Status.NOT_APPLICABLE
    assert login.verdict("only-raised").reason == "only get_user broke it, which is not judged"
    assert login.verdict("always-held").status is Status.PASSED
    assert {finding.script for finding in get_user.verdict("every-call").findings} == {Script.GET_USER}
    assert both.verdicts == judge_by(CATALOGUE, CALLS).verdicts


def test_a_waiver_for_a_rule_broken_by_another_script_is_not_stale() -> None:
    selection = Selection.of(CATALOGUE, scripts=["login"], waived={"only-raised": "ticket 12"})

    assert judge_by(CATALOGUE, CALLS, selection).verdict("only-raised").status is Status.NOT_APPLICABLE


# Sightings

SEEN = Transcript.parse(
    ADA
    + (
        "person bob email=bob@example.com\n"
        'get_user ada@example.com -> found {"user_id": "7"}\n'
        'login ada@example.com «password of ada» -> found {"user_id": "7"}   [repeated]\n'
        'get_user ADA@example.com -> found {"user_id": "7"}   [other-spelling: upper-case of ada]\n'
        'get_user bob@example.com -> found {"id": 8}\n'
        'get_user bob@example.com -> found {"id": 9}   [repeated, unstable-store]\n'
        "get_user bob@example.com -> not-found   [repeated]\n"
        'get_user x@example.com -> found {"user_id": "7"}   [other-spelling: lower-case]\n'
        'get_user y@example.com -> found {"user_id": "7"}   [unknown-user]\n'
        'login ada@example.com "x" -> found {"user_id": "7"}   [wrong-password]\n'
    )
)


def test_sightings_are_profiles_of_known_users_requested_by_their_own_identifiers() -> None:
    assert [exchange.number for exchange in sightings(SEEN)] == [1, 2, 3, 4]
    assert [exchange.number for exchange in sightings(SEEN, Script.LOGIN)] == [2]
    assert {label: [exchange.number for exchange in seen] for label, seen in sightings_by_person(SEEN).items()} == {
        "ada": [1, 2, 3],
        "bob": [4],
    }
    assert list(sightings_by_person(SEEN, Script.LOGIN)) == ["ada"]


@pytest.mark.parametrize("script", [Script.LOGIN, Script.GET_USER])
def test_outages_are_the_faults_with_no_other_meaning(script: Script) -> None:
    everything = "".join(
        f"{script} ada@example.com{' x' if script is Script.LOGIN else ''} -> not-found   [{situation}]\n"
        for situation in Situation
    )
    certain = {outage.situation for outage in outages(Transcript.parse(ADA + everything), script)}

    assert certain - {Situation.STATUS_401} == {
        Situation.OUTAGE,
        Situation.REFUSE,
        Situation.RESET,
        Situation.HANG,
        Situation.STATUS_429,
        Situation.STATUS_500,
        Situation.STATUS_503,
        Situation.HTML_PAGE,
        Situation.TRUNCATED_JSON,
        Situation.CUT,
        Situation.SECOND_REQUEST,
        Situation.THIRD_REQUEST,
    }
    assert (Situation.STATUS_401 in certain) == (script is Script.GET_USER)


RETIRED = "get_user ada@example.com -> not-found\nlogin nobody@example.com x -> not-found   [unknown-user]\n"


@pytest.mark.parametrize(
    ("calls", "retired"),
    [
        (RETIRED, True),
        (RETIRED + 'get_user ada@example.com -> failed Error "down"   [outage]\n', True),
        (RETIRED + 'get_user nobody@example.com -> found {"user_id": "7"}   [unknown-user]\n', False),
        (RETIRED + 'login ada@example.com x -> failed Error "no"   [wrong-password]\n', False),
        ("get_user ada@example.com -> not-found\n", False),
        ("login ada@example.com x -> not-found\n", False),
        (
            "get_user x@example.com -> not-found   [unknown-user]\nlogin x@example.com x -> not-found   [unknown-user]",
            False,
        ),
        ("", False),
    ],
)
def test_a_pair_is_retired_when_both_answer_null_for_all_users(calls: str, retired: bool) -> None:
    assert is_retired(Transcript.parse(ADA + calls)) is retired


@pytest.mark.parametrize(
    ("first", "second", "ignores"),
    [
        ('found {"user_id": "7"}', 'found {"id": 8}', True),
        ('found {"email": "x@example.com"}', 'found {"user_id": "7"}', True),
        ('found {"user_id": "7"}', "found {}", False),
        ('found {"user_id": "7"}', 'found {"user_id": null}', False),
        ('found {"user_id": "7"}', "not-found", False),
    ],
)
def test_finding_two_unknown_identifiers_means_the_identifier_is_ignored(
    first: str, second: str, ignores: bool
) -> None:
    calls = f"get_user x@example.com -> {first}   [unknown-user]\nget_user y@example.com -> {second}   [unknown-user]\n"

    assert ignores_identifier(Transcript.parse(calls), Script.GET_USER) is ignores
    assert ignores_identifier(Transcript.parse(calls), Script.LOGIN) is False


def test_one_unknown_identifier_asked_for_twice_is_not_ignored() -> None:
    call = 'get_user x@example.com -> found {"user_id": "7"}   [unknown-user]\n'

    assert ignores_identifier(Transcript.parse(call + call), Script.GET_USER) is False


# What was compared


@rule(group=Group.PROFILE, severity=Severity.ERROR, since="0.1.0", source="good practice: it is a test")
def compared(transcript: Transcript) -> Iterator[Comparison]:
    for exchange in transcript.judged:
        got = str(exchange.number)
        yield Violation("expected {expected}, got {got}", (exchange,), script=Script.LOGIN, expected="{got}", got=got)


def test_breaches_that_differ_only_in_values_are_one_finding_with_the_first_values() -> None:
    [finding] = judge_by((compared,), CALLS).verdict("compared").findings

    assert finding == Finding("expected {got}, got 1", Severity.ERROR, Script.LOGIN, (1, 2, 3))
    assert (finding.path, finding.expected, finding.got) == (None, "{got}", "1")


def test_breaches_about_different_paths_are_different_findings() -> None:
    @rule(group=Group.PROFILE, severity=Severity.ERROR, since="0.1.0", source="good practice: it is a test")
    def by_path(transcript: Transcript) -> Iterator[Comparison]:
        for exchange in transcript.judged:
            yield Violation("odd", (exchange,), script=Script.LOGIN, path=f"path {exchange.number % 2}")

    verdict = judge_by((by_path,), CALLS).verdict("by-path")

    assert [(finding.path, finding.evidence) for finding in verdict.findings] == [("path 1", (1, 3)), ("path 0", (2,))]


def test_a_value_is_shown_in_a_message_up_to_a_limit() -> None:
    violation = Violation("got {got}", (), got="x" * 1_200)

    assert violation.told == f"got {'x' * 200}… (and 1,000 more characters)"
    assert violation.blamed is None

"""`check_action`: correct Actions pass, each wrong one is found by exactly the rules that name its flaw."""

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from action_mutants import (
    CONNECTION,
    MUTANTS,
    RESTORING,
    TOKEN,
    UNUSUAL,
    Overwrites,
    ReadsATokenFromElsewhere,
    Restoring,
    action_of,
)
from customdb_contract.actions import PostLoginApi, PostLoginEvent
from customdb_contract.bridges.node import NodeAction
from customdb_contract.bridges.python import PythonAction
from customdb_contract.checking_actions import check_action
from customdb_contract.connection import Connection
from customdb_contract.errors import ConfigurationError
from customdb_contract.faults import LegacyAnswers, LegacyResponse
from customdb_contract.findings import Group, Report, Status
from customdb_contract.probes.acting import _stage
from customdb_contract.probes.acting._events import EMAIL, LEGACY_ID
from customdb_contract.rules import judge
from customdb_contract.secrets import Secret
from customdb_contract.transcript import (
    ActionRun,
    Ending,
    Handler,
    LegacyState,
    RunSituation,
    StopKind,
    Transcript,
    observed_runs,
)

pytestmark = pytest.mark.one_python

SECRETS = {"LEGACY_API_SECRET": Secret(TOKEN)}


def checked(action: object, **settings: Any) -> Report:
    return check_action(action, connection=Connection(name=CONNECTION, import_mode=True), **settings)


def found(report: Report) -> set[str]:
    return {verdict.rule.name for verdict in report.verdicts if verdict.findings}


def status_of_group(report: Report) -> Mapping[str, Status]:
    return {each.rule.name: each.status for each in report.verdicts if each.rule.group is Group.ACTION}


def test_user_names_stay_readable_with_any_secrets_of_an_action() -> None:
    action = PythonAction(
        lambda event, _: print(event.user.email), secrets={"A": Secret(EMAIL), "B": Secret(LEGACY_ID)}
    )

    transcript = checked(action).transcript

    first, *_ = observed_runs(transcript)
    assert [person.email for person in transcript.header.people] == [EMAIL]
    assert first.run.outcome.output == f"{EMAIL}\n"
    assert f'"user_id": "auth0|{LEGACY_ID}"' in str(transcript)
    assert "«configuration" not in str(transcript)


def in_javascript(folder: Path, source: str) -> NodeAction:
    code = folder / "code.js"
    code.write_text(source, encoding="utf-8")
    return NodeAction(code, secrets=SECRETS)


def test_every_rule_is_judged_of_a_correct_action() -> None:
    report = checked(action_of(Restoring()))

    assert report.ok, report
    assert set(status_of_group(report).values()) == {Status.PASSED}
    assert "s3cr3t" not in str(report.transcript)


@pytest.mark.untraced
@pytest.mark.parametrize("make", UNUSUAL)
def test_nothing_is_found_in_an_unusual_action(make: Callable[[], object]) -> None:
    report = checked(action_of(make()))

    assert found(report) == set(), report


def test_log_ins_that_need_an_external_token_are_not_judged() -> None:
    report = checked(action_of(ReadsATokenFromElsewhere()))

    assert found(report) == set(), report
    assert status_of_group(report)["action-restores-nothing"] is Status.NOT_APPLICABLE


def test_a_log_in_goes_on_in_another_container_with_what_was_written() -> None:
    class Counting:
        runs = 0

        def __call__(self, event: PostLoginEvent, api: PostLoginApi) -> None:
            self.runs += 1
            api.user.set_app_metadata("runs", self.runs)
            api.redirect.send_user_to("https://shop.example.com/terms")

        def on_continue_post_login(self, event: PostLoginEvent, api: PostLoginApi) -> None:
            api.user.set_app_metadata("seen", [(event.user.app_metadata or {})["runs"], self.runs])

    transcript = checked(PythonAction(Counting)).transcript
    first, resumed, *_ = transcript.of_kind(ActionRun)

    assert (first.handler, resumed.handler, resumed.follows) == (Handler.EXECUTE, Handler.CONTINUE, first.number)
    assert observed_runs(transcript)[0].writes == {("app_metadata", "runs"): 1, ("app_metadata", "seen"): [1, 0]}
    played, resumed_in = (
        {run.situation for run in transcript.of_kind(ActionRun) if run.handler is handler} for handler in Handler
    )
    assert played - resumed_in == {RunSituation.TOKEN_REFRESH, RunSituation.SILENT_LOG_IN}


@pytest.mark.untraced
@pytest.mark.parametrize(("make", "expected"), MUTANTS.items())
def test_exactly_the_rules_that_name_the_flaw_of_an_action_fire(
    make: Callable[[], object], expected: frozenset[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_stage, "RUN_SECONDS", 4.0)

    assert found(checked(action_of(make()))) == expected


def test_a_correct_action_in_javascript_passes(tmp_path: Path) -> None:
    report = checked(in_javascript(tmp_path, RESTORING))

    assert report.ok, report
    assert set(status_of_group(report).values()) == {Status.PASSED}
    assert "https://legacy.example.com/users/" in str(report.transcript)


class DeniesWithoutMetadata(Restoring):
    @override
    def on_unknown(self, api: Any) -> None:
        super().on_unknown(api)
        api.access.deny("no plan")

    @override
    def on_outage(self, api: Any) -> None:
        api.access.deny("try again later")


async def never_returns(event: Any, api: Any) -> None:
    await asyncio.Event().wait()


class NeverReturnsForLinkedAccounts(Restoring):
    @override
    def __call__(self, event: Any, api: Any) -> Any:
        return super().__call__(event, api) if len(event.user.identities) == 1 else never_returns(event, api)


@pytest.mark.parametrize(
    ("action", "where", "expected"),
    [
        (never_returns, "first-log-in, legacy system: sound", {"action-restores-nothing"}),
        (NeverReturnsForLinkedAccounts(), "linked-account, legacy system: sound", {"callback-not-called"}),
    ],
)
def test_nothing_more_is_tried_after_an_action_that_never_returns(
    action: object, where: str, expected: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_stage, "RUN_SECONDS", 1.5)
    report = checked(action_of(action))

    stopped = report.transcript.header.stop_reason
    assert stopped is not None
    assert stopped.kind is StopKind.TIME
    assert (
        stopped.message == f"the Action did not end within 1.5 s ({where}), so the remaining situations were not tried"
    )
    assert [run.run.outcome.ending for run in observed_runs(report.transcript)].count(Ending.TIMED_OUT) == 1
    assert found(report) == expected
    assert not report.ok


EXITS = """\
exports.onExecutePostLogin = async (event) => {
  if (WHEN) process.exit(1);
};
"""


@pytest.mark.parametrize(
    ("when", "runs"),
    [pytest.param("true", 5, id="always"), pytest.param("event.user.identities.length > 1", None, id="sometimes")],
)
def test_an_action_that_ends_its_process_is_tried_a_limited_number_of_times(
    tmp_path: Path, when: str, runs: int | None
) -> None:
    report = checked(in_javascript(tmp_path, EXITS.replace("WHEN", when)))
    stopped = report.transcript.header.stop_reason

    assert "callback-not-called" in found(report)
    if runs is None:
        assert stopped is None
        return
    assert len(report.transcript.of_kind(ActionRun)) == runs
    assert stopped is not None
    assert (
        stopped.message
        == "the Action ended its process in each of 5 log-ins, so the remaining situations were not tried"
    )
    assert (report.complete, report.ok) == (False, False)


class WaitsForTheEndOfAnOutage(Restoring):
    @override
    def on_outage(self, api: Any) -> None:
        asyncio.run(never_returns(None, api))


def test_no_outage_is_tried_after_one_that_hangs_the_action(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_stage, "RUN_SECONDS", 1.5)
    report = checked(action_of(WaitsForTheEndOfAnOutage()))

    outages = [run.run.legacy for run in observed_runs(report.transcript) if "outage" in str(run.run.legacy)]
    assert outages == [LegacyState.REFUSE]
    assert found(report) == {"action-fails-on-outage"}


def test_a_denial_is_no_breach_if_metadata_are_required() -> None:
    assert found(checked(action_of(DeniesWithoutMetadata()))) == {"action-denies-login", "action-fails-on-outage"}
    assert found(checked(action_of(DeniesWithoutMetadata()), metadata_required=True)) == set()


class RestoresSeveral(Restoring):
    @override
    def store(self, event: Any, api: Any, answer: Any) -> None:
        for name, kind in (
            ("plan", str),
            ("roles", list),
            ("seats", int),
            ("limits", dict),
            ("beta", bool),
            ("planned", str),
        ):
            value = answer.get(name)
            is_sound = type(value) is kind and len(json.dumps(value)) < 100 and "$set" not in json.dumps(value)
            if is_sound and name not in self.app_metadata(event):
                api.user.set_app_metadata(name, value)
        super().store(event, api, answer)


class LeavesTheRolesOut(RestoresSeveral):
    @override
    def store(self, event: Any, api: Any, answer: Any) -> None:
        super().store(event, api, {name: value for name, value in answer.items() if name != "roles"})


SEVERAL = LegacyAnswers(
    found=LegacyResponse(
        200,
        {
            "id": "{user_id}",
            "plan": "full",
            "roles": ["buyer"],
            "seats": 3,
            "limits": {"daily": 9},
            "beta": True,
            "planned": "no",
        },
    )
)
PATHS = ["app_metadata.plan", "app_metadata.roles", "app_metadata.limits.daily"]


def test_the_paths_that_an_action_restores_are_looked_for() -> None:
    report = checked(action_of(RestoresSeveral()), legacy=SEVERAL, restores=PATHS)
    assert found(report) == set(), report
    partial = [run for run in observed_runs(report.transcript) if run.run.situation is RunSituation.PARTIAL_METADATA]
    present = [{name for _, name in run.metadata_before} for run in partial]
    assert present == [{"roles", "limits"}, {"plan", "limits"}, {"plan", "roles"}]

    report = checked(action_of(LeavesTheRolesOut()), legacy=SEVERAL, restores=PATHS)
    assert found(report) == {"action-restores-nothing"}
    assert {finding.path for finding in report.verdict("action-restores-nothing").findings} == {"app_metadata.roles"}


def test_trust_is_not_judged_for_an_answer_without_a_user() -> None:
    class TrustsTheSystem(Restoring):
        @override
        def is_about(self, answer: Any, user_id: str) -> bool:
            return isinstance(answer, dict)

    nameless = LegacyAnswers(found=LegacyResponse(200, {"sub": {"plan": "full"}}))
    report = checked(action_of(TrustsTheSystem()), legacy=nameless)

    assert report.verdict("action-trusts-any-answer").status is Status.NOT_APPLICABLE
    assert LegacyState.SOMEBODY_ELSE not in {run.run.legacy for run in observed_runs(report.transcript)}


def nested(levels: int) -> object:
    value: object = 7
    for _ in range(levels):
        value = {"more": [value]}
    return value


def endless() -> object:
    value: dict[str, object] = {}
    value["again"] = value
    return value


@pytest.mark.untraced
@pytest.mark.parametrize(
    "value", [nested(200), "x" * 5_000_000, endless(), object(), float("nan"), 2**5_000, b"\xff", {7: 7}]
)
def test_any_stored_value_ends_in_a_verdict(value: object) -> None:
    class StoresAnything(Restoring):
        @override
        def store(self, event: Any, api: Any, answer: Any) -> None:
            api.user.set_app_metadata("anything", value)
            super().store(event, api, answer)

    report = checked(action_of(StoresAnything()))

    assert report.transcript.header.stop_reason is None
    assert found(report) <= {"action-stores-invalid-metadata"}
    assert len(report.transcript.dumps()) < 20_000_000


# Actions that cannot be checked


@pytest.mark.parametrize("path", ["plan", "app_metadata", "app_metadata.", "user_metadata..plan", "root.plan"])
def test_an_invalid_path_is_refused(path: str) -> None:
    with pytest.raises(ConfigurationError, match="which is not a path of metadata: write"):
        checked(action_of(Restoring()), restores=[path])


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_an_invalid_time_limit_is_refused(seconds: float) -> None:
    with pytest.raises(ConfigurationError, match="max_time must be a number of seconds above 0"):
        checked(action_of(Restoring()), max_time=seconds)


@pytest.mark.parametrize("make", [Restoring, *[kind for kind in MUTANTS if kind.__name__ == "StoresNothing"]])
def test_a_check_ends_at_its_time_limit(make: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.monotonic", iter(range(100_000)).__next__)
    report = checked(action_of(make()), max_time=1.5)

    stopped = report.transcript.header.stop_reason
    assert stopped is not None
    assert stopped.kind is StopKind.TIME
    assert "raise max_time" in stopped.message


def test_an_action_that_cannot_run_is_a_set_up_error(tmp_path: Path) -> None:
    report = checked(in_javascript(tmp_path, "exports.onExecutePreUserRegistration = async () => {};"))

    stopped = report.transcript.header.stop_reason
    assert stopped is not None
    assert stopped.kind is StopKind.SET_UP
    assert "exports no function onExecutePostLogin" in stopped.message
    assert not report.ok


def test_an_action_that_cannot_be_created_is_a_set_up_error() -> None:
    def make() -> object:
        raise OSError("no such store")

    report = checked(PythonAction(make, name="restore"))

    stopped = report.transcript.header.stop_reason
    assert stopped is not None
    assert stopped.kind is StopKind.SET_UP
    assert "no such store" in stopped.message


def test_the_defaults_are_those_of_auth0() -> None:
    report = check_action(action_of(Restoring()), select=["action-ignores-connection"])

    assert report.transcript.connection == Connection()
    assert report.ok, report


def test_a_stored_check_of_an_action_is_judged_the_same_again() -> None:
    report = checked(action_of(Overwrites()))
    stored = Transcript.loads(report.transcript.dumps())
    printed = Transcript.parse(str(report.transcript))

    assert stored == report.transcript
    assert found(judge(stored)) == found(judge(printed)) == found(report) == {"action-overwrites-metadata"}

"""SARIF: it is valid, and code scanning recognises the same breach in the next run."""

import json
import uuid
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from attrs import evolve
from hypothesis import given, settings
from typing_extensions import override

from customdb_contract import Done, Found, KnownUser, NotFound, ProfileResult, WrongUsernameOrPasswordError, check
from customdb_contract.contract import Script
from customdb_contract.findings import Finding, Group, Report, RuleInfo, Severity, Status, Verdict
from customdb_contract.reports import FORMATS
from customdb_contract.rules import CATALOGUE, judge
from customdb_contract.testing.strategies import transcripts
from customdb_contract.transcript import Header, ScriptInfo, StopKind, StopReason, Transcript
from writing_shop import Record, WritingShop, known_customer

SCHEMA = json.loads(Path(__file__).with_name("data").joinpath("sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft4Validator(SCHEMA)

BROKEN = """
connection import_mode=on
script login location="shop/legacy.py:12"
person ada email=ada@example.com
get_user ada@example.com -> found {"user_id": 7, "email": "ada@example.com", "email_verified": true}
login ada@example.com «password of ada» -> found {"user_id": "8", "email": "ada@example.com", "email_verified": 1}
"""


def info(name: str) -> RuleInfo:
    return evolve(CATALOGUE[0].info, name=name)


def sarif(report: Report) -> Any:
    document = json.loads(FORMATS["sarif"](report))
    VALIDATOR.validate(document)
    return document["runs"][0]


def failed(*findings: Finding, header: Header | None = None, status: Status = Status.FAILED) -> Report:
    verdict = Verdict(rule=info("a-rule"), status=status, findings=findings, reason="until May")
    return Report(transcript=Transcript(header or Header()), verdicts=(verdict,))


def test_the_sarif_document_of_one_finding() -> None:
    header = Header(scripts={Script.LOGIN: ScriptInfo(location="shop/legacy.py:12")})
    finding = Finding("odd", Severity.WARNING, Script.LOGIN, (), None, "email", "text", "7")
    report = failed(finding, header=header)

    run = sarif(report)

    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 0, "toolExecutionNotifications": []}]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["tool"]["driver"]["name"] == "customdb-contract"
    [result] = run["results"]
    fingerprint = result.pop("partialFingerprints")
    assert fingerprint["customdbContract/v1"] == fingerprint["primaryLocationLineHash"]
    assert result == {
        "ruleId": "a-rule",
        "level": "warning",
        "message": {"text": "odd"},
        "locations": [
            {
                "logicalLocations": [{"name": "login", "kind": "function"}],
                "physicalLocation": {
                    "artifactLocation": {"uri": "shop/legacy.py", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 12},
                },
            }
        ],
        "properties": {"path": "email", "expected": "text", "got": "7"},
    }


def test_a_finding_of_no_script_is_placed_at_the_connection() -> None:
    [result] = sarif(failed(Finding("odd", Severity.INFO, None, ())))["results"]

    assert result["level"] == "note"
    assert result["locations"] == [{"logicalLocations": [{"name": "custom-database", "kind": "resource"}]}]
    assert "properties" not in result


ACTION = """
action persist location="actions/persist/code.js:7" source=on
person ada email=ada@example.com
run persist of ada in first-log-in legacy sound {} -> done
"""


def of_action(*findings: Finding) -> Report:
    verdict = Verdict(rule=info("a-rule"), status=Status.FAILED, findings=findings)
    return Report(transcript=Transcript.parse(ACTION), verdicts=(verdict,))


@pytest.mark.parametrize(
    ("finding", "line"),
    [
        (Finding("odd", Severity.INFO, None, (1,)), 7),
        (Finding("odd", Severity.INFO, None, (), location="actions/persist/code.js:3:5"), 3),
    ],
)
def test_a_finding_about_an_action_is_placed_at_its_handler_or_where_the_source_shows_it(
    finding: Finding, line: int
) -> None:
    [result] = sarif(of_action(finding))["results"]

    assert result["locations"] == [
        {
            "logicalLocations": [{"name": "persist", "kind": "module"}],
            "physicalLocation": {
                "artifactLocation": {"uri": "actions/persist/code.js", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": line},
            },
        }
    ]


@pytest.mark.parametrize(
    ("location", "artifact"),
    [
        ("a folder/ü.js:3:5", {"uri": "a%20folder/%C3%BC.js", "uriBaseId": "%SRCROOT%"}),
        ("tenant\\login.js:3:5", {"uri": "tenant/login.js", "uriBaseId": "%SRCROOT%"}),
        ("/srv/login.js:3", {"uri": "file:///srv/login.js"}),
    ],
)
def test_a_file_is_named_as_a_uri(location: str, artifact: object) -> None:
    [result] = sarif(failed(Finding("odd", Severity.ERROR, Script.LOGIN, (), location)))["results"]

    assert result["locations"][0]["physicalLocation"] == {"artifactLocation": artifact, "region": {"startLine": 3}}
    assert result["message"]["text"] == "odd"


@pytest.mark.parametrize("location", ["<stdin>", "login.js:0", f"login.js:{'9' * 5_000}"])
def test_a_location_without_a_line_is_omitted(location: str) -> None:
    header = Header(scripts={Script.LOGIN: ScriptInfo(location=location)})

    [result] = sarif(failed(Finding("x", Severity.ERROR, Script.LOGIN, ()), header=header))["results"]

    assert "physicalLocation" not in result["locations"][0]


def test_a_message_has_the_calls_that_prove_it() -> None:
    run = sarif(judge(Transcript.parse(BROKEN), select=["email-verified-not-boolean"]))

    [result] = run["results"]
    first, second = result["message"]["text"].split("\n")
    assert first.startswith("login returned email_verified that is a number")
    assert second.startswith("   2  login ada@example.com «password of ada» -> found")


def test_the_rules_are_described() -> None:
    rules = {rule["id"]: rule for rule in sarif(judge(Transcript()))["tool"]["driver"]["rules"]}

    assert list(rules) == [rule.info.name for rule in CATALOGUE]
    injection, mismatched = rules["sql-injection"], rules["mismatched-user-id"]
    assert injection["properties"] == {
        "tags": ["security", "auth0", "custom-database"],
        "since": "0.1.0",
        "preview": False,
        "docs": "reference/rules/sql-injection.html",
        "security-severity": "8.0",
    }
    assert injection["defaultConfiguration"] == {"level": "error"}
    assert mismatched["properties"] == {
        "tags": ["profile", "auth0", "custom-database"],
        "since": "0.1.0",
        "preview": False,
        "docs": "reference/rules/mismatched-user-id.html",
    }
    assert mismatched["shortDescription"] == {
        "text": "`login` and `get_user` return different `user_id`s for one user."
    }
    assert mismatched["fullDescription"]["text"].startswith("With import mode on")
    assert mismatched["help"]["text"] == mismatched["help"]["markdown"]
    assert mismatched["helpUri"].endswith("/templates/login")
    assert all(
        rule["helpUri"].startswith(("https://auth0.com/docs/", "https://support.auth0.com/")) for rule in rules.values()
    )
    severities = {
        rule.info.severity: rules[rule.info.name]["properties"] for rule in CATALOGUE if _is_security(rule.info)
    }
    assert {severity: properties["security-severity"] for severity, properties in severities.items()} == {
        Severity.ERROR: "8.0",
        Severity.WARNING: "5.0",
        Severity.INFO: "2.0",
    }


def _is_security(rule: RuleInfo) -> bool:
    return rule.group is Group.SECURITY


def test_a_rule_of_stripped_python_has_no_description() -> None:
    verdict = Verdict(rule=evolve(info("stripped"), docstring=""), status=Status.PASSED)

    [rule] = sarif(Report(transcript=Transcript(), verdicts=(verdict,)))["tool"]["driver"]["rules"]

    assert set(rule) == {"id", "defaultConfiguration", "properties", "helpUri"}


def test_a_waived_finding_is_suppressed() -> None:
    finding = Finding("odd", Severity.ERROR, None, ())

    [result] = sarif(failed(finding, status=Status.WAIVED))["results"]

    assert result["suppressions"] == [{"kind": "external", "justification": "until May"}]
    assert "suppressions" not in sarif(failed(finding))["results"][0]


def test_operations_that_were_not_carried_out_are_reported() -> None:
    crashed = Verdict(rule=info("crashing"), status=Status.CRASHED, reason="x")
    skipped = Verdict(rule=info("skipped"), status=Status.NOT_APPLICABLE, reason="needs a password")
    header = Header(stop_reason=StopReason(StopKind.SET_UP, "down"))
    run = sarif(Report(transcript=Transcript(header), verdicts=(crashed, skipped), require=(Group.SECURITY,)))

    assert run["results"] == []
    assert run["invocations"] == [
        {
            "executionSuccessful": False,
            "exitCode": 3,
            "toolExecutionNotifications": [
                {"level": "error", "message": {"text": text}}
                for text in (
                    "down",
                    "no rule of the required group security could be judged",
                    "crashing crashed: x",
                )
            ],
        }
    ]


@pytest.mark.one_python
@pytest.mark.untraced
@settings(max_examples=10)
@given(transcripts())
def test_the_schema_takes_every_report(transcript: Transcript) -> None:
    sarif(judge(transcript))


# Fingerprints


def fingerprints(report: Report) -> list[str]:
    return [result["partialFingerprints"]["customdbContract/v1"] for result in sarif(report)["results"]]


def breach(**changes: object) -> Finding:
    plain = Finding("odd", Severity.ERROR, Script.LOGIN, (), "login.js:3", "email", "text", "7")
    return evolve(plain, **changes)  # type: ignore[arg-type]  # the fields of a finding


def test_a_fingerprint_does_not_depend_on_lines_wording_or_values() -> None:
    changed = breach(message="strange", location="login.js:9", expected="a text", got="8", severity=Severity.WARNING)

    assert fingerprints(failed(breach())) == fingerprints(failed(changed))


@pytest.mark.parametrize("change", [{"script": Script.GET_USER}, {"path": "name"}, {"path": None}])
def test_a_fingerprint_depends_on_what_is_wrong_where(change: dict[str, object]) -> None:
    assert fingerprints(failed(breach())) != fingerprints(failed(breach(**change)))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("app_metadata.new.4f1c@shop.example.com.seen", "app_metadata.new.93ae@shop.example.com.seen"),
        ("app_metadata.2024-05-01T12:00:00Z", "app_metadata.2026-11-28T09:30:00Z"),
        ("orders[0].77801.sum", "orders[0].104.sum"),
        ("kept.0F8fad5b-d9cb-469f-a165-70867728950e", "kept.7c9e6679-7425-40de-944b-e07fc1f90ae7"),
        ("kept.507f1f77bcf86cd799439011", "kept.65a1b2c3d4e5f60718293a4b"),
    ],
)
def test_a_fingerprint_does_not_depend_on_names_that_are_data(first: str, second: str) -> None:
    assert fingerprints(failed(breach(path=first))) == fingerprints(failed(breach(path=second)))


@pytest.mark.parametrize("other", ["address_2", "orders[1]", "email.verified", "user_metadata.color"])
def test_a_fingerprint_depends_on_names_that_are_no_data(other: str) -> None:
    paths = ["address_1", "orders[0]", "email", "user_metadata.plan", other]

    assert len({*fingerprints(failed(*(breach(path=path) for path in paths)))}) == len(paths)
    assert all(one.endswith(":1") for one in fingerprints(failed(*(breach(path=path) for path in paths))))


def test_a_fingerprint_depends_on_rule_and_connection() -> None:
    report = failed(breach())
    [verdict] = report.verdicts
    of_another_rule = evolve(report, verdicts=(evolve(verdict, rule=info("b-rule")),))
    header = Header(connection=evolve(report.transcript.connection, name="shop"))

    assert (
        len({*fingerprints(report), *fingerprints(of_another_rule), *fingerprints(failed(breach(), header=header))})
        == 3
    )


def test_findings_alike_are_numbered() -> None:
    one, two, other = fingerprints(failed(breach(), breach(message="strange"), breach(path="name")))

    assert (one[-2:], two[-2:], other[-2:]) == (":1", ":2", ":1")
    assert one[:-2] == two[:-2] != other[:-2]


class Unstable:
    """Creates a new id for each call."""

    def login(self, identifier: str, password: str) -> ProfileResult:
        if (identifier.lower(), password) != ("ada@example.com", "correct horse"):
            raise WrongUsernameOrPasswordError(None, f"request {uuid.uuid4()}")
        return self.get_user(identifier)

    def get_user(self, identifier: str) -> ProfileResult:
        if identifier.lower() != "ada@example.com":
            return NotFound()
        kept = {str(uuid.uuid4()): 1}
        return Found(
            {"user_id": str(uuid.uuid4()), "email": identifier, "user_metadata": kept, "note": str(uuid.uuid4())}
        )


class UnstableWriter(WritingShop):
    """Creates a new id for each call, names a field after the e-mail, and changes nothing."""

    @override
    def user_id(self, row: Record) -> str:
        return str(uuid.uuid4())

    @override
    def profile(self, row: Record) -> dict[str, object]:
        return super().profile(row) | {"app_metadata": {row.email: {"seen": True}}}

    @override
    def verify(self, email: object) -> Done:
        return Done()

    @override
    def change_email(self, email: object, new_email: object, verified: object) -> Done:
        return Done()

    @override
    def delete(self, user_id: object) -> Done:
        return Done()


ADA = KnownUser(email="ada@example.com", password="correct horse")


@pytest.mark.one_python
@pytest.mark.untraced
@pytest.mark.parametrize(("make", "user", "writes"), [(Unstable, ADA, False), (UnstableWriter, known_customer(), True)])
def test_the_same_breaches_have_the_same_fingerprints_in_the_next_run(
    make: type[object], user: KnownUser, writes: bool
) -> None:
    first, second = (fingerprints(check(make(), [user], writes=writes)) for _ in range(2))

    assert len(first) > 5
    assert first == second
    assert len(set(first)) == len(first)

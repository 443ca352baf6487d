"""`check --tenant`: every custom database of an export, one after the other, and findings across them."""

import importlib.resources
import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from referencing import Registry, Resource

from customdb_contract import CONTRACT_DATE, judge
from customdb_contract._cli import _check, main
from customdb_contract.config import load_tenant
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError
from customdb_contract.findings import Report, Severity
from customdb_contract.reports import FORMATS, TENANT_FORMATS
from customdb_contract.rules import acquainted
from customdb_contract.transcript import Exchange, Transcript
from signals import foreground_handlers
from test_sarif import VALIDATOR as SARIF_VALIDATOR

Run = Callable[..., tuple[int, str, str]]

LOGIN = """
function login(identifier, password, callback) {
  if (identifier.toLowerCase() !== "EMAIL" || password !== "pass phrase")
    return callback(new WrongUsernameOrPasswordError(null, "no"));
  callback(null, { user_id: "7", email: "EMAIL", email_verified: true });
}
"""
GET_USER = """
function get_user(identifier, callback) {
  if (identifier.toLowerCase() !== "EMAIL") return callback(null);
  callback(null, { user_id: "7", email: "EMAIL", email_verified: true });
}
"""
BOTH = {"login": "./login.js", "get_user": "./get_user.js"}
ON = {"enabledDatabaseCustomization": True, "customScripts": BOTH}
PEOPLE = '[[users]]\nemail = "EMAIL"\npassword = "pass phrase"\n[check]\nhostile = false\nrehearse = false\n'
IGNORED = "the scripts are not checked, because Auth0 calls none of them"


def connection(
    export: Path, name: str, email: str = "ada@example.com", options: Mapping[str, object] = ON, config: str = ""
) -> Path:
    folder = export / "database-connections" / name
    folder.mkdir(parents=True)
    document = {"name": name, "strategy": "auth0", "options": options}
    (folder / "database.json").write_text(json.dumps(document), "utf-8")
    (folder / "login.js").write_text(LOGIN.replace("EMAIL", email), "utf-8")
    (folder / "get_user.js").write_text(GET_USER.replace("EMAIL", email), "utf-8")
    if config:
        (folder / "customdb.toml").write_text(config, "utf-8")
    return folder


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)

    def run_it(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        reported = capsys.readouterr()
        return code, reported.out, reported.err

    return run_it


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Return an export: two custom databases with their own users, and one whose scripts Auth0 does not call."""
    folder = tmp_path / "tenant"
    connection(folder, "club", "bob@example.com", config=PEOPLE.replace("EMAIL", "bob@example.com"))
    connection(folder, "plain", options={"customScripts": {}})
    connection(folder, "shop")
    (folder / "customdb.toml").write_text(PEOPLE.replace("EMAIL", "ada@example.com"), "utf-8")
    return folder


def test_every_custom_database_is_checked_and_their_ids_are_compared(run: Run, export: Path, tmp_path: Path) -> None:
    code, out, _ = run(
        "check", "--tenant", "tenant", "--select", "profile", "--format", "json", "--transcript", "seen/today"
    )

    report = json.loads(out)
    reported = {
        one["connection"]["name"]: [v for v in one["verdicts"] if v["status"] == "failed"]
        for one in report["connections"]
    }
    assert (code, report["exit_code"]) == (1, 1)
    assert {name: [verdict["rule"] for verdict in failed] for name, failed in reported.items()} == {
        "club": ["shared-user-id"],
        "shop": ["shared-user-id"],
    }
    assert reported["shop"][0]["findings"][0]["message"] == (
        'ada has the user_id "7", which bob of the connection club also has; '
        "make it unique across all custom databases of the tenant"
    )
    assert [one["people"][0]["email"] for one in report["connections"]] == ["bob@example.com", "ada@example.com"]
    stored = {path.name: Transcript.loads(path.read_text("utf-8")) for path in (tmp_path / "seen/today").iterdir()}
    assert sorted(stored) == ["club.json", "shop.json"]
    assert judge(stored["shop.json"]).verdict("shared-user-id").severity is Severity.ERROR


def test_the_reports_on_a_tenant_are_printed_one_after_the_other(run: Run, tmp_path: Path) -> None:
    connection(tmp_path, "shop", config=PEOPLE.replace("EMAIL", "ada@example.com"))

    code, out, _ = run("check", "--tenant", ".", "--select", "missing-user-id")

    assert code == 0
    assert out.splitlines()[:5] == [
        "shop",
        "====",
        "",
        "ok: 1 rule judged, none broken",
        "",
    ]
    assert f"\nConnection shop, import mode off (legacy); contract of {CONTRACT_DATE}\n" in out
    assert out.endswith("\n\nshop: ok\n")


def test_a_dry_run_of_a_tenant_prints_the_calls_of_each_connection(run: Run, export: Path) -> None:
    code, out, _ = run("check", "--tenant", str(export), "--dry-run")

    lines = out.splitlines()
    assert code == 0
    assert lines[:2] == ["Connection club", "get_user bob@example.com   [known-user]"]
    assert lines[lines.index("Connection shop") + 1] == "get_user ada@example.com   [known-user]"


def calls_made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    shown: list[str] = []
    monkeypatch.setattr("customdb_contract._cli._check.Progress.show", lambda _, text: shown.append(text))
    return shown


@pytest.mark.parametrize("option", [[], ["--dry-run"]])
def test_errors_in_later_connections_are_reported_before_the_first_check(
    run: Run, export: Path, monkeypatch: pytest.MonkeyPatch, option: list[str]
) -> None:
    shown = calls_made(monkeypatch)
    connection(export, "one", config="[check]\nhostile = false\n")
    connection(export, "two", config=PEOPLE.replace("EMAIL", "eve@example.com") + '[new_user]\norganization = "shop"\n')
    renamed(export, "two", "two\n::error::forged")

    code, out, err = run("check", "--tenant", str(export), "--writes", *option)

    one, two = (export / "database-connections" / name / "customdb.toml" for name in ("one", "two"))
    assert (code, out, shown) == (2, "", [])
    assert err == (
        f"customdb-contract: connection one: {one}: no known user was given: name at least one user who is in the "
        "store, for example KnownUser(email='ada@example.com', password=...) or a [[users]] table\n"
        f"  connection two\\n::error::forged: {two}: new_user has an organization, which scripts receive only in "
        "context: turn on script_context\n"
    )


def test_a_connection_that_cannot_be_opened_is_reported_first_and_the_others_are_checked(
    run: Run, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = PEOPLE.replace("EMAIL", "eve@example.com") + '[database]\nnode = "/nowhere/node"\n'
    connection(export, "market", config=own)
    shown = calls_made(monkeypatch)
    monkeypatch.setattr(
        "customdb_contract._cli._check.complain", lambda message: shown.append(f"complained: {message}")
    )

    code, out, _ = run("check", "--tenant", str(export), "--select", "missing-user-id", "--format", "json")

    reported = {one["connection"]["name"]: one for one in json.loads(out)["connections"]}
    assert code == 3
    assert {name: one["exit_code"] for name, one in reported.items()} == {"club": 0, "market": 3, "shop": 0}
    assert shown[0] == f"complained: connection market: {reported['market']['stop_reason']['message']}"
    assert "/nowhere/node" in shown[0]
    assert [line for line in shown[1:] if line.startswith("complained")] == []


def renamed(export: Path, folder: str, name: str) -> None:
    path = export / "database-connections" / folder / "database.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"name": name}), "utf-8")


def test_the_name_of_a_connection_forges_no_line(run: Run, export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    renamed(export, "shop", "shop\n::error::forged\x1b[31m")
    shown = calls_made(monkeypatch)

    reported = [
        out
        for option in (["--dry-run"], ["--format", "text"], ["--format", "github"])
        for _, out, _ in [run("check", "--tenant", str(export), "--select", "profile", *option)]
    ]

    assert "shop\\n::error::forged\\u001b[31m" in reported[0]
    assert any(line.startswith("shop\\n::error") for line in shown)
    assert not any(
        line.startswith("::error::forged") or "\x1b" in line
        for text in [*reported, *shown]
        for line in text.split("\n")
    )


@pytest.mark.parametrize(
    ("name", "file"),
    [("a b" * 100, f"{'a%20b' * 40}-2.json"), ("../shop", "..%2Fshop.json"), ("\ud800", "%ED%A0%80.json")],
    ids=["long", "path", "surrogate"],
)
def test_a_transcript_file_is_named_after_any_connection(
    run: Run, export: Path, tmp_path: Path, name: str, file: str
) -> None:
    renamed(export, "shop", name)

    code, _, _ = run("check", "--tenant", str(export), "--select", "profile", "--transcript", "seen")

    assert code == 1
    assert {path.name for path in (tmp_path / "seen").iterdir()} == {"club.json", file}


def test_the_only_custom_database_of_a_tenant_needs_no_heading(run: Run, tmp_path: Path) -> None:
    connection(tmp_path, "shop", config=PEOPLE.replace("EMAIL", "ada@example.com"))

    _, out, _ = run("check", "--tenant", ".", "--dry-run")

    assert out.startswith("get_user ada@example.com")


def test_the_options_apply_to_every_connection(export: Path, run: Run) -> None:
    code, out, _ = run("check", "--tenant", str(export), "--dry-run", "--user", "eve@example.com", "--max-time", "7")

    assert code == 0
    assert out.count("get_user eve@example.com   [known-user]") == 2
    assert "get_user ada@example.com" not in out


def test_a_configuration_next_to_a_connection_wins(export: Path) -> None:
    club, shop = load_tenant(export)

    assert (club.connection.name, [user.email for user in club.users]) == ("club", ["bob@example.com"])
    assert (shop.connection.name, [user.email for user in shop.users]) == ("shop", ["ada@example.com"])
    assert (club.path, shop.path) == (
        export / "database-connections/club/customdb.toml",
        export / "customdb.toml",
    )


def test_a_given_configuration_is_shared_instead_of_that_of_the_export(export: Path, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text(PEOPLE.replace("EMAIL", "eve@example.com"), "utf-8")

    club, shop = load_tenant(export, config=tmp_path / "other.toml")

    assert [user.email for user in (*club.users, *shop.users)] == ["bob@example.com", "eve@example.com"]


def test_the_configuration_of_the_working_directory_is_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connection(tmp_path / "tenant", "shop")
    (tmp_path / "customdb.toml").write_text(PEOPLE.replace("EMAIL", "ada@example.com"), "utf-8")
    monkeypatch.chdir(tmp_path)

    [shop] = load_tenant(Path("tenant"))

    assert [user.email for user in shop.users] == ["ada@example.com"]


def test_without_a_configuration_only_the_export_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connection(tmp_path / "tenant", "shop", options={**ON, "import_mode": True})
    monkeypatch.chdir(tmp_path)

    [shop] = load_tenant(Path("tenant"))

    assert (shop.connection.name, shop.connection.import_mode, shop.users, shop.path) == ("shop", True, (), None)


def test_a_connection_without_a_name_is_called_like_its_folder(tmp_path: Path) -> None:
    folder = connection(tmp_path, "shop")
    (folder / "database.json").write_text(json.dumps({"options": ON}), "utf-8")

    assert [one.connection.name for one in load_tenant(tmp_path)] == ["shop"]


def test_a_yaml_file_is_read_like_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keywords come from the shared file, and a file next to the scripts is that of their connection."""
    monkeypatch.setenv("NAME", "club")
    for name in ("shop", "club"):
        folder = tmp_path / "databases" / name
        folder.mkdir(parents=True)
        (folder / "login.js").write_text(LOGIN, "utf-8")
    (tmp_path / "tenant.yaml").write_text(
        "databases:\n"
        "  - {name: shop, options: {customScripts: {login: ./databases/shop/login.js}}}\n"
        "  - {name: '##NAME##', options: {customScripts: {login: ./databases/club/login.js}}}\n"
        "  - {name: off, options: {enabledDatabaseCustomization: false}}\n",
        "utf-8",
    )
    keywords = "[database]\nkeywords = { NAME = { env = 'NAME' } }\n"
    (tmp_path / "customdb.toml").write_text(keywords + PEOPLE.replace("EMAIL", "ada@example.com"), "utf-8")
    own = keywords + PEOPLE.replace("EMAIL", "bob@example.com")
    (tmp_path / "databases/club/customdb.toml").write_text(own, "utf-8")

    for export in (tmp_path, tmp_path / "tenant.yaml"):
        assert {one.connection.name: one.users[0].email for one in load_tenant(export)} == {
            "shop": "ada@example.com",
            "club": "bob@example.com",
        }


def test_scripts_that_auth0_does_not_call_are_listed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    connection(tmp_path, "shop", config=PEOPLE)
    connection(tmp_path, "off", options={**ON, "enabledDatabaseCustomization": False})
    connection(tmp_path, "plain", options={})
    (connection(tmp_path, "lost") / "database.json").unlink()
    (tmp_path / "database-connections" / "empty").mkdir()
    (tmp_path / "database-connections" / "README.md").write_text("", "utf-8")

    load_tenant(tmp_path)

    assert caplog.messages == [
        f"lost: {IGNORED}: without database.json, the Deploy CLI skips it",
        f"off: {IGNORED}: options.enabledDatabaseCustomization is false",
    ]


def _nothing(_: Path) -> None:
    pass


def _empty(folder: Path) -> None:
    (folder / "database-connections").mkdir()


def _none_custom(folder: Path) -> None:
    connection(folder, "off", options={**ON, "enabledDatabaseCustomization": False})
    connection(folder, "plain", options={})


def _not_json(folder: Path) -> None:
    (connection(folder, "shop") / "database.json").write_text("{", "utf-8")


def _no_script_named(folder: Path) -> None:
    connection(folder, "shop", options={"enabledDatabaseCustomization": True})


def _two_of_a_name(folder: Path) -> None:
    for name in ("one", "two"):
        (connection(folder, name) / "database.json").write_text(json.dumps({"name": "x", "options": ON}), "utf-8")


def _keyword(folder: Path) -> None:
    connection(folder, "@@NAME@@")


def _shared_name(folder: Path) -> None:
    connection(folder, "shop")
    connection(folder, "club")
    (folder / "customdb.toml").write_text('[connection]\nname = "club"\n', "utf-8")


def _shared_action(folder: Path) -> None:
    connection(folder, "shop")
    connection(folder, "club")
    (folder / "customdb.toml").write_text('[action]\npython = "action:action"\n', "utf-8")


def _wrong_key(folder: Path) -> None:
    connection(folder, "shop", config="[user]\n")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_nothing, "is not an export of a tenant: it needs the folder database-connections or the file tenant.yaml"),
        (_empty, "database-connections has no database connections"),
        (
            _none_custom,
            "its 2 connections (off: options.enabledDatabaseCustomization is false; plain: it has no scripts)",
        ),
        (_not_json, "database-connections/shop/database.json is not JSON: "),
        (_no_script_named, "options.customScripts names none of the scripts, so the Deploy CLI deploys none"),
        (_two_of_a_name, "has 2 connections named x; a name must be unique in a tenant"),
        (_keyword, "database.json has keywords without a value: NAME; give them under [database] keywords"),
        (
            _shared_name,
            "customdb.toml: [connection] name is club, but this file is also used for shop; leave it out",
        ),
        (_shared_action, "customdb.toml: [action] belongs to one connection, but this file is used for several"),
        (_wrong_key, "database-connections/shop/customdb.toml: [user] is not a known key; did you mean users?"),
    ],
)
def test_an_invalid_export_is_an_error(tmp_path: Path, make: Callable[[Path], None], said: str) -> None:
    make(tmp_path)

    with pytest.raises(ConfigurationError) as raised:
        load_tenant(tmp_path)

    assert said in str(raised.value)
    assert str(raised.value).count("customdb.toml:") <= 1


def test_an_unreadable_export_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _empty(tmp_path)

    def refuse(_: Path) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(Path, "iterdir", refuse)

    with pytest.raises(ConfigurationError, match=r"database-connections cannot be read: Permission denied"):
        load_tenant(tmp_path)


@pytest.mark.parametrize(
    ("function", "refused", "said"),
    [
        ("iterdir", "shop", "shop cannot be read: Permission denied"),
        ("stat", "database.json", "database.json cannot be read: Permission denied"),
        ("is_file", "customdb.toml", "tenant cannot be searched for customdb.toml: Permission denied"),
    ],
)
def test_unreadable_files_of_an_export_are_errors(
    run: Run, export: Path, monkeypatch: pytest.MonkeyPatch, *, function: str, refused: str, said: str
) -> None:
    """Root, who may also run the tests, can read everything."""
    allowed = getattr(Path, function)

    def refuse(path: Path, **options: bool) -> Any:
        if path.name == refused:
            raise PermissionError(13, os.strerror(13))
        return allowed(path, **options)

    monkeypatch.setattr(Path, function, refuse)
    code, out, err = run("check", "--tenant", str(export))

    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_an_action_belongs_to_one_connection(tmp_path: Path, run: Run) -> None:
    connection(tmp_path, "shop", config='[action]\npython = "action:action"\n')

    [shop] = load_tenant(tmp_path)
    code, _, err = run("check", "--tenant", ".", "--action", "action.js")

    assert shop.action is not None
    assert code == 2
    assert "--action and --tenant cannot be combined, because an Action belongs to one connection" in err


def test_a_transcript_folder_that_cannot_be_created_is_an_error_before_the_check(run: Run, export: Path) -> None:
    code, out, err = run("check", "--tenant", str(export), "--transcript", f"{export}/customdb.toml")

    assert (code, out) == (2, "")
    assert "customdb.toml cannot be created: File exists" in err


def transcript(name: str, person: str, user_id: str = '"7"', stop: str = "", more: str = "") -> Transcript:
    return Transcript.parse(
        f'connection name="{name}"\n{stop}person {person} email={person}@example.com\n'
        f'get_user {person}@example.com -> found {{"user_id": {user_id}, "email": "{person}@example.com"}}\n{more}'
    )


def reports(*transcripts: Transcript) -> list[Report]:
    return [judge(one, select=["shared-user-id"]) for one in acquainted(transcripts)]


def severities(*transcripts: Transcript) -> list[list[str]]:
    return [[finding.severity for finding in one.verdict("shared-user-id").findings] for one in reports(*transcripts)]


def test_distinct_ids_in_two_connections_pass() -> None:
    shop, club = reports(transcript("shop", "ada"), transcript("club", "bob", '"8"'))

    assert [one.verdict("shared-user-id").status for one in (shop, club)] == ["passed", "passed"]


def test_one_person_in_two_connections_is_a_warning() -> None:
    assert severities(transcript("shop", "ada"), transcript("club", "ada")) == [["warning"], ["warning"]]


def test_a_number_is_the_same_id_as_its_text() -> None:
    assert severities(transcript("shop", "ada"), transcript("club", "bob", "7")) == [["error"], ["error"]]


def test_users_without_an_id_or_created_by_the_check_are_not_known_elsewhere() -> None:
    new = "person new email=new@example.com new=on\n"
    made = 'get_user new@example.com -> found {"user_id": "8"}\n'
    shop = Transcript.parse(new + str(transcript("shop", "ada", "null")).replace("person", "person", 1) + made)
    _, club = acquainted([shop, transcript("club", "bob", '"8"')])

    assert club.header.elsewhere == ()


def several() -> list[Report]:
    return reports(
        transcript("shop", "ada", stop='stopped time "the time was up"\n'),
        transcript("legacy club", "bob"),
    )


def test_the_text_has_each_report_and_ends_with_a_line_for_each() -> None:
    text = TENANT_FORMATS["text"](several())

    first, second = (FORMATS["text"](report) for report in several())
    headed = f"shop\n====\n\n{first}\n\nlegacy club\n===========\n\n{second}"
    assert text == f"{headed}\n\nshop: not ok\nlegacy club: not ok\n"


REPORT_SCHEMA, TENANT_SCHEMA = (
    json.loads(importlib.resources.files("customdb_contract.reports").joinpath(name).read_text("utf-8"))
    for name in ("report.schema.json", "tenant-report.schema.json")
)
VALIDATOR = jsonschema.Draft202012Validator(
    TENANT_SCHEMA,
    registry=Registry().with_resource("report.schema.json", Resource.from_contents(REPORT_SCHEMA)),
)


SPOILED: Mapping[str, Callable[[Any], object]] = {
    "no version": lambda document: document.pop("schema_version"),
    "no tool": lambda document: document.pop("tool"),
    "no exit code": lambda document: document.pop("exit_code"),
    "no list": lambda document: document.pop("connections"),
    "no connection": lambda document: document["connections"].clear(),
    "no verdicts": lambda document: document["connections"][1].pop("verdicts"),
    "another key": lambda document: document.update(more=1),
    "another exit code": lambda document: document.update(exit_code=7),
}


@pytest.mark.parametrize("change", SPOILED.values(), ids=SPOILED)
def test_the_json_follows_its_schema_and_nothing_else_does(change: Callable[[Any], object]) -> None:
    document = json.loads(TENANT_FORMATS["json"](several()))
    VALIDATOR.validate(document)

    change(document)

    assert not VALIDATOR.is_valid(document)


def test_the_json_has_each_report() -> None:
    document = json.loads(TENANT_FORMATS["json"](several()))

    assert list(document) == ["schema_version", "tool", "exit_code", "connections"]
    assert document["connections"] == [json.loads(FORMATS["json"](report)) for report in several()]


def test_junit_has_a_suite_for_each() -> None:
    root = ET.fromstring(TENANT_FORMATS["junit"](several()))

    assert (root.tag, [suite.get("name") for suite in root]) == (
        "testsuites",
        ["customdb-contract.shop", "customdb-contract.legacy club"],
    )
    cases = Counter((case.get("classname"), case.get("name")) for case in root.iter("testcase"))
    assert cases["customdb-contract.shop", "complete check"] == 1
    assert cases["customdb-contract.legacy club.profile", "shared-user-id"] == 1
    assert set(cases.values()) == {1}


def test_sarif_has_a_run_with_an_id_for_each() -> None:
    runs: Any = json.loads(TENANT_FORMATS["sarif"](several()))["runs"]

    assert [run["automationDetails"]["id"] for run in runs] == [
        "customdb-contract/shop/",
        "customdb-contract/legacy%20club/",
    ]
    assert all(run["results"] for run in runs)


@pytest.mark.parametrize("name", FORMATS)
def test_a_tenant_is_reported_on_in_every_format(run: Run, export: Path, tmp_path: Path, name: str) -> None:
    command = ("check", "--tenant", str(export), "--select", "profile", "--format", name)

    code, out, err = run(*command)
    to_file = run(*command, "--output", "report")

    text = (tmp_path / "report").read_text("utf-8")
    assert (code, err, to_file) == (1, "", (1, "", ""))
    for reported in (out, text):
        assert all(f"{owner} has the user_id" in reported.replace("\n", " ") for owner in ("ada", "bob"))
        CHECKED.get(name, len)(reported)


CHECKED: Mapping[str, Callable[[str], object]] = {
    "json": lambda text: VALIDATOR.validate(json.loads(text)),
    "sarif": lambda text: SARIF_VALIDATOR.validate(json.loads(text)),
    "junit": ET.fromstring,
}


def test_annotations_name_their_connection() -> None:
    lines = TENANT_FORMATS["github"](several()).splitlines()

    assert lines[0] == "::error title=customdb-contract::shop: The check ended early: the time was up"
    assert lines[1].startswith('::error title=shared-user-id::shop: ada has the user_id "7", which bob')
    assert lines[2].startswith('::error title=shared-user-id::legacy club: bob has the user_id "7", which ada')
    assert [line.partition(": ")[0] for line in lines[3:]] == [
        "::notice title=customdb-contract::shop",
        "::notice title=customdb-contract::legacy club",
    ]


def test_all_connections_together_have_as_many_annotations_as_github_shows() -> None:
    lines = TENANT_FORMATS["github"]([*several()] * 8).splitlines()

    assert sum(line.startswith("::error") for line in lines) == 10


YAML = """databases:
- name: shop
  options:
    enabledDatabaseCustomization: true
    customScripts: {login: ./login.js}
"""
MANY = "x0: &x0 [many]\n" + "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]\n" for n in range(1, 10))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"x: 2026-13-01\n{YAML}", "is not YAML: it has a character or a value that YAML does not allow"),
        (f"x: !!timestamp word\n{YAML}", "is not YAML: it has a character or a value"),
        (f"x: !!bool word\n{YAML}", "is not YAML: it has a character or a value"),
        (f"x: \x07\n{YAML}", "is not YAML: it has a character or a value"),
        (f"{YAML}---\n{YAML}", "expected a single document in the stream but found another document, line 6, column 1"),
        (YAML.replace("true", "&a [*a]"), "options.enabledDatabaseCustomization must be true or false"),
        (YAML.replace("true", "2026-12-01"), "options.enabledDatabaseCustomization must be true or false"),
        (MANY + YAML.replace("true", "*x9"), "options.enabledDatabaseCustomization must be true or false"),
        (MANY + YAML.replace("name: shop", "name: *x9") + YAML[11:], "login.js, which does not exist"),
        (YAML.replace("./login.js", "x" * 300 + "/login.js"), "/login.js, which does not exist"),
    ],
)
def test_an_export_in_odd_yaml_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "tenant.yaml").write_text(text, "utf-8")

    with pytest.raises(ConfigurationError) as caught:
        load_tenant(tmp_path)

    assert problem in str(caught.value)


@pytest.mark.parametrize("secret", ["mellon: friend", "*mellon", "!mellon", "'mellon", "@mellon"])
def test_yaml_errors_never_show_a_keyword(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("SHOP_KEY", secret)
    (tmp_path / "tenant.yaml").write_text(f"key: ##KEY##\n{YAML}", "utf-8")
    (tmp_path / "customdb.toml").write_text('[database.keywords]\nKEY = { env = "SHOP_KEY" }\n', "utf-8")

    with pytest.raises(ConfigurationError, match=r", line \d, column") as caught:
        load_tenant(tmp_path)

    assert "mellon" not in str(caught.value)


def test_no_report_shows_the_secrets_of_another_connection(
    run: Run, export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLUB_KEY", "mellon-4711-friend")
    club, shop = export / "database-connections/club", export / "database-connections/shop"
    config = PEOPLE.replace("EMAIL", "bob@example.com").replace("pass phrase", "speak friend and enter")
    config += '[database.configuration]\nKEY = { env = "CLUB_KEY" }\n'
    (club / "customdb.toml").write_text(config, "utf-8")
    (club / "login.js").write_text(
        LOGIN.replace("EMAIL", "bob@example.com").replace("pass phrase", "speak friend and enter"), "utf-8"
    )
    reported = 'email_verified: true, nickname: "speak friend and enter, mellon-4711-friend"'
    (shop / "get_user.js").write_text(
        GET_USER.replace("EMAIL", "ada@example.com").replace("email_verified: true", reported), "utf-8"
    )

    _, out, err = run("check", "--tenant", "tenant", "--format", "json", "--transcript", "seen")

    stored = (tmp_path / "seen/shop.json").read_text("utf-8")
    assert "secret 1 of the connection club" in stored
    for text in (out, err, stored):
        assert "speak friend" not in text
        assert "mellon" not in text


def test_a_secret_known_to_both_connections_keeps_its_own_label(
    export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHARED_KEY", "mellon-4711-friend")
    (tmp_path / "action.js").write_text("exports.onExecutePostLogin = async () => {};\n", "utf-8")
    with (export / "customdb.toml").open("a", encoding="utf-8") as file:
        file.write('[action]\ncode = "../action.js"\nsecrets = { KEY = { env = "SHARED_KEY" } }\n')
        file.write('[outage.configuration]\nKEY = { env = "SHARED_KEY" }\nPLAIN = "known"\n')

    club, shop = load_tenant(export)

    assert {label: secret.reveal() for label, secret in club.probing.secrets.items()} == {
        "secret 2 of the connection shop": "mellon-4711-friend"
    }
    assert shop.probing.secrets == {}


def test_findings_are_printed_when_the_next_connection_cannot_be_checked(
    run: Run, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors appear before the first check, unless the files change meanwhile."""
    monkeypatch.setattr("customdb_contract.config.examine_all", lambda _: ())
    connection(export, "tail", config="[check]\nhostile = false\n")

    code, out, err = run("check", "--tenant", "tenant", "--select", "missing-user-id")

    assert (code, "tail/customdb.toml: no known user was given" in err) == (2, True)
    assert [line for line in out.splitlines() if line.endswith(": ok")] == ["club: ok", "shop: ok"]


CREATE = """
function create(user, callback) {
  global.created = user.email;
  callback(null);
}
"""


def test_an_interrupt_during_the_second_connection_keeps_the_report_on_the_first_one(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user that the second one created is named, because it has no script to remove users."""
    writing = {**ON, "customScripts": {**BOTH, "create": "./create.js"}}
    config = PEOPLE.replace("EMAIL", "ada@example.com")
    connection(tmp_path / "tenant", "club", config=config)
    folder = connection(tmp_path / "tenant", "shop", options=writing, config=config)
    (folder / "create.js").write_text(CREATE, "utf-8")

    def reported(exchange: Exchange) -> str:
        if exchange.script is Script.CREATE:
            signal.raise_signal(signal.SIGINT)
        return ""

    monkeypatch.setattr(_check, "_told", reported)
    with foreground_handlers():
        code, out, err = run("check", "--tenant", "tenant", "--writes", "--format", "json", "--transcript", "seen")

    report = json.loads(out)
    first, second = report["connections"]
    club, shop = (Transcript.loads((tmp_path / f"seen/{name}.json").read_text("utf-8")) for name in ("club", "shop"))
    created = [exchange for exchange in shop.exchanges if exchange.script is Script.CREATE]
    [left] = shop.header.left_behind
    assert (code, report["exit_code"]) == (130, 130)
    assert (first["complete"], first["stop_reason"], second["complete"]) == (True, None, False)
    assert second["stop_reason"]["kind"] == "interrupted"
    assert club.exchanges[-1].number == first["exchanges"][-1]["number"]
    assert len(created) == 1
    assert left in str(created[0])
    assert err.splitlines()[-1] == (
        f"customdb-contract: shop: the check was interrupted; these users may be left in the store: {left}"
    )

"""The output of a command: how much of a report, for which scripts, and the waivers it adds."""

import argparse
import sys
import textwrap
import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract import Transcript, judge
from customdb_contract._cli import main
from customdb_contract._cli._reporting import report_all
from customdb_contract._cli._waivers import waivable, write_waivers
from customdb_contract.errors import ConfigurationError
from customdb_contract.reports import FORMATS, TENANT_FORMATS
from customdb_contract.rules import CATALOGUE

SHOP = """
    from customdb_contract import Failed, Found, NotFound, WrongUsernameOrPasswordError

    class Shop:
        def login(self, identifier, password):
            if (identifier.lower(), password) != ("ada@example.com", "pass phrase"):
                return Failed(WrongUsernameOrPasswordError(None, "no"))
            profile = {"user_id": "shop-8", "email": "ada@example.com", "email_verified": 1}
            return Found(profile | {f"key{number}": number for number in range(60)})

        def get_user(self, identifier):
            if identifier.lower() != "ada@example.com":
                return NotFound()
            return Found({"user_id": "shop-7", "email": "ada@example.com", "email_verified": True})
"""
CONFIG = """\
[connection]
import_mode = true

[database]
python = "MODULE:Shop"  # the shop

[[users]]
email = "ada@example.com"
password = "pass phrase"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """Return the current folder: it has a shop that breaks the contract, and its configuration."""
    module = f"reporting_shop_{abs(hash(request.node.nodeid))}"
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"{module}.py").write_text(textwrap.dedent(SHOP))
    (tmp_path / "customdb.toml").write_text(CONFIG.replace("MODULE", module))
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    try:
        code = main(arguments)
    except SystemExit as exit_:
        code = int(exit_.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_verbose_shows_whole_calls_and_quiet_only_names(capsys: pytest.CaptureFixture[str]) -> None:
    _, text, _ = run(capsys, "check")
    _, verbose, _ = run(capsys, "check", "--verbose")
    _, quiet, _ = run(capsys, "check", "-q")

    assert "… and " in text
    assert "… and " not in verbose
    assert len(verbose) > 5 * len(text)
    assert quiet.splitlines()[0] == text.splitlines()[0]
    assert "error  mismatched-user-id  (login)" in quiet.splitlines()
    assert all(line.startswith(("not ok: ", "error  ", "warning  ", "info  ")) for line in quiet.splitlines())


def test_verbose_and_quiet_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "check", "-q", "--verbose")

    assert code == 2
    assert "not allowed with" in err


@pytest.mark.parametrize(("columns", "widest"), [(150, 150), (70, 70), (10, 60)])
def test_text_is_as_wide_as_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int, widest: int
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")

    _, text, _ = run(capsys, "check", "--select", "email-verified-not-boolean")

    assert max(map(len, text.splitlines())) in range(widest - 20, widest + 1)


def test_output_without_a_terminal_has_lines_of_a_hundred_characters(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "300")

    _, printed, _ = run(capsys, "check", "--select", "profile")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    run(capsys, "check", "--select", "profile", "--output", "report.txt")

    written = (folder / "report.txt").read_text()
    assert written == printed
    assert max(map(len, written.splitlines())) in range(90, 101)


def test_one_script_alone_is_judged(capsys: pytest.CaptureFixture[str]) -> None:
    everything, login, get_user = (
        set(run(capsys, "check", "-q", *arguments)[1].splitlines()[1:])
        for arguments in ((), ("--script", "login"), ("--script", "get_user"))
    )

    assert "error  email-verified-not-boolean  (login)" in login
    assert not get_user
    assert login == everything


def test_a_script_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "check", "--script", "getUser")

    assert (code, out) == (2, "")
    assert err == (
        "customdb-contract: script: there is no script 'getUser'; "
        "the scripts are login, get_user, create, verify, change_password, change_email, delete\n"
    )


def test_a_warning_fails_on_request(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    run(capsys, "check", "--transcript", "seen.json")
    warned = ("--select", "mismatched-profile")

    assert run(capsys, "check", *warned)[0] == run(capsys, "replay", "seen.json", *warned)[0] == 0
    assert run(capsys, "check", *warned, "--fail-on", "warning")[0] == 1
    assert run(capsys, "replay", "seen.json", *warned, "--fail-on", "warning")[0] == 1
    with (folder / "customdb.toml").open("a") as file:
        file.write('[check]\nfail_on = "warning"\n')
    assert run(capsys, "check", *warned)[0] == 1
    assert run(capsys, "check", *warned, "--fail-on", "error")[0] == 0


def test_the_rules_of_a_group_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    members = [rule.info.name for rule in CATALOGUE if rule.info.group == "migration"]

    code, out, _ = run(capsys, "rules", "migration")

    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:-2]] == members
    assert out.splitlines()[-1].startswith(f"{len(members)} rules; ")


# Waivers


def test_accept_waives_the_rules_that_are_broken_today(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    before = (folder / "customdb.toml").read_text()
    broken, text, _ = run(capsys, "check")

    code, out, err = run(capsys, "check", "--write-waivers")

    after = (folder / "customdb.toml").read_text()
    waived = tomllib.loads(after)["check"]["waived"]
    assert (broken, code, out.splitlines()[0]) == (1, 0, text.splitlines()[0])
    assert err == f"customdb-contract: {len(waived)} waivers added to customdb.toml: fill in the reasons\n"
    assert after.startswith(before)
    assert {"mismatched-user-id", "email-verified-not-boolean"} <= waived.keys()
    assert all(reason.endswith(": fill in why, and until when") for reason in waived.values())
    code, out, _ = run(capsys, "check", "-q")
    assert code == 0
    assert f"{len(waived)} waived" in out
    assert run(capsys, "check", "--write-waivers")[2] == ""
    assert (folder / "customdb.toml").read_text() == after


def test_a_stale_waiver_is_not_accepted_again(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    with (folder / "customdb.toml").open("a") as file:
        file.write('[check.waived]\nmissing-email-verified = "ticket 12"\n')

    code, out, _ = run(capsys, "check", "--write-waivers")

    assert code == 1
    assert (
        "error missing-email-verified the waiver of missing-email-verified is out of date: the rule passes now; remove "
        "the waiver (ticket 12) More: customdb-contract rules missing-email-verified"
    ) in " ".join(out.split())
    waived = tomllib.loads((folder / "customdb.toml").read_text())["check"]["waived"]
    assert waived["missing-email-verified"] == "ticket 12"
    lines = run(capsys, "check", "-q")[1].splitlines()
    assert "error  missing-email-verified  (its waiver is stale)" in lines
    assert "mismatched-user-id" in waived


def test_a_source_that_cannot_hold_waivers_is_refused(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    module = next(path.stem for path in folder.glob("reporting_shop_*.py"))
    with (folder / "customdb.toml").open("a") as file:
        file.write('[check]\nwaived = { missing-user-id = "ticket 12" }\n')

    refused = run(capsys, "check", "--write-waivers")
    (folder / "customdb.toml").unlink()
    missing = run(capsys, "check", "--write-waivers", "--python", f"{module}:Shop")

    assert refused == (
        2,
        "",
        (
            "customdb-contract: customdb.toml: --write-waivers adds lines to the table [check.waived], but this file "
            "has its waivers in one value; write them as that table, one per line\n"
        ),
    )
    assert missing == (
        2,
        "",
        "customdb-contract: --write-waivers needs a customdb.toml to write to; `customdb-contract init` writes one\n",
    )


def test_the_waivers_of_a_tenant_are_written_one_by_one(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, _, err = run(capsys, "check", "--tenant", str(folder), "--write-waivers")

    assert code == 2
    assert err == (
        "customdb-contract: --write-waivers and --tenant cannot be combined, because each connection has its own "
        "waivers: check the connections one by one, with --config and the customdb.toml next to their scripts\n"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("customdb.toml", ""),
        ("customdb.toml", "[check]\nwrites = false"),
        ("customdb.toml", '[check.waived] # so far\nold = "ticket 12"\n\n[connection]\nname = "shop"\n'),
        ("customdb.toml", '[ check . "waived" ]'),
        ("pyproject.toml", '[project]\nname = "shop"\n[tool.customdb-contract.check]\nwrites = true\n'),
        ("pyproject.toml", '[tool.customdb-contract.check.waived]\nold = "ticket 12"\n'),
    ],
)
def test_waivers_are_added_and_the_rest_of_the_file_stays(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)

    write_waivers(waivable(path), ["one-rule", "other-rule"], date(2026, 11, 29))

    written = path.read_text()
    check = tomllib.loads(written)
    check = check["tool"]["customdb-contract"]["check"] if name == "pyproject.toml" else check["check"]
    old = {"old": "ticket 12"} if "old" in text else {}
    reason = "accepted on 2026-11-29: fill in why, and until when"
    assert check["waived"] == old | {"one-rule": reason, "other-rule": reason}
    kept = [line for line in written.splitlines() if line and reason not in line]
    given = [line for line in text.splitlines() if line]
    assert kept[: len(given)] == given


@given(st.lists(st.sampled_from([rule.info.name for rule in CATALOGUE]), unique=True, min_size=1))
def test_waivers_written_twice_are_those_of_both(tmp_path_factory: pytest.TempPathFactory, rules: list[str]) -> None:
    path = tmp_path_factory.mktemp("waivers") / "customdb.toml"
    path.write_text(CONFIG)
    half = len(rules) // 2

    for part in (rules[:half], rules[half:]):
        write_waivers(waivable(path), part, date(2026, 11, 29))

    written = tomllib.loads(path.read_text())
    assert set(written["check"]["waived"]) == set(rules)
    assert {name: table for name, table in written.items() if name != "check"} == tomllib.loads(CONFIG)


def test_a_file_that_cannot_be_read_gets_no_waivers(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        waivable(tmp_path / "missing.toml")


def test_one_run_has_a_report_in_every_format(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    run(capsys, "check", "--transcript", "transcript.json")
    reports = [option for name in FORMATS for option in ("--report", f"{name}:of-{name}")]

    code, printed, err = run(capsys, "replay", "transcript.json", "--quiet", *reports)

    assert (code, err) == (1, "")
    assert printed == run(capsys, "replay", "transcript.json", "--quiet")[1]
    for name in FORMATS:
        expected = run(capsys, "replay", "transcript.json", "--format", name)[1]
        assert (folder / f"of-{name}").read_text(encoding="utf-8").rstrip("\n") == expected.rstrip("\n")


def test_connections_of_a_tenant_have_a_report_in_every_format(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    transcripts = [
        Transcript.parse(f"connection name={name}\nget_user a@example.com -> not-found [unknown-user]\n")
        for name in "ab"
    ]
    judged = list(map(judge, transcripts))
    targets = [(name, folder / f"of-{name}") for name in FORMATS]
    options = argparse.Namespace(format="github", output=None, verbose=False, quiet=False, report=targets)

    assert report_all(judged, options) == max(report.exit_code for report in judged)
    assert capsys.readouterr().out == TENANT_FORMATS["github"](judged)
    for name, path in targets:
        assert path.read_text(encoding="utf-8") == TENANT_FORMATS[name](judged)


@pytest.mark.parametrize("value", ["junit", "junit:", "xml:report.xml", ":report.xml"])
def test_a_report_needs_a_format_and_a_file(capsys: pytest.CaptureFixture[str], value: str) -> None:
    code, out, err = run(capsys, "check", "--report", value)

    assert (code, out) == (2, "")
    assert err.endswith(
        f"argument --report: expected FORMAT:FILE, where FORMAT is one of {', '.join(FORMATS)}; got {value!r}\n"
    )


def test_a_report_that_cannot_be_written_is_an_error_after_what_is_printed(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    code, out, err = run(capsys, "check", "-q", "--report", "junit:no/folder.xml")

    assert code == 2
    assert out.startswith("not ok: ")
    assert err == "customdb-contract: no/folder.xml cannot be written: No such file or directory\n"

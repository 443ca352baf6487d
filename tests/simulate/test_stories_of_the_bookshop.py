"""The command `simulate` without a configuration: stories in each format, the list of scenarios, and bad input."""

import json
import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from customdb_contract._cli import main
from customdb_contract.rehearsal import SCENARIOS, bookshop
from customdb_contract.secrets import Secret

Run = Callable[..., tuple[int, str, str]]

NAMES = [scenario.name for scenario in SCENARIOS]


def secrets() -> list[str]:
    return [user.password.reveal() for user in bookshop.USERS if isinstance(user.password, Secret)]


# Over the bookshop


@pytest.mark.parametrize(("mode", "played"), [("on", 17), ("off", 15)])
def test_without_a_configuration_every_scenario_runs_on_the_bookshop(run: Run, mode: str, played: int) -> None:
    code, out, err = run("--import-mode", mode)

    assert (code, err) == (0, "")
    assert out.startswith(f"Connection bookshop, import mode {mode}")
    assert out.endswith(f"\n{played} of 17 scenarios played\n")
    assert [line for line in out.splitlines() if line in NAMES] == NAMES
    assert not any(secret in out for secret in secrets())


def test_a_story_shows_actors_operations_and_outcomes(run: Run) -> None:
    code, out, _ = run("--scenario", "interrupted-before-metadata", "--user", "Ada.Lovelace@Example.com")

    assert code == 0
    assert out == textwrap.dedent("""\
        Connection bookshop, import mode on; seed 0

        interrupted-before-metadata
        ===========================
        A migration is interrupted before the metadata is written: it is lost, and the user doesn't notice.

        1. Ada.Lovelace logs in as Ada.Lovelace@Example.com (password «password of Ada.Lovelace»)
            script  login Ada.Lovelace@Example.com «password of Ada.Lovelace» -> found {"user_id": "shop-4", "email":
                    "ada.lovelace@example.com", "email_verified": true, "app_metadata": {"membership": "patron",
                    "account_closed": false}, "user_metadata": {"language": "en", "newsletter": true}, "username":
                    "ada", "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace"}
            store   internal store: auth0|shop-4 with email ada.lovelace@example.com, username ada, pending log-in
                    (half-created)
            store   user store: auth0|shop-4 with connection bookshop, email ada.lovelace@example.com, email_verified
                    true, username ada, name "Ada Lovelace", nickname ada.lovelace, given_name Ada, family_name
                    Lovelace, picture
                    "https://s.gravatar.com/avatar/2b9150605ac374d671a306b5fcee60a0?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2Fad.png",
                    logins_count 1
            log     s (successful log-in) about auth0|shop-4 [inferred]
            store   internal store: auth0|shop-4 with email ada.lovelace@example.com, username ada
            seen    logged in as auth0|shop-4 (interrupted before-metadata)
        2. An application searches for Ada.Lovelace@Example.com
            seen    found ["auth0|shop-4"]
        3. Ada.Lovelace logs in as Ada.Lovelace@Example.com (password «password of Ada.Lovelace»)
            store   user store: auth0|shop-4 with logins_count 2
            log     s (successful log-in) about auth0|shop-4 [inferred]
            seen    logged in as auth0|shop-4

        1 of 1 scenarios played
    """)


def test_a_story_as_json(run: Run) -> None:
    code, out, _ = run("--format", "json", "--scenario", "first-log-in", "--scenario", "two-connections", "--seed", "7")
    document = json.loads(out)

    assert code == 0
    assert {name: document[name] for name in ("schema_version", "connection", "import_mode", "seed", "interrupt")} == {
        "schema_version": 1,
        "connection": "bookshop",
        "import_mode": True,
        "seed": 7,
        "interrupt": None,
    }
    assert [scenario["name"] for scenario in document["scenarios"]] == ["first-log-in", "two-connections"]
    first, second = document["scenarios"]
    assert (first["played"], first["problem"], first["left_behind"]) == (True, None, [])
    assert first["summary"].startswith("A user of the legacy store")
    assert [scene["connection"] for scene in second["story"]] == ["bookshop", "bookshop-second", "bookshop"]
    assert first["story"][0]["records"][0]["name"] == "log_in"


def test_a_story_as_a_diagram(run: Run) -> None:
    code, out, _ = run(
        "--format", "mermaid", "--import-mode", "off", "--scenario", "first-log-in", "--scenario", NAMES[2]
    )

    assert code == 0
    headline, first, second = out.split("\n## ")
    assert headline == "Connection bookshop, import mode off (legacy); seed 0\n"
    assert re.fullmatch(r"first-log-in\n\nA user .*\.\n\n```mermaid\nsequenceDiagram\n(  .*\n)+```\n", first)
    assert second.startswith("interrupted-after-internal-record\n\n")
    assert second.endswith("\n\n    Not played: it needs import mode on, but the connection has it off.\n")
    assert "mermaid" not in second


def test_the_same_seed_plays_the_same_story(run: Run) -> None:
    printed = [run("--scenario", "sign-up", "--seed", seed)[1] for seed in ("1", "1", "2")]
    assert printed[0] == printed[1] != printed[2]
    assert "seed 1\n" in printed[0]


def test_a_migration_can_be_interrupted_in_every_scenario(run: Run) -> None:
    code, out, _ = run("--scenario", "first-log-in", "--scenario", "sign-up", "--interrupt", "after-internal-record")

    assert code == 0
    assert "; the first migration of each scenario is interrupted after-internal-record\n" in out
    assert "seen    an error (interrupted after-internal-record)" in out
    assert "\nNote: no migration reached the point after-internal-record.\n" in out


def test_a_story_goes_to_a_file(run: Run, empty: Path) -> None:
    code, out, err = run("--scenario", "first-log-in", "--output", "story.txt")

    assert (code, out, err) == (0, "", "")
    assert (empty / "story.txt").read_text(encoding="utf-8").endswith("1 of 1 scenarios played\n")


# The list


def test_the_list_names_every_scenario_and_what_it_does_to_the_store(run: Run) -> None:
    code, out, _ = run("--list")

    assert code == 0
    assert [line.split()[0] for line in out.splitlines() if not line.startswith(" ")] == NAMES
    printed = " ".join(out.split())
    assert "logs in for the first time, then again. [import mode on: reads; off: reads]" in printed
    assert "until the next log-in. [import mode on: reads]" in printed
    assert "[import mode on: writes if there is change_password; off: writes]" in printed
    assert "[import mode on: reads; off: writes if there is create]" in printed


def test_the_list_as_json(run: Run) -> None:
    code, out, _ = run("--list", "--format", "json", "--scenario", "outage-during-reset", "--scenario", NAMES[2])
    reset, interrupted = json.loads(out)

    assert code == 0
    assert reset["name"] == "outage-during-reset"
    assert reset["import_mode_on"] == {
        "known_user": True,
        "scripts": ["login", "get_user"],
        "scripts_that_write": ["change_password"],
        "outage": True,
        "second_connection": False,
    }
    assert interrupted["import_mode_off"] is None


# Bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scenario", "first-login"], "there is no scenario 'first-login'; did you mean first-log-in?"),
        (
            ["--interrupt", "midway"],
            "a migration cannot be interrupted at 'midway'; choose from after-internal-record, before-metadata",
        ),
        (["--list", "--format", "mermaid"], "--list has no format mermaid; choose from text, json"),
        (["--config", "nowhere.toml"], "nowhere.toml cannot be read: No such file or directory"),
        (["--output", ".", "--scenario", "first-log-in"], ". cannot be written: Is a directory"),
        (["--scripts", "nowhere"], "--scripts: nowhere is not a folder"),
    ],
)
def test_bad_input_is_an_error(run: Run, arguments: list[str], message: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"customdb-contract: {message}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seed", "x"], "argument --seed: invalid int value: 'x'"),
        (["--import-mode", "maybe"], "argument --import-mode: invalid choice: 'maybe'"),
        (["--format", "html"], "argument --format: invalid choice: 'html'"),
    ],
)
def test_wrong_options_are_errors(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["simulate", *arguments])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_a_configuration_without_a_database_is_bad_input(run: Run, empty: Path) -> None:
    (empty / "customdb.toml").write_text("[connection]\nimport_mode = true\n")
    code, _, err = run()
    assert code == 2
    assert err.startswith("customdb-contract: no database to check")


def test_a_database_on_which_no_scenario_can_run_is_bad_input(run: Run) -> None:
    code, out, err = run("--scenario", "first-log-in", "--user", "nobody@example.com")

    assert code == 2
    assert out.endswith(
        "Not played: it needs a known user who may log in, with e-mail and password.\n\n0 of 1 scenarios played\n"
    )
    assert err == "customdb-contract: no scenario could be played; the output shows why\n"

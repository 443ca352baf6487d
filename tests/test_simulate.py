"""The command `simulate`: stories in each format, over the bookshop and over a configured database, and its errors."""

import json
import os
import re
import shutil
import signal
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

import writing_shop
from customdb_contract import KnownUser, check
from customdb_contract._cli import _output, main
from customdb_contract.rehearsal import SCENARIOS, Scenario, Setting, bookshop, rehearse
from customdb_contract.secrets import Secret
from signals import foreground_handlers

Run = Callable[..., tuple[int, str, str]]

NAMES = [scenario.name for scenario in SCENARIOS]
CONFIG = """
    [connection]
    name = "shop"
    import_mode = true
    [database]
    python = "writing_shop:WritingShop"
    [[users]]
    email = "ada@example.com"
    username = "countess"
    password = "Weaving patterns"
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["simulate", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, in which there is no configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


@pytest.fixture
def folder(empty: Path) -> Path:
    """Return the current folder: it has a shop and its configuration."""
    shutil.copy(writing_shop.__file__, empty / "writing_shop.py")
    (empty / "customdb.toml").write_text(textwrap.dedent(CONFIG))
    return empty


def secrets() -> list[str]:
    return [user.password.reveal() for user in bookshop.USERS if isinstance(user.password, Secret)]


# Over the bookshop


@pytest.mark.parametrize(("mode", "played"), [("on", 17), ("off", 15)])
def test_without_a_configuration_the_bookshop_plays_everything(run: Run, mode: str, played: int) -> None:
    code, out, err = run("--import-mode", mode)

    assert (code, err) == (0, "")
    assert out.startswith(f"Connection bookshop, import mode {mode}")
    assert out.endswith(f"\n{played} of 17 scenarios played\n")
    assert [line for line in out.splitlines() if line in NAMES] == NAMES
    assert not any(secret in out for secret in secrets())


def test_a_story_says_who_did_what_and_what_came_of_it(run: Run) -> None:
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
    assert second.endswith("\n\n    Not played: it is about import mode on, and the connection has it off.\n")
    assert "mermaid" not in second


def test_the_same_seed_tells_the_same_story(run: Run) -> None:
    told = [run("--scenario", "sign-up", "--seed", seed)[1] for seed in ("1", "1", "2")]
    assert told[0] == told[1] != told[2]
    assert "seed 1\n" in told[0]


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
    told = " ".join(out.split())
    assert "logs in for the first time, then again. [import mode on: reads; off: reads]" in told
    assert "until the next log-in. [import mode on: reads]" in told
    assert "[import mode on: writes if there is change_password; off: writes]" in told
    assert "[import mode on: reads; off: writes if there is create]" in told


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
            "a migration has no point 'midway'; choose from after-internal-record, before-metadata",
        ),
        (["--list", "--format", "mermaid"], "--list has no format mermaid; choose from text, json"),
        (["--config", "nowhere.toml"], "nowhere.toml cannot be read: No such file or directory"),
        (["--output", ".", "--scenario", "first-log-in"], ". cannot be written: Is a directory"),
        (["--scripts", "nowhere"], "--scripts: nowhere is no folder"),
    ],
)
def test_bad_input_is_told(run: Run, arguments: list[str], message: str) -> None:
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
def test_wrong_options_are_told(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["simulate", *arguments])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_a_configuration_without_a_database_is_bad_input(run: Run, empty: Path) -> None:
    (empty / "customdb.toml").write_text("[connection]\nimport_mode = true\n")
    code, _, err = run()
    assert code == 2
    assert err.startswith("customdb-contract: no database to check")


def test_where_nothing_can_be_played_that_is_bad_input(run: Run) -> None:
    code, out, err = run("--scenario", "first-log-in", "--user", "nobody@example.com")

    assert code == 2
    assert out.endswith(
        "Not played: it needs a known user who may log in, with e-mail and password.\n\n0 of 1 scenarios played\n"
    )
    assert err == "customdb-contract: none of the scenarios could be played; the output says why\n"


# Over a configured database


@pytest.mark.usefixtures("folder")
def test_a_configured_database_is_played_over(run: Run) -> None:
    code, out, err = run("--scenario", "first-log-in", "--scenario", "reset-before-first-log-in")

    assert (code, err) == (0, "")
    assert re.match(r"Connection shop, import mode on; seed [0-9]+\n", out)
    assert '-> found {"user_id": "shop-7"' in out
    assert "\nNot played: it writes to the database, which needs --writes or writes = true.\n" in out
    assert out.endswith("1 of 2 scenarios played\n")


@pytest.mark.usefixtures("folder")
def test_with_writes_whoever_was_created_is_removed_again(run: Run) -> None:
    code, out, err = run("--writes", "--import-mode", "off", "--scenario", "sign-up", "--seed", "5")

    assert (code, err) == (0, "")
    assert "script  delete shop-101 -> done" in out


def test_whoever_could_not_be_removed_is_named_in_every_format(run: Run, folder: Path) -> None:
    (folder / "shop.py").write_text(
        textwrap.dedent("""
            from customdb_contract import ScriptError
            from writing_shop import WritingShop

            class Shop(WritingShop):
                def delete(self, user_id):
                    raise ScriptError("no")
        """)
    )
    arguments = ["--python", "shop:Shop", "--writes", "--import-mode", "off", "--scenario", "sign-up", "--seed", "5"]
    code, out, err = run(*arguments)

    assert code == 0
    named = re.search(r"\nCreated and not removed, so these users may be left in the store: (\S+)\.\n", out)
    assert named
    assert err == f"customdb-contract: these users may be left in the store: {named[1]}\n"
    _, out, _ = run(*arguments, "--format", "json")
    assert json.loads(out)["scenarios"][0]["left_behind"] == [named[1]]


def test_a_database_that_cannot_be_opened_ends_with_3(run: Run, folder: Path) -> None:
    (folder / "shop.py").write_text("def make():\n    raise OSError('no such store')\n")
    code, out, err = run("--python", "shop:make")

    assert (code, out) == (3, "")
    assert "no such store" in err


# Interrupts and progress


def test_an_interrupt_tells_what_was_played_and_ends_with_130(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def show(_: object, line: str) -> None:
        told.append(line)
        if len(told) == 2:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(_output.Progress, "show", show)
    with foreground_handlers():
        code, out, err = run("--scenario", "first-log-in", "--scenario", "wrong-password", "--scenario", "sign-up")

    assert code == 130
    assert told == ["first-log-in", "wrong-password"]
    assert err == "customdb-contract: the rehearsal was interrupted\n"
    assert "1 of " in out


@pytest.mark.one_python
def test_an_interrupt_in_the_middle_of_a_life_names_who_is_left(run: Run, folder: Path) -> None:
    (folder / "shop.py").write_text(
        textwrap.dedent("""
            import pathlib, time
            from writing_shop import WritingShop

            class Shop(WritingShop):
                def login(self, identifier, password):
                    pathlib.Path("created").touch()
                    time.sleep(60)
        """)
    )

    def interrupt() -> None:
        deadline = time.monotonic() + 60
        while not (folder / "created").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    with foreground_handlers():
        waiting = threading.Thread(target=interrupt)
        waiting.start()
        code, out, err = run("--python", "shop:Shop", "--writes", "--import-mode", "off", "--scenario", "sign-up")
        waiting.join()

    assert code == 130
    named = re.fullmatch(
        r"customdb-contract: the rehearsal was interrupted; these users may be left in the store: (\S+)\n", err
    )
    assert named
    assert f"these users may be left in the store: {named[1]}.\n" in out
    assert "script  create" in out


HOSTILE = """
    class Shop:
        def login(self, identifier, password):
            raise ValueError(f"\\x1b[31m{password}\\n::error::{password}##[command]\\u202e")

        def get_user(self, identifier):
            return self.login(identifier, "x")
"""


@pytest.mark.parametrize("name", ["text", "json", "mermaid"])
def test_what_a_script_says_can_be_taken_for_nothing_else(run: Run, folder: Path, name: str) -> None:
    (folder / "shop.py").write_text(textwrap.dedent(HOSTILE))
    code, out, _ = run("--python", "shop:Shop", "--scenario", "first-log-in", "--format", name)

    assert code == 0
    assert "Weaving patterns" not in out
    assert out.replace("\n", "").isprintable()
    assert not any(line.lstrip().startswith("::") for line in out.splitlines())
    assert "##[" not in out
    assert "password of ada" in out


# The bookshop itself


def played(**changes: Any) -> list[tuple[str, bool]]:
    setting = Setting(
        database=bookshop.database,
        connection=bookshop.CONNECTION,
        users=bookshop.USERS,
        outage=bookshop.broken,
        is_thrown_away=True,
        **changes,
    )
    chosen: list[Scenario] = [scenario for scenario in SCENARIOS if not scenario.name.startswith("outage")]
    return [(performance.scenario.name, performance.problem is None) for performance in rehearse(setting, chosen)]


@pytest.mark.parametrize("seed", range(4))
def test_the_bookshop_plays_with_every_seed(seed: int) -> None:
    assert all(was_played for _, was_played in played(seed=seed))


@pytest.mark.parametrize("on", [True, False])
def test_the_bookshop_keeps_the_contract(on: bool) -> None:
    connection = evolve(bookshop.CONNECTION, import_mode=on, requires_username=not on)
    report = check(
        bookshop.Bookshop(), bookshop.USERS, connection=connection, outage=bookshop.broken, writes=True, hostile=False
    )
    assert report.ok, report
    assert [verdict.rule.name for verdict in report.verdicts if verdict.findings] == []


def test_the_people_of_the_bookshop_are_those_of_the_example() -> None:
    create_store = pytest.importorskip("create_store")
    example = {customer.email: customer for customer in create_store.customers()}
    for user in bookshop.USERS:
        assert isinstance(user, KnownUser)
        assert user.email in example
        assert user.password is not None
        assert user.password.reveal() == example[user.email].password
        assert (user.username, user.disabled) == (example[user.email].username, example[user.email].disabled)

"""The command `simulate` over a configured database: remaining users, interrupts, and hostile scripts."""

import json
import os
import re
import signal
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from customdb_contract._cli import _output
from signals import foreground_handlers

Run = Callable[..., tuple[int, str, str]]


# Over a configured database


@pytest.mark.usefixtures("folder")
def test_scenarios_run_on_a_configured_database(run: Run) -> None:
    code, out, err = run("--scenario", "first-log-in", "--scenario", "reset-before-first-log-in")

    assert (code, err) == (0, "")
    assert re.match(r"Connection shop, import mode on; seed [0-9]+\n", out)
    assert '-> found {"user_id": "shop-7"' in out
    assert "\nNot played: it writes to the database, which needs --writes or writes = true.\n" in out
    assert out.endswith("1 of 2 scenarios played\n")


@pytest.mark.usefixtures("folder")
def test_with_writes_created_users_are_removed_again(run: Run) -> None:
    code, out, err = run("--writes", "--import-mode", "off", "--scenario", "sign-up", "--seed", "5")

    assert (code, err) == (0, "")
    assert "script  delete shop-101 -> done" in out


def test_every_format_names_users_that_could_not_be_removed(run: Run, folder: Path) -> None:
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


def test_an_interrupt_prints_what_was_played_and_ends_with_130(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[str] = []

    def show(_: object, line: str) -> None:
        printed.append(line)
        if len(printed) == 2:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(_output.Progress, "show", show)
    with foreground_handlers():
        code, out, err = run("--scenario", "first-log-in", "--scenario", "wrong-password", "--scenario", "sign-up")

    assert code == 130
    assert printed == ["first-log-in", "wrong-password"]
    assert err == "customdb-contract: the rehearsal was interrupted\n"
    assert "1 of " in out


@pytest.mark.one_python
def test_an_interrupt_in_the_middle_of_a_life_lists_the_remaining_users(run: Run, folder: Path) -> None:
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
def test_text_of_a_script_cannot_forge_a_line(run: Run, folder: Path, name: str) -> None:
    (folder / "shop.py").write_text(textwrap.dedent(HOSTILE))
    code, out, _ = run("--python", "shop:Shop", "--scenario", "first-log-in", "--format", name)

    assert code == 0
    assert "Weaving patterns" not in out
    assert out.replace("\n", "").isprintable()
    assert not any(line.lstrip().startswith("::") for line in out.splitlines())
    assert "##[" not in out
    assert "password of ada" in out

"""The command line when it is interrupted: exit code 130, a partial report if there is one, and the remaining users."""

import argparse
import contextlib
import json
import select
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from importlib.abc import MetaPathFinder
from pathlib import Path

import pytest
from typing_extensions import override

import writing_shop
from customdb_contract import Exchange, Report, _cli, rules
from customdb_contract import __main__ as command
from customdb_contract._cli import _check, _configured
from customdb_contract.config import Configuration
from customdb_contract.contract import Script
from customdb_contract.reports import FORMATS
from customdb_contract.transcript import Transcript
from signals import foreground_handlers

CHECK = ("check", "--writes")


@pytest.fixture(autouse=True)
def in_foreground() -> Iterator[None]:
    with foreground_handlers():
        yield


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder: it has a shop and its configuration."""
    shutil.copy(writing_shop.__file__, tmp_path / "writing_shop.py")
    (tmp_path / "customdb.toml").write_text(
        textwrap.dedent("""
            [database]
            python = "writing_shop:WritingShop"
            [[users]]
            email = "ada@example.com"
            username = "countess"
            password = "Weaving patterns"
            [check]
            hostile = false
            wrong_passwords = 0
        """)
    )
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def when(monkeypatch: pytest.MonkeyPatch, is_moment: Callable[[Exchange], bool], number: int = signal.SIGINT) -> None:
    """Interrupt the command at each matching call of its check."""

    def reported(exchange: Exchange) -> str:
        if is_moment(exchange):
            signal.raise_signal(number)
        return ""

    monkeypatch.setattr(_check, "_told", reported)


# During the check


@pytest.mark.untraced
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.usefixtures("folder")
def test_an_interrupt_leaves_a_partial_report_in_every_format(
    number: int, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    when(monkeypatch, lambda exchange: exchange.number == 3, number)
    arguments = ("--format", name, "--output", "report", "--transcript", "transcript.json")

    assert _cli.main([*CHECK, *arguments]) == 130

    transcript = Transcript.loads(Path("transcript.json").read_text())
    assert len(transcript.exchanges) == 3
    assert "interrupted" in Path("report").read_text()
    assert capsys.readouterr() == ("", "customdb-contract: the check was interrupted\n")


@pytest.mark.usefixtures("folder")
def test_a_partial_report_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    when(monkeypatch, lambda exchange: exchange.number == 3)

    assert _cli.main(CHECK) == 130

    out = capsys.readouterr().out
    assert "interrupted" in out
    assert "3 calls" in out


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.usefixtures("folder")
def test_users_that_may_remain_are_listed_in_every_format(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The second one comes in the clean-up, and ends it.
    when(monkeypatch, lambda exchange: exchange.script is Script.CREATE or exchange.situation.family == "clean-up")

    assert _cli.main([*CHECK, "--format", name, "--transcript", "transcript.json"]) == 130

    left = json.loads(Path("transcript.json").read_text())["header"]["left_behind"]
    said = capsys.readouterr().err
    assert left
    assert said == f"customdb-contract: the check was interrupted; these users may be left in the store: {left[0]}\n"


# Before and after


@pytest.mark.usefixtures("folder")
def test_an_interrupt_before_the_check_ends_with_130_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_check, "configured", lambda _: signal.raise_signal(signal.SIGINT))

    assert _cli.main(CHECK) == 130
    assert capsys.readouterr() == ("", "customdb-contract: interrupted\n")


@pytest.mark.usefixtures("folder")
def test_an_interrupt_that_a_module_swallowed_ends_the_check_before_it_begins(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    original = _configured.configured

    def configured(options: argparse.Namespace) -> tuple[Configuration, bool]:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        return original(options)

    monkeypatch.setattr(_check, "configured", configured)

    assert _cli.main(CHECK) == 130
    assert capsys.readouterr() == ("", "customdb-contract: interrupted\n")


@pytest.mark.usefixtures("folder")
def test_an_interrupt_during_judging_keeps_the_whole_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    judge_selected = rules.judge_selected

    def interrupted_judge(transcript: Transcript, selection: rules.Selection) -> Report:
        signal.raise_signal(signal.SIGINT)
        return judge_selected(transcript, selection)

    monkeypatch.setattr(rules, "judge_selected", interrupted_judge)

    assert _cli.main([*CHECK, "--format", "json"]) == 130

    printed = capsys.readouterr()
    assert json.loads(printed.out)["complete"] is True
    assert printed.err == "customdb-contract: interrupted\n"


# The process


def command_in(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a check; it handles ctrl-C as this process does."""
    words = [sys.executable, "-m", "customdb_contract", *CHECK, *arguments]
    return subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 120
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def hanging(folder: Path) -> Path:
    """Make the shop signal that it runs, and hang in the second script called."""
    (folder / "hanging_shop.py").write_text(
        textwrap.dedent(f"""
            import pathlib, time
            from writing_shop import WritingShop

            class Shop(WritingShop):
                def login(self, identifier, password):
                    pathlib.Path({str(folder / "called")!r}).touch()
                    time.sleep(3600)
        """)
    )
    configuration = folder / "customdb.toml"
    configuration.write_text(
        configuration.read_text().replace("writing_shop:WritingShop", "hanging_shop:Shop")
        + "timeout = 3600.0\nmax_time = 3600.0\n"
    )
    return folder


@pytest.mark.untraced
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_hanging_script_ends_with_a_partial_report(number: int, hanging: Path) -> None:
    with command_in(hanging) as process:
        wait_for(hanging / "called", process)
        process.send_signal(number)
        out, err = process.communicate(timeout=120)

    assert process.returncode == 130
    assert "1 call" in out
    assert err == "customdb-contract: the check was interrupted\n"


@pytest.mark.untraced
def test_a_process_that_ignores_ctrl_c_still_does(hanging: Path) -> None:
    # A shell does this for a background command, and `nohup` for a hang-up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with command_in(hanging) as process:
        wait_for(hanging / "called", process)
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.0)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)

    assert process.returncode == 130


@pytest.mark.untraced
def test_an_unread_report_can_be_interrupted(folder: Path) -> None:
    with command_in(folder, "--format", "json") as process:
        assert process.stdout is not None
        # A pipe cannot hold this much.
        select.select([process.stdout], [], [], 120)
        process.send_signal(signal.SIGINT)
        process.wait(120)
        _, err = process.communicate()

    assert process.returncode == 130
    assert err == "customdb-contract: interrupted\n"


def test_the_imports_of_a_command_can_be_interrupted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupting(MetaPathFinder):
        @override
        def find_spec(self, name: str, *_: object) -> None:
            if name == "customdb_contract._cli":
                signal.raise_signal(signal.SIGINT)

    monkeypatch.delitem(sys.modules, "customdb_contract._cli")
    monkeypatch.delattr("customdb_contract._cli")
    monkeypatch.setattr(sys, "meta_path", [Interrupting(), *sys.meta_path])

    assert command.main() == 130
    assert capsys.readouterr() == ("", "customdb-contract: interrupted\n")

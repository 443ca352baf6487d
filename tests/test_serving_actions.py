"""The runner of Python Actions, run in this process: its response to each message."""

import json
import os
import socket
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from customdb_contract.bridges.python_process import _serving_actions
from events import minimal_event

Serve = Callable[..., list[dict[str, Any]]]
TOKEN = "t0"
OPEN: dict[str, Any] = {"open": {}}
CLOSE: dict[str, Any] = {"close": True}
CALL: dict[str, Any] = {
    "call": {
        "id": 0,
        "handler": "onExecutePostLogin",
        "event": minimal_event(),
        "seconds": 20.0,
        "renew": True,
    }
}
ACTION = """
    def persist(event, api):
        api.user.set_app_metadata("plan", "full")
"""


def _no_end(code: int) -> NoReturn:
    pytest.fail(f"the process ends with {code}")


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Serves messages about a module, one after another, and returns the answers."""

    def answers_to(source: str, *messages: dict[str, Any]) -> list[dict[str, Any]]:
        (tmp_path / "served_action.py").write_text(textwrap.dedent(source), "utf-8")
        order: dict[str, Any] = {
            "token": TOKEN,
            "module": "served_action",
            "attribute": "persist",
            "folders": [str(tmp_path), *sys.path],
            "secrets": {},
        }
        ready, readied = os.pipe()
        os.close(readied)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            for message in messages:
                answer: dict[str, Any] = {"open": order} if message is OPEN else message
                ours.sendall(json.dumps(answer).encode() + b"\n")
            ours.shutdown(socket.SHUT_WR)
            _serving_actions.serve(theirs.fileno(), ready)
            theirs.shutdown(socket.SHUT_WR)
            lines = ours.makefile().read().splitlines()
        os.close(ready)
        assert all(line.startswith(f"{TOKEN} ") for line in lines)
        return [json.loads(line.removeprefix(f"{TOKEN} ")) for line in lines]

    monkeypatch.setattr(_serving_actions, "_exit", _no_end)
    path = list(sys.path)
    yield answers_to
    sys.path[:] = path
    sys.modules.pop("served_action", None)


def test_an_action_is_opened_run_and_closed(serve: Serve) -> None:
    opened, performed, closed = serve(ACTION, OPEN, CALL, CLOSE)

    assert opened["opened"]["action"]["name"] == "persist"
    assert opened["opened"]["action"]["problem"] is None
    assert performed["id"] == 0
    assert performed["run"]["ended"] == "done"
    assert [call["path"] for call in performed["run"]["calls"]] == ["user.setAppMetadata"]
    assert closed == {"closed": None}


def test_the_server_ends_with_the_other_side(serve: Serve) -> None:
    assert serve(ACTION) == []
    assert len(serve(ACTION, OPEN)) == 1


def test_an_unopened_action_can_be_closed(serve: Serve) -> None:
    problem, closed = serve("", OPEN, CLOSE)

    assert problem["opened"]["problem"] == "attribute"
    assert "persist" not in problem["opened"]["names"]
    assert closed == {"closed": None}


@pytest.mark.parametrize("raised", ["LookupError", "SystemExit"])
def test_an_import_error_of_a_module_is_reported(raised: str, serve: Serve) -> None:
    (answer,) = serve(f"raise {raised}('no')", OPEN)

    assert answer["opened"]["problem"] == "import"
    assert answer["opened"]["error"]["$error"] == raised


def test_an_object_that_is_no_action_is_refused(serve: Serve) -> None:
    (answer,) = serve("persist = 7", OPEN)

    assert answer["opened"]["is_usage"]
    assert answer["opened"]["refused"].endswith(", got 7")


@pytest.mark.parametrize("message", [CALL, {"nonsense": True}], ids=["broken", "nonsense"])
def test_a_broken_interpreter_ends_the_process(
    message: dict[str, Any], serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    exits: list[int] = []
    monkeypatch.setattr(_serving_actions, "_exit", exits.append)

    assert serve(ACTION, message) == []
    assert exits == [70]

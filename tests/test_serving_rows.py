"""The runner of a function that makes profiles, run in this process: its response to each message."""

import base64
import json
import os
import pickle
import socket
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from customdb_contract.bridges.python_process import _serving_rows

pytestmark = pytest.mark.one_python

Serve = Callable[..., list[dict[str, Any]]]
OPEN: dict[str, Any] = {"open": {}}
CLOSE: dict[str, Any] = {"close": True}
FUNCTION = """
    def profile_of(row):
        return {"user_id": row["id"]}
"""


def rows(first: int, *values: object) -> dict[str, Any]:
    pickled = base64.b64encode(pickle.dumps([{"id": value} for value in values])).decode()
    return {"rows": {"first": first, "rows": pickled}}


def _no_end(code: int) -> NoReturn:
    pytest.fail(f"the process ends with {code}")


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Serves messages about a module, one after another, and returns the answers."""

    def answers_to(source: str, *messages: dict[str, Any]) -> list[dict[str, Any]]:
        (tmp_path / "served_rows.py").write_text(textwrap.dedent(source), "utf-8")
        folders = [str(tmp_path), *sys.path]
        order = {"token": "t0", "module": "served_rows", "attribute": "profile_of", "folders": folders}
        ready, readied = os.pipe()
        os.close(readied)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            for message in messages:
                reported: dict[str, Any] = {"open": order} if message is OPEN else message
                ours.sendall(json.dumps(reported).encode() + b"\n")
            ours.shutdown(socket.SHUT_WR)
            _serving_rows.serve(theirs.fileno(), ready)
            theirs.shutdown(socket.SHUT_WR)
            lines = ours.makefile().read().splitlines()
        os.close(ready)
        assert all(line.startswith("t0 ") for line in lines)
        return [json.loads(line.removeprefix("t0 ")) for line in lines]

    monkeypatch.setattr(_serving_rows, "_exit", _no_end)
    path = list(sys.path)
    yield answers_to
    sys.path[:] = path
    sys.modules.pop("served_rows", None)


def test_a_function_is_opened_given_rows_and_closed(serve: Serve) -> None:
    assert serve(FUNCTION, OPEN, rows(0, "a", {1}), rows(2, b"c"), rows(3), CLOSE) == [
        {"opened": {}},
        {"id": 0, "made": {"profile": {"user_id": "a"}}},
        {"id": 1, "made": {"tagged": ["object", ["user_id", ["special", "set", "{1}", None]]]}},
        {"id": 2, "made": {"tagged": ["object", ["user_id", ["special", "bytes", "c", 1]]]}},
        {"closed": None},
    ]


def test_a_row_without_a_profile_is_reported(serve: Serve) -> None:
    assert serve("def profile_of(row): return 7", OPEN, rows(5, 1))[1:] == [
        {"id": 5, "made": {"problem": "made profile_of return int instead of a mapping"}}
    ]


def test_the_server_ends_with_the_other_side(serve: Serve) -> None:
    assert serve(FUNCTION) == []
    assert serve(FUNCTION, OPEN) == [{"opened": {}}]


@pytest.mark.parametrize("source", ["profile_of = 7", "async def profile_of(row): return {}"])
def test_an_object_that_is_no_plain_function_is_refused(source: str, serve: Serve) -> None:
    assert serve(source, OPEN) == [{"opened": {"problem": "no-function"}}]


def test_a_missing_name_is_reported_with_similar_ones(serve: Serve) -> None:
    (reported,) = serve("profiles_of = 7", OPEN)

    assert reported["opened"]["problem"] == "attribute"
    assert "profiles_of" in reported["opened"]["names"]


@pytest.mark.parametrize("raised", ["LookupError", "SystemExit"])
def test_an_import_error_of_a_module_is_reported(raised: str, serve: Serve) -> None:
    (reported,) = serve(f"raise {raised}('no')", OPEN)

    assert reported["opened"]["problem"] == "import"
    assert reported["opened"]["error"]["$error"] == raised


@pytest.mark.parametrize("message", [{"nonsense": True}, rows(0, 1)], ids=["nonsense", "rows before it is opened"])
def test_an_unknown_message_ends_the_process(
    message: dict[str, Any], serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    exits: list[int] = []
    monkeypatch.setattr(_serving_rows, "_exit", exits.append)

    assert serve(FUNCTION, message) == []
    assert exits == [70]

"""The limits of what runners report, defined once, so that the writers and readers of reports share them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import pytest

from actions_opened import handler
from customdb_contract import Connection
from customdb_contract._runner import _limits
from customdb_contract._runner._call import Call
from customdb_contract._runner._limits import LIMITS
from customdb_contract.actions._cache import CACHE_LIMITS
from customdb_contract.bridges.acting import Performed
from customdb_contract.bridges.containers import InvalidMessageError, validated
from customdb_contract.bridges.node import NodeAction, NodeDatabase, _action_bridge, _bridge
from customdb_contract.contract import Script
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Handler, Outcome, Special

ENDED: dict[str, object] = {
    "ended": "callback",
    "callbacks": [],
    "raised": None,
    "escape": "thrown",
    "output": "",
    "observations": [],
    "seconds": 0.1,
}
RUN: dict[str, object] = {"ended": "done", "calls": []}


def outcome(**changes: object) -> dict[str, object]:
    return {"id": 0, "outcome": ENDED | changes}


def run(**changes: object) -> dict[str, object]:
    ended = {name: value for name, value in ENDED.items() if name != "callbacks"}
    return {"id": 0, "run": ended | RUN | changes}


def late(*events: dict[str, object]) -> dict[str, object]:
    return {"late": [{"call": 0} | event for event in events]}


NOTICED = {"kind": "request", "text": ""}
API_CALL: dict[str, object] = {"path": "user.setAppMetadata", "arguments": [], "late": False}


@pytest.mark.parametrize(
    ("most", "message"),
    [
        pytest.param(_limits.MAX_CALLBACKS, lambda many: outcome(callbacks=[[None]] * many), id="callbacks"),
        pytest.param(_limits.MAX_ARGUMENTS, lambda many: outcome(callbacks=[[None] * many]), id="arguments"),
        pytest.param(
            _limits.MAX_ARGUMENTS, lambda many: run(calls=[API_CALL | {"arguments": [None] * many}]), id="api"
        ),
        pytest.param(_limits.MAX_ARGUMENTS, lambda many: late({"arguments": [None] * many}), id="late arguments"),
        pytest.param(_limits.MAX_API_CALLS, lambda many: run(calls=[API_CALL] * many), id="api calls"),
        pytest.param(_limits.MAX_OBSERVATIONS, lambda many: outcome(observations=[NOTICED] * many), id="observations"),
        pytest.param(_limits.MAX_OUTPUT, lambda many: outcome(output="x" * many), id="output"),
        pytest.param(_limits.MAX_OUTPUT, lambda many: late({"noticed": NOTICED | {"text": "x" * many}}), id="text"),
        pytest.param(_limits.MAX_LATE, lambda many: late(*[{}] * many), id="late"),
        pytest.param(_limits.MAX_NOTES, lambda many: {"notes": ["x"] * many}, id="notes"),
    ],
)
def test_a_message_is_read_up_to_the_limit_of_a_runner(most: int, message: Callable[[int], dict[str, Any]]) -> None:
    validated(message(most))

    with pytest.raises(InvalidMessageError):
        validated(message(most + 1))


def test_a_runner_in_python_reports_no_more() -> None:
    reported: list[str] = []
    call = Call(7, lambda _, given: reported.append(given), reported.append)
    for _ in range(_limits.MAX_CALLBACKS + 1):
        call.callback(*range(_limits.MAX_ARGUMENTS + 1))

    given = str(list(range(_limits.MAX_ARGUMENTS)))
    assert reported == [given] * _limits.MAX_CALLBACKS


Answer = Callable[[str], Outcome]
Perform = Callable[[str], Performed]


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Return the message to the JavaScript runner, so that a test can change it."""
    changed = {**LIMITS, **CACHE_LIMITS}
    for bridge in (_bridge, _action_bridge):
        monkeypatch.setattr(bridge, "LIMITS", changed)
    monkeypatch.setattr(_action_bridge, "CACHE_LIMITS", changed)
    return changed


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens the bridge to a script that is the body of `getUser`."""
    with ExitStack() as stack:

        def open_it(body: str, **options: Any) -> Any:
            (tmp_path / "get_user.js").write_text(f"function getUser(email, callback) {{ {body} }}")
            database = NodeDatabase(tmp_path, **options)
            bridge = database.open_bridge(connection=Connection(), mask=SecretRegistry(), timeout=20.0)
            stack.callback(bridge.close)
            return bridge

        yield open_it


def called(bridge: Any) -> Outcome:
    found: Outcome = bridge.call(Script.GET_USER, ["ada@example.com"])
    return found


@pytest.mark.one_python
@pytest.mark.parametrize(
    ("limit", "body", "callbacks"),
    [
        ({"depth": 2}, "callback(null, [[[7]]])", [[None, [[Special("too-deep")]]]]),
        ({"text": 10}, "callback(null, 'x'.repeat(11))", [[None, Special("long-text", "x" * 10, 11)]]),
        ({"items": 3}, "callback(null, [1, 2, 3, 4])", [[None, [1, 2, 3, Special("too-many", "", 1)]]]),
        ({"characters": 40}, "callback('x'.repeat(30), 'y'.repeat(40))", [["x" * 30, Special("long-text", "", 40)]]),
        ({"arguments": 2}, "callback(null, 1, 2)", [[None, 1]]),
        ({"callbacks": 1}, "callback(null, 1); callback(null, 2)", [[None, 1]]),
        ({"callbackCharacters": 20}, "callback(null, 1); callback(null, 'x'.repeat(20))", [[None, 1]]),
    ],
)
def test_the_runner_in_javascript_keeps_to_what_it_is_sent(
    limits: dict[str, int],
    opened: Callable[..., Any],
    limit: dict[str, int],
    body: str,
    callbacks: list[list[object]],
) -> None:
    limits.update(limit)

    found = called(opened(body))

    assert [[_plain(value) for value in given] for given in found.callbacks] == callbacks


def _plain(value: object) -> object:
    return [_plain(item) for item in cast("list[object]", value)] if isinstance(value, list | tuple) else value


@pytest.mark.one_python
def test_the_runner_in_javascript_keeps_to_how_much_is_noticed(
    limits: dict[str, int], opened: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    limits.update(observations=1, output=5, late=1, notes=1)
    for name in ("one", "two"):
        (tmp_path / "node_modules" / name).mkdir(parents=True)
        (tmp_path / "node_modules" / name / "package.json").write_text('{"version": "2.0.0"}')
        (tmp_path / "node_modules" / name / "index.js").write_text("")
    body = """
      for (const key of ['a', 'b']) configuration[key] = 1;
      for (const name of ['one', 'two']) require(`${name}@1.0.0`);
      console.log('0123456789');
      callback(null);
      setTimeout(() => { callback(null, 1); callback(null, 2); }, 20);
    """
    bridge = opened(body, node_modules=tmp_path / "node_modules")

    found = called(bridge)

    assert [(each.kind.value, each.text) for each in found.observations] == [("configuration-write", "a")]
    assert found.output == "01234"
    assert [event.arguments for event in bridge.late_events()] == [(None, 1)]
    assert caplog.messages == ["one@1.0.0 is requested, but 2.0.0 is installed"]


@pytest.mark.one_python
@pytest.mark.parametrize(
    ("limit", "body", "answer"),
    [
        ({"entries": 1}, "api.cache.set('a', '1'); return api.cache.set('b', '2').code", "TooManyEntries"),
        ({"keyBytes": 2}, "return api.cache.set('abc', '1').code", "KeySizeExceeded"),
        ({"valueBytes": 2}, "return api.cache.set('a', '123').code", "ValueSizeExceeded"),
        ({"bytes": 3}, "return api.cache.set('a', '123').code", "TotalSizeExceeded"),
        ({"milliseconds": -1}, "return api.cache.set('a', '1', { ttl: 9 }).code", "AlreadyExpired"),
        ({"usualMilliseconds": -1}, "return api.cache.set('a', '1').code", "AlreadyExpired"),
        ({"apiCalls": 1}, "return 7", 7),
    ],
)
def test_the_runner_of_actions_keeps_to_what_it_is_sent(
    limits: dict[str, int], tmp_path: Path, limit: dict[str, int], body: str, answer: object
) -> None:
    limits.update(limit)
    asked = f"const ask = () => {{ {body} }}; const found = ask();"
    last = "api.user.setAppMetadata('found', found);"
    (tmp_path / "act.js").write_text(handler(f"{asked} {last} {last if 'apiCalls' in limit else ''}"))
    action = NodeAction(tmp_path / "act.js").open_action(mask=SecretRegistry())
    try:
        calls = action.perform(Handler.EXECUTE, {"user": {}}, seconds=20.0).calls
    finally:
        action.close()

    assert [call.arguments for call in calls if call.path == "user.setAppMetadata"] == [("found", answer)]


@pytest.mark.one_python
def test_every_limit_is_tested() -> None:
    shown = {"depth", "text", "items", "characters", "arguments", "callbacks", "callbackCharacters"}
    noticed = {"observations", "output", "late", "notes"}

    assert LIMITS.keys() == shown | noticed | {"apiCalls"}

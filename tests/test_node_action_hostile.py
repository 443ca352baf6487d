"""The runner of Actions survives anything an Action does to their common process."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from actions_opened import EVENT, Open, called, handler, opening
from customdb_contract.transcript import Ending
from hostile_javascript import BREAKING, BUILT_INS

pytestmark = pytest.mark.one_python

HONEST = """
const act = event.act;
await (0, eval)(`(async (event, api, require) => {${act}})`)(event, api, require);
api.user.setAppMetadata('nested', [{ of: 'it' }, true, null, 1.5]).access.deny('no');
"""
CALLS = [
    ("user.setAppMetadata", ("nested", [{"of": "it"}, True, None, 1.5])),
    ("access.deny", ("no",)),
]


@pytest.fixture
def open_action(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.chdir(tmp_path)
    with opening(tmp_path) as open_it:
        yield open_it


@pytest.mark.untraced
@pytest.mark.parametrize("group", BUILT_INS)
def test_built_ins_that_an_action_overwrites_change_nothing(open_action: Open, group: str) -> None:
    action = open_action(handler(HONEST))

    for act in BUILT_INS[group]:
        for does in (act, ""):
            performed = action({**EVENT, "act": does})
            assert (performed.outcome.ending, called(performed)) == (Ending.DONE, CALLS), act


@pytest.mark.untraced
@pytest.mark.parametrize("act", BREAKING)
def test_a_process_that_an_action_breaks_is_replaced(open_action: Open, act: str) -> None:
    action = open_action(handler(HONEST))

    action({**EVENT, "act": act}, seconds=0.7)

    assert Ending.DONE in {action({**EVENT, "act": ""}, seconds=5.0).outcome.ending for _ in range(2)}


HOSTILE: Mapping[str, tuple[str, Ending, str]] = {
    "never resolves, and has nothing left": ("await new Promise(() => {});", Ending.TIMED_OUT, "nothing-left: 250"),
    "never resolves": ("setInterval(() => {}, 1e6); await new Promise(() => {});", Ending.TIMED_OUT, ""),
    "loops": ("while (true);", Ending.TIMED_OUT, ""),
    "loops in microtasks": ("for (;;) await null;", Ending.TIMED_OUT, ""),
    "exits": ("process.exit(0);", Ending.DIED, ""),
    "is killed": ("process.kill(process.pid, 'SIGKILL');", Ending.DIED, "process-ended: it was ended by SIGKILL"),
    "throws nothing": ("throw undefined;", Ending.RAISED, ""),
    "throws what cannot be read": ("throw new Proxy({}, { get() { throw 1; } });", Ending.RAISED, ""),
    "leaves a rejection": (
        "Promise.reject(new Error('x')); await new Promise((r) => setTimeout(r, 9));",
        Ending.RAISED,
        "",
    ),
    "returns a promise of another class": (
        "return class extends Promise { static get [Symbol.species]() { throw new Error('species'); } }.resolve(1);",
        Ending.RAISED,
        "",
    ),
    "prints a lot": ("for (let n = 0; n < 3e4; n += 1) console.log('x'.repeat(99));", Ending.DONE, ""),
    "writes a lot to the descriptor": (
        "for (let n = 0; n < 300; n += 1) try { require('fs').writeSync(1, 'x'.repeat(9999)); } catch {}",
        Ending.DONE,
        "",
    ),
    "calls a lot": ("for (let n = 0; n < 5e3; n += 1) api.user.setAppMetadata(`k${n}`, n);", Ending.DONE, ""),
    "breaks the built-ins": (
        "Array.prototype.push = Promise.prototype.then = JSON.stringify = Object.keys = () => { throw 1; };",
        Ending.DONE,
        "",
    ),
    "breaks the api": ("api.user = null; Object.freeze(api); delete event.secrets;", Ending.DONE, ""),
    "reads secrets": (
        "event.secrets.API; 'B' in event.secrets;",
        Ending.DONE,
        "missing-secret: API",
    ),
    "copies and prints the event": (
        "structuredClone(event); console.log(event); await event.secrets; JSON.stringify(event);",
        Ending.DONE,
        "",
    ),
    "writes where the runner writes": (
        "for (let fd = 3; fd < 40; fd += 1) try { require('fs').writeSync(fd, 'x\\n'); } catch {}",
        Ending.DIED,
        "process-ended: something other than its runner wrote to its socket",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_that_an_action_does_is_a_crash_of_the_check(open_action: Open, kind: str) -> None:
    body, ending, noticed = HOSTILE[kind]
    action = open_action(handler(body))
    # A busy machine is slow: only code that never ends gets a short timeout.
    seconds = 0.6 if ending is Ending.TIMED_OUT else 20.0

    performed = action(seconds=seconds)

    assert performed.outcome.ending is ending
    assert "\n".join(f"{seen.kind}: {seen.text}" for seen in performed.outcome.observations) == noticed
    again = action(seconds=seconds)
    assert again.outcome.ending in {ending, Ending.RAISED}


def test_a_process_that_ends_between_runs_is_replaced(open_action: Open) -> None:
    action = open_action("setTimeout(() => process.exit(5), 350).unref(); setInterval(() => {}, 1e6).unref();")

    assert action().outcome.ending is Ending.DONE
    action.bridge._opened().wait(5.0)  # type: ignore[attr-defined] # the process is nothing that a caller sees
    assert action().outcome.ending is Ending.DONE

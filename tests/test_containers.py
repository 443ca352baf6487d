"""Containers: of a process that can send anything, only what a genuine runner would send is believed."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from customdb_contract._runner._limits import (
    MAX_API_CALLS,
    MAX_ARGUMENTS,
    MAX_CALLBACKS,
    MAX_LATE,
    MAX_NOTES,
    MAX_OBSERVATIONS,
    MAX_OUTPUT,
)
from customdb_contract.bridges import LateEvent
from customdb_contract.bridges.containers import Container, ContainerBridge, InvalidMessageError, guarded
from customdb_contract.bridges.containers._decoding import late_event, outcome_of, recorded_error
from customdb_contract.bridges.containers._messages import Message, validated, validated_called
from customdb_contract.contract import Script
from customdb_contract.errors import DatabaseOpeningError
from customdb_contract.secrets import Secret, SecretRef, SecretRegistry
from customdb_contract.transcript import Ending, Noticed, Observation, Outcome, ScriptInfo

SECRET = "correct horse"
ENDED = {
    "ended": "callback",
    "callbacks": [[None, {"user_id": "7"}]],
    "raised": None,
    "escape": "thrown",
    "output": "",
    "observations": [],
    "seconds": 0.1,
}

OF_A_RUN = ("raised", "escape", "output", "observations", "seconds")

RUNNER = """
import json, os, socket, sys, time
control = socket.socket(fileno=int(sys.argv[-1]))
lines = control.makefile("r")
token = json.loads(next(lines))["open"]["token"]
def say(text):
    control.sendall(f"{token} {text}\\n".encode())
opening, *answers = json.loads(sys.argv[1])
opening, *leaves = opening.split("; then ")
say(opening)
if leaves:
    time.sleep(0.3)
    os._exit(3)
for answer in answers:
    message = json.loads(next(lines))
    if answer == "silence":
        continue
    if answer == "close":
        control.shutdown(socket.SHUT_RDWR)
        time.sleep(60)
    elif answer == "flood":
        control.sendall((token + " " + "x" * (1 << 27)).encode())
    elif answer.startswith("print "):
        os.write(1, b"x" * 200)
        say(answer.removeprefix("print "))
    elif answer == "nothing":
        next(lines, None)
    else:
        for text in answer.split("; then "):
            if text == "leave":
                time.sleep(0.3)
                os._exit(3)
            elif text == "sleep":
                time.sleep(60)
            else:
                say(text)
for _ in lines:
    pass
"""


class FakeRunner(ContainerBridge):
    """A bridge to a runner that responds to each call as requested."""

    def __init__(self, answers: list[str], mask: SecretRegistry, timeout: float, opening: str) -> None:
        super().__init__(mask=mask, timeout=timeout)
        self._answers = answers
        self._opening = opening
        self._open()

    @property
    @override
    def scripts(self) -> Mapping[Script, ScriptInfo]:
        return {}

    @property
    @override
    def callback_can_throw(self) -> bool:
        return False

    @property
    @override
    def _what(self) -> str:
        return "the fake runner"

    @property
    @override
    def _can_be_cancelled(self) -> bool:
        return True

    @override
    def _start(self) -> Container:
        command = guarded([sys.executable, "-c", RUNNER, json.dumps([self._opening, *self._answers])])
        return Container(command, {}, interrupts=self._interrupts)

    @override
    def _order(self, token: str) -> Mapping[str, object]:
        return {"token": token}

    @override
    def _take_opened(self, opened: Mapping[str, Any] | None) -> None:
        if opened is None:
            raise InvalidMessageError

    @override
    def _call_of(self, script: Script) -> Mapping[str, object]:
        return {}

    @override
    def _takes_context(self, script: Script) -> bool:
        return False


Start = Callable[..., FakeRunner]


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as stack:

        def start_it(*answers: object, timeout: float = 10.0, opening: str = '{"opened": {}}') -> FakeRunner:
            mask = SecretRegistry()
            mask.add(Secret(SECRET), SecretRef.parse("password of ada"))
            texts = [answer if isinstance(answer, str) else json.dumps(answer) for answer in answers]
            bridge = FakeRunner(texts, mask, timeout, opening)
            stack.callback(bridge.close)
            return bridge

        yield start_it


def call(bridge: FakeRunner) -> Outcome:
    return bridge.call(Script.GET_USER, ["ada"])


def ended(**changes: object) -> dict[str, object]:
    return {"id": 0, "outcome": ENDED | changes}


INVALID = (Observation(Noticed.PROCESS_ENDED, "its runner sent something unexpected"),)
NO_MESSAGE = (Observation(Noticed.PROCESS_ENDED, "its runner sent something that is not a message"),)


def test_a_runner_with_valid_messages_is_accepted(start: Start) -> None:
    outcome = call(start(ended()))

    assert (outcome.ending, outcome.result, outcome.duration) == (Ending.FOUND, {"user_id": "7"}, 0.1)


@pytest.mark.parametrize(
    ("answer", "observations"),
    [
        ("correct horse", NO_MESSAGE),
        ("7", NO_MESSAGE),
        ("[]", NO_MESSAGE),
        ("[" * 100_000, NO_MESSAGE),
        ('{"a": ' + "9" * 5000 + "}", NO_MESSAGE),
        ("{}", INVALID),
        ({"id": 0, "correct horse": 1}, INVALID),
        ({"id": 1, "outcome": ENDED}, INVALID),
        ({"id": True, "outcome": ENDED}, INVALID),
        ({"id": "0", "outcome": ENDED}, INVALID),
        ({"id": -1, "outcome": ENDED}, INVALID),
        ({"outcome": ENDED}, INVALID),
        (ended(ended="correct horse"), INVALID),
        (ended(callbacks=[]), INVALID),
        (ended(callbacks=[7]), INVALID),
        (ended(callbacks=[[]] * 1000), INVALID),
        (ended(callbacks=[[{"$special": 7}]]), INVALID),
        (ended(callbacks=[[{"$error": "correct horse", "huh": 1}]]), INVALID),
        (ended(raised=7), INVALID),
        (ended(raised={"no": "error"}), INVALID),
        (ended(raised={"$special": "x", "text": "", "size": None}), INVALID),
        (ended(escape="elsewhere"), INVALID),
        (ended(output=7), INVALID),
        (ended(observations=[{"kind": "bogus", "text": ""}]), INVALID),
        (ended(observations=[{"kind": "request", "text": 7}]), INVALID),
        (ended(seconds="1"), INVALID),
        (ended(seconds=-1), INVALID),
        (ended(seconds=1e300), INVALID),
        (json.dumps(ended(seconds=float("nan"))), INVALID),
        (json.dumps(ended(callbacks=[[None, float("inf")]])), INVALID),
        (ended() | {"late": 7}, INVALID),
        (ended() | {"late": [{"call": 1, "arguments": []}]}, INVALID),
        (ended() | {"late": [{"call": 7, "arguments": []}]}, INVALID),
        (ended() | {"late": [{"call": 0, "arguments": [{"$special": 1}]}]}, INVALID),
        (ended() | {"late": [{"call": 0}] * 5000}, INVALID),
        (ended() | {"notes": [7]}, INVALID),
        ({"opened": {}}, INVALID),
    ],
)
def test_a_message_that_no_runner_sends_ends_its_container(
    start: Start, answer: object, observations: tuple[Observation, ...]
) -> None:
    bridge = start(answer, ended())

    outcome = call(bridge)

    assert (outcome.ending, outcome.callbacks, outcome.observations) == (Ending.DIED, (), observations)
    assert bridge._container is None


def run(**changes: object) -> dict[str, object]:
    return {"id": 0, "run": {name: ENDED[name] for name in OF_A_RUN} | {"ended": "done", "calls": []} | changes}


OBSERVED = {"kind": "request", "text": ""}
CALLED: dict[str, object] = {"path": "access.deny", "arguments": [], "late": False}
LIMITS: dict[str, tuple[int, Callable[[int], dict[str, object]]]] = {
    "callbacks": (MAX_CALLBACKS, lambda count: ended(callbacks=[[]] * count)),
    "arguments of a callback": (MAX_ARGUMENTS, lambda count: ended(callbacks=[[None] * count])),
    "observations": (MAX_OBSERVATIONS, lambda count: ended(observations=[OBSERVED] * count)),
    "characters of output": (MAX_OUTPUT, lambda count: ended(output="x" * count)),
    "characters of an observation": (MAX_OUTPUT, lambda count: ended(observations=[OBSERVED | {"text": "x" * count}])),
    "seconds": (1_000_000, lambda count: ended(seconds=count)),
    "late events": (MAX_LATE, lambda count: ended() | {"late": [{"call": 0}] * count}),
    "arguments of a late event": (MAX_ARGUMENTS, lambda count: {"late": [{"call": 0, "arguments": [None] * count}]}),
    "notes": (MAX_NOTES, lambda count: ended() | {"notes": [""] * count}),
    "calls of api": (MAX_API_CALLS, lambda count: run(calls=[CALLED] * count)),
    "arguments of a call of api": (MAX_ARGUMENTS, lambda count: run(calls=[CALLED | {"arguments": [None] * count}])),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_message_may_hold_as_much_as_its_limit_and_no_more(name: str) -> None:
    most, message_of = LIMITS[name]

    assert validated(message_of(most)) == Message.model_validate(message_of(most))
    with pytest.raises(InvalidMessageError):
        validated(message_of(most + 1))


def test_the_check_goes_on_in_a_new_container(start: Start) -> None:
    bridge = start("garbage")
    assert call(bridge).ending is Ending.DIED

    bridge._answers = [json.dumps(ended() | {"id": 1})]

    assert call(bridge).ending is Ending.FOUND


def test_a_lone_surrogate_is_a_valid_message(start: Start) -> None:
    observed = [{"kind": "request", "text": "\ud800"}]

    outcome = call(start(ended(output="\ud800", observations=observed, callbacks=[[None, "\ud800"]])))

    assert outcome.ending is Ending.INVALID
    assert outcome.output == "\ud800"


def test_a_message_has_a_largest_size(start: Start) -> None:
    too_long = Observation(Noticed.PROCESS_ENDED, "it sent more than 64 MiB in one message")

    assert call(start("flood")).observations == (too_long,)


def test_the_output_of_a_process_is_limited(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customdb_contract.bridges.containers._container._PIECE", 16)
    monkeypatch.setattr("customdb_contract.bridges.containers._container._MOST_OUTPUT", 32)

    assert call(start(f"print {json.dumps(ended())}")).output == "x" * 32


def test_a_process_that_has_ended_writes_nothing_more(start: Start) -> None:
    bridge = start()
    container = bridge._container
    assert container is not None
    os.killpg(container._process.pid, signal.SIGKILL)
    container.wait(20)

    # The end of its output is there as soon as the last process that has it is gone.
    while not container._is_silent:
        assert container.take_output() == ""
    assert container.take_output() == ""


def test_a_process_that_closes_its_socket_has_died(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customdb_contract.bridges.containers._container._ENDING_SECONDS", 0.1)

    assert call(start("close")).observations == (Observation(Noticed.PROCESS_ENDED, "it closed its socket"),)


@pytest.mark.parametrize(
    ("what_it_does", "argument", "reason"),
    [
        ("leave", "ada", "it exited with code 3"),
        ("leave", "ada" * 1_000_000, "it exited with code 3"),
        ("sleep", "ada" * 1_000_000, "it read nothing from its socket for 0.5 s"),
    ],
    ids=["leaves", "leaves in the middle of an order", "sleeps"],
)
def test_a_process_gone_before_a_call_was_ended_by_the_previous_call(
    start: Start, what_it_does: str, argument: str, reason: str
) -> None:
    timeout = 0.5 if what_it_does == "sleep" else 20.0
    bridge = start(f"{json.dumps(ended())}; then {what_it_does}", timeout=timeout)
    assert call(bridge).ending is Ending.FOUND
    bridge._answers = [json.dumps(ended() | {"id": 1})]

    outcome = bridge.call(Script.GET_USER, [argument])

    assert outcome.ending is Ending.FOUND
    assert list(bridge._late) == [LateEvent(0, observation=Observation(Noticed.PROCESS_ENDED, reason))]


def test_a_process_that_never_takes_its_first_call_has_died_with_it(start: Start) -> None:
    outcome = call(start(opening='{"opened": {}}; then leave'))

    assert (outcome.ending, outcome.observations) == (
        Ending.DIED,
        (Observation(Noticed.PROCESS_ENDED, "it exited with code 3"),),
    )


def test_a_call_that_is_cancelled_may_answer_anything(start: Start) -> None:
    silent = call(start("nothing", "nothing", timeout=0.2))
    wrong = call(start("nothing", "{}", timeout=0.2))

    assert (silent.ending, silent.observations) == (Ending.TIMED_OUT, ())
    # A repeated request is one response behind, so none of them can be used.
    assert wrong.ending in {Ending.TIMED_OUT, Ending.DIED}


def test_a_container_may_end_while_its_call_is_cancelled(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customdb_contract.bridges.containers._container._ENDING_SECONDS", 0.1)
    bridge = start("silence", "close", timeout=0.2)

    outcome = call(bridge)

    assert (outcome.ending, outcome.callbacks) == (Ending.DIED, ())
    assert outcome.observations == (Observation(Noticed.PROCESS_ENDED, "it closed its socket"),)
    assert bridge._container is None


def test_only_the_first_report_of_a_callback_counts(start: Start) -> None:
    first = json.dumps({"id": 0, "arguments": [None, {"user_id": SECRET}]})
    second = json.dumps({"id": 0, "arguments": [None]})
    bridge = start(f"called {first}; then called {second}", timeout=0.3)

    outcome = call(bridge)

    assert outcome.ending is Ending.FOUND
    assert outcome.callbacks == ((None, {"user_id": "«password of ada»"}),)
    assert [observation.kind for observation in outcome.observations] == [Noticed.STILL_RUNNING]


def test_a_callback_is_reported_once(start: Start) -> None:
    bridge = start(f"called {json.dumps({'id': 0, 'arguments': [7]})}; then {json.dumps(ended())}", "close")

    assert call(bridge).callbacks == ((None, {"user_id": "7"}),)
    assert call(bridge).callbacks == ()


@pytest.mark.parametrize(
    ("reported", "observations"),
    [
        ("correct horse", NO_MESSAGE),
        ({"id": 0, "arguments": [{"$mapping": 7}]}, INVALID),
        ({"id": 1, "arguments": []}, INVALID),
        ({"id": 0}, INVALID),
    ],
)
def test_an_invalid_callback_message_ends_the_container(
    start: Start, reported: object, observations: tuple[Observation, ...]
) -> None:
    line = f"called {reported if isinstance(reported, str) else json.dumps(reported)}"

    expired = call(start(line, timeout=0.2))
    died = call(start(f"{line}; then garbage"))

    assert (expired.ending, expired.callbacks, expired.observations) == (Ending.DIED, (), observations)
    assert (died.ending, died.callbacks, died.observations) == (Ending.DIED, (), NO_MESSAGE)


def test_an_unrequested_message_ends_the_container(start: Start) -> None:
    bridge = start(json.dumps(ended()) + "\n" + "forged", json.dumps(ended()))
    assert call(bridge).ending is Ending.FOUND

    container = bridge._container
    assert container is not None
    while not container.has_something:
        pass
    bridge._answers = [json.dumps(ended() | {"id": 1})]

    assert call(bridge).ending is Ending.FOUND
    forged = Observation(Noticed.PROCESS_ENDED, "something other than its runner wrote to its socket")
    assert LateEvent(0, observation=forged) in bridge.late_events()


def test_an_unrequested_answer_ends_the_container(start: Start) -> None:
    bridge = start(f"{json.dumps(ended())}; then {{}}")
    assert call(bridge).ending is Ending.FOUND

    container = bridge._container
    assert container is not None
    while not container.has_something:
        pass
    bridge._answers = [json.dumps(ended() | {"id": 1})]

    assert call(bridge).ending is Ending.FOUND
    assert LateEvent(0, observation=INVALID[0]) in bridge.late_events()


def test_late_answers_that_are_invalid_end_the_container(start: Start) -> None:
    bridge = start(ended(), "{}".replace("}", '"late": 7}'))
    assert call(bridge).ending is Ending.FOUND

    assert bridge.late_events() == [LateEvent(0, observation=INVALID[0])]
    assert bridge.late_events() == []


def test_an_opening_that_no_runner_reports_is_explained(start: Start) -> None:
    problem = "the fake runner could not open the database: its runner sent something unexpected"
    with pytest.raises(DatabaseOpeningError, match=problem):
        start(opening='{"looked": true}')


def test_notes_are_logged_once(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    bridge = start(ended() | {"notes": ["an old module", "an old module", SECRET]})

    call(bridge)

    assert caplog.messages == ["an old module", "«password of ada»"]


def test_a_process_that_cannot_be_started_is_explained(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(7, "Argument list too long")

    monkeypatch.setattr("customdb_contract.bridges.containers._container.subprocess.Popen", refuse)

    with pytest.raises(DatabaseOpeningError, match="the fake runner could not be started: Argument list too long"):
        start()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(SECRET),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=9) | st.sampled_from(sorted(ENDED)), inner, max_size=4)
    ),
    max_leaves=8,
)
LATE = st.fixed_dictionaries({"call": st.just(0)}, optional={"arguments": JSON, "raised": JSON, "noticed": JSON})
NEARLY = st.fixed_dictionaries(
    {},
    optional={
        "id": JSON,
        "outcome": st.fixed_dictionaries({key: st.just(value) | JSON for key, value in ENDED.items()}) | JSON,
        "late": st.lists(LATE) | JSON,
        "notes": JSON,
        "opened": JSON,
    },
)


@given(document=st.dictionaries(st.text(), JSON) | NEARLY)
def test_any_message_is_understood_or_invalid(document: dict[str, Any]) -> None:
    mask = SecretRegistry()
    mask.add(Secret(SECRET), SecretRef.parse("password of ada"))
    try:
        with suppress(InvalidMessageError):
            validated_called(document)
        message: Message = validated(document)
        shown = [repr(late_event(event, mask.mask)) for event in message.late]
        if message.outcome is not None:
            shown.append(repr(outcome_of(Script.LOGIN, message.outcome, SECRET, mask.mask)))
    except InvalidMessageError as error:
        shown = [repr(error)]

    assert SECRET not in "".join(shown)


@given(document=JSON)
def test_an_error_is_one_or_invalid(document: object) -> None:
    try:
        recorded_error(document, str)
    except InvalidMessageError:
        return
    assert isinstance(document, dict)
    assert "$error" in document

"""A function that makes profiles in a separate process: it affects only that process."""

import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from textwrap import dedent
from typing import Any
from uuid import UUID

import pytest

from customdb_contract.bridges.containers import ContainerDiedError, InvalidMessageError
from customdb_contract.bridges.making import NotMade, Row, profile_made
from customdb_contract.bridges.python_process import PythonProcessFunction, _order
from customdb_contract.bridges.python_process._row_bridge import RowBridge
from customdb_contract.bridges.python_process._tagging import tagged, untagged
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.profiles.problems import readable
from descriptors import PRINTING_INHERITED

pytestmark = pytest.mark.one_python

MODULE = """
    import os, re, signal, sys, threading, time

    STARTED = time.monotonic_ns()

    def profile_of(row):
        does = row.get("does")
        if does == "exit":
            os._exit(3)
        elif does == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        elif does == "hang":
            # It holds the interpreter lock for longer than any test waits.
            re.match(r"(a|a)*$", "a" * 60 + "!")
        elif does == "raise":
            raise LookupError("hunter2hunter2")
        elif does == "leave":
            raise SystemExit
        elif does == "say":
            print("hunter2hunter2" * 100_000, flush=True)
            sys.stdin.close()
        elif does == "tamper":
            for descriptor in range(3, 64):
                try:
                    os.write(descriptor, b"mine\\n")
                except OSError:
                    pass
            time.sleep(60)
        elif does == "fork":
            if os.fork() == 0:
                time.sleep(0.3)
        elif does == "leave behind":
            threading.Timer(0.0, os._exit, (4,)).start()
            time.sleep(0.2)
        elif does == "return":
            return row["value"]
        elif does == "see":
            return {name: os.environ.get(name) for name in ("SHOP_SECRET", "SHOP_REGION")}
        elif does == "inherit":
            assert os.system(row["value"]) == 0
        kinds = sorted(type(value).__name__ for value in row.values())
        return {"user_id": str(row["id"]), "name": f"{STARTED}", "kinds": kinds}

    async def later(row):
        return {}

    def cyclic(row):
        profile = {"user_id": str(row["id"]), "at": row["value"], "many": {"$special": 1}, "list": (1, 2)}
        profile["self"] = profile
        return profile

    nothing = 7
"""
Open = Callable[..., RowBridge]
Made = Mapping[str, object] | NotMade


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rows_of_process.py").write_text(dedent(MODULE))
    (tmp_path / "exits_at_once_b.py").write_text("import os; print('bye', flush=True); os._exit(3)")
    (tmp_path / "raises_at_once_b.py").write_text("raise SystemExit('not today')")
    return tmp_path


@pytest.fixture
def opened(folder: Path) -> Generator[Open]:
    bridges: list[RowBridge] = []

    def open_bridge(reference: str = "rows_of_process:profile_of", *, seconds: float = 60.0, **given: Any) -> RowBridge:
        bridge = PythonProcessFunction(reference, folder=folder, **given).open_function(seconds=seconds)
        bridges.append(bridge)
        return bridge

    yield open_bridge
    for bridge in bridges:
        bridge.close()


def users(count: int, **odd: str) -> list[Row]:
    """Return rows; those with the given numbers make the function misbehave."""
    return [{"id": number, "does": odd.get(f"row{number}")} for number in range(count)]


def ids(made: Sequence[Made]) -> list[object]:
    return [one.problem if isinstance(one, NotMade) else one["user_id"] for one in made]


def test_profiles_come_in_the_order_of_their_rows_from_one_process(opened: Open) -> None:
    bridge = opened()

    made = [*bridge.made_of(users(450)), *bridge.made_of(users(1)), *bridge.made_of([])]

    assert ids(made) == [*map(str, range(450)), "0"]
    assert len({one["name"] for one in made if not isinstance(one, NotMade)}) == 1


def test_a_row_has_the_types_that_it_has_here(opened: Open) -> None:
    row = {
        "id": 1,
        "at": datetime(2026, 1, 2, tzinfo=UTC),
        "price": Decimal("1.5"),
        "uuid": UUID(int=7),
        "bytes": b"x",
        "text": "\ud83d",
        "list": [{"a": (1, 2)}],
        "nothing": None,
    }
    (made,) = opened().made_of([row])

    assert not isinstance(made, NotMade)
    assert made["kinds"] == sorted(type(value).__name__ for value in row.values())


@pytest.mark.parametrize(
    ("does", "problem"),
    [
        ("exit", "ended the process of profile_of (it exited with code 3)"),
        ("crash", "ended the process of profile_of (it was ended by SIGSEGV)"),
        ("tamper", "ended the process of profile_of (something other than its runner wrote to its socket)"),
        ("raise", "made profile_of raise LookupError"),
        ("leave", "made profile_of raise SystemExit"),
    ],
)
def test_a_row_that_kills_its_process_affects_only_itself(does: str, problem: str, opened: Open) -> None:
    made = list(opened().made_of(users(6, row2=does, row5=does)))

    assert ids(made) == ["0", "1", problem, "3", "4", problem]


def test_a_row_that_hangs_the_interpreter_is_found(opened: Open) -> None:
    made = list(opened(seconds=3.0).made_of(users(4, row1="hang")))

    assert ids(made) == ["0", "took more than 3 seconds in profile_of", "2", "3"]


def test_after_a_death_the_next_profile_is_made_in_a_new_process(opened: Open) -> None:
    first, died, second, third = opened().made_of(users(4, row1="exit"))

    assert isinstance(died, NotMade)
    assert not isinstance(first, NotMade)
    assert not isinstance(second, NotMade)
    assert not isinstance(third, NotMade)
    assert first["name"] != second["name"] == third["name"]


def test_output_of_the_function_is_not_shown(opened: Open, capfd: pytest.CaptureFixture[str]) -> None:
    assert ids(list(opened().made_of(users(2, row0="say")))) == ["0", "1"]
    assert capfd.readouterr() == ("", "")


def test_a_process_that_it_forks_answers_for_no_other_row(opened: Open) -> None:
    made = ids(list(opened().made_of(users(5, row1="fork"))))

    assert len(made) == 5
    assert [one for one in made if not str(one).startswith("ended the process")] == [
        str(number) for number, one in enumerate(made) if not str(one).startswith("ended the process")
    ]


def test_a_dying_process_affects_no_later_chunk(opened: Open) -> None:
    bridge = opened()

    (died,) = bridge.made_of(users(1, row0="leave behind"))
    assert died == NotMade("ended the process of profile_of (it exited with code 4)")
    assert ids(list(bridge.made_of(users(2)))) == ["0", "1"]


def test_processes_that_it_starts_inherit_nothing_of_its_runner(opened: Open) -> None:
    (made,) = opened().made_of([{"id": 1, "does": "inherit", "value": PRINTING_INHERITED}])

    assert ids([made]) == ["1"]


def test_it_sees_the_environment_that_it_is_given(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SECRET", "hunter2")
    monkeypatch.setenv("SHOP_REGION", "eu")

    (made,) = opened(environment=["SHOP_REGION"]).made_of([{"does": "see"}])

    assert made == {"SHOP_SECRET": None, "SHOP_REGION": "eu"}


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"a": 1, "b": [True, None, 1.5, {"c": "\ud83d"}]},
        {"a": float("nan"), "b": 2**2000, "c": b"x", "d": (1, {2: 3}), "e": UUID(int=1), "f": "x" * 100_000},
        {"$special": {"kind": "x"}, "tagged": ["special", "a", "b", None]},
        {"«a»": "«b»"},
        {"a": Decimal("1.5"), "$special": ["object", ["a", 1]]},
        {1: 2},
        None,
        [("a", 1)],
    ],
    ids=repr,
)
def test_a_profile_is_the_same_as_from_this_process(value: object, opened: Open) -> None:
    (made,) = opened().made_of([{"does": "return", "value": value}])
    (own,) = [profile_made(lambda row: row["value"], {"value": value})]

    assert tagged(made) == tagged(own) if not isinstance(made, NotMade) else made == own


def test_a_profile_that_contains_itself_is_reported(opened: Open) -> None:
    (made,) = opened("rows_of_process:cyclic").made_of([{"id": 1, "value": datetime(2026, 1, 2, tzinfo=UTC)}])

    assert not isinstance(made, NotMade)
    assert tagged(made) == [
        "object",
        ["user_id", "1"],
        ["at", ["special", "datetime", "2026-01-02 00:00:00+00:00", None]],
        ["many", ["object", ["$special", 1]]],
        ["list", ["array", 1, 2]],
        ["self", ["special", "cycle", "", None]],
    ]


@pytest.mark.parametrize(
    ("reference", "kind", "problem"),
    [
        (
            "rows_of_process:profile_off",
            ConfigurationError,
            "rows_of_process has no attribute 'profile_off'; did you mean profile_of?",
        ),
        ("rows_of_process:nothing", ConfigurationError, "it must be a plain function that takes a row"),
        ("rows_of_process:later", ConfigurationError, "it must be a plain function that takes a row"),
        (
            "rows_of_proces:profile_of",
            ConfigurationError,
            (
                "rows_of_proces cannot be imported from FOLDER: ModuleNotFoundError: No module named 'rows_of_proces'; "
                "did you mean rows_of_process?"
            ),
        ),
        (
            "raises_at_once_b:profile_of",
            ConfigurationError,
            "raises_at_once_b cannot be imported from FOLDER: SystemExit: not today (raises_at_once_b.py:1)",
        ),
    ],
)
def test_a_failure_to_open_is_reported_at_once(
    reference: str, kind: type[Exception], problem: str, opened: Open, folder: Path
) -> None:
    with pytest.raises(kind) as caught:
        opened(reference)
    said = str(caught.value).replace(str(folder), "FOLDER")
    assert said == f"the function {reference} cannot be used: {problem}"


def test_a_module_that_ends_its_process_is_reported(opened: Open) -> None:
    with pytest.raises(DatabaseOpeningError) as caught:
        opened("exits_at_once_b:profile_of")

    assert str(caught.value).endswith(
        " ended while it opened the function exits_at_once_b:profile_of: it exited with code 3: bye"
    )


def test_a_python_that_does_not_start_is_reported(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")

    with pytest.raises(DatabaseOpeningError, match=r"^Python [\d.]+ could not be started: No such file or directory$"):
        opened()


def test_the_reference_and_the_environment_are_validated() -> None:
    with pytest.raises(ConfigurationError, match="'profile_of' is not a reference to a Python object"):
        PythonProcessFunction("profile_of")
    function = PythonProcessFunction("shop:profile_of", environment=["NOT_SET_HERE"])
    with pytest.raises(ConfigurationError, match="the environment variable NOT_SET_HERE"):
        function.open_function(seconds=1.0)
    assert function.folder == Path.cwd()
    assert function == PythonProcessFunction("shop:profile_of", environment=["NOT_SET_HERE"])


@pytest.mark.parametrize(
    "reported",
    [7.5, "text", None, True, ["array", ["object", ["a", ["special", "int", "0x1", 7]]]], ["object"], ["array"]],
)
def test_tagged_values_survive_a_round_trip(reported: object) -> None:
    assert tagged(untagged(reported)) == reported


@pytest.mark.parametrize(
    "reported", [{}, [], ["other"], ["object", 7], ["object", [7, 7]], ["object", ["a"]], ["special", "a", "b", "c"]]
)
def test_values_without_valid_tags_are_refused(reported: object) -> None:
    with pytest.raises(InvalidMessageError):
        untagged(reported)


def test_readable_values_are_tagged_and_back() -> None:
    profile = readable({"a": float("inf"), "b": (1, [2]), "c": {"d": "e"}})

    assert tagged(untagged(tagged(profile))) == tagged(profile)


# Invalid messages

Told = Mapping[str, Any] | BaseException | None
OPENED: Mapping[str, Any] = {"opened": {}}


class Process:
    """Sends the prepared responses, one for each request."""

    token = "token"

    def __init__(self, *answers: Told) -> None:
        self.answers = list(answers)
        self.is_ended = False

    def tell(self, _: Mapping[str, object], __: float) -> None:
        if self.answers and isinstance(self.answers[0], ContainerDiedError) and not self.answers[0].has_read_all:
            raise self.answers.pop(0)  # type: ignore[misc]  # it is one, as was asked

    def answer(self, _: float) -> Mapping[str, Any] | None:
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def take_output(self) -> str:
        return ""

    def wait(self, _: float) -> None:
        """Wait for nothing."""

    def end(self) -> None:
        self.is_ended = True


def start(monkeypatch: pytest.MonkeyPatch, *processes: Process) -> RowBridge:
    waiting = list(processes)
    monkeypatch.setattr(_order, "Container", lambda *_, **__: waiting.pop(0))
    return PythonProcessFunction("shop:profile_of").open_function(seconds=1.0)


@pytest.mark.parametrize("opened", [{"problem": "another"}, None])
def test_an_object_that_the_runner_cannot_find_is_refused(opened: object, monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process({"opened": opened})

    with pytest.raises(DatabaseOpeningError, match="could not open the function shop:profile_of: its runner sent some"):
        start(monkeypatch, process)

    assert process.is_ended


@pytest.mark.parametrize(
    "reported",
    [
        {"id": 7, "made": {"profile": {}}},
        {"id": 0},
        {"id": 0, "made": {}},
        {"id": 0, "made": {"profile": 7}},
        {"id": 0, "made": {"problem": 7}},
        {"id": 0, "made": {"tagged": 7}},
        {"id": 0, "made": {"tagged": {}}},
    ],
)
def test_a_message_that_no_runner_sends_ends_its_process(
    reported: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Process(OPENED, reported), Process(OPENED, {"id": 0, "made": {"profile": {"a": 1}}})

    made = list(start(monkeypatch, first, second).made_of([{}, {}]))

    assert made == [
        NotMade("ended the process of profile_of (its runner sent something unexpected)"),
        {"a": 1},
    ]
    assert first.is_ended


def test_a_problem_is_cut_and_a_profile_is_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(OPENED, {"id": 0, "made": {"problem": "x" * 1000}}, {"id": 1, "made": {"profile": {"a": "«b»"}}})

    assert list(start(monkeypatch, process).made_of([{}, {}])) == [NotMade("x" * 300), {"a": "\u2039b\u203a"}]


def test_rows_that_never_reached_their_process_are_sent_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = ContainerDiedError("it exited with code 1", has_read_all=False)
    first, second = Process(OPENED, gone), Process(OPENED, {"id": 0, "made": {"profile": {}}})

    assert list(start(monkeypatch, first, second).made_of([{}])) == [{}]
    assert first.is_ended


def test_a_row_that_a_new_process_does_not_take_has_no_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = ContainerDiedError("it exited with code 1", has_read_all=False)
    bridge = start(monkeypatch, Process(OPENED, gone), Process(OPENED, gone))

    assert list(bridge.made_of([{}])) == [NotMade("ended the process of profile_of (it exited with code 1)")]


def test_an_interrupt_is_raised_and_closing_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(OPENED, KeyboardInterrupt(), KeyboardInterrupt())
    bridge = start(monkeypatch, process)

    with pytest.raises(KeyboardInterrupt):
        list(bridge.made_of([{}]))
    bridge.close()
    bridge.close()

    assert process.is_ended


@pytest.mark.parametrize("answer", [None, {"closed": None}])
def test_a_process_is_closed_after_any_answer(answer: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(OPENED, answer)

    start(monkeypatch, process).close()

    assert process.is_ended

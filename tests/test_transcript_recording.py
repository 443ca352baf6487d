"""Recording survives any value from a script, and records no secret."""

import datetime as dt
import inspect
import json
import sys
import uuid
from collections import OrderedDict, UserDict, UserList, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import NamedTuple, cast

import pytest
from attrs import frozen
from hypothesis import given
from pydantic import BaseModel
from typing_extensions import override

from customdb_contract.contract import ScriptError, UnauthorizedError, ValidationError, WrongUsernameOrPasswordError
from customdb_contract.testing.strategies import recorded_values
from customdb_contract.transcript import (
    RecordedError,
    Special,
    Value,
    from_json,
    json_text,
    record,
    record_error,
    safe_text,
    to_json,
)
from hostile_values import (
    EndlessMapping,
    Hostile,
    HostileMapping,
    Kind,
    Liar,
    Nameless,
    Number,
    Ratio,
    Row,
    UnreadableCodeError,
    UnreadableError,
    in_error,
    in_list,
    in_mapping,
    in_tuple,
)
from reported_by_runner import reported_by_runner, reported_error


def recorded(value: object) -> Value:
    """Record without secrets, both in this process and as received from another one."""
    found = record(value, str)
    assert repr(reported_by_runner(value)) == repr(found)
    return found


# Plain data


def _is_json(value: Value) -> bool:
    match value:
        case Special() | RecordedError():
            return False
        case str():
            return True
        case Mapping():
            return all(map(_is_json, value.values()))
        case Sequence():
            return all(map(_is_json, value))
        case _:
            return True


@given(recorded_values().filter(_is_json))
def test_json_values_are_recorded_unchanged(value: Value) -> None:
    expected = json.dumps(to_json(value))

    assert json.dumps(to_json(record(value, str))) == expected
    # JSON text cannot tell two surrogates from the one character that they encode.
    if "$text" not in expected:
        assert json.dumps(to_json(reported_by_runner(value))) == expected


class Point(NamedTuple):
    x: int
    y: int


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: Kind("ada"), "ada"),
        (lambda: Number(7), 7),
        (lambda: Number(123_456_789), 123_456_789),
        (lambda: Ratio(0.5), 0.5),
        (lambda: -0.0, -0.0),
        (lambda: Row([1, Kind("x")]), [1, "x"]),
        (lambda: Point(1, 2), [1, 2]),
        (lambda: (1, [2, ("x",)]), [1, [2, ["x"]]]),
        (lambda: OrderedDict[str, int](a=1), {"a": 1}),
        (lambda: defaultdict(list, a=[1]), {"a": [1]}),
        (lambda: UserDict({"a": 1}), {"a": 1}),
        (lambda: MappingProxyType({"a": 1}), {"a": 1}),
        (lambda: {Kind("a"): Kind("b")}, {"a": "b"}),
        (lambda: "\ud800", "\ud800"),
        (lambda: {"$special": "x", "a": 1}, {"$special": "x", "a": 1}),
    ],
    ids=count(),
)
def test_equivalents_of_json_values_are_recorded_as_json(make: Callable[[], object], expected: object) -> None:
    found = recorded(make())

    assert repr(found) == repr(expected)
    assert type(found) is type(expected)


# Values that JSON lacks


@dataclass
class Account:
    id: int


@frozen
class Customer:
    id: int


class Model(BaseModel):
    id: int


class ObjectId:
    @override
    def __str__(self) -> str:
        return "65f0c0ffee"


class Plain:
    pass


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: float("nan"), Special("float", "nan")),
        (lambda: float("-inf"), Special("float", "-inf")),
        (lambda: b"ada\xff", Special("bytes", "ada\\xff", 4)),
        (lambda: bytearray(b"ada"), Special("bytearray", "ada", 3)),
        (lambda: Decimal("1.50"), Special("Decimal", "1.50")),
        (lambda: uuid.UUID(int=7), Special("UUID", "00000000-0000-0000-0000-000000000007")),
        (lambda: dt.date(2026, 8, 1), Special("date", "2026-08-01")),
        (ObjectId, Special("ObjectId", "65f0c0ffee")),
        (lambda: Account(7), Special("Account", "Account(id=7)")),
        (lambda: Customer(7), Special("Customer", "Customer(id=7)")),
        (lambda: Model(id=7), Special("Model", "id=7")),
        (lambda: {7}, Special("set", "{7}")),
        (lambda: deque([7]), Special("deque", "deque([7])")),
        (lambda: UserList([7]), Special("UserList", "[7]")),
        (lambda: {1: "a", (2,): "b"}, Special("mapping", "keys 1, tuple", 2)),
        (lambda: {"a": 1, None: "b"}, Special("mapping", "keys a, None", 2)),
        (lambda: {"a": {b"x": 1}}, {"a": Special("mapping", "keys bytes", 1)}),
        (lambda: 10**1_000_000, Special("int", hex(10**1_000_000)[:200], 3_321_929)),
        (lambda: "x" * 50_000_000, Special("long-text", "x" * 200, 50_000_000)),
        (lambda: b"x" * 50_000_000, Special("bytes", "x" * 200, 50_000_000)),
    ],
    ids=count(),
)
def test_values_that_json_lacks_are_special(make: Callable[[], object], expected: object) -> None:
    assert recorded(make()) == expected


@pytest.mark.parametrize("value", [Plain(), iter([1]), print, recorded, lambda: 1, Plain().__str__], ids=count())
def test_no_address_is_recorded(value: object) -> None:
    found = recorded(value)

    assert isinstance(found, Special)
    assert "0x" not in found.text


# Size and depth


def test_cycles_are_cut() -> None:
    items: list[object] = [1]
    items.append({"again": items})
    error = WrongUsernameOrPasswordError("ada")
    error.identifier = error  # type: ignore[assignment]  # a script may do so

    assert recorded(items) == [1, {"again": Special("cycle")}]
    assert recorded(error) == RecordedError(
        "WrongUsernameOrPasswordError", "Wrong username or password", (Special("cycle"),)
    )


def test_a_shared_value_is_no_cycle() -> None:
    shared = {"a": 1}

    assert recorded([shared, shared]) == [{"a": 1}, {"a": 1}]


@pytest.mark.parametrize("wrap", [in_list, in_tuple, in_mapping, in_error], ids=count())
def test_deep_values_are_cut(wrap: Callable[[object], object]) -> None:
    value: object = "deep"
    for _ in range(10_000):
        value = wrap(value)

    text = json_text(recorded(value))

    assert "too-deep" in text
    assert from_json(json.loads(text)) == recorded(value)


@pytest.mark.parametrize("wrap", [in_list, in_tuple, in_mapping, in_error], ids=count())
def test_fifty_levels_are_recorded_and_no_more(wrap: Callable[[object], object]) -> None:
    value: object = "deep"
    for _ in range(50):
        value = wrap(value)

    assert "too-deep" not in json_text(recorded(value))
    assert "deep" in json_text(recorded(value))
    assert "too-deep" in json_text(recorded(wrap(value)))


ALL_CHARACTERS: list[object] = ["x" * 50_000] * 40


@pytest.mark.parametrize(
    ("most", "more", "cut"),
    [
        ("x" * 65_536, "x" * 65_537, Special("long-text", "x" * 200, 65_537)),
        (2**1024 - 1, 2**1024, Special("int", hex(2**1024)[:200], 1025)),
        (1 - 2**1024, -(2**1024), Special("int", hex(-(2**1024))[:200], 1025)),
        ([1] * 20_000, [1] * 20_001, [*[1] * 20_000, Special("too-many")]),
        (ALL_CHARACTERS, [*ALL_CHARACTERS, "y"], [*ALL_CHARACTERS, Special("long-text", "y", 1)]),
    ],
    ids=["a text", "a number", "a negative number", "items", "all characters"],
)
def test_exactly_the_limit_is_recorded(most: object, more: object, cut: object) -> None:
    assert recorded(most) == most
    assert recorded(more) == cut


def test_many_items_are_cut() -> None:
    as_list, as_mapping = recorded([1] * 50_000), recorded({str(number): number for number in range(50_000)})

    assert isinstance(as_list, list)
    assert len(as_list) == 20_001
    assert as_list[-1] == Special("too-many")
    assert isinstance(as_mapping, Mapping)
    assert len(as_mapping) == 20_001
    assert as_mapping["20000"] == Special("too-many")


def test_values_that_double_with_each_level_are_cut() -> None:
    value: object = "x"
    for _ in range(40):
        value = [value, value]

    assert len(json_text(recorded(value))) < 10_000_000


def test_many_long_texts_are_cut() -> None:
    found = record([{"k" * 60_000: "v" * 60_000}] * 1000, str)

    assert isinstance(found, list)
    assert len(json_text(found)) < 3_000_000
    assert found[-1] == {"… (60000 characters)": Special("long-text", "v" * 200, 60_000)}


def test_many_long_messages_are_cut() -> None:
    found = record([ValueError("m" * 100_000)] * 100, str)

    assert isinstance(found, list)
    assert len(json_text(found)) < 3_000_000
    assert found[0] == RecordedError("ValueError", "m" * 65_536)
    assert found[-1] == RecordedError("ValueError", "… (100000 characters)")


def test_a_long_message_that_was_cut_before_is_shown_as_far_as_no_secret_was_cut() -> None:
    error = ValueError("m" * 100_000)

    assert record_error(error, str) == RecordedError("ValueError", "m" * 65_536)
    assert reported_error(error) == RecordedError("ValueError", "m" * 32_768)


def test_another_process_reports_only_sizes_of_very_many_long_values() -> None:
    found = reported_by_runner(["x" * 100_000, b"x" * 100_000] * 100)

    assert isinstance(found, list)
    assert found[:2] == [Special("long-text", "x" * 200, 100_000), Special("bytes", "x" * 200, 100_000)]
    assert found[-2:] == [Special("long-text", "", 100_000), Special("bytes", "", 100_000)]


# Hostile objects


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, RecursionError, MemoryError])
def test_hostile_objects_are_recorded(error: type[BaseException]) -> None:
    assert recorded([Hostile(error)]) == [Special("Hostile", "")]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (HostileMapping, Special("unreadable", "SystemExit: 3")),
        (lambda: {"a": HostileMapping(), "b": 1}, {"a": Special("unreadable", "SystemExit: 3"), "b": 1}),
        (Nameless, Special("Nameless", "here")),
        (lambda: UnreadableError("x"), RecordedError("UnreadableError", "")),
        (KeyboardInterrupt, RecordedError("KeyboardInterrupt", "")),
        (
            lambda: UnreadableCodeError("x", "y"),
            RecordedError("ValidationError", "y", (Special("unreadable", "SystemExit: 4"),)),
        ),
    ],
    ids=count(),
)
def test_hostile_values_are_recorded(make: Callable[[], object], expected: object) -> None:
    assert recorded(make()) == expected


def test_a_false_class_is_detected() -> None:
    found = recorded(Liar())

    assert isinstance(found, Special)
    assert found.kind == "Liar"


def test_an_endless_mapping_is_cut() -> None:
    found = recorded(EndlessMapping())

    assert isinstance(found, Mapping)
    assert len(found) == 20_001


def test_recording_near_the_end_of_the_stack_survives() -> None:
    def descend(left: int) -> Value:
        return descend(left - 1) if left else record({"a": [{"b": [1]}]}, str)

    depth = len(inspect.stack(0))
    found = [descend(sys.getrecursionlimit() - depth - spare) for spare in range(30, 45)]

    assert all(json_text(value) for value in found)


def test_safe_text_is_the_text_or_none() -> None:
    assert safe_text(7) == "7"
    assert safe_text("\ud800") == "\ud800"
    assert safe_text(Kind("x")) == ""
    assert safe_text(Hostile(SystemExit)) == ""


# Errors


class BadLoginError(WrongUsernameOrPasswordError):
    """A team's own subclass."""


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (
            lambda: WrongUsernameOrPasswordError("ada", "no"),
            RecordedError("WrongUsernameOrPasswordError", "no", ("ada",)),
        ),
        (
            lambda: WrongUsernameOrPasswordError(None),
            RecordedError("WrongUsernameOrPasswordError", "Wrong username or password", (None,)),
        ),
        (lambda: BadLoginError("ada", "no"), RecordedError("WrongUsernameOrPasswordError", "no", ("ada",))),
        (lambda: ValidationError("user_exists", "there"), RecordedError("ValidationError", "there", ("user_exists",))),
        (lambda: UnauthorizedError("no"), RecordedError("UnauthorizedError", "no")),
        (lambda: ScriptError("x"), RecordedError("ScriptError", "x")),
        (ScriptError, RecordedError("ScriptError", "")),
        (lambda: ScriptError(None), RecordedError("ScriptError", "")),  # type: ignore[arg-type]  # a script may do so
        (lambda: KeyError("x"), RecordedError("KeyError", "'x'")),
    ],
    ids=count(),
)
def test_errors_are_recorded(make: Callable[[], BaseException], expected: RecordedError) -> None:
    assert record_error(make(), str) == reported_error(make()) == expected
    assert recorded(make()) == expected


def test_the_location_of_an_error_is_recorded() -> None:
    with pytest.raises(ScriptError) as caught:
        Row().fail()

    location = record_error(caught.value, str).location
    assert location is not None
    file, line = location.rsplit(":", 1)
    assert file.endswith("hostile_values.py")
    assert line.isdecimal()


def test_the_innermost_place_of_the_script_counts() -> None:
    def fail() -> None:
        json.loads("{")

    with pytest.raises(json.JSONDecodeError) as caught:
        fail()

    location = record_error(caught.value, str).location
    assert location is not None
    assert location.startswith("tests/test_transcript_recording.py:")
    assert recorded([caught.value]) == [record_error(caught.value, str)]


def _raised_in(file: str) -> BaseException:
    with pytest.raises(KeyError) as caught:
        exec(compile("raise KeyError", file, "exec"), {})
    caught.value.__traceback__ = cast("TracebackType", caught.value.__traceback__).tb_next
    return caught.value


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("/somewhere/else/shop.py", "shop.py:1"),
        ("{here}/shops/shop.py", "shops/shop.py:1"),
        ("{here}2/shop.py", "shop.py:1"),
        ("shop.py", "shop.py:1"),
        ("/x" * 5000, None),
        ("<frozen shop>", None),
        ("/usr/lib/python3/dist-packages/shop.py", None),
    ],
)
def test_a_place_reveals_nothing_about_the_machine(file: str, expected: str | None) -> None:
    error = _raised_in(file.format(here=Path.cwd()))

    assert record_error(error, str) == reported_error(error) == RecordedError("KeyError", location=expected)


def test_a_working_directory_that_is_gone_is_no_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    assert record_error(_raised_in("/somewhere/else/shop.py"), str).location == "shop.py:1"

"""However much a call returns, its record is limited, states what is missing, and can be read again."""

import math
import sys
from collections.abc import Mapping, Sequence
from typing import cast

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from customdb_contract.contract import Script
from customdb_contract.testing.strategies import recorded_values, transcripts
from customdb_contract.transcript import (
    Ending,
    Header,
    Noticed,
    Observation,
    Outcome,
    RecordedError,
    Recorder,
    Situation,
    Special,
    Transcript,
    Value,
    shortened_record,
)
from customdb_contract.transcript._shortening import (
    _OF_AN_ITEM,
    MOST_CALLBACKS,
    MOST_OF_A_CALL,
    _weight_of,
    shortened,
)
from customdb_contract.transcript._values import plain_bytes

MUCH = "x" * 60_000


def kept_of(result: Value, most: int) -> Value:
    return shortened(Outcome(Ending.FOUND, ((None, result),)), most).result


@given(st.lists(recorded_values(), max_size=3).map(tuple))
def test_a_small_value_is_unchanged(arguments: tuple[Value, ...]) -> None:
    outcome = Outcome(Ending.FOUND, (arguments,))

    assert shortened(outcome) is outcome


@given(recorded_values())
@example(["é\N{EURO SIGN}", "\ud800", None, True, 1.5, 2**1000, {"": ""}, [], {}])
@example([Special("datetime", "2026"), RecordedError("Error", "no")])
def test_the_weight_of_a_value_is_limited_by_its_bytes(value: Value) -> None:
    taken = plain_bytes(value)

    assert taken is None or _weight_of([value], sys.maxsize) <= _OF_AN_ITEM * taken


@pytest.mark.one_python
@pytest.mark.untraced
@given(transcripts(), st.integers(0, 300))
def test_a_shortened_value_is_small_and_can_be_stored(transcript: Transcript, most: int) -> None:
    short = evolve(transcript, records=tuple(shortened_record(each, most) for each in transcript.records))

    assert Transcript.loads(short.dumps()) == short
    assert len(short.dumps()) < len(Transcript(transcript.header).dumps()) + 20_000


@pytest.mark.one_python
@pytest.mark.untraced
@pytest.mark.parametrize(
    "result",
    [
        {f"{MUCH}{number}": 1 for number in range(200)},
        [f"{MUCH}{number}" for number in range(200)],
        {f"key{number}": "é" * 100 for number in range(20_000)},
        [[[number] * 10] * 10 for number in range(1_000)],
        [RecordedError(MUCH, MUCH, (MUCH,), MUCH)] * 200,
        [Special(MUCH, MUCH, 7)] * 200,
    ],
    ids=["keys", "texts", "not-ascii", "numbers", "errors", "specials"],
)
def test_a_recorded_call_has_a_limit_and_is_read_again(result: Value) -> None:
    recorder = Recorder(Header())
    outcome = Outcome(Ending.FOUND, ((None, result),) * 30, RecordedError("E", MUCH * 9), output=MUCH)

    recorder.record(Script.GET_USER, ["a"], person="unknown", situation=Situation.KNOWN_USER, outcome=outcome)
    recorder.amend(1, [None, result])

    transcript = recorder.transcript()
    text = transcript.dumps()
    assert len(text) < 3 * MOST_OF_A_CALL
    assert Transcript.loads(text) == transcript
    assert len(transcript.exchanges[0].outcome.callbacks) == 31


def test_omitted_items_of_a_container_are_counted() -> None:
    assert kept_of({"a": "x" * 80, "b": 1, "c": 2}, 105) == {"a": "x" * 80, "…": Special("too-many", size=2)}
    assert kept_of(["x" * 84, 1, 2], 100) == ["x" * 84, Special("too-many", size=2)]
    assert kept_of({"ab": "c"}, 9) == {"ab": Special("long-text", "c", 1)}


def test_a_long_text_keeps_its_beginning() -> None:
    assert kept_of("x" * 1_000, 500) == Special("long-text", "x" * 200, 1_000)
    key = next(iter(cast("Mapping[str, Value]", kept_of({"x" * 9_000: 1}, 6_000))))
    assert key == f"{'x' * 998}…"


def test_each_calling_of_the_callback_stays_up_to_a_number() -> None:
    outcome = Outcome(
        Ending.FOUND,
        ((None, None),) * (MOST_CALLBACKS + 1),
        observations=(Observation(Noticed.REQUEST, "GET /"),) * (MOST_CALLBACKS + 1),
    )

    short = shortened(outcome)

    assert len(short.callbacks) == len(short.observations) == MOST_CALLBACKS
    assert shortened(short) is short


def test_a_long_output_and_error_keep_their_beginning() -> None:
    outcome = Outcome(
        Ending.RAISED,
        raised=RecordedError("KeyError", "m" * 900, ("a",), "shop.py:3"),
        output="o" * 900,
        observations=(Observation(Noticed.REQUEST, "r" * 900),),
    )

    short = shortened(outcome, 500)

    assert short.raised == RecordedError("KeyError", f"{'m' * 200}…", ("a",), "shop.py:3")
    assert short.output == f"{'o' * 200}…"
    assert short.observations == (Observation(Noticed.REQUEST, f"{'r' * 200}…"),)


def test_a_duration_is_kept_in_tenths_of_a_millisecond() -> None:
    assert Outcome(Ending.TIMED_OUT, duration=2.0031692480006313).duration == 2.0032


@pytest.mark.parametrize("duration", [math.nan, math.inf, -1.0])
def test_a_duration_can_always_be_stored(duration: float) -> None:
    assert Outcome(Ending.DONE, duration=duration).duration == 0.0


def test_nested_values_are_shortened_too() -> None:
    nested = cast("Sequence[Value]", kept_of([["x" * 1_000], {"a": ["y" * 1_000]}], 600))

    assert nested[0] == [Special("long-text", "x" * 200, 1_000)]
    assert nested[1] == {"a": [Special("long-text", "y" * 200, 1_000)]}

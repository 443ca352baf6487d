"""Limits of recorded and shown values, tested on both sides."""

from collections.abc import Callable, Mapping
from typing import Final

import pytest

from customdb_contract.errors import TranscriptError
from customdb_contract.transcript import (
    Ending,
    FactKind,
    Outcome,
    RecordedError,
    ScriptInfo,
    SourceFact,
    Special,
    Value,
    brief,
    from_json,
    printable,
)
from customdb_contract.transcript._masking import cut_masked, mask_number
from customdb_contract.transcript._shortening import shortened

pytestmark = pytest.mark.one_python

CONTAINERS: Final[Mapping[str, Callable[[object], object]]] = {
    "lists": lambda inner: [inner],
    "objects": lambda inner: {"a": inner},
    "mappings": lambda inner: {"$mapping": [["$a", inner]]},
    "errors": lambda inner: {"$error": "E", "arguments": [inner]},
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_hundred_levels_can_be_read(container: str) -> None:
    document: object = 1
    for _ in range(100):
        document = CONTAINERS[container](document)

    from_json(document)
    with pytest.raises(TranscriptError, match=r"^a value is nested more than 100 levels deep"):
        from_json(CONTAINERS[container](document))


@pytest.mark.parametrize("number", [2**1024 - 1, 1 - 2**1024])
def test_a_number_of_1024_bits_can_be_read(number: int) -> None:
    assert from_json(number) == number
    with pytest.raises(TranscriptError, match=r"^a number has more than 1024 bits"):
        from_json(number * 2)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("12345", "12345"),
        ("123456", "12345… (and 1 more characters)"),
        ("\n" * 5, r"\n\n\n\n\n"),
        ("1234\n6" + "7" * 1_000, r"1234\n… (and 1,001 more characters)"),
    ],
)
def test_a_shortened_text_counts_what_is_left_out(text: str, shown: str) -> None:
    assert brief(text, 5) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error", r"\u003a:error"),
        ("a ::error", r"a \u003a:error"),
        ("a::error", "a::error"),
        ("##[error]", r"\u0023#[error]"),
        ("a##vso[x]", r"a\u0023#vso[x]"),
        ("## a # b : c", "## a # b : c"),
        ("\x1b[2J", r"\u001b[2J"),
    ],
)
def test_commands_for_ci_systems_are_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("info", "can_be"),
    [
        (ScriptInfo(), True),
        (ScriptInfo(source=()), True),
        (ScriptInfo(problem="it is no function"), False),
        (ScriptInfo(source=(SourceFact(FactKind.NOT_A_FUNCTION, "7", "login.js:1:1"),)), False),
        (ScriptInfo(source=(SourceFact(FactKind.MODULE_EXPORTS, "x", "login.js:1:1"),)), True),
    ],
)
def test_a_script_without_problems_can_be_called(info: ScriptInfo, can_be: bool) -> None:
    assert info.can_be_called is can_be


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        (99_999, 99_999),
        (-99_999, -99_999),
        (100_000, Special("int", "«secret»")),
        (-100_000, Special("int", "-«secret»")),
        (100_000.5, Special("float", "«secret».5")),
        (200_000, 200_000),
    ],
)
def test_a_secret_of_six_digits_is_masked_in_numbers(number: float, masked: Value) -> None:
    assert mask_number(number, lambda text: text.replace("100000", "«secret»").replace("99999", "«secret»")) == masked


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("12345", "12345"),
        ("123456", "12345"),
        ("1«345»78", "1«345»"),
        ("123«5»78", "123«5»"),
        ("12345«7»", "12345"),
        ("«2»45678", "«2»45"),
        ("123«5678", "123«5"),
    ],
)
def test_no_marker_is_cut_in_two(text: str, kept: str) -> None:
    assert cut_masked(text, 5) == kept


def fewest(result: Value) -> int:
    """Return the lowest limit at which a result is unchanged."""
    outcome = Outcome(Ending.FOUND, ((None, result),))
    return next(most for most in range(1_000) if shortened(outcome, most) is outcome)


@pytest.mark.parametrize(
    ("one", "other", "more"),
    [
        ("a" * 20, "a" * 19, 1),
        ("é" * 20, "é" * 19, 6),
        (["a", "b"], ["a"], 9),
        ([1, 2], [1], 8),
        ({"k": 1, "l": 2}, {"k": 1}, 17),
        ([[1]], [1], 8),
        (Special("kind", "text"), Special("kind", "tex"), 1),
        (Special("kinds", "text"), Special("kind", "text"), 1),
        (RecordedError("E", "mm"), RecordedError("E", "m"), 1),
        (RecordedError("E", "m", ("a", "b")), RecordedError("E", "m", ("a",)), 9),
        (RecordedError("E", "m", (), "x:10"), RecordedError("E", "m", (), "x:1"), 1),
    ],
)
def test_every_recorded_value_has_a_weight(one: Value, other: Value, more: int) -> None:
    assert fewest(one) - fewest(other) == more

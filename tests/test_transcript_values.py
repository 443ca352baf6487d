"""Recorded values as JSON: exact, safe to show, comparable."""

import json
from types import MappingProxyType
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from customdb_contract.errors import TranscriptError
from customdb_contract.testing.strategies import awkward_texts, recorded_values
from customdb_contract.transcript import (
    RecordedError,
    Special,
    Value,
    canonical,
    from_json,
    json_size,
    json_text,
    plain,
    to_json,
)
from customdb_contract.transcript._values import plain_bytes


@given(recorded_values())
def test_from_json_is_the_inverse_of_to_json(value: Value) -> None:
    read = from_json(json.loads(json.dumps(to_json(value))))

    assert read == value
    assert json.dumps(to_json(read)) == json.dumps(to_json(value))


@given(recorded_values())
def test_json_text_is_one_safe_line_and_exact(value: Value) -> None:
    text = json_text(value)

    assert text.isprintable()
    assert text.encode()
    assert from_json(json.loads(text)) == value


@given(recorded_values(), recorded_values())
def test_canonical_texts_are_equal_as_json_values_are(one: Value, other: Value) -> None:
    assert (canonical(one) == canonical(other)) == (_key(one) == _key(other))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_the_size_of_a_json_value_is_that_of_its_text(value: Value) -> None:
    assert json_size(MappingProxyType({"name": value})) == len(json.dumps({"name": value}, ensure_ascii=False).encode())


@given(recorded_values())
@example([Special("datetime", "2026")])
@example({"error": RecordedError("Error", "no")})
@example(MappingProxyType({"name": "Ada"}))
def test_only_values_of_json_types_have_a_size(value: Value) -> None:
    assert (plain_bytes(value) is not None) == _is_plain(value)
    if _is_plain(value):
        assert plain(value) is value


def _is_plain(value: Value) -> bool:
    match value:
        case None | bool() | int() | float() | str():
            return True
        case dict():
            return all(map(_is_plain, value.values()))
        case list() | tuple():
            return all(map(_is_plain, value))
        case _:
            return False


def test_a_cut_value_keeps_its_original_size() -> None:
    cut = Special("long-text", "a", 70_000)

    assert json_size({"bio": [cut]}) == len(json.dumps({"bio": [to_json(cut)]})) + 70_000


def test_an_error_has_the_size_of_its_text() -> None:
    error = RecordedError("KeyError", "x")

    assert json_size([error, MappingProxyType({})]) == len(json.dumps([to_json(error), {}], ensure_ascii=False))


def _key(value: Value) -> object:
    """Return a key that is equal for equal JSON values, computed independently."""
    document = json.loads(json.dumps(to_json(value)))

    def normal(part: object) -> object:
        if isinstance(part, list):
            return ("array", tuple(normal(item) for item in cast("list[object]", part)))
        if isinstance(part, dict):
            fields = cast("dict[str, object]", part)
            pairs = cast("list[list[object]]", fields.get("$mapping") or [[*pair] for pair in fields.items()])
            return ("object", frozenset((normal(key), normal(item)) for key, item in pairs))
        is_number = isinstance(part, int | float) and not isinstance(part, bool)
        return ("number" if is_number else type(part).__name__, part)

    return normal(document)


@given(st.dictionaries(awkward_texts(), recorded_values(), max_size=2))
def test_the_order_of_keys_does_not_matter(value: dict[str, Value]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, True, False),
        (0, False, False),
        (1, 1.0, True),
        (0.0, -0.0, True),
        (1, "1", False),
        (None, "null", False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"$a": 1, "b": 2}, {"b": 2, "$a": 1}, True),
        ([1, 2], [2, 1], False),
        (RecordedError("E", "m", (1,)), RecordedError("E", "m", (1.0,)), True),
        (Special("int"), {"$special": "int"}, False),
    ],
)
def test_equal_json_values(one: Value, other: Value, same: bool) -> None:
    assert (canonical(one) == canonical(other)) is same


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Zoë 猫 עברית", '"Zoë 猫 עברית"'),
        ("\x1b[31m\n\x7f", '"\\u001b[31m\\n\\u007f"'),
        ("\u202e\u200b\ufeff\u00a0\u2028", '"\\u202e\\u200b\\ufeff\\u00a0\\u2028"'),
        ("\U000e0041\U0001f600", '"\\udb40\\udc41\U0001f600"'),
        ("\ud800", '"\\ud800"'),
        ({"a": [1.5, -0.0, None]}, '{"a": [1.5, -0.0, null]}'),
        ("\ud83d\ude00", '{"$text": ["\\ud83d", "\\ude00"]}'),
        ({"$a": 1}, '{"$mapping": [["$a", 1]]}'),
        (Special("float", "nan"), '{"$special": "float", "text": "nan", "size": null}'),
        (RecordedError("E", "m", (1,), "x:1"), '{"$error": "E", "message": "m", "arguments": [1], "location": "x:1"}'),
    ],
)
def test_the_notation_of_values(value: Value, text: str) -> None:
    assert json_text(value) == text
    assert from_json(json.loads(text)) == value


@pytest.mark.parametrize(
    ("document", "value"),
    [
        ({"$special": "undefined"}, Special("undefined")),
        ({"$error": "Error", "message": "m"}, RecordedError("Error", "m")),
        ({"$error": "Error"}, RecordedError("Error")),
        ({"$mapping": []}, {}),
    ],
)
def test_tags_may_be_written_shortly(document: object, value: Value) -> None:
    assert from_json(document) == value


@pytest.mark.parametrize(
    "document",
    [
        {"$special": 7},
        {"$special": "x", "text": 7},
        {"$special": "x", "size": "7"},
        {"$special": "x", "size": True},
        {"$special": "x", "size": -1},
        {"$special": "x", "size": 2**1024},
        {"$special": "x", "more": 7},
        {"$error": 7},
        {"$error": "x", "message": 7},
        {"$error": "x", "location": 7},
        {"$error": "x", "arguments": "y"},
        {"$error": "x", "text": "y"},
        {"$mapping": 7},
        {"$mapping": [], "a": 7},
        {"$text": "x"},
        {"$text": ["x", 7]},
        {"$text": [], "a": 7},
        {"$other": 7},
        {"a": 7, "$special": "x"},
        {"text": "x", "$text": ["x"]},
    ],
)
def test_wrong_tags_are_refused(document: dict[str, object]) -> None:
    with pytest.raises(TranscriptError) as caught:
        from_json([document])

    tag = next(key for key in document if key.startswith("$"))
    assert str(caught.value) == (
        f"{', '.join(sorted(document))} are not the keys of a recorded value; one with {tag} is written as one of "
        '{"$special": kind, "text": text, "size": number}, {"$error": class, "message": text, "arguments": [...], '
        '"location": text}, {"$mapping": [[key, value], ...]} and {"$text": [part, ...]}'
    )


@pytest.mark.parametrize("pair", [7, [], ["a"], ["a", 1, 2], [7, 1], [{"$text": 7}, 1]])
def test_wrong_entries_of_a_mapping_are_refused(pair: object) -> None:
    with pytest.raises(TranscriptError) as caught:
        from_json({"$mapping": [pair]})

    assert str(caught.value) == f"an entry of $mapping must be [key, value] with a string as key, got {pair!r}"


@pytest.mark.parametrize("document", [float("nan"), float("inf"), 2**1024, -(2**1024), object(), b"x", {1}, (1,)])
def test_an_invalid_recorded_value_is_refused(document: object) -> None:
    with pytest.raises(TranscriptError, match=r"^a number has more than 1024 bits or is not finite; recorded as"):
        from_json({"a": document})


@given(st.integers(101, 10_000))
def test_deep_documents_are_refused(levels: int) -> None:
    document: object = 7
    for level in range(levels):
        document = [document] if level % 2 else {"a": document}

    with pytest.raises(TranscriptError, match=r"^a value is nested more than 100 levels deep; recorded"):
        from_json(document)

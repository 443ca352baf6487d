"""No secret survives recording, in any place and any form."""

import base64
import json
from collections import deque
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from customdb_contract.contract import ScriptError, ValidationError, WrongUsernameOrPasswordError
from customdb_contract.profiles import generated_picture
from customdb_contract.secrets import Secret, SecretRef, SecretRegistry
from customdb_contract.transcript import (
    MAX_TEXT,
    Derived,
    RecordedError,
    Special,
    Value,
    as_recorded,
    hide_named,
    json_text,
    mask_text,
    mask_value,
    record,
)
from hostile_values import FailingMapping, Kind, ObjectIdOf, in_error, in_list, in_mapping, in_tuple
from reported_by_runner import reported_by_runner

_ENCODINGS: Mapping[str, Callable[[str], str]] = {
    "plain": str,
    "json": lambda secret: json.dumps(secret)[1:-1],
    "url": lambda secret: quote(secret, safe=""),
    "form": quote_plus,
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode().rstrip("="),
}


def _instance_of(name: str) -> object:
    return type(name.replace("\x00", ""), (), {})()


def _raised(message: str) -> object:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - any message
        _raise(message)
    return caught.value


def _raise(message: str) -> object:
    raise ValueError(message)


_PLACES: Mapping[str, Callable[[str], object]] = {
    "text": str,
    "str subclass": Kind,
    "part of a text": lambda secret: f"the password is {secret}, sorry",
    "long text": lambda secret: f"{secret}{'x' * 100_000}",
    "middle of a long text": lambda secret: f"{'x' * 65_530}{secret}{'x' * 100_000}",
    "many times in a long text": lambda secret: secret * 20_000,
    "key": lambda secret: {secret: 1},
    "key beside one that is no text": lambda secret: {secret: 1, 7: 2},
    "long key": lambda secret: {f"{'x' * 65_530}{secret}": 1},
    "value": lambda secret: {"a": secret},
    "bytes": lambda secret: secret.encode(),
    "bytearray": lambda secret: bytearray(secret.encode()),
    "object": lambda secret: deque([secret]) if secret.isascii() and "'" not in secret else ObjectIdOf(secret),
    "text of an object": ObjectIdOf,
    "class": _instance_of,
    "message": ValueError,
    "long message": lambda secret: ValueError(f"{'x' * 65_530}{secret}"),
    "message of a script error": ScriptError,
    "identifier": WrongUsernameOrPasswordError,
    "code": ValidationError,
    "key after too much": lambda secret: ["x" * 65_000] * 30 + [{f"{'x' * 49_995}{secret}": 1}],
    "message after too much": lambda secret: ["x" * 65_000] * 30 + [ValueError(f"{'x' * 49_995}{secret}")],
    "long bytes": lambda secret: f"{'ä' * 16_300}{secret * 2000}".encode(),
    "raised error": _raised,
    "unreadable": FailingMapping,
}


@st.composite
def secrets(draw: st.DrawFn) -> str:
    """Draw a secret that cannot be in a transcript by chance."""
    return "Pq9" + draw(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=5, max_size=30)) + "Zk7"


@pytest.mark.untraced
@given(
    secret=secrets(),
    encode=st.sampled_from(sorted(_ENCODINGS)),
    place=st.sampled_from(sorted(_PLACES)),
    nest=st.lists(
        st.sampled_from([in_list, in_tuple, in_mapping, in_error]),
        max_size=3,
    ),
)
def test_no_secret_survives_recording(
    secret: str, encode: str, place: str, nest: list[Callable[[object], object]]
) -> None:
    registry = SecretRegistry()
    registry.add(Secret(secret), SecretRef.parse("password of ada"))
    encoded = _ENCODINGS[encode](secret)
    value = _PLACES[place](encoded)
    for wrap in nest:
        value = wrap(value)

    found = [record(value, registry.mask), reported_by_runner(value, registry.mask)]

    for form in {encode(secret) for encode in _ENCODINGS.values()}:
        assert form[:-1] not in _all_text(found)
        assert form[:-1] not in repr(found)
        assert form[:-1] not in json_text(found)


def _all_text(value: Value) -> str:
    match value:
        case str():
            return value
        case Special(kind, text, _):
            return f"{kind} {text}"
        case RecordedError(name, message, arguments, location):
            return " ".join([name, message, location or "", *map(_all_text, arguments)])
        case Mapping():
            return " ".join([*value, *map(_all_text, value.values())])
        case list():
            return " ".join(map(_all_text, value))
        case _:
            return ""


@pytest.mark.parametrize("value", [7_654_321, -7_654_321, 7_654_321.0, {"pin": 7_654_321}])
def test_a_secret_that_is_a_number_does_not_survive(value: object) -> None:
    registry = SecretRegistry()
    registry.add(Secret("7654321"), SecretRef.parse("password of ada"))

    assert "7654321" not in repr([record(value, registry.mask), reported_by_runner(value, registry.mask)])
    assert "«password of ada»" in repr(record(value, registry.mask))


def test_other_numbers_stay_numbers_beside_a_secret() -> None:
    registry = SecretRegistry()
    registry.add(Secret("7654321"), SecretRef.parse("password of ada"))

    assert record([1_234_567, 0.5, 7], registry.mask) == [1_234_567, 0.5, 7]


def test_a_text_is_masked_before_it_is_cut_and_no_marker_is_cut_in_two() -> None:
    registry = SecretRegistry()
    registry.add(Secret("correct horse"), SecretRef.parse("password of ada"))

    assert mask_text(f"{'x' * 195}correct horse, sorry", registry.mask, 200) == f"{'x' * 195}«password of ada»"
    assert mask_text(f"{'x' * 200}correct horse", registry.mask, 200) == "x" * 200
    assert mask_text(f"« {'x' * 600}", str, 200) == f"« {'x' * 198}"


@given(secret=secrets(), at=st.integers(-40, 40), kept=st.integers(1, 40))
def test_a_secret_that_was_cut_in_two_before_does_not_show(secret: str, at: int, kept: int) -> None:
    registry = SecretRegistry()
    registry.add(Secret(secret), SecretRef.parse("password of ada"))

    cut = f"{'x' * (MAX_TEXT - len(secret) + at)}{secret}"[:MAX_TEXT]
    cut = cut if len(cut) == MAX_TEXT else f"{'x' * (MAX_TEXT - kept)}{secret}{secret}"[:MAX_TEXT]

    assert "Pq9" not in mask_text(cut, registry.mask)


def test_everything_from_another_process_is_masked() -> None:
    registry = SecretRegistry()
    registry.add(Secret("hunter2-7"), SecretRef.parse("password of ada"))
    reported: Value = {
        "hunter2-7": ["hunter2-7", Special("hunter2-7", "hunter2-7", 9), None, True, 7, 0.5],
        "error": RecordedError("hunter2-7", "hunter2-7", ("hunter2-7",), "hunter2-7.js:1:1"),
        "long": f"hunter2-7{'x' * MAX_TEXT}",
    }

    found = mask_value(reported, registry.mask)

    assert "hunter2" not in json_text(found)
    assert json_text(found).count("«password of ada»") == 9


# Derived texts


@given(
    email=st.sampled_from(["ada@example.com", "Ada@Example.com", " ada@example.com", "ada@example.com.example.com"]),
    password=st.sampled_from(["ada@example.com", "Ada@Example.com", "example.com", "correct horse", "0a5d9a"]),
    public=st.sampled_from(["ada@example.com", "nobody@example.com"]),
)
@example(email="Ada@example.com", password="ada@example.com", public="nobody@example.com")
def test_the_generated_picture_is_recorded_as_if_it_were_searched(email: str, password: str, public: str) -> None:
    registry = SecretRegistry()
    registry.add_public(public)
    registry.add(Secret(password), SecretRef.parse("password of ada"))
    picture = generated_picture(email)

    (recorded,) = as_recorded([Derived(picture, email.strip().lower())], registry)

    assert recorded == registry.mask(picture)


def test_a_digest_of_a_password_is_masked_in_the_generated_picture() -> None:
    registry = SecretRegistry()
    registry.add(Secret("ada@example.com"), SecretRef.parse("password of ada"))

    (recorded,) = as_recorded([Derived(generated_picture("Ada@example.com"), "ada@example.com")], registry)

    assert recorded == (
        "https://s.gravatar.com/avatar/«password of ada, as MD5»?s=480&r=pg&d="
        "https%3A%2F%2Fcdn.auth0.com%2Favatars%2Fad.png"
    )


# Names


@pytest.mark.parametrize("value", [{"a": [{"b": 1}], "c": None}, [{"a": "b"}, []], {}, "a", None])
def test_a_value_without_secrets_stays_the_same_object(value: Value) -> None:
    assert hide_named(value, SecretRegistry()) is value


@pytest.mark.parametrize(
    ("value", "hidden"),
    [
        ({"a": [{"salt": "b"}]}, {"a": [{"salt": "«secret value 1»"}]}),
        (({"a": "b"},), [{"a": "b"}]),
        (MappingProxyType({"a": "b"}), {"a": "b"}),
    ],
)
def test_masking_leaves_the_original_unchanged(value: Value, hidden: Value) -> None:
    before = repr(value)

    assert hide_named(value, SecretRegistry()) == hidden
    assert repr(value) == before

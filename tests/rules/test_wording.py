import pytest

from customdb_contract.rules._wording import is_no_result, kind_of
from customdb_contract.transcript import RecordedError, Special, Value


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (7, "a number"),
        (0.5, "a number"),
        ("x", "a text"),
        ("", "an empty text"),
        (RecordedError("OSError", "refused"), "the error OSError"),
        (Special("float", "nan"), "NaN or infinity"),
        (Special("long-text", "aaa", 70_000), "a very long text"),
        (Special("undefined"), "undefined"),
        (Special("datetime", "2026-08-01"), "a value of type datetime"),
        ({"user_id": "7"}, "an object"),
        ({}, "an empty object"),
        ([1], "an array"),
        ([], "an empty array"),
    ],
)
def test_a_value_is_named_by_its_kind(value: Value, kind: str) -> None:
    assert kind_of(value) == kind


def test_only_what_a_script_returned_instead_of_a_result_is_no_result() -> None:
    assert is_no_result(Special("not-a-result", "None"))
    assert not is_no_result(Special("datetime", "2026-08-01"))
    assert not is_no_result(None)

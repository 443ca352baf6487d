import pytest

from customdb_contract.rules._wording import kind_of, unfit_result
from customdb_contract.transcript import RecordedError, Special, Value


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (7, "a number"),
        (0.5, "a number"),
        ("x", "a string"),
        ("", "an empty string"),
        (RecordedError("OSError", "refused"), "the error OSError"),
        (Special("float", "nan"), "NaN or infinity"),
        (Special("long-text", "aaa", 70_000), "a very long string"),
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


def test_a_returned_value_that_is_no_result_is_named_by_its_type() -> None:
    assert unfit_result(Special("not-a-result", "dict: return Found(profile)")) == "dict"
    assert unfit_result(Special("not-a-result", "Found(None)")) == "Found(None)"
    assert unfit_result(Special("datetime", "2026-08-01")) is None
    assert unfit_result(None) is None

import pytest

from customdb_contract import errors
from customdb_contract.errors import (
    ConfigurationError,
    ContractBrokenError,
    CustomDatabaseError,
    DatabaseOpeningError,
    TranscriptError,
)


@pytest.mark.parametrize("name", errors.__all__)
def test_one_except_clause_catches_every_error_of_the_library(name: str) -> None:
    assert issubclass(getattr(errors, name), CustomDatabaseError)


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (ConfigurationError, ValueError),
        (TranscriptError, ValueError),
        (ContractBrokenError, AssertionError),
        (DatabaseOpeningError, Exception),
    ],
)
def test_an_error_is_caught_by_its_builtin_class_too(error: type[Exception], builtin: type[Exception]) -> None:
    with pytest.raises(builtin, match=r"^what was wrong$"):
        raise error("what was wrong")


def test_every_error_is_public() -> None:
    defined = {name for name, thing in vars(errors).items() if isinstance(thing, type)}

    assert defined == set(errors.__all__)

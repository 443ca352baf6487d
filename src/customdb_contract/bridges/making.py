"""Creates profiles from the rows of a store by your own function, which can raise or return anything."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias, cast

from attrs import frozen

from customdb_contract.profiles.problems import readable

__all__ = ["NotMade", "ProfileOf", "Row", "profile_made"]

Row: TypeAlias = Mapping[str, object]
"""A row of a table, by column name, with Python's types."""

ProfileOf: TypeAlias = Callable[[Row], object]
"""The function of an adapter that creates the profile of a row."""

_UNREADABLE: Final = "made profile_of return a mapping that cannot be read, or whose keys are not text"


@frozen
class NotMade:
    """A row without a profile.

    Args:
        problem: The reason, in words that follow `the row`.
    """

    problem: str


def profile_made(profile_of: ProfileOf, row: Row) -> Mapping[str, object] | NotMade:
    """Return the profile that a function creates from a row, as `readable` returns it, or why there is none.

    Args:
        profile_of: The function. Any exception is caught.
        row: The row.
    """
    try:
        profile = profile_of(row)
        if isinstance(profile, Mapping):
            read = readable(cast("Mapping[str, object]", profile))
            return read if read or not profile else NotMade(_UNREADABLE)
    except BaseException as error:  # noqa: BLE001 - it can raise anything, and nothing else runs here
        return NotMade(f"made profile_of raise {type(error).__name__}")
    return NotMade(f"made profile_of return {type(profile).__name__} instead of a mapping")

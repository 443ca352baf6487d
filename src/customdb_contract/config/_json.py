"""Values of TOML that become JSON."""

import math
from typing import cast

__all__ = ["json_problem"]


def json_problem(value: object) -> str | None:
    """Return what a TOML value has that JSON does not, or None.

    Args:
        value: A value of a file.
    """
    match value:
        case bool() | int() | str() | None:
            return None
        case float():
            return None if math.isfinite(value) else "a number that is not finite"
        case dict():
            members = cast("dict[str, object]", value).values()
            return next(filter(None, map(json_problem, members)), None)
        case list():
            return next(filter(None, map(json_problem, cast("list[object]", value))), None)
        case _:
            return "a date or a time"

"""Checks the arguments of strategies as Hypothesis does: each message names argument, value and expectation."""

from collections.abc import Callable
from typing import TypeVar, cast

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

__all__ = ["check_flag", "check_sizes", "flags", "strategy_or"]

_Drawn = TypeVar("_Drawn")


def strategy_or(
    name: str, given: st.SearchStrategy[_Drawn] | None, default: Callable[[], st.SearchStrategy[_Drawn]]
) -> st.SearchStrategy[_Drawn]:
    """Return a given strategy, or the default one.

    Args:
        name: The name of the argument.
        given: The argument.
        default: Makes the strategy that stands for None.

    Raises:
        InvalidArgument: When it is not a strategy.
    """
    if given is None:
        return default()
    value = cast("object", given)
    if not isinstance(value, st.SearchStrategy):
        message = f"{name}={value!r} must be a strategy or None, got {type(value).__name__}"
        raise InvalidArgument(message)
    return given


def check_flag(name: str, value: object) -> None:
    """Check an argument that is True or False.

    Args:
        name: The name of the argument.
        value: The argument.

    Raises:
        InvalidArgument: When it is something else.
    """
    if not isinstance(value, bool):
        message = f"{name}={value!r} must be True or False"
        raise InvalidArgument(message)


def flags(name: str, value: bool | None) -> st.SearchStrategy[bool]:  # noqa: FBT001 - it is the value that is checked
    """Return a strategy for a setting that can be left open.

    Args:
        name: The name of the argument.
        value: The argument; None stands for both.

    Raises:
        InvalidArgument: When it is something else.
    """
    if value is None:
        return st.booleans()
    if not isinstance(cast("object", value), bool):
        message = f"{name}={value!r} must be True, False, or None for both"
        raise InvalidArgument(message)
    return st.just(value)


def check_sizes(name: str, least: int, smallest: object, largest: object, most: int) -> None:
    """Check the two arguments that limit a size.

    Args:
        name: The name after `min_` and `max_`.
        least: The smallest allowed size.
        smallest: The first argument.
        largest: The second argument.
        most: The largest allowed size.

    Raises:
        InvalidArgument: When they are not sizes, or in the wrong order.
    """
    for value in (smallest, largest):
        if isinstance(value, bool) or not isinstance(value, int):
            break
    else:
        if least <= cast("int", smallest) <= cast("int", largest) <= most:
            return
    message = (
        f"min_{name}={smallest!r} and max_{name}={largest!r} must be whole numbers with "
        f"{least} <= min_{name} <= max_{name} <= {most}"
    )
    raise InvalidArgument(message)

"""`Probing`: how a check calls the scripts of a database."""

from collections.abc import Callable, Mapping
from typing import Final

from attrs import Attribute, field, frozen

from customdb_contract.bridges.opening import DEFAULT_TIMEOUT
from customdb_contract.connection import NewUser
from customdb_contract.errors import ConfigurationError
from customdb_contract.secrets import Secret

__all__ = ["DEFAULT_MAX_TIME", "DEFAULT_WRONG_PASSWORDS", "MAX_SECONDS", "Probing"]

DEFAULT_MAX_TIME: Final = 60.0
DEFAULT_WRONG_PASSWORDS: Final = 3
MAX_SECONDS: Final = 86_400.0
"""A day: no script or check takes longer, and no operating system supports unlimited waits."""


def _positive(_: object, attribute: "Attribute[float]", value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        message = f"{attribute.name} must be a number of seconds above 0, got {value!r}"
        raise ConfigurationError(message)
    _not_too_long(attribute, value)


def _no_negative_time(_: object, attribute: "Attribute[float]", value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        message = f"{attribute.name} must be a number of seconds, 0 or more, got {value!r}"
        raise ConfigurationError(message)
    _not_too_long(attribute, value)


def _not_too_long(attribute: "Attribute[float]", seconds: float) -> None:
    if seconds > MAX_SECONDS:
        message = f"{attribute.name} must be at most {MAX_SECONDS:.0f} seconds"
        raise ConfigurationError(message)


def _not_negative(_: object, attribute: "Attribute[int]", value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        message = f"{attribute.name} must be a whole number, 0 or more, got {value!r}"
        raise ConfigurationError(message)


def _function_or_none(_: object, attribute: "Attribute[Callable[[str], object] | None]", value: object) -> None:
    if value is not None and not callable(value):
        message = f"{attribute.name} must be a function that takes an identifier, got {type(value).__name__}"
        raise ConfigurationError(message)


@frozen(kw_only=True)
class Probing:
    """How a check calls the scripts of a database; see `check` for the meaning of each setting.

    Args:
        outage: The same database with an unreachable store, or None.
        hostile: Whether identifiers that attempt injection are sent.
        wrong_passwords: The maximum number of wrong passwords that are tried for one user.
        timeout: Seconds that one script may take.
        max_time: Seconds that the whole check may take.
        secrets: Additional secrets that must appear nowhere, by description.
        ignore_fields: Paths of the profile that are not compared.
        writes: Whether the scripts that write are called too.
        fresh_database: An empty database to write to, or None.
        new_user: What a user created by the check looks like.
        settle: Seconds until a write becomes visible.
        inspect: Returns the store's record for an identifier, or None.
        rehearse: Whether lives of users are played on a simulated tenant at the end.
    """

    outage: object = None
    hostile: bool = True
    wrong_passwords: int = field(default=DEFAULT_WRONG_PASSWORDS, validator=_not_negative)
    timeout: float = field(default=DEFAULT_TIMEOUT, validator=_positive)
    max_time: float = field(default=DEFAULT_MAX_TIME, validator=_positive)
    secrets: Mapping[str, Secret] = field(factory=dict[str, Secret])
    ignore_fields: tuple[str, ...] = ()
    writes: bool = False
    fresh_database: object = None
    new_user: NewUser = field(factory=NewUser)
    settle: float = field(default=0.0, validator=_no_negative_time)
    inspect: Callable[[str], object] | None = field(default=None, validator=_function_or_none)
    rehearse: bool = True

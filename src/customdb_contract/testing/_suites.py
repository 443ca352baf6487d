"""The common parts of contract suites: their items, what a subclass must not override, the shape of their settings."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pytest

from customdb_contract.errors import ConfigurationError
from customdb_contract.testing._run import MARKER

__all__ = ["is_replaced", "parameters_of", "put_back", "refuse_misshapen", "refuse_replaced"]


def parameters_of(rules: Iterable[str]) -> list[Any]:
    """Return a decorator that makes an item of every rule.

    Args:
        rules: The names of the rules.
    """
    return [pytest.param(name, id=name, marks=getattr(pytest.mark, MARKER)(name)) for name in rules]


def is_replaced(suite: type, base: type, name: str) -> bool:
    """Tell whether a subclass overrides an attribute of a suite.

    Args:
        suite: The subclass.
        base: The suite in this package.
        name: The name of an attribute.
    """
    found = next(vars(parent)[name] for parent in suite.__mro__ if name in vars(parent))
    return found is not vars(base)[name]


def put_back(suite: type, base: type, names: Iterable[str]) -> tuple[str, ...]:
    """Restore what a subclass overrides, so that there are items whose set-up can report the problem.

    Args:
        suite: The subclass.
        base: The suite in this package.
        names: The names that a subclass must not override.

    Returns:
        The names that it overrides.
    """
    replaced = tuple(name for name in names if is_replaced(suite, base, name))
    for name in replaced:
        setattr(suite, name, vars(base)[name])
    return replaced


def refuse_replaced(names: Collection[str]) -> None:
    """Raise if a subclass overrides what it must not.

    Args:
        names: The names that it overrides.

    Raises:
        ConfigurationError: When there is any.
    """
    if names:
        what = " and ".join(names)
        message = (
            f"it overrides {what}, which a suite must not override; accept a breach with "
            'waived = {"the-rule": "why, until when"}, or leave rules out with ignore'
        )
        raise ConfigurationError(message)


def refuse_misshapen(settings: Mapping[str, object], *, lists: Collection[str], tables: Collection[str]) -> None:
    """Raise unless the settings of a suite have the shape that a check expects.

    Args:
        settings: The settings, by name.
        lists: Names of those that are lists of names.
        tables: Names of those that are dictionaries.

    Raises:
        ConfigurationError: When one has another shape.
    """
    for name in lists:
        value = settings[name]
        if isinstance(value, str) or not isinstance(value, Collection):
            message = f"{name} must be a list of names, got {value!r}"
            raise ConfigurationError(message)
    for name in tables:
        if not isinstance(settings[name], Mapping):
            message = f"{name} must be a dictionary, got {settings[name]!r}"
            raise ConfigurationError(message)

"""The values of a suite's fixtures, and the errors for wrong ones."""

import traceback
from collections.abc import Collection
from pathlib import Path
from typing import Final, TypeVar, cast

import pytest

from customdb_contract.connection import Connection, KnownUser, NewUser
from customdb_contract.errors import ConfigurationError, CustomDatabaseError
from customdb_contract.faults import LegacyAnswers

__all__ = ["connection_of", "fixture_of", "given_of", "legacy_of", "new_user_of", "users_of"]

_Given = TypeVar("_Given")

_MEANING: Final = {
    "database": "the custom database, or a function that returns it",
    "users": "a list of KnownUser: users who are in the store",
    "action": "the Action: a function (event, api), a PythonAction, or a NodeAction",
}


def users_of(request: pytest.FixtureRequest) -> list[KnownUser]:
    """Return the known users.

    Args:
        request: The request of a fixture of the suite.

    Raises:
        ConfigurationError: When the fixture is missing, fails, or returns something else.
    """
    value = fixture_of(request, "users")
    if not isinstance(value, Collection):
        hint = "; put it in brackets" if isinstance(value, KnownUser) else ""
        message = f"the fixture users must return a list of KnownUser, got {type(value).__name__}{hint}"
        raise ConfigurationError(message)
    users: list[KnownUser] = []
    for user in cast("Collection[object]", value):
        if not isinstance(user, KnownUser):
            message = f"the fixture users must return a list of KnownUser, but the list contains {type(user).__name__}"
            raise ConfigurationError(message)
        users.append(user)
    return users


def new_user_of(request: pytest.FixtureRequest) -> NewUser | None:
    """Return what a user created by the check looks like, or None.

    Args:
        request: The request of a fixture of the suite.

    Raises:
        ConfigurationError: When the fixture fails, or returns something else.
    """
    return _instance(request, "new_user", NewUser)


def connection_of(request: pytest.FixtureRequest) -> Connection | None:
    """Return the settings of the connection, or None.

    Args:
        request: The request of a fixture of the suite.

    Raises:
        ConfigurationError: When the fixture fails, or returns something else.
    """
    return _instance(request, "connection", Connection)


def legacy_of(request: pytest.FixtureRequest) -> LegacyAnswers | None:
    """Return how the legacy system responds, or None.

    Args:
        request: The request of a fixture of the suite.

    Raises:
        ConfigurationError: When the fixture fails, or returns something else.
    """
    return _instance(request, "legacy", LegacyAnswers)


def given_of(request: pytest.FixtureRequest, name: str) -> object:
    """Return the object to check, from a fixture of the team that must not return None.

    Args:
        request: The request of a fixture of the suite.
        name: The name of the fixture.

    Raises:
        ConfigurationError: When there is no such fixture, it fails, or it returns None.
    """
    value = fixture_of(request, name)
    if value is None:
        message = f"the fixture {name} returned None; it must return {_MEANING[name]}"
        raise ConfigurationError(message)
    return value


def _instance(request: pytest.FixtureRequest, name: str, kind: type[_Given]) -> _Given | None:
    value = fixture_of(request, name)
    if value is None or isinstance(value, kind):
        return value
    message = f"the fixture {name} must return a {kind.__name__}, got {type(value).__name__}"
    raise ConfigurationError(message)


def fixture_of(request: pytest.FixtureRequest, name: str) -> object:
    """Return the value of a fixture of the team. It is requested by name, so it can have any scope.

    Args:
        request: The request of a fixture of the suite.
        name: The name of the fixture.

    Raises:
        ConfigurationError: When there is no such fixture, or it fails.
    """
    try:
        return request.getfixturevalue(name)
    except pytest.FixtureLookupError as error:
        missing = error.argname or name
        message = f"the fixture {name} requires the fixture {missing}, which is not defined"
        if missing == name:
            message = (
                f"it has no fixture {name}; define one, in the class or in a conftest.py, that returns {_MEANING[name]}"
            )
        raise ConfigurationError(message) from None
    except pytest.fail.Exception as error:
        message = f"the fixture {name} failed: {' '.join(str(error).split())}"
        raise ConfigurationError(message) from None
    except Exception as error:
        where = "" if isinstance(error, CustomDatabaseError) else _where(error)
        message = f"the fixture {name} failed: {type(error).__name__}: {error}{where}"
        raise ConfigurationError(message) from error


def _where(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f" ({Path(frame.filename).name}, line {frame.lineno})"
